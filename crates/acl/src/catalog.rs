//! The commands that rules speak of, by name and by category.

use command::{Categories, Flags, Spec};
use std::collections::BTreeMap;

/// Every command and subcommand of a program, under the numbers that the program gives them.
#[derive(Debug, Default)]
pub struct Catalog {
    entries: Vec<Entry>,
    /// Lowercase: `config`, `config|get`.
    numbers: BTreeMap<String, u16>,
    /// Commands that Redis has and the program has not yet.
    later: &'static [&'static str],
}

/// A command, or a subcommand.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) categories: Categories,
    /// Whoever needs no password for it needs no permission either.
    pub(crate) is_free: bool,
    pub(crate) subcommands: Vec<u16>,
    pub(crate) is_subcommand: bool,
}

/// Whom a name in a rule means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// A command that is here.
    Here(u16),
    /// One that is not here yet. Nobody can run it, so that a rule about it needs nothing but to be remembered: rules
    /// that were written for Redis must not keep a server from starting.
    Later,
}

impl Catalog {
    /// An empty one. `later` are the lowercase names of commands that rules may name although they are not here.
    pub fn new(later: &'static [&'static str]) -> Catalog {
        Catalog { later, ..Catalog::default() }
    }

    /// Adds the next command, whose number is how many there were before. A subcommand comes after its container, and
    /// is called `config|get`.
    pub fn add(&mut self, name: &str, spec: &Spec, parent: Option<u16>) -> u16 {
        let number = u16::try_from(self.entries.len()).expect("there are a few hundred commands");
        self.entries.push(Entry {
            name: name.to_owned(),
            categories: spec.all_categories(),
            is_free: spec.flags.has(Flags::NO_AUTH),
            subcommands: Vec::new(),
            is_subcommand: parent.is_some(),
        });
        if let Some(parent) = parent {
            self.entries[usize::from(parent)].subcommands.push(number);
        }
        self.numbers.insert(name.to_ascii_lowercase(), number);
        number
    }

    /// The number of the command of this name.
    pub fn number(&self, name: &str) -> Option<u16> {
        self.numbers.get(name).copied()
    }

    /// How many commands there are; numbers are below it.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn entry(&self, number: u16) -> &Entry {
        &self.entries[usize::from(number)]
    }

    /// Every command, with its number.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (u16, &Entry)> {
        self.entries.iter().enumerate().map(|(at, entry)| (at as u16, entry))
    }

    /// Whom `name` means, in any case.
    pub(crate) fn find(&self, name: &[u8]) -> Option<Named> {
        let name = std::str::from_utf8(name).ok()?.to_ascii_lowercase();
        if let Some(number) = self.numbers.get(&name) {
            return Some(Named::Here(*number));
        }
        let container = name.split('|').next().unwrap_or(&name);
        let is_later = self.later.contains(&container) && !self.numbers.contains_key(container);
        is_later.then_some(Named::Later)
    }
}

/// The category called `name`, without the sign that rules write before it.
pub(crate) fn category(name: &[u8]) -> Option<Categories> {
    let is_it = |known: &str| known.trim_start_matches('@').as_bytes().eq_ignore_ascii_case(name);
    Categories::ALL.iter().find(|(_, known)| is_it(known)).map(|(category, _)| *category)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use command::{Arity, Channels, Find, Group, KeyFlags, Keys, Search};
    use std::sync::Arc;

    const READS: &[Keys] = &[Keys::at(1).reads()];
    const WRITES: &[Keys] = &[Keys::at(1).overwrites()];
    const COPIES: &[Keys] = &[Keys::at(1).reads(), Keys::at(2).overwrites()];
    const MANY: &[Keys] = &[Keys {
        notes: "",
        flags: KeyFlags::RO.and(KeyFlags::ACCESS),
        search: Search::Index(1),
        find: Find::Range { last: -1, step: 1, limit: 0 },
    }];

    const fn spec(name: &'static str, flags: Flags, keys: &'static [Keys]) -> Spec {
        let arity = Arity::AtLeast(1 + keys.len());
        Spec { name, flags, keys, arity, ..Spec::of(Group::Generic) }
    }

    /// A few commands, in the order of their numbers.
    pub(crate) const SPECS: &[Spec] = &[
        spec("get", Flags::READONLY.and(Flags::FAST), READS),
        spec("set", Flags::WRITE, WRITES),
        spec("copy", Flags::WRITE, COPIES),
        spec("mget", Flags::READONLY, MANY),
        spec("exists", Flags::READONLY, &[Keys::at(1).inspects()]),
        spec("auth", Flags::NO_AUTH, &[]),
        spec("select", Flags::FAST, &[]),
        Spec { channels: Channels::First, ..spec("publish", Flags::PUBSUB, &[]) },
        Spec { channels: Channels::All, ..spec("subscribe", Flags::PUBSUB, &[]) },
        Spec { channels: Channels::Patterns, ..spec("psubscribe", Flags::PUBSUB, &[]) },
        spec("config", Flags::NONE, &[]),
        spec("get", Flags::ADMIN, &[]),
        spec("set", Flags::ADMIN, &[]),
    ];

    /// The catalog of these, and of commands to come called `xadd` and `xinfo`.
    pub(crate) fn catalog() -> Arc<Catalog> {
        let mut catalog = Catalog::new(&["xadd", "xinfo"]);
        for spec in &SPECS[..11] {
            catalog.add(spec.name, spec, None);
        }
        catalog.add("config|get", &SPECS[11], Some(10));
        catalog.add("config|set", &SPECS[12], Some(10));
        Arc::new(catalog)
    }

    #[test]
    fn names_are_found_in_any_case() {
        let catalog = catalog();
        for (name, want) in [
            ("get", Some(Named::Here(0))),
            ("GET", Some(Named::Here(0))),
            ("Config|Set", Some(Named::Here(12))),
            ("config|nothing", None),
            ("nothing", None),
            ("XADD", Some(Named::Later)),
            ("xinfo|stream", Some(Named::Later)),
        ] {
            assert_eq!(catalog.find(name.as_bytes()), want, "{name}");
        }
        assert_eq!(category(b"Write"), Some(Categories::WRITE));
        assert_eq!(category(b"@write"), None);
    }
}
