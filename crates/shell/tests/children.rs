//! Programs that run beside the loop: their beginnings and ends; and names that are looked up.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

mod support;

use std::sync::mpsc;
use std::time::Duration;

use shell::{CpuLists, Log, LogTarget, Options};
use support::Echo;
use world::{Effect, Event, Exit, Outcome, Ticket};

/// Runs the effects in a loop of their own and gives the first `count` events.
fn run(effects: Vec<Effect>, count: usize) -> Vec<Event> {
    let port = sys::net::free_port().expect("a port is free");
    let (send, events) = mpsc::channel();
    let mut machine = Echo::new(send).listen(&["127.0.0.1"], port, None);
    machine.effects.extend(effects);
    let log = Log::new(LogTarget { file: Some("/dev/null".into()), syslog: false });
    let options = Options { log, signals: false, supervised: false, cpus: CpuLists::default() };
    let running = std::thread::spawn(move || shell::run(&mut machine, options));
    let got: Vec<Event> = std::iter::from_fn(|| {
        Some(events.recv_timeout(Duration::from_secs(20)).expect("the loop says something"))
    })
    .filter(|event| !matches!(event, Event::Listened { .. }))
    .take(count)
    .collect();
    let mut end = std::net::TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    std::io::Write::write_all(&mut end, b"?").expect("it reads");
    let exit = running.join().expect("it does not panic").expect("the loop runs");
    assert_eq!(exit, Exit::Status(7));
    got
}

fn program(ticket: u64, program: &str, arguments: &[&str]) -> Effect {
    let arguments = arguments.iter().map(|it| (*it).to_owned()).collect();
    Effect::Run { ticket: Ticket(ticket), program: program.to_owned(), arguments }
}

/// The outcome of one program that started and ended.
fn outcome(effects: Vec<Effect>) -> Outcome {
    match &run(effects, 2)[..] {
        [
            Event::Started { ticket: Ticket(1), pid },
            Event::Ended { ticket: Ticket(1), outcome },
        ] => {
            assert!(*pid > 1);
            outcome.clone()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_program_ends_by_itself_or_by_a_signal() {
    let cases = [
        ("exit 0", Outcome::Exited(0)),
        ("exit 3", Outcome::Exited(3)),
        ("kill -TERM $$", Outcome::Signalled(15)),
        // There is nothing to read, and that is told at once.
        ("cat; exit 4", Outcome::Exited(4)),
    ];
    for (script, want) in cases {
        assert_eq!(outcome(vec![program(1, "/bin/sh", &["-c", script])]), want, "{script}");
    }
}

#[test]
fn arguments_arrive_as_they_are() {
    let script = r#"[ "$0" = "a  b" ] && [ "$1" = '$HOME;"' ] && [ "$2" = "" ] && exit 5"#;
    let effect = program(1, "/bin/sh", &["-c", script, "a  b", "$HOME;\"", ""]);
    assert_eq!(outcome(vec![effect]), Outcome::Exited(5));
}

#[test]
fn a_program_that_is_killed_ends_by_that_and_one_that_has_ended_is_left_alone() {
    let effects = vec![
        program(1, "/bin/sh", &["-c", "trap '' TERM; sleep 600"]),
        Effect::Kill { ticket: Ticket(1) },
        Effect::Kill { ticket: Ticket(2) },
    ];
    assert_eq!(outcome(effects), Outcome::Signalled(9));
}

#[test]
fn what_cannot_run_has_no_beginning() {
    let folder = std::env::temp_dir().join(format!("regent-children-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("the temporary folder is writable");
    // Words without a line that names who reads them: no shell is tried.
    let text = folder.join("text");
    std::fs::write(&text, "exit 0\n").expect("the folder is writable");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&text, mode).expect("it is ours");
    let text = text.to_string_lossy().into_owned();
    let cases = [
        ("/nowhere/script", "No such file or directory"),
        // PATH is not asked.
        ("sh", "No such file or directory"),
        ("/dev/null", "Permission denied"),
        (text.as_str(), "Exec format error"),
    ];
    for (path, reason) in cases {
        match &run(vec![program(7, path, &[])], 1)[..] {
            [Event::Ended { ticket: Ticket(7), outcome: Outcome::NotStarted(text) }] => {
                assert_eq!(text, reason, "{path}");
            }
            other => panic!("{path}: {other:?}"),
        }
    }
    std::fs::remove_dir_all(&folder).expect("it is ours");
}

#[test]
fn many_run_at_once_and_each_has_its_own_end() {
    let effects =
        (0..10).map(|n| program(n, "/bin/sh", &["-c", &format!("exit {n}")])).collect::<Vec<_>>();
    let mut ended = 0;
    for event in run(effects, 20) {
        if let Event::Ended { ticket, outcome } = event {
            assert_eq!(outcome, Outcome::Exited(ticket.0 as i32));
            ended += 1;
        }
    }
    assert_eq!(ended, 10);
}

#[test]
fn names_are_looked_up_and_addresses_are_their_own() {
    let resolve =
        |ticket, host: &str| Effect::Resolve { ticket: Ticket(ticket), host: host.into() };
    for (host, want) in [("10.1.2.3", "10.1.2.3"), ("::1", "::1")] {
        match &run(vec![resolve(1, host)], 1)[..] {
            [Event::Resolved { ticket: Ticket(1), result: Ok(ip) }] => {
                assert_eq!(ip.to_string(), want);
            }
            other => panic!("{other:?}"),
        }
    }
    match &run(vec![resolve(2, "localhost")], 1)[..] {
        [Event::Resolved { ticket: Ticket(2), result: Ok(ip) }] => assert!(ip.is_loopback()),
        other => panic!("{other:?}"),
    }
    // A name that no resolver is asked for: it has no form.
    match &run(vec![resolve(3, "no..such..name")], 1)[..] {
        [Event::Resolved { ticket: Ticket(3), result: Err(reason) }] => {
            assert!(!reason.is_empty());
        }
        other => panic!("{other:?}"),
    }
}
