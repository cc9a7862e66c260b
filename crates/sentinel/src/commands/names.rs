//! The names that commands answer to: their own, or what `rename-command` says.

use super::{SentinelCommand, all};
use std::collections::BTreeMap;

/// See the module. Small letters.
pub(crate) struct Names {
    rows: BTreeMap<Vec<u8>, &'static SentinelCommand>,
}

impl Names {
    /// Old names and new ones, in order; an empty new one takes the command away. What cannot be done is left out:
    /// who reads the file has said so.
    pub(crate) fn new(renames: &[(Vec<u8>, Vec<u8>)]) -> Names {
        let rows = all().map(|row| (row.spec.name.as_bytes().to_vec(), row));
        let mut names = Names { rows: rows.collect() };
        for (old, new) in renames {
            let new = new.to_ascii_lowercase();
            if names.rows.contains_key(&new) {
                continue;
            }
            if let Some(row) = names.rows.remove(&old.to_ascii_lowercase())
                && !new.is_empty()
            {
                names.rows.insert(new, row);
            }
        }
        names
    }

    /// The command of this name, in any case.
    pub(crate) fn find(&self, name: &[u8]) -> Option<&'static SentinelCommand> {
        self.rows.get(&name.to_ascii_lowercase()).copied()
    }

    /// Every command that answers to a name.
    pub(crate) fn rows(&self) -> impl ExactSizeIterator<Item = &'static SentinelCommand> {
        self.rows.values().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_renamed_and_taken_away() {
        let renames = [("SHUTDOWN", ""), ("role", "Part"), ("info", "ping"), ("nothing", "x")];
        let renames = renames.map(|(old, new)| (old.as_bytes().to_vec(), new.as_bytes().to_vec()));
        let names = Names::new(&renames);
        for (name, found) in
            [("shutdown", false), ("role", false), ("PART", true), ("info", true), ("x", false)]
        {
            assert_eq!(names.find(name.as_bytes()).is_some(), found, "{name}");
        }
    }
}
