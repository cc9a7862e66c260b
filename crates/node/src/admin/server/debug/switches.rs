//! Switches that stay as they are set, and those of Redis that have nothing to switch here.

use super::Lever;
use crate::admin::NodeCx;
use command::{Args, Error, Flow, Outcome};

/// What tests have switched.
#[derive(Debug, Default)]
pub(crate) struct Switches {
    /// SET-SKIP-CHECKSUM-VALIDATION.
    pub(crate) skips_checksums: bool,
    /// How long the running command will hold up the loop by SLEEP, nanoseconds: it counts as its own time.
    pub(crate) stalled_ns: u64,
}

pub(super) const TABLE: &[Lever] = &[
    Lever {
        name: "SET-SKIP-CHECKSUM-VALIDATION",
        words: 1..=1,
        syntax: "<0|1>",
        about: "Whether RESTORE takes payloads with a wrong sum.",
        run: set_skip_checksum,
    },
    Lever {
        name: "SET-ACTIVE-EXPIRE",
        words: 1..=1,
        syntax: "<0|1>",
        about: "Whether keys whose time is up are deleted before anybody asks for them.",
        run: set_active_expire,
    },
    Lever {
        name: "PAUSE-CRON",
        words: 1..=1,
        syntax: "<0|1>",
        about: "Whether what is done ten times a second is left undone.",
        run: pause_cron,
    },
    Lever {
        name: "QUICKLIST-PACKED-THRESHOLD",
        words: 1..=1,
        syntax: "<size>",
        about: "Accepted; elements of lists are kept apart from a size that is fixed.",
        run: packed_threshold,
    },
    Lever {
        name: "REPLYBUFFER",
        words: 2..=2,
        syntax: "<PEAK-RESET-TIME|RESIZING> <value>",
        about: "Accepted; outgoing buffers have no size of their own.",
        run: reply_buffer,
    },
    Lever {
        name: "SET-DISABLE-DENY-SCRIPTS",
        words: 1..=1,
        syntax: "<0|1>",
        about: "Whether scripts may run commands that are not for them.",
        run: set_disable_deny_scripts,
    },
    Lever {
        name: "DICT-RESIZING",
        words: 1..=1,
        syntax: "<0|1>",
        about: "Accepted; tables always grow and shrink as they need.",
        run: accept,
    },
    Lever {
        name: "AOF-FLUSH-SLEEP",
        words: 1..=1,
        syntax: "<microseconds>",
        about: "Accepted; there is no append-only file.",
        run: accept,
    },
    Lever {
        name: "DROP-CLUSTER-PACKET-FILTER",
        words: 1..=1,
        syntax: "<type>",
        about: "Accepted; there is no cluster.",
        run: accept,
    },
    Lever {
        name: "LEAK",
        words: 1..=1,
        syntax: "<string>",
        about: "Accepted; nothing is leaked.",
        run: accept,
    },
    Lever {
        name: "CLIENT-EVICTION",
        words: 0..=0,
        syntax: "",
        about: "Tells how much memory clients take, where that is limited.",
        run: client_eviction,
    },
];

/// A switch as C reads it: anything that does not begin with a number is zero.
pub(super) fn is_on(word: &[u8]) -> bool {
    let digits = word.iter().skip_while(|byte| matches!(byte, b'-' | b'+'));
    digits.take_while(|byte| byte.is_ascii_digit()).any(|byte| *byte != b'0')
}

fn accept(cx: &mut NodeCx<'_>, _: Args<'_>) -> Outcome {
    cx.reply.ok();
    Ok(Flow::Done)
}

fn set_skip_checksum(cx: &mut NodeCx<'_>, mut args: Args<'_>) -> Outcome {
    cx.node.debug.skips_checksums = is_on(args.word()?);
    cx.reply.ok();
    Ok(Flow::Done)
}

fn set_active_expire(cx: &mut NodeCx<'_>, mut args: Args<'_>) -> Outcome {
    cx.node.cron.expires = is_on(args.word()?);
    cx.reply.ok();
    Ok(Flow::Done)
}

fn set_disable_deny_scripts(cx: &mut NodeCx<'_>, mut args: Args<'_>) -> Outcome {
    cx.node.scripting.may_all = stdx::integer::leading(args.word()?) != 0;
    cx.reply.ok();
    Ok(Flow::Done)
}

fn pause_cron(cx: &mut NodeCx<'_>, mut args: Args<'_>) -> Outcome {
    cx.node.cron.paused = is_on(args.word()?);
    cx.reply.ok();
    Ok(Flow::Done)
}

fn packed_threshold(cx: &mut NodeCx<'_>, mut args: Args<'_>) -> Outcome {
    let text = String::from_utf8_lossy(args.word()?).into_owned();
    let size = config::parse_memory(text.as_bytes());
    // compat(7.2): zero stands for the default.
    if !size.is_some_and(|size| size == 0 || (1..=u64::from(u32::MAX)).contains(&size)) {
        return Err(Error::fixed(
            "ERR argument must be a memory value bigger than 1 and smaller than 4gb",
        ));
    }
    cx.reply.ok();
    Ok(Flow::Done)
}

fn reply_buffer(cx: &mut NodeCx<'_>, mut args: Args<'_>) -> Outcome {
    let (what, value) = (args.word()?, args.word()?);
    if what.eq_ignore_ascii_case(b"peak-reset-time") {
        let known = [b"never".as_slice(), b"reset"].iter().any(|it| value.eq_ignore_ascii_case(it));
        if !known && stdx::integer::parse_i64(value).is_none() {
            return Err(Error::NOT_AN_INTEGER);
        }
    } else if !what.eq_ignore_ascii_case(b"resizing") {
        return Err(Error::subcommand_words(&args.all()));
    }
    accept(cx, args)
}

fn client_eviction(cx: &mut NodeCx<'_>, _: Args<'_>) -> Outcome {
    let limit = cx.node.settings.clients_memory_max;
    if limit == 0 {
        return Err(Error::fixed("ERR maxmemory-clients is disabled."));
    }
    let sizes: Vec<usize> = cx.node.sessions.iter().map(crate::admin::client_memory).collect();
    let total: usize = sizes.iter().sum();
    let text = format!("limit: {limit}, tot-mem: {total}, clients: {}\n", sizes.len());
    cx.reply.verbatim("txt", text.as_bytes());
    Ok(Flow::Done)
}

#[cfg(test)]
mod tests {
    use super::is_on;

    #[test]
    fn switches_are_numbers() {
        for (word, on) in [("1", true), ("0", false), ("-1", true), ("00x1", false), ("yes", false)]
        {
            assert_eq!(is_on(word.as_bytes()), on, "{word}");
        }
    }
}
