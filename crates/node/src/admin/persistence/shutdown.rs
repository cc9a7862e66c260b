//! SHUTDOWN: the orderly end.

use super::FAMILY;
use crate::admin::{NodeCommand, NodeCx};
use crate::blocking::Waiting;
use crate::scripting::Scripting;
use crate::shutdown::{Asked, Save};
use command::{Args, Arity, Command, Error, Flags, Flow, Outcome, Spec};
use world::Level;

pub(super) const SHUTDOWN: NodeCommand = Command::new(
    shutdown,
    Spec {
        name: "shutdown",
        history: &[("7.0.0", "NOW, FORCE and ABORT")],
        syntax: "[NOSAVE | SAVE] [NOW] [FORCE] [ABORT]",
        summary: "Saves the dataset as configured and ends the server.",
        complexity: "O(N) when saving, N being the number of keys",
        arity: Arity::AtLeast(1),
        flags: Flags::ADMIN
            .and(Flags::NO_SCRIPT)
            .and(Flags::LOADING)
            .and(Flags::STALE)
            .and(Flags::NO_MULTI)
            .and(Flags::ALLOW_BUSY),
        ..FAMILY
    },
);

fn shutdown(cx: &mut NodeCx<'_>, mut args: Args<'_>) -> Outcome {
    let (mut save, mut now, mut force, mut abort) = (Save::IfConfigured, false, false, false);
    let all = args.all();
    while let Some(option) = args.next() {
        match option.to_ascii_lowercase().as_slice() {
            b"nosave" if save != Save::Yes => save = Save::No,
            b"save" if save != Save::No => save = Save::Yes,
            b"now" => now = true,
            b"force" => force = true,
            b"abort" => abort = true,
            _ => return Err(Error::SYNTAX),
        }
    }
    let with_others = now || force || save != Save::IfConfigured;
    if abort {
        if with_others {
            return Err(Error::SYNTAX);
        }
        let told = Error::fixed("ERR Errors trying to SHUTDOWN. Check logs.");
        if !cx.node.abort_shutdown(&told) {
            return Err(Error::fixed("ERR No shutdown in progress."));
        }
        cx.node.log(Level::Notice, "Shutdown manually aborted.");
        cx.reply.ok();
        return Ok(Flow::Done);
    }
    if let Some(running) = cx.node.scripting.slow()
        && save != Save::No
    {
        // The dataset is between two states.
        return Err(Scripting::busy(running.kind));
    }
    // Nothing loaded means nothing to save; a half-loaded dataset must never replace the file.
    if cx.node.persist.loading.is_some() {
        save = Save::No;
    }
    let conn = cx.conn;
    cx.node.park_as(conn, &all, Waiting::Ticket);
    cx.node.begin_shutdown(Asked { save, now, force }, Some(conn));
    Ok(Flow::Parked)
}
