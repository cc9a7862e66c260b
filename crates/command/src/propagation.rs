//! What replicas (and later the append-only file) are told a command did.

use resp::Owned;

/// Effects, not intentions: a command whose words would not do the same everywhere says here what would.
#[derive(Debug, Default)]
pub struct Propagation {
    instead: Option<Vec<Owned>>,
    also: Vec<Owned>,
}

impl Propagation {
    /// These words take the place of the command's own. Called again, they follow the earlier ones; more than one
    /// is wrapped in MULTI and EXEC.
    pub fn instead<T: AsRef<[u8]>>(&mut self, words: impl IntoIterator<Item = T>) {
        self.instead.get_or_insert_default().push(Owned::new(words));
    }

    /// These words go out after the command's own.
    pub fn also<T: AsRef<[u8]>>(&mut self, words: impl IntoIterator<Item = T>) {
        self.also.push(Owned::new(words));
    }

    /// The command is not propagated, whatever it changed.
    pub fn never(&mut self) {
        self.instead.get_or_insert_default();
    }

    /// True where the command's own words go out, and nothing else: the usual case.
    pub fn is_verbatim(&self) -> bool {
        self.instead.is_none() && self.also.is_empty()
    }

    /// What goes out: whether the command's own words begin, then these.
    pub fn take(&mut self) -> (bool, Vec<Owned>) {
        let own = self.instead.is_none();
        let mut all = self.instead.take().unwrap_or_default();
        all.append(&mut self.also);
        (own, all)
    }
}
