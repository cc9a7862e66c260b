//! A loop over the readiness of some connections: replies in, the next requests out.

use std::collections::VecDeque;
use std::time::Duration;

use stdx::Instant;
use sys::alarm::Alarm;
use sys::clock;
use sys::poll::{Poller, Ready, Waker};

use super::connection::Connection;
use super::pace::{Pace, Schedule};
use super::shared::Shared;
use super::{Measured, Plan};
use crate::chance::Chance;
use crate::failure::Failure;
use crate::latency::Latencies;
use crate::request::Request;
use crate::server::{Address, Greeting, Place};

/// How much is read at once.
const BUFFER_BYTES: usize = 64 << 10;

/// How many connections are begun before they are waited for: a listener's queue is short.
const DIAL_AT_ONCE: usize = 64;

/// How often what was counted is handed on.
const TICK: Duration = Duration::from_millis(250);

/// How many sockets are heard of per wait.
const EVENTS_MAX: usize = 1024;

pub(super) struct Lane {
    number: usize,
    poller: Poller,
    waker: Waker,
    connections: Vec<Connection>,
    address: Address,
    greeting: Greeting,
    request: Request,
    chance: Chance,
    keepalive: bool,
    pace: Pace,
    /// With a rate: when requests are due, and the connections that wait for that.
    schedule: Option<Schedule>,
    free: VecDeque<usize>,
    /// Finer than the timeout of a wait; without it, a wait lasts a whole millisecond at least.
    alarm: Option<Alarm>,
    /// Connections with something to read before the start.
    early: Vec<usize>,
    recent: Latencies,
    buffer: Vec<u8>,
}

impl Lane {
    /// Opens `count` connections and waits until they stand.
    pub(super) fn open(
        plan: &Plan<'_>,
        number: usize,
        count: usize,
        chance: Chance,
    ) -> Result<Lane, Failure> {
        let no_poller = |error| Failure::system("wait for sockets", &error);
        let poller = Poller::new(EVENTS_MAX).map_err(no_poller)?;
        let waker = poller.waker(count).map_err(no_poller)?;
        let mut lane = Lane {
            number,
            poller,
            waker,
            connections: Vec::with_capacity(count),
            address: plan.address.clone(),
            greeting: plan.greeting.clone(),
            request: plan.request.clone(),
            chance,
            keepalive: plan.keepalive,
            pace: plan.pace,
            schedule: None,
            free: VecDeque::with_capacity(count),
            alarm: None,
            early: Vec::new(),
            recent: Measured::nothing(plan.precision, plan.pace).latencies,
            buffer: vec![0; BUFFER_BYTES],
        };
        while lane.connections.len() < count {
            let more = (count - lane.connections.len()).min(DIAL_AT_ONCE);
            lane.dial(more)?;
        }
        if plan.pace.is_open() {
            lane.alarm = Alarm::new().ok();
            if let Some(alarm) = &lane.alarm {
                lane.poller.add_source(alarm.source(), count + 1).map_err(no_poller)?;
            }
        }
        Ok(lane)
    }

    fn dial(&mut self, count: usize) -> Result<(), Failure> {
        let mut missing = count;
        for _ in 0..count {
            let connection = self.connect(self.connections.len())?;
            self.connections.push(connection);
        }
        let mut ready = Vec::new();
        while missing > 0 {
            self.wait(None, &mut ready)?;
            for Ready { token, readable, .. } in ready.drain(..) {
                let Some(connection) = self.connections.get_mut(token) else { continue };
                if connection.is_connecting {
                    connection.stream.outcome().map_err(|error| no_way(&self.address, &error))?;
                    connection.is_connecting = false;
                    missing -= 1;
                }
                if readable {
                    self.early.push(token);
                }
            }
        }
        Ok(())
    }

    fn connect(&self, id: usize) -> Result<Connection, Failure> {
        let stream = self.address.dial().map_err(|error| no_way(&self.address, &error))?;
        let added = self.poller.add(&stream, id);
        added.map_err(|error| Failure::system("wait for a socket", &error))?;
        Ok(Connection::new(stream))
    }

    /// Ends the wait of this lane.
    pub(super) fn waker(&self) -> Waker {
        self.waker.clone()
    }

    pub(super) fn into_chance(self) -> Chance {
        self.chance
    }

    /// Asks until it is over.
    pub(super) fn run(&mut self, shared: &Shared<'_>) -> Result<(), Failure> {
        if let Pace::Open(rate) = self.pace {
            let (batch, lanes) = (self.request.count, shared.lanes);
            self.schedule = Some(Schedule::new(shared.start, rate, batch, self.number, lanes));
        }
        for id in std::mem::take(&mut self.early) {
            self.read(id, shared)?;
        }
        for id in 0..self.connections.len() {
            self.go_on(id, clock::instant(), shared)?;
        }
        let mut tick =
            if self.number == 0 { shared.next_status() } else { clock::instant() + TICK };
        let mut ready: Vec<Ready> = Vec::with_capacity(EVENTS_MAX);
        while !shared.is_over() {
            let now = clock::instant();
            if shared.deadline.is_some_and(|deadline| deadline <= now) {
                shared.end();
                break;
            }
            if tick <= now {
                shared.add(&mut self.recent);
                tick = now + TICK;
                if self.number == 0 {
                    shared.show(now);
                    tick = shared.next_status();
                }
            }
            let mut until = shared.deadline.map_or(tick, |deadline| deadline.min(tick));
            if let Some(due) = self.send_due(now, shared)? {
                let is_set = self.alarm.as_ref().is_some_and(|alarm| alarm.set(due).is_ok());
                until = if is_set { until } else { until.min(due) };
            }
            self.wait(Some(until - now), &mut ready)?;
            for event in ready.drain(..) {
                self.handle(event, shared)?;
            }
        }
        shared.add(&mut self.recent);
        Ok(())
    }

    fn wait(&mut self, timeout: Option<Duration>, ready: &mut Vec<Ready>) -> Result<(), Failure> {
        let waited = self.poller.wait(timeout, ready);
        waited.map_err(|error| Failure::system("wait for sockets", &error))
    }

    /// With a rate: sends what is due on connections that are free, and says when there will be more to send on them.
    fn send_due(&mut self, now: Instant, shared: &Shared<'_>) -> Result<Option<Instant>, Failure> {
        let Some(schedule) = &mut self.schedule else { return Ok(None) };
        while let Some(&id) = self.free.front() {
            let Some(due) = schedule.take(now) else { return Ok(Some(schedule.due())) };
            self.free.pop_front();
            if !shared.may_send(self.request.count) {
                return Ok(None);
            }
            self.request.vary(&mut self.chance);
            self.connections[id].begin(&self.request, &self.greeting, due)?;
        }
        Ok(None)
    }

    #[inline]
    fn handle(&mut self, event: Ready, shared: &Shared<'_>) -> Result<(), Failure> {
        let id = event.token;
        let Some(connection) = self.connections.get_mut(id) else { return Ok(()) };
        if event.writable {
            if connection.is_connecting {
                connection.stream.outcome().map_err(|error| no_way(&self.address, &error))?;
                connection.is_connecting = false;
                self.go_on(id, clock::instant(), shared)?;
            } else if connection.is_writing {
                connection.write(&self.request)?;
            }
        }
        if event.readable || event.read_closed || event.broken {
            self.read(id, shared)?;
        }
        Ok(())
    }

    /// Reads what has come to a connection.
    fn read(&mut self, id: usize, shared: &Shared<'_>) -> Result<(), Failure> {
        loop {
            let connection = &mut self.connections[id];
            let Some(len) = connection.read(&mut self.buffer)? else { return Ok(()) };
            let now = clock::instant();
            let since = connection.since;
            let us = *connection.latency_us.get_or_insert_with(|| now.us_since(since));
            let had_pending = connection.pending > 0;
            let replies = connection.count(&self.buffer[..len])?;
            if replies > 0 {
                let wanted = shared.note_replies(replies);
                self.recent.record(us, wanted);
            }
            if had_pending && self.connections[id].pending == 0 {
                if shared.is_complete() {
                    shared.end();
                    return Ok(());
                }
                if !self.keepalive {
                    self.connections[id] = self.connect(id)?;
                    return Ok(());
                }
                self.go_on(id, now, shared)?;
            }
            if len < self.buffer.len() {
                return Ok(());
            }
        }
    }

    /// A connection stands and waits for nothing: it asks again, now or when it is time.
    fn go_on(&mut self, id: usize, now: Instant, shared: &Shared<'_>) -> Result<(), Failure> {
        let since = match (self.pace, &mut self.schedule) {
            (Pace::Idle, _) => return Ok(()),
            (_, None) => now,
            (_, Some(schedule)) => match schedule.take(now) {
                Some(due) => due,
                None => {
                    self.free.push_back(id);
                    return Ok(());
                }
            },
        };
        if shared.may_send(self.request.count) {
            self.request.vary(&mut self.chance);
            self.connections[id].begin(&self.request, &self.greeting, since)?;
        }
        Ok(())
    }
}

fn no_way(address: &Address, error: &std::io::Error) -> Failure {
    let place = match address {
        Address::Tcp(address) => Place::Tcp(address.ip().to_string(), address.port().into()),
        Address::Unix(path) => Place::Unix(path.clone()),
    };
    Failure::Connect(place, sys::error_text(error))
}
