//! INFO, TIME, LOLWUT.

use super::FAMILY;
use crate::admin::{NodeCommand, NodeCx};
use command::{Args, Arity, Categories, Command, Flags, Flow, Outcome, Spec};

pub(super) const INFO: NodeCommand = Command::new(
    info,
    Spec {
        name: "info",
        history: &[("7.0.0", "several sections")],
        syntax: "[section [section ...]]",
        summary: "Tells about the server, in sections.",
        arity: Arity::AtLeast(1),
        flags: Flags::LOADING.and(Flags::STALE),
        categories: Categories::DANGEROUS,
        tips: &["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
        ..FAMILY
    },
);

fn info(cx: &mut NodeCx<'_>, args: Args<'_>) -> Outcome {
    let text = cx.node.info(args.rest().iter());
    cx.reply.verbatim("txt", text.as_bytes());
    Ok(Flow::Done)
}

pub(super) const TIME: NodeCommand = Command::new(
    time,
    Spec {
        name: "time",
        summary: "Tells the time of the server.",
        since: "2.6.0",
        arity: Arity::Exactly(1),
        flags: Flags::LOADING.and(Flags::STALE).and(Flags::FAST),
        tips: &["nondeterministic_output"],
        ..FAMILY
    },
);

fn time(cx: &mut NodeCx<'_>, _: Args<'_>) -> Outcome {
    let now = cx.node.clock(cx.context);
    cx.reply.array(2);
    cx.reply.text(&now.secs().to_string());
    cx.reply.text(&(now.0 % 1_000_000).to_string());
    Ok(Flow::Done)
}

pub(super) const LOLWUT: NodeCommand = Command::new(
    lolwut,
    Spec {
        name: "lolwut",
        syntax: "[VERSION version]",
        summary: "Shows a little picture, and the version.",
        since: "5.0.0",
        arity: Arity::AtLeast(1),
        flags: Flags::READONLY.and(Flags::FAST),
        ..FAMILY
    },
);

fn lolwut(cx: &mut NodeCx<'_>, _: Args<'_>) -> Outcome {
    let crown = "  .   .   .\n  |\\ /|\\ /|\n  | X | X |\n  |/_\\|/_\\|\n  =========\n";
    let text = format!(
        "{crown}\nRegent {}, Redis ver. {}\n",
        env!("CARGO_PKG_VERSION"),
        crate::REDIS_VERSION
    );
    cx.reply.verbatim("txt", text.as_bytes());
    Ok(Flow::Done)
}
