//! Which server of a group that was stopped has the most, told by the snapshots in their folders.
//!
//! A replica gives up what it has for what its master has. So the one that begins as the master decides what the
//! whole group will hold, and the place in a list is no reason to be that one.

use std::path::Path;

use rdb::{DecodeOptions as Options, Decoder, Item};
use sys::file::File;

/// How much of a file is read at a time, and at most, to find what its head tells.
const PIECE: usize = 64 << 10;
const HEAD_MAX: u64 = 16 << 20;

/// What a server's folder holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Held {
    /// The history that the snapshot belongs to, and how far it goes in it.
    pub(super) id: Option<String>,
    pub(super) offset: u64,
    /// There is a key or a function in it.
    pub(super) has_data: bool,
    /// When it was saved, in seconds since 1970.
    pub(super) saved: u64,
    /// The size of the file.
    pub(super) bytes: u64,
}

/// Reads the head of a snapshot. Nothing is held where there is no file, or none that can be read.
pub(super) fn read(path: &Path) -> Held {
    let mut held = Held::default();
    let Ok(file) = File::open(path) else { return held };
    held.bytes = file.len().unwrap_or(0);
    let mut decoder = Decoder::new(Options { checksum: false, ..Options::default() });
    let mut offset = 0;
    while offset < HEAD_MAX {
        match file.read_at(offset, PIECE) {
            Ok(piece) if !piece.is_empty() => {
                offset += piece.len() as u64;
                decoder.feed(&piece);
            }
            _ => return held,
        }
        while let Ok(Some(item)) = decoder.next() {
            match item {
                Item::Aux { name, value } => note(&mut held, &name, &value),
                Item::Key(_) | Item::EmptyKey { .. } | Item::Function(_) => {
                    held.has_data = true;
                    return held;
                }
                Item::ResizeDb { keys: 1.., .. } => {
                    held.has_data = true;
                    return held;
                }
                Item::End { .. } => return held,
                _ => {}
            }
        }
    }
    // A first key that is larger than all that was read is a key.
    held.has_data = true;
    held
}

fn note(held: &mut Held, name: &[u8], value: &[u8]) {
    let text = String::from_utf8_lossy(value);
    match name {
        b"repl-id" => held.id = Some(text.into_owned()),
        b"repl-offset" => held.offset = text.parse().unwrap_or(0),
        b"ctime" => held.saved = text.parse().unwrap_or(0),
        _ => {}
    }
}

/// Which of them begins as the master. `last` was it when the group was stopped, as far as is known.
///
/// Within one history the one that is furthest has everything that the others have. Between histories offsets say
/// little, so that of the last master counts, unless another was saved later and goes further: then the last master
/// could not save before it ended. A server without data never goes before one that has some from another history.
pub(super) fn choose(all: &[Held], last: Option<usize>) -> usize {
    let last = last.filter(|at| *at < all.len());
    let furthest = |of: &dyn Fn(&Held) -> bool| {
        let order = |at: &usize| {
            let held = &all[*at];
            // What stands first wins where nothing else decides, so that a second look decides alike.
            (held.offset, held.bytes, Some(*at) == last, std::cmp::Reverse(*at))
        };
        (0..all.len()).filter(|at| of(&all[*at])).max_by_key(order)
    };
    let newest = (0..all.len()).filter(|at| all[*at].has_data).max_by_key(|at| all[*at].saved);
    let Some(newest) = newest else {
        // Nobody has anything to lose.
        return last.or_else(|| furthest(&|_| true)).unwrap_or(0);
    };
    let has_history =
        |at: &usize| all[*at].id.is_some() && (all[*at].has_data || all[*at].offset > 0);
    let reference = last.filter(has_history).unwrap_or(newest);
    let same = |held: &Held| held.id == all[reference].id;
    let ours = furthest(&same).unwrap_or(reference);
    let later = furthest(&|held| {
        !same(held)
            && held.has_data
            && (!all[ours].has_data
                || (held.saved > all[ours].saved && held.offset > all[ours].offset))
    });
    later.unwrap_or(ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(id: &str, offset: u64, saved: u64, bytes: u64) -> Held {
        let id = (!id.is_empty()).then(|| id.to_owned());
        Held { id, offset, has_data: bytes > 200, saved, bytes }
    }

    #[test]
    fn the_one_that_has_the_most_begins() {
        let nothing = || held("", 0, 0, 0);
        let empty = |id| held(id, 14, 200, 171);
        let full = |id, offset| held(id, offset, 100, 9000);
        for (what, all, last, want) in [
            (
                "all alike: the last master",
                vec![full("a", 9), full("a", 9), full("a", 9)],
                Some(1),
                1,
            ),
            ("further in one history", vec![full("a", 5), full("a", 9), full("a", 7)], Some(0), 1),
            ("the master has no file", vec![nothing(), full("a", 9), full("a", 9)], Some(0), 1),
            ("it came back empty", vec![empty("b"), full("a", 9), full("a", 12)], Some(0), 2),
            (
                "its emptiness was copied by one",
                vec![empty("b"), empty("b"), full("a", 5)],
                Some(0),
                2,
            ),
            ("the last master is not known", vec![nothing(), full("a", 5), full("a", 9)], None, 2),
            (
                "nobody has data: the last master",
                vec![nothing(), empty("a"), nothing()],
                Some(2),
                2,
            ),
            ("nobody has data, nor was a master", vec![nothing(), empty("a")], None, 1),
            ("a master that is not there", vec![nothing(), full("a", 5)], Some(7), 1),
            (
                "no offsets: the larger file",
                vec![held("", 0, 9, 500), held("", 0, 9, 900)],
                None,
                1,
            ),
            // What was emptied last, in the same history, is empty.
            ("emptied by command", vec![held("a", 20, 9, 171), full("a", 12)], Some(0), 0),
            // An old file of another history, left by one that could not save since.
            (
                "an old history that went far",
                vec![full("b", 9), held("a", 99, 50, 9000)],
                Some(0),
                0,
            ),
            // The last master could not save; a replica of it, with its new history, could.
            ("a later history", vec![full("a", 9), held("b", 50, 150, 9000)], Some(0), 1),
        ] {
            assert_eq!(choose(&all, last), want, "{what}");
        }
    }

    #[test]
    fn what_cannot_be_read_holds_nothing() {
        assert_eq!(read(Path::new("/nowhere/at/all")), Held::default());
        assert_eq!(read(Path::new("/proc/self/mem")), Held::default());
    }
}
