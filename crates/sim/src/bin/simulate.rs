//! `simulate [seed] [--seeds N]`: plays stories from seeds, and tells which one went wrong.
//!
//! One seed is played with its log shown; many are counted. The status tells what went wrong: 2 for a crash, 3 for a
//! rule that did not hold, 4 for no agreement.

use sim::swarm::{FailureKind, Plan, run};
use sim::toy::{Canary, Toys};
use std::process::ExitCode;

fn main() -> ExitCode {
    let (mut first, mut count, mut seeds_given) = (1u64, 100u64, false);
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let number = |text: Option<String>| text.and_then(|text| text.parse::<u64>().ok());
        match (arg.as_str(), arg.parse()) {
            ("--seeds", _) => match number(args.next()) {
                Some(n) => (count, seeds_given) = (n, true),
                None => return usage(),
            },
            (_, Ok(seed)) => {
                first = seed;
                if !seeds_given {
                    count = 1;
                }
            }
            _ => return usage(),
        }
    }
    let (mut writes, mut slowest) = (0, 0);
    for seed in first..first + count {
        let played = std::panic::catch_unwind(|| {
            run(Toys::from_seed(seed, Canary::Healthy), seed, &Plan::from_seed(seed))
        });
        match played {
            Ok(Ok(report)) => {
                writes += report.writes;
                slowest = slowest.max(report.converged_ms);
                let played = seed - first + 1;
                if played.is_multiple_of(500) {
                    eprintln!("{played} of {count} seeds");
                }
            }
            Ok(Err(failure)) => {
                failure.log.iter().for_each(|line| println!("{line}"));
                println!("seed {seed}: {}", failure.kind);
                return ExitCode::from(match failure.kind {
                    FailureKind::Safety(_) => 3,
                    FailureKind::Liveness(_) => 4,
                });
            }
            Err(_) => {
                println!("seed {seed}: crashed");
                return ExitCode::from(2);
            }
        }
    }
    println!("{count} seeds, {writes} writes, slowest agreement after {slowest} ms: all well");
    ExitCode::SUCCESS
}

fn usage() -> ExitCode {
    eprintln!("usage: simulate [seed] [--seeds N]");
    ExitCode::from(1)
}
