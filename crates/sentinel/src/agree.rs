//! Agreeing with our peers: asking whether they too find the primary down, answering when they ask, and counting.

use crate::belief;
use crate::failover;
use crate::group::{Group, Opinion};
use crate::links::Asked;
use crate::news::Cx;
use crate::periods::Periods;
use resp::Value;
use stdx::Instant;
use world::Level;

/// How often an opinion is asked for at the least, while too few agree: the others are about to notice it too.
const ASK_SOON_MS: u64 = 200;

/// Who is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    All,
    /// Those whose last answer is too old.
    Due,
    /// Those of whose vote in this epoch nothing was heard.
    WithoutVote(u64),
}

/// Asks our peers about the primary; while we stand or lead, for their votes as well.
pub(crate) fn ask(group: &mut Group, cx: &mut Cx<'_>, whom: Ask) {
    if !group.primary.is_down() {
        return;
    }
    let standing = group.failover.is_some();
    let period_ms = period_ms(group, &cx.me.periods);
    let host = cx.names.announced(&group.primary.address.host);
    let port = group.primary.address.port.to_string();
    let epoch = cx.me.current_epoch.to_string();
    let candidate = if standing { cx.me.id.clone() } else { "*".to_owned() };
    let primary = group.primary.id;
    for peer in &mut group.peers {
        let wanted = match whom {
            Ask::All => true,
            Ask::Due => peer.asked.is_none_or(|at| cx.now.ms_since(at) >= period_ms),
            Ask::WithoutVote(epoch) => peer.vote.as_ref().is_none_or(|(_, at)| *at != epoch),
        };
        if !wanted {
            continue;
        }
        let words: [&[u8]; 6] = [
            b"SENTINEL",
            b"is-master-down-by-addr",
            host.as_bytes(),
            port.as_bytes(),
            epoch.as_bytes(),
            candidate.as_bytes(),
        ];
        let (group, peer_id, now) = (group.id, peer.it.id, cx.now);
        let asked = Asked::IsDown { group, peer: peer_id, primary, asked: now };
        if cx.links.send(peer.it.link, &words, asked, cx.ledger) {
            peer.asked = Some(cx.now);
        }
    }
}

fn period_ms(group: &Group, periods: &Periods) -> u64 {
    let soon = group.objectively_down.is_none();
    if soon { ASK_SOON_MS.min(periods.ask_ms) } else { periods.ask_ms }
}

/// When somebody has to be asked next.
pub(crate) fn next_ask(group: &Group, cx: &Cx<'_>) -> Option<Instant> {
    if !group.primary.is_down() {
        return None;
    }
    let period_ms = period_ms(group, &cx.me.periods);
    let connected = group.peers.iter().filter(|it| cx.links.get(it.it.link).is_connected());
    connected.map(|it| it.asked.map_or(cx.now, |at| at.after_ms(period_ms))).min()
}

/// A peer has answered: its opinion, and perhaps its vote.
pub(crate) fn handle_answer(
    group: &mut Group,
    cx: &mut Cx<'_>,
    peer: crate::group::InstanceId,
    primary: crate::group::InstanceId,
    asked: Instant,
    reply: &Value,
) {
    let Value::Array(items) = reply else { return };
    let [Value::Int(down), leader, Value::Int(epoch)] = items.as_slice() else { return };
    let Some(leader) = leader.as_bytes() else { return };
    // About somebody who is not the primary any more it does not matter what anybody thinks.
    let about_ours = primary == group.primary.id || !cx.me.rules.fresh_judgement;
    let now = cx.now;
    let Some(peer) = group.peer_mut(peer) else { return };
    peer.round_trip_us = now.us_since(asked).min(2_000_000);
    // It may have told us that it finds it down after it had answered this: the two came over different connections.
    let told_since = peer.opinion.is_some_and(|it| it.down && asked < it.at);
    if about_ours && (*down == 1 || !told_since) {
        peer.opinion = Some(Opinion { down: *down == 1, at: now });
    }
    if leader == b"*" {
        return;
    }
    let Ok(epoch) = u64::try_from(*epoch) else { return };
    let vote = (String::from_utf8_lossy(leader).into_owned(), epoch);
    if peer.vote.as_ref() != Some(&vote) {
        let line = format!("{} voted for {} {}", peer.it.name, vote.0.escape_debug(), vote.1);
        peer.vote = Some(vote);
        cx.log(Level::Notice, line);
    }
}

/// What we answer a peer that asks about the instance at an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) down: bool,
    pub(crate) leader: Option<String>,
    pub(crate) epoch: u64,
}

/// A peer asks whether the primary is down, and where `candidate` is an id for our vote. `asker` is the beginning of
/// the id of who asks, where the connection tells it.
pub(crate) fn answer(
    group: &mut Group,
    cx: &mut Cx<'_>,
    asker: Option<&str>,
    epoch: u64,
    candidate: &str,
    tilted: bool,
) -> Answer {
    // Only who finds it down asks: to be asked is to be told.
    let now = cx.now;
    let known = asker.and_then(|asker| {
        group
            .peers
            .iter_mut()
            .find(|it| it.it.run_id.as_ref().is_some_and(|id| id.starts_with(asker)))
    });
    if let Some(peer) = known {
        peer.opinion = Some(Opinion { down: true, at: now });
    }
    failover::heard_candidate(group, asker, candidate, now);
    let down = group.primary.is_down() && !tilted;
    if candidate == "*" || cx.me.disk_fails {
        return Answer { down, leader: None, epoch: 0 };
    }
    let may_be_true = belief::is_epoch(cx.me.current_epoch, epoch) && belief::is_run_id(candidate);
    if may_be_true && !failover::is_led_by_another(group, candidate, now) {
        failover::vote_for(group, cx, epoch, candidate);
    }
    Answer { down, leader: group.ballot.leader.clone(), epoch: group.ballot.epoch }
}

/// Whether enough of us find the primary down.
pub(crate) fn check(group: &mut Group, cx: &mut Cx<'_>) {
    let votes = crate::down::votes(group, cx.now, cx.me.periods.opinion_ms());
    let quorum = group.settings.quorum;
    let down = votes > 0 && votes >= quorum;
    match (down, group.objectively_down) {
        (true, None) => {
            group.objectively_down = Some(cx.now);
            let more = format!(" #quorum {votes}/{quorum}");
            cx.event(Level::Warning, "+odown", group, &group.primary, &more);
        }
        (false, Some(_)) => {
            group.objectively_down = None;
            cx.event(Level::Warning, "-odown", group, &group.primary, "");
        }
        _ => {}
    }
}
