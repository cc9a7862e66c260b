//! A whole story from a seed: anything goes, then everything is repaired and all must agree.
//!
//! *First* there is a primary with replicas, some of them replicas of replicas, and for a while clients write,
//! processes die, stand still and start again, connections break, networks split, and somebody who knows nothing
//! changes the roles. The rules must hold all the while. *Then* the world is made kind, one primary is named, and
//! within a bound every process must hold the same data at the same offset of the same history.

use crate::realm::{PORT, Subject, Violation, Weather, World, address};
use crate::{OffsetsOnlyGrow, SameHistorySameData, Seen};
use std::fmt;
use stdx::{Instant, Prng};

/// How one story goes, drawn from its seed.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How many processes there are.
    pub processes: usize,
    /// How unkind the world is.
    pub weather: Weather,
    /// How long anything goes, in seconds.
    pub storm_secs: u64,
    /// Something breaks or changes about so often, in milliseconds.
    pub trouble_ms: u64,
    /// A write about so often, in milliseconds.
    pub write_ms: u64,
    /// Values are no longer than this.
    pub value_max: u64,
    /// Roles are changed, too.
    pub role_changes: bool,
}

impl Plan {
    /// The plan of a seed.
    pub fn from_seed(seed: u64) -> Plan {
        let mut prng = Prng::new(seed ^ 0x9e37_79b9);
        let delay_max = [500, 5_000, 50_000, 300_000][prng.below(4) as usize];
        Plan {
            processes: 2 + prng.below(4) as usize,
            weather: Weather {
                delay_us: (50, delay_max),
                disk_us_max: [100, 5_000, 200_000][prng.below(3) as usize],
                disk_failures_per_mille: [0, 0, 20, 200][prng.below(4) as usize],
                piece_max: [1, 40, 1_000, 60_000][prng.below(4) as usize].max(7),
                loss_per_mille: 0,
            },
            storm_secs: 20 + prng.below(100),
            trouble_ms: [500, 3_000, 15_000][prng.below(3) as usize],
            write_ms: [5, 50, 300][prng.below(3) as usize],
            value_max: [10, 500, 4_000][prng.below(3) as usize],
            role_changes: prng.chance(2, 3),
        }
    }
}

/// How a story ended well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// How many writes were taken.
    pub writes: u64,
    /// How long it took to agree, in simulated milliseconds.
    pub converged_ms: u64,
    /// Where everybody is in the end.
    pub offset: u64,
}

/// How a story ended badly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What went wrong.
    pub kind: FailureKind,
    /// The last lines of all logs.
    pub log: Vec<String>,
}

/// Which promise was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// A rule did not hold.
    Safety(Violation),
    /// They did not agree in time; what each showed.
    Liveness(String),
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FailureKind::Safety(Violation { rule, what }) => {
                write!(f, "not so that {rule}: {what}")
            }
            FailureKind::Liveness(shown) => write!(f, "no agreement in time: {shown}"),
        }
    }
}

/// How long it may take to agree once all is well: two time outs of a link, a transfer, and some.
const AGREE_SECS: u64 = 300;

/// Plays the story of a seed.
pub fn run<S: Subject<Seen = Seen>>(subject: S, seed: u64, plan: &Plan) -> Result<Report, Failure> {
    let mut world = World::new(subject, seed, plan.processes, plan.weather);
    world.add_checker(Box::new(SameHistorySameData::default()));
    world.add_checker(Box::new(OffsetsOnlyGrow::default()));
    let mut story = Story { world, plan, writers: Vec::new(), writes: 0, commands: Vec::new() };
    let told = story.tell();
    told.map_err(|kind| Failure { kind, log: story.world.log().map(str::to_string).collect() })
}

struct Story<'a, S: Subject> {
    world: World<S>,
    plan: &'a Plan,
    /// A client per process, if one is connected.
    writers: Vec<Option<usize>>,
    writes: u64,
    /// Clients that have sent something else, with when to let go of them.
    commands: Vec<usize>,
}

impl<S: Subject<Seen = Seen>> Story<'_, S> {
    fn tell(&mut self) -> Result<Report, FailureKind> {
        self.writers = vec![None; self.plan.processes];
        self.pass_ms(200)?;
        for process in 1..self.plan.processes {
            let of = self.world.prng.below(process as u64) as usize;
            self.replicaof(process, Some(of));
        }
        self.storm()?;
        self.repair();
        self.agree()
    }

    fn pass_ms(&mut self, ms: u64) -> Result<(), FailureKind> {
        let until = self.world.now().after_ms(ms);
        self.world.run_until(until);
        match self.world.violation() {
            Some(violation) => Err(FailureKind::Safety(violation.clone())),
            None => Ok(()),
        }
    }

    // Anything goes.

    fn storm(&mut self) -> Result<(), FailureKind> {
        let end = self.world.now().after_ms(self.plan.storm_secs * 1000);
        let mut next_trouble = self.soon(self.plan.trouble_ms);
        while self.world.now() < end {
            let ms = 1 + self.world.prng.below(2 * self.plan.write_ms);
            self.pass_ms(ms)?;
            self.write();
            if self.world.now() >= next_trouble {
                self.trouble();
                next_trouble = self.soon(self.plan.trouble_ms);
            }
        }
        Ok(())
    }

    fn soon(&mut self, about_ms: u64) -> Instant {
        let ms = 1 + self.world.prng.below(2 * about_ms);
        self.world.now().after_ms(ms)
    }

    fn any(&mut self) -> usize {
        self.world.prng.below(self.plan.processes as u64) as usize
    }

    fn trouble(&mut self) {
        let process = self.any();
        match self.world.prng.below(12) {
            0 => self.world.crash(process, true),
            1 => self.world.crash(process, false),
            2 | 3 => (0..self.plan.processes).for_each(|process| self.world.start(process)),
            4 => {
                let ms = self.world.prng.below(90_000);
                self.world.pause(process, ms);
            }
            5 => {
                let silently = self.world.prng.chance(1, 2);
                self.world.break_connection(silently);
            }
            6 => {
                let other = self.any();
                self.world.cut(process, other);
                if self.world.prng.chance(1, 2) {
                    self.world.cut(other, process);
                }
            }
            7 | 8 => self.world.heal(),
            10 if self.plan.role_changes => {
                let of = self.any();
                let of = (of != process).then_some(of);
                self.replicaof(process, of);
            }
            11 if self.plan.role_changes => {
                if self.world.prng.chance(1, 4) {
                    self.command(process, &["FAILOVER", "ABORT"]);
                } else {
                    self.command(process, &["FAILOVER", "TIMEOUT", "20000"]);
                }
            }
            _ => {
                let request = self.world.meddling();
                self.command(process, &request);
            }
        }
    }

    fn command<W: AsRef<[u8]>>(&mut self, process: usize, words: &[W]) {
        let client = self.world.client(process);
        self.world.send(client, words);
        self.commands.push(client);
    }

    fn replicaof(&mut self, process: usize, of: Option<usize>) {
        match of {
            Some(of) => {
                self.command(process, &["REPLICAOF", address(of).as_str(), &PORT.to_string()]);
            }
            None => self.command(process, &["REPLICAOF", "NO", "ONE"]),
        }
    }

    /// A client talks to somebody it takes for a primary, or does not mind that it is none.
    fn write(&mut self) {
        let process = self.any();
        let minds = !self.world.subject().asks_replicas() || self.world.prng.chance(3, 4);
        if minds && !self.world.seen(process).is_some_and(|seen| seen.primary) {
            return;
        }
        let client = match self.writers[process] {
            Some(client) if self.world.is_connected(client) => client,
            _ => self.world.client(process),
        };
        self.writers[process] = Some(client);
        for request in self.world.requests(self.plan.value_max) {
            self.world.send(client, &request);
        }
        self.writes += 1;
    }

    // All is repaired, and all must agree.

    fn repair(&mut self) {
        self.world.weather.disk_failures_per_mille = 0;
        self.world.weather.delay_us = (50, 2_000);
        self.world.weather.disk_us_max = 1_000;
        self.world.weather.piece_max = 60_000;
        self.world.heal();
        self.world.end_silence();
        for process in 0..self.plan.processes {
            self.world.pause(process, 0);
            self.world.start(process);
        }
    }

    /// The first is the primary; the second follows it, and the others one of those two. Whoever is not what it
    /// should be is told so again, and who is down (a SHUTDOWN may have been under way) starts again and saves, as an
    /// operator would see to it.
    fn name_roles(&mut self) {
        for process in 0..self.plan.processes {
            self.world.start(process);
            let Some(seen) = self.world.seen(process) else { continue };
            // Whose last snapshot failed refuses writes, and replicas, until there is another.
            self.command(process, &["BGSAVE"]);
            if process == 0 && !seen.primary {
                self.command(0, &["FAILOVER", "ABORT"]);
                self.replicaof(0, None);
            }
            if process > 0 {
                self.command(process, &["FAILOVER", "ABORT"]);
                let of = if process > 1 && process % 2 == 1 { 1 } else { 0 };
                self.replicaof(process, Some(of));
            }
        }
    }

    fn agree(&mut self) -> Result<Report, FailureKind> {
        let begun = self.world.now();
        let deadline = begun.after_ms(AGREE_SECS * 1000);
        let quiet_from = begun.after_ms(5_000);
        let mut next_naming = begun;
        while self.world.now() < deadline {
            if self.world.now() >= next_naming {
                self.name_roles();
                next_naming = self.world.now().after_ms(10_000);
            }
            if self.world.now() < quiet_from {
                self.write();
            }
            self.pass_ms(100)?;
            if self.world.now() >= quiet_from
                && let Some(offset) = self.agreed()
            {
                let converged_ms = self.world.now().ms_since(begun);
                return Ok(Report { writes: self.writes, converged_ms, offset });
            }
        }
        let shown: Vec<String> = (0..self.plan.processes)
            .map(|process| format!("[{process}] {:?}", self.world.seen(process)))
            .collect();
        Err(FailureKind::Liveness(shown.join("; ")))
    }

    fn agreed(&self) -> Option<u64> {
        let first = self.world.seen(0).filter(|seen| seen.primary)?;
        first.id.as_ref()?;
        (1..self.plan.processes)
            .all(|process| {
                self.world.seen(process).is_some_and(|seen| {
                    !seen.primary
                        && seen.following
                        && seen.id == first.id
                        && seen.offset == first.offset
                        && seen.digest == first.digest
                })
            })
            .then_some(first.offset)
    }
}
