//! Anything goes, then everything is repaired, and all must agree on one primary.
//!
//! The rules must hold all the while. After the repair every Sentinel must come to know the same primary, which must be
//! one, and all other servers must follow it with their links up, within a bound.

use super::member::{Quorum, Sight};
use super::plan::{KIND, Plan};
use super::rules;
use super::servers::Servers;
use crate::swarm::{Failure, FailureKind};
use crate::{Checker, World, address};
use sentinel::Probe;
use stdx::Instant;

/// How a story ended well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The epoch of the last configuration.
    pub config_epoch: u64,
    /// The highest epoch of all.
    pub epoch: u64,
    /// How long it took to agree after the repair, in simulated milliseconds.
    pub agreed_ms: u64,
    /// How long all of it took.
    pub simulated_ms: u64,
}

/// How long it may take to agree after the repair, apart from failovers that have to run into their timeout.
const AGREE_MS: u64 = 60_000;
/// Agreement must last so long.
const LAST_MS: u64 = 3_000;
/// How long those who do not know each other may take to meet, in a kind world.
const MEET_MS: u64 = 15_000;

/// Plays the story of a seed.
pub fn run<K: Servers>(servers: K, seed: u64, plan: &Plan) -> Result<Report, Failure> {
    run_under(rules::all(), servers, seed, plan)
}

/// Plays the story of a seed under these rules.
pub fn run_under<K: Servers>(
    rules: Vec<Box<dyn Checker<Sight>>>,
    servers: K,
    seed: u64,
    plan: &Plan,
) -> Result<Report, Failure> {
    let mut story = Story::new(servers, seed, plan);
    rules.into_iter().for_each(|rule| story.world.add_checker(rule));
    let told = story.tell();
    told.map_err(|kind| story.failure(kind))
}

pub(super) struct Story<'a, K: Servers> {
    pub(super) world: World<Quorum<K>>,
    plan: &'a Plan,
    /// Who is started again when.
    restarts: Vec<(Instant, usize)>,
    /// The epoch of the last vote of each, as it was last seen.
    voted: Vec<u64>,
}

impl<K: Servers> Story<'_, K> {
    /// A story that begins in a kind world.
    pub(super) fn new(servers: K, seed: u64, plan: &Plan) -> Story<'_, K> {
        let world = World::new(plan.quorum(servers), seed, plan.processes(), KIND);
        Story { world, plan, restarts: Vec::new(), voted: vec![0; plan.processes()] }
    }

    /// What became of it, with the last lines of all logs.
    pub(super) fn failure(&self, kind: FailureKind) -> Failure {
        Failure { kind, log: self.world.log().map(str::to_string).collect() }
    }

    fn tell(&mut self) -> Result<Report, FailureKind> {
        if self.plan.pinned {
            for process in self.plan.servers..self.plan.processes() {
                self.world.pin(process, super::member::FILE);
            }
        }
        let begun = self.world.now();
        self.meet()?;
        self.world.weather = self.plan.weather;
        self.storm()?;
        self.repair();
        let agreed_ms = self.agree()?;
        let all: Vec<Probe> = self.sentinels().collect();
        Ok(Report {
            config_epoch: all.iter().map(|it| it.groups[0].config_epoch).max().unwrap_or(0),
            epoch: all.iter().map(|it| it.current_epoch).max().unwrap_or(0),
            agreed_ms,
            simulated_ms: self.world.now().ms_since(begun),
        })
    }

    /// Waits until everybody knows everybody.
    pub(super) fn meet(&mut self) -> Result<(), FailureKind> {
        self.until(MEET_MS, "they do not meet", |story| story.met())
    }

    /// Waits until all agree, and goes on doing so. How long that took.
    fn agree(&mut self) -> Result<u64, FailureKind> {
        let repaired = self.world.now();
        let bound = AGREE_MS + 4 * self.plan.failover_timeout_ms;
        loop {
            let left = bound.saturating_sub(self.world.now().ms_since(repaired));
            self.until(left, "they do not agree", |story| story.agreed())?;
            let agreed = self.world.now();
            let mut lasts = true;
            while lasts && self.world.now() < agreed.after_ms(LAST_MS) {
                self.pass_ms(200)?;
                lasts = self.agreed();
            }
            if lasts {
                return Ok(agreed.ms_since(repaired));
            }
        }
    }

    pub(super) fn pass_ms(&mut self, ms: u64) -> Result<(), FailureKind> {
        let until = self.world.now().after_ms(ms);
        self.world.run_until(until);
        match self.world.violation() {
            Some(violation) => Err(FailureKind::Safety(violation.clone())),
            None => Ok(()),
        }
    }

    /// Waits until something is so; it must be within `ms`.
    fn until(
        &mut self,
        ms: u64,
        what: &str,
        so: impl Fn(&Self) -> bool,
    ) -> Result<(), FailureKind> {
        let deadline = self.world.now().after_ms(ms);
        while !so(self) {
            if self.world.now() >= deadline {
                return Err(FailureKind::Liveness(format!("{what}: {}", self.shown())));
            }
            self.pass_ms(100)?;
        }
        Ok(())
    }

    fn shown(&self) -> String {
        let one = |process| match self.world.seen(process) {
            Some(Sight::Server(it)) => format!("[{process}] {it:?}"),
            Some(Sight::Sentinel(it)) => {
                format!("[{process}] epoch {} {:?}", it.current_epoch, it.groups)
            }
            None => format!("[{process}] down"),
        };
        (0..self.plan.processes()).map(one).collect::<Vec<_>>().join("; ")
    }

    fn sentinels(&self) -> impl Iterator<Item = Probe> {
        let all = self.plan.servers..self.plan.processes();
        all.filter_map(|process| self.world.seen(process)?.sentinel())
    }

    fn met(&self) -> bool {
        let (servers, sentinels) = (self.plan.servers, self.plan.sentinels);
        self.sentinels().all(|it| {
            let group = &it.groups[0];
            it.durable
                && group.replicas + 1 == servers
                && group.peers + 1 == sentinels
                && group.connected == group.replicas + group.peers
        }) && self.sentinels().count() == sentinels
    }

    // Anything goes.

    fn storm(&mut self) -> Result<(), FailureKind> {
        let end = self.world.now().after_ms(self.plan.storm_ms);
        let mut next_trouble = self.world.now();
        while self.world.now() < end {
            let ms = 1 + self.world.prng.below(if self.plan.strikes { 20 } else { 60 });
            self.pass_ms(ms)?;
            self.restart_due();
            if self.plan.strikes {
                self.strike();
            }
            if self.world.now() >= next_trouble {
                self.trouble();
                let ms = 1 + self.world.prng.below(2 * self.plan.trouble_ms);
                next_trouble = self.world.now().after_ms(ms);
            }
        }
        Ok(())
    }

    fn restart_due(&mut self) {
        let now = self.world.now();
        let (due, rest) = self.restarts.drain(..).partition(|(at, _)| *at <= now);
        self.restarts = rest;
        let due: Vec<(Instant, usize)> = due;
        due.into_iter().for_each(|(_, process)| self.world.start(process));
    }

    /// Whoever has just voted may lose its power before its disk has caught up, and be asked again by others soon.
    fn strike(&mut self) {
        for process in self.plan.servers..self.plan.processes() {
            let Some(Sight::Sentinel(probe)) = self.world.seen(process) else { continue };
            let voted = probe.groups[0].voted_in;
            if voted > std::mem::replace(&mut self.voted[process], voted)
                && self.world.prng.chance(1, 3)
            {
                self.die(process, true, 300);
            }
        }
    }

    fn any(&mut self, from: usize, to: usize) -> usize {
        from + self.world.prng.below((to - from) as u64) as usize
    }

    /// Somebody: often who is the primary for some Sentinel.
    fn victim(&mut self) -> usize {
        let (servers, all) = (self.plan.servers, self.plan.processes());
        match self.world.prng.below(5) {
            0 | 1 => {
                let primary = self.sentinels().next().map(|it| it.groups[0].primary.0.clone());
                let place = |process: &usize| primary.as_ref() == Some(&address(*process));
                (0..servers).find(place).unwrap_or(0)
            }
            2 => self.any(0, servers),
            _ => self.any(servers, all),
        }
    }

    /// The process dies, and is started again after a while as an init system would.
    fn die(&mut self, process: usize, power: bool, about_ms: u64) {
        self.world.crash(process, power);
        let ms = 1 + self.world.prng.below(2 * about_ms);
        let at = self.world.now().after_ms(ms);
        self.restarts.push((at, process));
    }

    fn trouble(&mut self) {
        let process = self.victim();
        match self.world.prng.below(14) {
            0..=3 => {
                let power = self.world.prng.chance(1, 2);
                let about_ms = [50, 500, 3_000, 100_000][self.world.prng.below(4) as usize];
                self.die(process, power, about_ms);
            }
            4 | 5 => {
                let about_ms = [300, 2_500, 8_000][self.world.prng.below(3) as usize];
                let ms = self.world.prng.below(2 * about_ms);
                self.world.pause(process, ms);
            }
            6 | 7 => {
                let silently = self.world.prng.chance(1, 3);
                self.world.break_connection(silently);
            }
            8 => {
                let other = self.any(0, self.plan.processes());
                self.world.cut(process, other);
                if self.world.prng.chance(1, 2) {
                    self.world.cut(other, process);
                }
            }
            9 => self.split(process),
            10 | 11 => self.world.heal(),
            12 => {
                let us = self.world.prng.below(20_000_000_000) as i64 - 10_000_000_000;
                self.world.set_wall(process, us);
            }
            _ => self.operator(),
        }
    }

    /// Some are on this side with `process`, the others on that; nothing gets from one side to the other, or only
    /// one way.
    fn split(&mut self, process: usize) {
        let all = self.plan.processes();
        let one_way = self.world.prng.chance(1, 3);
        let here: Vec<bool> =
            (0..all).map(|it| it == process || self.world.prng.chance(1, 3)).collect();
        for (a, b) in (0..all).flat_map(|a| (0..all).map(move |b| (a, b))) {
            if here[a] && !here[b] {
                self.world.cut(a, b);
                if !one_way {
                    self.world.cut(b, a);
                }
            }
        }
    }

    /// Somebody turns a replica into a primary, or the other way round, behind the Sentinels' backs.
    fn operator(&mut self) {
        let process = self.any(0, self.plan.servers);
        let of = self.any(0, self.plan.servers);
        let seen = self.world.seen(process).and_then(Sight::server);
        let client = self.world.client(process);
        // Who makes a primary of somebody who has nothing, has done so himself.
        if seen.is_some_and(|it| !it.primary) && of != process {
            self.world.send(client, &["SLAVEOF", &address(of), &crate::PORT.to_string()]);
        }
    }

    /// A Sentinel cannot reach the newest primary for two seconds.
    pub(super) fn blink(&mut self) -> Result<(), FailureKind> {
        let blind = self.any(self.plan.servers, self.plan.processes());
        let newest = self.sentinels().max_by_key(|it| it.groups[0].config_epoch);
        let primary = newest.map(|it| it.groups[0].primary.0.clone());
        let found = (0..self.plan.servers).find(|it| primary.as_ref() == Some(&address(*it)));
        if let Some(primary) = found {
            self.world.cut(blind, primary);
            self.world.cut(primary, blind);
        }
        self.pass_ms(2_000)?;
        self.world.heal();
        Ok(())
    }

    // All is repaired, and all must agree.

    fn repair(&mut self) {
        self.world.weather = KIND;
        self.world.heal();
        self.world.end_silence();
        for process in 0..self.plan.processes() {
            self.world.pause(process, 0);
            self.world.start(process);
        }
    }

    /// No server has any data left, and none calls itself a primary: nobody may be promoted, and an operator has to
    /// say what is to be.
    fn is_nothing_left(&self) -> bool {
        (0..self.plan.servers).all(|process| {
            let sight = self.world.seen(process).and_then(Sight::server);
            sight.is_some_and(|it| !it.primary && !it.following && it.offset == 0)
        })
    }

    fn agreed(&self) -> bool {
        if self.is_nothing_left() {
            return true;
        }
        let Some(first) = self.sentinels().next() else { return false };
        let group = &first.groups[0];
        let (primary, epoch) = (&group.primary, group.config_epoch);
        let same = |it: &Probe| {
            let group = &it.groups[0];
            group.primary == *primary
                && group.config_epoch == epoch
                && !group.down
                && group.phase.is_none()
                && !it.tilted
        };
        let all_same = self.sentinels().all(|it| same(&it));
        all_same && self.met() && self.attached(&primary.0)
    }

    /// The server at this address is a primary, and all others follow it.
    fn attached(&self, primary: &str) -> bool {
        let sight = |process| self.world.seen(process).and_then(Sight::server);
        let Some(at) = (0..self.plan.servers).find(|it| address(*it) == primary) else {
            return false;
        };
        let Some(head) = sight(at).filter(|it| it.primary) else { return false };
        let follows = |process: usize| {
            sight(process)
                .is_some_and(|it| !it.primary && it.following && it.history == head.history)
        };
        (0..self.plan.servers).filter(|it| *it != at).all(follows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Weather;
    use crate::sentinels::servers::Nodes;
    use sentinel::Rules;

    fn play(seed: u64, rules: Rules) -> Result<Report, Failure> {
        let plan = Plan { rules, ..Plan::from_seed(seed) };
        run(plan.stand_ins(seed), seed, &plan)
    }

    #[test]
    fn a_few_hundred_seeds() {
        for seed in 1..=300 {
            if let Err(failure) = play(seed, Rules::default()) {
                panic!("simulate --sentinels {seed}: {}\n{}", failure.kind, failure.log.join("\n"));
            }
        }
    }

    #[test]
    fn a_handful_of_seeds_with_whole_servers() {
        for seed in 1..=8 {
            let plan = Plan::from_seed(seed);
            if let Err(failure) = run(Nodes::default(), seed, &plan) {
                let log = failure.log.join("\n");
                panic!("simulate --sentinels-full {seed}: {}\n{log}", failure.kind);
            }
        }
    }

    #[test]
    fn the_same_seed_tells_the_same_story() {
        assert_eq!(play(7, Rules::default()), play(7, Rules::default()));
    }

    /// Slow disks, and power that fails at the worst moment.
    fn striking(seed: u64) -> Plan {
        let plan = Plan::from_seed(seed);
        Plan {
            sentinels: 3,
            quorum: 1,
            weather: Weather {
                delay_us: (50, 20_000),
                disk_us_max: 400_000,
                disk_failures_per_mille: 0,
                ..plan.weather
            },
            storm_ms: 20_000,
            trouble_ms: 1_000,
            down_after_ms: 300,
            acquainted: true,
            strikes: true,
            ..plan
        }
    }

    /// Whether a rule alone is broken in one of the seeds where something has been taken away.
    fn is_caught(
        rule: fn() -> Box<dyn Checker<Sight>>,
        taken: Rules,
        plan: fn(u64) -> Plan,
    ) -> bool {
        (1..=300).any(|seed| {
            let plan = Plan { rules: taken, ..plan(seed) };
            run_under(vec![rule()], plan.stand_ins(seed), seed, &plan)
                .is_err_and(|failure| matches!(failure.kind, FailureKind::Safety(_)))
        })
    }

    #[test]
    fn votes_that_do_not_wait_for_the_disk_are_taken_back_and_make_two_leaders() {
        let taken = Rules { durable: false, ..Rules::default() };
        assert!(is_caught(|| Box::new(rules::VotesStay::default()), taken, striking));
        assert!(is_caught(|| Box::new(rules::OneLeader::default()), taken, striking));
    }

    #[test]
    fn power_that_fails_at_the_worst_moment_takes_no_vote_back() {
        for seed in 1..=40 {
            let plan = striking(seed);
            if let Err(failure) = run(plan.stand_ins(seed), seed, &plan) {
                panic!("seed {seed}: {}\n{}", failure.kind, failure.log.join("\n"));
            }
        }
    }

    #[test]
    fn who_has_nothing_would_be_promoted() {
        let taken = Rules { synced_only: false, ..Rules::default() };
        assert!(is_caught(|| Box::new(rules::NeverEmpty), taken, Plan::from_seed));
    }
}
