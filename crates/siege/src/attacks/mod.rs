//! The attacks: what each does is told in its file, and all are in [`ALL`].
//!
//! An attack is a function that does one round of mischief and is called again and again. Its threads give way to all
//! others, so what the guests feel is what the server lets them feel, and not that two programs want one core.

mod deaf;
mod foe;
mod greetings;

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
];
