//! The process: INFO, ROLE, SHUTDOWN.

use super::{SentinelCommand, SentinelCx};
use crate::info;
use command::{Args, Arity, Categories, Command, Error, Flags, Flow, Group, Outcome, Spec};

pub(super) const TABLE: &[&SentinelCommand] = &[&INFO, &ROLE, &SHUTDOWN];

const FAMILY: Spec = Spec::of(Group::Server);

const INFO: SentinelCommand = Command::new(
    |cx, args| {
        let text = info::text(cx.sentinel, args.rest().iter());
        cx.reply.verbatim("txt", text.as_bytes());
        Ok(Flow::Done)
    },
    Spec {
        name: "info",
        syntax: "[section [section ...]]",
        summary: "Tells about the Sentinel, in sections.",
        arity: Arity::AtLeast(1),
        flags: Flags::LOADING.and(Flags::STALE),
        categories: Categories::DANGEROUS,
        tips: &["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
        ..FAMILY
    },
);

const ROLE: SentinelCommand = Command::new(
    |cx, _| {
        cx.reply.array(2);
        cx.reply.bulk(b"sentinel");
        cx.reply.array(cx.sentinel.groups.len());
        for group in cx.sentinel.groups.values() {
            cx.reply.bulk(group.name.as_bytes());
        }
        Ok(Flow::Done)
    },
    Spec {
        name: "role",
        summary: "Tells that this is a Sentinel, and what it watches.",
        since: "2.8.12",
        arity: Arity::Exactly(1),
        flags: Flags::NO_SCRIPT.and(Flags::LOADING).and(Flags::STALE).and(Flags::FAST),
        categories: Categories::ADMIN.and(Categories::DANGEROUS),
        ..FAMILY
    },
);

const SHUTDOWN: SentinelCommand = Command::new(
    shutdown,
    Spec {
        name: "shutdown",
        syntax: "[NOSAVE | SAVE] [NOW] [FORCE] [ABORT]",
        summary: "Ends the process.",
        complexity: "O(N), N being what is watched",
        arity: Arity::AtLeast(1),
        flags: Flags::ADMIN
            .and(Flags::NO_SCRIPT)
            .and(Flags::LOADING)
            .and(Flags::STALE)
            .and(Flags::NO_MULTI)
            .and(Flags::ALLOW_BUSY),
        ..FAMILY
    },
);

fn shutdown(cx: &mut SentinelCx<'_>, args: Args<'_>) -> Outcome {
    let (mut save, mut nosave, mut abort, mut other) = (false, false, false, false);
    for word in args.rest().iter() {
        match word.to_ascii_lowercase().as_slice() {
            b"save" => save = true,
            b"nosave" => nosave = true,
            b"abort" => abort = true,
            b"now" | b"force" => other = true,
            _ => return Err(Error::SYNTAX),
        }
    }
    if (save && nosave) || (abort && (save || nosave || other)) {
        return Err(Error::SYNTAX);
    }
    if abort {
        return Err(Error::fixed("ERR No shutdown in progress."));
    }
    // No reply: the end of the connection is the answer.
    cx.sentinel.shut_down();
    Ok(Flow::Parked)
}
