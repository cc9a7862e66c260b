//! MEMORY: who holds how much, and what the allocator says.

mod advice;
mod stats;
mod usage;

use super::FAMILY;
use crate::admin::{self, NodeCommand};
use command::{Arity, Command, Error, Flags, Spec};

pub(super) const MEMORY: NodeCommand = Command::container(
    |_, _| Err(Error::arity("memory")),
    Spec {
        name: "memory",
        syntax: "subcommand",
        summary: "Questions about memory.",
        complexity: "Depends on subcommand.",
        arity: Arity::AtLeast(2),
        ..SUB
    },
    &[&advice::DOCTOR, &HELP, &advice::MALLOC_STATS, &advice::PURGE, &stats::STATS, &usage::USAGE],
);

/// What the subcommands have in common.
const SUB: Spec = Spec { since: "4.0.0", ..FAMILY };

/// Hints of the subcommands that tell about one process.
const TELLING: &[&str] =
    &["nondeterministic_output", "request_policy:all_shards", "response_policy:special"];

const HELP: NodeCommand = Command::new(
    |cx, _| admin::help(cx, &MEMORY),
    Spec {
        name: "help",
        summary: "Shows what MEMORY can be asked.",
        arity: Arity::Exactly(2),
        flags: Flags::LOADING.and(Flags::STALE),
        ..SUB
    },
);
