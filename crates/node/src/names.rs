//! The names of commands as `rename-command` sees them while a configuration is read, before there is a server.

use crate::registry::Registry;

/// Commands of Redis 7.2 that are not here yet. Renaming or disabling them is common in hardened configurations and
/// must not keep the server from starting.
const LATER: &[&str] = &[
    "acl",
    "asking",
    "bgrewriteaof",
    "bitcount",
    "bitfield",
    "bitfield_ro",
    "bitop",
    "bitpos",
    "cluster",
    "eval",
    "eval_ro",
    "evalsha",
    "evalsha_ro",
    "fcall",
    "fcall_ro",
    "function",
    "geoadd",
    "geodist",
    "geohash",
    "geopos",
    "georadius",
    "georadius_ro",
    "georadiusbymember",
    "georadiusbymember_ro",
    "geosearch",
    "geosearchstore",
    "getbit",
    "module",
    "pfadd",
    "pfcount",
    "pfdebug",
    "pfmerge",
    "pfselftest",
    "readonly",
    "readwrite",
    "restore-asking",
    "script",
    "setbit",
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

/// All names that are taken.
pub struct Names(Registry);

impl Default for Names {
    fn default() -> Names {
        Names(Registry::new(commands::all(), crate::admin::all()))
    }
}

impl Names {
    /// The rows of all commands, of which a manual can be made that needs no server: the full name (`config|set`), the
    /// facts, and whether it only holds subcommands.
    pub fn rows(&self) -> impl Iterator<Item = (&str, &'static command::Spec, bool)> {
        self.0.rows().iter().map(|row| (&row.full_name[..], row.spec, !row.subcommands.is_empty()))
    }

    /// Renames a command, or takes it away where `to` is empty. An error is Redis's sentence.
    pub fn rename(&mut self, from: &[u8], to: &[u8]) -> Result<(), &'static str> {
        if self.0.find(from).is_none() {
            let later = LATER.iter().any(|it| from.eq_ignore_ascii_case(it.as_bytes()));
            return if later { Ok(()) } else { Err(config::NO_SUCH_COMMAND) };
        }
        if self.0.rename(from, to) { Ok(()) } else { Err(config::COMMAND_NAME_TAKEN) }
    }
}
