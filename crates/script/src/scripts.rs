//! EVAL's scripts, by their sums.

use crate::engine::{Answer, Engine, Kind, Order, Ready, Step};
use crate::interpreter::hex_sum;
use crate::{ScriptFlags, shebang};
use command::{Error, Proto, Words};
use std::collections::HashMap;
use stdx::FixedState;

/// The SHA-1 sum of a script in lowercase hexadecimal digits: its name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sha(String);

impl Sha {
    /// The name of a script.
    pub fn of(body: &[u8]) -> Sha {
        Sha(hex_sum(body))
    }

    /// A name that somebody wrote. None: it is none.
    pub fn parse(text: &[u8]) -> Option<Sha> {
        let lower = String::from_utf8(text.to_ascii_lowercase()).ok()?;
        (lower.len() == 40).then_some(Sha(lower))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What is known of a script.
#[derive(Clone, Copy, Debug)]
pub struct Script {
    /// What it promises.
    pub flags: ScriptFlags,
    /// How long it is, in bytes.
    bytes: usize,
}

/// All that were seen since the last flush.
#[derive(Debug)]
pub struct Scripts {
    engine: Option<Engine>,
    known: HashMap<Sha, Script, FixedState>,
    memory_max: usize,
}

/// What one entry takes beside its text, in bytes.
const ENTRY_BYTES: usize = size_of::<Sha>() + size_of::<Script>() + 48;

impl Scripts {
    /// None yet. Lua may allocate so many bytes.
    pub fn new(memory_max: usize) -> Scripts {
        Scripts { engine: None, known: HashMap::default(), memory_max }
    }

    /// A script by its name.
    pub fn find(&self, sha: &Sha) -> Option<Script> {
        self.known.get(sha).copied()
    }

    /// Gets to know a script.
    pub fn load(&mut self, body: &[u8]) -> Result<(Sha, Script), Error> {
        let sha = Sha::of(body);
        if let Some(script) = self.known.get(&sha) {
            return Ok((sha, *script));
        }
        let (flags, code) = shebang::script(body)?;
        let order = Order::Compile { name: sha.0.clone(), code: code.to_vec() };
        let compiled = match self.engine().resume(order) {
            Step::Ready(Ready::Compiled(compiled)) => compiled,
            _ => Err(b"the interpreter is busy".to_vec()),
        };
        if let Err(problem) = compiled {
            let text = b"ERR Error compiling script (new function): ".as_slice();
            return Err(Error::bytes([text, &problem].concat()));
        }
        let script = Script { flags, bytes: body.len() };
        self.known.insert(sha.clone(), script);
        Ok((sha, script))
    }

    /// What a script says of itself, whether it is known or not; nothing where it says nothing that is understood.
    pub fn flags_of(body: &[u8]) -> Option<ScriptFlags> {
        shebang::script(body).ok().map(|(flags, _)| flags)
    }

    /// Runs a known script up to its first stop.
    pub fn begin(
        &mut self,
        sha: &Sha,
        keys: Words<'_>,
        arguments: Words<'_>,
        proto: Proto,
    ) -> Step {
        let (keys, arguments) = (owned(keys), owned(arguments));
        let name = sha.0.clone();
        self.engine().resume(Order::Run { name, keys, arguments, proto })
    }

    /// Lets the script go on.
    pub fn resume(&mut self, answer: Answer) -> Step {
        self.engine().resume(Order::Answer(answer))
    }

    /// Lua may allocate so many bytes more than it has.
    pub fn grant(&mut self, room: usize) {
        self.memory_max = room;
        if let Some(engine) = &mut self.engine {
            engine.grant(room);
        }
    }

    /// Forgets all of them.
    pub fn flush(&mut self) {
        *self = Scripts::new(self.memory_max);
    }

    /// How many are known.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// True while none is known.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// What the interpreter has allocated, in bytes.
    pub fn engine_memory(&self) -> usize {
        self.engine.as_ref().map_or(0, Engine::memory)
    }

    /// What the known scripts take, in bytes.
    pub fn memory(&self) -> usize {
        self.known.values().map(|it| it.bytes + ENTRY_BYTES).sum()
    }

    fn engine(&mut self) -> &mut Engine {
        let memory_max = self.memory_max;
        self.engine.get_or_insert_with(|| Engine::new(Kind::Scripts, memory_max))
    }
}

/// Copies that outlive the request.
pub(crate) fn owned(words: Words<'_>) -> Vec<Vec<u8>> {
    words.iter().map(<[u8]>::to_vec).collect()
}
