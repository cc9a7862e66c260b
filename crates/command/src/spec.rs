//! One command: what it is called, what it promises, and the function that keeps the promise.

use crate::keys::OwnKeys;
use crate::{Categories, Flags, KeyFlags, Keys};
use resp::{Words, Writer};

/// A row of a command table. `F` is the function's type, and with it what the command may touch.
pub struct Command<F: 'static> {
    /// The facts.
    pub spec: Spec,
    /// The function.
    pub run: F,
    /// The rows that its second word chooses among.
    pub subcommands: &'static [&'static Command<F>],
}

impl<F> Command<F> {
    /// A command without subcommands.
    pub const fn new(run: F, spec: Spec) -> Command<F> {
        Command { spec, run, subcommands: &[] }
    }

    /// A command that its second word turns into another.
    pub const fn container(
        run: F,
        spec: Spec,
        subcommands: &'static [&'static Command<F>],
    ) -> Command<F> {
        Command { spec, run, subcommands }
    }

    /// The HELP of a container, made of its rows: the words of Redis's first and last lines, our own between.
    pub fn write_help(&self, w: &mut Writer<'_>) {
        let name = self.spec.name.to_ascii_uppercase();
        let mut lines =
            vec![format!("{name} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:")];
        for row in self.subcommands.iter().filter(|row| row.spec.name != "help") {
            let line = format!("{} {}", row.spec.name.to_ascii_uppercase(), row.spec.syntax);
            lines.push(line.trim_end().to_owned());
            lines.push(format!("    {}", row.spec.summary));
        }
        lines.push("HELP".to_owned());
        lines.push("    Print this help.".to_owned());
        w.array(lines.len());
        lines.iter().for_each(|line| w.simple(line));
    }

    /// The subcommand called `name`.
    pub fn subcommand(&self, name: &[u8]) -> Option<&'static Command<F>> {
        self.subcommands
            .iter()
            .copied()
            .find(|it| name.eq_ignore_ascii_case(it.spec.name.as_bytes()))
    }
}

/// The facts about a command that the dispatcher, ACLs, COMMAND, COMMAND DOCS and the CLI all read.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// Lowercase; a subcommand has its own word only.
    pub name: &'static str,
    /// The arguments as a manual shows them: `key [NX | XX] member [member ...]`.
    pub syntax: &'static str,
    /// One sentence for COMMAND DOCS and `help`, our own words.
    pub summary: &'static str,
    /// The time it takes, such as `O(1)`.
    pub complexity: &'static str,
    /// The Redis version that had it first.
    pub since: &'static str,
    /// The chapter of the manual.
    pub group: Group,
    /// How many words, the name (and a subcommand's container) included.
    pub arity: Arity,
    /// What it promises.
    pub flags: Flags,
    /// ACL categories beyond those that follow from group and flags.
    pub categories: Categories,
    /// Where its keys are.
    pub keys: &'static [Keys],
    /// Finds the keys where the rules above cannot tell, or not exactly: then it is asked instead of them.
    pub own_keys: Option<OwnKeys>,
    /// What it looks at within the value of its first key.
    pub inside: Inside,
    /// Which of its words are channels.
    pub channels: Channels,
    /// Hints for cluster clients and tools, as COMMAND gives them.
    pub tips: &'static [&'static str],
    /// What it has learned since it was first there: the version of Redis, and what, in our own words.
    pub history: &'static [(&'static str, &'static str)],
}

/// What a command looks at within a collection: a hint of what to have ready when it runs, nothing more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inside {
    /// Nothing, or who knows what.
    Nothing,
    /// All of it, or what is at an end.
    Value,
    /// What this word names, a field or a member; counted like keys.
    Word(u8),
}

impl Spec {
    /// An empty row of a chapter: what a family's rows begin with.
    pub const fn of(group: Group) -> Spec {
        Spec {
            name: "",
            syntax: "",
            summary: "",
            complexity: "O(1)",
            since: "1.0.0",
            group,
            arity: Arity::Exactly(1),
            flags: Flags::NONE,
            categories: Categories::NONE,
            keys: &[],
            own_keys: None,
            inside: Inside::Nothing,
            channels: Channels::Nowhere,
            tips: &[],
            history: &[],
        }
    }

    /// All ACL categories: given ones, and those that follow from group and flags.
    pub fn all_categories(&self) -> Categories {
        let follow = |flag: Flags, category: Categories| {
            if self.flags.has(flag) { category } else { Categories::NONE }
        };
        let speed = if self.flags.has(Flags::FAST) { Categories::FAST } else { Categories::SLOW };
        [
            follow(Flags::WRITE, Categories::WRITE),
            // What a script reads is said by the script, not by the command that runs it.
            if self.flags.has(Flags::RUNS_SCRIPT) {
                Categories::NONE
            } else {
                follow(Flags::READONLY, Categories::READ)
            },
            follow(Flags::ADMIN, Categories::ADMIN.and(Categories::DANGEROUS)),
            follow(Flags::PUBSUB, Categories::PUBSUB),
            follow(Flags::BLOCKING, Categories::BLOCKING),
            speed,
        ]
        .into_iter()
        .fold(self.categories, Categories::and)
    }

    /// The places of the keys of a request, and what becomes of each. None: the words do not fit the rules, or are too
    /// few or too many.
    pub fn keys_in(&self, words: &Words<'_>) -> Option<Vec<(usize, KeyFlags)>> {
        if !self.arity.accepts(words.len()) {
            return None;
        }
        if let Some(own_keys) = self.own_keys {
            return Some(own_keys(words));
        }
        let mut found = Vec::new();
        for keys in self.keys.iter().filter(|keys| !keys.flags.has(KeyFlags::NOT_KEY)) {
            found.extend(keys.positions(words)?.into_iter().map(|at| (at, keys.flags)));
        }
        Some(found)
    }

    /// First key, last key and step, as COMMAND has told them since Redis 2.8.13.
    pub fn legacy_range(&self) -> (i32, i32, i32) {
        use crate::{Find, Search};
        let mut range: Option<(i32, i32, i32)> = None;
        for keys in self.keys {
            let (Search::Index(first), Find::Range { last, step, limit: 0 | 1 }) =
                (keys.search, keys.find)
            else {
                continue;
            };
            let last = if last >= 0 { first + last } else { last };
            range = match range {
                None => Some((first, last, step)),
                // Neighbouring rows join: RENAME's two keys are one range.
                Some((f, l, s)) if l >= 0 && first == l + 1 && s == step => Some((f, last, s)),
                other => other,
            };
        }
        range.unwrap_or((0, 0, 0))
    }
}

/// Where the channels of a request are. Those that a session stops listening to do not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channels {
    /// It has none.
    Nowhere,
    /// The first word behind the name.
    First,
    /// Every word behind the name.
    All,
    /// Every word behind the name, and each is a pattern.
    Patterns,
}

/// The chapters of the manual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Keys of any type.
    Generic,
    /// Strings.
    String,
    /// Lists.
    List,
    /// Sets.
    Set,
    /// Sorted sets.
    SortedSet,
    /// Hashes.
    Hash,
    /// Bitmaps.
    Bitmap,
    /// HyperLogLogs.
    HyperLogLog,
    /// Places.
    Geo,
    /// Messages.
    Pubsub,
    /// MULTI and its kind.
    Transactions,
    /// Scripts and functions.
    Scripting,
    /// The connection itself.
    Connection,
    /// The server.
    Server,
    /// What a Sentinel watches.
    Sentinel,
}

impl Group {
    /// The name that COMMAND DOCS gives.
    pub fn name(self) -> &'static str {
        match self {
            Group::Generic => "generic",
            Group::String => "string",
            Group::List => "list",
            Group::Set => "set",
            Group::SortedSet => "sorted-set",
            Group::Hash => "hash",
            Group::Bitmap => "bitmap",
            Group::HyperLogLog => "hyperloglog",
            Group::Geo => "geo",
            Group::Pubsub => "pubsub",
            Group::Transactions => "transactions",
            Group::Scripting => "scripting",
            Group::Connection => "connection",
            Group::Server => "server",
            Group::Sentinel => "sentinel",
        }
    }
}

/// How many words a request has, the name included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arity {
    /// Just so many.
    Exactly(usize),
    /// So many or more.
    AtLeast(usize),
}

impl Arity {
    /// True if a request of `words` words is well-formed as far as their number goes.
    pub fn accepts(self, words: usize) -> bool {
        match self {
            Arity::Exactly(n) => words == n,
            Arity::AtLeast(n) => words >= n,
        }
    }

    /// As COMMAND tells it: negative for "at least".
    pub fn number(self) -> i64 {
        match self {
            Arity::Exactly(n) => n as i64,
            Arity::AtLeast(n) => -(n as i64),
        }
    }
}
