//! Programs that we start and do not wait for: each is watched by whoever can afford to be held.
//!
//! # Design
//! Waiting is two steps. [`Watch::until_ended`] returns when the child has ended and leaves it unburied, so its number
//! cannot go to another process; only [`Child::bury`], called by the owner, frees it. So the owner may kill at any
//! time and never hits a stranger.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

/// A program that was started.
#[derive(Debug)]
pub struct Child(std::process::Child);

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// By itself, with this status.
    Exited(i32),
    /// By this signal.
    Signalled(i32),
}

impl Child {
    /// Starts the program at `path`. It has our environment, folder and output, and an empty input; of signals and
    /// niceness it has what the calling thread has.
    pub fn start(path: &str, arguments: &[String]) -> io::Result<Child> {
        // A name without a slash would be looked for in PATH; here it is a file like any other.
        let program = if path.contains('/') { path.to_owned() } else { format!("./{path}") };
        let mut command = Command::new(program);
        std::os::unix::process::CommandExt::arg0(&mut command, path);
        command.args(arguments).stdin(Stdio::null()).spawn().map(Child)
    }

    /// Its number.
    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    /// What another thread needs to wait for its end.
    pub fn watch(&self) -> Watch {
        Watch { pid: self.0.id() }
    }

    /// Ends it, whatever it is doing.
    pub fn kill(&mut self) -> io::Result<()> {
        self.0.kill()
    }

    /// Frees its number and says how it ended; returns at once if [`Watch::until_ended`] has returned.
    pub fn bury(mut self) -> io::Result<End> {
        let status = self.0.wait()?;
        Ok(match (status.code(), status.signal()) {
            (Some(code), _) => End::Exited(code),
            (None, signal) => End::Signalled(signal.unwrap_or_default()),
        })
    }
}

/// Somebody who waits for the end of a child.
#[derive(Debug)]
pub struct Watch {
    pid: u32,
}

impl Watch {
    /// Holds the calling thread until the child has ended.
    pub fn until_ended(self) {
        loop {
            // SAFETY: all fields of `siginfo_t` are numbers or pointers, for which zero is a value; it lives as long
            // as the call.
            let result = unsafe {
                let mut info: libc::siginfo_t = std::mem::zeroed();
                libc::waitid(libc::P_PID, self.pid, &mut info, libc::WEXITED | libc::WNOWAIT)
            };
            // Any other failure means that there is no such child: then there is nothing to wait for.
            if result == 0 || io::Error::last_os_error().kind() != io::ErrorKind::Interrupted {
                return;
            }
        }
    }
}
