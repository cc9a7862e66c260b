//! SENTINEL DEBUG and SIMULATE-FAILURE: for tests.

use super::SUB;
use crate::commands::{SentinelCommand, SentinelCx};
use crate::sentinel::Sentinel;
use crate::state::directives::TIME_MS_MAX;
use command::{Args, Arity, Command, Error, Flow, Outcome, Spec};
use world::Level;

pub(super) const DEBUG: SentinelCommand = Command::new(
    debug,
    Spec {
        name: "debug",
        syntax: "[parameter value [parameter value ...]]",
        summary: "Shows or sets times that are the same for all names, in milliseconds.",
        complexity: "O(N), N being the number of parameters",
        since: "7.0.0",
        arity: Arity::AtLeast(2),
        ..SUB
    },
);

/// A time, by the name that it is shown under, and where it is.
type Row = (&'static str, fn(&mut Sentinel) -> &mut u64);

const TIMES: [Row; 13] = [
    ("INFO-PERIOD", |it| &mut it.me.periods.info_ms),
    ("PING-PERIOD", |it| &mut it.me.periods.ping_ms),
    ("ASK-PERIOD", |it| &mut it.me.periods.ask_ms),
    ("PUBLISH-PERIOD", |it| &mut it.me.periods.publish_ms),
    ("DEFAULT-DOWN-AFTER", |it| &mut it.me.periods.down_after_ms),
    ("DEFAULT-FAILOVER-TIMEOUT", |it| &mut it.me.periods.failover_timeout_ms),
    ("TILT-TRIGGER", |it| &mut it.clock.trigger_ms),
    ("TILT-PERIOD", |it| &mut it.clock.period_ms),
    ("SLAVE-RECONF-TIMEOUT", |it| &mut it.me.periods.reconf_ms),
    ("MIN-LINK-RECONNECT-PERIOD", |it| &mut it.me.periods.min_reconnect_ms),
    ("ELECTION-TIMEOUT", |it| &mut it.me.periods.election_ms),
    ("SCRIPT-MAX-RUNTIME", |it| &mut it.scripts.limits.runtime_ms),
    ("SCRIPT-RETRY-DELAY", |it| &mut it.scripts.limits.retry_delay_ms),
];

fn debug(cx: &mut SentinelCx<'_>, mut args: Args<'_>) -> Outcome {
    if args.is_empty() {
        cx.reply.map(TIMES.len());
        for (name, time) in TIMES {
            cx.reply.bulk(name.as_bytes());
            cx.reply.bulk_int(*time(cx.sentinel) as i64);
        }
        return Ok(Flow::Done);
    }
    while let Some(option) = args.next() {
        let row = TIMES.iter().find(|(name, _)| option.eq_ignore_ascii_case(name.as_bytes()));
        let (Some((_, time)), Some(value)) = (row, args.next()) else {
            let head = b"ERR Unknown option or number of arguments for SENTINEL DEBUG '";
            return Err(Error::bytes([head, option, b"'"].concat()));
        };
        let Some(ms) = stdx::integer::parse_i64(value).filter(|ms| *ms > 0) else {
            let tail = [b"' for SENTINEL DEBUG '", option, b"'"].concat();
            return Err(Error::bytes([b"ERR Invalid argument '", value, &tail].concat()));
        };
        *time(cx.sentinel) = (ms as u64).min(TIME_MS_MAX);
    }
    let sentinel = &mut *cx.sentinel;
    sentinel.links.periods = sentinel.me.periods;
    let all: Vec<_> = sentinel.groups.keys().copied().collect();
    all.into_iter().for_each(|id| sentinel.look_at(id));
    cx.reply.ok();
    Ok(Flow::Done)
}

pub(super) const SIMULATE_FAILURE: SentinelCommand = Command::new(
    simulate_failure,
    Spec {
        name: "simulate-failure",
        syntax: "[CRASH-AFTER-ELECTION] [CRASH-AFTER-PROMOTION] [HELP]",
        summary: "Lets this Sentinel end in the middle of its next failover.",
        since: "3.2.0",
        arity: Arity::AtLeast(3),
        ..SUB
    },
);

fn simulate_failure(cx: &mut SentinelCx<'_>, args: Args<'_>) -> Outcome {
    let me = &mut cx.sentinel.me;
    (me.crash_after_election, me.crash_after_promotion) = (false, false);
    for word in args.rest().iter() {
        let text = match word.to_ascii_lowercase().as_slice() {
            b"crash-after-election" => {
                cx.sentinel.me.crash_after_election = true;
                "Failure simulation: this Sentinel will crash after being successfully elected as failover leader"
            }
            b"crash-after-promotion" => {
                cx.sentinel.me.crash_after_promotion = true;
                "Failure simulation: this Sentinel will crash after promoting the selected replica to master"
            }
            b"help" => {
                cx.reply.array(2);
                cx.reply.bulk(b"crash-after-election");
                cx.reply.bulk(b"crash-after-promotion");
                return Ok(Flow::Done);
            }
            _ => return Err(Error::fixed("ERR Unknown failure simulation specified")),
        };
        cx.sentinel.log(Level::Warning, text.to_owned());
    }
    cx.reply.ok();
    Ok(Flow::Done)
}
