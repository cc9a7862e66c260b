//! Whether a script may run: what it promises decides, and where it promises nothing, what its command says.

use super::{Kind, Scripting};
use crate::call::Context;
use crate::node::Node;
use command::{Error, Flags, Spec};
use resp::Words;
use script::{ScriptFlags, Scripts, Sha};

/// What the command of a script asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wants {
    pub(crate) kind: Kind,
    /// What the script promises.
    pub(crate) flags: ScriptFlags,
    /// The command is one of those that must not write.
    pub(crate) read_only: bool,
}

impl Scripting {
    /// The flags of a command that runs a script: its own, but for what the script says of itself.
    #[cold]
    pub(crate) fn flags(&self, spec: &Spec, words: &Words<'_>) -> Flags {
        let word = words.get(1).unwrap_or_default();
        let promised = match spec.name {
            "eval" | "eval_ro" => {
                word.starts_with(b"#!").then(|| Scripts::flags_of(word)).flatten()
            }
            "evalsha" | "evalsha_ro" => {
                let script = Sha::parse(word).and_then(|sha| self.scripts.find(&sha));
                script.map(|it| it.flags).filter(|it| !it.has(ScriptFlags::COMPATIBLE))
            }
            _ => self.libraries.find(word).map(|it| it.flags),
        };
        let Some(promised) = promised else { return spec.flags };
        let decided = Flags::STALE.and(Flags::DENY_OOM).and(Flags::WRITE).and(Flags::MAY_REPLICATE);
        let mut flags = spec.flags.without(decided);
        if !promised.has(ScriptFlags::NO_WRITES) {
            flags = flags.and(Flags::WRITE);
            if !promised.has(ScriptFlags::ALLOW_OOM) {
                flags = flags.and(Flags::DENY_OOM);
            }
        }
        if promised.has(ScriptFlags::ALLOW_STALE) {
            flags = flags.and(Flags::STALE);
        }
        flags
    }
}

impl Node {
    /// True where memory was full when the present request came, and that matters still.
    pub(super) fn memory_is_full(&self) -> bool {
        self.scripting.full && self.settings.memory_max > 0
    }

    /// Whether a script may begin. An error is the reply.
    pub(super) fn check_script(&self, wants: Wants, context: Context) -> Result<(), Error> {
        let stale = self.is_replica() && !self.settings.replica_serve_stale && !self.link_is_up();
        let obeyed = context == Context::Master;
        let flags = wants.flags;
        if flags.has(ScriptFlags::COMPATIBLE) {
            return if stale { Err(Error::MASTER_DOWN) } else { Ok(()) };
        }
        if stale && !flags.has(ScriptFlags::ALLOW_STALE) {
            return Err(Error::fixed(
                "MASTERDOWN Link with MASTER is down, replica-serve-stale-data is set to 'no' and 'allow-stale' flag \
                 is not set on the script.",
            ));
        }
        if flags.has(ScriptFlags::NO_WRITES) {
            return Ok(());
        }
        if self.is_replica() && self.settings.replica_read_only && !obeyed {
            return Err(Error::fixed(
                "READONLY Can not run script with write flag on readonly replica",
            ));
        }
        if !self.is_replica() && !obeyed && self.check_disk().is_err() {
            return Err(Error::fixed(
                "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. \
                 Writable scripts are blocked. Use 'no-writes' flag for read only scripts.",
            ));
        }
        if wants.read_only {
            return Err(Error::fixed(
                "ERR Can not execute a script with write flag using *_ro command.",
            ));
        }
        if !self.is_replica() && !self.repl.has_good_replicas() {
            return Err(Error::NO_REPLICAS);
        }
        if self.memory_is_full() && !obeyed && !flags.has(ScriptFlags::ALLOW_OOM) {
            return Err(Error::fixed(
                "OOM allow-oom flag is not set on the script, can not run it when used memory > 'maxmemory'",
            ));
        }
        Ok(())
    }
}
