//! SCRIPT: the scripts that are known.

use super::{FAMILY, check_flush};
use crate::admin::{self, NodeCommand, NodeCx};
use crate::scripting::Kind;
use command::{Args, Arity, Categories, Command, Error, Flags, Flow, Outcome, Spec};
use script::Sha;

pub(super) const SCRIPT: NodeCommand = Command::container(
    |_, _| Err(Error::arity("script")),
    Spec {
        name: "script",
        syntax: "subcommand",
        summary: "Questions about scripts.",
        complexity: "Depends on subcommand.",
        arity: Arity::AtLeast(2),
        categories: Categories::NONE,
        ..FAMILY
    },
    &[&DEBUG, &EXISTS, &FLUSH, &HELP, &KILL, &LOAD],
);

const SUB: Spec = Spec { flags: Flags::NO_SCRIPT, ..FAMILY };

const DEBUG: NodeCommand = Command::new(
    debug,
    Spec {
        name: "debug",
        syntax: "<YES | SYNC | NO>",
        summary: "Lets the next scripts of the connection run under a debugger; there is none here.",
        since: "3.2.0",
        arity: Arity::Exactly(3),
        ..SUB
    },
);

fn debug(cx: &mut NodeCx<'_>, args: Args<'_>) -> Outcome {
    match args.peek().unwrap_or_default().to_ascii_lowercase().as_slice() {
        b"no" => {
            cx.reply.ok();
            Ok(Flow::Done)
        }
        b"yes" | b"sync" => Err(Error::fixed("ERR This server has no debugger for scripts")),
        _ => Err(Error::fixed("ERR Use SCRIPT DEBUG YES/SYNC/NO")),
    }
}

const EXISTS: NodeCommand = Command::new(
    exists,
    Spec {
        name: "exists",
        syntax: "sha1 [sha1 ...]",
        summary: "Tells which scripts are known.",
        complexity: "O(N), N being the number of scripts",
        arity: Arity::AtLeast(3),
        tips: &["request_policy:all_shards", "response_policy:agg_logical_and"],
        ..SUB
    },
);

fn exists(cx: &mut NodeCx<'_>, args: Args<'_>) -> Outcome {
    let words = args.rest();
    cx.reply.array(words.len());
    for word in words.iter() {
        // compat(7.2): names are looked up as they are written; scripting/eval.txt.
        let sha = Sha::parse(word).filter(|sha| sha.as_str().as_bytes() == word);
        let known = sha.is_some_and(|sha| cx.node.scripting.scripts.find(&sha).is_some());
        cx.reply.int(i64::from(known));
    }
    Ok(Flow::Done)
}

const FLUSH: NodeCommand = Command::new(
    flush,
    Spec {
        name: "flush",
        history: &[("6.2.0", "ASYNC and SYNC")],
        syntax: "[ASYNC | SYNC]",
        summary: "Forgets all scripts.",
        complexity: "O(N), N being the number of scripts",
        arity: Arity::AtLeast(2),
        tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
        ..SUB
    },
);

fn flush(cx: &mut NodeCx<'_>, args: Args<'_>) -> Outcome {
    check_flush(args, Error::fixed("ERR SCRIPT FLUSH only support SYNC|ASYNC option"))?;
    cx.node.scripting.scripts.flush();
    cx.reply.ok();
    Ok(Flow::Done)
}

const HELP: NodeCommand = Command::new(
    |cx, _| admin::help(cx, &SCRIPT),
    Spec {
        name: "help",
        summary: "Prints this help.",
        since: "5.0.0",
        arity: Arity::Exactly(2),
        flags: Flags::LOADING.and(Flags::STALE),
        ..SUB
    },
);

const KILL: NodeCommand = Command::new(
    |cx, _| {
        cx.node.kill_script(Kind::Script)?;
        cx.reply.ok();
        Ok(Flow::Done)
    },
    Spec {
        name: "kill",
        summary: "Ends the running script, if it has not written yet.",
        arity: Arity::Exactly(2),
        flags: SUB.flags.and(Flags::ALLOW_BUSY),
        tips: &["request_policy:all_shards", "response_policy:one_succeeded"],
        ..SUB
    },
);

const LOAD: NodeCommand = Command::new(
    |cx, mut args| {
        let (sha, _) = cx.node.scripting.scripts.load(args.word()?)?;
        cx.reply.text(sha.as_str());
        Ok(Flow::Done)
    },
    Spec {
        name: "load",
        syntax: "script",
        summary: "Gets to know a script without running it, and returns its SHA-1 sum.",
        complexity: "O(N), N being the length of the script",
        arity: Arity::Exactly(3),
        flags: SUB.flags.and(Flags::STALE),
        tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
        ..SUB
    },
);
