//! Saying hello: every two seconds through every server and to every peer, and at once when there is news.

use crate::group::{Group, InstanceId};
use crate::hello::{CHANNEL, Hello};
use crate::links::{Asked, LinkId};
use crate::news::Cx;
use stdx::Instant;

/// A hello that was refused is said again after this time.
const AGAIN_MS: u64 = 100;

/// News: everybody is told now.
pub(crate) fn greet_all(group: &mut Group, cx: &mut Cx<'_>) {
    let all: Vec<InstanceId> = group.instances().map(|it| it.id).collect();
    for id in all {
        greet(group, cx, id);
    }
}

/// Tells those whose time has come.
pub(crate) fn greet_due(group: &mut Group, cx: &mut Cx<'_>) {
    let due = |at: Instant| cx.now.ms_since(at) >= cx.me.periods.publish_ms;
    let all: Vec<InstanceId> =
        group.instances().filter(|it| due(it.greeted)).map(|it| it.id).collect();
    for id in all {
        greet(group, cx, id);
    }
}

/// When the next hello is due.
pub(crate) fn next_greeting(group: &Group, cx: &Cx<'_>) -> Option<Instant> {
    let connected = |link: LinkId| cx.links.get(link).is_connected();
    let all = group.instances().filter(|it| connected(it.link));
    all.map(|it| it.greeted.after_ms(cx.me.periods.publish_ms)).min()
}

fn greet(group: &mut Group, cx: &mut Cx<'_>, id: InstanceId) {
    let it = group.instance_mut(id).expect("it is in the group");
    let link = it.link;
    if !cx.links.get(link).is_connected() {
        return;
    }
    let Some(host) = cx.me.announced_host(cx.links.get(link).command.local()) else { return };
    let current = group.current_address();
    let hello = Hello {
        host,
        port: cx.me.announced_port(),
        run_id: cx.me.id.clone(),
        current_epoch: cx.me.current_epoch,
        group: group.name.clone(),
        primary_host: cx.names.announced(&current.host),
        primary_port: current.port,
        config_epoch: group.config_epoch,
    };
    let asked = Asked::Hello { group: group.id, instance: id };
    if cx.links.send(link, &[b"PUBLISH", CHANNEL, &hello.encode()], asked, cx.ledger) {
        group.instance_mut(id).expect("it is in the group").greeted = cx.now;
    }
}

/// A hello was refused: it is said again soon.
pub(crate) fn refused(group: &mut Group, cx: &Cx<'_>, id: InstanceId) {
    if let Some(it) = group.instance_mut(id) {
        let early_ms = cx.me.periods.publish_ms.saturating_sub(AGAIN_MS);
        it.greeted = Instant(cx.now.0.saturating_sub(early_ms * 1000));
    }
}
