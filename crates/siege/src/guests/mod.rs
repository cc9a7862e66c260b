//! The well-behaved clients: each asks at a steady pace, knows what the answer must be, and notes how long it took.
//!
//! *Design.* A request has a moment at which it is due, whether or not those before it are answered; its latency is
//! counted from that moment. A server that stands still for a second is so seen in every request that it delays, and
//! not in one. A guest that hears BUSY asks again until it hears something else, as a patient client library does, and
//! its latency goes on meanwhile.

mod latency;
mod visit;

pub use latency::Figures;

use crate::stage::{Phase, Stage, count};
use crate::target::Address;
use latency::Ledger;
use std::io;
use std::sync::atomic::AtomicU64;
use stdx::Prng;
use visit::{Trouble, Visit};

/// How many guests there are.
pub const GUESTS: usize = 20;

/// A guest asks once in so many microseconds.
const EVERY_US: u64 = 5000;

/// What the guests have seen.
#[derive(Default)]
pub struct Book {
    ledger: Ledger,
    /// Replies that came and were right.
    pub replies: AtomicU64,
    /// How often a guest heard BUSY and asked again.
    pub busy: AtomicU64,
}

impl Book {
    /// The latencies of a phase.
    pub fn figures(&self, phase: Phase) -> Figures {
        self.ledger.figures(phase)
    }
}

/// Asks until the siege is over. What is lost or wrong is a finding; the guest then begins anew with other keys.
pub fn run(number: usize, seed: u64, address: Address, stage: &Stage, book: &Book) {
    let mut prng = Prng::new(seed ^ (number as u64) << 32);
    let mut generation = 0;
    // Not all at the same moment.
    let mut due = sys::clock::instant() + std::time::Duration::from_micros(prng.below(EVERY_US));
    while !stage.is_over() {
        generation += 1;
        let mut visit = match Visit::begin(number, generation, address) {
            Ok(visit) => visit,
            Err(error) => {
                stage.find(format!("guest {number}: no connection: {error}"));
                stage.rest(1000);
                continue;
            }
        };
        while !stage.is_over() {
            stage.rest_until(due);
            let (phase, before) = (stage.phase(), visit.busy);
            let outcome = visit.step(&mut prng);
            count(&book.busy, visit.busy - before);
            match outcome {
                Ok(replies) => count(&book.replies, replies),
                Err(trouble) => {
                    stage.find(format!("guest {number}: {}", describe(trouble)));
                    stage.rest(100);
                    break;
                }
            }
            book.ledger.note(number, phase, sys::clock::instant().us_since(due));
            due = due + std::time::Duration::from_micros(EVERY_US);
        }
        // After a loss there is nothing to catch up with.
        due = due.max(sys::clock::instant());
    }
}

fn describe(trouble: Trouble) -> String {
    match trouble {
        Trouble::Lost(asked, error) => match error.kind() {
            io::ErrorKind::WouldBlock => format!("{asked}: no reply within the time limit"),
            _ => format!("{asked}: the reply is lost: {error}"),
        },
        Trouble::Wrong(text) => text,
    }
}
