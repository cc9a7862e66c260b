//! Every command by name: data commands and node commands behind one door.

use crate::admin::NodeCommand;
use command::Spec;
use commands::DataCommand;
use resp::Words;

/// A row of the registry: its place in the tables of statistics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct CommandId(pub(crate) u16);

/// What runs.
#[derive(Clone, Copy)]
pub(crate) enum Entry {
    Data(&'static DataCommand),
    Node(&'static NodeCommand),
}

/// A command or subcommand.
pub(crate) struct Row {
    pub(crate) id: CommandId,
    pub(crate) entry: Entry,
    pub(crate) spec: &'static Spec,
    /// `config|set` for a subcommand.
    pub(crate) full_name: String,
    /// Rows of the subcommands.
    pub(crate) subcommands: Vec<CommandId>,
    /// The container, for a subcommand.
    pub(crate) parent: Option<CommandId>,
}

impl Row {
    /// How many words come before the arguments.
    pub(crate) fn depth(&self) -> usize {
        1 + usize::from(self.parent.is_some())
    }
}

/// Why a name leads nowhere.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    Command,
    /// The container is there, its subcommand is not.
    Subcommand(CommandId),
}

/// All commands. Lookup is one hash of the folded name and one comparison.
pub(crate) struct Registry {
    rows: Vec<Row>,
    /// Open addressing; the name it answers to (which `rename-command` may have changed) and the row.
    slots: Vec<Option<(Box<[u8]>, CommandId)>>,
}

impl Registry {
    /// The registry of these commands.
    pub(crate) fn new(
        data: impl Iterator<Item = &'static DataCommand>,
        node: impl Iterator<Item = &'static NodeCommand>,
    ) -> Registry {
        let mut registry = Registry { rows: Vec::new(), slots: Vec::new() };
        registry.slots.resize_with(1024, || None);
        for command in data {
            registry.add(
                &command.spec,
                Entry::Data(command),
                command.subcommands.iter().map(|it| (&it.spec, Entry::Data(it))),
            );
        }
        for command in node {
            registry.add(
                &command.spec,
                Entry::Node(command),
                command.subcommands.iter().map(|it| (&it.spec, Entry::Node(it))),
            );
        }
        registry
    }

    fn add(
        &mut self,
        spec: &'static Spec,
        entry: Entry,
        subcommands: impl Iterator<Item = (&'static Spec, Entry)>,
    ) {
        let id = self.push(spec, entry, spec.name.to_owned(), None);
        for (sub, entry) in subcommands {
            let child = self.push(sub, entry, format!("{}|{}", spec.name, sub.name), Some(id));
            self.rows[id.0 as usize].subcommands.push(child);
        }
        self.bind(spec.name.as_bytes(), id);
    }

    fn push(
        &mut self,
        spec: &'static Spec,
        entry: Entry,
        full_name: String,
        parent: Option<CommandId>,
    ) -> CommandId {
        let id = CommandId(self.rows.len() as u16);
        self.rows.push(Row { id, entry, spec, full_name, subcommands: Vec::new(), parent });
        id
    }

    /// Lets `name` stand for `id`.
    fn bind(&mut self, name: &[u8], id: CommandId) {
        let mut at = self.start(name);
        while let Some((taken, _)) = &self.slots[at] {
            assert!(
                !taken.eq_ignore_ascii_case(name),
                "two commands named {}",
                String::from_utf8_lossy(name)
            );
            at = (at + 1) % self.slots.len();
        }
        self.slots[at] = Some((name.to_ascii_lowercase().into(), id));
    }

    /// `rename-command`: `old` answers to `new` from now on, or to nothing where `new` is empty. False: there is no
    /// `old`, or `new` is taken.
    pub(crate) fn rename(&mut self, old: &[u8], new: &[u8]) -> bool {
        let Some(id) = self.find(old) else { return false };
        if self.find(new).is_some() {
            return false;
        }
        // Open addressing cannot punch holes: build anew.
        let kept: Vec<_> =
            self.slots.iter_mut().filter_map(Option::take).filter(|(_, it)| *it != id).collect();
        kept.iter().for_each(|(name, id)| self.bind(name, *id));
        if !new.is_empty() {
            self.bind(new, id);
        }
        true
    }

    fn start(&self, name: &[u8]) -> usize {
        fold(name) as usize % self.slots.len()
    }

    /// The command called `name`, in any case.
    pub(crate) fn find(&self, name: &[u8]) -> Option<CommandId> {
        let mut at = self.start(name);
        while let Some((candidate, id)) = &self.slots[at] {
            if candidate.eq_ignore_ascii_case(name) {
                return Some(*id);
            }
            at = (at + 1) % self.slots.len();
        }
        None
    }

    /// The row that answers to these words: the subcommand where the command is a container.
    pub(crate) fn resolve(&self, words: &Words<'_>) -> Result<&Row, Missing> {
        let id = words.get(0).and_then(|name| self.find(name)).ok_or(Missing::Command)?;
        let row = self.row(id);
        if row.subcommands.is_empty() {
            return Ok(row);
        }
        let Some(second) = words.get(1) else { return Ok(row) };
        let found = row.subcommands.iter().map(|&id| self.row(id));
        found
            .into_iter()
            .find(|it| second.eq_ignore_ascii_case(it.spec.name.as_bytes()))
            .ok_or(Missing::Subcommand(id))
    }

    /// A row by its number.
    pub(crate) fn row(&self, id: CommandId) -> &Row {
        &self.rows[id.0 as usize]
    }

    /// Every row, subcommands behind their containers.
    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Top-level rows that still answer to a name, with that name.
    pub(crate) fn named(&self) -> impl Iterator<Item = (&[u8], &Row)> {
        self.slots.iter().flatten().map(|(name, id)| (&**name, self.row(*id)))
    }
}

/// A hash in which letters of either case are the same: eight bytes at a time, bit 5 set in each.
fn fold(name: &[u8]) -> u64 {
    let mut hash = name.len() as u64;
    let mut chunks = name.chunks_exact(8);
    let mix = |hash: u64, word: u64| {
        (hash.rotate_left(5) ^ (word | 0x2020_2020_2020_2020)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    };
    for chunk in &mut chunks {
        hash = mix(hash, u64::from_le_bytes(chunk.try_into().expect("chunks of eight")));
    }
    let mut last = [0u8; 8];
    last[..chunks.remainder().len()].copy_from_slice(chunks.remainder());
    hash = mix(hash, u64::from_le_bytes(last));
    hash >> 32
}

#[cfg(test)]
#[path = "../../commands/tests/compare/mod.rs"]
mod compare;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_say_what_redis_says() {
        let facts = compare::facts();
        let mut differences = String::new();
        let registry = Registry::new(commands::all(), crate::admin::all());
        for row in registry.rows() {
            compare::compare(&facts, &row.full_name, row.spec, &mut differences);
        }
        assert!(differences.is_empty(), "{differences}");
    }
}
