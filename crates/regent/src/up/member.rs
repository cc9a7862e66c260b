//! One member of the group: a server or a Sentinel, a child of this process with a folder of its own.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use client::{Client, field};
use stdx::Instant;
use sys::signal::{self, Kind};
use sys::{clock, file, holder, process};

use super::settings;

/// How long a member may take to answer at first.
const PATIENCE_MS: u64 = 30_000;
/// How long one that is asked is waited for.
const ANSWER: Duration = Duration::from_millis(300);
/// After this time one that died is started again, as an init system would.
const RESTART_MS: u64 = 3000;
const LOOK: Duration = Duration::from_millis(20);
/// How soon one that found its port taken is looked at again.
const PORT_LOOK: Duration = Duration::from_millis(200);
/// What a server says last in its log where it was asked to end and cannot save.
const CANNOT_END: &str = "Errors trying to shut down the server";

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

    /// What it is called in a sentence.
    pub(super) fn name(self) -> &'static str {
        match self {
            Program::Server => "server",
            Program::Sentinel => "Sentinel",
        }
    }
}

/// Why a member cannot be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Silence {
    /// Nobody answers.
    Mute,
    /// It reads its dataset and answers soon.
    Loads,
    /// It refuses the password, in these words.
    Refuses(String),
    /// Another process answers on its port.
    Stranger(String),
}

/// What has become of a member since it was looked at last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// It has ended, so.
    Died(ExitStatus),
    Restarted,
}

/// How far a member is that was asked to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Ended(ExitStatus),
    Waits,
    /// It goes on, since it cannot save, for this reason.
    CannotSave(String),
}

/// See the module.
pub(super) struct Member {
    pub(super) program: Program,
    pub(super) port: u16,
    folder: PathBuf,
    password: String,
    child: Option<Child>,
    /// What it was started with at last.
    options: Vec<String>,
    client: Option<Client>,
    /// When it was seen to have died.
    died: Option<Instant>,
    /// How long its log was when it was asked to end.
    log_before: u64,
}

impl Member {
    /// A member with its folder below `folder`.
    pub(super) fn new(program: Program, port: u16, folder: &Path, password: &str) -> Member {
        Member {
            program,
            port,
            folder: folder.join(format!("{}-{port}", program.word())),
            password: password.to_owned(),
            child: None,
            options: Vec::new(),
            client: None,
            died: None,
            log_before: 0,
        }
    }

    /// Its configuration file.
    pub(super) fn file(&self) -> PathBuf {
        self.folder.join("regent.conf")
    }

    /// Where it keeps its files.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes its configuration, which has passwords in it, unless there is one from an earlier time.
    pub(super) fn configure(&self, config: impl FnOnce(&Path) -> Vec<u8>) -> Result<()> {
        file::create_private_folders(&self.folder)
            .and_then(|()| file::make_folder_private(&self.folder))
            .with_context(|| format!("cannot create {}", self.folder.display()))?;
        let path = self.file();
        if file::slurp(&path).is_err() {
            file::replace(&path, &config(&self.folder))
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        file::make_private(&path).with_context(|| format!("cannot protect {}", path.display()))
    }

    /// Where its snapshot is.
    pub(super) fn snapshot(&self) -> PathBuf {
        let text = file::slurp(self.file()).unwrap_or_default();
        let path = |name| settings::path(&text, name);
        let folder = path("dir").unwrap_or_else(|| self.folder.clone());
        folder.join(path("dbfilename").unwrap_or_else(|| "dump.rdb".into()))
    }

    /// Starts its process. `options` are valid over what its file says.
    pub(super) fn start(&mut self, options: &[&str]) -> Result<()> {
        let mut command = Command::new(sys::facts::executable());
        command.arg(self.program.word()).arg(self.file()).args(options);
        // Ctrl-C is for us; they are asked to end in good order, and end with us if we end in disorder.
        process::starts_own_group(&mut command);
        process::ends_with_parent(&mut command);
        let errors = file::create_for_child(self.folder.join("errors"))
            .with_context(|| format!("cannot write to {}", self.folder.display()))?;
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(errors);
        let child = command.spawn();
        self.child = Some(child.with_context(|| format!("cannot start {}", self.called()))?);
        self.options = options.iter().map(|option| (*option).to_owned()).collect();
        self.died = None;
        Ok(())
    }

    /// What it is called in a sentence.
    pub(super) fn called(&self) -> String {
        format!("the {} on port {}", self.program.name(), self.port)
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

    fn has_ended(&mut self) -> Option<ExitStatus> {
        match &mut self.child {
            Some(child) => child.try_wait().unwrap_or_default(),
            None => Some(ExitStatus::default()),
        }
    }

    /// Notices its death, and starts it again when its time has come.
    pub(super) fn look(&mut self, restart: bool) -> Result<Option<Change>> {
        if let (Some(_), Some(status)) = (self.pid(), self.has_ended()) {
            self.child = None;
            self.client = None;
            self.died = Some(clock::instant());
            return Ok(Some(Change::Died(status)));
        }
        let due = self.died.is_some_and(|at| clock::instant().ms_since(at) >= RESTART_MS);
        if !restart || !due {
            return Ok(None);
        }
        self.start(&[])?;
        Ok(Some(Change::Restarted))
    }

    /// Asks it; none where it does not answer in time. A session that was closed, as a promotion closes them all,
    /// says nothing about the member: it is asked once more in a new one.
    pub(super) fn ask(&mut self, words: &[&str]) -> Option<resp::Value> {
        if let Some(Ok(reply)) = self.client.as_mut().map(|client| client.command(words)) {
            return Some(reply);
        }
        self.client = self.connect().ok();
        let reply = self.client.as_mut()?.command(words).ok();
        if reply.is_none() {
            self.client = None;
        }
        reply
    }

    /// A connection of its own, if it is our process that answers.
    pub(super) fn connect(&self) -> Result<Client, Silence> {
        let mute = |_| Silence::Mute;
        let mut client = Client::connect_within(("127.0.0.1", self.port), ANSWER).map_err(mute)?;
        if !self.password.is_empty() {
            let reply = client.command(&["AUTH", &self.password]).map_err(mute)?;
            if reply.is_error() {
                return Err(self.refused(reply.text()));
            }
        }
        let info = client.command(&["INFO", "server"]).map_err(mute)?;
        if info.is_error() {
            return Err(self.refused(info.text()));
        }
        let info = info.text();
        let pid = field(&info, "process_id").and_then(|it| it.parse().ok());
        if pid.is_none() || pid != self.pid() {
            return Err(Silence::Stranger(who_holds(self.port)));
        }
        let reply = client.command(&["PING"]).map_err(mute)?;
        match reply.is_error() {
            false => Ok(client),
            true if reply.text().starts_with("LOADING") => Err(Silence::Loads),
            true => Err(Silence::Mute),
        }
    }

    /// An error before anything was asked. A stranger may have another password.
    fn refused(&self, words: String) -> Silence {
        match holder::of_port(self.port) {
            Some(holder) if Some(holder.pid) != self.pid() => {
                Silence::Stranger(who_holds(self.port))
            }
            _ => Silence::Refuses(words),
        }
    }

    /// Waits until it answers.
    pub(super) fn wait(&mut self, stopped: &mut impl FnMut() -> bool) -> Result<()> {
        let mut deadline = clock::instant().after_ms(PATIENCE_MS);
        let called = self.called();
        while !stopped() {
            match self.connect() {
                Ok(client) => {
                    self.client = Some(client);
                    break;
                }
                Err(Silence::Stranger(holder)) => {
                    bail!("{called} cannot be there: {holder}");
                }
                Err(Silence::Refuses(words)) => {
                    bail!("{called} refuses the password: {words}");
                }
                Err(Silence::Loads) => deadline = clock::instant().after_ms(PATIENCE_MS),
                Err(Silence::Mute) => {}
            }
            if self.has_ended().is_some() && self.has_missed_its_port() {
                let options = std::mem::take(&mut self.options);
                let options: Vec<&str> = options.iter().map(String::as_str).collect();
                self.start(&options)?;
                sys::thread::sleep(PORT_LOOK);
            } else if self.has_ended().is_some() {
                bail!("{called} has ended:\n{}", self.last_words());
            }
            if clock::instant() > deadline {
                bail!("{called} does not answer:\n{}", self.last_words());
            }
            sys::thread::sleep(LOOK);
        }
        Ok(())
    }

    /// A connection of another program went out from its port in the moment in which it was to listen there.
    fn has_missed_its_port(&self) -> bool {
        self.last_words().contains("Address already in use") && !holder::is_listened(self.port)
    }

    /// Ends it as a crash would.
    pub(super) fn kill(&mut self) {
        if let Some(child) = &mut self.child {
            // One that is gone already has done what we want.
            let _ = child.kill();
        }
    }

    /// As [`Member::kill`], and returns once it is gone.
    pub(super) fn end_now(&mut self) {
        self.kill();
        if let Some(mut child) = self.child.take() {
            // It was killed: it ends.
            let _ = child.wait();
        }
    }

    /// Asks it to end.
    pub(super) fn ask_to_end(&mut self) {
        if let Some(pid) = self.pid() {
            self.log_before = self.log().len() as u64;
            // One that is gone already has done what we want.
            let _ = signal::send(pid, Kind::Terminate);
        }
    }

    /// How far it is, having been asked.
    pub(super) fn ending(&mut self) -> Ending {
        if let Some(status) = self.has_ended() {
            self.child = None;
            return Ending::Ended(status);
        }
        let log = self.log();
        let said = log.get(self.log_before as usize..).unwrap_or_default();
        let said = String::from_utf8_lossy(said);
        match said.find(CANNOT_END) {
            Some(at) => Ending::CannotSave(reason(&said[..at])),
            None => Ending::Waits,
        }
    }

    /// Leaves its process to itself.
    pub(super) fn leave(&mut self) {
        self.child = None;
    }

    fn log(&self) -> Vec<u8> {
        file::slurp(self.folder.join("log")).unwrap_or_default()
    }

    /// The last thing that it said, without time and number.
    pub(super) fn says(&self) -> String {
        let log = String::from_utf8_lossy(&self.log()).into_owned();
        log.lines().last().map(message).unwrap_or_default().to_owned()
    }
}

/// The warning that tells why a server cannot save, in what it said since it was asked.
fn reason(said: &str) -> String {
    let why = said.lines().rev().map(message).find(|it| {
        !it.is_empty()
            && !it.starts_with("Error trying to save the DB")
            && !it.contains("Saving the final RDB")
    });
    why.unwrap_or("its log tells why").to_owned()
}

/// A line of a log without process, time and level.
fn message(line: &str) -> &str {
    let levels = [" # ", " * ", " - ", " . "];
    let at = levels.iter().filter_map(|level| line.find(level)).min();
    at.map_or("", |at| &line[at + 3..])
}

/// A sentence about who holds a port.
pub(super) fn who_holds(port: u16) -> String {
    match holder::of_port(port) {
        Some(it) => format!("port {port} is held by process {} ({})", it.pid, it.program),
        None => format!("port {port} is held by another process"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_tells_why_a_server_could_not_save() {
        let said = "7:M 30 Nov 2026 20:00:00.000 * Saving the final RDB snapshot before exiting.\n\
                    7:M 30 Nov 2026 20:00:00.001 # Write error saving DB on disk: No space left on device\n\
                    7:M 30 Nov 2026 20:00:00.002 # Error trying to save the DB, can't exit.\n7:M 30 Nov 2026 20:00:00.002 # ";
        assert_eq!(reason(said), "Write error saving DB on disk: No space left on device");
        assert_eq!(
            reason("7:M x * Saving the final RDB snapshot before exiting.\n"),
            "its log tells why"
        );
        assert_eq!(message("no level at all"), "");
    }
}
