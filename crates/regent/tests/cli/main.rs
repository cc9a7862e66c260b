//! `regent cli` as users and their scripts meet it: side by side with the `redis-cli` that is installed, and at a
//! terminal.
//!
//! Where no `redis-cli` is installed the comparisons say so and pass; `REGENT_REQUIRE_PEERS=1` makes that a failure.

mod golden;
mod long_work;
mod redirect;
mod run;
mod strangers;
mod terminal;
mod topology;
mod typed;

use testkit::Program;

const PROGRAM: &str = env!("CARGO_BIN_EXE_regent");

fn regent() -> Program {
    Program::regent(PROGRAM)
}
