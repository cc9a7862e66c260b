//! The program as a process: what it writes, where it listens, how it ends.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use client::{Client, Value};
use sys::net::free_port;
use sys::signal::{self, Kind};

const PROGRAM: &str = env!("CARGO_BIN_EXE_regent");

/// A folder of one test, removed in the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("regent-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("the temporary folder is writable");
        Folder(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn start(folder: &Folder, arguments: &[&str]) -> Child {
    let mut command = Command::new(PROGRAM);
    command.arg("server").args(arguments).arg("--dir").arg(&folder.0);
    sys::process::ends_with_parent(&mut command);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts")
}

fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begin.elapsed() < Duration::from_secs(20), "{what} did not come");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A connection to a server that has read its dataset.
fn connect(port: &str) -> Client {
    wait_for("a connection", || {
        let mut client = Client::connect(format!("127.0.0.1:{port}")).ok()?;
        let reply = client.command(&["PING"]).ok()?;
        (!reply.is_error()).then_some(client)
    })
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

fn run(arguments: &[&str]) -> Output {
    Command::new(PROGRAM).args(arguments).output().expect("the program starts")
}

#[test]
fn a_server_writes_its_files_shows_its_title_and_ends_when_asked() {
    let folder = Folder::new("files");
    let port = free_port().expect("a port is free").to_string();
    let (log, pid, socket) = (folder.file("log"), folder.file("pid"), folder.file("socket"));
    let path = |path: &Path| path.to_string_lossy().into_owned();
    let words = [
        ["--port", &port],
        ["--bind", "127.0.0.1"],
        ["--logfile", &path(&log)],
        ["--pidfile", &path(&pid)],
        ["--unixsocket", &path(&socket)],
        ["--unixsocketperm", "700"],
    ];
    let mut child = start(&folder, &words.concat());
    let mut client = connect(&port);
    assert_eq!(client.command(&["PING"]).expect("it answers"), Value::Simple(b"PONG".to_vec()));
    let mut client = Client::connect_unix(&socket).expect("it listens there too");
    assert_eq!(client.command(&["ECHO", "x"]).expect("it answers"), Value::Bulk(b"x".to_vec()));
    assert_eq!(text(&pid), format!("{}\n", child.id()));
    let title = text(Path::new(&format!("/proc/{}/cmdline", child.id())));
    assert_eq!(title.trim_end_matches('\0'), format!("{PROGRAM} server 127.0.0.1:{port}"));
    let said = text(&log);
    let head = format!("{}:C ", child.id());
    assert!(said.starts_with(&head), "{said}");
    for line in [
        " * oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo\n",
        &format!("bits=64, commit=00000000, modified=0, pid={}, just started\n", child.id()),
        " * Configuration loaded\n",
        &format!(" * Running mode=standalone, port={port}.\n"),
    ] {
        assert!(said.contains(line), "{line} is not in {said}");
    }
    signal::send(child.id(), Kind::Terminate).expect("it runs");
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    assert!(!pid.exists() && !socket.exists());
    let said = text(&log);
    let end = [
        " * Removing the pid file.\n",
        " * Removing the unix socket file.\n",
        " # Redis is now ready to exit, bye bye...\n",
    ];
    let places: Vec<Option<usize>> = end.iter().map(|line| said.find(line)).collect();
    assert!(places.is_sorted() && !places.contains(&None), "{places:?} in {said}");
}

#[test]
fn a_daemon_goes_to_the_background() {
    let folder = Folder::new("daemon");
    let port = free_port().expect("a port is free").to_string();
    let (log, pid) = (folder.file("log"), folder.file("pid"));
    let path = |path: &Path| path.to_string_lossy().into_owned();
    let words = ["--port", &port, "--daemonize", "yes", "--bind", "127.0.0.1"];
    let files = ["--logfile", &path(&log), "--pidfile", &path(&pid)];
    let mut parent = start(&folder, &[&words[..], &files[..]].concat());
    assert_eq!(parent.wait().expect("the parent ends at once").code(), Some(0));
    let mut client = connect(&port);
    assert!(!client.command(&["PING"]).expect("it answers").is_error());
    let number: u32 = text(&pid).trim().parse().expect("a number");
    assert_ne!(number, parent.id());
    signal::send(number, Kind::Interrupt).expect("it runs");
    wait_for("its end", || (!pid.exists()).then_some(()));
}

#[test]
fn a_crash_leaves_a_report() {
    let folder = Folder::new("crash");
    let port = free_port().expect("a port is free").to_string();
    let log = folder.file("log");
    let logfile = log.to_string_lossy().into_owned();
    let mut child = start(&folder, &["--port", &port, "--logfile", &logfile]);
    connect(&port);
    let status = Command::new("kill").args(["-ABRT", &child.id().to_string()]).status();
    assert!(status.is_ok_and(|status| status.success()));
    let status = child.wait().expect("it ends");
    assert_eq!(status.code(), None, "a crash is a crash: {status}");
    let said = text(&log);
    let frames = ["\nregent+0x", "regent::crash::report\n", "shell::turn::run\n"];
    let head = ["=== REDIS BUG REPORT START", "crashed by signal: SIGABRT", "STACK TRACE"];
    for line in head.into_iter().chain(frames) {
        assert!(said.contains(line), "{line} is not in {said}");
    }
}

#[test]
fn words_that_are_answered_at_once() {
    let said = |output: &Output| String::from_utf8_lossy(&output.stdout).into_owned();
    let complaint = |output: &Output| String::from_utf8_lossy(&output.stderr).into_owned();
    let version = run(&["server", "--version"]);
    assert!(said(&version).starts_with("Redis server v=7.2.6 sha=00000000:0 malloc=jemalloc-"));
    assert!(version.status.success());
    let wrong = run(&["server", "--port", "1", "--nonsense", "1"]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(complaint(&wrong).contains("*** FATAL CONFIG FILE ERROR (Redis 7.2.6) ***"));
    assert!(complaint(&wrong).contains("Bad directive or wrong number of arguments"));
    let missing = run(&["server", "/nowhere/at/all.conf"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(
        said(&missing).contains("# Fatal error, can't open config file '/nowhere/at/all.conf'")
    );
    assert!(said(&missing).contains(":C "), "{}", said(&missing));
    let version = run(&["sentinel", "--version"]);
    assert!(said(&version).starts_with("Redis server v=7.2.6 "), "{}", said(&version));
    let sentinel = run(&["server", "--sentinel"]);
    assert_eq!(sentinel.status.code(), Some(1));
    assert_eq!(run(&["dance"]).status.code(), Some(1));
    assert_eq!(run(&["check-rdb"]).status.code(), Some(1));
}

#[test]
fn a_server_that_nobody_could_reach_does_not_run() {
    let port = free_port().expect("a port is free").to_string();
    let long = format!("/tmp/{}", "x".repeat(110));
    let at = |words: &[&str]| run(&[&["server", "--port", &port, "--save", ""], words].concat());
    for (words, lines) in [
        (&["--port", "0"][..], &["# Configured to not listen anywhere, exiting."][..]),
        (&["--bind", ""], &["# Configured to not listen anywhere, exiting."]),
        (
            // A block of addresses that nobody has.
            &["--bind", "-192.0.2.1"],
            &[
                "# Warning: Could not create server TCP listening socket 192.0.2.1:",
                "bind: Cannot assign requested address",
                "# Configured to not listen anywhere, exiting.",
            ],
        ),
        (
            &["--bind", "192.0.2.1"],
            &[": bind: Cannot assign requested address", "# Failed listening on port "],
        ),
        (
            &["--bind", "127.0.0.1", "--unixsocket", &long],
            &["# Failed opening Unix socket: unix socket path too long (115), must be under 108\n"],
        ),
        (
            &["--bind", "127.0.0.1", "--unixsocket", "/nowhere/at/all"],
            &["# Failed opening Unix socket: bind: No such file or directory\n"],
        ),
    ] {
        let output = at(words);
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(1), "{words:?}: {said}");
        let mut rest = &said[..];
        for line in lines {
            let found = rest.find(line);
            let found = found.unwrap_or_else(|| panic!("{line} is not next in {said}"));
            rest = &rest[found + line.len()..];
        }
        assert!(!rest.contains(" # "), "more than the last word in {said}");
    }
    let nowhere = at(&["--bind", "nowhere.invalid"]);
    let said = String::from_utf8_lossy(&nowhere.stdout);
    assert!(said.contains(&format!("socket nowhere.invalid:{port}: ")), "{said}");
    assert!(!said.contains("lookup"), "{said}");
}

#[test]
fn a_configuration_from_standard_input_is_announced() {
    let mut command = Command::new(PROGRAM);
    command
        .args(["server", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all(b"nonsense 1\n").expect("it reads");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains(":C ") && said.ends_with(" * Reading config from stdin\n"), "{said}");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(complaint.contains("line 1\n>>> 'nonsense 1'\n"), "{complaint}");
}

#[test]
fn a_supervisor_that_is_not_there_is_missed() {
    let port = free_port().expect("a port is free").to_string();
    let folder = Folder::new("supervisor");
    let log = folder.file("log");
    let logfile = log.to_string_lossy().into_owned();
    let words = ["--port", &port, "--bind", "127.0.0.1", "--supervised", "systemd"];
    let mut child = start(&folder, &[&words[..], &["--logfile", &logfile]].concat());
    connect(&port);
    signal::send(child.id(), Kind::Terminate).expect("it runs");
    child.wait().expect("it ends");
    let said = text(&log);
    assert!(said.contains("# systemd supervision error: NOTIFY_SOCKET not found!"), "{said}");
}

#[test]
fn data_in_an_append_only_file_are_not_ignored() {
    let port = free_port().expect("a port is free").to_string();
    let empty: &[u8] = b"REDIS0010\xfa\x09redis-ver\x057.0.0\xff\0\0\0\0\0\0\0\0";
    let full: &[u8] = b"REDIS0010\xfe\x00\x00\x01k\x03old\xff\0\0\0\0\0\0\0\0";
    let command: &[u8] = b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n";
    let both = [empty, command].concat();
    let words = ["--port", &port, "--bind", "127.0.0.1", "--appendonly", "yes", "--save", ""];
    for (files, named) in [
        (&[("appendonlydir/appendonly.aof.1.base.rdb", full)][..], Some(0)),
        (&[("appendonlydir/appendonly.aof.1.incr.aof", command)], Some(0)),
        (&[("appendonly.aof", command)], Some(0)),
        (&[("appendonly.aof", &both[..])], Some(0)),
        (&[("appendonly.aof", &b"REDIS"[..])], Some(0)),
        (
            &[
                ("appendonlydir/appendonly.aof.manifest", b"file x seq 1 type b\n"),
                ("appendonlydir/appendonly.aof.1.base.rdb", empty),
                ("appendonlydir/appendonly.aof.1.incr.aof", b""),
                ("appendonlydir/other.aof.1.incr.aof", command),
            ],
            None,
        ),
        (&[("appendonly.aof", b"")], None),
        (&[], None),
    ] {
        let folder = Folder::new("aof");
        std::fs::create_dir_all(folder.file("appendonlydir")).expect("a folder");
        for (name, bytes) in files {
            std::fs::write(folder.file(name), bytes).expect("a file");
        }
        let log = folder.file("log");
        let logfile = log.to_string_lossy().into_owned();
        let mut child = start(&folder, &[&words[..], &["--logfile", &logfile]].concat());
        match named {
            Some(at) => {
                assert_eq!(child.wait().expect("it ends").code(), Some(1), "{files:?}");
                let said = text(&log);
                assert!(said.contains(files[at].0) && said.contains("SAVE"), "{said}");
            }
            None => {
                connect(&port);
                signal::send(child.id(), Kind::Terminate).expect("it runs");
                assert_eq!(child.wait().expect("it ends").code(), Some(0));
                let said = text(&log);
                assert!(said.contains("no effect: appendonly (AOF)"), "{said}");
            }
        }
    }
}

/// Waits until the process has seen every signal that was sent to it.
fn has_taken_signals(pid: u32) {
    wait_for("the signal", || {
        let status = text(Path::new(&format!("/proc/{pid}/status")));
        let pending = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name)).expect("a field");
            line.split_whitespace().nth(1).is_some_and(|bits| bits.bytes().any(|bit| bit != b'0'))
        };
        (!pending("SigPnd:") && !pending("ShdPnd:")).then_some(())
    });
}

#[test]
fn a_second_sigterm_does_not_skip_the_save_and_a_sigint_does() {
    for (second, status) in [(Kind::Terminate, 0), (Kind::Interrupt, 1)] {
        let folder = Folder::new("signals");
        let port = free_port().expect("a port is free").to_string();
        let words = ["--port", &port, "--bind", "127.0.0.1", "--save", "3600 1"];
        let debug = ["--enable-debug-command", "yes"];
        let mut child = start(&folder, &[&words[..], &debug[..]].concat());
        let mut client = connect(&port);
        client.command(&["SET", "a", "1"]).expect("it answers");
        // The loop takes no signal while it sleeps, as in a long command.
        client.send(&["DEBUG", "SLEEP", "2"]).expect("it reads");
        let held = || {
            let mut other = Client::connect(format!("127.0.0.1:{port}")).ok()?;
            other.set_timeout(Some(Duration::from_millis(50))).ok()?;
            other.command(&["PING"]).is_err().then_some(())
        };
        wait_for("the sleep", held);
        signal::send(child.id(), Kind::Terminate).expect("it runs");
        has_taken_signals(child.id());
        signal::send(child.id(), second).expect("it runs");
        assert_eq!(child.wait().expect("it ends").code(), Some(status));
        assert_eq!(folder.file("dump.rdb").exists(), status == 0);
    }
}

/// What a program tells systemd: until it is ready, and from then until it has ended.
fn told(folder: &Folder, words: &[&str]) -> [Vec<String>; 2] {
    let path = folder.file("notify");
    let socket = std::os::unix::net::UnixDatagram::bind(&path).expect("a place for a socket");
    socket.set_read_timeout(Some(Duration::from_millis(50))).expect("a time");
    let mut command = Command::new(PROGRAM);
    command.args(words).arg("--dir").arg(&folder.0).env("NOTIFY_SOCKET", &path);
    sys::process::ends_with_parent(&mut command);
    let mut child = command.stdout(Stdio::null()).spawn().expect("the program starts");
    let next = || {
        let mut bytes = [0; 1024];
        let len = socket.recv(&mut bytes).ok()?;
        Some(String::from_utf8_lossy(&bytes[..len]).into_owned())
    };
    let mut said = [Vec::new(), Vec::new()];
    wait_for("the end of the start", || {
        said[0].extend(next());
        said[0].last().is_some_and(|last| last == "READY=1\n").then_some(())
    });
    signal::send(child.id(), Kind::Terminate).expect("it runs");
    assert!(child.wait().expect("it ends").success());
    said[1].extend(std::iter::from_fn(next));
    said
}

#[test]
fn systemd_is_told_what_a_program_is_at() {
    let port = free_port().expect("a port is free").to_string();
    let loading = "STATUS=Regent is loading...\n";
    let ready = ["STATUS=Ready to accept connections\n", "READY=1\n"];
    let waiting = "STATUS=Ready to accept connections in read-only mode. Waiting for MASTER <-> REPLICA sync\n";
    let saving = ["STOPPING=1\n", "STATUS=Saving the final RDB snapshot\n"];
    let folder = Folder::new("notify");
    let words = ["server", "--port", &port, "--bind", "127.0.0.1", "--supervised"];
    let said = told(&folder, &[&words[..], &["systemd", "--save", "3600 1"]].concat());
    assert_eq!(said, [[&[loading][..], &ready].concat(), saving.to_vec()]);
    let folder = Folder::new("notify-replica");
    let replica = ["auto", "--save", "", "--replicaof", "127.0.0.1 1"];
    let said = told(&folder, &[&words[..], &replica].concat());
    assert_eq!(said, [vec![loading, waiting, "READY=1\n"], vec!["STOPPING=1\n"]]);
    let folder = Folder::new("notify-sentinel");
    let file = folder.file("sentinel.conf");
    std::fs::write(&file, format!("port {port}\nsupervised systemd\n")).expect("a file");
    let said = told(&folder, &["sentinel", &file.to_string_lossy()]);
    assert_eq!(said, [[&[loading][..], &ready].concat(), vec!["STOPPING=1\n"]]);
}

#[test]
fn upstart_lets_a_program_go_on_that_has_stopped() {
    for program in ["server", "sentinel"] {
        let folder = Folder::new(&format!("upstart-{program}"));
        let port = free_port().expect("a port is free").to_string();
        let file = folder.file("file.conf");
        std::fs::write(&file, format!("port {port}\nsupervised upstart\n")).expect("a file");
        let mut command = Command::new(PROGRAM);
        command.arg(program).arg(&file).arg("--dir").arg(&folder.0).env("UPSTART_JOB", "x");
        sys::process::ends_with_parent(&mut command);
        let mut child = command.stdout(Stdio::null()).spawn().expect("the program starts");
        let id = child.id();
        wait_for("the stop", || {
            let status = text(Path::new(&format!("/proc/{id}/status")));
            status.contains("State:\tT").then_some(())
        });
        let status = Command::new("kill").args(["-CONT", &id.to_string()]).status();
        assert!(status.is_ok_and(|status| status.success()));
        connect(&port);
        signal::send(id, Kind::Terminate).expect("it runs");
        assert!(child.wait().expect("it ends").success());
    }
}

#[test]
fn what_killed_processes_left_behind_is_removed() {
    let folder = Folder::new("leftovers");
    let port = free_port().expect("a port is free").to_string();
    // A process that has ended, and one that runs.
    let mut gone = Command::new("true").spawn().expect("it starts");
    let (dead, alive) = (gone.id(), std::process::id());
    gone.wait().expect("it ends");
    let id = "ab".repeat(20);
    let conf = folder.file("regent.conf");
    std::fs::write(&conf, format!("port {port}\nbind 127.0.0.1\n")).expect("a file");
    let names = |pid: u32| [format!("temp-{pid}-{id}-1.rdb"), format!("regent.conf-{pid}.tmp")];
    let held = format!("temp-{dead}-{id}-9.rdb");
    let new = format!("temp-{dead}-{id}-8.rdb");
    let others = [held.clone(), new.clone(), format!("temp-{dead}.rdb"), "mine.rdb".to_owned()];
    let long_ago = std::time::SystemTime::now() - Duration::from_secs(600);
    for name in names(dead).iter().chain(&names(alive)).chain(&others) {
        let file = std::fs::File::create(folder.file(name)).expect("a file");
        if *name != new {
            file.set_modified(long_ago).expect("a time");
        }
    }
    let holder = sys::file::File::open(folder.file(&held)).expect("a file");
    assert!(holder.claim());
    let conf = conf.to_string_lossy().into_owned();
    let mut child = start(&folder, &[&conf, "--save", ""]);
    connect(&port);
    for name in names(dead) {
        assert!(!folder.file(&name).exists(), "{name}");
    }
    for name in names(alive).iter().chain(&others) {
        assert!(folder.file(name).exists(), "{name}");
    }
    signal::send(child.id(), Kind::Terminate).expect("it runs");
    child.wait().expect("it ends");
}

/// One text of 100 MB, many times.
const MANY: &str = "local s = ('x'):rep(1e8) local t = {} for i = 1, 100 do t[i] = s end ";

#[test]
fn a_script_that_takes_all_memory_fails_and_the_server_goes_on() {
    let folder = Folder::new("memory");
    let port = free_port().expect("a port is free").to_string();
    let mut command = Command::new("sh");
    let run = "ulimit -v 3000000; exec \"$0\" \"$@\"";
    command.args(["-c", run, PROGRAM, "server", "--port", &port, "--save", "", "--dir"]);
    command.arg(&folder.0);
    sys::process::ends_with_parent(&mut command);
    let mut server =
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("sh is there");
    let mut client = connect(&port);
    for body in [
        "local s = 'x' while true do s = s .. s end",
        "local t = {} for i = 1, 1e9 do t[i] = {i} end",
        "local s = ('x'):rep(1e8) local t = {} while true do t[#t + 1] = s .. #t end",
        // What is built of one text outside of Lua.
        &format!("{MANY} return redis.call('MSET', unpack(t))"),
        &format!("{MANY} return redis.acl_check_cmd('MSET', unpack(t))"),
        &format!("{MANY} return cjson.encode(t)"),
        &format!("{MANY} return cmsgpack.pack(t)"),
        &format!("{MANY} return struct.pack(('s'):rep(100), unpack(t))"),
        &format!("{MANY} return redis.log(redis.LOG_DEBUG, unpack(t))"),
        &format!("{MANY} return t"),
        &format!("{MANY} return {{err = t[1]:rep(5)}}"),
        &format!("{MANY} error(t[1]:rep(5))"),
        &format!("{MANY} return loadstring('x', t[1]:rep(5))"),
        "local t = {} for i = 1, 40 do t = {t, t} end return cjson.encode(t)",
        "local t = {} for i = 1, 40 do t = {t, t} end return t",
        // The data grows while a script runs, and less is left for it.
        "local s = ('x'):rep(1e8) for i = 1, 1000 do redis.call('SET', 'big' .. i, s) end",
    ] {
        let reply = client.command(&["EVAL", body, "0"]).expect("the server goes on");
        assert!(reply.is_error(), "{body}: {reply:?}");
        let pong = client.command(&["PING"]).expect("the server goes on");
        assert!(!pong.is_error(), "after {body}");
    }
    let _ = server.kill();
    let _ = server.wait();
}
