//! What takes longer than a command: --pipe, --scan, --bigkeys, --rdb and their kin, beside `redis-cli`.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use testkit::{Program, Server, peer_tool};

use crate::run::{Cli, Left, Run, Screen};
use crate::{PROGRAM, regent};

/// A server with keys of every type.
fn filled() -> Server {
    let server = Server::start(&regent(), &["repl-diskless-sync yes"]);
    let mut client = server.client();
    for at in 0..300 {
        for line in [
            format!("SET string:{at} {}", "x".repeat(at)),
            format!("RPUSH list:{} a b", at % 7),
            format!("SADD set:{} {at}", at % 5),
            format!("HSET hash:{} f{at} v", at % 3),
            format!("ZADD zset:{} {at} m{at}", at % 2),
        ] {
            client.send(&testkit::words(&line)).expect("it reads");
        }
        for _ in 0..5 {
            client.receive().expect("it answers");
        }
    }
    server
}

fn run(server: &Server, cli: Cli, screen: Screen, arguments: &[&str], input: &[u8]) -> Left {
    let mut run = Run::new(server.port(), server.folder());
    (run.arguments, run.input, run.screen) = (arguments.to_vec(), input, screen);
    run.of(cli)
}

#[test]
fn looking_at_all_keys_leaves_the_same_bytes() {
    if peer_tool("redis-cli").is_none() {
        return;
    }
    let server = filled();
    for screen in [Screen::Pipe, Screen::Terminal] {
        for arguments in [
            &["--scan"][..],
            &["--scan", "--pattern", "list:*"],
            &["--scan", "--quoted-pattern", "\"\\x73et*\""],
            &["--scan", "--pattern", "nothing"],
            &["--bigkeys"],
            &["--bigkeys", "-i", "0.001"],
            &["--memkeys"],
            &["--memkeys-samples", "3"],
            &["--hotkeys"],
            &["-n", "7", "--bigkeys"],
        ] {
            let [got, want] =
                [Cli::Ours, Cli::Theirs].map(|cli| run(&server, cli, screen, arguments, b""));
            assert_eq!(got, want, "{arguments:?} {screen:?}");
        }
    }
    for keys in ["set one 1", "set two 2"] {
        server.say("FLUSHALL");
        server.say(keys);
        let [got, want] = [Cli::Ours, Cli::Theirs]
            .map(|cli| run(&server, cli, Screen::Pipe, &["--bigkeys"], b""));
        assert_eq!(got, want);
    }
    server.say("CONFIG SET maxmemory-policy allkeys-lfu");
    let [got, want] =
        [Cli::Ours, Cli::Theirs].map(|cli| run(&server, cli, Screen::Pipe, &["--hotkeys"], b""));
    assert_eq!(got, want);
}

#[test]
fn a_million_piped_commands_are_counted_errors_included() {
    let commands = 1_000_000;
    let server = Server::start(&regent(), &[]);
    let mut input = Vec::new();
    for at in 0..commands {
        // Every thousandth is wrong, in one of two forms.
        input.extend(match at % 1000 {
            0 => b"*2\r\n$4\r\nINCR\r\n$1\r\nk\r\n".to_vec(),
            1 => b"nosuch a b\r\n".to_vec(),
            _ => format!(
                "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\n{}\r\n",
                char::from(b'a' + (at % 26) as u8)
            )
            .into_bytes(),
        });
    }
    let got = run(&server, Cli::Ours, Screen::Pipe, &["--pipe"], &input);
    let errors = got.err.lines().count();
    assert!((commands / 500 - 1..=commands / 500).contains(&errors), "{errors}");
    let want = format!(
        "All data transferred. Waiting for the last reply...\nLast reply received from server.\n\
         errors: {errors}, replies: {commands}\n"
    );
    assert_eq!((got.status, got.out), (Some(1), want));
    if peer_tool("redis-cli").is_some() {
        // What INCR says depends on the key's value, which is the same again at the end.
        let again = run(&server, Cli::Ours, Screen::Pipe, &["--pipe"], &input);
        let want = run(&server, Cli::Theirs, Screen::Pipe, &["--pipe"], &input);
        assert_eq!(again, want);
    }
}

#[test]
fn an_empty_pipe_and_one_of_garbage_end() {
    let server = Server::start(&regent(), &[]);
    let got = run(&server, Cli::Ours, Screen::Pipe, &["--pipe"], b"");
    assert!(got.out.ends_with("errors: 0, replies: 0\n"), "{got:?}");
    let got = run(&server, Cli::Ours, Screen::Pipe, &["--pipe"], b"*1\r\n!garbage\r\n");
    assert_eq!(got.status, Some(1), "{got:?}");
}

#[test]
fn a_snapshot_is_fetched_to_a_file_and_to_a_pipe() {
    for diskless in ["yes", "no"] {
        let server = filled();
        server.say(&format!("CONFIG SET repl-diskless-sync {diskless}"));
        let got = run(&server, Cli::Ours, Screen::Pipe, &["--rdb", "copied.rdb"], b"");
        assert_eq!((got.status, got.out.as_str()), (Some(0), ""), "{got:?}");
        assert!(got.err.contains("Transfer finished with success"), "{got:?}");
        let mut copy = Server::prepare(&regent(), &[]);
        std::fs::copy(server.file("copied.rdb"), copy.file("dump.rdb")).expect("both are there");
        copy.start_again();
        assert_eq!(copy.position().1, server.position().1);
        let piped = run(&server, Cli::Ours, Screen::Pipe, &["--rdb", "-"], b"");
        assert_eq!(piped.status, Some(0));
        assert!(piped.out.starts_with("REDIS00"), "{}", &piped.out[..20]);
        let got = run(&server, Cli::Ours, Screen::Pipe, &["--rdb", "/nosuch/folder/x"], b"");
        assert_eq!(got.status, Some(1));
        if peer_tool("redis-cli").is_some() {
            let [got, want] = [Cli::Ours, Cli::Theirs]
                .map(|cli| run(&server, cli, Screen::Pipe, &["--rdb", "copied.rdb"], b""));
            assert_eq!(lengthless(&got), lengthless(&want));
        }
    }
}

#[test]
fn scripts_run_and_are_debugged_where_the_server_has_them() {
    let Some(redis) = Program::redis() else { return };
    if peer_tool("redis-cli").is_none() {
        return;
    }
    let server = Server::start(&redis, &[]);
    let script = "local a = redis.call('get', KEYS[1])\nlocal b = {a, ARGV[1]}\nreturn b\n";
    std::fs::write(server.file("good.lua"), script).expect("it is writable");
    std::fs::write(server.file("bad.lua"), "return (\n").expect("it is writable");
    server.say("SET k v");
    for (arguments, typed) in [
        (&["--eval", "good.lua", "k", ",", "x"][..], ""),
        (&["-r", "2", "--eval", "good.lua", "k"], ""),
        (&["--eval", "bad.lua"], ""),
        (&["--eval", "absent.lua"], ""),
        (
            &["--ldb", "--eval", "good.lua", "k", ",", "x"],
            "n\np\ne return 'a b'\nhelp\nw\nc\nget k\n",
        ),
        (&["--ldb", "--eval", "good.lua", "k"], "b 2\nc\nrestart\nr get k\nabort\nget k\n"),
        (&["--ldb-sync-mode", "--eval", "good.lua", "k"], "s\ns\ns\ns\nget k\n"),
        (&["--ldb", "--eval", "bad.lua"], "s\n"),
        (&[], "script debug yes\neval \"return 1\" 0\ns\nget k\n"),
    ] {
        for screen in [Screen::Pipe, Screen::Terminal] {
            let [got, want] = [Cli::Ours, Cli::Theirs]
                .map(|cli| run(&server, cli, screen, arguments, typed.as_bytes()));
            assert_eq!(got, want, "{arguments:?} {typed:?} {screen:?}");
        }
    }
    // Ours runs them alike, and has no debugger.
    let server = Server::start(&regent(), &[]);
    std::fs::write(server.file("good.lua"), script).expect("it is writable");
    server.say("SET k v");
    let words = &["--eval", "good.lua", "k", ",", "x"][..];
    for screen in [Screen::Pipe, Screen::Terminal] {
        let [got, want] = [Cli::Ours, Cli::Theirs].map(|cli| run(&server, cli, screen, words, b""));
        assert_eq!(got, want, "{screen:?}");
        assert!(got.out.contains('v') && got.out.contains('x'), "{got:?}");
    }
    let got = run(&server, Cli::Ours, Screen::Pipe, &["--ldb", "--eval", "good.lua", "k"], b"");
    assert!(got.err.starts_with("The server has no debugger for scripts: ERR"), "{got:?}");
}

#[test]
fn a_snapshot_of_functions_has_no_keys() {
    let server = filled();
    let got = run(&server, Cli::Ours, Screen::Pipe, &["--functions-rdb", "functions.rdb"], b"");
    assert_eq!(got.status, Some(0), "{got:?}");
    let mut copy = Server::prepare(&regent(), &[]);
    std::fs::copy(server.file("functions.rdb"), copy.file("dump.rdb")).expect("both are there");
    copy.start_again();
    assert_eq!(copy.say("DBSIZE"), "(integer) 0");
}

/// Two snapshots may differ in length, by the digits of a time.
fn lengthless(left: &Left) -> (Option<i32>, String, String) {
    let is_kept = |letter: &char| !letter.is_ascii_digit();
    (left.status, left.out.clone(), left.err.chars().filter(is_kept).collect())
}

#[test]
fn a_sampled_latency_is_one_line_in_every_layout() {
    let server = Server::start(&regent(), &[]);
    for (layout, separators) in [("--raw", ' '), ("--csv", ',')] {
        let arguments = &["--latency", "-i", "0.1", layout][..];
        let got = run(&server, Cli::Ours, Screen::Pipe, arguments, b"");
        let parts: Vec<&str> = got.out.trim_end().split(separators).collect();
        assert_eq!((got.status, parts.len()), (Some(0), 4), "{got:?}");
    }
    let got = run(&server, Cli::Ours, Screen::Pipe, &["--intrinsic-latency", "1"], b"");
    assert!(got.out.contains("total runs (avg latency: "), "{got:?}");
}

#[test]
fn a_replica_shows_the_stream_until_it_is_ended() {
    let server = filled();
    let mut command = Command::new(PROGRAM);
    command.args(["cli", "-p", &server.port().to_string(), "--replica"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = command.spawn().expect("it starts");
    server.wait_field("replication", "connected_slaves", "1");
    server.say("SET seen by-the-replica");
    let mut lines = BufReader::new(process.stdout.take().expect("it is piped")).lines();
    let shown = lines.find(|line| line.as_ref().is_ok_and(|line| line.contains("seen")));
    let shown = shown.expect("it shows the stream").expect("it is text");
    assert_eq!(shown, "\"SET\",\"seen\",\"by-the-replica\"");
    server.say("CLIENT KILL TYPE replica");
    let left = process.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&left.stderr);
    assert_eq!(left.status.code(), Some(1), "{said}");
    assert!(said.ends_with("Error: Server closed the connection\n"), "{said}");
}
