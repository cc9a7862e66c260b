//! One connection of a link: requests out in order, replies in the same order.

use super::Asked;
use crate::ledger::{Lane, Ledger};
use resp::{ReplyError, ReplyParser, Value};
use std::collections::VecDeque;
use std::net::IpAddr;
use stdx::Instant;
use world::{ConnId, Peer, Ticket};

/// A connection that is there, is being made, or is not.
#[derive(Debug, Default)]
pub(crate) struct Pipe {
    state: State,
    lane: Lane,
    parser: ReplyParser,
    asked: VecDeque<Asked>,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Closed,
    Dialing(Ticket),
    Open {
        conn: ConnId,
        since: Instant,
        local: Option<IpAddr>,
    },
}

impl Pipe {
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.state, State::Open { .. })
    }

    pub(crate) fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }

    pub(crate) fn conn(&self) -> Option<ConnId> {
        match self.state {
            State::Open { conn, .. } => Some(conn),
            _ => None,
        }
    }

    pub(crate) fn dialing(&self) -> Option<Ticket> {
        match self.state {
            State::Dialing(ticket) => Some(ticket),
            _ => None,
        }
    }

    /// Since when it is there.
    pub(crate) fn since(&self) -> Option<Instant> {
        match self.state {
            State::Open { since, .. } => Some(since),
            _ => None,
        }
    }

    /// Our own address, as the other side sees it.
    pub(crate) fn local(&self) -> Option<IpAddr> {
        match self.state {
            State::Open { local, .. } => local,
            _ => None,
        }
    }

    pub(crate) fn dial(&mut self, ticket: Ticket) {
        assert!(self.is_closed(), "one attempt at a time");
        self.state = State::Dialing(ticket);
    }

    pub(crate) fn open(&mut self, conn: ConnId, local: &Peer, since: Instant) {
        let local = match local {
            Peer::Ip(address) => Some(address.ip()),
            Peer::Unix(_) => None,
        };
        *self = Pipe { state: State::Open { conn, since, local }, ..Pipe::default() };
    }

    /// It is gone; what was asked and not answered.
    pub(crate) fn abandon(&mut self) -> VecDeque<Asked> {
        std::mem::take(self).asked
    }

    /// True where the world has to be told.
    pub(crate) fn send(&mut self, request: Vec<u8>, asked: Asked, ledger: &Ledger) -> bool {
        self.asked.push_back(asked);
        self.lane.push(ledger, request)
    }

    pub(crate) fn release(&mut self, ledger: &Ledger) -> bool {
        self.lane.release(ledger)
    }

    pub(crate) fn pending(&self) -> &[u8] {
        self.lane.pending()
    }

    pub(crate) fn sent(&mut self, count: usize) -> bool {
        self.lane.advance(count)
    }

    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        self.parser.feed(bytes);
    }

    pub(crate) fn next(&mut self) -> Result<Option<Value>, ReplyError> {
        self.parser.next()
    }

    /// What the reply that has come was the answer to.
    pub(crate) fn answered(&mut self) -> Option<Asked> {
        self.asked.pop_front()
    }

    /// How many requests wait for their replies.
    pub(crate) fn unanswered(&self) -> usize {
        self.asked.len()
    }
}
