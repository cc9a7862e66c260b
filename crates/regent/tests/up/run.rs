//! A group under test: its process, its folder, and what its servers hold.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};

use client::{Client, Value};
use tempfile::TempDir;
use testkit::poll;

use crate::PROGRAM;

/// What every run of these tests has: few keys, quick members.
const FEW: [&str; 2] = ["--keys", "500"];

/// A folder for one group.
pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().expect("the temporary folder is writable")
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.arg("up").arg("--dir").arg(folder.join("group")).args(arguments);
    command
}

/// Runs it to its end.
pub(crate) fn run(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().expect("it starts")
}

/// A new group that is stopped once everything was shown.
pub(crate) fn once(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, &[&FEW[..], &["--once"], arguments].concat());
    let said = text(&output.stdout);
    assert!(output.status.success(), "{said}{}", text(&output.stderr));
    said
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The ports of the servers, in the order of the list, which begins with the first master.
pub(crate) fn servers(folder: &Path) -> Vec<u16> {
    let list = std::fs::read_to_string(folder.join("group/members")).expect("there is a group");
    let ports = list.lines().filter_map(|line| line.strip_prefix("server ")?.parse().ok());
    ports.collect()
}

/// The snapshot of the server on `port`.
pub(crate) fn snapshot(folder: &Path, port: u16) -> PathBuf {
    folder.join(format!("group/server-{port}/dump.rdb"))
}

/// How many keys a snapshot has.
pub(crate) fn keys(folder: &Path, port: u16) -> Option<u64> {
    let file = snapshot(folder, port);
    let output = Command::new(PROGRAM).arg("check-rdb").arg(file).output().expect("it starts");
    let said = text(&output.stdout);
    let line =
        said.lines().find_map(|line| line.strip_prefix("[info] ")?.strip_suffix(" keys read"));
    line?.parse().ok()
}

/// Everybody has everything.
#[track_caller]
pub(crate) fn assert_all_have(folder: &Path, count: u64) {
    let all: Vec<_> = servers(folder).into_iter().map(|port| keys(folder, port)).collect();
    assert_eq!(all, [Some(count); 3]);
}

pub(crate) fn ask(port: u16, words: &[&str]) -> Option<Value> {
    Client::connect(("127.0.0.1", port)).ok()?.command(words).ok()
}

/// A group that runs until it is told to end.
pub(crate) struct Up {
    pub(crate) child: Child,
}

impl Up {
    /// Starts a new one, and waits until it is up.
    pub(crate) fn start(folder: &Path, arguments: &[&str]) -> Up {
        let up = Up::begin(folder, arguments);
        up.said(folder, "Ctrl-C stops them all");
        up
    }

    /// Starts one.
    pub(crate) fn begin(folder: &Path, arguments: &[&str]) -> Up {
        let mut command = command(folder, &[&FEW[..], arguments].concat());
        let out = std::fs::File::create(folder.join("out")).expect("the folder is writable");
        command.stdout(out).stderr(Stdio::piped());
        Up { child: command.spawn().expect("it starts") }
    }

    /// Waits until it says so; everything that it said.
    #[track_caller]
    pub(crate) fn said(&self, folder: &Path, what: &str) -> String {
        poll(what, || {
            let said = text(&std::fs::read(folder.join("out")).unwrap_or_default());
            said.contains(what).then_some(said)
        })
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let status = Command::new("kill").args([&format!("-{name}"), &pid]).status();
        assert!(status.is_ok_and(|status| status.success()));
    }

    /// Its status, and what it said to standard error.
    pub(crate) fn end(&mut self) -> (ExitStatus, String) {
        let mut said = String::new();
        if let Some(mut errors) = self.child.stderr.take() {
            errors.read_to_string(&mut said).expect("it is text");
        }
        (self.child.wait().expect("it ends"), said)
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        end_in_order(&mut self.child);
    }
}

/// The end after a test that has failed: servers whose folder goes away before they have saved would stay for ever.
pub(crate) fn end_in_order(child: &mut Child) {
    const DEADLINE: std::time::Duration = std::time::Duration::from_secs(20);
    if let Ok(None) = child.try_wait() {
        let _ = Command::new("kill").arg(child.id().to_string()).status();
    }
    let begin = std::time::Instant::now();
    while let Ok(None) = child.try_wait() {
        if begin.elapsed() > DEADLINE {
            let _ = child.kill();
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}
