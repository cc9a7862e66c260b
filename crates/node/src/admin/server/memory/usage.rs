//! MEMORY USAGE: what one key takes.

use super::SUB;
use crate::admin::{NodeCommand, NodeCx};
use command::{Args, Arity, Command, Error, Flags, Flow, Keys, Outcome, Spec};

pub(super) const USAGE: NodeCommand = Command::new(
    usage,
    Spec {
        name: "usage",
        syntax: "key [SAMPLES count]",
        summary: "Tells the bytes that a key and its value take.",
        complexity: "O(N), N being the number of samples",
        arity: Arity::AtLeast(3),
        flags: Flags::READONLY,
        keys: &[Keys::at(2).inspects()],
        ..SUB
    },
);

/// Elements of a collection that are looked at unless told otherwise.
const SAMPLES: usize = 5;

fn usage(cx: &mut NodeCx<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.word()?;
    let mut samples = SAMPLES;
    while !args.is_empty() {
        if !args.take_keyword("samples") || args.is_empty() {
            return Err(Error::SYNTAX);
        }
        samples = usize::try_from(args.int()?).map_err(|_| Error::SYNTAX)?;
    }
    let db = cx.session().db;
    match cx.node.keyspace.db(db).memory_usage(key, samples) {
        Some(bytes) => cx.reply.count(bytes),
        None => cx.reply.null(),
    }
    Ok(Flow::Done)
}
