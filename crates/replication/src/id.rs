//! Names of histories: which bytes two servers may take for the same.
//!
//! A history is born with a random name when a primary starts to keep one. Its replicas carry the same name. When
//! one of them is promoted it starts a new history and remembers the old name up to the offset where the two part,
//! so that its former siblings, which know only the old name, can continue with it.

use crate::Offset;
use std::fmt;
use world::Secrets;

/// 40 characters, as they travel on the wire.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReplicationId([u8; 40]);

impl ReplicationId {
    /// What INFO shows where there is no second history.
    pub const NONE: ReplicationId = ReplicationId([b'0'; 40]);

    /// A name that nobody else has.
    pub fn fresh(secrets: &mut Secrets) -> ReplicationId {
        let mut id = [0; 40];
        id.copy_from_slice(secrets.hex(20).as_bytes());
        ReplicationId(id)
    }

    /// A name as a peer or a snapshot spells it.
    pub fn parse(text: &[u8]) -> Option<ReplicationId> {
        let id: [u8; 40] = text.try_into().ok()?;
        // It is written into logs and INFO, where a line end would forge a field.
        id.iter().all(u8::is_ascii_graphic).then_some(ReplicationId(id))
    }

    /// The characters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("every constructor takes ASCII only")
    }

    /// True where a peer means this history; the case of letters does not matter.
    pub fn is(&self, text: &[u8]) -> bool {
        self.0.eq_ignore_ascii_case(text)
    }
}

impl fmt::Display for ReplicationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for ReplicationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The history we continue, and the one it grew out of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct History {
    /// The current one: `master_replid`.
    pub id: ReplicationId,
    /// The former one: `master_replid2`.
    pub id2: ReplicationId,
    /// Where the two part: up to here the former name is as good as the current one.
    pub parted_at: Option<Offset>,
}

impl History {
    /// A history of our own, without a past.
    pub fn new(secrets: &mut Secrets) -> History {
        History { id: ReplicationId::fresh(secrets), id2: ReplicationId::NONE, parted_at: None }
    }

    /// Starts a new history at `at`: what was the current one becomes the former.
    pub fn shift(&mut self, at: Offset, id: ReplicationId) {
        *self = History { id, id2: self.id, parted_at: Some(at) };
    }

    /// Takes over somebody else's history, whole.
    pub fn adopt(&mut self, id: ReplicationId) {
        *self = History { id, id2: ReplicationId::NONE, parted_at: None };
    }

    /// `second_repl_offset`: the first byte that the former history does not share, or -1.
    pub fn second_offset(&self) -> i64 {
        self.parted_at.map_or(-1, |at| at.next_byte() as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shift_remembers_where_the_histories_part() {
        let mut secrets = Secrets::made_up(1);
        let mut history = History::new(&mut secrets);
        assert_eq!(history.second_offset(), -1);
        let old = history.id;
        history.shift(Offset(50), ReplicationId::fresh(&mut secrets));
        assert_eq!((history.id2, history.second_offset()), (old, 51));
        assert_ne!(history.id, old);
        history.adopt(old);
        assert_eq!(
            (history.id, history.id2, history.second_offset()),
            (old, ReplicationId::NONE, -1)
        );
    }

    #[test]
    fn names_are_40_printable_characters() {
        assert!(ReplicationId::parse(&[b'a'; 40]).is_some());
        assert!(ReplicationId::parse(&[b'a'; 39]).is_none());
        assert!(ReplicationId::parse(&[b'\n'; 40]).is_none());
        assert!(ReplicationId::parse(&[b'a'; 40]).is_some_and(|id| id.is(&[b'A'; 40])));
    }
}
