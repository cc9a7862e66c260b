//! What an INFO reply changes: roles, replicas that were not known, a place in a history.

use crate::address::Address;
use crate::belief;
use crate::failover::{self, Phase};
use crate::group::{Group, InstanceId, Reboot};
use crate::news::Cx;
use crate::orders;
use crate::reboot;
use crate::report::{Report, Role};
use std::rc::Rc;
use world::Level;

/// INFO of an instance has come.
pub(crate) fn refresh(
    group: &mut Group,
    cx: &mut Cx<'_>,
    id: InstanceId,
    text: &Rc<[u8]>,
    tilted: bool,
) {
    let report = Report::parse(text);
    let is_primary = group.primary.id == id;
    let Some(it) = group.instance_mut(id) else { return };
    it.info = Some((Rc::clone(text), cx.now));
    it.loading = report.loading;
    reboot::note_run_id(group, cx, id, &report);
    if is_primary {
        discover(group, cx, &report);
    } else {
        note_replica(group, cx, id, &report);
    }
    note_role(group, cx, id, &report);
    let it = group.instance_mut(id).expect("it was there");
    it.history = report.history;
    it.keys = report.keys;
    let follows = report.role == Role::Replica && report.replica.link_up;
    it.follows = report.replica.master.clone().filter(|_| follows);
    if is_primary {
        say_whom_it_follows(group, cx);
    }
    reboot::judge(group, cx);
    if tilted || is_primary {
        return;
    }
    match report.role {
        Role::Master => is_master_now(group, cx, id),
        Role::Replica => {
            failover::heard(group, id, cx);
            correct_source(group, cx, id);
        }
        Role::Unknown => {}
    }
}

/// The operator has named a replica: said once for each primary that it has.
fn say_whom_it_follows(group: &mut Group, cx: &mut Cx<'_>) {
    let Some(source) = group.follows_stranger(cx.names).cloned() else { return };
    if group.said_to_follow.as_ref() == Some(&source) {
        return;
    }
    let text = format!(
        "{}: {} is a replica of {source}; monitor that",
        group.name.escape_debug(),
        group.primary.address
    );
    cx.log(Level::Warning, text);
    group.said_to_follow = Some(source);
}

/// Replicas that the primary lists.
fn discover(group: &mut Group, cx: &mut Cx<'_>, report: &Report) {
    let may_be_used = |address: &&Address| {
        address.port != 0 && belief::is_host(&address.host, cx.me.resolve_hostnames)
    };
    let believed: Vec<&Address> = report.replicas.iter().filter(may_be_used).collect();
    for address in believed {
        let known = group.replicas.iter().position(|it| cx.names.same(&it.it.address, address));
        match known {
            Some(at) if group.replicas[at].verified => {}
            Some(at) => verify(group, cx, at),
            None => {
                let id = failover::add_replica(group, cx, address.clone(), true);
                cx.changed();
                let about = &group.replica(id).expect("just added").it;
                cx.event(Level::Notice, "+slave", group, about, "");
            }
        }
    }
}

/// One that was known before a reset has been seen again.
fn verify(group: &mut Group, cx: &mut Cx<'_>, at: usize) {
    group.replicas[at].verified = true;
    cx.changed();
    cx.event(Level::Notice, "+slave", group, &group.replicas[at].it, "");
}

fn note_replica(group: &mut Group, cx: &mut Cx<'_>, id: InstanceId, report: &Report) {
    let now = cx.now;
    let primary = group.primary.address.clone();
    let Some(replica) = group.replica_mut(id) else { return };
    if report.role != Role::Replica {
        replica.report.link_down_ms = Some(0);
        return;
    }
    if replica.report.master != report.replica.master {
        replica.source_since = now;
    }
    let follows = report.replica.master.as_ref().is_some_and(|it| cx.names.same(it, &primary));
    replica.has_synced |= report.replica.link_up;
    replica.has_synced_once |= report.replica.link_up && follows;
    replica.report = report.replica.clone();
    if !replica.verified && follows {
        let at = group.replicas.iter().position(|it| it.it.id == id).expect("it was there");
        verify(group, cx, at);
    }
}

fn note_role(group: &mut Group, cx: &mut Cx<'_>, id: InstanceId, report: &Report) {
    let is_primary = group.primary.id == id;
    let now = cx.now;
    let it = group.instance_mut(id).expect("it was there");
    if it.role == report.role || report.role == Role::Unknown {
        return;
    }
    it.role = report.role;
    it.role_since = now;
    if report.role == Role::Replica
        && let Some(replica) = group.replica_mut(id)
    {
        replica.source_since = now;
    }
    let as_it_should = is_primary == (report.role == Role::Master);
    let name = if as_it_should { "+role-change" } else { "-role-change" };
    let more = format!(" new reported role is {}", report.role.word());
    let about = group.instance(id).expect("it was there");
    cx.event(Level::Verbose, name, group, about, &more);
}

/// A replica says that it is a primary: the one we promoted, or one that has to be corrected.
fn is_master_now(group: &mut Group, cx: &mut Cx<'_>, id: InstanceId) {
    if let Some(failover) = &group.failover
        && let Phase::Promoting { chosen, told: Some(_), .. } = failover.phase
        && chosen == id
    {
        failover::promoted(group, cx);
        return failover::advance(group, cx);
    }
    let chosen = group.failover.as_ref().and_then(|it| it.chosen());
    let replica = group.replica(id).expect("it is no primary of ours");
    let patient = replica.it.not_down_for(cx.me.periods.correct_ms(), cx.now)
        && cx.now.ms_since(replica.it.role_since) > cx.me.periods.correct_ms();
    if chosen == Some(id) || !replica.verified || !patient || !primary_is_sane(group, cx) {
        return;
    }
    let target = group.primary.address.clone();
    if orders::follow(group, id, &target, cx) {
        let about = &group.replica(id).expect("it was there").it;
        cx.event(Level::Notice, "+convert-to-slave", group, about, "");
    }
}

/// A replica follows somebody else than it should.
fn correct_source(group: &mut Group, cx: &mut Cx<'_>, id: InstanceId) {
    let target: Address = group.primary.address.clone();
    let Some(replica) = group.replica(id) else { return };
    // Whom it follows wrongly but well may be somebody's intention for a while; whom it follows in vain is not.
    let in_vain = !replica.report.link_up && !replica.report.sync_in_progress;
    let longest_ms = group.settings.failover_timeout_ms;
    let wait_ms = if in_vain { cx.me.periods.correct_ms().min(longest_ms) } else { longest_ms };
    let follows = replica.report.master.as_ref().is_some_and(|it| cx.names.same(it, &target));
    let patient =
        replica.it.not_down_for(wait_ms, cx.now) && cx.now.ms_since(replica.source_since) > wait_ms;
    let ours = replica.verified && group.failover.is_none();
    if follows || !ours || !patient || !primary_is_sane(group, cx) {
        return;
    }
    if orders::follow(group, id, &target, cx) {
        let about = &group.replica(id).expect("it was there").it;
        cx.event(Level::Notice, "+fix-slave-config", group, about, "");
    }
}

/// The primary is up, calls itself one, and has said so lately: others may be told to follow it.
fn primary_is_sane(group: &Group, cx: &Cx<'_>) -> bool {
    let primary = &group.primary;
    let fresh = primary.info_age_ms(cx.now).is_some_and(|age| age < 2 * cx.me.periods.info_ms);
    primary.role == Role::Master && !primary.is_down() && group.objectively_down.is_none() && fresh
}

/// A PING was answered: well, or with this error.
pub(crate) fn pong(group: &mut Group, cx: &mut Cx<'_>, id: InstanceId, error: Option<&[u8]>) {
    let Some(it) = group.instance_mut(id) else { return };
    match error {
        None => {
            if matches!(it.rebooted, Some((_, Reboot::Awaited))) {
                it.rebooted = None;
            }
        }
        Some(text) if text.starts_with(b"BUSY") && it.is_down() && !it.script_killed => {
            // A script that does not end makes it look dead; it is asked to end it.
            it.script_killed = true;
            let link = it.link;
            let asked = crate::links::Asked::Nothing;
            cx.links.send(link, &[b"SCRIPT", b"KILL"], asked, cx.ledger);
        }
        Some(_) => {}
    }
}
