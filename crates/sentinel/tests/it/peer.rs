//! The same files given to Redis's Sentinel: the same errors, and a file that both of them understand.
//!
//! Redis 7.0 is what Debian ships.

use crate::load;
use sentinel::state::{RebootPolicy, Saved, SavedGroup, SavedPeer, StateFile};
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
    let path = folder.path().to_string_lossy().into_owned();
    let good = "sentinel monitor m 127.0.0.1 6379 1\n";
    for text in [
        "monitor m 127.0.0.1 6379 0",
        "monitor m 127.0.0.1 6379",
        "monitor m 127.0.0.1 65536 1",
        "monitor m localhost 6379 1",
        "monitor m 127.0.0.2 6379 1",
        "nonsense",
        "nonsense m 1",
        "down-after-milliseconds m 0",
        "down-after-milliseconds x 1",
        "failover-timeout m -5",
        "failover-timeout m x",
        "parallel-syncs x 1",
        "notification-script m /nonexistent",
        "client-reconfig-script m /nonexistent",
        "auth-pass x y",
        "auth-user m",
        "myid abc",
        "config-epoch x 1",
        "leader-epoch x 1",
        "rename-command x a b",
        "rename-command m CONFIG b\nsentinel rename-command m config c",
        "deny-scripts-reconfig maybe",
        "resolve-hostnames maybe",
        "announce-hostnames maybe",
        "master-reboot-down-after-period m -1",
        "master-reboot-down-after-period x 1",
    ] {
        let text = format!("port 0\n# c\n{good}sentinel {text}\n");
        std::fs::write(folder.path().join("s.conf"), &text).expect("a scratch file");
        let Some(output) = peer("redis-server", &["s.conf", "--sentinel"], folder.path()) else {
            return;
        };
        assert_eq!(output.status.code(), Some(1), "{text}");
        let theirs = String::from_utf8(output.stderr).expect("text");
        let version = theirs.split(['(', ')']).nth(1).unwrap_or_default().to_owned();
        let ours = load(&path).expect_err(&text).to_string();
        assert_eq!(ours, theirs.replace(&version, "Redis 7.2.6"), "{text}");
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

/// Has Redis's Sentinel load the file and rewrite it.
fn rewrite_by_redis(folder: &Path) -> Option<()> {
    peer("redis-cli", &["--version"], folder)?;
    peer("redis-server", &["--version"], folder)?;
    let _server = Running(
        Command::new("redis-server")
            .args(["s.conf", "--sentinel"])
            .current_dir(folder)
            .stdout(Stdio::null())
            .spawn()
            .expect("it said its version a moment ago"),
    );
    let socket = folder.join("s").to_string_lossy().into_owned();
    let ask = |words: &[&str]| {
        let words = [&["-s", &socket], words].concat();
        let output = peer("redis-cli", &words, folder).expect("it said its version");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    let is_up = (0..2000).any(|_| ask(&["ping"]) == "PONG");
    assert!(is_up, "Redis did not start");
    assert_eq!(ask(&["sentinel", "flushconfig"]), "OK");
    Some(())
}

/// Redis forgets the order of what it knows.
fn sorted(mut saved: Saved) -> Saved {
    saved.groups.sort_by(|a, b| a.name.cmp(&b.name));
    saved.groups.iter_mut().for_each(|group| group.replicas.sort());
    saved
}

/// The lines that say something, in one order. How Redis spells its users is its own affair.
fn facts(text: &str) -> Vec<&str> {
    let is_fact =
        |line: &&str| !line.is_empty() && !line.starts_with('#') && !line.starts_with("user ");
    let mut lines: Vec<&str> = text.lines().filter(is_fact).collect();
    lines.sort_unstable();
    lines
}

#[test]
fn a_file_that_goes_back_and_forth_says_the_same_and_does_not_grow() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let path = folder.path().canonicalize().expect("it is there").to_string_lossy().into_owned();
    let file = folder.path().join("s.conf");
    let head = format!(
        "# mine\nport 0\nunixsocket {path}/s\n  sentinel  monitor \"m\" 127.0.0.1 1 2  \n\
         sentinel down-after-milliseconds m 30000\nrequirepass \"\"\n"
    );
    std::fs::write(&file, &head).expect("a scratch file");

    let rewrite_by_us = |change: bool| {
        let old = std::fs::read(&file).expect("the file");
        let (mut config, mut saved) = load(&path).expect("a file that is right");
        config.values.set("dir", &[&path]).expect("a folder");
        saved.my_id.get_or_insert_with(|| "ab".repeat(20));
        if change {
            let group = SavedGroup {
                down_after_ms: 1234,
                auth_pass: Some("p".to_owned()),
                config_epoch: 3,
                leader_epoch: 4,
                replicas: vec![("127.0.0.1".to_owned(), 3), ("::1".to_owned(), 4)],
                peers: vec![SavedPeer {
                    host: "127.0.0.1".to_owned(),
                    port: 5,
                    run_id: Some("cd".repeat(20)),
                }],
                renamed_commands: vec![(b"CONFIG".to_vec(), b"guarded".to_vec())],
                reboot_policy: RebootPolicy::Protect,
                ..SavedGroup::new("n", "127.0.0.1", 2, 1)
            };
            saved.groups.push(group);
            saved.current_epoch = 4;
        }
        // A Sentinel that runs has a user; a line that says the same otherwise may stay.
        let users = vec![b"user default on nopass sanitize-payload ~* &* +@all".to_vec()];
        let told = Saved { users, ..saved.clone() };
        let new = StateFile::read(&old, &config).write(&config, &told);
        std::fs::write(&file, &new).expect("a scratch file");
        (String::from_utf8(new).expect("text"), saved)
    };

    let (ours, saved) = rewrite_by_us(true);
    assert!(ours.starts_with(&head), "{ours}");
    let Some(()) = rewrite_by_redis(folder.path()) else { return };
    let (_, read) = load(&path).expect("a file that Redis wrote");
    assert_eq!(sorted(read), sorted(saved.clone()), "Redis has understood everything");

    let (first, _) = rewrite_by_us(false);
    for _ in 0..2 {
        rewrite_by_redis(folder.path());
        let theirs = std::fs::read_to_string(&file).expect("the file");
        let (ours, read) = rewrite_by_us(false);
        assert_eq!(ours, theirs, "nothing has to change");
        assert_eq!(facts(&ours), facts(&first));
        assert_eq!(sorted(read), sorted(saved.clone()));
    }
}
