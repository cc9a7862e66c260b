//! What the sandbox gets from Rust: most of the table `redis`, and a few functions that only the sandbox itself uses.

use crate::ScriptFlags;
use crate::allowance::{Checked, NO_MEMORY, Text};
use crate::engine::{Answer, Call, Log, Registered, Step};
use crate::interpreter::{Spelled, State, compile, hex, text_of, word_of};
use crate::raised::{self, Raised};
use crate::{bits, from_redis, json, lifted, msgpack, packing, random, shebang};
use command::{Owned, Proto, REDIS_VERSION};
use mlua::{Function, Lua, MultiValue, Result, Scope, Table, Value};
use resp::WORD_BYTES_MAX;
use sha1::{Digest, Sha1};

/// What replicas are told: the bit in `redis.set_repl`.
const REPLICAS: i64 = 2;
const EVERYBODY: i64 = 3;

/// All of them.
pub(crate) fn all<'s, 'e: 's>(
    state: &'s State<'_>,
    scope: &'s Scope<'s, 'e>,
    kept: &Table,
) -> Result<Table> {
    let lua = state.lua;
    let doors = lua.create_table()?;
    let (major, rest) = REDIS_VERSION.split_once('.').expect("a version has three parts");
    let (minor, patch) = rest.split_once('.').expect("a version has three parts");
    let number = |text: &str| text.parse::<i64>().expect("parts of a version are numbers");
    doors.raw_set("version", REDIS_VERSION)?;
    doors.raw_set("version_number", number(major) << 16 | number(minor) << 8 | number(patch))?;
    let call = move |lua: &Lua, words: MultiValue| match send(state, lua, words)? {
        (reply, false) => Ok(reply),
        (reply, true) => Err(Raised::value(reply)),
    };
    doors.raw_set("call", scope.create_function(call)?)?;
    let try_call =
        move |lua: &Lua, words: MultiValue| send(state, lua, words).map(|(reply, _)| reply);
    doors.raw_set("pcall", scope.create_function(try_call)?)?;
    let check = move |lua: &Lua, words: MultiValue| may_run(state, lua, words);
    doors.raw_set("acl_check_cmd", scope.create_function(check)?)?;
    doors
        .raw_set("unveil", lua.create_function(|_, problem: Value| Ok(raised::unveil(problem)))?)?;
    let log = move |lua: &Lua, words: MultiValue| said(lua, log(state, &words));
    doors.raw_set("log", scope.create_function(log)?)?;
    let set_proto = move |lua: &Lua, words: MultiValue| said(lua, set_proto(state, &words));
    doors.raw_set("setresp", scope.create_function(set_proto)?)?;
    let set_repl = move |lua: &Lua, words: MultiValue| said(lua, set_repl(state, &words));
    doors.raw_set("set_repl", scope.create_function(set_repl)?)?;
    let sum = move |lua: &Lua, words: MultiValue| match words.len() {
        1 => sum_of(state, &text_of(&words[0]).unwrap_or_default())
            .map_err(|problem| problem.raised(lua)),
        _ => Err(Raised::value(error_table(lua, "wrong number of arguments")?)),
    };
    doors.raw_set("sha1hex", scope.create_function(sum)?)?;
    doors.raw_set("death", scope.create_function(move |_, ()| Ok(state.death.get()))?)?;
    let kept = kept.clone();
    let register = move |_: &Lua, function| Ok(register(state, &kept, function));
    doors.raw_set("register", scope.create_function(register)?)?;
    doors.raw_set("where", lua.create_function(|lua, ()| Ok(place(lua).unzip()))?)?;
    let compile = move |lua: &Lua, (text, name): (mlua::LuaString, mlua::LuaString)| {
        let (text_bytes, name_bytes) = (text.as_bytes().len(), name.as_bytes().len());
        // A message of the compiler may tell the text; the name is copied several times.
        let asked = state.allowance.ask(text_bytes.saturating_add(8 * name_bytes));
        let asked = asked.and_then(|()| state.allowance.work_on(lua, 32 * text_bytes));
        asked.map_err(|problem| problem.raised(lua))?;
        let name = name.to_string_lossy().replace('\0', " ");
        Ok(match compile(lua, &text.as_bytes(), &name, &lua.globals()) {
            Ok(function) => (Some(function), None),
            Err(problem) => (None, Some(lua.create_string(problem)?)),
        })
    };
    doors.raw_set("compile", scope.create_function(compile)?)?;
    random::add_to(lua, &doors, &state.random)?;
    doors.raw_set("cjson", json::library(lua, &state.switches)?)?;
    doors.raw_set("cmsgpack", msgpack::library(lua)?)?;
    doors.raw_set("struct", packing::library(lua)?)?;
    doors.raw_set("bit", bits::library(lua)?)?;
    Ok(doors)
}

/// `redis.log`. An error is a complaint.
fn log(state: &State<'_>, values: &MultiValue) -> std::result::Result<(), &'static str> {
    if values.len() < 2 {
        return Err("redis.log() requires two arguments or more.");
    }
    let level = lifted::number(&values[0]).ok_or("First argument must be a number (log level).")?;
    let level = level as i64;
    if !(0..=3).contains(&level) {
        return Err("Invalid debug level.");
    }
    let line = line_of(state, values.iter().skip(1).filter_map(text_of));
    state.ask(Step::Log(Log { level, text: line.map_err(|_| NO_MEMORY)? }));
    Ok(())
}

/// How often a line is copied on its way to the log; bytes that are no text grow to three.
const LINE_COPIES: usize = 8;

/// Texts with blanks between them.
fn line_of(state: &State<'_>, texts: impl Iterator<Item = Spelled>) -> Checked<Vec<u8>> {
    let mut line = Text::new(state.lua);
    for (index, text) in texts.enumerate() {
        if index > 0 {
            line.push(b' ')?;
        }
        line.add(&text)?;
        state.allowance.ask(LINE_COPIES * line.len())?;
    }
    Ok(line.take())
}

/// The SHA-1 sum of a text; a long one is looked up from now and then.
fn sum_of(state: &State<'_>, text: &[u8]) -> Checked<String> {
    let mut sum = Sha1::new();
    for piece in text.chunks(64 << 10) {
        sum.update(piece);
        state.allowance.work_on(state.lua, 8 * piece.len())?;
    }
    Ok(hex(&sum.finalize()))
}

/// `redis.setresp`.
fn set_proto(state: &State<'_>, values: &MultiValue) -> std::result::Result<(), &'static str> {
    if values.len() != 1 {
        return Err("redis.setresp() requires one argument.");
    }
    state.proto.set(match lifted::number(&values[0]).unwrap_or(0.0) as i64 {
        2 => Proto::Resp2,
        3 => Proto::Resp3,
        _ => return Err("RESP version must be 2 or 3."),
    });
    Ok(())
}

/// `redis.set_repl`.
fn set_repl(state: &State<'_>, values: &MultiValue) -> std::result::Result<(), &'static str> {
    if values.len() != 1 {
        return Err("redis.set_repl() requires one argument.");
    }
    let whom = lifted::number(&values[0]).unwrap_or(0.0) as i64;
    if whom & !EVERYBODY != 0 {
        return Err(
            "Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.",
        );
    }
    state.propagates.set(whom & REPLICAS != 0);
    Ok(())
}

/// A complaint becomes an error.
fn said(lua: &Lua, outcome: std::result::Result<(), &'static str>) -> Result<()> {
    match outcome {
        Ok(()) => Ok(()),
        Err(problem) => Err(Raised::value(error_table(lua, problem)?)),
    }
}

/// `redis.call` and `redis.pcall`: the reply, and whether it is an error.
fn send(state: &State<'_>, lua: &Lua, words: MultiValue) -> Result<(Value, bool)> {
    let (proto, propagates) = (state.proto.get(), state.propagates.get());
    let words = words_of(state, &words);
    if state.death.get().is_none() {
        let words = match words {
            Ok(words) => words,
            Err(problem) => return Ok((error_table(lua, problem.text())?, true)),
        };
        if let Answer::Reply(reply) = state.ask(Step::Call(Call { words, proto, propagates })) {
            return Ok((from_redis::value(lua, &reply)?, reply.first() == Some(&b'-')));
        }
    }
    // Not even `redis.pcall` hands the end of a script to the script.
    let why = state.death.get().unwrap_or("the script was interrupted");
    Err(Raised::value(error_table(lua, why)?))
}

/// `redis.acl_check_cmd`.
fn may_run(state: &State<'_>, lua: &Lua, words: MultiValue) -> Result<bool> {
    let allowed = words_of(state, &words).map(|words| state.ask(Step::Check(words)));
    let problem = match allowed {
        Ok(Answer::Allowed(Some(allowed))) => return Ok(allowed),
        Ok(_) => "Invalid command passed to redis.acl_check_cmd()".into(),
        Err(problem) => problem,
    };
    Err(Raised::value(error_table(lua, problem.text())?))
}

/// The arguments of a call as words. They are copied once, into room that was asked for.
fn words_of(state: &State<'_>, values: &MultiValue) -> Checked<Owned> {
    if values.is_empty() {
        return Err("Please specify at least one argument for this redis lib call".into());
    }
    let mut total = 0usize;
    for value in values {
        if let Value::String(text) = value {
            total = total.saturating_add(text.as_bytes().len());
        }
    }
    state.allowance.work(state.lua, values.len())?;
    state.allowance.work_on(state.lua, total)?;
    // Numbers are short.
    let bytes = total.saturating_add(32 * values.len());
    state.allowance.ask(bytes)?;
    let mut owned = Owned::with_room(bytes, values.len()).ok_or(NO_MEMORY)?;
    for value in values {
        let word =
            word_of(value).ok_or("Lua redis lib command arguments must be strings or integers")?;
        if word.len() > WORD_BYTES_MAX {
            return Err("Lua redis lib command argument of 4 GiB or more".into());
        }
        owned.push(&word);
    }
    Ok(owned)
}

/// An error as scripts know it.
fn error_table(lua: &Lua, problem: impl AsRef<[u8]>) -> Result<Value> {
    let table = lua.create_table()?;
    table.raw_set("err", lua.create_string([b"ERR ", problem.as_ref()].concat())?)?;
    Ok(Value::Table(table))
}

/// A library registers a function. Some: why it cannot.
fn register(
    state: &State<'_>,
    kept: &Table,
    (name, callback, description, flags): (
        mlua::LuaString,
        Function,
        Option<mlua::LuaString>,
        mlua::LuaString,
    ),
) -> Option<String> {
    let mut loading = state.loading.borrow_mut();
    let Some(registered) = loading.as_mut() else {
        return Some("redis.register_function can only be called on FUNCTION LOAD command".into());
    };
    let mut promised = ScriptFlags::NONE;
    let flags = flags.as_bytes().to_ascii_lowercase();
    for flag in flags.split(|&byte| byte == b',').filter(|_| !flags.is_empty()) {
        match ScriptFlags::named(flag) {
            Some(flag) => promised = promised.and(flag),
            None => return Some("unknown flag given".into()),
        }
    }
    let name = match shebang::checked_name(&name.as_bytes()) {
        Ok(name) => name,
        Err(error) => {
            let text = String::from_utf8_lossy(error.text()).into_owned();
            return Some(text.trim_start_matches("ERR ").to_owned());
        }
    };
    if registered.iter().any(|it| it.name == name) {
        return Some("Function already exists in the library".into());
    }
    let described: usize =
        registered.iter().filter_map(|it| it.description.as_ref()).map(Vec::len).sum();
    let more = description.as_ref().map_or(0, |it| it.as_bytes().len());
    if !state.allowance.has(described.saturating_add(more)) {
        return Some(NO_MEMORY.into());
    }
    let id = state.next_id.get();
    state.next_id.set(id + 1);
    if let Err(error) = kept.raw_set(id, callback) {
        return Some(error.to_string());
    }
    let description = description.map(|it| it.as_bytes().to_vec());
    registered.push(Registered { name, description, flags: promised, id });
    None
}

/// Where the script is: the source and the line of the innermost function that is not the sandbox's.
fn place(lua: &Lua) -> Option<(String, usize)> {
    // Below: this function, and the one that asked.
    (2..)
        .map_while(|level| {
            lua.inspect_stack(level, |debug| {
                let about = debug.source();
                let source = about.source.as_deref().unwrap_or_default();
                let is_theirs = source.starts_with('@') || source.starts_with("[string");
                let is_code = matches!(about.what, "Lua" | "main") && source != "=sandbox";
                let line = debug.current_line()?;
                (is_theirs || is_code).then(|| (source.to_owned(), line))
            })
        })
        .flatten()
        .next()
}
