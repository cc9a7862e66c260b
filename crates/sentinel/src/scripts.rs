//! The programs of the user that are told of events: a queue, and how often and how long each may run.
//!
//! # Design
//! The rules are those that Redis documents. A program that ends with status 1, or by a signal, asks for another
//! attempt: after 30 seconds, then after twice as long each time, ten attempts in all. One that ends with 2 or more
//! has failed for good. One that runs for longer than a minute is killed. Sixteen run at the same time; of those that
//! wait the oldest is forgotten when there are too many.
//!
//! A program that could not be started has failed for good, as in Redis, unless the system was only short of
//! something: whoever promotes a replica on a busy machine must still tell the clients.

use std::collections::VecDeque;
use stdx::Instant;
use world::{Effect, Level, Outcome, Ticket};

/// How many may wait and run.
const QUEUE_MAX: usize = 256;
/// How many may run at the same time.
const RUNNING_MAX: usize = 16;
/// How often one is run at most.
const ATTEMPTS_MAX: u32 = 10;

/// What stands in for a signal where no process could be made.
// compat(7.2): a failed fork is told as signal 99.
const NO_PROCESS: i32 = 99;

/// What the system says where it is short of processes, memory or files.
const SHORTAGES: &[&str] =
    &["Resource temporarily unavailable", "Cannot allocate memory", "Too many open files"];

/// What SENTINEL DEBUG may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long a program may run before it is killed: `script-max-runtime`.
    pub runtime_ms: u64,
    /// How long after the first attempt the second follows: `script-retry-delay`.
    pub retry_delay_ms: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { runtime_ms: 60_000, retry_delay_ms: 30_000 }
    }
}

/// What is to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// An event of no group.
    Event { level: Level, name: &'static str, text: String },
    /// A line for the log alone.
    Line { level: Level, text: String },
}

/// A row of SENTINEL PENDING-SCRIPTS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending<'a> {
    /// The program, then its arguments.
    pub argv: Vec<&'a str>,
    /// `running`, otherwise `scheduled`.
    pub is_running: bool,
    /// Zero while it does not run.
    pub pid: u32,
    /// How long it has been running (`run-time`), or how long until it may (`run-delay`).
    pub time_ms: u64,
    /// How many attempts there were, the present one included: `retry-num`.
    pub attempts: u32,
}

/// Everything that waits and runs, oldest first.
#[derive(Debug, Default)]
pub struct Scripts {
    /// See [`Limits`].
    pub limits: Limits,
    jobs: VecDeque<Job>,
    kills: VecDeque<Ticket>,
    told: VecDeque<Told>,
}

#[derive(Debug)]
struct Job {
    program: String,
    arguments: Vec<String>,
    attempts: u32,
    phase: Phase,
}

#[derive(Debug)]
enum Phase {
    /// May run from this moment on.
    Scheduled { from: Instant },
    /// Shall run; nobody has been asked for it yet.
    Chosen { since: Instant },
    /// Runs, or is about to.
    Running { since: Instant, ticket: Ticket, pid: u32, is_killed: bool },
}

impl Job {
    fn is_scheduled(&self) -> bool {
        matches!(self.phase, Phase::Scheduled { .. })
    }
}

impl Scripts {
    /// Has `program` run as soon as there is room.
    pub fn queue(&mut self, program: String, arguments: Vec<String>, now: Instant) {
        let phase = Phase::Scheduled { from: now };
        self.jobs.push_back(Job { program, arguments, attempts: 0, phase });
        if self.jobs.len() > QUEUE_MAX
            && let Some(oldest) = self.jobs.iter().position(Job::is_scheduled)
        {
            self.jobs.remove(oldest);
        }
        self.choose(now);
    }

    /// The program that was asked for with this ticket runs.
    pub fn handle_started(&mut self, ticket: Ticket, started: u32) {
        let Some(at) = self.find(ticket) else { return };
        if let Phase::Running { pid, .. } = &mut self.jobs[at].phase {
            *pid = started;
        }
        self.tell(Level::Debug, "+script-child", started.to_string());
    }

    /// The program that was asked for with this ticket has ended.
    pub fn handle_ended(&mut self, ticket: Ticket, outcome: Outcome, now: Instant) {
        let Some(at) = self.find(ticket) else { return };
        let (status, signal) = match &outcome {
            Outcome::Exited(status) => (*status, 0),
            Outcome::Signalled(signal) => (0, *signal),
            Outcome::NotStarted(reason) => {
                let text = format!("Script {} cannot be run: {reason}", self.jobs[at].program);
                self.told.push_back(Told::Line { level: Level::Warning, text });
                let is_short = SHORTAGES.iter().any(|shortage| reason.contains(shortage));
                if is_short { (0, NO_PROCESS) } else { (2, 0) }
            }
        };
        if let Phase::Running { pid, .. } = self.jobs[at].phase
            && pid != 0
        {
            self.tell(Level::Debug, "-script-child", format!("{pid} {status} {signal}"));
        }
        let job = &mut self.jobs[at];
        let asks_again = signal != 0 || status == 1;
        if asks_again && job.attempts < ATTEMPTS_MAX {
            let delay_ms = self.limits.retry_delay_ms.saturating_mul(1 << (job.attempts - 1));
            job.phase = Phase::Scheduled { from: now.after_ms(delay_ms) };
        } else {
            let job = self.jobs.remove(at).expect("it was found");
            if signal != 0 || status != 0 {
                let text = format!("{} {signal} {status}", job.program);
                self.tell(Level::Warning, "-script-error", text);
            }
        }
        self.choose(now);
    }

    /// Those that have run for too long are killed, those whose time has come are run.
    pub fn handle_timeout(&mut self, now: Instant) {
        let mut late = Vec::new();
        for job in &mut self.jobs {
            if let Phase::Running { since, ticket, pid, is_killed } = &mut job.phase
                && !*is_killed
                && since.after_ms(self.limits.runtime_ms) <= now
            {
                *is_killed = true;
                self.kills.push_back(*ticket);
                late.push(format!("{} {pid}", job.program));
            }
        }
        for text in late {
            self.tell(Level::Warning, "-script-timeout", text);
        }
        self.choose(now);
    }

    /// What the world must do next; call until `None`. `ticket` gives a new one for each program.
    #[must_use]
    pub fn poll_effect(&mut self, ticket: impl FnOnce() -> Ticket) -> Option<Effect> {
        if let Some(ticket) = self.kills.pop_front() {
            return Some(Effect::Kill { ticket });
        }
        let (job, since) = self.jobs.iter_mut().find_map(|job| match job.phase {
            Phase::Chosen { since } => Some((job, since)),
            _ => None,
        })?;
        let ticket = ticket();
        job.phase = Phase::Running { since, ticket, pid: 0, is_killed: false };
        let (program, arguments) = (job.program.clone(), job.arguments.clone());
        Some(Effect::Run { ticket, program, arguments })
    }

    /// What is to be told next; call until `None`.
    #[must_use]
    pub fn poll_told(&mut self) -> Option<Told> {
        self.told.pop_front()
    }

    /// When to call [`Scripts::handle_timeout`].
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let has_room = self.running() < RUNNING_MAX;
        let deadline = |job: &Job| match job.phase {
            Phase::Scheduled { from } => has_room.then_some(from),
            Phase::Running { since, is_killed: false, .. } => {
                Some(since.after_ms(self.limits.runtime_ms))
            }
            Phase::Chosen { .. } | Phase::Running { .. } => None,
        };
        self.jobs.iter().filter_map(deadline).min()
    }

    /// The rows of SENTINEL PENDING-SCRIPTS.
    pub fn pending(&self, now: Instant) -> impl Iterator<Item = Pending<'_>> {
        self.jobs.iter().map(move |job| {
            let argv = std::iter::once(&job.program).chain(&job.arguments);
            let (is_running, pid, time_ms) = match job.phase {
                Phase::Scheduled { from } => (false, 0, from.ms_since(now)),
                Phase::Chosen { since } => (true, 0, now.ms_since(since)),
                Phase::Running { since, pid, .. } => (true, pid, now.ms_since(since)),
            };
            let argv = argv.map(String::as_str).collect();
            Pending { argv, is_running, pid, time_ms, attempts: job.attempts }
        })
    }

    /// How many wait and run.
    pub fn len(&self) -> usize {
        self.jobs.len()
    }

    /// True where nothing waits and nothing runs.
    pub fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    /// How many run: `sentinel_running_scripts` of INFO.
    pub fn running(&self) -> usize {
        self.jobs.iter().filter(|job| !job.is_scheduled()).count()
    }

    /// Takes what may run, oldest first, while there is room.
    fn choose(&mut self, now: Instant) {
        let mut room = RUNNING_MAX.saturating_sub(self.running());
        for job in &mut self.jobs {
            if room == 0 {
                break;
            }
            if matches!(job.phase, Phase::Scheduled { from } if from <= now) {
                job.phase = Phase::Chosen { since: now };
                job.attempts += 1;
                room -= 1;
            }
        }
    }

    fn find(&self, wanted: Ticket) -> Option<usize> {
        let is_it =
            |job: &Job| matches!(job.phase, Phase::Running { ticket, .. } if ticket == wanted);
        self.jobs.iter().position(is_it)
    }

    fn tell(&mut self, level: Level, name: &'static str, text: String) {
        self.told.push_back(Told::Event { level, name, text });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scripts with a world that gives every program the next ticket.
    #[derive(Default)]
    struct Bench {
        scripts: Scripts,
        tickets: u64,
        now: Instant,
    }

    impl Bench {
        fn queue(&mut self, program: &str) {
            self.scripts.queue(
                program.to_owned(),
                vec!["a".to_owned(), "b c".to_owned()],
                self.now,
            );
        }

        /// What the world is asked for, in words.
        fn effects(&mut self) -> Vec<String> {
            let mut effects = Vec::new();
            let tickets = &mut self.tickets;
            while let Some(effect) = self.scripts.poll_effect(|| {
                *tickets += 1;
                Ticket(*tickets)
            }) {
                effects.push(match effect {
                    Effect::Run { ticket, program, arguments } => {
                        assert_eq!(arguments, ["a", "b c"]);
                        format!("run {} {program}", ticket.0)
                    }
                    Effect::Kill { ticket } => format!("kill {}", ticket.0),
                    _ => panic!("scripts ask for nothing else"),
                });
            }
            effects
        }

        fn told(&mut self) -> Vec<String> {
            let mut told = Vec::new();
            while let Some(news) = self.scripts.poll_told() {
                told.push(match news {
                    Told::Event { level, name, text } => format!("{level:?} {name} {text}"),
                    Told::Line { level, text } => format!("{level:?}: {text}"),
                });
            }
            told
        }

        fn started(&mut self, ticket: u64, pid: u32) {
            self.scripts.handle_started(Ticket(ticket), pid);
        }

        fn ended(&mut self, ticket: u64, outcome: Outcome) {
            self.scripts.handle_ended(Ticket(ticket), outcome, self.now);
        }

        fn wait(&mut self) {
            let at = self.scripts.poll_timeout().expect("something is to come");
            assert!(at >= self.now);
            self.now = at;
            self.scripts.handle_timeout(at);
        }
    }

    #[test]
    fn what_becomes_of_a_program_depends_on_how_it_ends() {
        let busy = "Resource temporarily unavailable (os error 11)";
        let missing = "No such file or directory (os error 2)";
        for (outcome, again, told) in [
            (Outcome::Exited(0), false, vec!["Debug -script-child 7 0 0"]),
            (Outcome::Exited(1), true, vec!["Debug -script-child 7 1 0"]),
            (Outcome::Signalled(9), true, vec!["Debug -script-child 7 0 9"]),
            (
                Outcome::Exited(2),
                false,
                vec!["Debug -script-child 7 2 0", "Warning -script-error /s 0 2"],
            ),
            (
                Outcome::Exited(255),
                false,
                vec!["Debug -script-child 7 255 0", "Warning -script-error /s 0 255"],
            ),
            (
                Outcome::NotStarted(missing.to_owned()),
                false,
                vec![
                    "Warning: Script /s cannot be run: No such file or directory (os error 2)",
                    "Warning -script-error /s 0 2",
                ],
            ),
            (
                Outcome::NotStarted(busy.to_owned()),
                true,
                vec![
                    "Warning: Script /s cannot be run: Resource temporarily unavailable (os error 11)",
                ],
            ),
        ] {
            let mut bench = Bench::default();
            bench.queue("/s");
            assert_eq!(bench.effects(), ["run 1 /s"]);
            if !matches!(outcome, Outcome::NotStarted(_)) {
                bench.started(1, 7);
                assert_eq!(bench.told(), ["Debug +script-child 7"]);
            }
            bench.ended(1, outcome.clone());
            assert_eq!(bench.told(), told, "{outcome:?}");
            assert_eq!(bench.effects(), [""; 0], "not at once");
            let next = bench.scripts.poll_timeout();
            assert_eq!(next, again.then_some(Instant::ZERO.after_ms(30_000)), "{outcome:?}");
        }
    }

    #[test]
    fn there_are_ten_attempts_each_after_twice_the_time() {
        let mut bench = Bench::default();
        bench.queue("/s");
        let mut delays = Vec::new();
        for attempt in 1..=10 {
            assert_eq!(bench.effects(), [format!("run {attempt} /s")]);
            bench.ended(attempt, Outcome::Exited(1));
            if attempt < 10 {
                let before = bench.now;
                bench.wait();
                delays.push(bench.now.ms_since(before) / 1000);
            }
        }
        assert_eq!(delays, [30, 60, 120, 240, 480, 960, 1920, 3840, 7680]);
        assert!(bench.scripts.is_empty());
        assert_eq!(bench.told(), ["Warning -script-error /s 0 1"]);
    }

    #[test]
    fn what_runs_too_long_is_killed_once_and_tried_again() {
        let mut bench = Bench::default();
        bench.queue("/s");
        assert_eq!(bench.effects(), ["run 1 /s"]);
        bench.started(1, 7);
        bench.wait();
        assert_eq!(bench.now, Instant::ZERO.after_ms(60_000));
        bench.scripts.handle_timeout(bench.now.after_ms(1));
        assert_eq!(bench.effects(), ["kill 1"]);
        assert_eq!(bench.told(), ["Debug +script-child 7", "Warning -script-timeout /s 7"]);
        assert_eq!(bench.scripts.poll_timeout(), None);
        bench.ended(1, Outcome::Signalled(9));
        bench.wait();
        assert_eq!(bench.effects(), ["run 2 /s"]);
    }

    #[test]
    fn sixteen_run_and_the_oldest_that_waits_is_forgotten() {
        let mut bench = Bench::default();
        for n in 0..300 {
            bench.queue(&format!("/{n}"));
        }
        assert_eq!(bench.scripts.len(), QUEUE_MAX);
        let effects = bench.effects();
        assert_eq!(effects.len(), RUNNING_MAX);
        assert_eq!(effects[15], "run 16 /15");
        let deadline = bench.scripts.poll_timeout();
        assert_eq!(deadline, Some(Instant::ZERO.after_ms(60_000)), "those that wait have no time");
        bench.ended(3, Outcome::Exited(0));
        assert_eq!(bench.effects(), ["run 17 /60"], "44 were forgotten");
        assert_eq!(bench.scripts.running(), RUNNING_MAX);
    }

    #[test]
    fn what_is_pending_can_be_seen() {
        let mut bench = Bench::default();
        bench.queue("/a");
        bench.queue("/b");
        bench.effects();
        bench.started(1, 7);
        bench.ended(2, Outcome::Exited(1));
        let row = |program, is_running, pid, time_ms| Pending {
            argv: vec![program, "a", "b c"],
            is_running,
            pid,
            time_ms,
            attempts: 1,
        };
        let rows: Vec<_> = bench.scripts.pending(Instant::ZERO.after_ms(1000)).collect();
        assert_eq!(rows, [row("/a", true, 7, 1000), row("/b", false, 0, 29_000)]);
        bench.ended(2, Outcome::Exited(0));
        assert_eq!(bench.scripts.len(), 2, "an old ticket means nothing");
    }
}
