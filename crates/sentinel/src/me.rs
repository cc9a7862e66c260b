//! Who we are, and how others are to reach us.

use crate::periods::Periods;
use std::net::IpAddr;
use stdx::Instant;

/// This Sentinel.
#[derive(Clone, Debug)]
pub(crate) struct Me {
    /// Forty hexadecimal digits.
    pub(crate) id: String,
    pub(crate) current_epoch: u64,
    /// Where we listen.
    pub(crate) port: u16,
    /// Where others are told that we are; empty and zero for what they see.
    pub(crate) announce_ip: String,
    pub(crate) announce_port: u16,
    pub(crate) resolve_hostnames: bool,
    pub(crate) deny_scripts_reconfig: bool,
    /// How we get in at our peers.
    pub(crate) access: PeerAccess,
    /// How long the disk took lately to make the state durable. Those of our peers are taken to be as fast.
    pub(crate) disk_us: u64,
    /// The last attempt to write the state has failed. Until one succeeds nobody gets our vote, we ourselves included:
    /// a crash would take it back.
    pub(crate) disk_fails: bool,
    /// SENTINEL SIMULATE-FAILURE.
    pub(crate) crash_after_election: bool,
    pub(crate) crash_after_promotion: bool,
    pub(crate) periods: Periods,
    /// Rules that a test may break, to see that it is noticed.
    pub(crate) rules: Rules,
    /// When the log was last told of a message that is not believed.
    pub(crate) doubt_said: Option<Instant>,
    /// The last instance or group that was made.
    pub(crate) made: u64,
    /// Seconds between local time and Greenwich, for dates in the log.
    pub(crate) east_secs: i64,
}

/// The credentials that Sentinels use among themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PeerAccess {
    pub(crate) user: String,
    pub(crate) password: String,
}

/// Rules that are there for a reason. A test takes one away, and the simulator must find out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// A new primary is judged from the moment it became one, and what was said about the old one is forgotten.
    pub fresh_judgement: bool,
    /// What leaves the process waits for the disk to have what it rests on.
    pub durable: bool,
    /// Who never had a whole dataset is not promoted.
    pub synced_only: bool,
}

impl Default for Rules {
    fn default() -> Rules {
        Rules { fresh_judgement: true, durable: true, synced_only: true }
    }
}

impl Me {
    /// The host that others are told; `local` is our end of a connection. None where there is no way to know.
    pub(crate) fn announced_host(&self, local: Option<IpAddr>) -> Option<String> {
        if !self.announce_ip.is_empty() {
            return Some(self.announce_ip.clone());
        }
        Some(local?.to_string())
    }

    pub(crate) fn announced_port(&self) -> u16 {
        if self.announce_port == 0 { self.port } else { self.announce_port }
    }

    /// How we introduce ourselves on our connections.
    pub(crate) fn client_name(&self) -> String {
        format!("sentinel-{}", &self.id[..8])
    }
}
