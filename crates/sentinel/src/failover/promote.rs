//! Choosing a replica and making a primary of it.

use super::choose::{self, Candidate, Limits};
use super::{Phase, Step, abandon};
use crate::group::{Group, Replica};
use crate::news::{Cx, News, describe};
use crate::orders;
use crate::report::Role;
use world::Level;

/// How long the answers of the candidates are waited for.
pub(super) const CHOOSE_MS: u64 = 500;
/// How often who has been told is asked whether it has done it.
pub(super) const LOOK_MS: u64 = 50;

/// What they say now is what counts: the candidates are asked again before the choice.
pub(super) fn ask_candidates(group: &Group, cx: &mut Cx<'_>) {
    for replica in &group.replicas {
        cx.links.ask_info_again(replica.it.link, cx.now, cx.ledger);
    }
}

/// Chooses, as soon as everybody has answered who can.
pub(super) fn choose(group: &mut Group, cx: &mut Cx<'_>) {
    let failover = group.failover.as_ref().expect("we choose");
    let Phase::Choosing { asked } = failover.phase else { return };
    let answered = |it: &Replica| it.it.info.as_ref().is_some_and(|(_, at)| *at > asked);
    let can = |it: &Replica| !it.it.is_down() && cx.links.get(it.it.link).is_connected();
    let waiting = group.replicas.iter().any(|it| can(it) && !answered(it));
    if waiting && cx.now.ms_since(asked) < CHOOSE_MS {
        return;
    }
    let candidates: Vec<Candidate> = group.replicas.iter().map(|it| candidate(it, cx)).collect();
    let limits = limits(group, cx);
    let best = choose::best(&candidates, limits).map(|it| it.id);
    for it in &candidates {
        let run_id = it.run_id.as_deref().unwrap_or("unknown");
        let verdict = match choose::refusal(it, limits) {
            Some(refusal) => format!("refused, {refusal}"),
            None if Some(it.id) == best => "chosen".to_owned(),
            None => "fit, but another is better".to_owned(),
        };
        let text = format!(
            "Candidate {} for {}: priority {}, offset {}, run id {run_id}: {verdict}",
            it.name, group.name, it.priority, it.offset
        );
        cx.log(Level::Notice, text);
    }
    let Some(chosen) = best else {
        // A primary that lost data and whom nobody can replace is better than none.
        group.primary.rebooted = None;
        group.fruitless += 1;
        let until = cx.now.after_ms(fruitless_ms(group));
        restore_role(group, cx);
        abandon(group, cx, Step::NobodyFits, "-failover-abort-no-good-slave");
        group.hold = crate::group::Hold::Turn(until);
        return;
    };
    let now = cx.now;
    let failover = group.failover.as_mut().expect("we choose");
    failover.enter(Step::Chosen, Phase::Promoting { chosen, told: None, asked: now }, now);
    let replica = group.replica(chosen).expect("it was among the candidates");
    let (address, name) = (replica.it.address.clone(), replica.it.name.clone());
    let failover = group.failover.as_mut().expect("we choose");
    failover.timeline.to = Some(address);
    failover.timeline.mark("chosen", name, now);
    let about = &group.replica(chosen).expect("it was among the candidates").it;
    cx.event(Level::Warning, "+selected-slave", group, about, "");
    cx.event(Level::Notice, "+failover-state-send-slaveof-noone", group, about, "");
}

/// Whether anybody would be chosen now.
pub(crate) fn has_candidate(group: &Group, cx: &Cx<'_>) -> bool {
    let candidates: Vec<Candidate> = group.replicas.iter().map(|it| candidate(it, cx)).collect();
    choose::best(&candidates, limits(group, cx)).is_some()
}

/// Who should be the primary calls itself a replica, follows nobody who lives, and is the only one that has data: it is
/// told what it is.
fn restore_role(group: &Group, cx: &mut Cx<'_>) {
    let primary = &group.primary;
    let has_data = !primary.loading && primary.history.offset > 1;
    let is_alone = primary.role == Role::Replica && primary.follows.is_none();
    if is_alone && has_data && orders::lead_again(group, cx) {
        cx.links.ask_info_again(primary.link, cx.now, cx.ledger);
        let text =
            format!("{}: the master says that it is a replica, and is told not to be", group.name);
        cx.log(Level::Warning, text);
    }
}

/// After nobody was fit, it is tried again, later each time.
const NOBODY_MS: u64 = 2000;

/// How long we wait after so many elections that came to nothing, as long as nobody becomes fit.
pub(super) fn fruitless_ms(group: &Group) -> u64 {
    let longest = 2 * group.settings.failover_timeout_ms;
    (NOBODY_MS << group.fruitless.clamp(1, 11) >> 1).min(longest)
}

fn candidate(replica: &Replica, cx: &Cx<'_>) -> Candidate {
    let (it, report) = (&replica.it, &replica.report);
    let link = cx.links.get(it.link);
    // What was said over an earlier connection was said before a restart, perhaps.
    let is_of_this_connection =
        it.info.as_ref().is_some_and(|(_, at)| link.command.since().is_some_and(|it| *at >= it));
    // Who calls itself a primary does not say how far it is as a replica.
    let astray = it.role == Role::Master;
    let offset = if astray { it.history.offset } else { report.offset };
    let offset_of_something = offset > 1;
    Candidate {
        id: it.id,
        name: it.name.clone(),
        down: it.is_down(),
        connected: link.is_connected(),
        silent_ms: cx.now.ms_since(link.health.ok),
        info_age_ms: it.info_age_ms(cx.now).filter(|_| is_of_this_connection),
        loading: it.loading,
        // An offset beyond the first byte is a place in a history that it has had in whole.
        synced: report.link_up || replica.has_synced || offset_of_something,
        verified: replica.verified,
        link_down_ms: report.link_down_ms.unwrap_or(0),
        astray,
        priority: report.priority,
        offset,
        run_id: it.run_id.clone(),
    }
}

fn limits(group: &Group, cx: &Cx<'_>) -> Limits {
    let primary = &group.primary;
    let down_ms = primary.down_since.map_or(0, |since| cx.now.ms_since(since));
    // Where who should be the primary is none, nobody has had a link to a primary, for however long.
    let no_primary = primary.is_down() && primary.role == Role::Replica;
    let link_down_ms = down_ms + 10 * group.settings.down_after_ms;
    Limits {
        silent_ms: 5 * cx.me.periods.ping_ms,
        info_age_ms: if primary.is_down() { 5000 } else { 3 * cx.me.periods.info_ms },
        link_down_ms: if no_primary { u64::MAX } else { link_down_ms },
        synced_only: cx.me.rules.synced_only,
    }
}

/// Tells the chosen one, and asks until it has become a primary.
pub(super) fn go_on(group: &mut Group, cx: &mut Cx<'_>) {
    let timeout_ms = group.settings.failover_timeout_ms;
    let failover = group.failover.as_mut().expect("we promote");
    let Phase::Promoting { chosen, told, asked } = &mut failover.phase else { return };
    if cx.now.ms_since(failover.since) > timeout_ms {
        return abandon(group, cx, Step::TimedOut, "-failover-abort-slave-timeout");
    }
    let (chosen, first) = (*chosen, told.is_none());
    if !first && cx.now.ms_since(*asked) < LOOK_MS {
        return;
    }
    *asked = cx.now;
    let link = group.replica(chosen).expect("the chosen one stays").it.link;
    if !first {
        cx.links.ask_info(link, cx.now, cx.ledger);
        return;
    }
    if !cx.links.get(link).is_connected() || !orders::follow_nobody(group, chosen, cx) {
        return;
    }
    // Its own words are what counts. Right behind the order they come as fast as they can.
    cx.links.ask_info_again(link, cx.now, cx.ledger);
    let failover = group.failover.as_mut().expect("we promote");
    if let Phase::Promoting { told, .. } = &mut failover.phase {
        *told = Some(cx.now);
    }
    // From here on it counts: the time until it is given up begins anew.
    failover.since = cx.now;
    let about = &group.replica(chosen).expect("the chosen one stays").it;
    cx.event(Level::Notice, "+failover-state-wait-promotion", group, about, "");
}

/// It says that it is a primary: the new configuration is in force.
pub(crate) fn promoted(group: &mut Group, cx: &mut Cx<'_>) {
    let now = cx.now;
    let failover = group.failover.as_mut().expect("a promotion");
    let Some(promoted) = failover.chosen() else { return };
    group.config_epoch = failover.epoch;
    cx.changed();
    failover.enter(Step::Promoted, Phase::Reconfiguring { promoted, asked: now }, now);
    failover.timeline.mark("promoted", "", now);
    let replica = group.replica(promoted).expect("the chosen one stays");
    cx.event(Level::Warning, "+promoted-slave", group, &replica.it, "");
    if cx.me.crash_after_promotion {
        cx.news.push_back(News::Crash);
    }
    cx.event(Level::Warning, "+failover-state-reconf-slaves", group, &group.primary, "");
    cx.reconfigure_clients(group, "leader", &group.primary.address, &replica.it.address);
    let text = describe(group, &replica.it, cx.names);
    cx.log(Level::Verbose, format!("{text} is the master of epoch {}", group.config_epoch));
    crate::greet::greet_all(group, cx);
}
