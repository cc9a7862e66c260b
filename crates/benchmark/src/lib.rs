//! `regent benchmark`: how fast a server answers, asked the way `redis-benchmark` asks.
//!
//! Read [`run`] first, which is the program from its words to its exit status; then `load`, where requests meet a
//! server. `suite` says what is asked, `request` how it is spelled, `scan` counts the replies, `latency` keeps their
//! times, and `report` writes them down in five ways. `compare` has two servers measured in turns.
//!
//! *Design.* What is measured is the server, so a request must cost us little: its bytes are made once, numbers are
//! written over their placeholders in place, replies are counted without being read, sockets tell us of changes only
//! (edge-triggered), and nothing is allocated while requests run. One read and one write to the system per request,
//! and a share of one wait.

mod chance;
mod compare;
mod failure;
mod latency;
mod load;
mod options;
mod output;
mod report;
mod request;
mod run;
mod scan;
mod server;
mod suite;

pub use run::run;
