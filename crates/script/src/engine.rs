//! One interpreter, on a stack of its own: it runs until it wants something, says what, and waits for the answer.
//!
//! # Design
//! A script is a deep nest of Lua and C frames that cannot be left and entered again. So it lives on a second stack, to
//! which the machine's only thread switches: no other thread, and never two at once. Three things make it switch back:
//! a command that the script wants run, a question, and a look around every hundred thousand instructions. Whoever
//! resumed the engine has its own stack and everything it owned before, so nothing is lent to a script, and one that
//! takes long can wait for a while: the machine goes back to its loop, answers others that it is busy, and goes on with
//! the script in the next turn.
//!
//! The interpreter never ends before the engine does: it takes one order after the other.

use crate::ScriptFlags;
use crate::allowance::Granted;
use crate::failure::broken;
use crate::interpreter;
use command::{Owned, Proto};
use corosensei::stack::DefaultStack;
use corosensei::{Coroutine, CoroutineResult};
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

/// What scripts may nest on, the first of these that the system grants. Only pages that were touched take memory. It is
/// patterns that need so much: Lua matches them by recursion, as deep as they are long, to a bound that takes 40 MB.
const STACK_BYTES: [usize; 2] = [256 << 20, 64 << 20];

/// How often a script that is killed may go on all the same, before it is given up with its stack.
const KILLS_MAX: usize = 10_000;

/// What kind of scripts an interpreter runs; the worlds they see differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// EVAL's.
    Scripts,
    /// FUNCTION's.
    Functions,
}

/// Why a script stopped.
#[derive(Debug)]
pub enum Step {
    /// It wants a command run; `Answer::Reply` has the reply.
    Call(Call),
    /// It wants to know whether its caller may run this; `Answer::Allowed` says so.
    Check(Owned),
    /// It has something for the log.
    Log(Log),
    /// It is still busy.
    Busy,
    /// It has ended.
    Done(Done),
    /// The interpreter has done what is no script.
    Ready(Ready),
}

/// A command that a script wants run.
#[derive(Debug)]
pub struct Call {
    /// The words of the command.
    pub words: Owned,
    /// The protocol of the reply.
    pub proto: Proto,
    /// Whether replicas are to be told: `redis.set_repl`.
    pub propagates: bool,
}

/// A line for the log.
#[derive(Debug)]
pub struct Log {
    /// From 0, debug, to 3, warning.
    pub level: i64,
    /// The words of the script.
    pub text: Vec<u8>,
}

/// How a script ended.
#[derive(Debug, Default)]
pub struct Done {
    /// The reply.
    pub reply: Vec<u8>,
    /// The reply is an error.
    pub failed: bool,
    /// Errors in the reply that were not counted when they came about: how many of each code.
    pub errors: BTreeMap<Vec<u8>, u64>,
}

impl Done {
    /// The end of a script whose interpreter knows nothing of it any more.
    pub fn lost() -> Done {
        broken("", b"the interpreter has lost it")
    }
}

/// What a script is told when it goes on.
#[derive(Debug)]
pub enum Answer {
    /// The reply to a command, in the protocol that it asked for.
    Reply(Vec<u8>),
    /// Whether the caller may run a command. None: there is no such command.
    Allowed(Option<bool>),
    /// It may go on.
    Go,
    /// It has to end, with this error.
    Kill(&'static str),
}

/// What an interpreter has done that is no script.
#[derive(Debug)]
pub enum Ready {
    /// It waits.
    Idle,
    /// Code was compiled, or not, for this reason.
    Compiled(Result<(), Vec<u8>>),
    /// A library was loaded, or not, for this reason.
    Loaded(Result<Vec<Registered>, Vec<u8>>),
}

/// A function that a library has registered.
#[derive(Debug)]
pub struct Registered {
    pub(crate) name: String,
    pub(crate) description: Option<Vec<u8>>,
    pub(crate) flags: ScriptFlags,
    pub(crate) id: u64,
}

/// An order to the interpreter.
pub(crate) enum Order {
    /// Keep this code under this name.
    Compile { name: String, code: Vec<u8> },
    /// Run what is kept under this name.
    Run { name: String, keys: Vec<Vec<u8>>, arguments: Vec<Vec<u8>>, proto: Proto },
    /// Run this code, which registers functions.
    Load { code: Vec<u8> },
    /// Run a function that was registered.
    Call { id: u64, name: String, keys: Vec<Vec<u8>>, arguments: Vec<Vec<u8>>, proto: Proto },
    /// These functions are not wanted any more.
    Forget(Vec<u64>),
    /// The answer to what a script asked.
    Answer(Answer),
    /// There is nothing more to do.
    End,
}

/// An interpreter.
pub(crate) struct Engine {
    stack: Option<Coroutine<Order, (Step, usize), (), DefaultStack>>,
    granted: Rc<Granted>,
    /// What Lua has allocated, in bytes, when it stopped last.
    memory: usize,
    /// A script is at work.
    runs: bool,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("memory", &self.memory).field("runs", &self.runs).finish()
    }
}

impl Engine {
    /// An interpreter that has done nothing yet. It may allocate so many bytes, and as many outside of Lua.
    pub(crate) fn new(kind: Kind, room: usize) -> Engine {
        let granted = Rc::new(Granted::default());
        granted.lua_bytes.set(room);
        granted.built_bytes.set(room);
        let seen = Rc::clone(&granted);
        let stack = STACK_BYTES.into_iter().find_map(|bytes| DefaultStack::new(bytes).ok());
        let stack = stack.expect("there is room for one more stack");
        let coroutine = Coroutine::with_stack(stack, move |yielder, first| {
            interpreter::run(kind, seen, yielder, first);
        });
        Engine { stack: Some(coroutine), granted, memory: 0, runs: false }
    }

    /// What Lua has allocated, in bytes.
    pub(crate) fn memory(&self) -> usize {
        self.memory
    }

    /// Lua may allocate so many bytes more than it has, and as many may be taken for it outside. A script that is at
    /// work is held to it when it goes on.
    pub(crate) fn grant(&mut self, room: usize) {
        self.granted.lua_bytes.set(self.memory.saturating_add(room));
        self.granted.built_bytes.set(room);
    }

    /// Gives an order, and comes back with the first thing that the interpreter wants or has done.
    pub(crate) fn resume(&mut self, order: Order) -> Step {
        let stack = self.stack.as_mut().expect("an engine that was not given up");
        match stack.resume(order) {
            CoroutineResult::Yield((step, memory)) => {
                self.memory = memory;
                self.runs = !matches!(step, Step::Done(_) | Step::Ready(_));
                step
            }
            CoroutineResult::Return(()) => Step::Ready(Ready::Idle),
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        for _ in 0..KILLS_MAX {
            if !self.runs {
                self.resume(Order::End);
                return;
            }
            self.resume(Order::Answer(Answer::Kill("Script ended with the server")));
        }
        // It cannot be ended from outside: its frames are not ours to unwind.
        std::mem::forget(self.stack.take());
    }
}
