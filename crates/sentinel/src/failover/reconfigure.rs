//! Pointing the others at the new primary, a few at a time.

use super::promote::LOOK_MS;
use super::{Phase, Step, next, remember, switch};
use crate::group::{Group, InstanceId, Reconf};
use crate::news::Cx;
use crate::orders;
use world::Level;

/// Clients are told of the switch after this time at the latest, however long the replicas take.
const SWITCH_MS: u64 = 100;

/// Tells as many replicas as may follow at once; ends when all have, or the time is up.
pub(super) fn go_on(group: &mut Group, cx: &mut Cx<'_>) {
    let Some(failover) = &mut group.failover else { return };
    let (since, switched) = (failover.since, failover.switched);
    let Phase::Reconfiguring { promoted, asked } = &mut failover.phase else { return };
    let (promoted, look) = (*promoted, cx.now.ms_since(*asked) >= LOOK_MS);
    if look {
        *asked = cx.now;
    }
    tell_next(group, cx, promoted);
    if look {
        ask_those_on_their_way(group, cx);
    }
    if is_complete(group, promoted, switched) {
        return end(group, cx, promoted, false);
    }
    if cx.now.ms_since(since) > group.settings.failover_timeout_ms {
        cx.event(Level::Warning, "+failover-end-for-timeout", group, &group.primary, "");
        return end(group, cx, promoted, true);
    }
    if !switched && cx.now.ms_since(since) >= SWITCH_MS {
        announce(group, cx, promoted);
    }
}

/// Everybody who can be reached follows. The promoted one must be reachable, or nothing can be said.
fn is_complete(group: &Group, promoted: InstanceId, switched: bool) -> bool {
    let reachable = match switched {
        true => !group.primary.is_down(),
        false => group.replica(promoted).is_some_and(|it| !it.it.is_down()),
    };
    let open = |it: &crate::group::Replica| {
        it.it.id != promoted && it.reconf != Reconf::Done && !it.it.is_down() && it.verified
    };
    reachable && !group.replicas.iter().any(open)
}

fn tell_next(group: &mut Group, cx: &mut Cx<'_>, promoted: InstanceId) {
    let ids: Vec<InstanceId> = group.replicas.iter().map(|it| it.it.id).collect();
    let parallel_syncs = group.settings.parallel_syncs;
    let mut under_way = group.replicas.iter().filter(|it| it.is_reconfiguring()).count();
    for id in ids {
        let replica = group.replica_mut(id).expect("nobody goes while we look");
        if id == promoted || replica.reconf == Reconf::Done || !replica.verified {
            continue;
        }
        let may_follow = under_way < parallel_syncs;
        match replica.reconf {
            Reconf::Sent(at) if cx.now.ms_since(at) > cx.me.periods.reconf_ms => {
                replica.reconf = Reconf::Done;
                under_way -= 1;
                let about = &group.replica(id).expect("nobody goes while we look").it;
                cx.event(Level::Notice, "-slave-reconf-sent-timeout", group, about, "");
            }
            Reconf::None => {
                let told = may_follow && tell(group, cx, id, "+slave-reconf-sent");
                under_way += usize::from(told);
            }
            _ => {}
        }
    }
}

fn tell(group: &mut Group, cx: &mut Cx<'_>, id: InstanceId, event: &'static str) -> bool {
    let target = group.current_address().clone();
    let link = group.replica(id).expect("nobody goes while we look").it.link;
    if !cx.links.get(link).is_connected() || !orders::follow(group, id, &target, cx) {
        return false;
    }
    let now = cx.now;
    group.replica_mut(id).expect("nobody goes while we look").reconf = Reconf::Sent(now);
    let about = &group.replica(id).expect("nobody goes while we look").it;
    cx.event(Level::Notice, event, group, about, "");
    cx.links.ask_info_again(link, now, cx.ledger);
    true
}

fn ask_those_on_their_way(group: &Group, cx: &mut Cx<'_>) {
    for replica in group.replicas.iter().filter(|it| it.is_reconfiguring()) {
        cx.links.ask_info(replica.it.link, cx.now, cx.ledger);
    }
}

/// INFO of a replica says whom it follows now, and whether its link is up.
pub(crate) fn heard(group: &mut Group, id: InstanceId, cx: &mut Cx<'_>) {
    let target = group.current_address().clone();
    let Some(replica) = group.replica_mut(id) else { return };
    let follows = replica.report.master.as_ref().is_some_and(|it| cx.names.same(it, &target));
    if matches!(replica.reconf, Reconf::Sent(_)) && follows {
        replica.reconf = Reconf::InProgress;
        let about = &group.replica(id).expect("it was there").it;
        cx.event(Level::Notice, "+slave-reconf-inprog", group, about, "");
    }
    let replica = group.replica_mut(id).expect("it was there");
    if replica.reconf == Reconf::InProgress && replica.report.link_up {
        replica.reconf = Reconf::Done;
        let (name, now) = (replica.it.name.clone(), cx.now);
        let about = &group.replica(id).expect("it was there").it;
        cx.event(Level::Notice, "+slave-reconf-done", group, about, "");
        if let Some(failover) = &mut group.failover {
            failover.timeline.mark("reconfigured", name, now);
        }
    }
}

/// The switch is made known.
fn announce(group: &mut Group, cx: &mut Cx<'_>, promoted: InstanceId) {
    let address = group.current_address().clone();
    let now = cx.now;
    let failover = group.failover.as_mut().expect("we reconfigure");
    failover.switched = true;
    failover.timeline.mark("announced", "", now);
    let old = group.primary.address.clone();
    switch(group, cx, &address);
    // Its new id stands for the promoted one from here on.
    let primary = group.primary.id;
    let failover = group.failover.as_mut().expect("we reconfigure");
    if let Phase::Reconfiguring { promoted: known, .. } = &mut failover.phase {
        assert_eq!(*known, promoted);
        *known = primary;
    }
    demote(group, cx, &old);
}

/// The old primary, if it is there after all, follows too, and at once: what is written to it now is lost.
fn demote(group: &mut Group, cx: &mut Cx<'_>, old: &crate::address::Address) {
    let found = group.replicas.iter_mut().find(|it| cx.names.same(&it.it.address, old));
    let Some(replica) = found else { return };
    // It is not waited for: it may be as dead as it seemed.
    replica.reconf = Reconf::Done;
    let (id, link) = (replica.it.id, replica.it.link);
    let health = &cx.links.get(link).health;
    let answers = health.awaiting_since.is_none() && cx.links.get(link).is_connected();
    let target = group.primary.address.clone();
    if answers && orders::follow(group, id, &target, cx) {
        let about = &group.replica(id).expect("it was found").it;
        cx.event(Level::Notice, "+convert-to-slave", group, about, "");
    }
}

fn end(group: &mut Group, cx: &mut Cx<'_>, promoted: InstanceId, timeout: bool) {
    cx.event(Level::Warning, "+failover-end", group, &group.primary, "");
    if timeout {
        // A last attempt with everybody who has not been told.
        let open = |it: &&crate::group::Replica| it.it.id != promoted && it.reconf == Reconf::None;
        let ids: Vec<InstanceId> = group.replicas.iter().filter(open).map(|it| it.it.id).collect();
        for id in ids {
            tell(group, cx, id, "+slave-reconf-sent-be");
        }
    }
    if group.failover.as_ref().is_some_and(|it| !it.switched) {
        announce(group, cx, promoted);
    }
    finish(group, cx, if timeout { Step::TimedOut } else { Step::Ended });
}

/// The failover is history.
pub(crate) fn finish(group: &mut Group, cx: &mut Cx<'_>, step: Step) {
    let failover = group.failover.take().expect("a failover that ends");
    assert_eq!(next(failover.phase.kind(), step), Some(None), "{:?} by {step:?}", failover.phase);
    group.replicas.iter_mut().for_each(|it| it.reconf = Reconf::None);
    let mut timeline = failover.timeline;
    timeline.mark("ended", "", cx.now);
    cx.log(Level::Notice, timeline.line(&group.name));
    remember(group, timeline);
}

/// The new primary is down in its turn: what was left to do with its replicas is not done any more.
pub(crate) fn finish_early(group: &mut Group, cx: &mut Cx<'_>) {
    cx.event(Level::Warning, "+failover-end", group, &group.primary, "");
    finish(group, cx, Step::Ended);
}
