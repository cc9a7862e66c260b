//! `simulate [--toy] [seed] [--seeds N] [--watch id:offset]`: plays stories from seeds, and tells which one went wrong.
//!
//! With `--watch`, every server that comes to this place of a history shows its keys: to find what two differ in.
//! One seed is played with its log shown; many are counted. The status tells what went wrong: 2 for a crash, 3 for a
//! rule that did not hold, 4 for no agreement.

use sim::server::Servers;
use sim::swarm::{Failure, FailureKind, Plan, Report, run};
use sim::toy::{Canary, Toys};
use std::process::ExitCode;

fn main() -> ExitCode {
    let (mut first, mut count, mut seeds_given, mut toy) = (1u64, 100u64, false, false);
    let mut watched = None;
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let number = |text: Option<String>| text.and_then(|text| text.parse::<u64>().ok());
        match (arg.as_str(), arg.parse()) {
            ("--toy", _) => toy = true,
            ("--watch", _) => {
                let place = args.next().unwrap_or_default();
                match place.split_once(':').map(|(id, offset)| (id.to_string(), offset.parse())) {
                    Some((id, Ok(offset))) => watched = Some((id, offset)),
                    _ => return usage(),
                }
            }
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
        match std::panic::catch_unwind(|| play(toy, seed, watched.clone())) {
            Ok(Ok(report)) => {
                writes += report.writes;
                slowest = slowest.max(report.converged_ms);
                let played = seed - first + 1;
                if played.is_multiple_of(100) {
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

fn play(toy: bool, seed: u64, watched: Option<(String, u64)>) -> Result<Report, Failure> {
    let plan = Plan::from_seed(seed);
    if toy {
        run(Toys::from_seed(seed, Canary::Healthy), seed, &plan)
    } else {
        let mut servers = Servers::from_seed(seed);
        servers.watched = watched;
        run(servers, seed, &plan)
    }
}

fn usage() -> ExitCode {
    eprintln!("usage: simulate [--toy] [seed] [--seeds N] [--watch id:offset]");
    ExitCode::from(1)
}
