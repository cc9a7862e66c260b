//! LATENCY: spikes, and how long commands take.

use super::FAMILY;
use crate::admin::{self, NodeCommand, NodeCx};
use crate::registry::CommandId;
use command::{Args, Arity, Command, Error, Flags, Flow, Outcome, Spec};
use std::fmt::Write;

pub(super) const LATENCY: NodeCommand = Command::container(
    |_, _| Err(Error::arity("latency")),
    Spec {
        name: "latency",
        syntax: "subcommand",
        summary: "Questions about delays.",
        complexity: "Depends on subcommand.",
        since: "2.8.13",
        arity: Arity::AtLeast(2),
        ..FAMILY
    },
    &[&DOCTOR, &GRAPH, &HELP, &HISTOGRAM, &HISTORY, &LATEST, &RESET],
);

const SUB: Spec = Spec {
    since: "2.8.13",
    flags: Flags::ADMIN.and(Flags::NO_SCRIPT).and(Flags::LOADING).and(Flags::STALE),
    tips: &["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"],
    ..FAMILY
};

const HISTORY: NodeCommand = Command::new(
    history,
    Spec {
        name: "history",
        syntax: "event",
        summary: "Returns the spikes of an event: time and milliseconds.",
        arity: Arity::Exactly(3),
        ..SUB
    },
);

fn history(cx: &mut NodeCx<'_>, mut args: Args<'_>) -> Outcome {
    let samples = cx.node.stats.latency.event(args.word()?).map_or(&[][..], |(_, it)| &it.samples);
    cx.reply.array(samples.len());
    for (second, ms) in samples {
        cx.reply.array(2);
        cx.reply.int(*second as i64);
        cx.reply.int(*ms as i64);
    }
    Ok(Flow::Done)
}

const LATEST: NodeCommand = Command::new(
    latest,
    Spec {
        name: "latest",
        summary: "Returns the last spike of every event, and its worst.",
        arity: Arity::Exactly(2),
        ..SUB
    },
);

fn latest(cx: &mut NodeCx<'_>, _: Args<'_>) -> Outcome {
    cx.reply.array(cx.node.stats.latency.events().count());
    for (name, spikes) in cx.node.stats.latency.events() {
        let (second, ms) = spikes.samples.last().copied().unwrap_or_default();
        cx.reply.array(4);
        cx.reply.text(name);
        cx.reply.int(second as i64);
        cx.reply.int(ms as i64);
        cx.reply.int(spikes.worst_ms as i64);
    }
    Ok(Flow::Done)
}

const RESET: NodeCommand = Command::new(
    reset,
    Spec {
        name: "reset",
        syntax: "[event [event ...]]",
        summary: "Forgets events, or all of them.",
        arity: Arity::AtLeast(2),
        tips: &["request_policy:all_nodes", "response_policy:agg_sum"],
        ..SUB
    },
);

fn reset(cx: &mut NodeCx<'_>, args: Args<'_>) -> Outcome {
    let latency = &mut cx.node.stats.latency;
    let forgotten = if args.is_empty() {
        latency.reset(None)
    } else {
        args.rest().iter().map(|event| latency.reset(Some(event))).sum()
    };
    cx.reply.count(forgotten);
    Ok(Flow::Done)
}

const HISTOGRAM: NodeCommand = Command::new(
    histogram,
    Spec {
        name: "histogram",
        syntax: "[command [command ...]]",
        summary: "Returns how long commands took: calls by powers of two of microseconds.",
        complexity: "O(N), N being the number of commands",
        since: "7.0.0",
        arity: Arity::AtLeast(2),
        ..SUB
    },
);

fn histogram(cx: &mut NodeCx<'_>, args: Args<'_>) -> Outcome {
    let registry = &cx.node.registry;
    let mut ids: Vec<CommandId> = Vec::new();
    if args.is_empty() {
        ids.extend(registry.rows().iter().map(|row| row.id));
    }
    for word in args.rest().iter() {
        // `config` means all of its subcommands, `config|set` one of them.
        let mut parts = word.splitn(2, |&byte| byte == b'|');
        let container = parts.next().and_then(|name| registry.find(name));
        let Some(row) = container.map(|id| registry.row(id)) else { continue };
        match parts.next() {
            Some(sub) => ids.extend(
                row.subcommands
                    .iter()
                    .copied()
                    .filter(|id| registry.row(*id).spec.name.as_bytes().eq_ignore_ascii_case(sub)),
            ),
            None if row.subcommands.is_empty() => ids.push(row.id),
            None => ids.extend(&row.subcommands),
        }
    }
    let place = cx.reply.defer();
    let mut shown = 0;
    for id in ids {
        let row = registry.row(id);
        let histogram = cx.node.stats.command(id).and_then(|it| it.histogram.as_ref());
        let Some(histogram) = histogram.filter(|it| it.total() > 0) else { continue };
        shown += 1;
        cx.reply.text(&row.full_name);
        cx.reply.map(2);
        cx.reply.text("calls");
        cx.reply.int(histogram.total() as i64);
        cx.reply.text("histogram_usec");
        let doublings = histogram.by_doublings();
        cx.reply.map(doublings.len());
        for (us, count) in doublings {
            cx.reply.int(us as i64);
            cx.reply.int(count as i64);
        }
    }
    cx.reply.finish_map(place, shown);
    Ok(Flow::Done)
}

const GRAPH: NodeCommand = Command::new(
    graph,
    Spec {
        name: "graph",
        syntax: "event",
        summary: "Draws the spikes of an event.",
        arity: Arity::Exactly(3),
        ..SUB
    },
);

fn graph(cx: &mut NodeCx<'_>, mut args: Args<'_>) -> Outcome {
    let word = args.word()?;
    let Some((name, spikes)) = cx.node.stats.latency.event(word) else {
        let text =
            format!("ERR No samples available for event '{}'", String::from_utf8_lossy(word));
        return Err(Error::new(text));
    };
    let values = spikes.samples.iter().map(|(_, ms)| *ms);
    let (low, high) = (values.clone().min().unwrap_or(0), values.clone().max().unwrap_or(0));
    let mut text =
        format!("{name} - high {high} ms, low {low} ms (all time high {} ms)\n", spikes.worst_ms);
    text.push_str(&"-".repeat(80));
    text.push('\n');
    const ROWS: u64 = 4;
    for row in (0..ROWS).rev() {
        for value in values.clone() {
            let height = if high == low { ROWS } else { (value - low) * ROWS / (high - low) };
            text.push(if height > row {
                '#'
            } else if row == 0 {
                '_'
            } else {
                ' '
            });
        }
        text.push('\n');
    }
    cx.reply.verbatim("txt", text.as_bytes());
    Ok(Flow::Done)
}

const DOCTOR: NodeCommand = Command::new(
    doctor,
    Spec {
        name: "doctor",
        summary: "Says in words what the spikes mean.",
        arity: Arity::Exactly(2),
        ..SUB
    },
);

fn doctor(cx: &mut NodeCx<'_>, _: Args<'_>) -> Outcome {
    let mut text = String::new();
    if cx.node.settings.latency_threshold_ms == 0 && cx.node.stats.latency.events().count() == 0 {
        text.push_str(
            "Latency monitoring is off, so there is nothing to tell. Turn it on with 'CONFIG SET \
             latency-monitor-threshold <milliseconds>'.\n",
        );
    } else if cx.node.stats.latency.events().count() == 0 {
        text.push_str("No spike was seen since the last reset. All is well.\n");
    }
    for (number, (name, spikes)) in cx.node.stats.latency.events().enumerate() {
        let count = spikes.samples.len();
        let mean = spikes.samples.iter().map(|(_, ms)| ms).sum::<u64>() / count.max(1) as u64;
        let worst = spikes.worst_ms;
        let hint = match name {
            "command" => "Look at SLOWLOG GET for commands that take long.",
            "fast-command" => {
                "Simple commands were slow: the machine may be short of processor time."
            }
            _ => "Look at what the machine's disks and processor did at these times.",
        };
        writeln!(
            text,
            "{}. {name}: {count} spikes (average {mean} ms, worst {worst} ms). {hint}",
            number + 1
        )
        .expect("text grows without fail");
    }
    cx.reply.verbatim("txt", text.as_bytes());
    Ok(Flow::Done)
}

const HELP: NodeCommand = Command::new(
    |cx, _| admin::help(cx, &LATENCY),
    Spec {
        name: "help",
        summary: "Shows what LATENCY can be asked.",
        arity: Arity::Exactly(2),
        flags: Flags::LOADING.and(Flags::STALE),
        tips: &[],
        ..SUB
    },
);
