//! Many Sentinels elect over slow lines: how long it takes, from the first who knows that it is needed.
//!
//! Seventeen Sentinels, 50 to 200 ms from each to each, one sending in a hundred late by 200 to 400 ms. The primary dies;
//! the time runs from the first `+odown` to the first `+elected-leader`.

use super::member::Sight;
use super::plan::{KIND, Plan};
use super::rules::{OneLeader, VotesStay};
use super::servers::StandIns;
use super::story::Story;
use crate::swarm::{Failure, FailureKind};
use crate::{Checker, Weather};
use sentinel::Rules;
use std::cell::Cell;
use std::rc::Rc;
use stdx::Instant;

/// How long an election may take, in 999 of 1000.
pub const BOUND_MS: u64 = 2_000;
/// One that takes longer is no election any more.
const GIVEN_UP_MS: u64 = 20_000;

/// What one election was like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// From the first agreement to the election.
    pub elected_ms: u64,
    /// How often somebody stood.
    pub stood: u64,
}

/// Seventeen Sentinels over two servers.
pub fn plan() -> Plan {
    Plan {
        servers: 3,
        sentinels: 17,
        quorum: 9,
        weather: Weather {
            delay_us: (50_000, 200_000),
            disk_us_max: 5_000,
            loss_per_mille: 10,
            ..KIND
        },
        storm_ms: 0,
        trouble_ms: 0,
        down_after_ms: 2_000,
        failover_timeout_ms: 60_000,
        parallel_syncs: 1,
        acquainted: true,
        strikes: false,
        pinned: false,
        rules: Rules::default(),
    }
}

#[derive(Debug, Default)]
struct Times {
    agreed: Rc<Cell<Option<Instant>>>,
    elected: Rc<Cell<Option<Instant>>>,
    stood: Rc<Cell<u64>>,
}

impl Checker<Sight> for Times {
    fn name(&self) -> &'static str {
        "what is measured"
    }

    fn observe(&mut self, _process: usize, _seen: &Sight) -> Result<(), String> {
        Ok(())
    }

    fn read(&mut self, at: Instant, _process: usize, line: &str) -> Result<(), String> {
        let first = |cell: &Cell<Option<Instant>>| cell.set(cell.get().or(Some(at)));
        match line.split(' ').next() {
            Some("+odown") => first(&self.agreed),
            Some("+elected-leader") => first(&self.elected),
            Some("+try-failover") => self.stood.set(self.stood.get() + 1),
            _ => {}
        }
        Ok(())
    }
}

/// Plays the election of a seed.
pub fn run(seed: u64) -> Result<Report, Failure> {
    let plan = plan();
    let servers: StandIns = plan.stand_ins(seed);
    let mut story = Story::new(servers, seed, &plan);
    story.world.add_checker(Box::new(OneLeader::default()));
    story.world.add_checker(Box::new(VotesStay::default()));
    let times = Times::default();
    let (agreed, elected, stood) =
        (Rc::clone(&times.agreed), Rc::clone(&times.elected), Rc::clone(&times.stood));
    let tell = || -> Result<Report, FailureKind> {
        story.meet()?;
        story.world.weather = plan.weather;
        // What was sent before has arrived, round trips are known, and the periods have drifted apart.
        let settle_ms = 1_500 + story.world.prng.below(1_000);
        story.pass_ms(settle_ms)?;
        story.world.add_checker(Box::new(times));
        story.world.crash(0, true);
        let failed = story.world.now();
        while elected.get().is_none() {
            story.pass_ms(50)?;
            if story.world.now().ms_since(failed) > GIVEN_UP_MS {
                return Err(FailureKind::Liveness("nobody is elected".to_owned()));
            }
        }
        // Another leader of the same epoch would show now.
        story.pass_ms(1_000)?;
        let (agreed, elected) = (agreed.get(), elected.get());
        let elected_ms =
            elected.zip(agreed).map_or(0, |(elected, agreed)| elected.ms_since(agreed));
        Ok(Report { elected_ms, stood: stood.get() })
    };
    tell().map_err(|kind| story.failure(kind))
}

/// How long elections took.
#[derive(Clone, Debug, Default)]
pub struct Distribution {
    /// Sorted, in milliseconds.
    times: Vec<u64>,
    stood: u64,
}

impl Distribution {
    /// Of these elections.
    pub fn of(reports: &[Report]) -> Distribution {
        let mut times: Vec<u64> = reports.iter().map(|it| it.elected_ms).collect();
        times.sort_unstable();
        Distribution { times, stood: reports.iter().map(|it| it.stood).sum() }
    }

    /// The time within which so many of 10 000 elections were over.
    pub fn within(&self, per_myriad: usize) -> u64 {
        let at = (self.times.len() * per_myriad).div_ceil(10_000).max(1) - 1;
        self.times.get(at).copied().unwrap_or(0)
    }

    /// How many took longer than [`BOUND_MS`].
    pub fn late(&self) -> usize {
        self.times.iter().filter(|it| **it > BOUND_MS).count()
    }
}

impl std::fmt::Display for Distribution {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let count = self.times.len();
        writeln!(f, "{count} elections, in which {} stood", self.stood)?;
        for (name, per_myriad) in [
            ("least", 0),
            ("median", 5_000),
            ("p90", 9_000),
            ("p99", 9_900),
            ("p99.9", 9_990),
            ("most", 10_000),
        ] {
            writeln!(f, "{name:>7} {:>6} ms", self.within(per_myriad))?;
        }
        write!(f, "{} longer than {BOUND_MS} ms", self.late())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seventeen_elect_in_time() {
        let reports: Vec<Report> = (1..=100)
            .map(|seed| match run(seed) {
                Ok(report) => report,
                Err(failure) => {
                    let log = failure.log.join("\n");
                    panic!("simulate --elections {seed}: {}\n{log}", failure.kind)
                }
            })
            .collect();
        let distribution = Distribution::of(&reports);
        println!("{distribution}");
        assert_eq!(distribution.late(), 0, "{distribution}");
    }
}
