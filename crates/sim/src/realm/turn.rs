//! A turn of a process, as the real world runs it: what it asks for is done, what it says is sent.

use super::{Happening, Subject, Violation, World};
use crate::disk::broken;
use std::io::IoSlice;
use stdx::Instant;
use world::{ConnId, DiskOp, Effect, Event, Exit, Machine, Ticket};

impl<S: Subject> World<S> {
    pub(super) fn turn(&mut self, process: usize) {
        if self.processes[process].paused_until > self.now {
            return;
        }
        loop {
            self.effects(process);
            self.replies(process);
            let now = self.clock(process);
            let Some(machine) = &mut self.processes[process].machine else { return };
            let more = machine.idle(now, 1000);
            if more && !self.processes[process].idling {
                self.processes[process].idling = true;
                let boot = self.processes[process].boot;
                self.in_us(500, Happening::Idle { process, boot });
            }
            // What idle work has brought is carried out in the same turn.
            if !self.has_effects_left(process) {
                break;
            }
        }
        let p = &mut self.processes[process];
        p.timeout = p.machine.as_ref().and_then(Machine::poll_timeout);
        self.look(process);
    }

    pub(super) fn has_effects_left(&mut self, process: usize) -> bool {
        let Some(machine) = &mut self.processes[process].machine else { return false };
        match machine.poll_effect() {
            Some(effect) => {
                self.effect(process, effect);
                true
            }
            None => {
                self.replies(process);
                false
            }
        }
    }

    pub(super) fn look(&mut self, process: usize) {
        let Some(machine) = &self.processes[process].machine else { return };
        self.subject.check(machine);
        let Some(seen) = self.subject.probe(process, machine) else { return };
        for checker in &mut self.checkers {
            if let Err(what) = checker.observe(process, &seen)
                && self.violation.is_none()
            {
                self.violation = Some(Violation { rule: checker.name().to_string(), what });
            }
        }
    }

    fn logged(&mut self, process: usize, text: &str) {
        self.note(process, text);
        for checker in &mut self.checkers {
            if let Err(what) = checker.read(self.now, process, text)
                && self.violation.is_none()
            {
                self.violation = Some(Violation { rule: checker.name().to_string(), what });
            }
        }
    }

    pub(super) fn effects(&mut self, process: usize) {
        while let Some(effect) =
            self.processes[process].machine.as_mut().and_then(Machine::poll_effect)
        {
            self.effect(process, effect);
        }
    }

    pub(super) fn effect(&mut self, process: usize, effect: Effect) {
        let boot = self.processes[process].boot;
        match effect {
            Effect::Dial(dial) => {
                let target = self.find(&dial.host);
                let us = self.delay_us();
                let ticket = dial.ticket;
                self.in_us(us, Happening::Connect { process, boot, ticket, target });
            }
            Effect::CancelDial(ticket) => {
                self.processes[process].cancelled.insert(ticket);
            }
            Effect::Hangup { conn, after_sending } => self.hangup(process, conn, after_sending),
            Effect::Reading { conn, on } => {
                if let Some((pipe, end)) = self.processes[process].conns.get(&conn).copied() {
                    self.pipes.get_mut(&pipe).expect("it is open").ends[end].reading = on;
                    if on {
                        self.look_in_us(pipe, end, 0);
                    }
                }
            }
            Effect::Listen { ticket, .. } => {
                self.processes[process].listening = true;
                let event = Event::Listened { ticket, result: Ok(()) };
                self.in_us(10, Happening::Tell { process, boot, event });
            }
            Effect::Disk { ticket, op } => self.disk(process, ticket, op),
            Effect::Offload { ticket, work } => {
                let event = Event::WorkDone { ticket, result: (work.0)() };
                let us = 1 + self.prng.below(20_000);
                self.in_us(us, Happening::Tell { process, boot, event });
            }
            Effect::Resolve { ticket, host } => self.resolve(process, ticket, &host),
            Effect::Run { ticket, program, arguments } => {
                self.run(process, ticket, &program, &arguments);
            }
            Effect::Kill { ticket } => self.kill(process, ticket),
            Effect::OpenFiles { ticket, wanted } => self.open_files(process, ticket, wanted),
            Effect::Log { text, .. } => self.logged(process, &text),
            Effect::Stall { ms } => self.pause(process, ms),
            Effect::Exit(exit) => {
                self.crash(process, false);
                if let Exit::Restart { after_ms } = exit {
                    let at = self.now.after_ms(after_ms);
                    self.at(at, Happening::Start { process });
                }
            }
            Effect::NoDelay { .. }
            | Effect::KeepAlive { .. }
            | Effect::LogRole(_)
            | Effect::Title(_)
            | Effect::Supervisor(_) => {}
        }
    }

    /// Operations happen one after the other, each when its time has come, so that a crash in between loses those
    /// that were asked for and had not happened.
    pub(super) fn disk(&mut self, process: usize, ticket: Ticket, op: DiskOp) {
        let us = 1 + self.prng.below(self.weather.disk_us_max);
        let p = &mut self.processes[process];
        p.disk_busy = Instant(p.disk_busy.max(self.now).0 + us);
        let (at, boot) = (p.disk_busy, p.boot);
        self.at(at, Happening::Disk { process, boot, ticket, op });
    }

    pub(super) fn disk_done(&mut self, process: usize, boot: u64, ticket: Ticket, op: DiskOp) {
        use DiskOp::*;
        if self.processes[process].boot != boot || self.processes[process].machine.is_none() {
            return;
        }
        // What removes or closes is not asked about.
        let may_fail = !matches!(op, Close { .. } | Remove { .. } | ChangeDir { .. });
        let fails = may_fail && self.prng.below(1000) < self.weather.disk_failures_per_mille;
        let result = if fails {
            self.half_done(process, op);
            Err(broken(&mut self.prng))
        } else {
            self.processes[process].disk.run(op)
        };
        self.tell(process, boot, Event::DiskDone { ticket, result });
    }

    /// What fails may have happened all the same, or in part.
    fn half_done(&mut self, process: usize, op: DiskOp) {
        if self.prng.chance(1, 2) {
            return;
        }
        let op = match op {
            DiskOp::Append { file, mut bytes } => {
                bytes.truncate(self.prng.below(bytes.len() as u64 + 1) as usize);
                DiskOp::Append { file, bytes }
            }
            DiskOp::WriteAt { file, offset, mut bytes } => {
                bytes.truncate(self.prng.below(bytes.len() as u64 + 1) as usize);
                DiskOp::WriteAt { file, offset, bytes }
            }
            DiskOp::Rename { .. } | DiskOp::Replace { .. } | DiskOp::Create { .. } => op,
            _ => return,
        };
        // That this may fail is no news.
        let _ = self.processes[process].disk.run(op);
    }

    pub(super) fn hangup(&mut self, process: usize, conn: ConnId, after_sending: bool) {
        let Some((id, end)) = self.processes[process].conns.get(&conn).copied() else { return };
        if after_sending {
            self.pipes.get_mut(&id).expect("it is open").ends[end].closing = true;
            return self.flow(process, conn);
        }
        self.processes[process].conns.remove(&conn);
        self.processes[process].blocked.remove(&conn);
        let pipe = self.pipes.get_mut(&id).expect("it is open");
        pipe.ends[end].gone = true;
        if pipe.ends[1 - end].gone {
            self.pipes.remove(&id);
        } else {
            pipe.ends[1 - end].fin = true;
            let last = pipe.ends[1 - end].last_arrival;
            let us = self.delay_us();
            let at = Instant(self.now.0 + us).max(last);
            self.look_at(id, 1 - end, at);
        }
    }

    pub(super) fn replies(&mut self, process: usize) {
        let blocked = std::mem::take(&mut self.processes[process].blocked);
        for conn in blocked {
            self.flow(process, conn);
        }
        while let Some(conn) =
            self.processes[process].machine.as_mut().and_then(Machine::poll_ready)
        {
            self.flow(process, conn);
        }
    }

    /// Sends what waits for a connection, as far as the network takes it.
    pub(super) fn flow(&mut self, process: usize, conn: ConnId) {
        let now = self.clock(process);
        loop {
            let Some((id, end)) = self.processes[process].conns.get(&conn).copied() else { return };
            let Some(pipe) = self.pipes.get(&id) else { return };
            let room = pipe.room(1 - end);
            let p = &mut self.processes[process];
            let Some(machine) = &mut p.machine else { return };
            let mut slices = [IoSlice::new(&[]); 4];
            let filled = machine.pending(conn, &mut slices);
            if slices[..filled].iter().all(|slice| slice.is_empty()) {
                if pipe.ends[end].closing {
                    self.hangup(process, conn, false);
                }
                return;
            }
            // The kernel takes what it likes.
            let most = (1 + self.prng.below(64 << 10) as usize).min(room);
            if most == 0 {
                p.blocked.insert(conn);
                return;
            }
            let mut bytes = Vec::new();
            for slice in &slices[..filled] {
                let left = most - bytes.len();
                bytes.extend_from_slice(&slice[..left.min(slice.len())]);
            }
            let count = bytes.len();
            let us = self.delay_us() + self.loss_us();
            let arrival = Instant(self.now.0 + us);
            let pipe = self.pipes.get_mut(&id).expect("it was just seen");
            let at = pipe.send(1 - end, arrival, bytes);
            self.look_at(id, 1 - end, at);
            let machine = self.processes[process].machine.as_mut().expect("it was just seen");
            machine.sent(now, conn, count);
        }
    }
}
