//! The attacks: what each does is told in its file, and all are in [`ALL`].
//!
//! An attack is a function that does one round of mischief and is called again and again. Its threads give way to all
//! others, so what the guests feel is what the server lets them feel, and not that two programs want one core.

mod chains;
mod churn;
mod deaf;
mod endless;
mod foe;
mod greetings;
mod hellos;
mod large;
mod leavers;
mod listeners;
mod names;
mod numbers;
mod payloads;
mod replicas;
mod scripts;
mod stars;
mod sums;

pub use foe::Foe;

use crate::stage::Phase;
use std::io;

/// One way to hurt a server.
#[derive(Clone, Copy, Debug)]
pub struct Attack {
    /// Its name: of its file, mostly.
    pub name: &'static str,
    /// How many threads do it at once.
    pub threads: usize,
    /// When it begins: with [`Phase::Storm`], or with [`Phase::Held`] where it holds the server by design.
    pub from: Phase,
    /// One round. An error of the connection is the server's way to say no, and begins the next round.
    pub round: fn(&mut Foe<'_>) -> io::Result<()>,
}

/// Every attack.
pub const ALL: &[Attack] = &[
    Attack { name: "greetings", threads: 2, from: Phase::Storm, round: greetings::round },
    Attack { name: "deaf", threads: 2, from: Phase::Storm, round: deaf::round },
    Attack { name: "churn", threads: 2, from: Phase::Storm, round: churn::round },
    Attack { name: "large", threads: 2, from: Phase::Storm, round: large::round },
    Attack { name: "listeners", threads: 2, from: Phase::Storm, round: listeners::round },
    Attack { name: "names", threads: 1, from: Phase::Storm, round: names::round },
    Attack { name: "numbers", threads: 1, from: Phase::Storm, round: numbers::round },
    Attack { name: "payloads", threads: 1, from: Phase::Storm, round: payloads::round },
    Attack { name: "scripts", threads: 2, from: Phase::Storm, round: scripts::round },
    Attack { name: "stars", threads: 1, from: Phase::Storm, round: stars::round },
    Attack { name: "sums", threads: 2, from: Phase::Storm, round: sums::round },
    Attack { name: "chains", threads: 1, from: Phase::Storm, round: chains::round },
    Attack { name: "hellos", threads: 1, from: Phase::Storm, round: hellos::round },
    Attack { name: "replicas", threads: 2, from: Phase::Storm, round: replicas::round },
    Attack { name: "endless", threads: 1, from: Phase::Held, round: endless::round },
    Attack { name: "leavers", threads: 1, from: Phase::Held, round: leavers::round },
];
