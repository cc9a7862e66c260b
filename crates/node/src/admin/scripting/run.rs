//! EVAL, EVALSHA, FCALL, and those of them that must not write.

use super::FAMILY;
use crate::admin::{NodeCommand, NodeCx};
use crate::scripting::{Kind, Wants};
use command::{Args, Arity, Command, Error, Flags, Keys, Outcome, Spec, Words};
use script::{Script, Sha};

const ANY: Flags = Flags::NO_SCRIPT
    .and(Flags::SKIP_MONITOR)
    .and(Flags::NO_MANDATORY_KEYS)
    .and(Flags::STALE)
    .and(Flags::MOVABLE_KEYS)
    .and(Flags::RUNS_SCRIPT);

const WRITING: Spec = Spec {
    arity: Arity::AtLeast(3),
    complexity: "Depends on the script",
    flags: ANY.and(Flags::MAY_REPLICATE),
    keys: &[Keys::counted_at(2)
        .flags(KEYS_CHANGED)
        .notes("We cannot tell how the keys will be used so we assume the worst, RW and UPDATE")],
    ..FAMILY
};

const READING: Spec = Spec {
    since: "7.0.0",
    flags: ANY.and(Flags::READONLY),
    keys: &[Keys::counted_at(2)
        .reads()
        .notes("We cannot tell how the keys will be used so we assume the worst, RO and ACCESS")],
    ..WRITING
};

const KEYS_CHANGED: command::KeyFlags =
    command::KeyFlags::RW.and(command::KeyFlags::ACCESS).and(command::KeyFlags::UPDATE);

const SCRIPT_SYNTAX: &str = "script numkeys [key [key ...]] [arg [arg ...]]";
const SHA_SYNTAX: &str = "sha1 numkeys [key [key ...]] [arg [arg ...]]";
const FUNCTION_SYNTAX: &str = "function numkeys [key [key ...]] [arg [arg ...]]";

pub(super) const EVAL: NodeCommand = Command::new(
    |cx, args| eval(cx, args, false),
    Spec { name: "eval", syntax: SCRIPT_SYNTAX, summary: "Runs a script.", ..WRITING },
);

pub(super) const EVAL_RO: NodeCommand = Command::new(
    |cx, args| eval(cx, args, true),
    Spec {
        name: "eval_ro",
        syntax: SCRIPT_SYNTAX,
        summary: "Runs a script that only reads.",
        ..READING
    },
);

pub(super) const EVALSHA: NodeCommand = Command::new(
    |cx, args| evalsha(cx, args, false),
    Spec {
        name: "evalsha",
        syntax: SHA_SYNTAX,
        summary: "Runs a script that the server knows already, by its SHA-1 sum.",
        keys: &[Keys::counted_at(2).flags(KEYS_CHANGED)],
        ..WRITING
    },
);

pub(super) const EVALSHA_RO: NodeCommand = Command::new(
    |cx, args| evalsha(cx, args, true),
    Spec {
        name: "evalsha_ro",
        syntax: SHA_SYNTAX,
        summary: "Runs a script that only reads, by its SHA-1 sum.",
        keys: &[Keys::counted_at(2).reads()],
        ..READING
    },
);

pub(super) const FCALL: NodeCommand = Command::new(
    |cx, args| fcall(cx, args, false),
    Spec {
        name: "fcall",
        syntax: FUNCTION_SYNTAX,
        summary: "Calls a function.",
        complexity: "Depends on the function",
        since: "7.0.0",
        ..WRITING
    },
);

pub(super) const FCALL_RO: NodeCommand = Command::new(
    |cx, args| fcall(cx, args, true),
    Spec {
        name: "fcall_ro",
        syntax: FUNCTION_SYNTAX,
        summary: "Calls a function that only reads.",
        complexity: "Depends on the function",
        ..READING
    },
);

fn eval(cx: &mut NodeCx<'_>, mut args: Args<'_>, read_only: bool) -> Outcome {
    show(cx, &args);
    let all = args;
    let body = args.word()?;
    let (keys, arguments) = split(args, Error::NOT_AN_INTEGER)?;
    let (sha, script) = cx.node.scripting.scripts.load(body)?;
    run(cx, all, sha, script, keys, arguments, read_only)
}

fn evalsha(cx: &mut NodeCx<'_>, mut args: Args<'_>, read_only: bool) -> Outcome {
    show(cx, &args);
    let all = args;
    let unknown = Error::fixed("NOSCRIPT No matching script. Please use EVAL.");
    let sha = Sha::parse(args.word()?).ok_or(unknown.clone())?;
    let (keys, arguments) = split(args, Error::NOT_AN_INTEGER)?;
    let script = cx.node.scripting.scripts.find(&sha).ok_or(unknown)?;
    run(cx, all, sha, script, keys, arguments, read_only)
}

fn run(
    cx: &mut NodeCx<'_>,
    args: Args<'_>,
    sha: Sha,
    script: Script,
    keys: Words<'_>,
    arguments: Words<'_>,
    read_only: bool,
) -> Outcome {
    let wants = Wants { kind: Kind::Script, flags: script.flags, read_only };
    let name = sha.as_str().to_owned();
    cx.run_script(args, wants, name, |node, proto| {
        node.scripting.scripts.begin(&sha, keys, arguments, proto)
    })
}

fn fcall(cx: &mut NodeCx<'_>, mut args: Args<'_>, read_only: bool) -> Outcome {
    show(cx, &args);
    let all = args;
    let function = cx.node.scripting.libraries.find(args.word()?).cloned();
    let function = function.ok_or(Error::fixed("ERR Function not found"))?;
    let (keys, arguments) = split(args, Error::fixed("ERR Bad number of keys provided"))?;
    let wants = Wants { kind: Kind::Function, flags: function.flags, read_only };
    let name = function.name.clone();
    cx.run_script(all, wants, name, |node, proto| {
        node.scripting.libraries.begin(&function, keys, arguments, proto)
    })
}

/// Monitors see the command before what its script does, and see it even where it fails.
fn show(cx: &mut NodeCx<'_>, args: &Args<'_>) {
    let conn = cx.conn;
    cx.node.show_script(conn, &args.all());
}

/// The keys and the arguments behind the number of keys.
fn split(mut args: Args<'_>, no_number: Error) -> Result<(Words<'_>, Words<'_>), Error> {
    let count = stdx::integer::parse_i64(args.word()?).ok_or(no_number)?;
    let rest = args.rest();
    if count > rest.len() as i64 {
        return Err(Error::KEYS_TOO_MANY);
    }
    let count =
        usize::try_from(count).map_err(|_| Error::fixed("ERR Number of keys can't be negative"))?;
    Ok((rest.first(count), rest.from(count)))
}
