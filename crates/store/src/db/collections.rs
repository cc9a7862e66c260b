//! Collections lent out, to be read or changed.

use stdx::WrongType;

use super::Db;
use crate::entry::{CollectionMut, EntryRef};
use crate::{Hash, HashMut, List, ListMut, Set, SetMut, Ttl, Value, ValueRef, ZSet, ZSetMut};

macro_rules! collection {
    ($kind:ident, $type:ident, $guard:ident, $field:ident, $read:ident, $write:ident, $create:ident, $lend:ident) => {
        /// The collection under the key, to be read.
        pub fn $read(&mut self, key: &[u8]) -> Result<Option<&$type>, WrongType> {
            match self.get(key) {
                None => Ok(None),
                Some(ValueRef::$kind(found)) => Ok(Some(found)),
                Some(_) => Err(WrongType),
            }
        }

        /// The collection under the key, to be changed. Where it may have run empty, [`Db::remove_if_empty`] follows.
        pub fn $write(&mut self, key: &[u8]) -> Result<Option<$guard<'_>>, WrongType> {
            let hash = self.hash_of(key);
            match self.live(hash, key) {
                None => Ok(None),
                Some(word) => self.$lend(hash, word).map(Some),
            }
        }

        /// The collection under the key, made where there is none. The caller puts at least one element in.
        pub fn $create(&mut self, key: &[u8]) -> Result<$guard<'_>, WrongType> {
            let hash = self.hash_of(key);
            let word = match self.live(hash, key) {
                Some(word) => word,
                None => {
                    self.put(key, Value::$kind(<$type>::default()), Ttl::Clear);
                    self.live(hash, key).expect("what was just put there has no deadline")
                }
            };
            self.$lend(hash, word)
        }

        /// Lends out the collection of a word that `live` has just given.
        fn $lend(&mut self, hash: u64, word: u64) -> Result<$guard<'_>, WrongType> {
            self.used(word);
            if !matches!(self.look(word).value(), ValueRef::$kind(_)) {
                return Err(WrongType);
            }
            self.prepare(hash);
            // SAFETY: the word was given by `live`, nothing was moved since (`prepare` only shows), and the guard
            // keeps `self` borrowed exclusively, so that nobody else looks at the collection.
            match unsafe { EntryRef::from_word(word).collection() } {
                Some(CollectionMut::$kind($field)) => {
                    let limits = &self.keyspace.settings.thresholds;
                    Ok($guard { $field, limits })
                }
                _ => Err(WrongType),
            }
        }
    };
}

impl Db<'_> {
    collection!(List, List, ListMut, list, list, list_mut, list_or_create, lend_list);
    collection!(Set, Set, SetMut, set, set, set_mut, set_or_create, lend_set);
    collection!(Hash, Hash, HashMut, hash, hash, hash_mut, hash_or_create, lend_hash);
    collection!(ZSet, ZSet, ZSetMut, zset, zset, zset_mut, zset_or_create, lend_zset);

    /// Must follow when fields of a hash were given times to live: the sweep learns when to come.
    pub fn field_deadlines_set(&mut self, key: &[u8]) {
        let deadline = match self.peek(key) {
            Some(ValueRef::Hash(hash)) => hash.next_expiry(),
            _ => None,
        };
        if let Some(at) = deadline {
            let hash = self.keyspace.seed.hash(key);
            self.space_mut().table.note_deadline(hash, at);
            self.keyspace.field_ttls = true;
        }
    }
}
