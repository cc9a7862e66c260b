//! Standing for election: when it is our turn, and what comes of it.
//!
//! # Design
//! Redis Sentinels all stand at about the same moment, and after a split vote wait for twice `failover-timeout`. Here
//! everybody computes the same order, another one in every epoch, and stands when the time of those before him has
//! passed. Usually the first is elected before the second moves.
//!
//! In the order are those who are known to find the primary down, since no others can stand now. Were everybody in it
//! who is up, the first would often be one who does not know yet: it would come late, in the middle of the turns of
//! those who waited for it, and split the vote. (Seventeen Sentinels over lines of 50 to 200 ms found the primary
//! down over a second, and eight of them stood in an election.)
//!
//! Who has voted for another stands back while that one is at work. He asks for our view of the primary again and
//! again, with his id as long as he is at work and with `*` afterwards (Redis does the same): so a Sentinel that was
//! not elected, or has died, holds nobody up for long, and one that is at work is left alone. Nobody else gets a vote
//! while he is: one who missed the election, or lost it, would make a second failover of it. Who has not been elected
//! says so at once, and all take their turns in the order of the next epoch, from the moment in which they heard it.

use super::promote::{fruitless_ms, has_candidate};
use super::{Failover, Phase, Step, Timeline, abandon};
use crate::agree;
use crate::belief;
use crate::group::{Group, Hold};
use crate::news::Cx;
use crate::vote::{self, Count};
use stdx::Instant;
use world::Level;

/// The patience of the first attempt.
const PATIENCE_MS: u64 = 1000;
/// Who does not answer is asked again after this time: a connection may just have been made.
pub(super) const ASK_AGAIN_MS: u64 = 200;
/// A leader that has not asked for so long is not at work any more: three of its periods.
const LEADER_SILENT_MS: u64 = 3000;
/// Redis spreads those who start over so much.
const SPREAD_MS: u64 = 1000;

/// A failover begins.
pub(crate) fn start(group: &mut Group, cx: &mut Cx<'_>, forced: bool) {
    assert!(group.failover.is_none(), "one at a time");
    let Some(epoch) = belief::next_epoch(cx.me.current_epoch) else {
        let text = format!("{}: no failover can begin, as no epoch is left", group.name);
        cx.log(Level::Warning, text);
        let until = cx.now.after_ms(group.settings.failover_timeout_ms.saturating_mul(2));
        group.hold = Hold::Failed { until };
        return;
    };
    cx.me.current_epoch = epoch;
    cx.changed();
    cx.plain(Level::Warning, "+new-epoch", Some(group.id), epoch.to_string());
    cx.event(Level::Warning, "+try-failover", group, &group.primary, "");
    let suspected = group.primary.down_since.unwrap_or(cx.now);
    let from = group.primary.address.clone();
    let mut timeline = Timeline::new("leader", epoch, from, suspected, cx.now, cx.wall);
    if let Some(at) = group.primary.down_since {
        timeline.mark("suspected", "", at);
    }
    if let Some(at) = group.objectively_down {
        timeline.mark("agreed", "", at);
    }
    let until = cx.now.after_ms(patience_ms(group, cx));
    group.hold = Hold::None;
    group.failover = Some(Failover {
        epoch,
        forced,
        phase: Phase::Electing { until, asked: cx.now },
        since: cx.now,
        switched: false,
        timeline,
    });
    // Before the others are asked, so that nobody can have our vote in this epoch but us.
    vote_for(group, cx, epoch, &cx.me.id.clone());
    agree::ask(group, cx, agree::Ask::All);
}

/// The slowest round trip to a peer that is up, as far as it is known.
fn round_trip_ms(group: &Group) -> u64 {
    let up = group.peers.iter().filter(|peer| !peer.it.is_down());
    up.map(|peer| peer.round_trip_us.div_ceil(1000)).max().unwrap_or(0).clamp(2, 500)
}

/// Longer after each attempt that has failed, and never too short for the answers to arrive.
fn patience_ms(group: &Group, cx: &Cx<'_>) -> u64 {
    let attempts = group.lost_elections.min(4);
    let patience = (PATIENCE_MS << attempts).max(4 * round_trip_ms(group));
    patience.min(cx.me.periods.election_ms).min(group.settings.failover_timeout_ms)
}

/// Our vote, in an epoch that somebody stands in.
pub(crate) fn vote_for(group: &mut Group, cx: &mut Cx<'_>, epoch: u64, candidate: &str) {
    let answer = vote::answer(&mut group.ballot, &mut cx.me.current_epoch, epoch, candidate);
    if answer.new_epoch {
        cx.changed();
        let text = cx.me.current_epoch.to_string();
        cx.plain(Level::Warning, "+new-epoch", Some(group.id), text);
    }
    if answer.voted {
        cx.changed();
        let text = format!("{candidate} {epoch}");
        cx.plain(Level::Warning, "+vote-for-leader", Some(group.id), text);
        if candidate != cx.me.id {
            stand_back(group, cx, candidate);
        }
    }
}

/// Another leads, or may: we leave the failover to him.
fn stand_back(group: &mut Group, cx: &mut Cx<'_>, leader: &str) {
    let spread = cx.prng.below(SPREAD_MS);
    group.delay_said = false;
    group.hold = Hold::Voted {
        leader: leader.to_owned(),
        heard: cx.now,
        given_up: false,
        until: cx.now.after_ms(spread + 2 * group.settings.failover_timeout_ms),
    };
}

/// True while another than `candidate` is at work, as far as we know: nobody gets our vote meanwhile. A Sentinel that
/// has missed an election would make a second failover of it, of a primary whose replacement has been chosen.
pub(crate) fn is_led_by_another(group: &Group, candidate: &str, now: Instant) -> bool {
    match &group.hold {
        Hold::Voted { leader, heard, given_up, until } => {
            let silent = heard.after_ms(LEADER_SILENT_MS);
            leader != candidate && !given_up && silent.min(*until) > now
        }
        _ => group.failover.as_ref().is_some_and(|it| {
            !it.forced && !it.switched && it.phase.kind() != super::PhaseKind::Electing
        }),
    }
}

/// A peer asks about our primary, for `candidate` or for nobody in particular.
pub(crate) fn heard_candidate(
    group: &mut Group,
    asker: Option<&str>,
    candidate: &str,
    now: Instant,
) {
    let Hold::Voted { leader, heard, given_up, .. } = &mut group.hold else { return };
    if candidate == *leader {
        (*heard, *given_up) = (now, false);
    } else if candidate == "*" && asker.is_some_and(|asker| leader.starts_with(asker)) {
        *given_up = true;
    }
}

/// Until when no failover is begun, as far as it can be known now. What has to be decided first is decided here.
pub(crate) fn hold_until(group: &mut Group, cx: &mut Cx<'_>) -> Option<Instant> {
    if group.fruitless > 0 && has_candidate(group, cx) {
        // A replica has come back, or has finished loading.
        group.fruitless = 0;
        if matches!(group.hold, Hold::Turn(_)) {
            group.hold = Hold::None;
        }
    }
    let turn = match &group.hold {
        Hold::Turn(at) => return (*at > cx.now).then_some(*at),
        Hold::Failed { until } => return (*until > cx.now).then_some(*until),
        Hold::None => our_turn(group, cx),
        Hold::Voted { heard, given_up, until, .. } => {
            let silent = heard.after_ms(LEADER_SILENT_MS);
            if !given_up && silent.min(*until) > cx.now {
                return Some(silent.min(*until));
            }
            our_turn(group, cx)
        }
    };
    group.hold = Hold::Turn(turn);
    (turn > cx.now).then_some(turn)
}

/// When it is our turn in the next epoch: those before us need the time for their requests and the answers.
fn our_turn(group: &Group, cx: &mut Cx<'_>) -> Instant {
    let (now, opinion_ms) = (cx.now, cx.me.periods.opinion_ms());
    let able =
        group.peers.iter().filter(|peer| !peer.it.is_down() && peer.says_down(now, opinion_ms));
    let ids = able.filter_map(|peer| peer.it.run_id.as_deref());
    let place = vote::place(&cx.me.id, ids, cx.me.current_epoch.saturating_add(1)) as u64;
    // The one before us writes its vote down, asks, and those it asks write theirs down.
    let step = round_trip_ms(group) + 2 * cx.me.disk_us.div_ceil(1000).min(200) + 5;
    // What has failed again and again, because not all see the same order, is left to chance more and more.
    let lost = group.lost_elections.saturating_sub(1).min(4);
    let spread = cx.prng.below((step / 2 + 1) << lost);
    let wait = if place == 0 && lost == 0 { 0 } else { place * step + spread };
    let fruitless_ms = if group.fruitless > 0 { fruitless_ms(group) } else { 0 };
    cx.now.after_ms(wait.max(fruitless_ms))
}

/// The votes so far.
fn count(group: &Group, epoch: u64) -> (Count, usize, String) {
    let peers = group.peers.iter().filter_map(|peer| peer.vote.as_ref());
    let votes: Vec<&str> =
        peers.filter(|(_, at)| *at == epoch).map(|(id, _)| id.as_str()).collect();
    let mine = group.ballot.leader.as_deref().filter(|_| group.ballot.epoch == epoch);
    let all = votes.iter().copied().chain(mine);
    let count = Count::of(all, group.peers.len() + 1, group.settings.quorum);
    let own = mine.unwrap_or_default().to_owned();
    let for_own = votes.iter().filter(|vote| **vote == own).count() + usize::from(mine.is_some());
    (count, for_own, own)
}

/// Counts the votes: elected, lost, or still open.
pub(super) fn go_on(group: &mut Group, cx: &mut Cx<'_>) {
    let failover = group.failover.as_mut().expect("we stand");
    let (epoch, forced) = (failover.epoch, failover.forced);
    let Phase::Electing { until, asked } = &mut failover.phase else { return };
    let out_of_time = cx.now >= *until;
    let ask_again = cx.now >= asked.after_ms(ASK_AGAIN_MS);
    if ask_again {
        *asked = cx.now;
    }
    let (count, own, _) = count(group, epoch);
    // What cannot be written down is no vote, and without our own we do not stand: after a crash we would stand in
    // this epoch again.
    let lost = cx.me.disk_fails || count.is_lost(own);
    if forced || !lost && count.winner() == Some(cx.me.id.as_str()) {
        return elected(group, cx);
    }
    let overtaken = cx.me.current_epoch > epoch;
    let ahead = count.possible_winner().filter(|it| *it != cx.me.id).map(str::to_owned);
    if overtaken || out_of_time || lost {
        abandon(group, cx, Step::NotElected, "-failover-abort-not-elected");
        group.lost_elections += 1;
        // Who has overtaken us has our vote or somebody's, and stands back are set by that.
        if !matches!(group.hold, Hold::Voted { .. }) {
            match ahead.filter(|_| !overtaken) {
                Some(leader) => stand_back(group, cx, &leader),
                None => {
                    let turn = our_turn(group, cx);
                    group.hold = Hold::Turn(turn);
                }
            }
        }
        return;
    }
    if ask_again {
        agree::ask(group, cx, agree::Ask::WithoutVote(epoch));
    }
}

fn elected(group: &mut Group, cx: &mut Cx<'_>) {
    group.lost_elections = 0;
    cx.event(Level::Warning, "+elected-leader", group, &group.primary, "");
    if cx.me.crash_after_election {
        cx.news.push_back(crate::news::News::Crash);
    }
    let now = cx.now;
    let failover = group.failover.as_mut().expect("we stand");
    failover.timeline.mark("elected", "", now);
    failover.enter(Step::Elected, Phase::Choosing { asked: now }, now);
    cx.event(Level::Warning, "+failover-state-select-slave", group, &group.primary, "");
    super::promote::ask_candidates(group, cx);
}

/// The line that Redis says once about each delay.
pub(crate) fn say_delay(group: &Group, cx: &mut Cx<'_>, until: Instant) {
    let wall = stdx::WallTime(cx.wall.0 + until.us_since(cx.now));
    let unless = match &group.hold {
        Hold::Voted { leader, .. } => {
            format!(", unless {leader} gives up or falls silent")
        }
        _ => String::new(),
    };
    cx.log(
        Level::Notice,
        format!(
            "Next failover delay: I will not start a failover before {}{unless}",
            crate::calendar::ctime(wall, cx.me.east_secs)
        ),
    );
}
