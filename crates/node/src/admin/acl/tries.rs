//! ACL DRYRUN and GENPASS: trying rules out, and making passwords.

use super::{ADMIN, SUB, too_many};
use crate::admin::{NodeCommand, NodeCx};
use acl::Request;
use command::{Args, Arity, Command, Error, Flow, Outcome, Spec};

pub(super) const DRYRUN: NodeCommand = Command::new(
    dryrun,
    Spec {
        name: "dryrun",
        syntax: "username command [arg [arg ...]]",
        summary: "Tells whether a user might run a command, without running it.",
        since: "7.0.0",
        arity: Arity::AtLeast(4),
        ..ADMIN
    },
);

fn dryrun(cx: &mut NodeCx<'_>, mut args: Args<'_>) -> Outcome {
    let not_found = |kind: &[u8], name: &[u8]| {
        Error::bytes([b"ERR ", kind, b" '", name, b"' not found"].concat())
    };
    let name = args.word()?;
    let words = args.rest();
    let Some(user) = cx.node.users.get(name) else { return Err(not_found(b"User", name)) };
    let found = cx.node.registry.resolve(&words);
    let row = found.map_err(|_| not_found(b"Command", &words[0]))?;
    if !row.spec.arity.accepts(words.len()) {
        return Err(Error::arity(&row.full_name));
    }
    let request = Request::new(row.id.0, row.spec, words, row.depth());
    match user.check(&request) {
        Ok(()) => cx.reply.ok(),
        Err(denied) => {
            cx.reply.bulk(&denied.detailed_message(user.name(), &row.full_name, &words));
        }
    }
    Ok(Flow::Done)
}

pub(super) const GENPASS: NodeCommand = Command::new(
    genpass,
    Spec {
        name: "genpass",
        syntax: "[bits]",
        summary: "Makes a password that nobody can guess.",
        arity: Arity::AtLeast(2),
        ..SUB
    },
);

fn genpass(cx: &mut NodeCx<'_>, mut args: Args<'_>) -> Outcome {
    if args.len() > 1 {
        return Err(too_many("genpass"));
    }
    let bits = if args.is_empty() { None } else { Some(args.int()?) };
    let password = acl::generate_password(&(cx.node.senses.secret)(), bits)?;
    cx.reply.bulk(&password);
    Ok(Flow::Done)
}
