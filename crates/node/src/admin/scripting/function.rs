//! FUNCTION: libraries of functions.

use super::{FAMILY, check_flush};
use crate::admin::{self, NodeCommand, NodeCx};
use crate::call::Context;
use crate::scripting::{Kind, Scripting};
use command::{Args, Arity, Categories, Command, Error, Flags, Flow, Outcome, Spec};
use script::{Library, Restore};

pub(super) const FUNCTION: NodeCommand = Command::container(
    |_, _| Err(Error::arity("function")),
    Spec {
        name: "function",
        syntax: "subcommand",
        summary: "Questions about functions.",
        complexity: "Depends on subcommand.",
        since: "7.0.0",
        arity: Arity::AtLeast(2),
        categories: Categories::NONE,
        ..FAMILY
    },
    &[&DELETE, &DUMP, &FLUSH, &HELP, &KILL, &LIST, &LOAD, &RESTORE, &STATS],
);

const SUB: Spec = Spec { since: "7.0.0", flags: Flags::NO_SCRIPT, ..FAMILY };

const CHANGING: Spec = Spec {
    flags: SUB.flags.and(Flags::WRITE),
    tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
    ..SUB
};

/// How long a library may take to register its functions, in milliseconds.
const LOADING_MS: u64 = 500;

const DELETE: NodeCommand = Command::new(
    |cx, mut args| {
        let name = String::from_utf8_lossy(args.word()?).into_owned();
        if !cx.node.scripting.libraries.delete(&name) {
            return Err(Error::fixed("ERR Library not found"));
        }
        changed(cx)
    },
    Spec {
        name: "delete",
        syntax: "library-name",
        summary: "Deletes a library and its functions.",
        arity: Arity::Exactly(3),
        ..CHANGING
    },
);

const DUMP: NodeCommand = Command::new(
    |cx, _| {
        let libraries = cx.node.scripting.libraries.iter();
        let payload = rdb::dump_functions(libraries.map(|it| &*it.source));
        cx.reply.bulk(&payload);
        Ok(Flow::Done)
    },
    Spec {
        name: "dump",
        summary: "Returns all libraries in the form that FUNCTION RESTORE takes.",
        complexity: "O(N), N being the number of functions",
        arity: Arity::Exactly(2),
        ..SUB
    },
);

const FLUSH: NodeCommand = Command::new(
    |cx, args| {
        args.at_most(1)?;
        check_flush(args, Error::fixed("ERR FUNCTION FLUSH only supports SYNC|ASYNC option"))?;
        cx.node.scripting.libraries.flush();
        changed(cx)
    },
    Spec {
        name: "flush",
        syntax: "[ASYNC | SYNC]",
        summary: "Deletes all libraries.",
        complexity: "O(N), N being the number of functions",
        arity: Arity::AtLeast(2),
        ..CHANGING
    },
);

const HELP: NodeCommand = Command::new(
    |cx, _| admin::help(cx, &FUNCTION),
    Spec {
        name: "help",
        summary: "Prints this help.",
        arity: Arity::Exactly(2),
        flags: Flags::LOADING.and(Flags::STALE),
        ..SUB
    },
);

const KILL: NodeCommand = Command::new(
    |cx, _| {
        cx.node.kill_script(Kind::Function)?;
        cx.reply.ok();
        Ok(Flow::Done)
    },
    Spec {
        name: "kill",
        summary: "Ends the running function, if it has not written yet.",
        arity: Arity::Exactly(2),
        flags: SUB.flags.and(Flags::ALLOW_BUSY),
        tips: &["request_policy:all_shards", "response_policy:one_succeeded"],
        ..SUB
    },
);

const LIST: NodeCommand = Command::new(
    list,
    Spec {
        name: "list",
        syntax: "[LIBRARYNAME library-name-pattern] [WITHCODE]",
        summary: "Tells of libraries and their functions.",
        complexity: "O(N), N being the number of functions",
        arity: Arity::AtLeast(2),
        tips: &["nondeterministic_output_order"],
        ..SUB
    },
);

fn list(cx: &mut NodeCx<'_>, mut args: Args<'_>) -> Outcome {
    let (mut with_code, mut pattern) = (false, None);
    while let Some(word) = args.next() {
        if !with_code && word.eq_ignore_ascii_case(b"withcode") {
            with_code = true;
        } else if pattern.is_none() && word.eq_ignore_ascii_case(b"libraryname") {
            let missing = Error::fixed("ERR library name argument was not given");
            pattern = Some(args.next().ok_or(missing)?);
        } else {
            return Err(Error::bytes([b"ERR Unknown argument ", word].concat()));
        }
    }
    let is_asked_for = |library: &&Library| {
        let name = library.name.as_bytes();
        pattern.is_none_or(|pattern| stdx::glob::matches_ignoring_case(pattern, name))
    };
    let chosen: Vec<&Library> = cx.node.scripting.libraries.iter().filter(is_asked_for).collect();
    let w = &mut cx.reply;
    w.array(chosen.len());
    for library in chosen {
        w.map(if with_code { 4 } else { 3 });
        w.text("library_name");
        w.text(&library.name);
        w.text("engine");
        w.text("LUA");
        w.text("functions");
        w.array(library.functions.len());
        for function in &library.functions {
            w.map(3);
            w.text("name");
            w.text(&function.name);
            w.text("description");
            w.bulk_or_null(function.description.as_deref());
            w.text("flags");
            w.set(function.flags.names().count());
            function.flags.names().for_each(|name| w.simple(name));
        }
        if with_code {
            w.text("library_code");
            w.bulk(&library.source);
        }
    }
    Ok(Flow::Done)
}

const LOAD: NodeCommand = Command::new(
    load,
    Spec {
        name: "load",
        syntax: "[REPLACE] function-code",
        summary: "Loads a library and returns its name.",
        arity: Arity::AtLeast(3),
        flags: CHANGING.flags.and(Flags::DENY_OOM),
        ..CHANGING
    },
);

fn load(cx: &mut NodeCx<'_>, mut args: Args<'_>) -> Outcome {
    let mut replace = false;
    while args.len() > 1 {
        let word = args.word()?;
        if !word.eq_ignore_ascii_case(b"replace") {
            return Err(Error::bytes([b"ERR Unknown option given: ", word].concat()));
        }
        replace = true;
    }
    let source = args.next().ok_or(Error::fixed("ERR Function code is missing"))?;
    let stopwatch = cx.node.senses.stopwatch;
    // What the master has taken must be taken here as well, however slow this machine is.
    let obeyed = cx.context == Context::Master;
    let began = stopwatch();
    let mut late = || !obeyed && stopwatch().saturating_sub(began) / 1_000_000 > LOADING_MS;
    let mut log = Vec::new();
    let loaded = cx.node.scripting.libraries.load(source, replace, &mut late, &mut log);
    log.into_iter().for_each(|line| cx.node.log_script(line));
    let name = loaded?;
    cx.node.keyspace.dirty += 1;
    cx.reply.text(&name);
    Ok(Flow::Done)
}

const RESTORE: NodeCommand = Command::new(
    restore,
    Spec {
        name: "restore",
        syntax: "serialized-value [FLUSH | APPEND | REPLACE]",
        summary: "Takes in libraries that FUNCTION DUMP has given.",
        complexity: "O(N), N being the number of functions",
        arity: Arity::AtLeast(3),
        flags: CHANGING.flags.and(Flags::DENY_OOM),
        ..CHANGING
    },
);

fn restore(cx: &mut NodeCx<'_>, mut args: Args<'_>) -> Outcome {
    args.at_most(2)?;
    let payload = args.word()?;
    let how = match args.next().map(<[u8]>::to_ascii_lowercase).as_deref() {
        None | Some(b"append") => Restore::Append,
        Some(b"replace") => Restore::Replace,
        Some(b"flush") => Restore::Flush,
        Some(_) => {
            return Err(Error::fixed(
                "ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.",
            ));
        }
    };
    let checksum = !cx.node.debug.skips_checksums;
    let sources = rdb::restore_functions(payload, checksum)
        .map_err(|refused| Error::new(format!("ERR {refused}")))?;
    cx.node.restore_libraries(&sources, how)?;
    changed(cx)
}

const STATS: NodeCommand = Command::new(
    stats,
    Spec {
        name: "stats",
        summary: "Tells of the running function, and how many there are.",
        arity: Arity::Exactly(2),
        flags: SUB.flags.and(Flags::ALLOW_BUSY),
        tips: &["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
        ..SUB
    },
);

fn stats(cx: &mut NodeCx<'_>, _: Args<'_>) -> Outcome {
    if cx.node.scripting.running.as_ref().is_some_and(|it| it.kind == Kind::Script) {
        return Err(Scripting::busy(Kind::Script));
    }
    let libraries = &cx.node.scripting.libraries;
    let (count, functions) = (libraries.iter().len(), libraries.functions());
    let w = &mut cx.reply;
    w.map(2);
    w.text("running_script");
    cx.node.write_running_script(w);
    w.text("engines");
    w.map(1);
    w.text("LUA");
    w.map(2);
    w.text("libraries_count");
    w.count(count);
    w.text("functions_count");
    w.count(functions);
    Ok(Flow::Done)
}

/// The libraries have changed: replicas are told, and it counts as a change of the dataset.
fn changed(cx: &mut NodeCx<'_>) -> Outcome {
    cx.node.keyspace.dirty += 1;
    cx.reply.ok();
    Ok(Flow::Done)
}
