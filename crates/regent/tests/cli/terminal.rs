//! A terminal with our client in it: keys in, screen out.

use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::path::Path;
use std::process::Child;
use std::time::Duration;

use pty_process::blocking::{Command, Pty, open};
use sys::wait::{self, Interest};

use crate::PROGRAM;
use crate::run::Cli;

/// Longer than anything takes on a machine that is busy with other things.
const DEADLINE: Duration = Duration::from_secs(30);

pub(crate) const CTRL_C: &str = "\x03";
pub(crate) const CTRL_D: &str = "\x04";
pub(crate) const CTRL_U: &str = "\x15";
pub(crate) const UP: &str = "\x1b[A";
pub(crate) const TAB: &str = "\t";
pub(crate) const ENTER: &str = "\r";

pub(crate) struct Terminal {
    pty: Pty,
    process: Child,
    /// What was written since the text that was last waited for.
    shown: String,
}

impl Terminal {
    /// Starts our client with `arguments` and `home` as the user's folder.
    pub(crate) fn start(arguments: &[&str], home: &Path, variables: &[(&str, &str)]) -> Terminal {
        Terminal::of(Cli::Ours, arguments, home, variables)
    }

    /// As [`Terminal::start`], for theirs too.
    pub(crate) fn of(
        cli: Cli,
        arguments: &[&str],
        home: &Path,
        variables: &[(&str, &str)],
    ) -> Terminal {
        // Whatever runs the tests may have Ctrl-C ignored; at a terminal it is not.
        sys::signal::end_at_interrupt().expect("SIGINT is a signal");
        let (pty, inside) = open().expect("a terminal");
        pty.resize(pty_process::Size::new(24, 100)).expect("it has a size");
        let program = if cli == Cli::Ours { PROGRAM } else { "redis-cli" };
        let command = Command::new(program).arg0("redis-cli").args(arguments);
        let command =
            command.env("TERM", "xterm-256color").env("HOME", home).env_remove("NO_COLOR");
        let command = command.env_remove("REDISCLI_AUTH").env_remove("REDISCLI_HISTFILE");
        let process = command.envs(variables.iter().copied()).spawn(inside).expect("it starts");
        Terminal { pty, process, shown: String::new() }
    }

    /// Presses these keys.
    #[track_caller]
    pub(crate) fn press(&mut self, keys: &[&str]) {
        for key in keys {
            self.press_bytes(key.as_bytes());
        }
    }

    /// Sends bytes that are no text.
    #[track_caller]
    pub(crate) fn press_bytes(&mut self, bytes: &[u8]) {
        self.pty.write_all(bytes).expect("it reads");
    }

    /// Types a line and presses Enter.
    #[track_caller]
    pub(crate) fn line(&mut self, text: &str) {
        self.press(&[text, ENTER]);
    }

    /// Waits until `text` has been shown, and forgets everything up to its end.
    #[track_caller]
    pub(crate) fn wait(&mut self, text: &str) -> String {
        let begin = sys::clock::nanos();
        loop {
            if let Some(at) = self.shown.find(text) {
                let before = self.shown[..at].to_owned();
                self.shown.drain(..at + text.len());
                return before;
            }
            let waited = Duration::from_nanos(sys::clock::nanos() - begin);
            let left = DEADLINE.checked_sub(waited).unwrap_or_default();
            assert!(self.read(left), "no {text:?} in {:?}", self.shown);
        }
    }

    /// Waits until nothing has been shown for some time.
    pub(crate) fn quiet(&mut self, time: Duration) {
        while self.read(time) {}
    }

    /// Reads once; false at the end, or if nothing came.
    fn read(&mut self, within: Duration) -> bool {
        let source = (self.pty.as_fd(), Interest::Read);
        let [ready] = wait::any([source], Some(within)).expect("it can be waited for");
        let mut piece = [0; 4096];
        // The end of a terminal is an error.
        match ready.readable.then(|| self.pty.read(&mut piece)) {
            Some(Ok(len)) if len > 0 => {
                self.shown += &String::from_utf8_lossy(&piece[..len]);
                true
            }
            _ => false,
        }
    }

    /// Waits for the end and tells the status.
    #[track_caller]
    pub(crate) fn end(self) -> Option<i32> {
        self.rest().1
    }

    /// Waits for the end and tells what was shown, and the status.
    #[track_caller]
    pub(crate) fn rest(mut self) -> (String, Option<i32>) {
        while self.read(DEADLINE) {}
        let status = self.process.wait().expect("it ends").code();
        (std::mem::take(&mut self.shown), status)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
