//! What happens to the process: it sleeps, it crashes, it starts again.

use super::Lever;
use crate::admin::NodeCx;
use command::{Args, Flow, Outcome};
use world::{Effect, Exit, Level};

pub(super) const TABLE: &[Lever] = &[
    Lever {
        name: "SLEEP",
        words: 1..=1,
        syntax: "<seconds>",
        about: "Holds up the whole server for so long; decimals are allowed.",
        run: sleep,
    },
    Lever {
        name: "LOG",
        words: 1..=1,
        syntax: "<message>",
        about: "Writes a line to the log.",
        run: log,
    },
    Lever {
        name: "SEGFAULT",
        words: 0..=0,
        syntax: "",
        about: "Crashes, by a bad address.",
        run: |cx, _| crash(cx, "Regent crashed by signal: 11, as DEBUG SEGFAULT asks for"),
    },
    Lever {
        name: "PANIC",
        words: 0..=0,
        syntax: "",
        about: "Crashes, by a broken promise.",
        run: |cx, _| crash(cx, "Guru Meditation: DEBUG PANIC called"),
    },
    Lever {
        name: "ASSERT",
        words: 0..=0,
        syntax: "",
        about: "Crashes, by an assertion.",
        run: |cx, _| crash(cx, "=== ASSERTION FAILED === as DEBUG ASSERT asks for"),
    },
    Lever {
        name: "OOM",
        words: 0..=0,
        syntax: "",
        about: "Crashes, as if memory had run out.",
        run: |cx, _| crash(cx, "Out Of Memory allocating, as DEBUG OOM asks for"),
    },
    Lever {
        name: "RESTART",
        words: 0..=1,
        syntax: "[<milliseconds>]",
        about: "Ends the process in good order and starts it again after a while.",
        run: restart,
    },
    Lever {
        name: "CRASH-AND-RECOVER",
        words: 0..=1,
        syntax: "[<milliseconds>]",
        about: "Ends the process as it is and starts it again after a while.",
        run: restart,
    },
];

fn sleep(cx: &mut NodeCx<'_>, mut args: Args<'_>) -> Outcome {
    let text = args.word()?;
    // compat(7.2): what is no number is no time at all.
    let seconds = stdx::float::parse_f64(text).filter(|it| it.is_finite()).unwrap_or(0.0).max(0.0);
    let ms = (seconds * 1000.0) as u64;
    // Who was told to go goes before the sleep: a master's replica can be dropped for exactly as long.
    cx.node.bury();
    cx.node.settle_replication();
    cx.node.effects.push_back(Effect::Stall { ms });
    // Nothing goes out before the world has slept, so for whatever runs until then it is that late already.
    cx.node.now = cx.node.now.after_ms(ms);
    cx.node.debug.stalled_ns += (seconds * 1e9) as u64;
    cx.reply.ok();
    Ok(Flow::Done)
}

fn log(cx: &mut NodeCx<'_>, mut args: Args<'_>) -> Outcome {
    let text = String::from_utf8_lossy(args.word()?).into_owned();
    cx.node.log(Level::Warning, format!("DEBUG LOG: {text}"));
    cx.reply.ok();
    Ok(Flow::Done)
}

fn crash(cx: &mut NodeCx<'_>, last_words: &str) -> Outcome {
    cx.node.log(Level::Warning, last_words);
    cx.node.effects.push_back(Effect::Exit(Exit::Crash));
    Ok(Flow::Done)
}

fn restart(cx: &mut NodeCx<'_>, mut args: Args<'_>) -> Outcome {
    let after_ms = if args.is_empty() { 0 } else { u64::try_from(args.int()?).unwrap_or(0) };
    cx.node.effects.push_back(Effect::Exit(Exit::Restart { after_ms }));
    Ok(Flow::Done)
}
