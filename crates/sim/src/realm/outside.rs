//! What a process asks of those who are no processes of the story: names, and programs it runs.

use super::{Happening, Subject, World, address, hostname};
use std::net::IpAddr;
use world::{Event, Outcome, Ticket};

/// How long a lookup may take, in microseconds.
const LOOKUP_US_MAX: u64 = 50_000;
/// One of so many lookups fails.
const LOOKUPS_PER_FAILURE: u64 = 20;
/// What a program dies of that is killed.
const SIGKILL: i32 = 9;

impl<S: Subject> World<S> {
    /// The process at an address, or of a name.
    pub(super) fn find(&self, host: &str) -> Option<usize> {
        (0..self.processes.len()).find(|p| address(*p) == host || hostname(*p) == host)
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
