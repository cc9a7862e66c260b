//! The targets, by what they read.

mod configuration;
mod protocol;
mod replication;
mod scripting;
mod sentinels;
mod servers;
mod snapshots;
mod structures;

use crate::Target;

/// All of them.
pub(crate) const ALL: &[&[Target]] = &[
    protocol::TARGETS,
    snapshots::TARGETS,
    configuration::TARGETS,
    sentinels::TARGETS,
    replication::TARGETS,
    servers::TARGETS,
    scripting::TARGETS,
    structures::TARGETS,
];

/// Cuts an input into pieces whose lengths depend on what it says, so that every input arrives in its own way.
pub(crate) fn pieces(input: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = input;
    let mut seed = input
        .iter()
        .fold(input.len() as u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(*byte)));
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let longest = if seed & 1 == 0 { 3 } else { 400 };
        let len = 1 + (seed >> 8) as usize % longest;
        let (piece, tail) = rest.split_at(len.min(rest.len()));
        rest = tail;
        Some(piece)
    })
}
