//! A long string that snapshots see piece by piece while it is written to.

use std::collections::BTreeMap;

/// A string that was long when a snapshot came to it.
#[derive(Debug, Default)]
pub(crate) struct Text {
    bytes: Vec<u8>,
    audience: Vec<Reader>,
}

/// A snapshot that reads the string as it was.
#[derive(Debug)]
struct Reader {
    id: u32,
    /// How long the string was.
    len: usize,
    /// How long a piece is.
    step: usize,
    /// What lies before was shown.
    next: usize,
    /// Pieces that have changed and were not shown, by where they begin.
    saved: BTreeMap<usize, Vec<u8>>,
}

impl Text {
    /// A string that nobody reads yet.
    pub(crate) fn new(bytes: Vec<u8>) -> Text {
        Text { bytes, audience: Vec::new() }
    }

    /// What it is now.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How many bytes it has room for.
    pub(crate) fn room(&self) -> usize {
        self.bytes.capacity()
    }

    /// A copy, or, where nobody reads it, the bytes themselves.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        if self.audience.is_empty() { std::mem::take(&mut self.bytes) } else { self.bytes.clone() }
    }

    /// Gives the bytes to `change`, which touches those from `offset` to `end` and what lies behind the string. What
    /// it touches is kept for the snapshots that have not read it.
    pub(crate) fn change(
        &mut self,
        offset: usize,
        end: usize,
        change: impl FnOnce(&mut Vec<u8>),
    ) -> usize {
        for reader in &mut self.audience {
            // Pieces are counted from the front; those before `next` were shown.
            let mut at = (offset / reader.step * reader.step).max(reader.next);
            while at < end.min(reader.len) {
                let until = (at + reader.step).min(reader.len);
                reader.saved.entry(at).or_insert_with(|| self.bytes[at..until].to_vec());
                at = until;
            }
        }
        change(&mut self.bytes);
        self.bytes.len()
    }

    /// From now on until [`Text::leave`], this snapshot reads what is there now, in pieces of `step` bytes.
    pub(crate) fn join(&mut self, id: u32, step: usize) {
        let len = self.bytes.len();
        self.audience.push(Reader { id, len, step, next: 0, saved: BTreeMap::new() });
    }

    /// Shows a snapshot the next piece, and whether it was the last.
    pub(crate) fn show(&mut self, id: u32, f: impl FnOnce(&[u8])) -> bool {
        let Some(reader) = self.audience.iter_mut().find(|reader| reader.id == id) else {
            return true;
        };
        let until = (reader.next + reader.step).min(reader.len);
        match reader.saved.remove(&reader.next) {
            Some(saved) => f(&saved),
            None => f(&self.bytes[reader.next..until]),
        }
        reader.next = until;
        until == reader.len
    }

    /// A snapshot is done with this, or given up.
    pub(crate) fn leave(&mut self, id: u32) {
        self.audience.retain(|reader| reader.id != id);
    }
}
