//! CLIENT PAUSE, UNPAUSE and UNBLOCK: who waits, and who waits no more.

use super::SUB;
use crate::admin::{NodeCommand, NodeCx};
use crate::blocking::Waiting;
use command::{Args, Arity, Categories, Command, Error, Flags, Flow, Outcome, Spec};

pub(super) const PAUSE: NodeCommand = Command::new(
    pause,
    Spec {
        name: "pause",
        history: &[("6.2.0", "WRITE and ALL")],
        syntax: "timeout [WRITE | ALL]",
        summary: "Holds back the commands of all connections, or their writes, for some milliseconds.",
        since: "3.0.0",
        arity: Arity::AtLeast(3),
        flags: Flags::ADMIN.and(SUB.flags),
        categories: Categories::CONNECTION,
        ..SUB
    },
);

fn pause(cx: &mut NodeCx<'_>, mut args: Args<'_>) -> Outcome {
    args.at_most(2)?;
    let timeout = args.word()?;
    // A wrong mode is told before a wrong timeout.
    let all = match args.next() {
        None => true,
        Some(mode) if mode.eq_ignore_ascii_case(b"all") => true,
        Some(mode) if mode.eq_ignore_ascii_case(b"write") => false,
        Some(_) => return Err(Error::fixed("ERR CLIENT PAUSE mode must be WRITE or ALL")),
    };
    let now = cx.node.now;
    let until = command::deadline_ms(timeout, now)?;
    cx.node.blocking.set_pause(until.unwrap_or(now.instant), all);
    cx.reply.ok();
    Ok(Flow::Done)
}

pub(super) const UNPAUSE: NodeCommand = Command::new(
    unpause,
    Spec {
        name: "unpause",
        summary: "Lets all connections go on.",
        complexity: "O(N), N being the number of paused connections",
        since: "6.2.0",
        arity: Arity::Exactly(2),
        flags: Flags::ADMIN.and(SUB.flags),
        categories: Categories::CONNECTION,
        ..SUB
    },
);

fn unpause(cx: &mut NodeCx<'_>, _: Args<'_>) -> Outcome {
    cx.node.unpause();
    cx.reply.ok();
    Ok(Flow::Done)
}

pub(super) const UNBLOCK: NodeCommand = Command::new(
    unblock,
    Spec {
        name: "unblock",
        syntax: "client-id [TIMEOUT | ERROR]",
        summary: "Ends the wait of another connection.",
        complexity: "O(log N), N being the number of waiting connections",
        since: "5.0.0",
        arity: Arity::AtLeast(3),
        flags: Flags::ADMIN.and(SUB.flags),
        categories: Categories::CONNECTION,
        ..SUB
    },
);

fn unblock(cx: &mut NodeCx<'_>, mut args: Args<'_>) -> Outcome {
    args.at_most(2)?;
    let id = args.word()?;
    // A wrong reason is told before a wrong number.
    let with_error = match args.next() {
        None => false,
        Some(how) if how.eq_ignore_ascii_case(b"timeout") => false,
        Some(how) if how.eq_ignore_ascii_case(b"error") => true,
        Some(_) => {
            return Err(Error::fixed("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR"));
        }
    };
    let id = stdx::integer::parse_i64(id).ok_or(Error::NOT_AN_INTEGER)?;
    let target = cx.node.sessions.by_id(id as u64);
    let waits = target.and_then(|session| {
        let parked = session.parked.as_ref()?;
        matches!(parked.what, Waiting::Keys { .. } | Waiting::Replicas { .. })
            .then_some(session.conn)
    });
    if let Some(conn) = waits {
        if with_error {
            let error = Error::fixed("UNBLOCKED client unblocked via CLIENT UNBLOCK");
            cx.node.unblock_with(conn, &error);
        } else {
            cx.node.give_up(conn);
        }
    }
    cx.reply.int(i64::from(waits.is_some()));
    Ok(Flow::Done)
}
