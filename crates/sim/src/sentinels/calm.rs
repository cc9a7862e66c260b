//! One failure, one failover: in a kind world the primary dies, and nothing else goes wrong.
//!
//! Every Sentinel must make one switch, and all together must find nobody down but the one who is. In every second
//! story one Sentinel cannot reach the new primary for two seconds: it may think what it likes, but must find nobody who
//! agrees. Where what the others said about the old primary is still counted, it does.

use super::member::{GROUP, Sight};
use super::plan::{KIND, Plan};
use super::rules;
use super::servers::Servers;
use super::story::Story;
use crate::swarm::{Failure, FailureKind};
use crate::{Checker, Weather};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use stdx::{Instant, Prng};

/// When what happened, in milliseconds from the failure on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The first Sentinel for which the primary was objectively down.
    pub agreed_ms: u64,
    /// The first switch, and the last.
    pub switched_ms: u64,
    pub all_switched_ms: u64,
}

/// The plan of a seed: a kind world, in which bytes take up to 20 ms, and `down-after-milliseconds` is a second.
pub fn plan(seed: u64) -> Plan {
    let mut prng = Prng::new(seed ^ 0xca_1f);
    let plan = Plan::from_seed(seed);
    let majority = plan.sentinels / 2 + 1;
    Plan {
        quorum: majority,
        weather: Weather { delay_us: (50, [500, 5_000, 20_000][prng.below(3) as usize]), ..KIND },
        down_after_ms: 1_000,
        failover_timeout_ms: 10_000,
        acquainted: true,
        strikes: false,
        pinned: false,
        ..plan
    }
}

/// Every Sentinel switches once, and condemns the primary once.
#[derive(Debug, Default)]
struct Once {
    /// Somebody may find the new primary down by himself.
    blinks: bool,
    /// By process: verdicts on the primary, agreements, switches.
    seen: Rc<RefCell<BTreeMap<usize, [u32; 3]>>>,
    /// The moments of agreements and switches.
    moments: Rc<RefCell<[Vec<Instant>; 2]>>,
}

impl Checker<Sight> for Once {
    fn name(&self) -> &'static str {
        "one failure leads to one failover"
    }

    fn observe(&mut self, _process: usize, _seen: &Sight) -> Result<(), String> {
        Ok(())
    }

    fn read(&mut self, at: Instant, process: usize, line: &str) -> Result<(), String> {
        let about_primary = line.split(' ').nth(1) == Some("master");
        let kind = match line.split(' ').next() {
            Some("+sdown") if about_primary && !self.blinks => 0,
            Some("+odown") => 1,
            Some("+switch-master") => 2,
            _ => return Ok(()),
        };
        let mut seen = self.seen.borrow_mut();
        let counts = seen.entry(process).or_default();
        counts[kind] += 1;
        if kind > 0 {
            self.moments.borrow_mut()[kind - 1].push(at);
        }
        if counts[kind] > 1 {
            return Err(format!("[{process}] says {line} for the second time"));
        }
        Ok(())
    }
}

/// How long after the failure it is watched for.
const WATCH_MS: u64 = 15_000;

/// Plays the story of a seed.
pub fn run<K: Servers>(servers: K, seed: u64, plan: &Plan) -> Result<Report, Failure> {
    let mut story = Story::new(servers, seed, plan);
    rules::all().into_iter().for_each(|rule| story.world.add_checker(rule));
    let once = Once { blinks: story.world.prng.chance(1, 2), ..Once::default() };
    let blinks = once.blinks;
    let (seen, moments) = (Rc::clone(&once.seen), Rc::clone(&once.moments));
    let tell = || -> Result<Report, FailureKind> {
        story.meet()?;
        story.world.weather = plan.weather;
        // The failure comes at any moment of the periods.
        let settle_ms = 2_000 + story.world.prng.below(3_000);
        story.pass_ms(settle_ms)?;
        story.world.add_checker(Box::new(once));
        let failed = story.world.now();
        let power = story.world.prng.chance(1, 2);
        story.world.crash(0, power);
        let since = |story: &Story<'_, K>| story.world.now().ms_since(failed);
        while moments.borrow()[1].is_empty() && since(&story) < WATCH_MS {
            story.pass_ms(20)?;
        }
        if blinks {
            story.blink()?;
        }
        // It comes back when the switch is over, if it does.
        story.pass_ms(500)?;
        if story.world.prng.chance(2, 3) {
            story.world.start(0);
        }
        story.pass_ms(WATCH_MS.saturating_sub(since(&story)))?;
        let switches: u32 = seen.borrow().values().map(|it| it[2]).sum();
        if switches != plan.sentinels as u32 {
            let what = format!("{switches} of {} have switched {GROUP}", plan.sentinels);
            return Err(FailureKind::Liveness(what));
        }
        let moments = moments.borrow();
        let since = |at: Option<&Instant>| at.map_or(0, |at| at.ms_since(failed));
        Ok(Report {
            agreed_ms: since(moments[0].first()),
            switched_ms: since(moments[1].first()),
            all_switched_ms: since(moments[1].last()),
        })
    };
    tell().map_err(|kind| story.failure(kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sentinel::Rules;

    fn play(seed: u64, rules: Rules) -> Result<Report, Failure> {
        let plan = Plan { rules, ..plan(seed) };
        run(plan.stand_ins(seed), seed, &plan)
    }

    #[test]
    fn one_failure_is_one_failover() {
        for seed in 1..=60 {
            if let Err(failure) = play(seed, Rules::default()) {
                panic!("simulate --calm {seed}: {}\n{}", failure.kind, failure.log.join("\n"));
            }
        }
    }

    #[test]
    fn a_primary_that_is_judged_by_what_its_predecessor_did_is_condemned() {
        let rules = Rules { fresh_judgement: false, ..Rules::default() };
        let caught = (1..=200).any(|seed| {
            play(seed, rules).is_err_and(|failure| matches!(failure.kind, FailureKind::Safety(_)))
        });
        assert!(caught, "the alarm does not ring");
    }
}
