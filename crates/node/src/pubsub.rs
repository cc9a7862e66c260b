//! Who listens to what: channels, patterns, shard channels.

use std::collections::HashMap;
use world::ConnId;

type Listeners = HashMap<Box<[u8]>, Vec<ConnId>, stdx::FixedState>;

/// The server-wide side of every subscription.
#[derive(Debug, Default)]
pub(crate) struct Pubsub {
    pub(crate) channels: Listeners,
    pub(crate) patterns: Vec<(Box<[u8]>, Vec<ConnId>)>,
    pub(crate) shards: Listeners,
}

impl Pubsub {
    /// Adds `conn` to a channel's listeners. False: it listened already.
    pub(crate) fn join(listeners: &mut Listeners, channel: &[u8], conn: ConnId) -> bool {
        match listeners.get_mut(channel) {
            Some(conns) if conns.contains(&conn) => return false,
            Some(conns) => conns.push(conn),
            None => {
                listeners.insert(channel.into(), vec![conn]);
            }
        }
        true
    }

    /// Takes `conn` from a channel's listeners. False: it did not listen.
    pub(crate) fn leave(listeners: &mut Listeners, channel: &[u8], conn: ConnId) -> bool {
        let Some(conns) = listeners.get_mut(channel) else { return false };
        let before = conns.len();
        conns.retain(|it| *it != conn);
        let left = conns.len() < before;
        if conns.is_empty() {
            listeners.remove(channel);
        }
        left
    }

    /// Adds `conn` to a pattern's listeners. False: it listened already.
    pub(crate) fn join_pattern(&mut self, pattern: &[u8], conn: ConnId) -> bool {
        match self.patterns.iter_mut().find(|(it, _)| **it == *pattern) {
            Some((_, conns)) if conns.contains(&conn) => return false,
            Some((_, conns)) => conns.push(conn),
            None => self.patterns.push((pattern.into(), vec![conn])),
        }
        true
    }

    /// Takes `conn` from a pattern's listeners. False: it did not listen.
    pub(crate) fn leave_pattern(&mut self, pattern: &[u8], conn: ConnId) -> bool {
        let Some(at) = self.patterns.iter().position(|(it, _)| **it == *pattern) else {
            return false;
        };
        let conns = &mut self.patterns[at].1;
        let before = conns.len();
        conns.retain(|it| *it != conn);
        let left = conns.len() < before;
        if conns.is_empty() {
            self.patterns.remove(at);
        }
        left
    }

    /// True while nobody listens to channels or patterns.
    pub(crate) fn is_empty(&self) -> bool {
        self.channels.is_empty() && self.patterns.is_empty()
    }
}
