//! What a process asks of those who are no processes of the story: names, limits, and programs it runs.

use super::{Happening, Subject, World, address, hostname};
use std::net::IpAddr;
use world::{Event, Outcome, Ticket};

/// How long a lookup may take, in microseconds.
const LOOKUP_US_MAX: u64 = 50_000;
/// One of so many lookups fails.
const LOOKUPS_PER_FAILURE: u64 = 20;
/// How many files a process may have open where that cannot be changed.
const OPEN_FILES: u64 = 1024;
/// What a program dies of that is killed.
const SIGKILL: i32 = 9;

impl<S: Subject> World<S> {
    /// The process at an address, or of a name.
    pub(super) fn find(&self, host: &str) -> Option<usize> {
        let number = host.strip_prefix("10.0.0.").or_else(|| host.strip_prefix("node-"))?;
        let process = number.parse::<usize>().ok()?.checked_sub(1)?;
        let spelled = address(process) == host || hostname(process) == host;
        (spelled && process < self.processes.len()).then_some(process)
    }

    pub(super) fn resolve(&mut self, process: usize, ticket: Ticket, host: &str) {
        let boot = self.processes[process].boot;
        let known = self.find(host).map(address);
        let result = known.as_deref().unwrap_or(host).parse::<IpAddr>();
        let mut result = result.map_err(|_| "Name or service not known".to_owned());
        let mut us = 0;
        // An address needs no lookup: it takes no time and does not fail.
        if host.parse::<IpAddr>().is_err() {
            us = 1 + self.prng.below(LOOKUP_US_MAX);
            if self.prng.chance(1, LOOKUPS_PER_FAILURE) {
                result = Err("Temporary failure in name resolution".to_owned());
            }
        }
        let event = Event::Resolved { ticket, result };
        self.in_us(us, Happening::Tell { process, boot, event });
    }

    pub(super) fn open_files(&mut self, process: usize, ticket: Ticket, wanted: u64) {
        let boot = self.processes[process].boot;
        // A system has its limits, not the same everywhere.
        let limit = if self.prng.chance(1, 4) { wanted.min(OPEN_FILES) } else { wanted };
        let event = Event::OpenFiles { ticket, limit };
        self.in_us(0, Happening::Tell { process, boot, event });
    }

    pub(super) fn run(
        &mut self,
        process: usize,
        ticket: Ticket,
        program: &str,
        arguments: &[String],
    ) {
        self.note(process, &format!("-- runs {program} {}", arguments.join(" ")));
        let boot = self.processes[process].boot;
        let (us, outcome) = self.subject.run(process, program, arguments, &mut self.prng);
        let fresh = self.processes[process].running.insert(ticket);
        assert!(fresh, "a ticket ties one program to its end");
        if !matches!(outcome, Outcome::NotStarted(_)) {
            let pid = 2 + self.prng.below(30_000) as u32;
            let event = Event::Started { ticket, pid };
            self.in_us(0, Happening::Tell { process, boot, event });
        }
        self.in_us(us, Happening::Ended { process, boot, ticket, outcome });
    }

    pub(super) fn kill(&mut self, process: usize, ticket: Ticket) {
        let p = &self.processes[process];
        if p.running.contains(&ticket) {
            let (boot, outcome) = (p.boot, Outcome::Signalled(SIGKILL));
            self.in_us(100, Happening::Ended { process, boot, ticket, outcome });
        }
    }

    /// A program ends once: of its own end and of that by a signal the first counts.
    pub(super) fn ended(&mut self, process: usize, boot: u64, ticket: Ticket, outcome: Outcome) {
        let p = &mut self.processes[process];
        if p.boot == boot && p.running.remove(&ticket) {
            self.tell(process, boot, Event::Ended { ticket, outcome });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checker::Seen;
    use crate::{Disk, Weather};
    use std::collections::VecDeque;
    use std::io::IoSlice;
    use stdx::{Instant, Now, Prng};
    use world::{ConnId, Effect, Machine};

    /// Asks for what it was given and remembers what it is told.
    struct Asker {
        effects: VecDeque<Effect>,
        told: Vec<Event>,
    }

    impl Machine for Asker {
        fn handle_input(&mut self, _: Now, _: ConnId, _: &[u8]) {}
        fn handle_event(&mut self, _: Now, event: Event) {
            self.told.push(event);
        }
        fn handle_timeout(&mut self, _: Now) {}
        fn poll_effect(&mut self) -> Option<Effect> {
            self.effects.pop_front()
        }
        fn poll_timeout(&self) -> Option<Instant> {
            None
        }
        fn poll_ready(&mut self) -> Option<ConnId> {
            None
        }
        fn pending<'a>(&'a self, _: ConnId, _: &mut [IoSlice<'a>]) -> usize {
            0
        }
        fn sent(&mut self, _: Now, _: ConnId, _: usize) -> bool {
            false
        }
        fn idle(&mut self, _: Now, _: u64) -> bool {
            false
        }
    }

    struct Story(fn() -> Vec<Effect>);

    impl Subject for Story {
        type Machine = Asker;
        type Seen = Seen;
        fn boot(&self, _: usize, _: u64, _: Now, _: &Disk) -> Asker {
            Asker { effects: (self.0)().into(), told: Vec::new() }
        }
        fn probe(&self, _: usize, _: &Asker) -> Option<Seen> {
            None
        }
        fn run(&self, _: usize, path: &str, _: &[String], _: &mut Prng) -> (u64, Outcome) {
            match path {
                "missing" => (0, Outcome::NotStarted("No such file or directory".into())),
                "slow" => (3_600_000_000, Outcome::Exited(0)),
                _ => (5, Outcome::Exited(3)),
            }
        }
    }

    fn told(seed: u64, effects: fn() -> Vec<Effect>) -> Vec<Event> {
        let weather = Weather {
            delay_us: (1, 2),
            disk_us_max: 1,
            disk_failures_per_mille: 0,
            piece_max: 1,
            loss_per_mille: 0,
        };
        let mut world = World::new(Story(effects), seed, 2, weather);
        world.run_until(Instant(10_000_000));
        world.processes[0].machine.take().expect("it runs").told
    }

    #[test]
    fn programs_begin_and_end_once() {
        fn run(ticket: u64, program: &str) -> Effect {
            let program = program.to_owned();
            Effect::Run { ticket: Ticket(ticket), program, arguments: vec!["word".into()] }
        }
        let told = told(1, || {
            let kills = [4, 4, 9].map(|ticket| Effect::Kill { ticket: Ticket(ticket) });
            let runs = [run(1, "quick"), run(2, "missing"), run(3, "slow"), run(4, "slow")];
            runs.into_iter().chain(kills).collect()
        });
        let started = told.iter().filter_map(|event| match event {
            Event::Started { ticket, .. } => Some(ticket.0),
            _ => None,
        });
        assert_eq!(started.collect::<Vec<_>>(), [1, 3, 4]);
        let ended = told.iter().filter_map(|event| match event {
            Event::Ended { ticket, outcome } => Some((ticket.0, outcome.clone())),
            _ => None,
        });
        let missing = Outcome::NotStarted("No such file or directory".into());
        let want = [(2, missing), (1, Outcome::Exited(3)), (4, Outcome::Signalled(SIGKILL))];
        assert_eq!(ended.collect::<Vec<_>>(), want);
    }

    #[test]
    fn names_of_processes_resolve_but_for_accidents() {
        let mut accidents = 0;
        for seed in 0..100 {
            let told = told(seed, || {
                ["node-2", "10.0.0.7", "nobody"]
                    .into_iter()
                    .zip(1..)
                    .map(|(host, n)| Effect::Resolve { ticket: Ticket(n), host: host.to_owned() })
                    .collect()
            });
            for event in told {
                match event {
                    Event::Resolved { ticket: Ticket(1), result: Ok(ip) } => {
                        assert_eq!(ip.to_string(), address(1));
                    }
                    Event::Resolved { ticket: Ticket(2), result: Ok(ip) } => {
                        assert_eq!(ip.to_string(), "10.0.0.7");
                    }
                    Event::Resolved { ticket: Ticket(1), result: Err(_) } => accidents += 1,
                    Event::Resolved { ticket: Ticket(3), result: Err(_) } => {}
                    other => panic!("{other:?}"),
                }
            }
        }
        assert!((1..20).contains(&accidents), "{accidents}");
    }
}
