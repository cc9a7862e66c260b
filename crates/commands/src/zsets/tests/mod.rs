//! What commands of sorted sets answer, tell and propagate, as conversations.

mod combined;
mod pops;
mod ranges;
mod scores;
