//! Who wants to hear of all changes below a prefix, and what has changed since they were told: BCAST.

use resp::{Proto, Writer};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use world::ConnId;

/// What a changed key takes beyond its name, about.
const NOTE_BYTES: usize = 48;

/// Who has changed a key: one session, or whoever else, several included.
type By = Option<ConnId>;

/// All prefixes, with those who listen.
#[derive(Debug, Default)]
pub(super) struct Prefixes {
    prefixes: BTreeMap<Box<[u8]>, Prefix>,
    /// How many prefixes there are of each length: a key is looked up once for each.
    lens: BTreeMap<usize, usize>,
    /// What has changed. It is sorted, so the keys below a prefix lie together, and each is kept once.
    changed: BTreeMap<Box<[u8]>, By>,
}

#[derive(Debug, Default)]
struct Prefix {
    listeners: BTreeSet<ConnId>,
    /// A key below it has changed.
    touched: bool,
}

/// What is to be told, and to whom.
pub(super) struct News {
    changed: BTreeMap<Box<[u8]>, By>,
    /// The prefixes below which something has changed, with those who listen.
    pub(super) audiences: Vec<(Box<[u8]>, Vec<ConnId>)>,
}

impl Prefixes {
    /// `conn` hears of changes below a prefix from now on.
    pub(super) fn join(&mut self, conn: ConnId, prefix: &[u8]) {
        let known = self.prefixes.entry(prefix.into()).or_default();
        if known.listeners.is_empty() {
            *self.lens.entry(prefix.len()).or_default() += 1;
        }
        known.listeners.insert(conn);
    }

    /// `conn` hears no more of them.
    pub(super) fn leave(&mut self, conn: ConnId, prefix: &[u8]) {
        let Some(known) = self.prefixes.get_mut(prefix) else { return };
        known.listeners.remove(&conn);
        if !known.listeners.is_empty() {
            return;
        }
        self.prefixes.remove(prefix);
        if let Some(count) = self.lens.get_mut(&prefix.len()) {
            *count -= 1;
            if *count == 0 {
                self.lens.remove(&prefix.len());
            }
        }
        if self.prefixes.is_empty() {
            self.changed.clear();
        }
    }

    /// A key has changed: it is kept if somebody wants to hear of it. How many bytes that takes, about.
    pub(super) fn note(&mut self, key: &[u8], by: By) -> usize {
        let mut wanted = false;
        for &len in self.lens.keys().take_while(|&&len| len <= key.len()) {
            if let Some(prefix) = self.prefixes.get_mut(&key[..len]) {
                prefix.touched = true;
                wanted = true;
            }
        }
        if !wanted {
            return 0;
        }
        match self.changed.get_mut(key) {
            // Only who has changed it alone knows of all that has become of it.
            Some(it) => {
                *it = it.filter(|it| by == Some(*it));
                0
            }
            None => {
                self.changed.insert(key.into(), by);
                key.len() + NOTE_BYTES
            }
        }
    }

    /// True while there is something to tell.
    pub(super) fn has_news(&self) -> bool {
        !self.changed.is_empty()
    }

    /// What there is to tell; it counts as told.
    pub(super) fn take_news(&mut self) -> News {
        let touched = self.prefixes.iter_mut().filter(|(_, prefix)| prefix.touched);
        let audiences = touched.map(|(name, prefix)| {
            prefix.touched = false;
            (name.clone(), prefix.listeners.iter().copied().collect())
        });
        News { audiences: audiences.collect(), changed: std::mem::take(&mut self.changed) }
    }

    /// How many prefixes there are.
    pub(super) fn len(&self) -> usize {
        self.prefixes.len()
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.prefixes.is_empty()
    }
}

impl News {
    /// The array of the keys below a prefix, without those that `except` has changed itself. None: there are none.
    pub(super) fn write(&self, prefix: &[u8], except: Option<ConnId>) -> Option<Vec<u8>> {
        let own = |by: By| except.is_some() && by == except;
        let below = self.below(prefix).filter(|(_, by)| !own(*by));
        let keys: Vec<&[u8]> = below.map(|(key, _)| key).collect();
        if keys.is_empty() {
            return None;
        }
        let mut array = Vec::new();
        // Arrays are spelled alike in both protocols.
        let mut w = Writer::new(&mut array, Proto::Resp2);
        w.array(keys.len());
        keys.into_iter().for_each(|key| w.bulk(key));
        Some(array)
    }

    /// True if there is a key below the prefix that `conn` alone has changed.
    pub(super) fn has_own(&self, prefix: &[u8], conn: ConnId) -> bool {
        self.below(prefix).any(|(_, by)| by == Some(conn))
    }

    fn below(&self, prefix: &[u8]) -> impl Iterator<Item = (&[u8], By)> {
        let from = (Bound::Included(prefix), Bound::Unbounded);
        let keys = self.changed.range::<[u8], _>(from).map(|(key, by)| (&**key, *by));
        keys.take_while(move |(key, _)| key.starts_with(prefix))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: ConnId = ConnId(1);
    const B: ConnId = ConnId(2);

    fn text(array: Option<Vec<u8>>) -> String {
        let text = String::from_utf8(array.unwrap_or_default()).expect("keys of this test");
        text.split("\r\n")
            .filter(|it| !it.is_empty() && !it.starts_with(['*', '$']))
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn each_prefix_hears_of_the_keys_below_it() {
        let mut prefixes = Prefixes::default();
        for (conn, prefix) in [(A, "a:"), (A, "b:"), (B, ""), (B, "a:")] {
            prefixes.join(conn, prefix.as_bytes());
        }
        assert_eq!(prefixes.len(), 3);
        for key in ["a:2", "c", "a:1", "a", "a:1"] {
            prefixes.note(key.as_bytes(), None);
        }
        let news = prefixes.take_news();
        let names: Vec<&[u8]> = news.audiences.iter().map(|(name, _)| &**name).collect();
        assert_eq!(names, [&b""[..], b"a:"]);
        assert_eq!(news.audiences[1].1, [A, B]);
        assert_eq!(text(news.write(b"", None)), "a a:1 a:2 c");
        assert_eq!(text(news.write(b"a:", None)), "a:1 a:2");
        assert!(!prefixes.has_news());
        prefixes.leave(B, b"");
        prefixes.note(b"c", None);
        assert!(!prefixes.has_news(), "nobody listens");
    }

    #[test]
    fn what_others_have_changed_as_well_is_not_ones_own() {
        let mut prefixes = Prefixes::default();
        prefixes.join(A, b"");
        for (key, by) in
            [("mine", Some(A)), ("mine", Some(A)), ("both", Some(A)), ("both", Some(B))]
        {
            prefixes.note(key.as_bytes(), by);
        }
        // A key that I have set and that expired, in either order.
        for (key, by) in [("x", None), ("x", Some(A)), ("y", Some(A)), ("y", None), ("y", Some(A))]
        {
            prefixes.note(key.as_bytes(), by);
        }
        let news = prefixes.take_news();
        assert_eq!(text(news.write(b"", Some(A))), "both x y");
        assert_eq!(text(news.write(b"", Some(B))), "both mine x y");
        assert!(news.has_own(b"", A) && !news.has_own(b"", B));
        assert_eq!(news.write(b"mine", Some(A)), None);
    }

    #[test]
    fn the_last_who_leaves_takes_the_prefix_along() {
        let mut prefixes = Prefixes::default();
        prefixes.join(A, b"p");
        prefixes.join(B, b"p");
        prefixes.note(b"p1", None);
        prefixes.leave(A, b"p");
        assert!(prefixes.has_news() && prefixes.len() == 1);
        prefixes.leave(B, b"p");
        assert!(!prefixes.has_news() && prefixes.is_empty() && prefixes.lens.is_empty());
    }
}
