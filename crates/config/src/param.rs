//! One row per parameter: what it is called, what it may be, what it is unless somebody says otherwise.
//!
//! A row is a `const`, written with the constructors below, so that a table reads like a page of a manual and
//! everything that knows parameters (the file, CONFIG GET, SET and REWRITE, the documents) reads the same page.

use crate::Value;

/// A parameter. Names and defaults are those of Redis 7.2, since files and operators already know them.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// What CONFIG REWRITE writes.
    pub name: &'static str,
    /// The other spelling, mostly an older one; it reads, sets and shows the same value.
    pub alias: Option<&'static str>,
    /// Which values there are.
    pub kind: Kind,
    /// The value unless set, spelled as in a file.
    pub default: &'static str,
    /// One sentence for the manual, with the unit.
    pub doc: &'static str,
    /// Whether CONFIG SET may change it.
    pub mutability: Mutability,
    /// Shown by CONFIG GET only when asked for by its exact name: switches for tests.
    pub hidden: bool,
    /// The value is a secret: commands that carry it are not logged.
    pub secret: bool,
    /// CONFIG SET answers LOADING while the dataset is being read.
    pub not_while_loading: bool,
    /// Setting it to what it already is still has an effect: a certificate that was renewed in place.
    pub always_applied: bool,
    /// The feature that a value other than the default would switch on, where this version does not have it yet.
    pub later: Option<&'static str>,
    /// A rule beyond the kind's own.
    pub check: Option<Check>,
}

/// Says why a well-formed value is refused.
pub type Check = fn(&Value) -> Result<(), &'static str>;

/// Whether and by whom a parameter may be changed while the server runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutability {
    /// By CONFIG SET.
    Changeable,
    /// By the file and the command line alone.
    Immutable,
    /// By CONFIG SET where `enable-protected-configs` says so: it could be used to write anywhere on the disk.
    Protected,
}

/// Which values a parameter has, and how they are spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `yes` or `no`.
    Flag,
    /// A decimal integer, bounds included.
    Integer { min: i64, max: i64 },
    /// As an integer of at least zero, but what lies outside is moved to the nearest bound, not refused.
    Clamped { min: i64, max: i64 },
    /// Bytes, with an optional unit: `1k` is 1000 and `1kb` is 1024, likewise `m`, `mb`, `g`, `gb`.
    Memory { min: u64, max: u64 },
    /// Bytes, or a share of `maxmemory` such as `5%`.
    MemoryOrPercent,
    /// File permissions in base 8.
    Octal { max: i64 },
    /// One word of a list. `same` maps words to the one they mean.
    Choice { words: &'static [&'static str], same: &'static [(&'static str, &'static str)] },
    /// Some words of a list, in any order; the first stands for none of the others.
    Choices { words: &'static [&'static str] },
    /// Any bytes but NUL.
    Text,
    /// The same, where the empty string means that there is no value: such a line is not written to the file.
    OptionalText,
    /// Any bytes at all; the empty string means that there is no password.
    Password,
    /// The working folder. Whoever sets it makes the change and stores the absolute path.
    Folder,
    /// Pairs of seconds and changes; in a file, lines add up.
    SavePoints,
    /// Groups of class, hard limit, soft limit, seconds; classes not named keep their limits.
    OutputLimits,
    /// Up to sixteen addresses; a leading `-` marks one that may be missing.
    Addresses,
    /// Three scores of the out-of-memory killer: for masters, replicas, background work.
    OomScores,
    /// Classes of keyspace events, a letter each.
    Events,
    /// Percentages from 0 to 100.
    Percentiles,
    /// Host and port of a master, or `no one`.
    Source,
}

impl Kind {
    /// True where a line may carry more than one word behind the name.
    pub fn takes_several(self) -> bool {
        matches!(
            self,
            Kind::Choices { .. }
                | Kind::SavePoints
                | Kind::OutputLimits
                | Kind::Addresses
                | Kind::OomScores
                | Kind::Percentiles
                | Kind::Source
        )
    }
}

/// The largest signed 64-bit number, as a bound of [`Param::memory`].
pub(crate) const SIGNED_MAX: u64 = i64::MAX as u64;
/// The largest signed 32-bit number, as a bound of [`Param::integer`].
pub(crate) const INT_MAX: i64 = i32::MAX as i64;

impl Param {
    /// A row without anything special about it.
    pub(crate) const fn new(name: &'static str, kind: Kind, default: &'static str) -> Param {
        Param {
            name,
            alias: None,
            kind,
            default,
            doc: "",
            mutability: Mutability::Changeable,
            hidden: false,
            secret: false,
            not_while_loading: false,
            always_applied: false,
            later: None,
            check: None,
        }
    }

    pub(crate) const fn flag(name: &'static str, default: &'static str) -> Param {
        Param::new(name, Kind::Flag, default)
    }

    pub(crate) const fn integer(
        name: &'static str,
        min: i64,
        max: i64,
        default: &'static str,
    ) -> Param {
        Param::new(name, Kind::Integer { min, max }, default)
    }

    pub(crate) const fn memory(
        name: &'static str,
        min: u64,
        max: u64,
        default: &'static str,
    ) -> Param {
        Param::new(name, Kind::Memory { min, max }, default)
    }

    pub(crate) const fn choice(
        name: &'static str,
        words: &'static [&'static str],
        default: &'static str,
    ) -> Param {
        Param::new(name, Kind::Choice { words, same: &[] }, default)
    }

    pub(crate) const fn text(name: &'static str, default: &'static str) -> Param {
        Param::new(name, Kind::Text, default)
    }

    pub(crate) const fn optional_text(name: &'static str) -> Param {
        Param::new(name, Kind::OptionalText, "")
    }

    /// A password, kept out of logs.
    pub(crate) const fn password(name: &'static str) -> Param {
        Param::new(name, Kind::Password, "").secret()
    }

    pub(crate) const fn alias(self, alias: &'static str) -> Param {
        Param { alias: Some(alias), ..self }
    }

    pub(crate) const fn doc(self, doc: &'static str) -> Param {
        Param { doc, ..self }
    }

    pub(crate) const fn immutable(self) -> Param {
        Param { mutability: Mutability::Immutable, ..self }
    }

    pub(crate) const fn protected(self) -> Param {
        Param { mutability: Mutability::Protected, ..self }
    }

    pub(crate) const fn hidden(self) -> Param {
        Param { hidden: true, ..self }
    }

    pub(crate) const fn secret(self) -> Param {
        Param { secret: true, ..self }
    }

    pub(crate) const fn not_while_loading(self) -> Param {
        Param { not_while_loading: true, ..self }
    }

    pub(crate) const fn always_applied(self) -> Param {
        Param { always_applied: true, ..self }
    }

    pub(crate) const fn later(self, feature: &'static str) -> Param {
        Param { later: Some(feature), ..self }
    }

    pub(crate) const fn check(self, check: Check) -> Param {
        Param { check: Some(check), ..self }
    }
}
