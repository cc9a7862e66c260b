//! What every program says of itself and of a wrong word, and that a closed or full output is no panic.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

use std::collections::BTreeSet;
use std::io::Write;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, Output, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_regent");

/// How each program is called: by a word and, where packages link it, by a name of its own.
const PROGRAMS: [(&str, Option<&str>); 6] = [
    ("server", Some("redis-server")),
    ("sentinel", Some("redis-sentinel")),
    ("cli", Some("redis-cli")),
    ("benchmark", Some("redis-benchmark")),
    ("check-rdb", Some("redis-check-rdb")),
    ("up", None),
];

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn run(arguments: &[&str]) -> Output {
    Command::new(PROGRAM).args(arguments).output().expect("the program starts")
}

#[test]
fn every_program_says_what_it_does() {
    let mut seen = BTreeSet::new();
    for (word, name) in PROGRAMS {
        let by_word = run(&[word, "--help"]);
        let said = text(&by_word.stdout);
        assert_eq!(by_word.status.code(), Some(0), "{word}");
        assert_eq!(text(&by_word.stderr), "", "{word}");
        assert!(said.contains("Usage: ") && said.lines().count() > 5, "{word}: {said}");
        assert!(seen.insert(said), "{word} says what another says");
        let Some(name) = name else { continue };
        let by_name = Command::new(PROGRAM).arg0(name).arg("--help").output();
        let by_name = by_name.expect("the program starts");
        assert_eq!(by_name.status.code(), Some(0), "{name}");
        assert!(text(&by_name.stdout).contains(&format!("Usage: {name} ")), "{name}");
    }
    let said = text(&run(&["--help"]).stdout);
    for told in ["Sentinels", "--demo", "<program> --help"] {
        assert!(said.contains(told), "{told} is not in {said}");
    }
}

#[test]
fn a_wrong_word_is_a_line_of_error_and_a_line_of_usage() {
    for arguments in [
        &["dance"][..],
        &["cli", "--nope"],
        &["benchmark", "--nope"],
        &["benchmark", "-n", "abc"],
        &["cli", "-r", "abc", "ping"],
        &["up", "--nope"],
        &["check-rdb"],
        &["check-rdb", "/nowhere/at/all"],
    ] {
        let output = run(arguments);
        let said = text(&output.stdout) + &text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        let lines: Vec<&str> = said.lines().filter(|line| !line.is_empty()).collect();
        assert!((1..=2).contains(&lines.len()), "{arguments:?}: {said}");
    }
}

#[test]
fn an_output_that_takes_nothing_ends_a_program_quietly() {
    let programs = PROGRAMS.map(|(word, _)| [word, "--help"]);
    let versions =
        ["server", "sentinel", "cli", "benchmark", "check-rdb"].map(|word| [word, "--version"]);
    let others = [["--version", ""], ["--help", ""], ["server", "--check-system"]];
    for words in programs.iter().chain(&versions).chain(&others) {
        let words = words.iter().filter(|word| !word.is_empty());
        let mut command = Command::new(PROGRAM);
        command.args(words).stderr(Stdio::piped());
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
        let (reader, closed) = std::io::pipe().expect("there are pipes");
        drop(reader);
        for out in [Stdio::from(full.expect("it is there")), Stdio::from(closed)] {
            let output = command.stdout(out).output().expect("the program starts");
            assert!(!output.status.success(), "{command:?}");
            // The end that a closed pipe brings to a client is as quiet.
            let is_quiet = output.status.code() == Some(1) || output.status.signal() == Some(13);
            assert!(is_quiet && output.stderr.is_empty(), "{command:?}: {output:?}");
        }
    }
    for words in [&["dance"][..], &["cli", "--nope"], &["server", "--nope", "1"], &["up", "x"]] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("it is there");
        let status = Command::new(PROGRAM).args(words).stderr(full).status();
        assert_eq!(status.expect("the program starts").code(), Some(1), "{words:?}");
    }
}

#[test]
fn a_snapshot_that_comes_through_a_pipe_is_checked() {
    let folder = tempfile::tempdir().expect("the temporary folder is writable");
    let server = testkit::Server::start(&testkit::Program::regent(PROGRAM), &[]);
    assert_eq!(server.say("debug populate 50000"), "OK");
    let file = folder.path().join("dump.rdb");
    let port = server.port().to_string();
    let fetched = run(&["cli", "-p", &port, "--rdb", &file.to_string_lossy()]);
    assert!(fetched.status.success(), "{fetched:?}");
    let bytes = std::fs::read(&file).expect("it was fetched");
    for (len, want) in [(bytes.len(), 0), (bytes.len() - 9, 1)] {
        let mut command = Command::new(PROGRAM);
        command.args(["check-rdb", "/dev/stdin"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let mut pipe = child.stdin.take().expect("it is piped");
        pipe.write_all(&bytes[..len]).expect("it reads to the end");
        drop(pipe);
        let output = child.wait_with_output().expect("it ends");
        let said = text(&output.stdout);
        assert_eq!(output.status.code(), Some(want), "{said}");
        assert_eq!(said.contains("RDB looks OK!"), want == 0, "{said}");
    }
    let missing = run(&["check-rdb", "/nowhere/at/all"]);
    let said = text(&missing.stdout) + &text(&missing.stderr);
    assert_eq!(said, "Cannot open file: /nowhere/at/all: No such file or directory\n");
}
