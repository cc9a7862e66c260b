//! `simulate [what] [seed] [--seeds N] [--watch id:offset]`: plays stories from seeds, and tells which one went wrong.
//!
//! What: whole servers if nothing is said; `--toy`, the replication by itself; `--sentinels`, Sentinels over light
//! servers; `--sentinels-full`, Sentinels over whole ones; `--calm`, one failure under Sentinels, and one failover;
//! `--elections`, seventeen Sentinels that elect over slow lines, with their times.
//!
//! With `--watch`, every server that comes to this place of a history shows its keys: to find what two differ in.
//! One seed is played with its log shown; many are counted. The status tells what went wrong: 2 for a crash, 3 for a
//! rule that did not hold, 4 for no agreement.

use sim::sentinels::servers::Nodes;
use sim::sentinels::{calm, election, plan, story};
use sim::server::Servers;
use sim::swarm::{Failure, FailureKind, Plan, run};
use sim::toy::{Canary, Toys};
use std::process::ExitCode;

/// What is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Play {
    Servers,
    Toys,
    Sentinels,
    SentinelsFull,
    Calm,
    Elections,
}

impl Play {
    const ALL: [(&'static str, Play); 5] = [
        ("--toy", Play::Toys),
        ("--sentinels", Play::Sentinels),
        ("--sentinels-full", Play::SentinelsFull),
        ("--calm", Play::Calm),
        ("--elections", Play::Elections),
    ];

    fn option(self) -> &'static str {
        Play::ALL.iter().find(|(_, play)| *play == self).map_or("", |(option, _)| option)
    }
}

fn main() -> ExitCode {
    let (mut first, mut count, mut seeds_given, mut play) = (1u64, 100u64, false, Play::Servers);
    let mut watched = None;
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let number = |text: Option<String>| text.and_then(|text| text.parse::<u64>().ok());
        if let Some((_, known)) = Play::ALL.iter().find(|(option, _)| *option == arg) {
            play = *known;
            continue;
        }
        match (arg.as_str(), arg.parse()) {
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
    let mut total = Total::default();
    let mut elections = Vec::new();
    for seed in first..first + count {
        match std::panic::catch_unwind(|| tell(play, seed, watched.clone())) {
            Ok(Ok(one)) => {
                total.events += one.events;
                total.slowest_ms = total.slowest_ms.max(one.slowest_ms);
                elections.extend(one.election);
                let played = seed - first + 1;
                if played.is_multiple_of(if play == Play::Sentinels { 1000 } else { 100 }) {
                    eprintln!("{played} of {count} seeds");
                }
            }
            Ok(Err(failure)) => {
                failure.log.iter().for_each(|line| println!("{line}"));
                println!("seed {seed}: {}", failure.kind);
                println!("again: simulate {} {seed}", play.option());
                return ExitCode::from(match failure.kind {
                    FailureKind::Safety(_) => 3,
                    FailureKind::Liveness(_) => 4,
                });
            }
            Err(_) => {
                println!("seed {seed}: crashed");
                println!("again: simulate {} {seed}", play.option());
                return ExitCode::from(2);
            }
        }
    }
    all_well(play, count, total, &elections);
    ExitCode::SUCCESS
}

/// What all stories together came to.
#[derive(Clone, Copy, Debug, Default)]
struct Total {
    /// Writes, or failovers.
    events: u64,
    slowest_ms: u64,
    election: Option<election::Report>,
}

fn all_well(play: Play, count: u64, total: Total, elections: &[election::Report]) {
    if !elections.is_empty() {
        println!("{}", election::Distribution::of(elections));
    }
    println!(
        "{count} seeds, {} {}, slowest agreement after {} ms: all well",
        total.events,
        if matches!(play, Play::Servers | Play::Toys) { "writes" } else { "failovers" },
        total.slowest_ms
    );
}

fn tell(play: Play, seed: u64, watched: Option<(String, u64)>) -> Result<Total, Failure> {
    let of_servers = |report: sim::Report| Total {
        events: report.writes,
        slowest_ms: report.converged_ms,
        election: None,
    };
    let of_sentinels = |report: story::Report| Total {
        events: report.config_epoch,
        slowest_ms: report.agreed_ms,
        election: None,
    };
    match play {
        Play::Toys => {
            let toys = Toys::from_seed(seed, Canary::Healthy);
            run(toys, seed, &Plan::from_seed(seed)).map(of_servers)
        }
        Play::Servers => {
            let mut servers = Servers::from_seed(seed);
            servers.watched = watched;
            run(servers, seed, &Plan::from_seed(seed)).map(of_servers)
        }
        Play::Sentinels => {
            let plan = plan::Plan::from_seed(seed);
            story::run(plan.stand_ins(seed), seed, &plan).map(of_sentinels)
        }
        Play::SentinelsFull => {
            let plan = plan::Plan::from_seed(seed);
            story::run(Nodes::default(), seed, &plan).map(of_sentinels)
        }
        Play::Calm => {
            let plan = calm::plan(seed);
            let report = calm::run(plan.stand_ins(seed), seed, &plan)?;
            Ok(Total { events: 1, slowest_ms: report.all_switched_ms, election: None })
        }
        Play::Elections => {
            let report = election::run(seed)?;
            Ok(Total { events: 1, slowest_ms: report.elected_ms, election: Some(report) })
        }
    }
}

fn usage() -> ExitCode {
    let plays: Vec<&str> = Play::ALL.iter().map(|(option, _)| *option).collect();
    eprintln!("usage: simulate [{}] [seed] [--seeds N] [--watch id:offset]", plays.join(" | "));
    ExitCode::from(1)
}
