//! SENTINEL MONITOR and REMOVE: what is watched; FLUSHCONFIG: that the file says so.

use super::{SUB, group_id, text};
use crate::commands::{SentinelCommand, SentinelCx};
use crate::state::{SavedGroup, directives};
use command::{Args, Arity, Command, Error, Outcome, Spec};
use world::Level;

pub(super) const MONITOR: SentinelCommand = Command::new(
    monitor,
    Spec {
        name: "monitor",
        syntax: "name ip port quorum",
        summary: "Begins to watch a primary, its replicas and its other Sentinels.",
        arity: Arity::Exactly(6),
        ..SUB
    },
);

fn monitor(cx: &mut SentinelCx<'_>, mut args: Args<'_>) -> Outcome {
    let (name, host, port) = (args.word()?, args.word()?, args.word()?);
    let number = |word: &[u8], error| stdx::integer::parse_i64(word).ok_or(Error::fixed(error));
    let quorum = number(args.word()?, "ERR Invalid quorum")?;
    let port = number(port, "ERR Invalid port")?;
    if quorum <= 0 {
        return Err(Error::fixed("ERR Quorum must be 1 or greater."));
    }
    let is_allowed = |host: &String| {
        !host.is_empty() && (cx.sentinel.me.resolve_hostnames || directives::is_address(host))
    };
    let host = text(host).filter(is_allowed);
    let host = host.ok_or(Error::fixed("ERR Invalid IP address or hostname specified"))?;
    let port = u16::try_from(port).map_err(|_| Error::fixed("ERR Invalid port number."))?;
    let name = text(name).ok_or(Error::fixed("ERR A master name has to be UTF-8 text."))?;
    if cx.sentinel.by_name.contains_key(&name) {
        return Err(Error::fixed("ERR Duplicate master name."));
    }
    if let Some(warning) = directives::name_warning(&name) {
        cx.sentinel.log(Level::Warning, warning);
    }
    let periods = cx.sentinel.me.periods;
    let saved = SavedGroup {
        down_after_ms: periods.down_after_ms,
        failover_timeout_ms: periods.failover_timeout_ms,
        ..SavedGroup::new(&name, &host, port, u32::try_from(quorum).unwrap_or(u32::MAX))
    };
    let id = cx.sentinel.add_group(&saved);
    let outcome = cx.save();
    cx.sentinel.say_monitored(id);
    cx.sentinel.look_at(id);
    outcome
}

pub(super) const REMOVE: SentinelCommand = Command::new(
    |cx, mut args| {
        let id = group_id(cx, args.word()?)?;
        cx.sentinel.with(id, |group, cx| {
            cx.event(Level::Warning, "-monitor", group, &group.primary, "");
        });
        cx.sentinel.remove_group(id);
        cx.save()
    },
    Spec {
        name: "remove",
        syntax: "master-name",
        summary: "Ends watching a name.",
        arity: Arity::Exactly(3),
        ..SUB
    },
);

pub(super) const FLUSHCONFIG: SentinelCommand = Command::new(
    |cx, _| cx.save(),
    Spec {
        name: "flushconfig",
        summary: "Writes the file anew, with everything that has to survive a restart.",
        arity: Arity::Exactly(2),
        ..SUB
    },
);
