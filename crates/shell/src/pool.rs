//! Work for other threads: compressing, freeing, counting. A few threads share one queue.

use std::io;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};

use sys::cpus::Cpus;
use world::{Event, Ticket, Work};

use crate::inbox::{Inbox, Note};

/// Two are enough to keep a long piece of work from holding up a short one.
const THREADS: usize = 2;

/// Runs work elsewhere.
pub(crate) struct Pool {
    queue: Sender<(Ticket, Work)>,
}

impl Pool {
    pub(crate) fn start(inbox: &Inbox, cpus: &Cpus) -> io::Result<Pool> {
        let (queue, jobs) = mpsc::channel();
        let jobs = Arc::new(Mutex::new(jobs));
        for index in 0..THREADS {
            let (jobs, inbox) = (jobs.clone(), inbox.clone());
            let name = format!("regent-work-{index}");
            sys::thread::spawn_on(cpus, &name, move || work(&jobs, &inbox))?;
        }
        Ok(Pool { queue })
    }

    pub(crate) fn run(&self, ticket: Ticket, work: Work) {
        self.queue.send((ticket, work)).expect("the threads of the pool live as long as the pool");
    }
}

fn work(jobs: &Mutex<Receiver<(Ticket, Work)>>, inbox: &Inbox) {
    loop {
        // The lock is held while waiting: whoever has it takes the next job, and frees it before running.
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((ticket, work)) = job else { return };
        let result = (work.0)();
        inbox.put(Note::Event(Event::WorkDone { ticket, result }));
    }
}
