//! The round of a group: who is down, who agrees, what follows. It is made whenever something was heard, and when a
//! deadline has passed.

use crate::agree::{self, Ask};
use crate::down::{self, Case};
use crate::failover;
use crate::greet;
use crate::group::{Group, Hold, InstanceId};
use crate::news::Cx;
use stdx::Instant;
use world::Level;

/// Looks at everything, decides what can be decided, and says when to look again.
pub(crate) fn round(group: &mut Group, cx: &mut Cx<'_>, tilted: bool) -> Instant {
    greet::greet_due(group, cx);
    if !tilted {
        judge_all(group, cx);
        agree::check(group, cx);
        start_if_needed(group, cx);
        failover::advance(group, cx);
        agree::ask(group, cx, Ask::Due);
    }
    set_paces(group, cx);
    next_round(group, cx, tilted)
}

fn judge_all(group: &mut Group, cx: &mut Cx<'_>) {
    let all: Vec<InstanceId> = group.instances().map(|it| it.id).collect();
    for id in all {
        judge(group, cx, id);
    }
}

/// Is this one down, as far as we can tell?
fn judge(group: &mut Group, cx: &mut Cx<'_>, id: InstanceId) {
    let is_primary = group.primary.id == id;
    let down_after_ms = group.settings.down_after_ms;
    let reboot_down_after_ms = group.settings.reboot_down_after_ms;
    let it = group.instance_mut(id).expect("it is in the group");
    let link = cx.links.get(it.link);
    let silent_ms = it.silent_ms(&link.health, cx.now);
    let info_ms = cx.me.periods.info_ms;
    let case =
        Case { instance: it, is_primary, silent_ms, down_after_ms, reboot_down_after_ms, info_ms };
    let verdict = down::verdict(case, cx.now);
    let shown = group.replica(id).is_none_or(|it| it.verified);
    let it = group.instance_mut(id).expect("it is in the group");
    match (verdict, it.down_since) {
        (Some(reason), None) => {
            it.down_since = Some(cx.now);
            it.last_down = Some(cx.now);
            if !shown {
                return;
            }
            let about = group.instance(id).expect("it is in the group");
            cx.event(Level::Warning, "+sdown", group, about, "");
            if reason != down::Reason::Silent {
                let text = format!("{} is taken for down: {}", about.name, reason.sentence());
                cx.log(Level::Notice, text);
            }
        }
        (None, Some(_)) => {
            it.down_since = None;
            it.script_killed = false;
            if shown {
                let about = group.instance(id).expect("it is in the group");
                cx.event(Level::Warning, "-sdown", group, about, "");
            }
        }
        _ => {}
    }
}

/// Begins a failover where the primary is down for all of us, and nothing speaks against it.
fn start_if_needed(group: &mut Group, cx: &mut Cx<'_>) {
    if group.objectively_down.is_none() {
        if matches!(group.hold, Hold::Turn(_)) {
            group.hold = Hold::None;
        }
        return;
    }
    if group.failover.is_some() {
        // A promoted primary that is down in its turn ends the old failover, and gets its own.
        let over = group.failover.as_ref().is_some_and(|it| it.switched);
        if !over {
            return;
        }
        failover::finish_early(group, cx);
    }
    let primary = &group.primary;
    let silent_ms = primary.silent_ms(&cx.links.get(primary.link).health, cx.now);
    if silent_ms <= group.settings.down_after_ms && group.follows_stranger(cx.names).is_some() {
        // It is well, and has a primary that is well: nothing has failed that a failover could mend.
        return;
    }
    if cx.me.disk_fails {
        // Our vote for ourselves would not last.
        return;
    }
    match failover::hold_until(group, cx) {
        Some(until) => {
            if let Hold::Voted { until, .. } | Hold::Failed { until } = group.hold
                && !std::mem::replace(&mut group.delay_said, true)
            {
                failover::say_delay(group, cx, until);
            }
            group.held_until = Some(until);
        }
        None => {
            group.delay_said = false;
            group.held_until = None;
            failover::start(group, cx, false);
        }
    }
}

/// Tells the links how often each instance is to be pinged and asked.
fn set_paces(group: &Group, cx: &mut Cx<'_>) {
    for it in group.instances() {
        cx.links.set_pace(it.link, group.pace(it.id, cx.now, &cx.me.periods));
    }
}

fn next_round(group: &Group, cx: &Cx<'_>, tilted: bool) -> Instant {
    let far = Instant(u64::MAX);
    let hello = greet::next_greeting(group, cx).unwrap_or(far);
    if tilted {
        return hello;
    }
    let settings = &group.settings;
    let info_ms = cx.me.periods.info_ms;
    let verdicts = group.instances().filter(|it| !it.is_down()).filter_map(|it| {
        let is_primary = it.id == group.primary.id;
        let reboot_ms = settings.reboot_down_after_ms;
        down::next_verdict(it, cx.links, settings.down_after_ms, is_primary, reboot_ms, info_ms)
    });
    // An opinion that is too old stops counting.
    let opinion_ms = cx.me.periods.opinion_ms();
    let opinions = group.peers.iter().filter_map(|it| it.opinion);
    let opinions = opinions
        .filter(|it| it.down && group.primary.is_down())
        .map(|it| it.at.after_ms(opinion_ms + 1));
    let held = group.held_until.filter(|_| group.objectively_down.is_some());
    let failover = failover::deadline(group);
    let ask = agree::next_ask(group, cx);
    let all = [held, failover, ask].into_iter().flatten();
    all.chain(verdicts).chain(opinions).filter(|at| *at > cx.now).min().unwrap_or(far).min(hello)
}
