//! What must hold whatever happens: processes are compared with one another, never with an expected result.

use std::collections::BTreeMap;
use stdx::Instant;

/// What the simulator sees of a server between two turns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The name of its history; none where its data belongs to none (before a first synchronization, in the middle
    /// of loading, or a primary that keeps no history).
    pub id: Option<String>,
    /// How far it is in it.
    pub offset: u64,
    /// The fingerprint of its data.
    pub digest: u64,
    /// True for a primary.
    pub primary: bool,
    /// True for a replica whose link is up.
    pub following: bool,
}

/// A rule. It sees every process after every turn in which it did something.
pub trait Checker<V = Seen> {
    /// What the rule says, for the report of a failure.
    fn name(&self) -> &'static str;
    /// `process` was seen; an error is what breaks the rule.
    fn observe(&mut self, process: usize, seen: &V) -> Result<(), String>;
    /// `process` has logged a line.
    fn read(&mut self, _at: Instant, _process: usize, _line: &str) -> Result<(), String> {
        Ok(())
    }
    /// `process` starts again, with what its disk kept.
    fn restarted(&mut self, _process: usize) {}
}

/// Whoever is at the same offset of the same history has the same data.
#[derive(Debug, Default)]
pub struct SameHistorySameData {
    known: BTreeMap<(String, u64), (u64, usize)>,
}

impl Checker for SameHistorySameData {
    fn name(&self) -> &'static str {
        "equal offsets of equal history have equal digests"
    }

    fn observe(&mut self, process: usize, seen: &Seen) -> Result<(), String> {
        let Some(id) = &seen.id else { return Ok(()) };
        let (digest, first) =
            *self.known.entry((id.clone(), seen.offset)).or_insert((seen.digest, process));
        if digest == seen.digest {
            return Ok(());
        }
        Err(format!(
            "at offset {} of {id} process {process} has digest {:x} and process {first} had {digest:x}",
            seen.offset, seen.digest
        ))
    }
}

/// Offsets never go back within a history, in one life of a process.
#[derive(Debug, Default)]
pub struct OffsetsOnlyGrow {
    last: BTreeMap<usize, (String, u64)>,
}

impl Checker for OffsetsOnlyGrow {
    fn name(&self) -> &'static str {
        "offsets never go back within a history"
    }

    fn observe(&mut self, process: usize, seen: &Seen) -> Result<(), String> {
        let Some(id) = &seen.id else { return Ok(()) };
        let last = self.last.insert(process, (id.clone(), seen.offset));
        match last {
            Some((last_id, last)) if last_id == *id && last > seen.offset => {
                Err(format!("process {process} went back from {last} to {} in {id}", seen.offset))
            }
            _ => Ok(()),
        }
    }

    fn restarted(&mut self, process: usize) {
        self.last.remove(&process);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(id: &str, offset: u64, digest: u64) -> Seen {
        Seen { id: Some(id.into()), offset, digest, primary: false, following: true }
    }

    #[test]
    fn the_rules_are_broken_by_what_breaks_them() {
        let mut same = SameHistorySameData::default();
        assert!(same.observe(0, &seen("a", 5, 1)).is_ok());
        assert!(same.observe(1, &seen("b", 5, 2)).is_ok());
        assert!(same.observe(1, &seen("a", 5, 2)).is_err());
        let mut grow = OffsetsOnlyGrow::default();
        assert!(grow.observe(0, &seen("a", 5, 1)).is_ok());
        assert!(grow.observe(0, &seen("b", 1, 1)).is_ok());
        assert!(grow.observe(0, &seen("b", 0, 1)).is_err());
        grow.restarted(0);
        assert!(grow.observe(0, &seen("b", 0, 1)).is_ok());
    }
}
