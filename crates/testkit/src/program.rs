//! Which program to start, a server or a Sentinel: ours, or the one that is installed.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A program and the words that make it a server or a Sentinel.
#[derive(Clone, Debug)]
pub struct Program {
    pub(crate) path: PathBuf,
    pub(crate) words: Vec<&'static str>,
    address_space: Option<u64>,
}

impl Program {
    /// Our binary at `path`, as a test of its crate knows it.
    pub fn regent(path: &str) -> Program {
        Program { words: vec!["server"], ..Program::at(path) }
    }

    /// Our binary at `path` as a Sentinel.
    pub fn regent_sentinel(path: &str) -> Program {
        Program { words: vec!["sentinel"], ..Program::at(path) }
    }

    /// Any program that takes the arguments of `redis-server` or `redis-sentinel`.
    pub fn at(path: impl AsRef<Path>) -> Program {
        Program { path: path.as_ref().to_owned(), words: Vec::new(), address_space: None }
    }

    /// The same program with at most so many bytes of addresses, as after `ulimit -v`.
    pub fn within(self, address_space: u64) -> Program {
        Program { address_space: Some(address_space), ..self }
    }

    /// The installed `redis-server`; none, with a note, where there is none.
    pub fn redis() -> Option<Program> {
        peer_tool("redis-server").map(Program::at)
    }

    /// The installed `redis-sentinel`; none, with a note, where there is none.
    pub fn redis_sentinel() -> Option<Program> {
        peer_tool("redis-sentinel").map(Program::at)
    }

    /// The file of the program, or its name where the system is to find it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A process of it that is not started yet, with the words that come before all others.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command.args(&self.words);
        if let Some(bytes) = self.address_space {
            sys::limits::bound_address_space(&mut command, bytes);
        }
        command
    }
}

/// An installed program of Redis. Where it is missing the test that asks says so and is skipped; with
/// `REGENT_REQUIRE_PEERS=1` it fails.
pub fn peer_tool(name: &'static str) -> Option<&'static str> {
    let mut command = Command::new(name);
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // Some of them take `--version` for a file's name and fail, which shows that they are there.
    if command.status().is_ok() {
        return Some(name);
    }
    let required = std::env::var("REGENT_REQUIRE_PEERS").is_ok_and(|value| value == "1");
    assert!(!required, "{name} is not installed, and REGENT_REQUIRE_PEERS=1 asks for it");
    eprintln!("skipped: {name} is not installed");
    None
}
