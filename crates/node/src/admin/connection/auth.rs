//! AUTH and HELLO: who speaks, and in which protocol.

use super::FAMILY;
use crate::admin::{NodeCommand, NodeCx};
use crate::session::Role;
use command::{Args, Arity, Command, Error, Flags, Flow, Outcome, Spec};
use session::{HELLO_NO_AUTH, Hello, check_name, write_hello};

const FLAGS: Flags = Flags::NO_SCRIPT
    .and(Flags::LOADING)
    .and(Flags::STALE)
    .and(Flags::FAST)
    .and(Flags::NO_AUTH)
    .and(Flags::ALLOW_BUSY);

pub(crate) const AUTH: NodeCommand = Command::new(
    auth,
    Spec {
        name: "auth",
        history: &[("6.0.0", "users by name")],
        syntax: "[username] password",
        summary: "Tells the server who speaks.",
        complexity: "O(N), N being the number of passwords of the user",
        arity: Arity::AtLeast(2),
        flags: FLAGS,
        ..FAMILY
    },
);

fn auth(cx: &mut NodeCx<'_>, mut args: Args<'_>) -> Outcome {
    let (user, password) = match args.len() {
        1 => {
            if cx.node.users.default_user().needs_no_password() {
                return Err(Error::fixed(
                    "ERR AUTH <password> called without any password configured for the default user. Are you \
                     sure your configuration is correct?",
                ));
            }
            (&b"default"[..], args.word()?)
        }
        2 => (args.word()?, args.word()?),
        _ => return Err(Error::SYNTAX),
    };
    cx.node.log_in(cx.conn, user, password, &args.all()[0])?;
    cx.reply.ok();
    Ok(Flow::Done)
}

pub(crate) const HELLO: NodeCommand = Command::new(
    hello,
    Spec {
        name: "hello",
        history: &[("6.2.0", "without a version: only tells")],
        syntax: "[protover [AUTH username password] [SETNAME clientname]]",
        summary: "Chooses the protocol and tells about the server.",
        since: "6.0.0",
        arity: Arity::AtLeast(1),
        flags: FLAGS,
        ..FAMILY
    },
);

fn hello(cx: &mut NodeCx<'_>, args: Args<'_>) -> Outcome {
    let Hello { proto, credentials, name } = Hello::parse(args)?;
    if let Some((user, password)) = credentials {
        cx.node.log_in(cx.conn, user, password, &args.all()[0])?;
    }
    if !cx.session().is_let_in {
        return Err(HELLO_NO_AUTH);
    }
    if let Some(name) = name {
        check_name(name)?;
        cx.session().name = name.to_vec();
    }
    if let Some(proto) = proto {
        cx.session().proto = proto;
        cx.reply.set_proto(proto);
    }
    let id = cx.session().id;
    let role = if cx.node.is_replica() { "replica" } else { "master" };
    debug_assert!(cx.session().role != Role::Master, "a master does not say HELLO");
    write_hello(&mut cx.reply, id, "standalone", Some(role));
    Ok(Flow::Done)
}
