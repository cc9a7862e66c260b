//! The same files given to Redis itself: the same errors, the same file after CONFIG REWRITE.
//!
//! Redis 7.0 is what Debian ships; where 7.2 has learned something since, the comparison leaves it out.

use crate::host::Files;
use config::Config;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

/// Runs a program of Redis's; none if it is not installed and need not be.
fn peer(program: &str, args: &[&str], folder: &Path) -> Option<Output> {
    match Command::new(program).args(args).current_dir(folder).stdin(Stdio::null()).output() {
        Ok(output) => Some(output),
        Err(error) => {
            let required = std::env::var("REGENT_REQUIRE_PEERS").is_ok_and(|value| value == "1");
            assert!(!required, "{program} is required: {error}");
            eprintln!("skipped: {program}: {error}");
            None
        }
    }
}

#[test]
fn redis_says_the_same_about_wrong_files() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    for text in [
        "foo bar",
        "# c\n\nport abc",
        "port 1 2",
        "port",
        "port 70000",
        "port -1",
        "port \"63",
        "save 1",
        "save 0 1",
        "save a b",
        "dir /nonexistent",
        "logfile /nonexistent/x",
        "maxmemory abc",
        "maxmemory -1",
        "repl-backlog-size 0",
        "proto-max-bulk-len 1k",
        "maxmemory-clients abc",
        "maxmemory-clients 101%",
        "unixsocketperm 999",
        "unixsocketperm 1000",
        "maxclients 0",
        "maxclients -5",
        "repl-timeout 0",
        "maxmemory-policy x",
        "appendfsync sometimes",
        "oom-score-adj maybe",
        "shutdown-on-sigterm x",
        "shutdown-on-sigterm save nosave",
        "daemonize maybe",
        "rename-command foo bar",
        "rename-command get set",
        "replicaof a b",
        "replicaof a",
        "slaveof a 70000",
        "cluster-enabled yes\nreplicaof a 1",
        "client-output-buffer-limit normal 1 2",
        "client-output-buffer-limit master 1 2 3",
        "client-output-buffer-limit normal 1 2 x",
        "oom-score-adj-values 1 2",
        "oom-score-adj-values 1 2 5000",
        "latency-tracking-info-percentiles x",
        "latency-tracking-info-percentiles 101",
        "bind 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17",
        "dbfilename a/b",
        "appendfilename \"\"",
        "appenddirname a/b",
        "proc-title-template {x}",
        "cluster-announce-hostname a_b",
        "include",
        "sentinel monitor a b 1 1",
        "a.b",
        "list-max-ziplist-entries 1 2",
    ] {
        std::fs::write(folder.path().join("a.conf"), text).expect("a scratch file");
        let Some(output) = peer("redis-server", &["a.conf"], folder.path()) else { return };
        assert_eq!(output.status.code(), Some(1), "{text}");
        let theirs = String::from_utf8(output.stderr).expect("text");
        let version = theirs.split(['(', ')']).nth(1).unwrap_or_default().to_owned();
        let mut files = Files::with(&[("a.conf", text)]);
        files.unwritable.push("/nonexistent/x".to_owned());
        let ours = files.load(&["a.conf"]).expect_err(text).to_string();
        assert_eq!(ours, theirs.replace(&version, "Redis 7.2.6"), "{text}");
    }
}

#[test]
fn redis_says_the_same_about_wrong_arguments() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    for args in [
        &["--invalid"][..],
        &["--port"],
        &["--port", "6380", "--loglevel"],
        &["--port", "6379", "6380"],
        &["--port", "--loglevel", "verbose"],
        &["--port", "--bla", "--loglevel", "verbose"],
        &["--logfile", "--my--log", "--loglevel", "--bla"],
        &["--shutdown-on-sigint", "now force", "--shutdown-on-sigterm"],
        &["--replicaof", "127.0.0.1", "abc"],
        &["--replicaof", "--127.0.0.1", "abc"],
        &["--replicaof", "--127.0.0.1", "--abc"],
        &["--save 1", "--port", "x"],
        &["-x"],
    ] {
        let Some(output) = peer("redis-server", args, folder.path()) else { return };
        let theirs = String::from_utf8(output.stderr).expect("text");
        let version = theirs.split(['(', ')']).nth(1).unwrap_or_default().to_owned();
        let ours = Files::default().load(args).expect_err("wrong arguments").to_string();
        // Level `nothing` came with 7.2.
        let ours = ours.replace("warning, nothing", "warning");
        assert_eq!(ours, theirs.replace(&version, "Redis 7.2.6"), "{args:?}");
    }
}

/// A running Redis that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Has Redis load `old`, set `pairs` and rewrite; gives the new file.
fn rewritten_by_redis(old: &str, pairs: &[(&str, &str)], folder: &Path) -> Option<String> {
    peer("redis-cli", &["--version"], folder)?;
    peer("redis-server", &["--version"], folder)?;
    let path = folder.join("a.conf");
    std::fs::write(&path, old).expect("a scratch file");
    let socket = folder.join("s").to_string_lossy().into_owned();
    let server = Command::new("redis-server")
        .arg("a.conf")
        .current_dir(folder)
        .stdout(Stdio::null())
        .spawn()
        .expect("it said its version a moment ago");
    let server = Running(server);
    let ask = |words: &[&str]| {
        let words = [&["-s", &socket], words].concat();
        let output = peer("redis-cli", &words, folder).expect("it said its version");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    let is_up = (0..2000).any(|_| ask(&["ping"]) == "PONG");
    assert!(is_up, "Redis did not start");
    for (name, value) in pairs {
        assert_eq!(ask(&["config", "set", name, value]), "OK", "{name}");
    }
    assert_eq!(ask(&["config", "rewrite"]), "OK");
    drop(server);
    Some(std::fs::read_to_string(&path).expect("the rewritten file"))
}

fn rewritten_by_us(old: &str, pairs: &[(&str, &str)], folder: &Path) -> String {
    let mut files = Files::with(&[("a.conf", old)]);
    let folder = folder.canonicalize().expect("it is there").to_string_lossy().into_owned();
    files.folders.push(folder.clone());
    let mut config: Config = files.load(&["a.conf"]).expect("a good file");
    config.values.set("dir", &[&folder]).expect("a folder");
    for (name, value) in pairs {
        let pair = (name.as_bytes(), value.as_bytes());
        config.set(&[pair], Default::default(), |_, _| Ok(())).expect("a good value");
    }
    String::from_utf8(config.rewrite(old.as_bytes(), &[], false)).expect("text")
}

/// The kept part in order, and the appended part sorted, since Redis appends in the order of a hash table.
fn parts(text: &str) -> (Vec<&str>, Vec<&str>) {
    let (kept, appended) = text.split_once("# Generated by CONFIG REWRITE\n").expect("a mark");
    // Redis ends the file with an empty line once more with every rewrite.
    let appended = appended.trim_end();
    // The users are the owner's line; the one of Redis says what we do anyway.
    let mut appended: Vec<&str> =
        appended.lines().filter(|line| !line.starts_with("user default on nopass")).collect();
    appended.sort_unstable();
    (kept.lines().collect(), appended)
}

#[test]
fn redis_rewrites_the_same_file() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let socket = folder.path().join("s").to_string_lossy().into_owned();
    let head = format!("port 0\nunixsocket {socket}\n");
    for (text, pairs) in [
        ("", &[][..]),
        ("# a comment\n\n\nhz 10\n  timeout   5  \n\n\n# end\n", &[("timeout", "0")]),
        ("save 900 1\nsave 300 10\nsave 60 10\n", &[("save", "")]),
        ("save 900 1\n# x\nsave 300 10\n", &[("save", "1 1 2 2 3 3")]),
        (
            "slave-priority 5\nslave-read-only yes\n",
            &[("slave-priority", "100"), ("maxmemory", "3mb")],
        ),
        ("list-max-ziplist-entries 5\nhash-max-ziplist-value 65\n", &[("maxmemory-clients", "5%")]),
        (
            "client-output-buffer-limit slave 1mb 1mb 1\nbind 127.0.0.1\n",
            &[("client-output-buffer-limit", "pubsub 1 1 1"), ("notify-keyspace-events", "KEA")],
        ),
        (
            "requirepass \"\"\nloglevel notice\nrename-command flushall \"\"\n",
            &[("masterauth", "x \"y\" \\"), ("shutdown-on-sigterm", "save now"), ("save", "5 5")],
        ),
        (
            "port 0\nport 0\n",
            &[
                ("oom-score-adj-values", "1 2 3"),
                ("latency-tracking-info-percentiles", "50 99.99"),
                ("proc-title-template", "{title} x"),
                ("slowlog-log-slower-than", "-1"),
                ("repl-backlog-size", "2097153"),
            ],
        ),
    ] {
        let old = format!("{head}{text}");
        let Some(theirs) = rewritten_by_redis(&old, pairs, folder.path()) else { return };
        let ours = rewritten_by_us(&old, pairs, folder.path());
        assert_eq!(parts(&ours), parts(&theirs), "{old}");
    }
}
