//! The same words to both programs, on the same server: the same bytes back, figures aside, and the same exit status.

use std::process::{Command, Output};

use testkit::{Server, peer_tool};

use crate::{ours, run, server, words};

/// What a run said, with all figures made the same.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    status: Option<i32>,
    out: Vec<String>,
    error: Vec<String>,
}

fn said(output: &Output) -> Said {
    Said { status: output.status.code(), out: lines(&output.stdout), error: lines(&output.stderr) }
}

/// Lines without what was written over, with `#` for every figure, and once where distributions differ in length only.
fn lines(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let mut lines: Vec<String> = text.split('\n').map(line).collect();
    lines.dedup_by(|a, b| a == b && a.contains("cumulative count"));
    lines
}

fn line(line: &str) -> String {
    let last = line.rsplit('\r').next().unwrap_or_default();
    let mut masked = String::new();
    for word in last.split_inclusive([' ', ',']) {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '-');
        match bare {
            "inf" | "nan" | "-nan" => masked += &word.replace(bare, "#"),
            _ => masked.extend(word.chars().map(|c| if c.is_ascii_digit() { '0' } else { c })),
        }
    }
    // However many digits a figure has, and however wide its column is.
    while let Some(shorter) = ["00", "0.0", "0"].iter().find(|part| masked.contains(**part)) {
        masked = masked.replacen(shorter, if *shorter == "0" { "#" } else { "0" }, 1);
    }
    if masked.contains('#') {
        masked = masked.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    masked
}

#[test]
fn figures_are_masked_and_nothing_else() {
    for (given, want) in [
        ("  50 parallel clients", "# parallel clients"),
        ("    avg       min", "    avg       min"),
        ("       1.679     0.144", "# #"),
        (
            "99.9% <= 8.103 milliseconds (cumulative count 20)",
            "#% <= # milliseconds (cumulative count #)",
        ),
        (
            "x: rps=0.0\r    \rSET: inf requests per second, p50=nan msec",
            "SET: # requests per second, p#=nan msec",
        ),
        ("\"set a b\",\"2500.00\",\"3.271\"", "\"set a b\",\"#\",\"#\""),
        ("\"GET\",\"inf\",\"0.080\",\"nan\"", "\"GET\",\"#\",\"#\",\"#\""),
    ] {
        assert_eq!(line(given), want);
    }
}

/// Both programs with these words.
#[track_caller]
fn both(server: &Server, line: &str, input: &str) -> Option<[Said; 2]> {
    let theirs = peer_tool("redis-benchmark")?;
    let words = words(line, server);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let theirs = said(&run(&mut Command::new(theirs), &words, input));
    Some([said(&ours(&words, input)), theirs])
}

#[track_caller]
fn same(server: &Server, line: &str, input: &str) {
    if let Some([ours, theirs]) = both(server, line, input) {
        assert_eq!(ours, theirs, "{line}");
    }
}

/// All tests of the suite that Debian's version has.
const TESTS: &str =
    "ping,set,get,incr,lpush,rpush,lpop,rpop,sadd,hset,spop,zadd,zpopmin,lrange,mset";

#[test]
fn reports_are_the_same() {
    let server = server(&[]);
    let full = format!("-p PORT -n 200 -c 10 -t {TESTS}");
    let lines = [
        full.as_str(),
        "-p PORT -n 200 -c 10 -t ping_inline,SET,lrange_300 -d 100",
        "-p PORT -n 300 -c 3 -P 4 -r 100 -t set,get,zadd",
        "-p PORT -n 100 -c 4 --threads 2 -t get",
        "-p PORT -n 100 -c 4 --precision 1 -t get",
        "-p PORT -n 100 -c 4 --precision 9 -t get",
        "-p PORT -n 100 -c 4 -t nothing",
        "-p PORT -n 100 -c 4 -d 0 -P 0 -t set",
        "-p PORT -n 100 -k 0 -c 2 -t set",
        "-p PORT -n 100 -3 -t get",
        "-p PORT -n 100 --dbnum 3 -t get",
        "-p PORT -n 100 -e -t get",
        "-p PORT -n 10 -t get set a b",
        "-p PORT -n 10 -c 1 set key:__rand_int__ value",
        "-u redis://127.0.0.1:PORT -n 10 -t get",
        "-u redis://127.0.0.1:PORT/2 -n 10 -t get",
    ];
    for line in lines {
        same(&server, line, "");
    }
}

#[test]
fn short_reports_are_the_same() {
    let server = server(&[]);
    let (quiet, csv) =
        (format!("-p PORT -n 100 -q -t {TESTS}"), format!("-p PORT -n 100 --csv -t {TESTS}"));
    let lines = [
        quiet.as_str(),
        csv.as_str(),
        "-p PORT -n 100 -q --csv -t get",
        "-p PORT -n 100 -q -P 16 -r 1000 lpush mylist __rand_int__",
        "-p PORT -n 100 --csv -r 1000 lpush mylist __rand_int__",
        "-p PORT -n 50 -q --threads 3 -t get,set",
        "-p PORT -n 50 --csv --enable-tracking -t get,set",
        "-p PORT -n 50 --csv eval-like \"quoted\"",
    ];
    for line in lines {
        same(&server, line, "");
    }
    same(&server, "-p PORT -n 50 -c 1 -q -x set from-stdin", "bytes\r\n\0of stdin");
    assert_eq!(server.say("get from-stdin"), "\"bytes\\r\\n\\x00of stdin\"");
}

#[test]
fn the_whole_suite_passes_over_what_the_server_does_not_know() {
    let server = server(&[]);
    let Some([mut ours, theirs]) = both(&server, "-p PORT -n 50 -c 5 -q", "") else { return };
    let extra = ours.out.iter().position(|line| line.starts_with("XADD: "));
    assert!(extra.is_some(), "{ours:?}");
    ours.out.retain(|line| !line.starts_with("XADD: "));
    assert_eq!(ours, theirs);
}

#[test]
fn refusals_are_the_same() {
    let server = server(&[]);
    for line in [
        "-p PORT -n 10 --csv no-such-command",
        "-p PORT -n 10 -q no-such-command a b",
        "-p PORT -n 10 -c 2 -q lpush",
        "-p PORT -q -n 10 --csv --dbnum 999 -t get",
        "-p PORT -a wrong -n 10 -q -t get",
        "-p PORT --user nobody -a wrong -n 10 -q -t get",
        "-u http://127.0.0.1:PORT",
        "-u redis://%zz@127.0.0.1:PORT",
    ] {
        same(&server, line, "");
    }
    for line in ["-p PORT --bogus", "-p PORT -n", "-r -x", "--rate-of"] {
        let Some([ours, theirs]) = both(&server, line, "") else { return };
        // What follows is each program's own help.
        assert_eq!((ours.status, &ours.out[..3]), (theirs.status, &theirs.out[..3]), "{line}");
    }
}

#[test]
fn passwords_are_asked_for_and_taken_the_same() {
    let server = server(&["requirepass secret"]);
    for line in [
        "-p PORT -n 10 -q -t get",
        "-p PORT -n 10 -q -a wrong -t get",
        "-p PORT -n 10 -q -a secret -t get",
        "-p PORT -n 10 -q -a secret --user default -t get",
        "-u redis://default:secret@127.0.0.1:PORT -n 10 -q -t get",
        "-u redis://secret@127.0.0.1:PORT/1 -n 10 -q -t get",
    ] {
        same(&server, line, "");
    }
}

#[test]
fn limits_and_other_places_are_the_same() {
    let few = server(&["maxclients 5"]);
    let Some([ours, theirs]) = both(&few, "-p PORT -c 20 -I", "") else { return };
    assert_eq!(ours, theirs);
    let mut local = Server::prepare(&testkit::Program::regent(crate::PROGRAM), &[]);
    let path = local.file("socket");
    let line = format!("unixsocket {}", path.display());
    let conf = std::fs::read_to_string(local.file("redis.conf")).expect("it was written");
    std::fs::write(local.file("redis.conf"), conf + &line + "\n").expect("the folder is there");
    local.start_again();
    same(&local, &format!("-s {} -n 100 -q -t get", path.display()), "");
    same(&local, &format!("-s {} -n 100 -t get -k 0", path.display()), "");
    let silent = server(&["rename-command CONFIG \"\""]);
    same(&silent, "-p PORT -n 10 -t get", "");
}
