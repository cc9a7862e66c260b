//! How connections are made, carry bytes and end.

use super::{Happening, PORT, Subject, World, address};
use crate::network::{Pipe, Side};
use world::{ConnId, Event, Machine, Peer, Ticket};

impl<S: Subject> World<S> {
    pub(super) fn connect(&mut self, from: Side, to: usize, ip: &str) -> u64 {
        self.made_pipes += 1;
        let pipe = self.made_pipes;
        let conn = self.free_conn(to);
        let p = &mut self.processes[to];
        p.conns.insert(conn, (pipe, 1));
        let side = Side::Process { process: to, boot: p.boot, conn };
        self.pipes.insert(pipe, Pipe::new(from, side));
        let now = self.clock(to);
        let (peer, local) = (peer(ip, 50_000), peer(&address(to), PORT));
        if let Some(machine) = &mut self.processes[to].machine {
            machine.handle_event(now, Event::Accepted { conn, peer, local });
        }
        pipe
    }

    /// Numbers are used again as soon as they may be: that is when mistakes show.
    pub(super) fn free_conn(&self, process: usize) -> ConnId {
        let conns = &self.processes[process].conns;
        (1..).map(ConnId).find(|conn| !conns.contains_key(conn)).expect("numbers do not run out")
    }

    pub(super) fn connected(
        &mut self,
        process: usize,
        boot: u64,
        ticket: Ticket,
        target: Option<usize>,
    ) {
        let p = &mut self.processes[process];
        if p.boot != boot || p.machine.is_none() || p.cancelled.remove(&ticket) {
            return;
        }
        let refused = |reason: &str| Event::DialFailed { ticket, reason: reason.to_string() };
        let Some(target) = target else {
            return self.tell(process, boot, refused("Name or service not known"));
        };
        if self.cut.contains(&(process, target)) || self.cut.contains(&(target, process)) {
            return self.tell(process, boot, refused("Connection timed out"));
        }
        if self.processes[target].machine.is_none() || !self.processes[target].listening {
            return self.tell(process, boot, refused("Connection refused"));
        }
        // The number is taken before the other side is: a process may call itself.
        let conn = self.free_conn(process);
        self.processes[process].conns.insert(conn, (0, 0));
        let side = Side::Process { process, boot, conn };
        let pipe = self.connect(side, target, &address(process));
        self.processes[process].conns.insert(conn, (pipe, 0));
        self.turn(target);
        let (peer, local) = (peer(&address(target), PORT), peer(&address(process), 50_000));
        self.tell(process, boot, Event::Dialed { ticket, conn, peer, local });
    }

    pub(super) fn is_cut(&self, pipe: u64, to: usize) -> bool {
        let Some(pipe) = self.pipes.get(&pipe) else { return false };
        match (pipe.ends[1 - to].side, pipe.ends[to].side) {
            (Side::Process { process: a, .. }, Side::Process { process: b, .. }) => {
                self.cut.contains(&(a, b))
            }
            _ => false,
        }
    }

    pub(super) fn arrive(&mut self, id: u64, end: usize) {
        if self.is_cut(id, end) {
            // The sender's kernel tries again.
            return self.look_in_us(id, end, 200_000);
        }
        let now = self.now;
        let Some(pipe) = self.pipes.get_mut(&id) else { return };
        if pipe.black_hole {
            return;
        }
        let side = pipe.ends[end].side;
        if pipe.ends[end].gone {
            // Nobody is there. If the machine is up again it says so; if not, the sender goes on trying.
            let up = match side {
                Side::Process { process, .. } => self.processes[process].machine.is_some(),
                Side::Client(_) => true,
            };
            let us = self.delay_us();
            if up {
                return self.in_us(us, Happening::Reset { pipe: id, end: 1 - end });
            }
            return self.look_in_us(id, end, us + 200_000);
        }
        if !pipe.ends[end].reading {
            return;
        }
        let Some((at, bytes)) = pipe.ends[end].arriving.pop_front() else {
            if pipe.ends[end].fin {
                self.close_end(id, end, "Connection closed by peer");
            }
            return;
        };
        if at > now {
            pipe.ends[end].arriving.push_front((at, bytes));
            return self.look_at(id, end, at);
        }
        pipe.ends[end].arriving_bytes -= bytes.len();
        // There may be more, and it may be the end.
        self.look_in_us(id, end, 0);
        match side {
            Side::Client(client) => self.clients[client].parser.feed(&bytes),
            Side::Process { process, conn, .. } => self.hand_over(process, conn, &bytes),
        }
        // The sender has room again.
        if let Some(Side::Process { process, .. }) =
            self.pipes.get(&id).map(|pipe| pipe.ends[1 - end].side)
            && !self.processes[process].blocked.is_empty()
        {
            self.turn(process);
        }
    }

    pub(super) fn hand_over(&mut self, process: usize, conn: ConnId, bytes: &[u8]) {
        let now = self.clock(process);
        let most = 1 + self.prng.below(self.weather.piece_max) as usize;
        let (first, rest) = bytes.split_at(most.min(bytes.len()));
        if let Some(machine) = &mut self.processes[process].machine {
            machine.handle_input(now, conn, first);
        }
        self.turn(process);
        if rest.is_empty() {
            return;
        }
        // The rest comes in the next read, if the connection lives and is read.
        if let Some((pipe, end)) = self.processes[process].conns.get(&conn).copied()
            && let Some(pipe) = self.pipes.get_mut(&pipe)
        {
            pipe.ends[end].arriving_bytes += rest.len();
            pipe.ends[end].arriving.push_front((self.now, rest.to_vec()));
        }
    }

    pub(super) fn reset(&mut self, pipe: u64, end: usize) {
        self.close_end(pipe, end, "Connection reset by peer");
    }

    /// `end` learns that the connection is over.
    pub(super) fn close_end(&mut self, id: u64, end: usize, reason: &str) {
        let Some(pipe) = self.pipes.get_mut(&id) else { return };
        if std::mem::replace(&mut pipe.ends[end].gone, true) {
            return;
        }
        let side = pipe.ends[end].side;
        if pipe.ends.iter().all(|end| end.gone) {
            self.pipes.remove(&id);
        }
        match side {
            Side::Client(client) => self.clients[client].open = false,
            Side::Process { process, boot, conn } => {
                self.processes[process].conns.remove(&conn);
                self.processes[process].blocked.remove(&conn);
                let event = Event::Closed { conn, reason: reason.to_string() };
                self.tell(process, boot, event);
            }
        }
    }
}

fn peer(ip: &str, port: u16) -> Peer {
    let ip = ip.parse().expect("the addresses of this world are addresses");
    Peer::Ip(std::net::SocketAddr::new(ip, port))
}
