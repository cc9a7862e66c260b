//! `regent-siege`: what `cargo xtask siege` runs.

use siege::options::{Options, USAGE};
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(options) = Options::read(std::env::args().skip(1)) else {
        sys::complain!("{USAGE}\nThe attacks:");
        siege::attacks::ALL.iter().for_each(|attack| sys::complain!("  {}", attack.name));
        return ExitCode::FAILURE;
    };
    if siege::siege::run(&options) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
