//! One member of the group: a server or a Sentinel, a child of this process with a folder of its own.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use client::Client;
use stdx::Instant;
use sys::signal::{self, Kind};
use sys::{clock, file, process};

/// How long a member may take to answer at first.
const PATIENCE_MS: u64 = 30_000;
/// How long one that is asked is waited for.
const ANSWER: Duration = Duration::from_millis(300);
/// How long a member may take to end when asked to.
const END_MS: u64 = 10_000;
/// After this time one that died is started again, as an init system would.
const RESTART_MS: u64 = 3000;
const LOOK: Duration = Duration::from_millis(20);

/// Server or Sentinel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Program {
    Server,
    Sentinel,
}

impl Program {
    /// The word that `regent` knows it by.
    pub(super) fn word(self) -> &'static str {
        match self {
            Program::Server => "server",
            Program::Sentinel => "sentinel",
        }
    }
}

/// See the module.
pub(super) struct Member {
    pub(super) program: Program,
    pub(super) port: u16,
    folder: PathBuf,
    password: String,
    child: Option<Child>,
    client: Option<Client>,
    /// When it was seen to have died.
    died: Option<Instant>,
}

/// What has become of a member since it was looked at last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Died,
    Restarted,
}

impl Member {
    /// A member with its folder below `folder`. Its configuration is `config`, unless it has one from an earlier time.
    pub(super) fn new(
        program: Program,
        port: u16,
        folder: &Path,
        password: &str,
        config: impl FnOnce(&Path) -> String,
    ) -> Result<Member> {
        let folder = folder.join(format!("{}-{port}", program.word()));
        file::create_folders(&folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        let path = folder.join("regent.conf");
        if file::slurp(&path).is_err() {
            file::replace(&path, config(&folder).as_bytes())
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        let password = password.to_owned();
        Ok(Member { program, port, folder, password, child: None, client: None, died: None })
    }

    /// Starts its process.
    pub(super) fn start(&mut self) -> Result<()> {
        let mut command = Command::new(sys::facts::executable());
        command.arg(self.program.word()).arg(self.folder.join("regent.conf"));
        // Ctrl-C is for us; they are asked to end in good order, and end with us if we end in disorder.
        process::starts_own_group(&mut command);
        process::ends_with_parent(&mut command);
        let errors = file::create_for_child(self.folder.join("errors"))
            .with_context(|| format!("cannot write to {}", self.folder.display()))?;
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(errors);
        let child = command.spawn();
        self.child = Some(child.with_context(|| format!("cannot start a {}", self.word()))?);
        self.died = None;
        Ok(())
    }

    fn word(&self) -> &'static str {
        self.program.word()
    }

    /// Its process, while it runs.
    pub(super) fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// What it wrote last, for one who wonders why it ended.
    pub(super) fn last_words(&self) -> String {
        let mut text = String::new();
        for name in ["log", "errors"] {
            let bytes = file::slurp(self.folder.join(name)).unwrap_or_default();
            let all = String::from_utf8_lossy(&bytes).into_owned();
            let lines: Vec<&str> = all.lines().collect();
            text.push_str(&lines[lines.len().saturating_sub(10)..].join("\n"));
        }
        text
    }

    fn has_ended(&mut self) -> bool {
        self.child.as_mut().is_none_or(|child| !matches!(child.try_wait(), Ok(None)))
    }

    /// Notices its death, and starts it again when its time has come.
    pub(super) fn look(&mut self, restart: bool) -> Result<Option<Change>> {
        if self.child.is_some() && self.has_ended() {
            self.child = None;
            self.client = None;
            self.died = Some(clock::instant());
            return Ok(Some(Change::Died));
        }
        let due = self.died.is_some_and(|at| clock::instant().ms_since(at) >= RESTART_MS);
        if !restart || !due {
            return Ok(None);
        }
        self.start()?;
        Ok(Some(Change::Restarted))
    }

    /// Asks it; none where it does not answer in time.
    pub(super) fn ask(&mut self, words: &[&str]) -> Option<resp::Value> {
        if self.client.is_none() {
            self.client = self.connect();
        }
        let reply = self.client.as_mut()?.command(words).ok();
        if reply.is_none() {
            self.client = None;
        }
        reply
    }

    /// A connection of its own, if it answers.
    pub(super) fn connect(&self) -> Option<Client> {
        let mut client = Client::connect(("127.0.0.1", self.port)).ok()?;
        client.set_timeout(Some(ANSWER)).ok()?;
        if !self.password.is_empty() {
            client.command(&["AUTH", &self.password]).ok()?;
        }
        let reply = client.command(&["PING"]).ok()?;
        (!reply.is_error()).then_some(client)
    }

    /// Waits until it answers.
    pub(super) fn wait(&mut self, stopped: &mut impl FnMut() -> bool) -> Result<()> {
        let deadline = clock::instant().after_ms(PATIENCE_MS);
        while self.ask(&["PING"]).is_none_or(|reply| reply.is_error()) && !stopped() {
            let (word, port) = (self.word(), self.port);
            if self.has_ended() {
                bail!("the {word} on port {port} has ended:\n{}", self.last_words());
            }
            if clock::instant() > deadline {
                bail!("the {word} on port {port} does not answer:\n{}", self.last_words());
            }
            sys::thread::sleep(LOOK);
        }
        Ok(())
    }

    /// Ends it as a crash would.
    pub(super) fn kill(&mut self) {
        if let Some(child) = &mut self.child {
            // One that is gone already has done what we want.
            let _ = child.kill();
        }
    }

    /// Asks it to end.
    pub(super) fn ask_to_end(&self) {
        if let Some(pid) = self.pid() {
            // One that is gone already has done what we want.
            let _ = signal::send(pid, Kind::Terminate);
        }
    }

    /// Waits for its end, and brings it about where it takes too long.
    pub(super) fn stop(&mut self) {
        self.ask_to_end();
        let deadline = clock::instant().after_ms(END_MS);
        while !self.has_ended() {
            if clock::instant() > deadline {
                self.kill();
            }
            sys::thread::sleep(LOOK);
        }
        self.child = None;
    }
}
