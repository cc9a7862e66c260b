//! DUMP: a value as bytes.

use super::FAMILY;
use crate::admin::{NodeCommand, NodeCx};
use command::{Args, Arity, Command, Flags, Flow, Keys, Outcome, Spec};

pub(super) const DUMP: NodeCommand = Command::new(
    dump,
    Spec {
        name: "dump",
        syntax: "key",
        summary: "Returns the value of a key in the form that RESTORE takes.",
        complexity: "O(N), N being the size of the value",
        arity: Arity::Exactly(2),
        flags: Flags::READONLY,
        keys: &[Keys::at(1).reads()],
        tips: &["nondeterministic_output"],
        ..FAMILY
    },
);

fn dump(cx: &mut NodeCx<'_>, mut args: Args<'_>) -> Outcome {
    let compress = cx.node.config.values.flag("rdbcompression");
    let db = cx.session().db;
    match cx.node.keyspace.db(db).get(args.word()?) {
        Some(value) => cx.reply.bulk(&rdb::dump(value, compress)),
        None => cx.reply.null(),
    }
    Ok(Flow::Done)
}
