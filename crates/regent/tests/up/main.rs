//! `regent up` as a process: what it refuses, what it says, and that no way to end it loses what its servers have.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

mod run;

mod ends;
mod refuses;
mod screen;
mod stops;

const PROGRAM: &str = env!("CARGO_BIN_EXE_regent");
