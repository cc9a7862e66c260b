//! Scripts that are told what happens: row 15.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Stdio;

use testkit::{Sentinel, Server, Value, poll, until};

use crate::group::QUICK;
use crate::{Kinds, NAME};

/// Writes a script that may be executed into the folder of a Sentinel; its path.
fn script(sentinel: &Sentinel, name: &str, lines: &str) -> PathBuf {
    let path = sentinel.file(name);
    std::fs::write(&path, format!("#!/bin/sh\n{lines}\n")).expect("the folder is there");
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(&path, mode).expect("it has been written");
    path
}

/// What a script has written, line by line.
fn lines(sentinel: &Sentinel, name: &str) -> Vec<String> {
    let text = std::fs::read_to_string(sentinel.file(name)).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// A Sentinel that is not started, watching `master` alone.
fn prepare(kinds: &Kinds, master: &Server) -> Sentinel {
    let monitor = format!("sentinel monitor NAME 127.0.0.1 {} 1", master.port());
    let lines: Vec<String> = [&[monitor.as_str()], QUICK]
        .concat()
        .iter()
        .map(|line| line.replace("NAME", NAME))
        .collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    Sentinel::prepare(&kinds.sentinel, &lines)
}

pub(crate) fn row_15_scripts_are_told_what_happens(kinds: &Kinds) {
    let mut master = Server::start(&kinds.server, &[]);
    let replica = Server::start(&kinds.server, &[&format!("slaveof 127.0.0.1 {}", master.port())]);
    replica.wait_link("up");
    let mut leader = prepare(kinds, &master);
    let mut observer = prepare(kinds, &master);
    for sentinel in [&mut leader, &mut observer] {
        // A blank within an argument shows that there are two.
        let notify = script(sentinel, "notify.sh", "echo \"$#|$1|$2\" >> events");
        let reconfigure = script(sentinel, "reconfigure.sh", "echo \"$# $*\" >> changes");
        sentinel.write_line(&format!("sentinel notification-script {NAME} {}", notify.display()));
        let line = format!("sentinel client-reconfig-script {NAME} {}", reconfigure.display());
        sentinel.write_line(&line);
    }
    leader.start_again();
    observer.start_again();
    let shown = leader.fields(&format!("master {NAME}"));
    let names = shown.names();
    assert_eq!(names[names.len() - 2..], ["notification-script", "client-reconfig-script"]);
    assert_eq!(shown.get("notification-script"), leader.file("notify.sh").display().to_string());
    for sentinel in [&leader, &observer] {
        until("a replica and a Sentinel", || {
            let of = |question| sentinel.list(&format!("{question} {NAME}")).len();
            [of("replicas"), of("sentinels")] == [1, 1]
        });
    }
    // Who needs more agreement than there is never begins; it votes.
    assert_eq!(observer.say(&format!("SENTINEL SET {NAME} quorum 3")), "OK");
    master.kill();
    let (old, new) = (master.port(), replica.port());
    until("another master", || {
        observer.master_port(NAME) == new && leader.master_port(NAME) == new
    });
    for (sentinel, role) in [(&leader, "leader"), (&observer, "observer")] {
        let want = format!("7 {NAME} {role} start 127.0.0.1 {old} 127.0.0.1 {new}");
        until("the change", || lines(sentinel, "changes").contains(&want));
        assert_eq!(lines(sentinel, "changes"), [want]);
    }
    for want in [
        format!("2|+monitor|master {NAME} 127.0.0.1 {old} quorum 1"),
        format!("2|+sdown|master {NAME} 127.0.0.1 {old}"),
        "2|+new-epoch|1".to_owned(),
        format!("2|+switch-master|{NAME} 127.0.0.1 {old} 127.0.0.1 {new}"),
    ] {
        until(&want, || lines(&leader, "events").contains(&want));
    }
    // One or two agree: the observer may have seen it first, and have been asked already.
    let agreed = format!("2|+odown|master {NAME} 127.0.0.1 {old} #quorum ");
    let counts = || {
        let lines = lines(&leader, "events");
        lines.iter().find_map(|line| line.strip_prefix(&agreed).map(str::to_owned))
    };
    let count = poll("the agreement", counts);
    assert!(["1/1", "2/1"].contains(&count.as_str()), "{count}");
    // What is only worth a note is no warning.
    assert!(!lines(&leader, "events").iter().any(|line| line.contains("+slave")));
}

pub(crate) fn row_15_scripts_are_tried_again_given_up_and_killed(kinds: &Kinds) {
    let master = Server::start(&kinds.server, &[]);
    let mut sentinel = prepare(kinds, &master);
    // What it does is decided by a file, so that one Sentinel plays all cases.
    let path = script(&sentinel, "notify.sh", "echo \"$1 $2\" >> events\n. ./deed");
    let deed = |text: &str| std::fs::write(sentinel.file("deed"), text).expect("it is writable");
    deed("exit 0");
    let line = format!("sentinel notification-script {NAME} {}", path.display());
    sentinel.write_line(&line);
    sentinel.start_again();
    assert_eq!(sentinel.say("SENTINEL DEBUG SCRIPT-RETRY-DELAY 100 SCRIPT-MAX-RUNTIME 400"), "OK");
    let deed = |text: &str| std::fs::write(sentinel.file("deed"), text).expect("it is writable");
    let path = path.display();
    let pending = || match sentinel.ask(&["SENTINEL", "PENDING-SCRIPTS"]) {
        Value::Array(scripts) => scripts,
        other => panic!("{other:?}"),
    };
    // A warning that does nothing else.
    let warn = |quorum: u32| {
        assert_eq!(sentinel.say(&format!("SENTINEL SET {NAME} quorum {quorum}")), "OK");
        format!("+set master {NAME} 127.0.0.1 {} quorum {quorum}", master.port())
    };
    let runs = |event: &str| {
        let lines = lines(&sentinel, "events");
        lines.iter().filter(|line| *line == event).count()
    };
    until("the first to end", || pending().is_empty());

    // Status 1: again, after twice the time.
    deed("exit 1");
    let event = warn(2);
    until("three runs", || runs(&event) >= 3);
    let waiting = poll("one that waits", || {
        let scripts = pending();
        let waiting = scripts.first().map(testkit::Fields::of)?;
        (waiting.get("flags") == "scheduled").then_some(waiting)
    });
    assert_eq!(waiting.names(), ["argv", "flags", "pid", "run-delay", "retry-num"]);
    assert!(waiting.number("retry-num") >= 3, "{waiting:?}");
    deed("exit 0");
    until("the end", || pending().is_empty());
    assert!(!sentinel.log().contains("-script-error"));

    // Ended by a signal: the same.
    deed("kill -9 $$");
    let event = warn(3);
    until("two runs", || runs(&event) >= 2);
    deed("exit 0");
    until("the end", || pending().is_empty());

    // Status 2: given up.
    deed("exit 2");
    let event = warn(4);
    sentinel.wait_log(&format!("-script-error {path} 0 2"));
    assert_eq!((runs(&event), pending().len()), (1, 0));

    // Too long: killed, and tried again.
    deed("exec sleep 60");
    let event = warn(5);
    let running = poll("one that runs", || {
        let running = pending().first().map(testkit::Fields::of)?;
        (running.get("flags") == "running").then_some(running)
    });
    assert_eq!(running.names(), ["argv", "flags", "pid", "run-time", "retry-num"]);
    sentinel.wait_log(&format!("-script-timeout {path} {}", running.get("pid")));
    deed("exit 0");
    until("the end", || pending().is_empty());
    assert!(runs(&event) >= 2);
}

pub(crate) fn row_15_a_script_that_cannot_run_is_refused(kinds: &Kinds) {
    let master = Server::start(&kinds.server, &[]);
    let cases = [
        ("notification-script", "Notification script seems non existing or non executable"),
        (
            "client-reconfig-script",
            "Client reconfiguration script seems non existing or non executable",
        ),
    ];
    for (directive, complaint) in cases {
        for is_there in [false, true] {
            let sentinel = prepare(kinds, &master);
            let path = sentinel.file("script.sh");
            if is_there {
                std::fs::write(&path, "#!/bin/sh\n").expect("the folder is there");
            }
            sentinel.write_line(&format!("sentinel {directive} {NAME} {}", path.display()));
            let mut command = kinds.sentinel.command();
            let command = command.arg(sentinel.file("sentinel.conf")).stdin(Stdio::null());
            let output = command.output().expect("it is a program");
            assert_eq!(output.status.code(), Some(1));
            let said = String::from_utf8_lossy(&output.stderr).into_owned() + &sentinel.log();
            assert!(said.contains(complaint), "{said}");
        }
    }
    // Nor may one be set while it runs, unless the file allows it.
    let mut sentinel = prepare(kinds, &master);
    let path = script(&sentinel, "script.sh", "exit 0");
    sentinel.start_again();
    let set = format!("SENTINEL SET {NAME} notification-script {}", path.display());
    let refusal = sentinel.say(&set);
    let want = "(error) ERR Reconfiguration of scripts path is denied for security reasons.";
    assert!(refusal.starts_with(want), "{refusal}");
    sentinel.terminate();
    sentinel.write_line("sentinel deny-scripts-reconfig no");
    sentinel.start_again();
    assert_eq!(sentinel.say(&set), "OK");
    let missing = sentinel.say(&format!("SENTINEL SET {NAME} notification-script /nowhere"));
    let want = "(error) ERR Notification script seems non existing or non executable";
    assert_eq!(missing, want);
}
