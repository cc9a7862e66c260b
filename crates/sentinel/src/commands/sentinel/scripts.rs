//! SENTINEL PENDING-SCRIPTS: the programs that wait and run.

use super::SUB;
use crate::commands::SentinelCommand;
use command::{Arity, Command, Flow, Spec};

pub(super) const PENDING_SCRIPTS: SentinelCommand = Command::new(
    |cx, _| {
        let now = cx.sentinel.clock.now();
        cx.reply.array(cx.sentinel.scripts.len());
        for job in cx.sentinel.scripts.pending(now) {
            cx.reply.map(5);
            cx.reply.bulk(b"argv");
            cx.reply.array(job.argv.len());
            job.argv.iter().for_each(|word| cx.reply.bulk(word.as_bytes()));
            let (state, time) = match job.is_running {
                true => ("running", "run-time"),
                false => ("scheduled", "run-delay"),
            };
            cx.reply.bulk(b"flags");
            cx.reply.bulk(state.as_bytes());
            for (name, value) in
                [("pid", job.pid.into()), (time, job.time_ms), ("retry-num", job.attempts.into())]
            {
                cx.reply.bulk(name.as_bytes());
                cx.reply.bulk_int(value as i64);
            }
        }
        Ok(Flow::Done)
    },
    Spec {
        name: "pending-scripts",
        summary: "Shows the programs that are told of events: those that wait and those that run.",
        arity: Arity::Exactly(2),
        ..SUB
    },
);
