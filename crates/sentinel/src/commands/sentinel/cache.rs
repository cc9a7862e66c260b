//! SENTINEL INFO-CACHE: the last INFO of every server of some names.

use super::SUB;
use crate::commands::{SentinelCommand, SentinelCx};
use crate::group::{Group, Instance};
use command::{Args, Arity, Command, Flow, Outcome, Spec, Writer};
use stdx::Instant;

pub(super) const INFO_CACHE: SentinelCommand = Command::new(
    info_cache,
    Spec {
        name: "info-cache",
        syntax: "nodename [nodename ...]",
        summary: "Shows what INFO said last, of the primary and the replicas of names.",
        complexity: "O(N), N being the number of servers",
        since: "3.2.0",
        arity: Arity::AtLeast(3),
        ..SUB
    },
);

fn info_cache(cx: &mut SentinelCx<'_>, args: Args<'_>) -> Outcome {
    let mut groups: Vec<&Group> = Vec::new();
    // A name that is not watched is passed over, one that is said twice is shown once.
    for name in args.rest().iter() {
        let known = cx.sentinel.group(name);
        groups.extend(known.filter(|group| groups.iter().all(|it| it.id != group.id)));
    }
    let now = cx.sentinel.clock.now();
    cx.reply.array(groups.len() * 2);
    for group in groups {
        let replicas = group.replicas.iter().filter(|it| it.verified).map(|it| &it.it);
        cx.reply.bulk(group.name.as_bytes());
        cx.reply.array(1 + replicas.clone().count());
        for it in std::iter::once(&group.primary).chain(replicas) {
            write(&mut cx.reply, it, now);
        }
    }
    Ok(Flow::Done)
}

/// How old it is, and what it says.
fn write(w: &mut Writer<'_>, it: &Instance, now: Instant) {
    w.array(2);
    w.int(it.info_age_ms(now).unwrap_or(0) as i64);
    match &it.info {
        Some((text, _)) => w.bulk(text),
        None => w.null(),
    }
}
