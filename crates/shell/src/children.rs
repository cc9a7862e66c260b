//! Programs that run beside us: each has a thread that waits for its end, and the loop alone kills and buries.

use std::collections::BTreeMap;

use stdx::Now;
use sys::child::{Child, End};
use sys::{ErrorText, thread};
use world::{Event, Machine, Outcome, Ticket};

use crate::inbox::{Inbox, Note};

/// All that were started and are not buried; there are never more than a few.
#[derive(Default)]
pub(crate) struct Children {
    running: BTreeMap<Ticket, Child>,
}

impl Children {
    /// Starts one.
    pub(crate) fn run<M: Machine>(
        &mut self,
        machine: &mut M,
        now: Now,
        inbox: &Inbox,
        ticket: Ticket,
        program: &str,
        arguments: &[String],
    ) {
        // On this thread and not on that which waits: a child has the signals and the patience of its starter.
        let started = Child::start(program, arguments).and_then(|mut child| {
            let (watch, inbox) = (child.watch(), inbox.clone());
            let waiter = thread::spawn("regent-child", move || {
                watch.until_ended();
                inbox.put(Note::Ended { ticket });
            });
            // Without a thread to spare nobody would hear of its end.
            if let Err(error) = waiter {
                let _ = child.kill();
                let _ = child.bury();
                return Err(error);
            }
            Ok(child)
        });
        match started {
            Ok(child) => {
                let pid = child.pid();
                let before = self.running.insert(ticket, child);
                assert!(before.is_none(), "a ticket ties one program to its end");
                machine.handle_event(now, Event::Started { ticket, pid });
            }
            Err(error) => {
                let outcome = Outcome::NotStarted(error.text());
                machine.handle_event(now, Event::Ended { ticket, outcome });
            }
        }
    }

    /// Ends one, if it has not ended yet.
    pub(crate) fn kill(&mut self, ticket: Ticket) {
        if let Some(child) = self.running.get_mut(&ticket) {
            // It may have ended by itself just now, which is as good.
            let _ = child.kill();
        }
    }

    /// One has ended.
    pub(crate) fn ended<M: Machine>(&mut self, machine: &mut M, now: Now, ticket: Ticket) {
        let child = self.running.remove(&ticket).expect("only a child that runs can end");
        let outcome = match child.bury() {
            Ok(End::Exited(status)) => Outcome::Exited(status),
            Ok(End::Signalled(signal)) => Outcome::Signalled(signal),
            Err(error) => Outcome::NotStarted(error.text()),
        };
        machine.handle_event(now, Event::Ended { ticket, outcome });
    }
}
