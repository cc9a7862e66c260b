//! All sessions, by the number of their connection.

use super::{Closing, Session};
use world::ConnId;

/// A slab: the world hands out small connection numbers and uses them again.
#[derive(Default)]
pub(crate) struct Sessions {
    slots: Vec<Option<Box<Session>>>,
    count: usize,
    /// How many of them are to be closed at once: nobody sees them any more.
    condemned: usize,
    next_id: u64,
    /// In its name scripts run commands. It is nobody's, and in no list.
    script: Option<Box<Session>>,
    /// The weights of all together.
    weight: usize,
}

impl Sessions {
    /// How many there are, without those that are closed at the end of the turn.
    pub(crate) fn len(&self) -> usize {
        self.count - self.condemned
    }

    /// The session is going to be closed. It has been in no list since, if that is to be at once.
    pub(crate) fn condemn(&mut self, conn: ConnId, how: Closing) {
        let Some(session) = self.get_mut(conn) else { return };
        let before = session.closing.replace(how);
        self.condemned += usize::from(how == Closing::Now && before != Some(Closing::Now));
    }

    /// A fresh client id.
    pub(crate) fn next_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    /// Adds a session under its connection's number, which must be free.
    pub(crate) fn insert(&mut self, session: Session) {
        let index = session.conn.0 as usize;
        if self.slots.len() <= index {
            self.slots.resize_with(index + 1, || None);
        }
        assert!(self.slots[index].is_none(), "the world used a connection number twice");
        self.slots[index] = Some(Box::new(session));
        self.count += 1;
    }

    /// Takes a session out.
    pub(crate) fn remove(&mut self, conn: ConnId) -> Option<Box<Session>> {
        let session = self.slots.get_mut(conn.0 as usize)?.take()?;
        self.count -= 1;
        self.condemned -= usize::from(session.closing == Some(Closing::Now));
        self.weight -= session.weight;
        Some(session)
    }

    /// The session of a connection.
    pub(crate) fn get(&self, conn: ConnId) -> Option<&Session> {
        match self.slots.get(conn.0 as usize) {
            Some(slot) => slot.as_deref(),
            None => self.script.as_deref().filter(|it| it.conn == conn),
        }
    }

    /// The session of a connection, to be changed.
    pub(crate) fn get_mut(&mut self, conn: ConnId) -> Option<&mut Session> {
        match self.slots.get_mut(conn.0 as usize) {
            Some(slot) => slot.as_deref_mut(),
            None => self.script.as_deref_mut().filter(|it| it.conn == conn),
        }
    }

    /// The session of scripts; `make` makes it when it is wanted first.
    pub(crate) fn script_session(&mut self, make: impl FnOnce() -> Session) -> &mut Session {
        self.script.get_or_insert_with(|| Box::new(make()))
    }

    /// The session of scripts is not wanted as it is: the next script begins with another.
    pub(crate) fn forget_script_session(&mut self) {
        self.script = None;
    }

    /// Weighs a session again; `weigh` says what it weighs now, in bytes.
    pub(crate) fn weigh(&mut self, conn: ConnId, weigh: fn(&Session) -> usize) {
        let Some(session) = self.get_mut(conn) else { return };
        let now = weigh(session);
        let before = std::mem::replace(&mut session.weight, now);
        self.weight = self.weight - before + now;
    }

    /// What all sessions weigh together, in bytes.
    pub(crate) fn weight(&self) -> usize {
        self.weight
    }

    /// Every session that is not about to be closed at once, in the order of connection numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Session> {
        let all = self.slots.iter().filter_map(|slot| slot.as_deref());
        all.filter(|it| it.closing != Some(Closing::Now))
    }

    /// Every session, to be changed.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Session> {
        self.slots.iter_mut().filter_map(|slot| slot.as_deref_mut())
    }

    /// The same, with the session of scripts: it has rights like everybody.
    pub(crate) fn iter_mut_with_script(&mut self) -> impl Iterator<Item = &mut Session> {
        let connected = self.slots.iter_mut().filter_map(|slot| slot.as_deref_mut());
        connected.chain(self.script.as_deref_mut())
    }

    /// The next `count` sessions in a round through all of them, to be changed; `from` is where the round is.
    pub(crate) fn round(
        &mut self,
        from: &mut usize,
        count: usize,
    ) -> impl Iterator<Item = &mut Session> {
        if *from >= self.slots.len() {
            *from = 0;
        }
        let end = (*from + count).min(self.slots.len());
        let start = std::mem::replace(from, end);
        self.slots[start..end].iter_mut().filter_map(|slot| slot.as_deref_mut())
    }

    /// How many numbers of connections there are, free ones included.
    pub(crate) fn slots(&self) -> usize {
        self.slots.len()
    }

    /// The session with this client id.
    pub(crate) fn by_id(&self, id: u64) -> Option<&Session> {
        self.iter().find(|session| session.id == id)
    }
}
