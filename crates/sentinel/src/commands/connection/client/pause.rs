//! CLIENT PAUSE, UNPAUSE and UNBLOCK: who waits, and who waits no more.

use super::ADMIN;
use crate::clients::Pause;
use crate::commands::{SentinelCommand, SentinelCx};
use command::{Args, Arity, Command, Error, Flow, Outcome, Spec};
use stdx::Now;

pub(super) const PAUSE: SentinelCommand = Command::new(
    pause,
    Spec {
        name: "pause",
        syntax: "timeout [WRITE | ALL]",
        summary: "Holds back the commands of all connections, or their hellos, for some milliseconds.",
        since: "3.0.0",
        arity: Arity::AtLeast(3),
        ..ADMIN
    },
);

fn pause(cx: &mut SentinelCx<'_>, mut args: Args<'_>) -> Outcome {
    args.at_most(2)?;
    let timeout = args.word()?;
    // A wrong mode is told before a wrong timeout.
    let what = match args.next() {
        None => Pause::All,
        Some(mode) if mode.eq_ignore_ascii_case(b"all") => Pause::All,
        Some(mode) if mode.eq_ignore_ascii_case(b"write") => Pause::Writes,
        Some(_) => return Err(Error::fixed("ERR CLIENT PAUSE mode must be WRITE or ALL")),
    };
    let clock = &cx.sentinel.clock;
    let now = Now { instant: clock.now(), wall: clock.wall() };
    let until = command::deadline_ms(timeout, now)?;
    cx.sentinel.clients.pause = Some((until.unwrap_or(now.instant), what));
    cx.reply.ok();
    Ok(Flow::Done)
}

pub(super) const UNPAUSE: SentinelCommand = Command::new(
    |cx, _| {
        cx.sentinel.end_pause();
        cx.reply.ok();
        Ok(Flow::Done)
    },
    Spec {
        name: "unpause",
        summary: "Lets all connections go on.",
        complexity: "O(N), N being the number of paused connections",
        since: "6.2.0",
        arity: Arity::Exactly(2),
        ..ADMIN
    },
);

pub(super) const UNBLOCK: SentinelCommand = Command::new(
    unblock,
    Spec {
        name: "unblock",
        syntax: "client-id [TIMEOUT | ERROR]",
        summary: "Ends the wait of another connection. Nothing here waits so that it could be ended.",
        complexity: "O(log N), N being the number of waiting connections",
        since: "5.0.0",
        arity: Arity::AtLeast(3),
        ..ADMIN
    },
);

fn unblock(cx: &mut SentinelCx<'_>, mut args: Args<'_>) -> Outcome {
    args.at_most(2)?;
    let id = args.word()?;
    // A wrong reason is told before a wrong number.
    let how = args.next().unwrap_or(b"timeout");
    if !how.eq_ignore_ascii_case(b"timeout") && !how.eq_ignore_ascii_case(b"error") {
        return Err(Error::fixed("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR"));
    }
    stdx::integer::parse_i64(id).ok_or(Error::NOT_AN_INTEGER)?;
    cx.reply.int(0);
    Ok(Flow::Done)
}
