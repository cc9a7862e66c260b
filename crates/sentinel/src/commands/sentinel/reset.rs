//! SENTINEL RESET: to know nothing any more but the address of a primary.

use super::SUB;
use crate::commands::SentinelCommand;
use crate::failover;
use crate::group::{Group, GroupId, Hold, Reconf};
use crate::news::Cx;
use crate::report::Role;
use command::{Arity, Command, Flow, Spec};
use stdx::glob;
use world::Level;

/// compat(7.2): who asks right after the order finds nothing, as the suite of Redis does; it looks again at its next
/// tick.
const FORGOTTEN_MS: u64 = 100;

pub(super) const RESET: SentinelCommand = Command::new(
    |cx, mut args| {
        let pattern = args.word()?;
        let all = cx.sentinel.groups.values();
        let matching = all.filter(|group| glob::matches(pattern, group.name.as_bytes()));
        let ids: Vec<GroupId> = matching.map(|group| group.id).collect();
        for id in &ids {
            cx.sentinel.with(*id, reset);
            cx.sentinel.look_at(*id);
        }
        cx.reply.count(ids.len());
        Ok(Flow::Done)
    },
    Spec {
        name: "reset",
        syntax: "pattern",
        summary: "Forgets the replicas and the other Sentinels of names, and ends their failovers.",
        complexity: "O(N), N being the number of names",
        arity: Arity::Exactly(3),
        ..SUB
    },
);

/// Forgets what is known of a group. Its replicas are not shown any more; but they are still asked, and count again
/// as soon as they show that they belong to it: the primary may go down before it has listed them.
fn reset(group: &mut Group, cx: &mut Cx<'_>) {
    // A promotion that has happened stays one.
    let current = group.current_address().clone();
    failover::overrule(group, cx);
    if current != group.primary.address {
        failover::switch(group, cx, &current);
    }
    for peer in group.peers.drain(..) {
        cx.links.detach(peer.it.link, peer.it.id);
    }
    for replica in &mut group.replicas {
        replica.verified = false;
        replica.reconf = Reconf::None;
    }
    let address = group.primary.address.clone();
    let new = failover::new_instance(group, cx, address, group.name.clone(), Role::Master);
    let old = std::mem::replace(&mut group.primary, new);
    cx.links.detach(old.link, old.id);
    group.primary.history = old.history;
    cx.links.reconnect(group.primary.link, cx.now, cx.now.after_ms(FORGOTTEN_MS));
    group.objectively_down = None;
    group.hold = Hold::None;
    group.held_until = None;
    group.delay_said = false;
    group.lost_elections = 0;
    group.fruitless = 0;
    cx.event(Level::Warning, "+reset-master", group, &group.primary, "");
    cx.changed();
}
