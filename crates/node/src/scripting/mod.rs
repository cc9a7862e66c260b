//! Scripts and functions at work: the commands that they want run, and the time that they take.
//!
//! A script stops whenever it wants something (see the crate `script`), so here it is a loop: what it wants is done,
//! and it goes on. All that it changes is one unit, as a transaction is. One that takes longer than
//! `busy-reply-threshold` is left where it is: its session waits, the loop turns, others hear BUSY, and in the idle part
//! of every turn the script goes on for a while. Until it ends the unit stays open: nobody else changes anything, no
//! snapshot begins, and what the master sends waits.

mod call;
mod check;
mod slow;

pub(crate) use check::Wants;

use crate::call::Context;
use crate::node::Node;
use crate::registry::CommandId;
use resp::Owned;
use script::{Answer, Done, Libraries, Restore, Scripts, Step};
use slow::Rest;
use stdx::{Instant, Now};
use world::{ConnId, Level};

/// What SCRIPT KILL and FUNCTION KILL end a script with.
const KILLED: &str = "Script killed by user with SCRIPT KILL...";

/// The number of the session in whose name scripts run commands. The world never comes to this one.
pub(crate) const SCRIPT_CONN: ConnId = ConnId(u32::MAX);

/// What the server has of scripts.
pub(crate) struct Scripting {
    pub(crate) scripts: Scripts,
    pub(crate) libraries: Libraries,
    pub(crate) running: Option<Box<Running>>,
    /// Memory was full when the last request came that asked; see `Node::memory_is_full`.
    pub(crate) full: bool,
    /// What was left when that was last asked, and what the server took then, in bytes.
    room: u64,
    used: u64,
    /// DEBUG SET-DISABLE-DENY-SCRIPTS: scripts may run any command.
    pub(crate) may_all: bool,
}

/// Which interpreter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Script,
    Function,
}

/// A script at work.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) kind: Kind,
    /// The sum of a script, the name of a function.
    pub(crate) name: String,
    /// Who called it.
    conn: ConnId,
    session: u64,
    context: Context,
    /// Its command.
    id: CommandId,
    pub(crate) request: Owned,
    /// Commands that write are refused.
    read_only: bool,
    /// Memory may be full.
    allow_oom: bool,
    /// Memory was full when it began.
    full: bool,
    /// It has run a command that writes.
    dirty: bool,
    /// When it began: its time stands still.
    now: Now,
    started_ns: u64,
    /// When it was last gone on with.
    slice_ns: u64,
    /// It takes long: its session waits, and others are told.
    slow: bool,
    /// It has to end, with this error.
    killed: Option<&'static str>,
    /// Until when the end of the process waits for it.
    waited_until: Option<Instant>,
    /// The unit was open before it began: a transaction runs it.
    nested: bool,
    /// What comes behind it in its transaction.
    rest: Option<Rest>,
}

/// How a run ended, for now.
pub(crate) enum Ended {
    /// With this reply.
    Done(Done),
    /// Not yet: its session waits.
    Left,
}

/// What Lua may allocate where nobody knows how much memory there is, in bytes.
const MEMORY: u64 = 4 << 30;

/// What Lua may always allocate, in bytes: its sandbox takes a tenth of it.
const LEAST_MEMORY: u64 = 1 << 20;

/// What Lua may allocate: a quarter of what the process may still take. The rest is for what is copied out of Lua
/// (words of commands, replies), and for addresses that the allocator holds and cannot use: tables that grow leave some.
fn granted(room: u64) -> usize {
    let bytes = if room == 0 { MEMORY } else { (room / 4).max(LEAST_MEMORY) };
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

impl Scripting {
    /// Nothing known. `memory_room` is what the process may still take, in bytes, or zero.
    pub(crate) fn new(memory_room: u64) -> Scripting {
        let memory_max = granted(memory_room);
        Scripting {
            scripts: Scripts::new(memory_max),
            libraries: Libraries::new(memory_max),
            running: None,
            full: false,
            room: memory_room,
            used: 0,
            may_all: false,
        }
    }

    /// The data has grown or shrunk, and so has what is left for Lua.
    pub(crate) fn grant(&mut self, memory_room: u64, used: u64) {
        (self.room, self.used) = (memory_room, used);
        let room = granted(memory_room);
        self.scripts.grant(room);
        self.libraries.grant(room);
    }

    /// The script that takes so long that others are refused.
    #[inline]
    pub(crate) fn slow(&self) -> Option<&Running> {
        self.running.as_deref().filter(|it| it.slow)
    }

    /// What others hear meanwhile.
    pub(crate) fn busy(kind: Kind) -> command::Error {
        command::Error::fixed(match kind {
            Kind::Script => {
                "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE."
            }
            Kind::Function => {
                "BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE."
            }
        })
    }
}

/// Of what is left, a script may take so much for the data before that is asked again: a thirty-second part.
const STALE_PART: u64 = 32;

impl Node {
    /// Tells the interpreters what is left for them.
    pub(crate) fn grant_memory(&mut self) {
        let used = self.used_memory();
        self.scripting.grant((self.senses.facts)().memory_room, used);
    }

    /// What a script has done may have made the data grow. What is left for the script itself is less then.
    fn grant_again(&mut self) {
        let grown = self.used_memory().saturating_sub(self.scripting.used);
        if grown > self.scripting.room / STALE_PART {
            self.grant_memory();
        }
    }

    /// Runs a script to its end, or until it takes too long.
    fn drive_script(&mut self, mut step: Step) -> Ended {
        loop {
            let answer = match step {
                Step::Done(done) => return Ended::Done(done),
                Step::Call(call) => {
                    let reply = self.call_from_script(call);
                    self.grant_again();
                    Answer::Reply(reply)
                }
                Step::Check(words) => Answer::Allowed(self.script_may_run(&words.words())),
                Step::Log(line) => {
                    self.log_script(line);
                    Answer::Go
                }
                Step::Busy if self.leave_script() => return Ended::Left,
                Step::Busy => self.go_or_die(),
                // There is no script that could go on: no answer would lead to an end.
                Step::Ready(_) => return Ended::Done(Done::lost()),
            };
            step = self.resume_script(answer);
        }
    }

    fn resume_script(&mut self, answer: Answer) -> Step {
        match self.running_script().kind {
            Kind::Script => self.scripting.scripts.resume(answer),
            Kind::Function => self.scripting.libraries.resume(answer),
        }
    }

    fn go_or_die(&self) -> Answer {
        let killed = self.scripting.running.as_ref().and_then(|running| running.killed);
        killed.map_or(Answer::Go, Answer::Kill)
    }

    fn running_script(&mut self) -> &mut Running {
        self.scripting.running.as_mut().expect("a script that is at work")
    }

    /// `redis.log`.
    pub(crate) fn log_script(&mut self, line: script::Log) {
        let level = match line.level {
            0 => Level::Debug,
            1 => Level::Verbose,
            2 => Level::Notice,
            _ => Level::Warning,
        };
        self.log(level, String::from_utf8_lossy(&line.text));
    }

    /// True if the running script is the master's: it is obeyed, whatever we think of it.
    pub(crate) fn script_is_obeyed(&self) -> bool {
        self.scripting.running.as_ref().is_some_and(|it| it.context == Context::Master)
    }

    /// Takes in libraries that were saved; all of them or none. They may take their time.
    pub(crate) fn restore_libraries(
        &mut self,
        sources: &[Vec<u8>],
        how: Restore,
    ) -> Result<(), command::Error> {
        let mut log = Vec::new();
        let sources = sources.iter().map(|it| &**it);
        let restored = self.scripting.libraries.restore(sources, how, &mut || false, &mut log);
        log.into_iter().for_each(|line| self.log_script(line));
        restored
    }
}
