//! A server as a process: started in a folder of its own, asked, stopped, started again, and gone with the test.

use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

use client::{Client, Value, field};
use sys::signal::{self, Kind};

use crate::program::Program;
use crate::wait::{poll, until};
use crate::{print, words};

/// What every test wants, and may take back by a line of its own: nothing is saved unless asked, nobody waits for more
/// replicas, DEBUG is allowed.
const LINES: &[&str] =
    &["bind 127.0.0.1", "save \"\"", "repl-diskless-sync-delay 0", "enable-debug-command yes"];

/// A running server, or one that has been stopped and can be started again.
pub struct Server {
    program: Program,
    folder: PathBuf,
    /// The name of its configuration file, in that folder.
    configuration: &'static str,
    port: u16,
    password: Option<String>,
    process: Option<Child>,
}

impl Server {
    /// Starts `program` with `lines` in its configuration file and waits until it answers.
    #[track_caller]
    pub fn start(program: &Program, lines: &[&str]) -> Server {
        let mut server = Server::prepare(program, lines);
        server.start_again();
        server
    }

    /// A server with its folder and configuration file `redis.conf`, not started.
    pub fn prepare(program: &Program, lines: &[&str]) -> Server {
        Server::prepare_file(program, "redis.conf", &[LINES, lines].concat())
    }

    /// The same with another name of the file, and with nothing in it but where to listen and write, and `lines`.
    pub(crate) fn prepare_file(
        program: &Program,
        configuration: &'static str,
        lines: &[&str],
    ) -> Server {
        let port = free_port();
        let folder = std::env::temp_dir().join(format!("regent-{}-{port}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("the temporary folder is writable");
        let own =
            [format!("port {port}"), format!("dir {}", folder.display()), "logfile log".into()];
        // The last line of a name wins, except with lines that add up.
        let all = own.iter().map(String::as_str).chain(lines.iter().copied());
        let text = all.fold(String::new(), |text, line| text + line + "\n");
        std::fs::write(folder.join(configuration), text).expect("the folder is there");
        let password = lines.iter().find_map(|line| line.strip_prefix("requirepass "));
        let password = password.map(|word| word.trim_matches('"').to_owned());
        let program = program.clone();
        Server { program, folder, configuration, port, password, process: None }
    }

    /// Adds a line to its configuration file.
    #[track_caller]
    pub fn write_line(&self, line: &str) {
        let text = self.configuration() + line + "\n";
        std::fs::write(self.file(self.configuration), text).expect("the folder is there");
    }

    /// Starts the process, with the files that are there.
    #[track_caller]
    pub fn start_again(&mut self) {
        let program = self.program.clone();
        self.start_as(&program, &[]);
    }

    /// The same with another program, and with `words` after the name of the file.
    #[track_caller]
    pub fn start_as(&mut self, program: &Program, words: &[&str]) {
        assert!(self.process.is_none(), "it runs already");
        let mut command = program.command();
        command.arg(self.folder.join(self.configuration)).args(words);
        sys::process::ends_with_parent(&mut command);
        let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.process = Some(command.spawn().expect("the program starts"));
        poll("a server that answers", || {
            let ended = self.process.as_mut().and_then(|process| process.try_wait().ok().flatten());
            assert!(ended.is_none(), "it ended, {ended:?}:\n{}", self.log());
            let reply = self.try_client().ok()?.command(&["PING"]).ok()?;
            (!reply.text().starts_with("LOADING")).then_some(())
        });
    }

    /// Where it listens, at 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The number of its process.
    pub fn pid(&self) -> u32 {
        self.process.as_ref().expect("it runs").id()
    }

    /// Its folder, which is its working directory too.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What its configuration file says now.
    #[track_caller]
    pub fn configuration(&self) -> String {
        std::fs::read_to_string(self.file(self.configuration)).expect("it has been written")
    }

    /// A file in its folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// What it has written into its log file.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.file("log")).unwrap_or_default()
    }

    /// Waits until `text` stands in the log.
    #[track_caller]
    pub fn wait_log(&self, text: &str) {
        until(&format!("`{text}` in the log"), || self.log().contains(text));
    }

    /// The program that runs, or would.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// A connection of its own, authenticated.
    #[track_caller]
    pub fn client(&self) -> Client {
        self.try_client().expect("it listens")
    }

    fn try_client(&self) -> io::Result<Client> {
        let mut client = Client::connect(("127.0.0.1", self.port))?;
        if let Some(password) = &self.password {
            client.command(&["AUTH", password.as_str()])?;
        }
        Ok(client)
    }

    /// The reply to a command.
    #[track_caller]
    pub fn ask<A: AsRef<[u8]>>(&self, words: &[A]) -> Value {
        self.client().command(words).expect("it answers")
    }

    /// What `redis-cli` prints after `line`.
    #[track_caller]
    pub fn say(&self, line: &str) -> String {
        print(&self.ask(&words(line)))
    }

    /// A section of INFO, as text.
    #[track_caller]
    pub fn info(&self, section: &str) -> String {
        self.ask(&["INFO", section]).text()
    }

    /// A field of a section of INFO; empty if it is not there.
    #[track_caller]
    pub fn field(&self, section: &str, name: &str) -> String {
        field(&self.info(section), name).unwrap_or_default().to_owned()
    }

    /// A number in a section of INFO.
    #[track_caller]
    pub fn number(&self, section: &str, name: &str) -> i64 {
        self.field(section, name).parse().unwrap_or_else(|_| panic!("{name} is not a number"))
    }

    /// Waits until a field of INFO has a value.
    #[track_caller]
    pub fn wait_field(&self, section: &str, name: &str, want: &str) {
        until(&format!("{name}:{want}"), || {
            // A server that changes its role may end the connection of who asks.
            let info = self.try_client().and_then(|mut client| client.command(&["INFO", section]));
            info.is_ok_and(|info| field(&info.text(), name).unwrap_or_default() == want)
        });
    }

    /// Makes it a replica of `port` of this machine, and waits until the link is up.
    #[track_caller]
    pub fn follow(&self, port: u16) {
        assert_eq!(self.say(&format!("SLAVEOF 127.0.0.1 {port}")), "OK");
        self.wait_link("up");
    }

    /// Waits until the link to the master is `up` or `down`.
    #[track_caller]
    pub fn wait_link(&self, state: &str) {
        self.wait_field("replication", "master_link_status", state);
    }

    /// How far its log of effects goes, and the digest of its data there.
    #[track_caller]
    pub fn position(&self) -> (i64, String) {
        let mut client = self.client();
        loop {
            let mut offset = || {
                let info = client.command(&["INFO", "replication"]).expect("it answers").text();
                field(&info, "master_repl_offset").and_then(|text| text.parse::<i64>().ok())
            };
            let before = offset();
            let digest = self.ask(&["DEBUG", "DIGEST"]).text();
            // A digest belongs to an offset if nothing moved meanwhile.
            if before.is_some() && before == offset() {
                return (before.unwrap_or_default(), digest);
            }
        }
    }

    /// Waits until this server and `others` are at one offset, and asserts that their data is the same there.
    #[track_caller]
    pub fn assert_same(&self, others: &[&Server]) {
        let (offset, digests) = poll("one offset", || {
            let (offset, digest) = self.position();
            let others: Vec<_> = others.iter().map(|other| other.position()).collect();
            let is_one = others.iter().all(|(other, _)| *other == offset);
            let digests = others.into_iter().map(|(_, digest)| digest);
            is_one.then(|| (offset, [digest].into_iter().chain(digests).collect::<Vec<_>>()))
        });
        assert!(digests.iter().all(|digest| *digest == digests[0]), "at {offset}: {digests:?}");
    }

    /// SHUTDOWN with `words`, and waits for the end.
    #[track_caller]
    pub fn shutdown(&mut self, words: &str) {
        let reply = self.client().command(&crate::words(&format!("SHUTDOWN {words}")));
        // The connection ends with the server; an error reply would be a refusal.
        assert!(reply.is_err(), "{reply:?}");
        let process = self.process.take();
        let status = process.expect("it runs").wait().expect("a child can be waited for");
        assert!(status.success(), "{status}:\n{}", self.log());
    }

    /// Stops it as `kill` without an option does, and waits for the end.
    #[track_caller]
    pub fn terminate(&mut self) {
        let mut process = self.process.take().expect("it runs");
        signal::send(process.id(), Kind::Terminate).expect("it runs");
        let status = process.wait().expect("a child can be waited for");
        assert!(status.success(), "{status}:\n{}", self.log());
    }

    /// Waits until it has ended by itself.
    #[track_caller]
    pub fn wait_end(&mut self) {
        let mut process = self.process.take().expect("it runs");
        until("its end", || process.try_wait().is_ok_and(|status| status.is_some()));
    }

    /// Ends it at once, as a power cut would.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            // One that has ended by itself is what we want.
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            let tail = lines[lines.len().saturating_sub(40)..].join("\n");
            eprintln!(
                "--- the end of the log of {} at {}:\n{tail}",
                self.program.path.display(),
                self.port
            );
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A port that nobody listens at. Not one of those that the system hands out to clients: a server that is down for a
/// while would find its own port taken, or a replica that calls it would meet itself.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = (std::process::id() % 150) as u16 * 100;
    loop {
        let port = 12_000 + first.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % 20_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
