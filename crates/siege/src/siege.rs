//! The siege from its beginning to its verdict.

use crate::attacks::{ALL, Attack, Foe};
use crate::guests::{self, Book, GUESTS};
use crate::options::Options;
use crate::report;
use crate::stage::{Phase, Stage};
use crate::target::{Bounds, Target};
use std::time::Duration;
use stdx::Prng;

/// More than anybody here has open at once.
const OPEN_FILES: u64 = 20_000;

/// Caches and allocators are warm after so long.
const WARM_MS: u64 = 1000;

/// Memory is looked at so often.
const SAMPLE_MS: u64 = 100;

/// And both processes are asked whether they are well.
const PING_MS: u64 = 1000;

/// How often there is a line of progress.
const PROGRESS_MS: u64 = 5000;

/// A latency that is this many times the one of the quiet phase is too long.
const LATENCY_FACTOR: u64 = 3;

/// A quiet latency below this counts as this, since a thread that is woken on a busy machine waits as long for its core.
const LATENCY_FLOOR_US: u64 = 1000;

/// What is not judged before this part of a phase has passed is its memory.
const SETTLES_IN: u64 = 10;

/// What came of a siege, beside the tallies of the attacks and what the guests wrote down.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Most memory of the server and the Sentinel in the quiet phase,
    pub quiet: (u64, u64),
    /// in the storm,
    pub storm: (u64, u64),
    /// and while the server was held.
    pub held: (u64, u64),
    /// What they may occupy.
    pub bounds: Option<Bounds>,
}

/// A thread of the siege.
enum Job {
    Guest(usize),
    Foe(Attack, u64),
    /// The one that says when a phase begins, and looks after the target.
    Keeper,
}

/// Runs a siege and prints what came of it; true where nothing is wrong.
pub fn run(options: &Options) -> bool {
    let chosen = |attack: &&Attack| {
        options.only.is_empty() || options.only.iter().any(|name| name == attack.name)
    };
    let attacks: Vec<Attack> = ALL.iter().filter(chosen).copied().collect();
    sys::limits::raise_open_files(OPEN_FILES);
    let mut target = Target::start(&options.bin);
    let (stage, book) = (Stage::new(&attacks), Book::default());
    let guests = (0..GUESTS).map(Job::Guest);
    let foes = attacks
        .iter()
        .flat_map(|attack| (0..attack.threads).map(|number| Job::Foe(*attack, number as u64)));
    let jobs: Vec<Job> = [Job::Keeper].into_iter().chain(guests).chain(foes).collect();
    let work = |job: Job| match job {
        Job::Guest(number) => {
            guests::run(number, options.seed, target.server(), &stage, &book);
            None
        }
        Job::Foe(attack, number) => {
            let (at, (_, tally)) = stage
                .tallies()
                .iter()
                .enumerate()
                .find(|(_, (name, _))| *name == attack.name)
                .expect("every attack has a tally");
            let seed = options.seed ^ (at as u64 + 1) << 40 ^ number << 20;
            let ends = (target.server(), target.sentinel());
            Foe::new(Prng::new(seed), ends, &stage, tally).run(&attack);
            None
        }
        Job::Keeper => Some(keep(options, &target, &stage, &book)),
    };
    let results = sys::thread::together("siege", jobs, work, || stage.enter(Phase::Over));
    let outcome = match results {
        Ok(results) => results.into_iter().flatten().next().expect("there is a keeper"),
        Err((_, error)) => {
            sys::complain!("no more threads: {error}");
            return false;
        }
    };
    sys::say!("The clients have left.");
    let ailments = target.last_ailments();
    let is_ill = !ailments.is_empty();
    let slow = if is_ill { Vec::new() } else { target.slow_commands() };
    ailments.into_iter().for_each(|text| stage.find(text));
    if !is_ill {
        target.end_and_return().into_iter().for_each(|text| stage.find(text));
    }
    judge(options, &stage, &book, &outcome);
    report::print(&stage, &book, &outcome, &slow);
    stage.findings().0 == 0
}

/// Lets one phase follow the other, and looks after the target meanwhile.
fn keep(options: &Options, target: &Target, stage: &Stage, book: &Book) -> Outcome {
    let mut outcome = Outcome::default();
    let ms = options.seconds * 1000;
    stage.rest(WARM_MS);
    stage.enter(Phase::Quiet);
    watch(target, stage, book, (ms / 6).clamp(2000, 30_000));
    outcome.quiet = target.take_most();
    outcome.bounds = Some(Target::bounds(outcome.quiet));
    let holds = ALL.iter().any(|attack| {
        attack.from == Phase::Held && stage.tallies().iter().any(|(name, _)| *name == attack.name)
    });
    let held_ms = if holds { ms / 6 } else { 0 };
    stage.enter(Phase::Storm);
    watch(target, stage, book, ms - held_ms);
    outcome.storm = target.take_most();
    if holds && !stage.is_over() {
        stage.enter(Phase::Held);
        watch(target, stage, book, held_ms);
        outcome.held = target.take_most();
    }
    stage.enter(Phase::Over);
    outcome
}

/// Samples memory, asks whether both are well, and says how it goes, for `ms`. Where one is ill, that is the end.
fn watch(target: &Target, stage: &Stage, book: &Book, ms: u64) {
    let began = sys::clock::instant();
    let (mut asked, mut told) = (began, began);
    loop {
        let now = sys::clock::instant();
        let passed = now.ms_since(began);
        if passed >= ms || stage.is_over() {
            return;
        }
        target.sample(passed >= ms / SETTLES_IN);
        if now.ms_since(asked) >= PING_MS {
            asked = now;
            let ailments = target.ailments();
            if !ailments.is_empty() {
                ailments.into_iter().for_each(|text| stage.find(text));
                stage.enter(Phase::Over);
            }
        }
        if now.ms_since(told) >= PROGRESS_MS {
            told = now;
            report::progress(stage, book, target, passed / 1000, ms / 1000);
        }
        stage.rest_until(now + Duration::from_millis(SAMPLE_MS));
    }
}

/// Compares what was measured with what it may be.
fn judge(options: &Options, stage: &Stage, book: &Book, outcome: &Outcome) {
    let (quiet, storm) = (book.figures(Phase::Quiet).p99, book.figures(Phase::Storm).p99);
    let bound = LATENCY_FACTOR * quiet.max(LATENCY_FLOOR_US);
    if options.judges_latency && storm > bound {
        stage
            .find(format!("p99 of the guests is {storm} us in the storm; the bound is {bound} us"));
    }
    let Some(bounds) = outcome.bounds else { return };
    for (name, most, bound) in [
        ("the server in the storm", outcome.storm.0, bounds.storm),
        ("the server while it is held", outcome.held.0, bounds.held),
        ("the Sentinel", outcome.storm.1.max(outcome.held.1), bounds.sentinel),
    ] {
        if most > bound {
            stage.find(format!("{name} occupies {} MB; the bound is {}", most >> 20, bound >> 20));
        }
    }
}
