//! Where a primary is, and whether it is down: what clients and other Sentinels ask.

use super::SUB;
use crate::address::Address;
use crate::agree;
use crate::commands::{SentinelCommand, SentinelCx};
use command::{Args, Arity, Command, Flow, Outcome, Spec};

pub(super) const GET_MASTER_ADDR_BY_NAME: SentinelCommand = Command::new(
    |cx, mut args| {
        let Some(group) = cx.sentinel.group(args.word()?) else {
            cx.reply.null_array();
            return Ok(Flow::Done);
        };
        let address = group.current_address();
        cx.reply.array(2);
        cx.reply.bulk(cx.sentinel.names.announced(&address.host).as_bytes());
        cx.reply.bulk_int(address.port.into());
        Ok(Flow::Done)
    },
    Spec {
        name: "get-master-addr-by-name",
        syntax: "master-name",
        summary: "Tells where the primary of a name is.",
        arity: Arity::Exactly(3),
        ..SUB
    },
);

pub(super) const IS_MASTER_DOWN_BY_ADDR: SentinelCommand = Command::new(
    is_master_down,
    Spec {
        name: "is-master-down-by-addr",
        syntax: "ip port current-epoch runid",
        summary: "Tells another Sentinel whether a primary seems down, and whom we vote for.",
        arity: Arity::Exactly(6),
        ..SUB
    },
);

fn is_master_down(cx: &mut SentinelCx<'_>, mut args: Args<'_>) -> Outcome {
    let text = |word: &[u8]| String::from_utf8_lossy(word).into_owned();
    let host = text(args.word()?);
    let (port, epoch) = (args.int()?, args.int()?);
    let candidate = text(args.word()?);
    if candidate != "*" {
        cx.session().awaits_vote = true;
    }
    let asker = cx.session().peer_id().map(str::to_owned);
    let sentinel = &mut *cx.sentinel;
    let address = u16::try_from(port).ok().map(|port| Address::new(host, port));
    let found = address.and_then(|address| {
        let mut groups = sentinel.groups.values();
        groups.find(|it| sentinel.names.same(&it.primary.address, &address)).map(|it| it.id)
    });
    let tilted = sentinel.clock.is_tilted();
    let answer = found.and_then(|id| {
        let answer = sentinel.with(id, |group, cx| {
            agree::answer(group, cx, asker.as_deref(), epoch.max(0) as u64, &candidate, tilted)
        });
        sentinel.look_at(id);
        answer
    });
    cx.reply.array(3);
    match answer {
        Some(answer) => {
            cx.reply.int(i64::from(answer.down));
            cx.reply.bulk(answer.leader.as_deref().unwrap_or("*").as_bytes());
            cx.reply.int(answer.epoch as i64);
        }
        None => {
            cx.reply.int(0);
            cx.reply.bulk(b"*");
            cx.reply.int(0);
        }
    }
    Ok(Flow::Done)
}
