//! What happens on an engine's stack: a Lua, its sandbox, and one order after the other.

use crate::ScriptFlags;
use crate::engine::{Answer, Call, Done, Kind, Log, Order, Ready, Registered, Step};
use crate::from_redis;
use crate::raised::{self, Raised};
use crate::random::Random;
use crate::to_redis::Reply;
use crate::{bits, json, msgpack, packing, shebang};
use command::{Owned, Proto, REDIS_VERSION};
use corosensei::Yielder;
use mlua::chunk::ChunkMode;
use mlua::state::{GcIncParams, GcMode};
use mlua::{
    FromLua, Function, HookTriggers, Lua, LuaOptions, Result, Scope, StdLib, Table, Value,
    Variadic, VmState,
};
use sha1::{Digest, Sha1};
use std::cell::{Cell, RefCell};

const SANDBOX: &str = include_str!("sandbox.lua");

/// A script looks around after so many instructions: well below a millisecond.
const INSTRUCTIONS: u32 = 100_000;

/// What replicas are told: the bit in `redis.set_repl`.
const REPLICAS: i64 = 2;
const EVERYBODY: i64 = 3;

/// The collector begins again when there is so much, of what was left last time. Most of it is the sandbox, which stays.
const GROWTH_PERCENT: i32 = 120;

/// Scripts between two turns of the collector.
const RUNS_PER_COLLECTION: u32 = 50;

pub(crate) type Way = Yielder<Order, (Step, usize)>;

/// What an interpreter knows beside its Lua.
struct State<'y> {
    way: &'y Way,
    lua: &'y Lua,
    memory_max: usize,
    /// What `redis.setresp` said.
    proto: Cell<Proto>,
    /// What `redis.set_repl` said.
    propagates: Cell<bool>,
    /// The script has to end, with this error.
    death: Cell<Option<&'static str>>,
    random: Random,
    /// What the library that is being loaded has registered.
    loading: RefCell<Option<Vec<Registered>>>,
    next_id: Cell<u64>,
    runs: Cell<u32>,
}

/// Carries out orders until there are no more.
pub(crate) fn run(kind: Kind, memory_max: usize, way: &Way, first: Order) {
    let libraries = StdLib::TABLE | StdLib::STRING | StdLib::MATH;
    let lua = Lua::new_with(libraries, LuaOptions::default()).expect("these libraries are safe");
    // Beyond this Lua raises an error; without a limit the allocator would end the process.
    lua.set_memory_limit(memory_max).expect("the allocator is mlua's own");
    let state = State {
        way,
        lua: &lua,
        memory_max,
        proto: Cell::default(),
        propagates: Cell::new(true),
        death: Cell::default(),
        random: Random::default(),
        loading: RefCell::default(),
        next_id: Cell::new(0),
        runs: Cell::new(0),
    };
    let state = &state;
    let ended = lua.scope(|scope| {
        let rooms = Rooms::furnish(kind, state, scope)?;
        let mut order = first;
        while let Some(step) = rooms.carry_out(state, order) {
            order = state.stop(step);
        }
        Ok(())
    });
    ended.expect("the sandbox is sound");
}

impl State<'_> {
    /// Switches to whoever resumed the engine, and comes back with what is to be done next.
    fn stop(&self, step: Step) -> Order {
        self.way.suspend((step, self.lua.used_memory()))
    }

    /// Stops for an answer.
    fn ask(&self, step: Step) -> Answer {
        match self.stop(step) {
            Order::Answer(Answer::Kill(why)) => {
                self.death.set(Some(why));
                Answer::Go
            }
            Order::Answer(answer) => answer,
            _ => Answer::Go,
        }
    }
}

/// The world of scripts: what the sandbox has built, and what is kept in it.
struct Rooms {
    environment: Table,
    run: Function,
    load: Function,
    /// Compiled scripts by their names, registered functions by their numbers.
    kept: Table,
}

impl Rooms {
    fn furnish<'s, 'e: 's>(
        kind: Kind,
        state: &'s State<'_>,
        scope: &'s Scope<'s, 'e>,
    ) -> Result<Rooms> {
        let lua = state.lua;
        let kept = lua.create_table()?;
        let doors = doors(state, scope, &kept)?;
        let tick = scope.create_function(move |_, ()| {
            state.ask(Step::Busy);
            match state.death.get() {
                Some(why) => Err(mlua::Error::runtime(why)),
                None => Ok(()),
            }
        })?;
        lua.set_named_registry_value("tick", tick)?;
        lua.set_global_hook(HookTriggers::new().every_nth_instruction(INSTRUCTIONS), |lua, _| {
            lua.named_registry_value::<Function>("tick")?.call::<()>(())?;
            Ok(VmState::Continue)
        })?;
        let is_library = kind == Kind::Functions;
        let sandbox = lua.load(SANDBOX).set_name("=sandbox").set_mode(ChunkMode::Text);
        let (environment, run, load): (Table, Function, Function) =
            sandbox.call((doors, lua.globals(), is_library))?;
        lua.set_globals(environment.clone())?;
        lua.gc_collect()?;
        lua.gc_set_mode(GcMode::Incremental(GcIncParams::default().pause(GROWTH_PERCENT)));
        Ok(Rooms { environment, run, load, kept })
    }

    /// None: there is nothing more to do.
    fn carry_out(&self, state: &State<'_>, order: Order) -> Option<Step> {
        Some(match order {
            Order::End => return None,
            Order::Answer(_) => Step::Ready(Ready::Idle),
            Order::Compile { name, code } => {
                let compiled = self.compile(state, &code, "@user_script");
                let kept = compiled.and_then(|it| {
                    self.kept.raw_set(name, it).map_err(|error| error.to_string().into_bytes())
                });
                Step::Ready(Ready::Compiled(kept))
            }
            Order::Load { code } => Step::Ready(Ready::Loaded(self.load(state, &code))),
            Order::Forget(ids) => {
                for id in ids {
                    // Taking out allocates nothing.
                    let _ = self.kept.raw_set(id, Value::Nil);
                }
                Step::Ready(Ready::Idle)
            }
            Order::Run { name, keys, arguments, proto } => {
                let function = self.kept.raw_get::<Function>(name.as_str());
                Step::Done(self.run(state, function, &name, &keys, &arguments, proto))
            }
            Order::Call { id, name, keys, arguments, proto } => {
                let function = self.kept.raw_get::<Function>(id);
                Step::Done(self.run(state, function, &name, &keys, &arguments, proto))
            }
        })
    }

    fn compile(
        &self,
        state: &State<'_>,
        code: &[u8],
        name: &str,
    ) -> std::result::Result<Function, Vec<u8>> {
        compile(state.lua, code, name, &self.environment)
    }

    fn load(
        &self,
        state: &State<'_>,
        code: &[u8],
    ) -> std::result::Result<Vec<Registered>, Vec<u8>> {
        let chunk = self
            .compile(state, code, "@user_function")
            .map_err(|problem| [b"ERR Error compiling function: ".as_slice(), &problem].concat())?;
        state.loading.replace(Some(Vec::new()));
        state.death.set(None);
        let outcome = self.load.call::<(bool, Value)>(chunk);
        let registered = state.loading.take().unwrap_or_default();
        let problem = match outcome {
            Ok((true, _)) => return Ok(registered),
            Ok((false, problem)) => failure(&problem).text,
            Err(error) => first_line(&error),
        };
        for function in registered {
            let _ = self.kept.raw_set(function.id, Value::Nil);
        }
        Err([b"ERR Error registering functions: ".as_slice(), &problem].concat())
    }

    fn run(
        &self,
        state: &State<'_>,
        function: Result<Function>,
        name: &str,
        keys: &[Vec<u8>],
        arguments: &[Vec<u8>],
        proto: Proto,
    ) -> Done {
        state.proto.set(Proto::Resp2);
        state.propagates.set(true);
        state.death.set(None);
        let lua = state.lua;
        let outcome = function.and_then(|function| {
            let keys = from_redis::array(lua, keys)?;
            let arguments = from_redis::array(lua, arguments)?;
            self.run.call::<(bool, Value)>((function, keys, arguments))
        });
        let done = match outcome {
            Ok((true, value)) => {
                let mut reply = Reply::new(proto, state.proto.get());
                reply.write(&value);
                reply.done()
            }
            Ok((false, problem)) if problem.is_table() => failure(&problem).told_of(name),
            Ok((false, problem)) => broken(name, &text_of(&problem).unwrap_or_default()),
            Err(error) => broken(name, &first_line(&error)),
        };
        state.runs.set(state.runs.get() + 1);
        if lua.used_memory() > state.memory_max / 2 {
            // Lua does not look for garbage when memory runs out: the next script would find it full.
            let _ = lua.gc_collect();
        } else if state.runs.get().is_multiple_of(RUNS_PER_COLLECTION) {
            let _ = lua.gc_step();
        }
        done
    }
}

/// What the sandbox gets from Rust.
fn doors<'s, 'e: 's>(
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
    let call = move |lua: &Lua, words: Words| match send(state, lua, words)? {
        (reply, false) => Ok(reply),
        (reply, true) => Err(Raised::value(reply)),
    };
    doors.raw_set("call", scope.create_function(call)?)?;
    let try_call = move |lua: &Lua, words: Words| send(state, lua, words).map(|(reply, _)| reply);
    doors.raw_set("pcall", scope.create_function(try_call)?)?;
    let check = move |lua: &Lua, words: Words| may_run(state, lua, words);
    doors.raw_set("acl_check_cmd", scope.create_function(check)?)?;
    doors
        .raw_set("unveil", lua.create_function(|_, problem: Value| Ok(raised::unveil(problem)))?)?;
    let log = move |_: &Lua, (level, text): (i64, mlua::LuaString)| {
        state.ask(Step::Log(Log { level, text: text.as_bytes().to_vec() }));
        Ok(())
    };
    doors.raw_set("log", scope.create_function(log)?)?;
    let set_proto = move |_: &Lua, version: i64| {
        state.proto.set(if version == 3 { Proto::Resp3 } else { Proto::Resp2 });
        Ok(())
    };
    doors.raw_set("setresp", scope.create_function(set_proto)?)?;
    let set_repl = move |_: &Lua, whom: i64| {
        state.propagates.set(whom & EVERYBODY & REPLICAS != 0);
        Ok(())
    };
    doors.raw_set("set_repl", scope.create_function(set_repl)?)?;
    doors.raw_set("death", scope.create_function(move |_, ()| Ok(state.death.get()))?)?;
    doors.raw_set("chance", scope.create_function(move |_, ()| Ok(state.random.next()))?)?;
    let seed = move |_: &Lua, seed: f64| {
        state.random.seed(seed as i64 as i32);
        Ok(())
    };
    doors.raw_set("seed", scope.create_function(seed)?)?;
    let kept = kept.clone();
    let register = move |_: &Lua, function| Ok(register(state, &kept, function));
    doors.raw_set("register", scope.create_function(register)?)?;
    let sum = |_: &Lua, value: Value| Ok(hex_sum(&text_of(&value).unwrap_or_default()));
    doors.raw_set("sha1hex", lua.create_function(sum)?)?;
    doors.raw_set("where", lua.create_function(|lua, ()| Ok(place(lua).unzip()))?)?;
    let compile = |lua: &Lua, (text, name): (mlua::LuaString, mlua::LuaString)| {
        let name = name.to_string_lossy().replace('\0', " ");
        Ok(match compile(lua, &text.as_bytes(), &name, &lua.globals()) {
            Ok(function) => (Some(function), None),
            Err(problem) => (None, Some(lua.create_string(problem)?)),
        })
    };
    doors.raw_set("compile", lua.create_function(compile)?)?;
    doors.raw_set("cjson", json::library(lua)?)?;
    doors.raw_set("cmsgpack", msgpack::library(lua)?)?;
    doors.raw_set("struct", packing::library(lua)?)?;
    doors.raw_set("bit", bits::library(lua)?)?;
    Ok(doors)
}

/// Code as text; compiled code could be anything.
fn compile(
    lua: &Lua,
    code: &[u8],
    name: &str,
    environment: &Table,
) -> std::result::Result<Function, Vec<u8>> {
    if code.first() == Some(&0x1b) {
        return Err(b"attempt to load compiled code".to_vec());
    }
    let chunk = lua.load(code).set_name(name).set_mode(ChunkMode::Text);
    chunk.set_environment(environment.clone()).into_function().map_err(|error| match error {
        mlua::Error::SyntaxError { message, .. } => message.into_bytes(),
        other => first_line(&other),
    })
}

/// The arguments of a call.
type Words = Variadic<Word>;

/// A word of a command, in a script's own words. None: a value that can be none.
struct Word(Option<Vec<u8>>);

impl FromLua for Word {
    fn from_lua(value: Value, _: &Lua) -> Result<Word> {
        Ok(Word(text_of(&value)))
    }
}

/// `redis.call` and `redis.pcall`: the reply, and whether it is an error.
fn send(state: &State<'_>, lua: &Lua, words: Words) -> Result<(Value, bool)> {
    let words = match words_of(words) {
        Ok(words) => words,
        Err(problem) => return Ok((error_table(lua, problem)?, true)),
    };
    let (proto, propagates) = (state.proto.get(), state.propagates.get());
    match state.ask(Step::Call(Call { words, proto, propagates })) {
        Answer::Reply(reply) => Ok((from_redis::value(lua, &reply)?, reply.first() == Some(&b'-'))),
        _ => Ok((error_table(lua, state.death.get().unwrap_or_default())?, true)),
    }
}

/// `redis.acl_check_cmd`.
fn may_run(state: &State<'_>, lua: &Lua, words: Words) -> Result<bool> {
    let allowed = words_of(words).map(|words| state.ask(Step::Check(words)));
    let problem = match allowed {
        Ok(Answer::Allowed(Some(allowed))) => return Ok(allowed),
        Ok(_) => "Invalid command passed to redis.acl_check_cmd()",
        Err(problem) => problem,
    };
    Err(Raised::value(error_table(lua, problem)?))
}

fn words_of(words: Words) -> std::result::Result<Owned, &'static str> {
    if words.is_empty() {
        return Err("Please specify at least one argument for this redis lib call");
    }
    let mut owned = Owned::default();
    for Word(word) in words {
        owned.push(&word.ok_or("Lua redis lib command arguments must be strings or integers")?);
    }
    Ok(owned)
}

/// An error as scripts know it.
fn error_table(lua: &Lua, problem: &str) -> Result<Value> {
    let table = lua.create_table()?;
    table.raw_set("err", format!("ERR {problem}"))?;
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

/// What a script failed with.
#[derive(Debug, Default)]
struct Failure {
    text: Vec<u8>,
    place: Option<(Vec<u8>, Vec<u8>)>,
    /// It was counted where it came about.
    counted: bool,
}

fn failure(problem: &Value) -> Failure {
    let Value::Table(table) = problem else {
        let text = text_of(problem).unwrap_or_default();
        return Failure { text: [b"ERR ".as_slice(), &text].concat(), ..Failure::default() };
    };
    let field = |name: &str| table.raw_get::<Value>(name).ok().and_then(|it| text_of(&it));
    let counted = table.raw_get::<Value>("ignore_error_stats_update");
    Failure {
        text: field("err").unwrap_or_else(|| b"ERR unknown error".to_vec()),
        place: field("source").zip(field("line")),
        counted: matches!(counted, Ok(Value::Boolean(true))),
    }
}

impl Failure {
    fn told_of(self, name: &str) -> Done {
        let mut text = self.text;
        if let Some((source, line)) = self.place {
            let script = [b" script: ", name.as_bytes(), b", on ", &source, b":", &line, b"."];
            text.extend(script.concat());
        }
        failed(text, self.counted)
    }
}

fn broken(name: &str, problem: &[u8]) -> Done {
    let problem = &problem[..problem.len().min(100)];
    failed([b"ERR Error running script ", name.as_bytes(), b", ", problem].concat(), false)
}

fn failed(text: Vec<u8>, counted: bool) -> Done {
    let mut reply = Vec::new();
    command::Writer::new(&mut reply, Proto::Resp2).error(&text);
    Done { reply, failed: true, errors: if counted { Vec::new() } else { vec![text] } }
}

/// The text of a string or number.
pub(crate) fn text_of(value: &Value) -> Option<Vec<u8>> {
    match value {
        Value::String(text) => Some(text.as_bytes().to_vec()),
        Value::Integer(integer) => Some(integer.to_string().into_bytes()),
        Value::Number(number) => Some(stdx::float::shortest(*number).to_vec()),
        _ => None,
    }
}

pub(crate) fn first_line(error: &mlua::Error) -> Vec<u8> {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    line.trim_start_matches("runtime error: ").trim_start_matches("memory error: ").into()
}

/// The SHA-1 sum in hexadecimal digits.
pub(crate) fn hex_sum(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).expect("less than sixteen");
    Sha1::digest(bytes).iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
