//! What included files say, which a rewrite of the main file cannot change and must not contradict by accident.
//!
//! CONFIG REWRITE writes the main file only, and the next start reads the included files as well. So what an included
//! file sets is remembered: where the value of now is another one, the main file has to say so below its last
//! `include` line, even where the value of now is the default; and a user whom an included file declares is written
//! to the main file only after a change.

use crate::{ParamId, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Where a line stands. A user may be declared once in each place, and the later place wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// In a file that another one includes.
    Included,
    /// In the file that CONFIG REWRITE writes.
    File,
    /// On standard input or the command line.
    Options,
}

/// What included files set.
#[derive(Clone, Debug, Default)]
pub struct Included {
    /// The value of each parameter when the last included line about it had been read.
    pub(crate) params: BTreeMap<ParamId, Value>,
    /// The `user` lines: name and rules.
    users: BTreeMap<Vec<u8>, Vec<Vec<u8>>>,
}

impl Included {
    /// The `user` lines of included files, whether another place says otherwise or not: names and rules, by name.
    pub fn users(&self) -> impl Iterator<Item = &[Vec<u8>]> {
        self.users.values().map(Vec::as_slice)
    }

    /// Whether an included file declares a user of this name, and how.
    pub fn user(&self, name: &[u8]) -> Option<&[Vec<u8>]> {
        self.users.get(name).map(Vec::as_slice)
    }

    /// True where an included file sets this parameter to something else.
    pub(crate) fn contradicts(&self, id: ParamId, now: &Value) -> bool {
        self.params.get(&id).is_some_and(|included| included != now)
    }
}

/// The `user` lines that have been read so far.
#[derive(Debug, Default)]
pub(crate) struct UserLines {
    seen: BTreeSet<(Vec<u8>, Place)>,
    /// In the order in which the names came first.
    in_force: Vec<(Place, Vec<Vec<u8>>)>,
    at: BTreeMap<Vec<u8>, usize>,
}

impl UserLines {
    /// True where a line in the same place has declared this user.
    pub(crate) fn is_declared(&self, name: &[u8], place: Place) -> bool {
        self.seen.contains(&(name.to_vec(), place))
    }

    /// Takes one more line: a name, and rules.
    pub(crate) fn push(&mut self, words: Vec<Vec<u8>>, place: Place, included: &mut Included) {
        let name = words[0].clone();
        if place == Place::Included {
            included.users.insert(name.clone(), words.clone());
        }
        self.seen.insert((name.clone(), place));
        match self.at.get(&name) {
            Some(&at) if self.in_force[at].0 < place => self.in_force[at] = (place, words),
            Some(_) => {}
            None => {
                self.at.insert(name, self.in_force.len());
                self.in_force.push((place, words));
            }
        }
    }

    /// The lines that count, one for each name.
    pub(crate) fn into_words(self) -> Vec<Vec<Vec<u8>>> {
        self.in_force.into_iter().map(|(_, words)| words).collect()
    }
}
