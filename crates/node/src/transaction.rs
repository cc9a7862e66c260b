//! MULTI, EXEC, WATCH: commands that are queued and then run as one, if what they depend on has not changed.

use crate::registry::CommandId;
use command::Flags;
use resp::Owned;
use std::collections::HashMap;
use world::ConnId;

/// The commands that a session has queued since MULTI.
#[derive(Debug, Default)]
pub(crate) struct Transaction {
    pub(crate) queue: Vec<(CommandId, Owned)>,
    /// A command was refused when it was queued: EXEC will refuse them all.
    pub(crate) refused: bool,
    /// What any of them promises, and what all of them do: decides what EXEC needs (memory, replicas, a disk that
    /// works, a master).
    any: Flags,
    all: Option<Flags>,
    /// Bytes of the queued commands, for `CLIENT LIST` and client eviction.
    pub(crate) bytes: usize,
}

impl Transaction {
    /// One more command.
    pub(crate) fn queue(&mut self, id: CommandId, flags: Flags, words: Owned) {
        self.bytes += words.memory();
        self.queue.push((id, words));
        self.any = self.any.and(flags);
        self.all = Some(self.all.map_or(flags, |all| all.common(flags)));
    }

    /// The flags of EXEC, which are its own but for what depends on the commands it runs.
    pub(crate) fn flags(&self, exec: Flags) -> Flags {
        let all = self.all.unwrap_or(exec);
        let of_all = Flags::LOADING.and(Flags::STALE);
        let of_any = Flags::WRITE
            .and(Flags::DENY_OOM)
            .and(Flags::MAY_REPLICATE)
            .and(Flags::NO_ASYNC_LOADING);
        exec.without(of_all).and(all.common(of_all)).and(self.any.common(of_any))
    }
}

/// Which sessions watch which keys.
#[derive(Debug, Default)]
pub(crate) struct Watches {
    by_key: HashMap<(usize, Box<[u8]>), Vec<ConnId>, stdx::FixedState>,
}

impl Watches {
    /// True while nobody watches anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    /// `conn` watches a key. False: it did already.
    pub(crate) fn add(&mut self, conn: ConnId, db: usize, key: &[u8]) -> bool {
        let watchers = self.by_key.entry((db, key.into())).or_default();
        let fresh = !watchers.contains(&conn);
        if fresh {
            watchers.push(conn);
        }
        fresh
    }

    /// `conn` no longer watches a key.
    pub(crate) fn remove(&mut self, conn: ConnId, db: usize, key: &[u8]) {
        let at = (db, Box::from(key));
        if let Some(watchers) = self.by_key.get_mut(&at) {
            watchers.retain(|it| *it != conn);
            if watchers.is_empty() {
                self.by_key.remove(&at);
            }
        }
    }

    /// Who watches this key.
    pub(crate) fn watchers(&self, db: usize, key: &[u8]) -> &[ConnId] {
        self.by_key.get(&(db, Box::from(key))).map_or(&[], |list| list)
    }
}
