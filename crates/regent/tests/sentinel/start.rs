//! Starting a Sentinel: row 14.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use testkit::{Program, Sentinel, Server, until};

use crate::group::shape;
use crate::{Kinds, NAME, PROGRAM, is_ours};

/// The ways in which a Sentinel is started: the program, and the words around the file's name.
fn forms(kinds: &Kinds, folder: &Path) -> Vec<(Program, Vec<&'static str>)> {
    let sentinel = kinds.sentinel.clone();
    if !is_ours(&kinds.sentinel) {
        let server = Program::redis().expect("it comes with the Sentinel");
        return vec![
            (sentinel.clone(), vec![]),
            (sentinel, vec!["--sentinel"]),
            (server, vec!["--sentinel"]),
        ];
    }
    let called = |name: &str| {
        let link = folder.join(name);
        symlink(PROGRAM, &link).expect("the folder is there");
        Program::at(link)
    };
    let (as_sentinel, as_server) = (called("redis-sentinel"), called("redis-server"));
    vec![
        (sentinel, vec![]),
        (as_sentinel.clone(), vec![]),
        (as_sentinel, vec!["--sentinel"]),
        (as_server, vec!["--sentinel"]),
        (Program::regent(PROGRAM), vec!["--sentinel"]),
    ]
}

pub(crate) fn row_14_forms_of_starting_and_what_the_log_opens_with(kinds: &Kinds) {
    let master = Server::start(&kinds.server, &[]);
    let mut sentinel = Sentinel::prepare(&kinds.sentinel, &[]);
    let monitor = format!("sentinel monitor {NAME} 127.0.0.1 {} 1", master.port());
    sentinel.write_line(&monitor);
    let mut id = None;
    for (program, words) in forms(kinds, sentinel.folder()) {
        std::fs::write(sentinel.file("log"), "").expect("the folder is there");
        sentinel.start_as(&program, &words);
        // It is the same Sentinel each time: the file knows who it is.
        let known = id.get_or_insert_with(|| sentinel.id()).clone();
        assert_eq!(sentinel.id(), known);
        let want = format!("+monitor master {NAME} 127.0.0.1 {} quorum 1", master.port());
        sentinel.wait_log(&want);
        let messages = sentinel.messages();
        let mut messages = messages.iter().map(|message| &message[2..]);
        for line in [
            "oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo".to_owned(),
            format!("pid={}, just started", sentinel.pid()),
            "Configuration loaded".to_owned(),
            format!("Running mode=sentinel, port={}.", sentinel.port()),
            format!("Sentinel ID is {known}"),
            want,
        ] {
            let found = messages.any(|message| message.contains(&line));
            assert!(found, "{line} is missing or out of order in\n{}", sentinel.log());
        }
        // `7365:X 21 Dec 2016 18:44:48.956 # ...`
        for line in sentinel.log().lines() {
            let head: String =
                line.chars().take_while(|letter| *letter != '#' && *letter != '*').collect();
            let month = head.split(' ').nth(2).unwrap_or_default();
            assert_eq!(shape(&head), format!("#:X # {month} # #:#:#.# "), "{line}");
        }
        sentinel.terminate();
        assert!(sentinel.log().contains("Sentinel is now ready to exit, bye bye..."));
    }
    sentinel.write_line("always-show-logo yes");
    sentinel.start_again();
    for line in [
        "sentinel mode",
        &format!("Port: {}", sentinel.port()),
        &format!("PID: {}", sentinel.pid()),
    ] {
        assert!(sentinel.log().contains(line), "{line} is not in\n{}", sentinel.log());
    }
}

pub(crate) fn row_14_a_daemon_writes_its_files(kinds: &Kinds) {
    let master = Server::start(&kinds.server, &[]);
    let sentinel = Sentinel::prepare(&kinds.sentinel, &["bind 127.0.0.1", "daemonize yes"]);
    sentinel.write_line(&format!("pidfile {}", sentinel.file("pid").display()));
    sentinel.write_line(&format!("sentinel monitor {NAME} 127.0.0.1 {} 1", master.port()));
    let mut command = kinds.sentinel.command();
    command.arg(sentinel.file("sentinel.conf"));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut parent = command.spawn().expect("the program starts");
    assert_eq!(parent.wait().expect("it ends at once").code(), Some(0));
    sentinel.wait_log("+monitor master");
    let pid = std::fs::read_to_string(sentinel.file("pid")).expect("it has been written");
    assert_ne!(pid.trim(), parent.id().to_string());
    let answer = sentinel.say("PING");
    let title = std::fs::read_to_string(format!("/proc/{}/cmdline", pid.trim()));
    let kill = |pid: &str| Command::new("kill").arg(pid).status();
    let killed = kill(pid.trim()).expect("there is such a tool");
    // Whatever is wrong, it shall not outlive the test.
    assert!(killed.success());
    assert_eq!(answer, "PONG");
    let title = title.expect("it runs");
    let want = format!("sentinel 127.0.0.1:{} [sentinel]", sentinel.port());
    assert!(title.trim_end_matches('\0').ends_with(&want), "{title}");
    until("its end", || !sentinel.file("pid").exists());
}

pub(crate) fn row_14_what_it_refuses_to_start_with(kinds: &Kinds) {
    let run = |argument: Option<&Path>| {
        let mut command = kinds.sentinel.command();
        command.args(argument).stdin(Stdio::null());
        let output = command.output().expect("it is a program");
        assert_eq!(output.status.code(), Some(1));
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        text(&output.stdout) + &text(&output.stderr)
    };
    let said = run(None);
    assert!(
        said.contains("Sentinel needs config file on disk to save state. Exiting..."),
        "{said}"
    );
    let said = run(Some(Path::new("/nowhere/at/all.conf")));
    assert!(said.contains("can't open config file '/nowhere/at/all.conf'"), "{said}");
    for (lines, complaint) in [
        (&["sentinel monitor a 127.0.0.1 1 0"][..], "Quorum must be 1 or greater."),
        (&["sentinel monitor a nowhere.invalid 1 1"], "Can't resolve instance hostname."),
        (
            &["sentinel monitor a 127.0.0.1 1 1", "sentinel monitor a 127.0.0.1 2 1"],
            "Duplicate master name.",
        ),
        (&["sentinel auth-pass nobody x"], "No such master with specified name."),
        (&["sentinel dance"], "Unrecognized sentinel configuration statement."),
        (&["nonsense yes"], "Bad directive or wrong number of arguments"),
    ] {
        let sentinel = Sentinel::prepare(&kinds.sentinel, lines);
        let file = sentinel.file("sentinel.conf");
        let said = run(Some(&file)) + &sentinel.log();
        for part in ["FATAL CONFIG FILE ERROR", complaint] {
            assert!(said.contains(part), "{part} is not in\n{said}");
        }
    }
}

pub(crate) fn row_14_what_the_log_tells_of_names_and_of_the_file(kinds: &Kinds) {
    let monitor = format!("sentinel monitor {NAME} nowhere.invalid 6379 1");
    let sentinel = Sentinel::start(
        &kinds.sentinel,
        &["sentinel resolve-hostnames yes", "loglevel verbose", &monitor],
    );
    sentinel.wait_log("Failed to resolve hostname 'nowhere.invalid'");
    assert_eq!(sentinel.say("SENTINEL FLUSHCONFIG"), "OK");
    sentinel.wait_log("* Sentinel new configuration saved on disk");
    // Who looks closely sees clients come and go.
    let place = ("127.0.0.1", sentinel.port());
    drop(client::Client::connect(place).expect("it listens"));
    sentinel.wait_log("- Accepted 127.0.0.1:");
    sentinel.wait_log("- Client closed connection id=");
    let sentinel = Sentinel::prepare(&kinds.sentinel, &["port 0"]);
    let mut command = kinds.sentinel.command();
    let output = command.arg(sentinel.file("sentinel.conf")).output().expect("it is a program");
    assert_eq!(output.status.code(), Some(1));
    assert!(sentinel.log().contains("# Configured to not listen anywhere, exiting."));
}

/// Every directive that the stock files of Redis 3.0 to 7.2 set, and the old names.
const STOCK: &str = "\
protected-mode no
daemonize no
loglevel notice
acllog-max-len 128
sentinel deny-scripts-reconfig yes
SENTINEL resolve-hostnames no
SENTINEL announce-hostnames no
sentinel monitor NAME 127.0.0.1 PORT 2
sentinel auth-pass NAME MySUPER--secret-0123passw0rd
sentinel down-after-milliseconds NAME 30000
sentinel parallel-syncs NAME 1
sentinel failover-timeout NAME 180000
SENTINEL rename-command NAME GUESSME GUESSME
SENTINEL master-reboot-down-after-period NAME 0
sentinel config-epoch NAME 3
sentinel leader-epoch NAME 4
sentinel known-slave NAME 127.0.0.1 7
sentinel known-replica NAME 127.0.0.1 8
sentinel known-sentinel NAME 127.0.0.1 9 0123456789012345678901234567890123456789
sentinel current-epoch 5
sentinel announce-ip 127.0.0.1
sentinel announce-port 26380
sentinel sentinel-user default
sentinel sentinel-pass secret
";

pub(crate) fn row_14_the_directives_of_stock_files(kinds: &Kinds) {
    let master = Server::start(&kinds.server, &[]);
    let mut stock = STOCK.replace("NAME", NAME).replace("PORT", &master.port().to_string());
    if !is_ours(&kinds.sentinel) {
        // Of the old name it keeps the line beside the new one, and then refuses its own file.
        stock = stock.replace("known-slave", "known-replica");
    }
    let lines: Vec<&str> = stock.lines().collect();
    let mut sentinel = Sentinel::start(&kinds.sentinel, &lines);
    for at in 0..2 {
        let fields = sentinel.fields(&format!("master {NAME}"));
        for (name, want) in [
            ("config-epoch", "3"),
            ("quorum", "2"),
            ("down-after-milliseconds", "30000"),
            ("num-other-sentinels", "1"),
            ("parallel-syncs", "1"),
        ] {
            assert_eq!(fields.get(name), want, "{name}, start {at}");
        }
        let mut known: Vec<i64> = sentinel
            .list(&format!("replicas {NAME}"))
            .iter()
            .map(|one| one.number("port"))
            .collect();
        known.sort_unstable();
        assert_eq!(known, [7, 8]);
        let peer = &sentinel.list(&format!("sentinels {NAME}"))[0];
        assert_eq!(peer.get("runid"), "0123456789012345678901234567890123456789");
        assert_eq!(sentinel.say("SENTINEL FLUSHCONFIG"), "OK");
        // Once more from what it wrote itself.
        sentinel.terminate();
        sentinel.start_again();
    }
    let file = sentinel.configuration();
    for line in [
        "sentinel known-replica mymaster 127.0.0.1 7",
        "sentinel known-replica mymaster 127.0.0.1 8",
        "sentinel current-epoch 5",
        "sentinel announce-port 26380",
    ] {
        let is_it = |other: &&str| other.eq_ignore_ascii_case(line);
        assert_eq!(file.lines().filter(is_it).count(), 1, "{line} in\n{file}");
    }
    // Debian's file, as it is after the installation.
    let Ok(debian) = std::fs::read_to_string("/etc/redis/sentinel.conf") else { return };
    let mine = ["dir", "port", "logfile", "pidfile", "daemonize"];
    let is_mine = |line: &&str| mine.contains(&line.split(' ').next().unwrap_or_default());
    let lines: Vec<&str> = debian.lines().filter(|line| !is_mine(line)).collect();
    let sentinel = Sentinel::start(&kinds.sentinel, &lines);
    assert_eq!(sentinel.list("masters").len(), 1);
    let file = sentinel.configuration();
    for comment in lines.iter().filter(|line| line.starts_with('#')) {
        // Redis cuts blanks at the end.
        let comment = if is_ours(&kinds.sentinel) { comment } else { comment.trim_end() };
        assert!(file.contains(comment), "{comment} is gone");
    }
}
