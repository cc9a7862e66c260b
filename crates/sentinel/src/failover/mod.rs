//! A failover, from standing for election to the last replica that follows the new primary.
//!
//! # Design
//! ```text
//!            start          elected           chosen            its INFO says "master"
//!   (none) ───────▶ Electing ───────▶ Choosing ───────▶ Promoting ───────▶ Reconfiguring ───▶ (none)
//!                      │                 │                  │
//!                      ▼ not elected     ▼ no good slave    ▼ timeout
//!                   (none, our turn     (none)             (none, held for twice
//!                    again soon)                            `failover-timeout`)
//! ```
//! Nothing waits for a tick: each phase goes on when what it waits for arrives, and has one deadline for the case
//! that it does not. Before `Promoting` nothing has been changed, so that giving up costs nothing, and trying again
//! needs no pause.

mod choose;
mod elect;
mod promote;
mod reconfigure;
mod switch;
mod timeline;

pub(crate) use elect::{
    heard_candidate, hold_until, is_led_by_another, say_delay, start, vote_for,
};
pub(crate) use promote::has_candidate;
pub(crate) use promote::promoted;
pub(crate) use reconfigure::{finish_early, heard};
pub(crate) use switch::{add_replica, new_instance, observed, overrule, switch};
pub(crate) use timeline::Timeline;

use crate::group::{Group, Hold, InstanceId};
use crate::news::Cx;
use stdx::Instant;

/// A failover that we lead, or want to.
#[derive(Debug)]
pub(crate) struct Failover {
    pub(crate) epoch: u64,
    /// SENTINEL FAILOVER: without election, and the primary need not be down.
    pub(crate) forced: bool,
    pub(crate) phase: Phase,
    /// Since when it is in this phase.
    pub(crate) since: Instant,
    /// The group's primary is the promoted one already.
    pub(crate) switched: bool,
    pub(crate) timeline: Timeline,
}

/// Where it stands, and what is known only there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Votes are collected until this moment.
    Electing { until: Instant, asked: Instant },
    /// The candidates have been asked for INFO at this moment.
    Choosing { asked: Instant },
    /// The chosen one has to become a primary: it is told as soon as there is a connection, and then asked whether it
    /// has.
    Promoting { chosen: InstanceId, told: Option<Instant>, asked: Instant },
    /// The others follow, a few at a time.
    Reconfiguring { promoted: InstanceId, asked: Instant },
}

/// What kind of phase it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PhaseKind {
    Electing,
    Choosing,
    Promoting,
    Reconfiguring,
}

/// What a phase may be left for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Elected,
    NotElected,
    Chosen,
    NobodyFits,
    Promoted,
    TimedOut,
    Ended,
    /// Another configuration, of a later epoch, has been adopted.
    Overruled,
}

/// Where a step leads; `None` at the end. A pair that is not here cannot happen.
pub(crate) fn next(phase: PhaseKind, step: Step) -> Option<Option<PhaseKind>> {
    use PhaseKind as P;
    Some(match (phase, step) {
        (P::Electing, Step::Elected) => Some(P::Choosing),
        (P::Electing, Step::NotElected) => None,
        (P::Choosing, Step::Chosen) => Some(P::Promoting),
        (P::Choosing, Step::NobodyFits) => None,
        (P::Promoting, Step::Promoted) => Some(P::Reconfiguring),
        (P::Promoting, Step::TimedOut) => None,
        (P::Reconfiguring, Step::Ended | Step::TimedOut) => None,
        (_, Step::Overruled) => None,
        _ => return None,
    })
}

impl Phase {
    pub(crate) fn kind(&self) -> PhaseKind {
        match self {
            Phase::Electing { .. } => PhaseKind::Electing,
            Phase::Choosing { .. } => PhaseKind::Choosing,
            Phase::Promoting { .. } => PhaseKind::Promoting,
            Phase::Reconfiguring { .. } => PhaseKind::Reconfiguring,
        }
    }

    /// The word of SENTINEL MASTER's `failover-state`.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Phase::Electing { .. } => "wait_start",
            Phase::Choosing { .. } => "select_slave",
            Phase::Promoting { told: None, .. } => "send_slaveof_noone",
            Phase::Promoting { .. } => "wait_promotion",
            Phase::Reconfiguring { .. } => "reconf_slaves",
        }
    }
}

impl Failover {
    /// The chosen one, once it is a primary and as long as the group's primary is still another.
    pub(crate) fn promoted(&self) -> Option<InstanceId> {
        match self.phase {
            Phase::Reconfiguring { promoted, .. } if !self.switched => Some(promoted),
            _ => None,
        }
    }

    /// The chosen one, from the choice on.
    pub(crate) fn chosen(&self) -> Option<InstanceId> {
        match self.phase {
            Phase::Promoting { chosen, .. } => Some(chosen),
            Phase::Reconfiguring { promoted, .. } => Some(promoted),
            _ => None,
        }
    }

    /// Takes a step; the phase that it leads to must be `phase`.
    pub(crate) fn enter(&mut self, step: Step, phase: Phase, now: Instant) {
        let allowed = next(self.phase.kind(), step);
        assert_eq!(allowed, Some(Some(phase.kind())), "{:?} by {step:?}", self.phase);
        self.phase = phase;
        self.since = now;
    }
}

/// The failover of a group goes on as far as it can now.
pub(crate) fn advance(group: &mut Group, cx: &mut Cx<'_>) {
    // A phase that has just been entered may be left at once: as many rounds as there are phases.
    for _ in 0..4 {
        let Some(failover) = &group.failover else { return };
        let before = failover.phase.kind();
        match before {
            PhaseKind::Electing => elect::go_on(group, cx),
            PhaseKind::Choosing => promote::choose(group, cx),
            PhaseKind::Promoting => promote::go_on(group, cx),
            PhaseKind::Reconfiguring => reconfigure::go_on(group, cx),
        }
        if group.failover.as_ref().is_none_or(|it| it.phase.kind() == before) {
            return;
        }
    }
}

/// When the failover has something to do, whatever else happens.
pub(crate) fn deadline(group: &Group) -> Option<Instant> {
    let failover = group.failover.as_ref()?;
    let timeout = failover.since.after_ms(group.settings.failover_timeout_ms + 1);
    Some(match &failover.phase {
        Phase::Electing { until, asked } => (*until).min(asked.after_ms(elect::ASK_AGAIN_MS)),
        Phase::Choosing { asked } => asked.after_ms(promote::CHOOSE_MS),
        Phase::Promoting { asked, .. } => timeout.min(asked.after_ms(promote::LOOK_MS)),
        Phase::Reconfiguring { asked, .. } => timeout.min(asked.after_ms(promote::LOOK_MS)),
    })
}

/// Ends a failover that changed nothing, or something that others will have to repair.
fn abandon(group: &mut Group, cx: &mut Cx<'_>, step: Step, name: &'static str) {
    let failover = group.failover.take().expect("a failover that is abandoned");
    assert_eq!(next(failover.phase.kind(), step), Some(None), "{:?} by {step:?}", failover.phase);
    group.replicas.iter_mut().for_each(|it| it.reconf = Default::default());
    cx.event(world::Level::Warning, name, group, &group.primary, "");
    if step == Step::NotElected {
        // Those who stand back for us hear that they need not any more.
        crate::agree::ask(group, cx, crate::agree::Ask::All);
    }
    let mut timeline = failover.timeline;
    timeline.mark(name, "", cx.now);
    cx.log(world::Level::Notice, timeline.line(&group.name));
    remember(group, timeline);
    if step == Step::TimedOut {
        let until = failover.since.after_ms(2 * group.settings.failover_timeout_ms);
        group.hold = Hold::Failed { until };
        elect::say_delay(group, cx, until);
    }
}

/// How many failovers are remembered for SENTINEL FAILOVERS.
const TIMELINES_MAX: usize = 16;

pub(crate) fn remember(group: &mut Group, timeline: Timeline) {
    if group.timelines.len() == TIMELINES_MAX {
        group.timelines.pop_front();
    }
    group.timelines.push_back(timeline);
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn every_phase_and_every_step() {
        use PhaseKind::*;
        use Step::*;
        let steps = [Elected, NotElected, Chosen, NobodyFits, Promoted, TimedOut, Ended, Overruled];
        let mut table = String::new();
        for phase in [Electing, Choosing, Promoting, Reconfiguring] {
            for step in steps {
                if let Some(to) = next(phase, step) {
                    let to = to.map_or("(none)".to_owned(), |to| format!("{to:?}"));
                    table += &format!("{phase:?} --{step:?}--> {to}\n");
                }
            }
        }
        expect![[r#"
            Electing --Elected--> Choosing
            Electing --NotElected--> (none)
            Electing --Overruled--> (none)
            Choosing --Chosen--> Promoting
            Choosing --NobodyFits--> (none)
            Choosing --Overruled--> (none)
            Promoting --Promoted--> Reconfiguring
            Promoting --TimedOut--> (none)
            Promoting --Overruled--> (none)
            Reconfiguring --TimedOut--> (none)
            Reconfiguring --Ended--> (none)
            Reconfiguring --Overruled--> (none)
        "#]]
        .assert_eq(&table);
    }
}
