//! Hearing a hello: who is there, and what they know that we do not.

use crate::address::Address;
use crate::belief::{self, Doubt};
use crate::failover;
use crate::group::{Group, Instance, InstanceId, Peer};
use crate::hello::Hello;
use crate::links::{Kind, LinkKey, User};
use crate::news::Cx;
use crate::report::Role;
use crate::state::directives::is_address;
use world::Level;

/// What has to be done in all other groups as well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Everywhere {
    /// The Sentinel with this id has moved.
    Moved { run_id: String, to: Address },
    /// The Sentinel with this id is gone: another one is at its address.
    Gone { run_id: String },
}

/// A hello about this group.
pub(crate) fn meet(group: &mut Group, cx: &mut Cx<'_>, hello: &Hello) -> Option<Everywhere> {
    if hello.run_id == cx.me.id {
        return None;
    }
    if let Err(doubt) = belief::check(hello, cx.me.current_epoch, cx.me.resolve_hostnames) {
        doubted(group, cx, hello, doubt);
        return None;
    }
    let address = Address::new(hello.host.clone(), hello.port);
    let known = group.peers.iter().position(|it| {
        it.it.run_id.as_ref() == Some(&hello.run_id) && cx.names.same(&it.it.address, &address)
    });
    let mut everywhere = None;
    if known.is_none() {
        everywhere = welcome(group, cx, hello, &address);
    }
    // A configuration cannot be of an epoch that has not come yet.
    let epoch = hello.current_epoch.max(hello.config_epoch);
    if epoch > cx.me.current_epoch {
        cx.me.current_epoch = epoch;
        cx.changed();
        let text = cx.me.current_epoch.to_string();
        cx.plain(Level::Warning, "+new-epoch", Some(group.id), text);
    }
    adopt(group, cx, hello);
    let now = cx.now;
    if let Some(peer) = find(group, &hello.run_id) {
        peer.heard = now;
    }
    everywhere
}

/// Between two lines about hellos that are not believed: somebody may send thousands.
const DOUBT_SAID_MS: u64 = 60_000;

/// A hello that is not believed changes nothing; the log says so now and then.
fn doubted(group: &Group, cx: &mut Cx<'_>, hello: &Hello, doubt: Doubt) {
    if cx.me.doubt_said.is_some_and(|at| cx.now.ms_since(at) < DOUBT_SAID_MS) {
        return;
    }
    cx.me.doubt_said = Some(cx.now);
    let text = String::from_utf8_lossy(&hello.encode()).escape_debug().to_string();
    cx.log(Level::Warning, format!("A hello about {} is ignored, {doubt}: {text}", group.name));
}

fn find<'a>(group: &'a mut Group, run_id: &str) -> Option<&'a mut Peer> {
    group.peers.iter_mut().find(|it| it.it.run_id.as_deref() == Some(run_id))
}

/// A Sentinel that was not known, or not at this address.
fn welcome(
    group: &mut Group,
    cx: &mut Cx<'_>,
    hello: &Hello,
    address: &Address,
) -> Option<Everywhere> {
    let moved = remove(group, cx, &hello.run_id);
    let mut everywhere = None;
    if moved {
        let more = format!(" ip {} port {} for {}", hello.host, hello.port, hello.run_id);
        cx.event(Level::Notice, "+sentinel-address-switch", group, &group.primary, &more);
        let run_id = hello.run_id.clone();
        everywhere = Some(Everywhere::Moved { run_id, to: address.clone() });
    } else if let Some(at) =
        group.peers.iter().position(|it| cx.names.same(&it.it.address, address))
    {
        cx.event(Level::Notice, "+sentinel-invalid-addr", group, &group.peers[at].it, "");
        let run_id = group.peers[at].it.name.clone();
        remove(group, cx, &run_id);
        everywhere = Some(Everywhere::Gone { run_id });
    }
    let id = add(group, cx, &hello.run_id, address.clone());
    if !moved {
        let about = group.instance(id).expect("just added");
        cx.event(Level::Notice, "+sentinel", group, about, "");
    }
    cx.changed();
    everywhere
}

/// Adds a peer, with its link.
pub(crate) fn add(
    group: &mut Group,
    cx: &mut Cx<'_>,
    run_id: &str,
    address: Address,
) -> InstanceId {
    let id = InstanceId(cx.fresh_id());
    let key = peer_key(cx, address.clone());
    let user = User {
        instance: id,
        info_ms: None,
        ..group.pace(group.primary.id, cx.now, &cx.me.periods)
    };
    let link = cx.links.attach(key, user, cx.now);
    let mut it = Instance::new(id, run_id.to_owned(), address, link, Role::Unknown, cx.now);
    it.run_id = Some(run_id.to_owned());
    group.peers.push(Peer::new(it, cx.now));
    id
}

/// How a peer is reached.
pub(crate) fn peer_key(cx: &Cx<'_>, address: Address) -> LinkKey {
    LinkKey {
        kind: Kind::Peer,
        address,
        user: cx.me.access.user.clone(),
        password: cx.me.access.password.clone(),
        renamed: Vec::new(),
    }
}

/// Forgets a peer. True where there was one.
pub(crate) fn remove(group: &mut Group, cx: &mut Cx<'_>, run_id: &str) -> bool {
    let Some(at) = group.peers.iter().position(|it| it.it.name == run_id) else { return false };
    let peer = group.peers.remove(at);
    cx.links.detach(peer.it.link, peer.it.id);
    true
}

/// A configuration of a later epoch replaces ours.
fn adopt(group: &mut Group, cx: &mut Cx<'_>, hello: &Hello) {
    if hello.config_epoch <= group.config_epoch {
        return;
    }
    let to = Address::new(hello.primary_host.clone(), hello.primary_port);
    let is_same = cx.names.same(&group.primary.address, &to);
    if !is_same && !is_address(&to.host) && cx.names.ip(&to.host).is_none() {
        // Nobody has found this name yet. The next hello tells it again.
        cx.links.look_up(to.host);
        return;
    }
    group.config_epoch = hello.config_epoch;
    cx.changed();
    if is_same {
        // The primary that we are about to replace was chosen later than we were elected: ours would be another
        // primary in the epoch of that one.
        if group.failover.as_ref().is_some_and(|it| it.epoch < hello.config_epoch) {
            failover::overrule(group, cx);
        }
        return;
    }
    let from = group.primary.address.clone();
    let sender = group.peers.iter().position(|it| it.it.name == hello.run_id);
    if let Some(at) = sender {
        cx.event(Level::Warning, "+config-update-from", group, &group.peers[at].it, "");
    }
    let suspected = group.primary.down_since;
    let agreed = group.objectively_down;
    failover::overrule(group, cx);
    failover::switch(group, cx, &to);
    failover::observed(group, cx, &from, suspected, agreed);
    cx.reconfigure_clients(group, "observer", &from, &group.primary.address);
}

/// What a hello about another group has taught about a Sentinel that this group knows too.
pub(crate) fn note_elsewhere(group: &mut Group, cx: &mut Cx<'_>, everywhere: &Everywhere) {
    match everywhere {
        Everywhere::Moved { run_id, to } => {
            let known = group.peers.iter().any(|it| it.it.name == *run_id);
            if known && remove(group, cx, run_id) {
                add(group, cx, run_id, to.clone());
                cx.changed();
            }
        }
        Everywhere::Gone { run_id } => {
            if remove(group, cx, run_id) {
                cx.changed();
            }
        }
    }
}
