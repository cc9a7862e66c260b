//! What a connection says of itself: CLIENT ID, GETNAME, SETNAME, SETINFO, REPLY, NO-EVICT.

use super::{ADMIN, SUB};
use crate::clients::ReplyMode;
use crate::commands::{SentinelCommand, SentinelCx};
use ::session::check_name;
use command::{Args, Arity, Command, Error, Flow, Outcome, Spec};

pub(super) const ID: SentinelCommand = Command::new(
    |cx, _| {
        let id = cx.session().id;
        cx.reply.int(id as i64);
        Ok(Flow::Done)
    },
    Spec {
        name: "id",
        summary: "Tells the number of this connection, which no other ever has.",
        since: "5.0.0",
        arity: Arity::Exactly(2),
        ..SUB
    },
);

pub(super) const GETNAME: SentinelCommand = Command::new(
    |cx, _| {
        let name = cx.session().name.clone();
        cx.reply.bulk_or_null((!name.is_empty()).then_some(&name));
        Ok(Flow::Done)
    },
    Spec {
        name: "getname",
        summary: "Tells the name of this connection.",
        since: "2.6.9",
        arity: Arity::Exactly(2),
        ..SUB
    },
);

pub(super) const SETNAME: SentinelCommand = Command::new(
    setname,
    Spec {
        name: "setname",
        syntax: "connection-name",
        summary: "Names this connection.",
        since: "2.6.9",
        arity: Arity::Exactly(3),
        tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
        ..SUB
    },
);

fn setname(cx: &mut SentinelCx<'_>, mut args: Args<'_>) -> Outcome {
    let name = args.word()?;
    check_name(name)?;
    cx.session().name = name.to_vec();
    cx.reply.ok();
    Ok(Flow::Done)
}

pub(super) const SETINFO: SentinelCommand = Command::new(
    setinfo,
    Spec {
        name: "setinfo",
        syntax: "<LIB-NAME libname | LIB-VER libver>",
        summary: "Tells which library speaks.",
        since: "7.2.0",
        arity: Arity::Exactly(4),
        tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
        ..SUB
    },
);

fn setinfo(cx: &mut SentinelCx<'_>, mut args: Args<'_>) -> Outcome {
    let (attribute, value) = (args.word()?, args.word()?);
    let session = cx.session();
    session::set_library(attribute, value, &mut session.lib_name, &mut session.lib_version)?;
    cx.reply.ok();
    Ok(Flow::Done)
}

pub(super) const REPLY: SentinelCommand = Command::new(
    reply,
    Spec {
        name: "reply",
        syntax: "<ON | OFF | SKIP>",
        summary: "Turns replies on or off, or leaves out the next one.",
        since: "3.2.0",
        arity: Arity::Exactly(3),
        ..SUB
    },
);

fn reply(cx: &mut SentinelCx<'_>, mut args: Args<'_>) -> Outcome {
    match args.word()?.to_ascii_lowercase().as_slice() {
        b"on" => {
            cx.session().reply_mode = ReplyMode::On;
            cx.reply.ok();
        }
        b"off" => cx.session().reply_mode = ReplyMode::Off,
        b"skip" => {
            // OFF stays off: there is nothing to skip.
            if cx.session().reply_mode != ReplyMode::Off {
                cx.session().reply_mode = ReplyMode::SkipNext;
            }
        }
        _ => return Err(Error::SYNTAX),
    }
    Ok(Flow::Done)
}

pub(super) const NO_EVICT: SentinelCommand = Command::new(
    |cx, args| {
        cx.session().no_evict = on_off(args)?;
        cx.reply.ok();
        Ok(Flow::Done)
    },
    Spec {
        name: "no-evict",
        syntax: "<ON | OFF>",
        summary: "Keeps this connection when memory for connections runs short.",
        since: "7.0.0",
        arity: Arity::Exactly(3),
        ..ADMIN
    },
);

fn on_off(mut args: Args<'_>) -> Result<bool, Error> {
    match args.word()?.to_ascii_lowercase().as_slice() {
        b"on" => Ok(true),
        b"off" => Ok(false),
        _ => Err(Error::SYNTAX),
    }
}
