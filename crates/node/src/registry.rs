//! Every command by name: data commands and node commands behind one door.

use crate::admin::NodeCommand;
use command::Spec;
use command::manual::Page;
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
    /// The name of the command. A subcommand has none: it may be called like a command that it is not.
    pub(crate) fn command_name(&self) -> &'static str {
        if self.parent.is_some() { "" } else { self.spec.name }
    }

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

/// How many names there is room for; about a quarter is used.
const SLOTS: usize = 1024;

/// All commands. Lookup is one hash of the folded name and one comparison.
pub(crate) struct Registry {
    rows: Vec<Row>,
    /// Open addressing; the name it answers to (which `rename-command` may have changed) and the row.
    slots: Vec<Option<Slot>>,
}

/// A name in the table of names. Most comparisons are of two words, and touch no other memory.
struct Slot {
    folded: Folded,
    name: Box<[u8]>,
    id: CommandId,
}

/// The length and the first sixteen bytes of a name, with bit 5 set in each: letters of either case are the same.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Folded {
    len: usize,
    words: [u64; 2],
}

impl Folded {
    fn new(name: &[u8]) -> Folded {
        const CASE: u64 = 0x2020_2020_2020_2020;
        let words = match name.len() {
            len @ 0..=8 => [word(&name[..len]), 0],
            len => [word(&name[..8]), word(&name[8..len.min(16)])],
        };
        Folded { len: name.len(), words: words.map(|word| word | CASE) }
    }

    /// Spreads over the table: the names of commands share most of their letters.
    fn hash(self) -> usize {
        let mixed =
            (self.words[0] ^ self.words[1].rotate_left(29)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        ((mixed ^ (self.len as u64) << 59) >> 48) as usize
    }
}

/// Up to eight bytes as a number, zeros behind them.
fn word(bytes: &[u8]) -> u64 {
    match bytes.len() {
        8 => u64::from_le_bytes(bytes.try_into().expect("eight bytes")),
        len @ 4..8 => {
            // Two overlapping halves: no loop over single bytes.
            let low = u32::from_le_bytes(bytes[..4].try_into().expect("four bytes"));
            let high = u32::from_le_bytes(bytes[len - 4..].try_into().expect("four bytes"));
            u64::from(low) | u64::from(high) << (8 * (len - 4))
        }
        _ => bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

impl Registry {
    /// The registry of these commands.
    pub(crate) fn new(
        data: impl Iterator<Item = &'static DataCommand>,
        node: impl Iterator<Item = &'static NodeCommand>,
    ) -> Registry {
        let mut registry = Registry { rows: Vec::new(), slots: Vec::new() };
        registry.slots.resize_with(SLOTS, || None);
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
        assert!(self.find(name).is_none(), "two commands named {}", String::from_utf8_lossy(name));
        let folded = Folded::new(name);
        let mut at = folded.hash() % SLOTS;
        while self.slots[at].is_some() {
            at = (at + 1) % SLOTS;
        }
        self.slots[at] = Some(Slot { folded, name: name.to_ascii_lowercase().into(), id });
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
            self.slots.iter_mut().filter_map(Option::take).filter(|it| it.id != id).collect();
        kept.iter().for_each(|it| self.bind(&it.name, it.id));
        if !new.is_empty() {
            self.bind(new, id);
        }
        true
    }

    /// The command called `name`, in any case.
    #[inline]
    pub(crate) fn find(&self, name: &[u8]) -> Option<CommandId> {
        let folded = Folded::new(name);
        let mut at = folded.hash() % SLOTS;
        while let Some(slot) = &self.slots[at] {
            // Bit 5 tells letters from their other case, but also some signs from others: look closer.
            if slot.folded == folded && slot.name.eq_ignore_ascii_case(name) {
                return Some(slot.id);
            }
            at = (at + 1) % SLOTS;
        }
        None
    }

    /// The row that answers to these words: the subcommand where the command is a container.
    pub(crate) fn resolve(&self, words: &Words<'_>) -> Result<&Row, Missing> {
        self.resolve_found(None, words)
    }

    /// As [`Registry::resolve`], where the first word may have been looked up already.
    pub(crate) fn resolve_found(
        &self,
        found: Option<CommandId>,
        words: &Words<'_>,
    ) -> Result<&Row, Missing> {
        let found = found.or_else(|| self.find(words.get(0)?));
        let id = found.ok_or(Missing::Command)?;
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

    /// What rules of users may name: the commands under their own names and numbers, whatever they are called here.
    pub(crate) fn catalog(&self) -> acl::Catalog {
        let mut catalog = acl::Catalog::new(crate::names::LATER);
        for row in &self.rows {
            let number = catalog.add(&row.full_name, row.spec, row.parent.map(|id| id.0));
            assert!(number == row.id.0, "rules and rows count alike");
        }
        catalog
    }

    /// A row by its number.
    pub(crate) fn row(&self, id: CommandId) -> &Row {
        &self.rows[id.0 as usize]
    }

    /// A row as the manual sees it.
    pub(crate) fn page(&self, id: CommandId) -> Page<'_> {
        let row = self.row(id);
        let subcommands = row.subcommands.iter().map(|id| self.page(*id)).collect();
        Page { name: (&*row.full_name).into(), spec: row.spec, subcommands }
    }

    /// Every row, subcommands behind their containers.
    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Top-level rows that still answer to a name, with that name.
    pub(crate) fn named(&self) -> impl Iterator<Item = (&[u8], &Row)> {
        self.slots.iter().flatten().map(|it| (&*it.name, self.row(it.id)))
    }
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

    #[test]
    fn names_are_found_in_any_case_and_renamed() {
        let mut registry = Registry::new(commands::all(), crate::admin::all());
        for row in registry.rows().iter().filter(|row| row.parent.is_none()) {
            assert_eq!(registry.find(row.spec.name.as_bytes()), Some(row.id));
            assert_eq!(registry.find(row.spec.name.to_uppercase().as_bytes()), Some(row.id));
        }
        // What differs in bit 5 without being a letter is another name.
        assert_eq!(registry.find(b"g\x45t"), registry.find(b"get"));
        assert_eq!(registry.find(b"sort\x7fro"), None);
        assert!(registry.rename(b"get", b"fetch"));
        assert_eq!((registry.find(b"get"), registry.find(b"FETCH").is_some()), (None, true));
        assert!(registry.rename(b"keys", b"") && registry.find(b"keys").is_none());
    }
}
