//! SENTINEL: everything about what is watched.

mod address;
mod failover;
mod show;

use super::{SentinelCommand, SentinelCx, help};
use crate::group::{Group, GroupId};
use command::{Arity, Categories, Command, Error, Flags, Flow, Group as Chapter, Spec};

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
        &failover::FAILOVER,
        &address::GET_MASTER_ADDR_BY_NAME,
        &HELP,
        &address::IS_MASTER_DOWN_BY_ADDR,
        &show::MASTER,
        &show::MASTERS,
        &MYID,
        &show::REPLICAS,
        &show::SENTINELS,
        &show::SLAVES,
    ],
);

/// What the subcommands share.
const SUB: Spec = Spec {
    since: "2.8.4",
    flags: Flags::ADMIN,
    categories: Categories::NONE,
    ..Spec::of(Chapter::Sentinel)
};

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
