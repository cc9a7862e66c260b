//! Requests meet a server: one measurement, from the first connection to the last reply that counts.
//!
//! Connections are dealt out among *lanes*, each a loop over readiness on a thread of its own (or on ours, where no
//! threads were asked for). What lanes share is two counters and a histogram that they add to four times a second.

mod connection;
mod lane;
mod pace;
mod shared;

use std::time::Duration;

use crate::chance::Chance;
use crate::failure::Failure;
use crate::latency::Latencies;
use crate::report::Status;
use crate::request::Request;
use crate::server::{Address, Greeting};

use lane::Lane;
pub(crate) use pace::Pace;
use shared::Shared;

/// What to do.
#[derive(Clone, Debug)]
pub(crate) struct Plan<'a> {
    pub(crate) title: &'a str,
    pub(crate) address: &'a Address,
    pub(crate) greeting: &'a Greeting,
    pub(crate) request: &'a Request,
    /// Connections.
    pub(crate) clients: usize,
    /// Zero: none but ours.
    pub(crate) threads: usize,
    /// Requests after which it is over.
    pub(crate) requests: u64,
    /// Time after which it is over.
    pub(crate) duration: Option<Duration>,
    pub(crate) pace: Pace,
    /// False: a connection serves one batch of requests.
    pub(crate) keepalive: bool,
    /// Significant digits of latencies.
    pub(crate) precision: u8,
}

/// What was seen.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    /// Replies that came; a few more than were asked for, where pipelines do not fit them.
    pub(crate) finished: u64,
    pub(crate) elapsed_us: u64,
    pub(crate) latencies: Latencies,
    /// Processor time of ours.
    pub(crate) client_cpu_us: u64,
}

impl Measured {
    /// A measurement of nothing, to add to.
    pub(crate) fn nothing(precision: u8, pace: Pace) -> Measured {
        let latencies = Latencies::new(precision, pace.is_open());
        Measured { finished: 0, elapsed_us: 0, latencies, client_cpu_us: 0 }
    }

    pub(crate) fn add(&mut self, other: &Measured) {
        self.finished += other.finished;
        self.elapsed_us += other.elapsed_us;
        self.latencies.add(&other.latencies);
        self.client_cpu_us += other.client_cpu_us;
    }

    /// Requests per second.
    pub(crate) fn rate(&self) -> f64 {
        self.finished as f64 / (self.elapsed_us as f64 / 1e6)
    }
}

/// Carries out `plan`. `status` tells the user how far it is.
pub(crate) fn measure(
    plan: &Plan<'_>,
    chance: &mut Chance,
    status: &mut Status,
) -> Result<Measured, Failure> {
    let clients = plan.clients.max(1);
    let count = plan.threads.clamp(1, clients);
    let mut lanes = Vec::with_capacity(count);
    for at in 0..count {
        let share = clients / count + usize::from(at < clients % count);
        // A single lane goes on with the sequence where the last test left it, as the same seed must give the same.
        let chance = if plan.threads == 0 { chance.clone() } else { chance.split() };
        lanes.push(Lane::open(plan, at, share, chance)?);
    }
    status.begin(plan.title, plan.threads > 0);
    let start = sys::clock::instant();
    let wakers = lanes.iter().map(Lane::waker).collect();
    let shared = Shared::new(plan, start, clients, wakers, status);
    let cpu = client_cpu_us();
    match (plan.threads, lanes.pop()) {
        (0, Some(mut lane)) => {
            lane.run(&shared)?;
            *chance = lane.into_chance();
        }
        (_, last) => {
            lanes.extend(last);
            let run = |mut lane: Lane| lane.run(&shared).inspect_err(|_| shared.end());
            let results = sys::thread::together("client", lanes, run, || shared.end());
            let results = results.map_err(|(at, _)| Failure::Thread(at))?;
            results.into_iter().collect::<Result<(), Failure>>()?;
        }
    }
    let elapsed_us = sys::clock::instant().us_since(start);
    let client_cpu_us = client_cpu_us() - cpu;
    let (finished, latencies) = shared.into_result();
    Ok(Measured { finished, elapsed_us, latencies, client_cpu_us })
}

fn client_cpu_us() -> u64 {
    let time = sys::facts::cpu_time(sys::facts::Whose::Process);
    time.user_us + time.system_us
}
