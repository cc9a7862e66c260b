//! The names of commands as `rename-command` sees them while a configuration is read, before there is a server.

use crate::registry::Registry;
use acl::Declarations;

/// Commands of Redis 7.2 that are not here yet. Renaming or disabling them, and rules of users about them, are common
/// in hardened configurations and must not keep the server from starting.
pub(crate) const LATER: &[&str] = &[
    "asking",
    "bgrewriteaof",
    "cluster",
    "readonly",
    "readwrite",
    "restore-asking",
    "waitaof",
    "xack",
    "xadd",
    "xautoclaim",
    "xclaim",
    "xdel",
    "xgroup",
    "xinfo",
    "xlen",
    "xpending",
    "xrange",
    "xread",
    "xreadgroup",
    "xrevrange",
    "xsetid",
    "xtrim",
];

/// All names that are taken: of commands, and of users that were declared.
pub struct Names {
    registry: Registry,
    users: Declarations,
}

impl Default for Names {
    fn default() -> Names {
        let registry = Registry::new(commands::all(), crate::admin::all());
        let users = Declarations::new(registry.catalog());
        Names { registry, users }
    }
}

impl Names {
    /// The rows of all commands, of which a manual can be made that needs no server: the full name (`config|set`), the
    /// facts, and whether it only holds subcommands.
    pub fn rows(&self) -> impl Iterator<Item = (&str, &'static command::Spec, bool)> {
        self.registry
            .rows()
            .iter()
            .map(|row| (&row.full_name[..], row.spec, !row.subcommands.is_empty()))
    }

    /// Renames a command, or takes it away where `to` is empty. An error is Redis's sentence.
    pub fn rename(&mut self, from: &[u8], to: &[u8]) -> Result<(), &'static str> {
        if self.registry.find(from).is_none() {
            let later = LATER.iter().any(|it| from.eq_ignore_ascii_case(it.as_bytes()));
            return if later { Ok(()) } else { Err(config::NO_SUCH_COMMAND) };
        }
        if self.registry.rename(from, to) { Ok(()) } else { Err(config::COMMAND_NAME_TAKEN) }
    }

    /// A `user` line: a name and rules, which are tried. The error is a sentence of Redis's.
    pub fn declare_user(&mut self, words: &[Vec<u8>]) -> Result<(), String> {
        self.users.declare(words)
    }
}
