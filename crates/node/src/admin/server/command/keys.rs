//! COMMAND GETKEYS and GETKEYSANDFLAGS: which words of a request are keys, and what would become of them.

use super::SUB;
use crate::admin::{NodeCommand, NodeCx};
use command::manual::{Shown, write_keys_of};
use command::{Args, Arity, Command, Error, Flow, Outcome, Spec};

pub(super) const GETKEYS: NodeCommand = Command::new(
    |cx, args| get_keys(cx, args, Shown::Keys),
    Spec {
        name: "getkeys",
        syntax: "command [arg [arg ...]]",
        summary: "Returns the keys of a request.",
        complexity: "O(N), N being the number of words of the request",
        arity: Arity::AtLeast(3),
        ..SUB
    },
);

pub(super) const GETKEYSANDFLAGS: NodeCommand = Command::new(
    |cx, args| get_keys(cx, args, Shown::KeysAndFlags),
    Spec {
        name: "getkeysandflags",
        syntax: "command [arg [arg ...]]",
        summary: "Returns the keys of a request, and what the command does with them.",
        complexity: "O(N), N being the number of words of the request",
        since: "7.0.0",
        arity: Arity::AtLeast(3),
        ..SUB
    },
);

fn get_keys(cx: &mut NodeCx<'_>, args: Args<'_>, shown: Shown) -> Outcome {
    let words = args.rest();
    let Ok(row) = cx.node.registry.resolve(&words) else {
        return Err(Error::fixed("ERR Invalid command specified"));
    };
    write_keys_of(&mut cx.reply, row.spec, &words, shown)?;
    Ok(Flow::Done)
}
