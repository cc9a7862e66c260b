//! MODULE: there are none. Clients ask which ones there are before they use what only a module could answer.

use super::FAMILY;
use crate::admin::{self, NodeCommand, NodeCx};
use command::{Args, Arity, Command, Error, Flags, Flow, Outcome, Spec};
use world::Level;

pub(super) const MODULE: NodeCommand = Command::container(
    |_, _| Err(Error::arity("module")),
    Spec {
        name: "module",
        syntax: "subcommand",
        summary: "Questions about modules, of which there are none.",
        complexity: "Depends on subcommand.",
        arity: Arity::AtLeast(2),
        ..SUB
    },
    &[&HELP, &LIST, &LOAD, &LOADEX, &UNLOAD],
);

const SUB: Spec = Spec { since: "4.0.0", ..FAMILY };

/// What the subcommands have in common that would load code.
const CHANGING: Spec =
    Spec { flags: Flags::ADMIN.and(Flags::NO_SCRIPT).and(Flags::NO_ASYNC_LOADING), ..SUB };

const LIST: NodeCommand = Command::new(
    |cx, _| {
        cx.reply.array(0);
        Ok(Flow::Done)
    },
    Spec {
        name: "list",
        summary: "Lists the modules; the list is empty.",
        arity: Arity::Exactly(2),
        flags: Flags::ADMIN.and(Flags::NO_SCRIPT),
        tips: &["nondeterministic_output_order"],
        ..SUB
    },
);

const LOAD: NodeCommand = Command::new(
    load,
    Spec {
        name: "load",
        syntax: "path [arg [arg ...]]",
        summary: "Fails, since there are no modules.",
        arity: Arity::AtLeast(3),
        ..CHANGING
    },
);

const LOADEX: NodeCommand = Command::new(
    load,
    Spec {
        name: "loadex",
        syntax: "path [CONFIG name value [CONFIG name value ...]] [ARGS args [args ...]]",
        summary: "Fails, since there are no modules.",
        since: "7.0.0",
        arity: Arity::AtLeast(3),
        ..CHANGING
    },
);

fn load(cx: &mut NodeCx<'_>, mut args: Args<'_>) -> Outcome {
    let permission = cx.node.settings.module_command;
    super::check_permission(cx, permission, "MODULE")?;
    let path = String::from_utf8_lossy(args.word()?);
    cx.node
        .log(Level::Warning, format!("Module {path} failed to load: Regent does not have modules"));
    Err(Error::fixed("ERR Error loading the extension. Please check the server logs."))
}

const UNLOAD: NodeCommand = Command::new(
    |cx, _| {
        let permission = cx.node.settings.module_command;
        super::check_permission(cx, permission, "MODULE")?;
        Err(Error::fixed("ERR Error unloading module: no such module with that name"))
    },
    Spec {
        name: "unload",
        syntax: "name",
        summary: "Fails, since there are no modules.",
        arity: Arity::Exactly(3),
        ..CHANGING
    },
);

const HELP: NodeCommand = Command::new(
    |cx, _| admin::help(cx, &MODULE),
    Spec {
        name: "help",
        summary: "Shows what MODULE can be asked.",
        since: "5.0.0",
        arity: Arity::Exactly(2),
        flags: Flags::LOADING.and(Flags::STALE),
        ..SUB
    },
);
