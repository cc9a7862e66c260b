//! What is wrong with bytes that should be a dataset, and where.

use std::fmt;

use crate::format;

/// Bytes that cannot be read as what they claim to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Corrupt {
    /// How many bytes lie before the trouble.
    pub at: u64,
    /// The trouble.
    pub what: Damage,
    /// The key whose value was being read.
    pub key: Option<Box<[u8]>>,
    /// The type byte of that value.
    pub kind: Option<u8>,
}

/// The kinds of trouble. The words are those of Redis, because tools and people search logs for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Damage {
    /// Not an RDB file at all.
    Signature,
    /// A version that did not exist when this was written.
    Version(u16),
    /// A byte that opens nothing.
    Kind(u8),
    /// A type that is known and not supported.
    Unsupported(&'static str),
    /// Data of a module; its name.
    Module(String),
    /// The file ends where more was promised.
    Eof,
    /// The sum of the bytes is not the one written at the end.
    Checksum {
        /// The one at the end.
        stored: u64,
        /// The one the bytes have.
        computed: u64,
    },
    /// A string encoding that does not exist.
    StringEncoding(u8),
    /// A collection without elements, which cannot exist as a key.
    Empty,
    /// More databases than are configured, or than fit.
    Database(u64),
    /// Bytes after the end of a payload.
    Trailing,
    /// Anything that takes no more than words.
    Broken(&'static str),
}

impl Corrupt {
    /// Trouble at an offset, nothing known about the key yet.
    pub fn new(at: u64, what: Damage) -> Corrupt {
        Corrupt { at, what, key: None, kind: None }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Damage::Signature => f.write_str("Wrong signature trying to load DB from file"),
            Damage::Version(version) => write!(f, "Can't handle RDB format version {version}"),
            Damage::Kind(byte) => write!(f, "Invalid object type: {byte}"),
            Damage::Unsupported(what) => write!(f, "{what} are not supported"),
            Damage::Module(name) => write!(
                f,
                "The RDB file contains module data I can't load: no matching module type '{name}'"
            ),
            Damage::Eof => f.write_str("Unexpected EOF reading RDB file"),
            Damage::Checksum { .. } => f.write_str("RDB CRC error"),
            Damage::StringEncoding(byte) => write!(f, "Unknown RDB string encoding type {byte}"),
            Damage::Empty => f.write_str("Empty collection"),
            Damage::Database(index) => write!(f, "Database index {index} is out of range"),
            Damage::Trailing => f.write_str("Bytes follow the end of the value"),
            Damage::Broken(words) => f.write_str(words),
        }
    }
}

impl fmt::Display for Corrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at offset {}", self.what, self.at)?;
        if let Some(key) = &self.key {
            write!(f, ", key '{}'", key.escape_ascii())?;
        }
        if let Some(kind) = self.kind {
            write!(f, ", type {kind} ({})", format::kind_name(kind))?;
        }
        f.write_str(")")
    }
}

impl std::error::Error for Corrupt {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_names_place_key_and_type() {
        let mut corrupt = Corrupt::new(42, Damage::Broken("Duplicate set members detected"));
        assert_eq!(corrupt.to_string(), "Duplicate set members detected (at offset 42)");
        corrupt.key = Some(Box::from(&b"k\n"[..]));
        corrupt.kind = Some(2);
        assert_eq!(
            corrupt.to_string(),
            "Duplicate set members detected (at offset 42, key 'k\\n', type 2 (set-hashtable))"
        );
    }
}
