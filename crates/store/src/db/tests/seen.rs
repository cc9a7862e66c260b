//! Puts together what a snapshot hands out, and notices what comes twice or not as announced.

use std::collections::{BTreeMap, BTreeSet};

use crate::*;

use super::DBS;
use super::plain::{Keys, Plain};

#[derive(Default)]
pub(super) struct Seen {
    pub(super) keys: [Keys; DBS],
    pub(super) announced: BTreeMap<usize, (usize, usize)>,
    pub(super) finished: bool,
    pub(super) twice: bool,
    /// The large value that is coming.
    open: Option<Coming>,
    /// How many large values came.
    pub(super) large: usize,
}

/// A large value of which not all has come.
struct Coming {
    db: usize,
    key: Vec<u8>,
    plain: Plain,
    expires: Option<u64>,
    left: usize,
}

impl RecordSink for Seen {
    fn begin_db(&mut self, db: usize, keys: usize, expires: usize) {
        let old = self.announced.insert(db, (keys, expires));
        assert_eq!(old, None, "a database is announced once");
    }

    fn record(&mut self, record: Record<'_>) {
        assert!(!self.finished);
        let plain = (Plain::of(record.value), record.expires);
        self.twice |= self.keys[record.db].insert(record.key.to_vec(), plain).is_some();
    }

    fn begin_value(&mut self, opening: Opening<'_>) {
        assert!(self.open.is_none() && !self.finished);
        let plain = match opening.kind {
            Kind::String => Plain::Str(Vec::new()),
            Kind::List => Plain::List(Vec::new()),
            Kind::Set => Plain::Set(BTreeSet::new()),
            Kind::Hash => Plain::Hash(BTreeMap::new()),
            Kind::ZSet => Plain::ZSet(BTreeMap::new()),
        };
        let (db, key, left) = (opening.db, opening.key.to_vec(), opening.pieces);
        self.open = Some(Coming { db, key, plain, expires: opening.expires, left });
    }

    fn piece(&mut self, piece: Piece<'_>) {
        let Coming { plain, left, .. } = self.open.as_mut().expect("a value was announced");
        let count = if let Piece::Text(bytes) = piece { bytes.len() } else { 1 };
        *left = left.checked_sub(count).expect("no more than announced");
        let new = match (piece, plain) {
            (Piece::Member(member), Plain::Set(set)) => set.insert(member.to_vec()),
            (Piece::Field { field, value, expires }, Plain::Hash(hash)) => {
                hash.insert(field.to_vec(), (value.to_vec(), expires)).is_none()
            }
            (Piece::Scored(member, score), Plain::ZSet(zset)) => {
                zset.insert(member.to_vec(), (score * 100.0) as i64).is_none()
            }
            (Piece::Text(bytes), Plain::Str(text)) => {
                text.extend_from_slice(bytes);
                true
            }
            (Piece::Node(Node::Packed(bytes)), Plain::List(list)) => {
                let pack = ds::listpack::Listpack::from_bytes(bytes.to_vec());
                list.extend(pack.expect("our own bytes").iter().map(|element| element.to_vec()));
                true
            }
            other => panic!("{other:?}"),
        };
        self.twice |= !new;
    }

    fn end_value(&mut self) {
        let coming = self.open.take().expect("a value was announced");
        let Coming { db, key, plain, expires, left } = coming;
        assert_eq!(left, 0, "all that was announced");
        self.large += 1;
        self.twice |= self.keys[db].insert(key, (plain, expires)).is_some();
    }

    fn finish(&mut self) {
        assert!(self.open.is_none());
        self.finished = true;
    }
}
