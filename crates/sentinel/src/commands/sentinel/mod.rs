//! SENTINEL: everything about what is watched.

mod address;
mod cache;
mod config;
mod debug;
mod failover;
mod membership;
mod quorum;
mod reset;
mod scripts;
mod set;
mod show;

pub(crate) use quorum::Trials;

use super::{SentinelCommand, SentinelCx, help};
use crate::group::{Group, GroupId};
use command::{Arity, Command, Error, Flags, Flow, Group as Chapter, Spec};

pub(super) const TABLE: &[&SentinelCommand] = &[&SENTINEL];

const SENTINEL: SentinelCommand = Command::container(
    |_, _| Err(Error::arity("sentinel")),
    Spec {
        name: "sentinel",
        syntax: "subcommand",
        summary: "Questions and orders about what is watched.",
        complexity: "Depends on subcommand.",
        arity: Arity::AtLeast(2),
        ..SUB
    },
    &[
        &quorum::CKQUORUM,
        &config::CONFIG,
        &debug::DEBUG,
        &failover::FAILOVER,
        &failover::FAILOVERS,
        &membership::FLUSHCONFIG,
        &address::GET_MASTER_ADDR_BY_NAME,
        &HELP,
        &cache::INFO_CACHE,
        &address::IS_MASTER_DOWN_BY_ADDR,
        &show::MASTER,
        &show::MASTERS,
        &membership::MONITOR,
        &MYID,
        &scripts::PENDING_SCRIPTS,
        &membership::REMOVE,
        &show::REPLICAS,
        &reset::RESET,
        &show::SENTINELS,
        &set::SET,
        &debug::SIMULATE_FAILURE,
        &show::SLAVES,
    ],
);

/// What the subcommands share.
const SUB: Spec = Spec { since: "2.8.4", flags: Flags::ADMIN, ..Spec::of(Chapter::Sentinel) };

const MYID: SentinelCommand = Command::new(
    |cx, _| {
        cx.reply.bulk(cx.sentinel.me.id.as_bytes());
        Ok(Flow::Done)
    },
    Spec {
        name: "myid",
        summary: "Tells the id of this Sentinel.",
        since: "6.2.0",
        arity: Arity::Exactly(2),
        ..SUB
    },
);

const HELP: SentinelCommand = Command::new(
    |cx, _| help(cx, &SENTINEL),
    Spec {
        name: "help",
        summary: "Shows what SENTINEL can do.",
        since: "6.2.0",
        arity: Arity::Exactly(2),
        flags: Flags::LOADING.and(Flags::STALE),
        ..SUB
    },
);

/// The group of this name, or Redis's words for that there is none.
fn group<'a>(cx: &'a SentinelCx<'_>, name: &[u8]) -> Result<&'a Group, Error> {
    cx.sentinel.group(name).ok_or(Error::fixed("ERR No such master with that name"))
}

fn group_id(cx: &SentinelCx<'_>, name: &[u8]) -> Result<GroupId, Error> {
    group(cx, name).map(|group| group.id)
}

/// A word that will be a line of the file.
fn text(word: &[u8]) -> Option<String> {
    String::from_utf8(word.to_vec()).ok()
}
