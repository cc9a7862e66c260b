//! FLUSHALL: everything goes, and with it the file that would bring it back.

use super::FAMILY;
use crate::admin::{NodeCommand, NodeCx};
use command::{Args, Arity, Categories, Command, Flags, Flow, Outcome, Spec};

pub(super) const FLUSHALL: NodeCommand = Command::new(
    flushall,
    Spec {
        name: "flushall",
        history: &[("4.0.0", "ASYNC"), ("6.2.0", "SYNC")],
        syntax: "[ASYNC | SYNC]",
        summary: "Deletes all keys of all databases.",
        complexity: "O(N), N being the keys deleted",
        arity: Arity::AtLeast(1),
        flags: Flags::WRITE,
        categories: Categories::KEYSPACE.and(Categories::DANGEROUS),
        tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
        ..FAMILY
    },
);

fn flushall(cx: &mut NodeCx<'_>, args: Args<'_>) -> Outcome {
    let lazily = commands::flush_mode(args, cx.node.settings.lazy)?;
    let gone = cx.node.keyspace.flush_all(lazily);
    cx.node.keyspace.dirty += gone as u64;
    // Told even where nothing was there to delete: a replica that has drifted away is brought back.
    cx.node.propagation.instead(args.all().iter());
    let waiter = cx.waiter();
    if cx.node.empty_file(waiter) {
        return cx.wait(args);
    }
    cx.reply.ok();
    Ok(Flow::Done)
}
