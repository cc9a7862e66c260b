//! SAVE, BGSAVE, LASTSAVE.

use super::FAMILY;
use crate::admin::{NodeCommand, NodeCx};
use crate::blocking::Waiting;
use crate::call::Context;
use command::{Args, Arity, Categories, Command, Error, Flags, Flow, Outcome, Spec};

pub(super) const SAVE: NodeCommand = Command::new(
    save,
    Spec {
        name: "save",
        summary: "Saves the dataset, and answers when it is on disk.",
        complexity: "O(N), N being the number of keys",
        arity: Arity::Exactly(1),
        flags: Flags::ADMIN.and(Flags::NO_SCRIPT).and(Flags::NO_ASYNC_LOADING).and(Flags::NO_MULTI),
        ..FAMILY
    },
);

fn save(cx: &mut NodeCx<'_>, args: Args<'_>) -> Outcome {
    if cx.node.persist.savings.is_saving_file() {
        return Err(Error::fixed("ERR Background save already in progress"));
    }
    let conn = cx.conn;
    cx.node.start_saving_at_once(Some(conn));
    cx.node.park_as(conn, &args.all(), Waiting::Ticket);
    Ok(Flow::Parked)
}

pub(super) const BGSAVE: NodeCommand = Command::new(
    bgsave,
    Spec {
        name: "bgsave",
        history: &[("3.2.2", "SCHEDULE")],
        syntax: "[SCHEDULE]",
        summary: "Saves the dataset of this moment while commands go on.",
        arity: Arity::AtLeast(1),
        flags: Flags::ADMIN.and(Flags::NO_SCRIPT).and(Flags::NO_ASYNC_LOADING),
        ..FAMILY
    },
);

fn bgsave(cx: &mut NodeCx<'_>, mut args: Args<'_>) -> Outcome {
    let schedule = args.take_keyword("schedule");
    args.end()?;
    if cx.node.persist.savings.is_saving_file() {
        return Err(Error::fixed("ERR Background save already in progress"));
    }
    // Inside a transaction the dataset is between two states.
    if schedule && cx.node.persist.savings.any() || cx.context == Context::Exec {
        cx.node.persist.scheduled = true;
        cx.reply.simple("Background saving scheduled");
        return Ok(Flow::Done);
    }
    cx.node.start_background_save();
    cx.reply.simple("Background saving started");
    Ok(Flow::Done)
}

pub(super) const LASTSAVE: NodeCommand = Command::new(
    |cx, _| {
        cx.reply.int(cx.node.persist.last_save.secs() as i64);
        Ok(Flow::Done)
    },
    Spec {
        name: "lastsave",
        summary: "Tells when the dataset was last saved, in Unix seconds.",
        arity: Arity::Exactly(1),
        flags: Flags::LOADING.and(Flags::STALE).and(Flags::FAST),
        categories: Categories::ADMIN.and(Categories::DANGEROUS),
        tips: &["nondeterministic_output"],
        ..FAMILY
    },
);
