//! The scripts of the user between `scripts`, which decides when they run, and the world, which runs them.

use crate::news::News;
use crate::scripts::Told;
use crate::sentinel::Sentinel;
use world::{Outcome, Ticket};

impl Sentinel {
    /// Has a script told of something.
    pub(crate) fn queue_script(&mut self, path: String, arguments: Vec<String>) {
        self.scripts.queue(path, arguments, self.clock.now());
    }

    pub(crate) fn script_started(&mut self, ticket: Ticket, pid: u32) {
        self.scripts.handle_started(ticket, pid);
    }

    pub(crate) fn script_ended(&mut self, ticket: Ticket, outcome: Outcome) {
        self.scripts.handle_ended(ticket, outcome, self.clock.now());
    }

    /// What follows for scripts: the world is asked to run and to kill, and what has become of them is told. A script
    /// that tells of something the disk does not have yet waits like everything that leaves the process.
    pub(crate) fn tend_scripts(&mut self) {
        loop {
            let ticket = self.ticket();
            let Some(effect) = self.scripts.poll_effect(|| ticket) else { break };
            self.emit(effect);
        }
        while let Some(told) = self.scripts.poll_told() {
            self.news.push_back(match told {
                Told::Event { level, name, text } => News::Event { level, name, text, group: None },
                Told::Line { level, text } => News::Line { level, text },
            });
        }
    }
}
