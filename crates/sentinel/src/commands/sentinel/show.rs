//! SENTINEL MASTER, MASTERS, REPLICAS, SENTINELS: what is known of each instance, field by field as Redis tells it.

use super::{SUB, group};
use crate::commands::{SentinelCommand, SentinelCx};
use crate::failover::Phase;
use crate::group::{Group, Instance, Peer, Reconf, Replica};
use crate::sentinel::Sentinel;
use command::{Args, Arity, Command, Deferred, Flow, Outcome, Spec, Writer};

pub(super) const MASTERS: SentinelCommand = Command::new(
    |cx, _| {
        cx.reply.array(cx.sentinel.groups.len());
        for group in cx.sentinel.groups.values() {
            write_primary(&mut cx.reply, cx.sentinel, group);
        }
        Ok(Flow::Done)
    },
    Spec {
        name: "masters",
        summary: "Shows every primary that is watched.",
        complexity: "O(N), N being the number of names",
        arity: Arity::Exactly(2),
        ..SUB
    },
);

pub(super) const MASTER: SentinelCommand = Command::new(
    |cx, mut args| {
        let group = group(cx, args.word()?)?.id;
        write_primary(&mut cx.reply, cx.sentinel, &cx.sentinel.groups[&group]);
        Ok(Flow::Done)
    },
    Spec {
        name: "master",
        syntax: "master-name",
        summary: "Shows the primary of a name.",
        arity: Arity::Exactly(3),
        ..SUB
    },
);

pub(super) const REPLICAS: SentinelCommand = Command::new(
    replicas,
    Spec {
        name: "replicas",
        syntax: "master-name",
        summary: "Shows the replicas of a name.",
        complexity: "O(N), N being the number of replicas",
        since: "5.0.0",
        arity: Arity::Exactly(3),
        ..SUB
    },
);

pub(super) const SLAVES: SentinelCommand = Command::new(
    replicas,
    Spec {
        name: "slaves",
        syntax: "master-name",
        summary: "Shows the replicas of a name, by the older word.",
        complexity: "O(N), N being the number of replicas",
        since: "2.8.0",
        arity: Arity::Exactly(3),
        ..SUB
    },
);

/// Those that clients may be told about, and that are known to belong to the name.
fn replicas(cx: &mut SentinelCx<'_>, mut args: Args<'_>) -> Outcome {
    let group = group(cx, args.word()?)?.id;
    let group = &cx.sentinel.groups[&group];
    let shown = |it: &&Replica| it.verified && it.report.announced;
    cx.reply.array(group.replicas.iter().filter(shown).count());
    for replica in group.replicas.iter().filter(shown) {
        write_replica(&mut cx.reply, cx.sentinel, group, replica);
    }
    Ok(Flow::Done)
}

pub(super) const SENTINELS: SentinelCommand = Command::new(
    |cx, mut args| {
        let group = group(cx, args.word()?)?.id;
        let group = &cx.sentinel.groups[&group];
        cx.reply.array(group.peers.len());
        for peer in &group.peers {
            write_peer(&mut cx.reply, cx.sentinel, group, peer);
        }
        Ok(Flow::Done)
    },
    Spec {
        name: "sentinels",
        syntax: "master-name",
        summary: "Shows the other Sentinels that watch a name.",
        complexity: "O(N), N being the number of Sentinels",
        arity: Arity::Exactly(3),
        ..SUB
    },
);

/// A map whose fields are counted as they are written.
struct Fields<'w, 'a> {
    w: &'w mut Writer<'a>,
    place: Deferred,
    count: usize,
}

impl<'w, 'a> Fields<'w, 'a> {
    fn new(w: &'w mut Writer<'a>) -> Fields<'w, 'a> {
        let place = w.defer();
        Fields { w, place, count: 0 }
    }

    fn text(&mut self, name: &str, value: &str) {
        self.w.bulk(name.as_bytes());
        self.w.bulk(value.as_bytes());
        self.count += 1;
    }

    fn number(&mut self, name: &str, value: impl TryInto<i64>) {
        self.text(name, &value.try_into().unwrap_or(i64::MAX).to_string());
    }

    fn end(self) {
        self.w.finish_map(self.place, self.count);
    }
}

fn write_primary(w: &mut Writer<'_>, sentinel: &Sentinel, group: &Group) {
    let failover = group.failover.as_ref();
    let mut flags = vec![(group.primary.is_down(), "s_down")];
    flags.extend([
        (group.objectively_down.is_some(), "o_down"),
        (true, "master"),
        (is_disconnected(sentinel, &group.primary), "disconnected"),
        (failover.is_some(), "failover_in_progress"),
        (failover.is_some_and(|it| it.forced), "force_failover"),
        (group.primary.script_killed, "script_kill_sent"),
        (group.primary.rebooted.is_some(), "master_reboot"),
    ]);
    let mut fields = Fields::new(w);
    write_head(&mut fields, sentinel, group, &group.primary, &flags);
    write_server(&mut fields, sentinel, &group.primary);
    let settings = &group.settings;
    fields.number("config-epoch", group.config_epoch);
    fields.number("num-slaves", group.replicas.iter().filter(|it| it.verified).count());
    fields.number("num-other-sentinels", group.peers.len());
    fields.number("quorum", settings.quorum);
    fields.number("failover-timeout", settings.failover_timeout_ms);
    fields.number("parallel-syncs", settings.parallel_syncs);
    for (name, script) in [
        ("notification-script", &settings.notification_script),
        ("client-reconfig-script", &settings.client_reconfig_script),
    ] {
        if !script.is_empty() {
            fields.text(name, script);
        }
    }
    fields.end();
}

fn write_replica(w: &mut Writer<'_>, sentinel: &Sentinel, group: &Group, replica: &Replica) {
    let (it, report) = (&replica.it, &replica.report);
    let chosen = group.failover.as_ref().and_then(|failover| failover.chosen());
    let flags = [
        (it.is_down(), "s_down"),
        (true, "slave"),
        (is_disconnected(sentinel, it), "disconnected"),
        (chosen == Some(it.id), "promoted"),
        (matches!(replica.reconf, Reconf::Sent(_)), "reconf_sent"),
        (replica.reconf == Reconf::InProgress, "reconf_inprog"),
        (replica.reconf == Reconf::Done, "reconf_done"),
        (it.script_killed, "script_kill_sent"),
    ];
    let mut fields = Fields::new(w);
    write_head(&mut fields, sentinel, group, it, &flags);
    write_server(&mut fields, sentinel, it);
    // compat(7.2): a link that was never up counts as down for minus one second.
    let never_up = if it.info.is_some() { -1000 } else { 0 };
    fields.number("master-link-down-time", report.link_down_ms.map_or(never_up, |ms| ms as i64));
    fields.text("master-link-status", if report.link_up { "ok" } else { "err" });
    let master = report.master.as_ref();
    fields.text("master-host", master.map_or("?", |master| &master.host));
    fields.number("master-port", master.map_or(0, |master| master.port));
    fields.number("slave-priority", report.priority);
    fields.number("slave-repl-offset", report.offset);
    fields.number("replica-announced", u8::from(report.announced));
    fields.end();
}

fn write_peer(w: &mut Writer<'_>, sentinel: &Sentinel, group: &Group, peer: &Peer) {
    let now = sentinel.clock.now();
    let flags = [
        (peer.it.is_down(), "s_down"),
        (true, "sentinel"),
        (is_disconnected(sentinel, &peer.it), "disconnected"),
        (peer.says_down(now, sentinel.me.periods.opinion_ms()), "master_down"),
    ];
    let mut fields = Fields::new(w);
    write_head(&mut fields, sentinel, group, &peer.it, &flags);
    fields.number("last-hello-message", now.ms_since(peer.heard));
    let vote = peer.vote.as_ref();
    fields.text("voted-leader", vote.map_or("?", |(leader, _)| leader));
    fields.number("voted-leader-epoch", vote.map_or(0, |(_, epoch)| *epoch));
    fields.end();
}

/// True where something is missing that is needed to talk to it: a connection, or the right to.
fn is_disconnected(sentinel: &Sentinel, it: &Instance) -> bool {
    let link = sentinel.links.get(it.link);
    !link.is_connected() || link.refused
}

/// What is told of everybody.
fn write_head(
    fields: &mut Fields<'_, '_>,
    sentinel: &Sentinel,
    group: &Group,
    it: &Instance,
    flags: &[(bool, &str)],
) {
    let now = sentinel.clock.now();
    let link = sentinel.links.get(it.link);
    let is_primary = it.id == group.primary.id;
    fields.text("name", &it.name);
    fields.text("ip", &sentinel.names.announced(&it.address.host));
    fields.number("port", it.address.port);
    fields.text("runid", it.run_id.as_deref().unwrap_or_default());
    let flags: Vec<&str> = flags.iter().filter(|(set, _)| *set).map(|(_, word)| *word).collect();
    fields.text("flags", &flags.join(","));
    fields.number("link-pending-commands", link.pending_commands());
    fields.number("link-refcount", link.users.len());
    if let Some(failover) = group.failover.as_ref().filter(|_| is_primary) {
        fields.text("failover-state", Phase::word(&failover.phase));
    }
    let health = &link.health;
    let waiting = health.awaiting_since.map_or(0, |at| now.ms_since(at));
    fields.number("last-ping-sent", waiting);
    fields.number("last-ok-ping-reply", now.ms_since(health.ok));
    fields.number("last-ping-reply", now.ms_since(health.pong));
    if let Some(since) = it.down_since {
        fields.number("s-down-time", now.ms_since(since));
    }
    if let Some(since) = group.objectively_down.filter(|_| is_primary) {
        fields.number("o-down-time", now.ms_since(since));
    }
    fields.number("down-after-milliseconds", group.settings.down_after_ms);
}

/// What is told of those that are asked for INFO.
fn write_server(fields: &mut Fields<'_, '_>, sentinel: &Sentinel, it: &Instance) {
    let now = sentinel.clock.now();
    fields.number("info-refresh", it.info_age_ms(now).unwrap_or(0));
    fields.text("role-reported", it.role.word());
    fields.number("role-reported-time", now.ms_since(it.role_since));
}
