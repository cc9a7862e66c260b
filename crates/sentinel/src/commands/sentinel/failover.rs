//! SENTINEL FAILOVER and FAILOVERS: a failover because somebody wants one, and how the last ones went.

use super::{SUB, group, group_id};
use crate::belief;
use crate::commands::{SentinelCommand, SentinelCx};
use crate::failover::{self, Timeline};
use command::{Args, Arity, Command, Error, Flow, Outcome, Spec, Writer};
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
        if belief::next_epoch(cx.me.current_epoch).is_none() {
            return Err(Error::fixed("ERR No epoch is left for a failover"));
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

pub(super) const FAILOVERS: SentinelCommand = Command::new(
    |cx, mut args| {
        let id = group(cx, args.word()?)?.id;
        let timelines = &cx.sentinel.groups[&id].timelines;
        cx.reply.array(timelines.len());
        for timeline in timelines {
            write_timeline(&mut cx.reply, timeline);
        }
        Ok(Flow::Done)
    },
    Spec {
        name: "failovers",
        syntax: "master-name",
        summary: "Shows the latest failovers of a name, step by step. Redis does not have this.",
        complexity: "O(N), N being the number of failovers that are remembered",
        since: "7.2.0",
        arity: Arity::Exactly(3),
        ..SUB
    },
);

/// A failover with its steps: each a word, what it was about, and milliseconds since the beginning.
fn write_timeline(w: &mut Writer<'_>, timeline: &Timeline) {
    w.map(6);
    w.bulk(b"epoch");
    w.int(timeline.epoch as i64);
    w.bulk(b"role");
    w.bulk(timeline.role.as_bytes());
    w.bulk(b"from");
    w.bulk(timeline.from.to_string().as_bytes());
    w.bulk(b"to");
    let to = timeline.to.as_ref().map(ToString::to_string);
    w.bulk_or_null(to.as_ref().map(String::as_bytes));
    w.bulk(b"began-at");
    w.int(timeline.began_at.ms() as i64);
    w.bulk(b"steps");
    w.array(timeline.steps.len());
    for (step, what, ms) in &timeline.steps {
        w.array(3);
        w.bulk(step.as_bytes());
        w.bulk(what.as_bytes());
        w.int(*ms as i64);
    }
}
