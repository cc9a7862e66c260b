//! Servers that know nothing of each other: rows 1 and 2.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use testkit::{Client, Server, free_port, peer_tool, poll, until};

use crate::{NO_ID, PROGRAM, master_names, names, start};

/// A file as it comes with the server, edited for a port as the documents do it.
fn stock(port: u16, edits: &str) -> String {
    format!(
        "# A configuration file as distributions have it.\n\
         bind 127.0.0.1\nprotected-mode yes\n\
         port {port}\ntcp-backlog 511\ntimeout 0\ntcp-keepalive 300\n\
         supervised no\n\nloglevel notice\ndatabases 16\nalways-show-logo yes\n\
         # save <seconds> <changes>\nsave 900 1\nsave 300 10\nsave 60 10000\n\
         stop-writes-on-bgsave-error yes\nrdbcompression yes\nrdbchecksum yes\ndir ./\n\
         # slaveof <masterip> <masterport>\n\
         slave-serve-stale-data yes\nslave-read-only yes\nrepl-diskless-sync no\n\
         repl-diskless-sync-delay 5\nrepl-disable-tcp-nodelay no\nslave-priority 100\n\
         lazyfree-lazy-eviction no\nslave-lazy-flush no\n\
         appendonly no\nappendfsync everysec\nno-appendfsync-on-rewrite no\n\
         auto-aof-rewrite-percentage 100\nauto-aof-rewrite-min-size 64mb\n\
         lua-time-limit 5000\nslowlog-log-slower-than 10000\nslowlog-max-len 128\n\
         notify-keyspace-events \"\"\nhash-max-ziplist-entries 512\nlist-max-ziplist-size -2\n\
         client-output-buffer-limit normal 0 0 0\n\
         client-output-buffer-limit slave 256mb 64mb 60\n\
         client-output-buffer-limit pubsub 32mb 8mb 60\n\
         hz 10\naof-rewrite-incremental-fsync yes\n{edits}"
    )
}

/// A folder with a link `redis-server` to our binary, as a package installs it.
struct Place(PathBuf);

impl Place {
    fn new() -> Place {
        let port = free_port();
        let folder =
            std::env::temp_dir().join(format!("regent-place-{}-{port}", std::process::id()));
        std::fs::create_dir_all(folder.join("bin")).expect("the temporary folder is writable");
        symlink(PROGRAM, folder.join("bin/redis-server")).expect("the folder is there");
        Place(folder)
    }

    /// Types `line` at a shell in this folder that finds the link.
    fn type_in(&self, line: &str) -> Output {
        let path = std::env::var("PATH").unwrap_or_default();
        let mut shell = Command::new("sh");
        shell.args(["-c", line]).current_dir(&self.0).stdin(Stdio::null());
        shell.env("PATH", format!("{}:{path}", self.0.join("bin").display()));
        shell.output().expect("there is a shell")
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.join(name)).unwrap_or_default()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Daemons are nobody's children; those of a failed test are ended by their pid files.
        for file in std::fs::read_dir(&self.0).into_iter().flatten().flatten() {
            let name = file.file_name().to_string_lossy().into_owned();
            let pid = self.read(&name).trim().parse::<u32>();
            if let (true, Ok(pid)) = (name.ends_with(".pid"), pid) {
                // Not a signal that it may answer by refusing to end where it cannot save.
                let _ = Command::new("kill").args(["-KILL", &pid.to_string()]).status();
            }
        }
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A connection to a server that has looked for its snapshot.
fn ready(port: u16) -> Option<Client> {
    let mut client = Client::connect(("127.0.0.1", port)).ok()?;
    let reply = client.command(&["PING"]).ok()?;
    (!reply.is_error()).then_some(client)
}

/// The lines that every log begins with, from `pid`.
fn opening(log: &str, pid: u32) {
    let version = format!(
        " * Redis version=7.2.6, bits=64, commit=00000000, modified=0, pid={pid}, just started"
    );
    let want =
        [" * oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo", &version, " * Configuration loaded"];
    // A line with our own version stands between.
    let is_known = |line: &&str| line.contains(":C ") && !line.contains("Regent version=");
    let lines: Vec<&str> = log.lines().filter(is_known).collect();
    for (line, want) in lines.iter().zip(want) {
        assert!(line.starts_with(&format!("{pid}:C ")) && line.ends_with(want), "{line}\n{want}");
    }
    assert_eq!(lines.len(), want.len(), "{log}");
}

#[test]
fn row_1_stock_files_start_daemons_with_pid_log_title_and_snapshot() {
    let place = Place::new();
    let ports = [(); 3].map(|()| free_port());
    for port in ports {
        let edits = format!(
            "daemonize yes\npidfile redis_{port}.pid\nlogfile \"redis_{port}.log\"\n\
             dbfilename dump_{port}.rdb\nappendfilename \"appendonly_{port}.aof\"\nmaxmemory 200m\n"
        );
        let file = format!("redis_{port}.conf");
        std::fs::write(place.0.join(&file), stock(port, &edits)).expect("the folder is there");
        let typed = place.type_in(&format!("redis-server ./{file}"));
        assert!(typed.status.success(), "{typed:?}");
    }
    for port in ports {
        let mut client = poll("a server", || ready(port));
        let pid =
            poll("a pid file", || place.read(&format!("redis_{port}.pid")).trim().parse().ok());
        let log = place.read(&format!("redis_{port}.log"));
        opening(&log, pid);
        let ready = format!("{pid}:M ");
        let is_ready = |line: &str| line.starts_with(&ready) && line.contains("Ready to accept");
        until("its readiness", || place.read(&format!("redis_{port}.log")).lines().any(is_ready));
        let title = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        assert_eq!(title.trim_end_matches(['\0', ' ']), format!("redis-server 127.0.0.1:{port}"));
        let reply = client.command(&["CONFIG", "GET", "maxmemory"]).expect("it answers");
        assert_eq!(testkit::print(&reply), "1) \"maxmemory\"\n2) \"200000000\"");
        if peer_tool("redis-cli").is_some() {
            let typed = place.type_in(&format!("redis-cli -p {port} ping"));
            assert_eq!(typed.stdout, b"PONG\n");
        }
        assert!(client.command(&["SET", "name", "leilei"]).is_ok());
        assert!(client.command(&["SHUTDOWN"]).is_err(), "the connection ends with the server");
        until("its end", || !Path::new(&format!("/proc/{pid}")).exists());
        assert!(!place.0.join(format!("redis_{port}.pid")).exists());
        assert!(place.0.join(format!("dump_{port}.rdb")).exists(), "saved, as the file asks");
    }
}

#[test]
fn row_1_in_the_foreground_the_log_is_what_the_terminal_shows() {
    let place = Place::new();
    let port = free_port();
    let edits = "daemonize no\npidfile redis.pid\nlogfile \"\"\nalways-show-logo no\n";
    std::fs::write(place.0.join("redis.conf"), stock(port, edits)).expect("the folder is there");
    let typed = std::thread::scope(|scope| {
        let server = scope.spawn(|| place.type_in("exec redis-server ./redis.conf"));
        let mut client = poll("a server", || ready(port));
        assert!(client.command(&["SHUTDOWN", "NOSAVE"]).is_err());
        server.join().expect("the server ends")
    });
    assert!(typed.status.success());
    let shown = String::from_utf8_lossy(&typed.stdout).into_owned();
    let pid = shown.split(':').next().and_then(|pid| pid.parse().ok()).expect("a number");
    opening(&shown, pid);
    for line in [
        format!("Running mode=standalone, port={port}."),
        "Server initialized".into(),
        "Ready to accept connections tcp".into(),
        "User requested shutdown...".into(),
        "Redis is now ready to exit, bye bye...".into(),
    ] {
        assert!(shown.contains(&line), "{line} is not in\n{shown}");
    }
}

#[test]
fn row_2_three_unrelated_servers_are_masters_of_nobody() {
    let servers = [(); 3].map(|()| start(&[]));
    let mut ids = Vec::new();
    for server in &servers {
        let info = server.info("replication");
        assert_eq!(names(&info), master_names(0));
        let id = server.field("replication", "master_replid");
        assert!(id.len() == 40 && id.bytes().all(|letter| letter.is_ascii_hexdigit()), "{id}");
        let want = format!(
            "# Replication\r\nrole:master\r\nconnected_slaves:0\r\n\
             master_failover_state:no-failover\r\nmaster_replid:{id}\r\nmaster_replid2:{NO_ID}\r\n\
             master_repl_offset:0\r\nsecond_repl_offset:-1\r\nrepl_backlog_active:0\r\n\
             repl_backlog_size:1048576\r\nrepl_backlog_first_byte_offset:0\r\n\
             repl_backlog_histlen:0\r\n"
        );
        assert_eq!(info, want);
        ids.push(id);
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 3, "each has an id of its own");
    let say = |at: usize, line: &str| Server::say(&servers[at], line);
    assert_eq!(say(0, "SET k1 k1"), "OK");
    assert_eq!([0, 1, 2].map(|at| say(at, "get k1")), ["\"k1\"", "(nil)", "(nil)"]);
}
