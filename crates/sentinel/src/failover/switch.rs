//! The group gets another primary: because we promoted it, because a peer did, or because the operator says so.

use super::{Step, Timeline, reconfigure, remember};
use crate::address::Address;
use crate::group::{Group, Hold, Instance, InstanceId, Replica};
use crate::news::Cx;
use crate::report::Role;
use stdx::Instant;
use world::Level;

/// Makes the instance at `to` the primary. The old one becomes a replica; what is known of the others stays.
/// Nothing that was said or measured about the old primary counts for the new one.
pub(crate) fn switch(group: &mut Group, cx: &mut Cx<'_>, to: &Address) {
    let old = group.primary.address.clone();
    let text = format!(
        "{} {} {} {} {}",
        group.name,
        cx.names.announced(&old.host),
        old.port,
        cx.names.announced(&to.host),
        to.port
    );
    cx.plain(Level::Warning, "+switch-master", Some(group.id), text);
    rename_primary(group, cx, to);
    cx.changed();
    for at in 0..group.replicas.len() {
        if group.replicas[at].verified {
            cx.event(Level::Notice, "+slave", group, &group.replicas[at].it, "");
        }
    }
    group.hold = Hold::None;
    group.lost_elections = 0;
    group.fruitless = 0;
    group.delay_said = false;
    // It is new in its part: the first PING goes out now, not when an old period ends.
    cx.links.ping(group.primary.link, cx.now, cx.ledger);
    cx.links.ask_info(group.primary.link, cx.now, cx.ledger);
    crate::greet::greet_all(group, cx);
}

/// Puts the instance at `to` in the primary's place, and the old primary among the replicas.
pub(crate) fn rename_primary(group: &mut Group, cx: &mut Cx<'_>, to: &Address) {
    let at = group.replicas.iter().position(|it| cx.names.same(&it.it.address, to));
    let known = at.map(|at| group.replicas.remove(at));
    let address = known.as_ref().map_or_else(|| to.clone(), |it| it.it.address.clone());
    let new = new_instance(group, cx, address, group.name.clone(), Role::Master);
    let old = std::mem::replace(&mut group.primary, new);
    if let Some(known) = known {
        let primary = &mut group.primary;
        primary.run_id = known.it.run_id.clone();
        primary.history = known.it.history.clone();
        primary.info = known.it.info.clone();
        cx.links.detach(known.it.link, known.it.id);
    }
    if !cx.me.rules.fresh_judgement {
        group.primary.judged_from = old.judged_from;
    } else {
        for peer in &mut group.peers {
            peer.opinion = None;
        }
    }
    group.objectively_down = None;
    if !cx.names.same(&old.address, to) {
        add_replica(group, cx, old.address.clone(), true);
    }
    cx.links.detach(old.link, old.id);
}

/// A replica that the group did not know. The caller says so, if it is to be said.
pub(crate) fn add_replica(
    group: &mut Group,
    cx: &mut Cx<'_>,
    address: Address,
    verified: bool,
) -> InstanceId {
    let host = cx.names.announced(&address.host);
    let name = Address::new(host, address.port).to_string();
    let it = new_instance(group, cx, address, name, Role::Replica);
    let id = it.id;
    group.replicas.push(Replica { verified, ..Replica::new(it, cx.now) });
    id
}

/// An instance with its link, in the part of `role`.
pub(crate) fn new_instance(
    group: &Group,
    cx: &mut Cx<'_>,
    address: Address,
    name: String,
    role: Role,
) -> Instance {
    let id = InstanceId(cx.fresh_id());
    let user =
        crate::links::User { instance: id, ..group.pace(group.primary.id, cx.now, &cx.me.periods) };
    let link = cx.links.attach(group.server_key(address.clone()), user, cx.now);
    Instance::new(id, name, address, link, role, cx.now)
}

/// A configuration of a later epoch makes our own failover pointless.
pub(crate) fn overrule(group: &mut Group, cx: &mut Cx<'_>) {
    if group.failover.is_some() {
        reconfigure::finish(group, cx, Step::Overruled);
    }
}

/// A peer has made the switch; what we saw of it is remembered.
pub(crate) fn observed(
    group: &mut Group,
    cx: &mut Cx<'_>,
    from: &Address,
    suspected: Option<Instant>,
    agreed: Option<Instant>,
) {
    let began = suspected.unwrap_or(cx.now);
    let epoch = group.config_epoch;
    let mut timeline = Timeline::new("observer", epoch, from.clone(), began, cx.now, cx.wall);
    for (step, at) in [("suspected", suspected), ("agreed", agreed), ("announced", Some(cx.now))] {
        if let Some(at) = at {
            timeline.mark(step, "", at);
        }
    }
    timeline.to = Some(group.primary.address.clone());
    cx.log(Level::Notice, timeline.line(&group.name));
    remember(group, timeline);
}
