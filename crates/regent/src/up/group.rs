//! The servers of the trial: children of this process, on ports nobody else has.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use client::{Client, field};
use stdx::Instant;
use sys::signal::{self, Kind};
use sys::{clock, file, net, process};

/// How long a server may take to answer, and a replica to be linked.
const PATIENCE_MS: u64 = 30_000;
/// How long a server may take to end when asked to.
const END_MS: u64 = 10_000;
const LOOK: Duration = Duration::from_millis(20);

/// One server.
pub(super) struct Server {
    pub(super) port: u16,
    master_port: Option<u16>,
    folder: PathBuf,
    child: Child,
}

/// All of them, the master first.
pub(super) struct Group {
    servers: Vec<Server>,
    folder: PathBuf,
    is_temporary: bool,
}

impl Server {
    fn start(folder: &Path, master_port: Option<u16>) -> Result<Server> {
        let port = net::free_port().context("no port is free")?;
        let folder = folder.join(port.to_string());
        file::create_folders(&folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        let mut command = Command::new(sys::facts::executable());
        command.args(["server", "--port", &port.to_string(), "--bind", "127.0.0.1"]);
        command.arg("--dir").arg(&folder).arg("--logfile").arg(folder.join("log"));
        command.args(["--save", "", "--daemonize", "no"]);
        if let Some(master) = master_port {
            command.args(["--replicaof", "127.0.0.1", &master.to_string()]);
        }
        // Ctrl-C is for us; they are asked to end in good order, and end with us if we end in disorder.
        process::starts_own_group(&mut command);
        process::ends_with_parent(&mut command);
        let errors = file::create_for_child(folder.join("errors"))
            .with_context(|| format!("cannot write to {}", folder.display()))?;
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(errors);
        let child = command.spawn().context("cannot start a server")?;
        Ok(Server { port, master_port, folder, child })
    }

    pub(super) fn role(&self) -> &'static str {
        if self.master_port.is_some() { "replica" } else { "master" }
    }

    /// A line about it.
    pub(super) fn describe(&self) -> String {
        let of = self.master_port.map(|port| format!("   of 127.0.0.1:{port}")).unwrap_or_default();
        format!("{:<8} 127.0.0.1:{:<5}   pid {}{of}", self.role(), self.port, self.child.id())
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
        !matches!(self.child.try_wait(), Ok(None))
    }

    fn connect(&mut self) -> Result<Client> {
        let deadline = clock::instant().after_ms(PATIENCE_MS);
        loop {
            if let Some(client) = try_to_connect(self.port) {
                return Ok(client);
            }
            let (role, port) = (self.role(), self.port);
            if self.has_ended() {
                bail!("the {role} on port {port} has ended:\n{}", self.last_words());
            }
            if clock::instant() > deadline {
                bail!("the {role} on port {port} does not answer:\n{}", self.last_words());
            }
            sys::thread::sleep(LOOK);
        }
    }

    fn stop(&mut self) {
        if self.has_ended() {
            return;
        }
        // One that is gone already has done what we want.
        let _ = signal::send(self.child.id(), Kind::Terminate);
        let deadline = clock::instant().after_ms(END_MS);
        while !self.has_ended() {
            if clock::instant() > deadline {
                let _ = self.child.kill();
                let _ = self.child.wait();
                return;
            }
            sys::thread::sleep(LOOK);
        }
    }
}

/// A connection, if the server answers already.
fn try_to_connect(port: u16) -> Option<Client> {
    let mut client = Client::connect(("127.0.0.1", port)).ok()?;
    let reply = client.command(&["PING"]).ok()?;
    (!reply.is_error()).then_some(client)
}

impl Group {
    /// Starts a master and `replicas` replicas, which keep their files in `folder` or in a temporary one.
    pub(super) fn start(replicas: usize, folder: Option<&Path>) -> Result<Group> {
        let is_temporary = folder.is_none();
        let folder = match folder {
            Some(folder) => file::absolute(folder),
            None => std::env::temp_dir().join(format!("regent-up-{}", sys::facts::pid())),
        };
        let mut group = Group { servers: Vec::new(), folder, is_temporary };
        let master = Server::start(&group.folder, None)?;
        let port = master.port;
        group.servers.push(master);
        for _ in 0..replicas {
            group.servers.push(Server::start(&group.folder, Some(port))?);
        }
        Ok(group)
    }

    pub(super) fn servers(&self) -> &[Server] {
        &self.servers
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// A connection to each, once it answers.
    pub(super) fn connect(&mut self) -> Result<Vec<Client>> {
        self.servers.iter_mut().map(Server::connect).collect()
    }

    /// Waits until every replica has the master's dataset and follows it.
    pub(super) fn wait_for_links(
        &mut self,
        clients: &mut [Client],
        stopped: &mut impl FnMut() -> bool,
    ) -> Result<()> {
        let deadline: Instant = clock::instant().after_ms(PATIENCE_MS);
        for (server, client) in self.servers.iter_mut().zip(clients).skip(1) {
            while !stopped() {
                let info = client.command(&["INFO", "replication"])?.text();
                if field(&info, "master_link_status") == Some("up") {
                    break;
                }
                if clock::instant() > deadline {
                    let words = server.last_words();
                    bail!("the replica on port {} finds no link:\n{words}", server.port);
                }
                sys::thread::sleep(LOOK);
            }
        }
        Ok(())
    }

    /// One that has ended on its own.
    pub(super) fn find_ended(&mut self) -> Option<&Server> {
        self.servers.iter_mut().find_map(|server| server.has_ended().then_some(&*server))
    }

    /// Ends all, replicas first, so that no log complains of a lost master.
    pub(super) fn stop(&mut self) {
        for server in self.servers.iter_mut().rev() {
            server.stop();
        }
        self.servers.clear();
        if self.is_temporary {
            // What cannot be removed stays in the temporary folder, where somebody will.
            let _ = file::remove_folder(&self.folder);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.stop();
    }
}
