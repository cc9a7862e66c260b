//! What happens on an engine's stack: a Lua, its sandbox, and one order after the other.

use crate::allowance::{Allowance, Granted};
use crate::doors;
use crate::engine::{Answer, Done, Kind, Order, Ready, Registered, Step};
use crate::failure::{broken, failure, unwritten};
use crate::from_redis;
use crate::json;
use crate::random::Random;
use crate::to_redis::Reply;
use command::Proto;
use corosensei::Yielder;
use mlua::chunk::ChunkMode;
use mlua::state::{GcIncParams, GcMode};
use mlua::{
    BorrowedBytes, Function, HookTriggers, Lua, LuaOptions, Result, Scope, StdLib, Table, Value,
    VmState,
};
use sha1::{Digest, Sha1};
use std::cell::{Cell, RefCell};
use std::ops::Deref;
use std::rc::Rc;

const SANDBOX: &str = include_str!("sandbox.lua");

/// A script looks around after so many instructions: well below a millisecond.
const INSTRUCTIONS: u32 = 100_000;

/// The collector begins again when there is so much, of what was left last time. Most of it is the sandbox, which stays.
const GROWTH_PERCENT: i32 = 120;

/// Scripts between two turns of the collector.
const RUNS_PER_COLLECTION: u32 = 50;

pub(crate) type Way = Yielder<Order, (Step, usize)>;

/// What an interpreter knows beside its Lua.
pub(crate) struct State<'y> {
    pub(crate) way: &'y Way,
    pub(crate) lua: &'y Lua,
    granted: Rc<Granted>,
    pub(crate) allowance: Allowance,
    /// What `redis.setresp` said.
    pub(crate) proto: Cell<Proto>,
    /// What `redis.set_repl` said.
    pub(crate) propagates: Cell<bool>,
    /// The script has to end, with this error.
    pub(crate) death: Cell<Option<&'static str>>,
    /// A script or library is being run; only then may Lua ask for anything.
    pub(crate) at_work: Cell<bool>,
    /// What scripts may switch for themselves.
    pub(crate) switches: Rc<json::Switches>,
    pub(crate) random: Rc<Random>,
    /// What the library that is being loaded has registered.
    pub(crate) loading: RefCell<Option<Vec<Registered>>>,
    pub(crate) next_id: Cell<u64>,
    pub(crate) runs: Cell<u32>,
}

/// Carries out orders until there are no more.
pub(crate) fn run(kind: Kind, granted: Rc<Granted>, way: &Way, first: Order) {
    let libraries = StdLib::TABLE | StdLib::STRING | StdLib::MATH;
    let lua = Lua::new_with(libraries, LuaOptions::default()).expect("these libraries are safe");
    // Beyond this Lua raises an error; without a limit the allocator would end the process.
    lua.set_memory_limit(granted.lua_bytes.get()).expect("the allocator is mlua's own");
    let allowance = Allowance::new(Rc::clone(&granted));
    lua.set_app_data(allowance.clone());
    let state = State {
        way,
        lua: &lua,
        granted,
        allowance,
        proto: Cell::default(),
        propagates: Cell::new(true),
        death: Cell::default(),
        at_work: Cell::default(),
        switches: Rc::default(),
        random: Rc::default(),
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
    // A Lua that ends in the middle of a collection could free values that their finalizers still use.
    let _ = lua.gc_collect();
}

impl State<'_> {
    /// Switches to whoever resumed the engine, and comes back with what is to be done next.
    fn stop(&self, step: Step) -> Order {
        let order = self.way.suspend((step, self.lua.used_memory()));
        // Meanwhile the data may have grown, and so what is left.
        let bytes = self.granted.lua_bytes.get();
        self.lua.set_memory_limit(bytes).expect("the allocator is mlua's own");
        order
    }

    /// Stops for an answer. Where no script is at work nobody could give one: whatever asks has to end.
    pub(crate) fn ask(&self, step: Step) -> Answer {
        if !self.at_work.get() {
            self.death.set(Some("Script ran when none was called"));
            return Answer::Go;
        }
        match self.stop(step) {
            Order::Answer(Answer::Kill(why)) => {
                self.death.set(Some(why));
                Answer::Go
            }
            Order::Answer(answer) => answer,
            // Any other order does not fit a script that waits: it ends, and so does whoever gave the order.
            _ => {
                self.death.set(Some("Script interrupted"));
                Answer::Go
            }
        }
    }

    /// Runs what a script or library wants done. Nothing that one before it has switched is left.
    fn work<T>(&self, run: impl FnOnce() -> T) -> T {
        self.proto.set(Proto::Resp2);
        self.propagates.set(true);
        self.death.set(None);
        self.switches.reset();
        self.random.reset();
        self.at_work.set(true);
        let outcome = run();
        self.at_work.set(false);
        outcome
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
        let doors = doors::all(state, scope, &kept)?;
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
            // Nothing has asked.
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
        let outcome = state.work(|| self.load.call::<(bool, Value)>(chunk));
        let registered = state.loading.take().unwrap_or_default();
        let problem = match outcome {
            Ok((true, _)) => return Ok(registered),
            Ok((false, problem)) => failure(&problem, &state.allowance).text,
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
        let lua = state.lua;
        let prepared = function.and_then(|function| {
            Ok((function, from_redis::array(lua, keys)?, from_redis::array(lua, arguments)?))
        });
        let done = match prepared {
            // What it returns may take as long to write as anything that it does.
            Ok(call) => state.work(|| match self.run.call::<(bool, Value)>(call) {
                Ok((true, value)) => match Reply::written(lua, &value, proto, state.proto.get()) {
                    Ok(done) => done,
                    Err(problem) => unwritten(name, state.death.get(), &problem),
                },
                Ok((false, problem)) if problem.is_table() => {
                    failure(&problem, &state.allowance).told_of(name)
                }
                Ok((false, problem)) => broken(name, &text_of(&problem).unwrap_or_default()),
                Err(error) => broken(name, &first_line(&error)),
            }),
            Err(error) => broken(name, &first_line(&error)),
        };
        state.runs.set(state.runs.get() + 1);
        if lua.used_memory() > state.granted.lua_bytes.get() / 2 {
            // Lua does not look for garbage when memory runs out: the next script would find it full.
            let _ = lua.gc_collect();
        } else if state.runs.get().is_multiple_of(RUNS_PER_COLLECTION) {
            let _ = lua.gc_step();
        }
        done
    }
}

/// Code as text; compiled code could be anything.
pub(crate) fn compile(
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

/// The text of a string or number, as Lua spells it.
pub(crate) fn text_of(value: &Value) -> Option<Spelled> {
    match value {
        Value::String(text) => Some(Spelled::Lua(text.as_bytes())),
        Value::Integer(integer) => Some(Spelled::of(json::general(*integer as f64, 14))),
        Value::Number(number) => Some(Spelled::of(json::general(*number, 14))),
        _ => None,
    }
}

/// A text of Lua where it lies, or the spelling of a number.
pub(crate) enum Spelled {
    Lua(BorrowedBytes),
    Rust(Vec<u8>),
}

impl Spelled {
    fn of(text: impl Into<Vec<u8>>) -> Spelled {
        Spelled::Rust(text.into())
    }
}

impl Default for Spelled {
    fn default() -> Spelled {
        Spelled::Rust(Vec::new())
    }
}

impl Deref for Spelled {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Spelled::Lua(text) => text,
            Spelled::Rust(text) => text,
        }
    }
}

/// Numbers up to here, and from its negative on, are integers where they are words of commands.
const INTEGER_MAX: i64 = i64::MAX / 2;

/// The text of a string or number as a word of a command: no digit is lost.
pub(crate) fn word_of(value: &Value) -> Option<Spelled> {
    match value {
        Value::String(text) => Some(Spelled::Lua(text.as_bytes())),
        Value::Integer(integer) if (-INTEGER_MAX..=INTEGER_MAX).contains(integer) => {
            Some(Spelled::of(integer.to_string()))
        }
        Value::Integer(integer) => {
            Some(Spelled::of(stdx::float::shortest(*integer as f64).to_vec()))
        }
        // An integer has no sign of zero.
        Value::Number(number) if *number == 0.0 => Some(Spelled::of("0")),
        Value::Number(number) => Some(Spelled::of(stdx::float::shortest(*number).to_vec())),
        _ => None,
    }
}

/// A text up to its first NUL: errors and statuses are texts of C in Redis.
pub(crate) fn to_nul(text: &[u8]) -> &[u8] {
    text.split(|byte| *byte == 0).next().unwrap_or_default()
}

pub(crate) fn first_line(error: &mlua::Error) -> Vec<u8> {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    line.trim_start_matches("runtime error: ").trim_start_matches("memory error: ").into()
}

/// The SHA-1 sum in hexadecimal digits.
pub(crate) fn hex_sum(bytes: &[u8]) -> String {
    hex(&Sha1::digest(bytes))
}

/// Digits of bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).expect("less than sixteen");
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
