//! SENTINEL FAILOVER: a failover because somebody wants one.

use super::{SUB, group_id};
use crate::commands::{SentinelCommand, SentinelCx};
use crate::failover;
use command::{Args, Arity, Command, Error, Flow, Outcome, Spec};
use world::Level;

pub(super) const FAILOVER: SentinelCommand = Command::new(
    fail_over,
    Spec {
        name: "failover",
        syntax: "master-name",
        summary: "Promotes a replica, without asking the other Sentinels.",
        arity: Arity::Exactly(3),
        ..SUB
    },
);

fn fail_over(cx: &mut SentinelCx<'_>, mut args: Args<'_>) -> Outcome {
    let id = group_id(cx, args.word()?)?;
    let started = cx.sentinel.with(id, |group, cx| {
        if group.failover.is_some() {
            return Err(Error::fixed("INPROG Failover already in progress"));
        }
        if !failover::has_candidate(group, cx) {
            return Err(Error::fixed("NOGOODSLAVE No suitable replica to promote"));
        }
        let text = format!("Executing user requested FAILOVER of '{}'", group.name);
        cx.log(Level::Notice, text);
        failover::start(group, cx, true);
        Ok(())
    });
    started.expect("the group was just found")?;
    cx.sentinel.look_at(id);
    cx.reply.ok();
    Ok(Flow::Done)
}
