//! FUNCTION's libraries, and the functions that they have registered.

use crate::engine::{Answer, Engine, Kind, Log, Order, Ready, Registered, Step};
use crate::scripts::owned;
use crate::{ScriptFlags, shebang};
use command::{Error, Proto, Words};
use std::collections::{BTreeMap, HashMap};
use stdx::FixedState;

/// A function.
#[derive(Clone, Debug)]
pub struct Function {
    /// What it is called, as it was registered.
    pub name: String,
    /// What its author says of it.
    pub description: Option<Vec<u8>>,
    /// What it promises.
    pub flags: ScriptFlags,
    id: u64,
}

/// A library.
#[derive(Debug)]
pub struct Library {
    /// What it is called.
    pub name: String,
    /// Its text, as it was loaded.
    pub source: Vec<u8>,
    /// What it has registered.
    pub functions: Vec<Function>,
}

/// What becomes of the libraries that are there when others come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restore {
    /// They go.
    Flush,
    /// They stay; another of the same name is refused.
    Append,
    /// They stay, but for those of the same name.
    Replace,
}

/// All libraries.
#[derive(Debug)]
pub struct Libraries {
    engine: Option<Engine>,
    by_name: BTreeMap<String, Library>,
    /// The library and place of each function, by its name in lowercase.
    functions: HashMap<String, (String, usize), FixedState>,
    memory_max: usize,
}

/// What a library and a function take beside their texts, in bytes.
const ENTRY_BYTES: usize = 120;

/// Asked while a library is loaded: whether it takes too long.
pub(crate) type Late<'a> = &'a mut dyn FnMut() -> bool;

impl Libraries {
    /// None yet. Lua may allocate so many bytes.
    pub fn new(memory_max: usize) -> Libraries {
        Libraries {
            engine: None,
            by_name: BTreeMap::new(),
            functions: HashMap::default(),
            memory_max,
        }
    }

    /// Loads a library and gives back its name. What it has for the log is in `log`, whatever came of it.
    pub fn load(
        &mut self,
        source: &[u8],
        replace: bool,
        late: Late<'_>,
        log: &mut Vec<Log>,
    ) -> Result<String, Error> {
        let (name, _) = shebang::library(source)?;
        if !replace && self.by_name.contains_key(&name) {
            return Err(Error::new(format!("ERR Library '{name}' already exists")));
        }
        let library = self.compile(source, late, log)?;
        // The library of this name is about to go: its functions are in nobody's way.
        let collision = self.collision(&library, |other| other == name);
        if let Some(function) = collision {
            self.forget(&library);
            return Err(Error::new(format!("ERR Function {function} already exists")));
        }
        self.delete(&name);
        self.link(library);
        Ok(name)
    }

    /// Takes in libraries that were saved; all of them or none.
    pub fn restore<'a>(
        &mut self,
        sources: impl IntoIterator<Item = &'a [u8]>,
        how: Restore,
        late: Late<'_>,
        log: &mut Vec<Log>,
    ) -> Result<(), Error> {
        let mut fresh: Vec<Library> = Vec::new();
        let outcome = sources.into_iter().try_for_each(|source| {
            let library = self.compile(source, late, log)?;
            let twin = fresh.iter().any(|it| it.name == library.name);
            let name = library.name.clone();
            fresh.push(library);
            match twin {
                true => Err(Error::new(format!("ERR Library '{name}' already exists"))),
                false => Ok(()),
            }
        });
        let outcome = outcome.and_then(|()| self.may_join(&fresh, how));
        if let Err(error) = outcome {
            fresh.iter().for_each(|library| self.forget(library));
            return Err(error);
        }
        if how == Restore::Flush {
            let old: Vec<String> = self.by_name.keys().cloned().collect();
            old.iter().for_each(|name| {
                self.delete(name);
            });
        }
        for library in fresh {
            self.delete(&library.name);
            self.link(library);
        }
        Ok(())
    }

    /// Whether these libraries may come beside those that stay.
    fn may_join(&self, fresh: &[Library], how: Restore) -> Result<(), Error> {
        let stays = |name: &str| how != Restore::Flush && self.by_name.contains_key(name);
        if how == Restore::Append
            && let Some(library) = fresh.iter().find(|it| stays(&it.name))
        {
            return Err(Error::new(format!("ERR Library {} already exists", library.name)));
        }
        let goes =
            |name: &str| how == Restore::Flush || fresh.iter().any(|library| library.name == name);
        let mut names: Vec<String> = Vec::new();
        for library in fresh {
            let function = self.collision(library, goes).or_else(|| {
                let twin = library.functions.iter().map(|it| it.name.to_ascii_lowercase());
                twin.into_iter().find(|name| names.contains(name))
            });
            if let Some(function) = function {
                return Err(Error::new(format!("ERR Function {function} already exists")));
            }
            names.extend(library.functions.iter().map(|it| it.name.to_ascii_lowercase()));
        }
        Ok(())
    }

    /// A function of `library` whose name is taken by a library that does not go.
    fn collision(&self, library: &Library, goes: impl Fn(&str) -> bool) -> Option<String> {
        let taken = library.functions.iter().find(|function| {
            let at = self.functions.get(&function.name.to_ascii_lowercase());
            at.is_some_and(|(owner, _)| !goes(owner))
        });
        taken.map(|function| function.name.clone())
    }

    fn compile(
        &mut self,
        source: &[u8],
        late: Late<'_>,
        log: &mut Vec<Log>,
    ) -> Result<Library, Error> {
        let (name, code) = shebang::library(source)?;
        let memory_max = self.memory_max;
        let engine = self.engine.get_or_insert_with(|| Engine::new(Kind::Functions, memory_max));
        let mut step = engine.resume(Order::Load { code: code.to_vec() });
        let loaded = loop {
            let answer = match step {
                Step::Ready(Ready::Loaded(loaded)) => break loaded,
                Step::Log(line) => {
                    log.push(line);
                    Answer::Go
                }
                Step::Busy if late() => Answer::Kill("FUNCTION LOAD timeout"),
                Step::Busy => Answer::Go,
                // A library has no commands; whatever else this is, no answer to it leads to an end.
                Step::Ready(_) | Step::Done(_) => {
                    break Err(b"ERR the interpreter is busy".to_vec());
                }
                Step::Call(_) | Step::Check(_) => {
                    Answer::Kill("Library called a command while it was loaded")
                }
            };
            step = engine.resume(Order::Answer(answer));
        };
        let registered = loaded.map_err(Error::bytes)?;
        if registered.is_empty() {
            return Err(Error::fixed("ERR No functions registered"));
        }
        let function = |it: Registered| Function {
            name: it.name,
            description: it.description,
            flags: it.flags,
            id: it.id,
        };
        let functions = registered.into_iter().map(function).collect();
        Ok(Library { name, source: source.to_vec(), functions })
    }

    fn link(&mut self, library: Library) {
        for (index, function) in library.functions.iter().enumerate() {
            let at = (library.name.clone(), index);
            self.functions.insert(function.name.to_ascii_lowercase(), at);
        }
        self.by_name.insert(library.name.clone(), library);
    }

    fn forget(&mut self, library: &Library) {
        let ids = library.functions.iter().map(|it| it.id).collect();
        if let Some(engine) = &mut self.engine {
            engine.resume(Order::Forget(ids));
        }
    }

    /// A library goes. False: there was none.
    pub fn delete(&mut self, name: &str) -> bool {
        let Some(library) = self.by_name.remove(name) else { return false };
        for function in &library.functions {
            self.functions.remove(&function.name.to_ascii_lowercase());
        }
        self.forget(&library);
        true
    }

    /// Lua may allocate so many bytes more than it has.
    pub fn grant(&mut self, room: usize) {
        self.memory_max = room;
        if let Some(engine) = &mut self.engine {
            engine.grant(room);
        }
    }

    /// All go.
    pub fn flush(&mut self) {
        *self = Libraries::new(self.memory_max);
    }

    /// All libraries, by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Library> {
        self.by_name.values()
    }

    /// A function, by its name in any case.
    pub fn find(&self, name: &[u8]) -> Option<&Function> {
        let name = std::str::from_utf8(name).ok()?.to_ascii_lowercase();
        let (library, index) = self.functions.get(&name)?;
        self.by_name.get(library).map(|library| &library.functions[*index])
    }

    /// Calls a function, up to its first stop.
    pub fn begin(
        &mut self,
        function: &Function,
        keys: Words<'_>,
        arguments: Words<'_>,
        proto: Proto,
    ) -> Step {
        let engine = self.engine.as_mut().expect("an engine has registered this function");
        engine.resume(Order::Call {
            id: function.id,
            name: function.name.clone(),
            keys: owned(keys),
            arguments: owned(arguments),
            proto,
        })
    }

    /// Lets the function go on.
    pub fn resume(&mut self, answer: Answer) -> Step {
        let engine = self.engine.as_mut().expect("an engine that has a function running");
        engine.resume(Order::Answer(answer))
    }

    /// How many functions there are.
    pub fn functions(&self) -> usize {
        self.functions.len()
    }

    /// What the interpreter has allocated, in bytes.
    pub fn engine_memory(&self) -> usize {
        self.engine.as_ref().map_or(0, Engine::memory)
    }

    /// What the libraries take, in bytes.
    pub fn memory(&self) -> usize {
        let of_function = |it: &Function| {
            it.name.len() + it.description.as_ref().map_or(0, Vec::len) + ENTRY_BYTES
        };
        let of_library = |it: &Library| {
            let functions: usize = it.functions.iter().map(of_function).sum();
            it.name.len() + it.source.len() + ENTRY_BYTES + functions
        };
        self.by_name.values().map(of_library).sum()
    }
}
