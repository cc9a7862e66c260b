//! Sentinel: watches groups of servers, agrees with its peers about who is down, and promotes a replica.
