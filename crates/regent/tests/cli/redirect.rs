//! `-c`: a server of a cluster says that the key is elsewhere, and the client goes there.

#![allow(clippy::disallowed_types, reason = "a server that is none needs a socket of its own")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::thread::{Builder, JoinHandle};

use crate::run::{Cli, Run, Screen};

/// A server that takes one connection, and expects these words and gives these replies in turn.
fn node(listener: TcpListener, script: Vec<(&'static str, String)>) -> JoinHandle<()> {
    let play = move || {
        let (mut stream, _) = listener.accept().expect("the client comes");
        for (words, reply) in script {
            expect(&mut stream, words);
            stream.write_all(reply.as_bytes()).expect("the client is there");
        }
    };
    Builder::new().spawn(play).expect("a thread can be started")
}

#[track_caller]
fn expect(stream: &mut TcpStream, words: &str) {
    let words: Vec<&str> = words.split(' ').collect();
    let text: String = words.iter().map(|word| format!("${}\r\n{word}\r\n", word.len())).collect();
    let want = format!("*{}\r\n{text}", words.len());
    let mut got = vec![0; want.len()];
    stream.read_exact(&mut got).expect("the client says so much");
    assert_eq!(String::from_utf8_lossy(&got), want);
}

fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = listener.local_addr().expect("it is bound").port();
    (listener, port)
}

#[test]
fn a_key_that_is_elsewhere_is_followed_there() {
    for (kind, script, typed, want) in [
        ("MOVED", vec![("SET k v", "+OK\r\n")], "", "OK\n"),
        ("ASK", vec![("ASKING", "+OK\r\n"), ("SET k v", "+OK\r\n")], "", "OK\n"),
        (
            "MOVED",
            vec![("SET k v", "+OK\r\n"), ("GET k", "$1\r\nv\r\n")],
            "SET k v\nGET k\n",
            "-> Redirected to slot [7629] located at 127.0.0.1:THERE\nOK\n\"v\"\n",
        ),
    ] {
        let ((here, asked), (there, port)) = (listener(), listener());
        let redirection = format!("-{kind} 7629 127.0.0.1:{port}\r\n");
        let here = node(here, vec![("SET k v", redirection)]);
        let replies = script.into_iter().map(|(words, reply)| (words, reply.to_owned()));
        let there = node(there, replies.collect());
        let mut run = Run::new(asked, Path::new("/"));
        run.arguments = vec!["-c"];
        if typed.is_empty() {
            run.arguments.extend(["SET", "k", "v"]);
        }
        (run.input, run.screen) = (typed.as_bytes(), Screen::Terminal);
        let left = run.of(Cli::Ours);
        assert_eq!((left.status, left.err.as_str()), (Some(0), ""));
        assert_eq!(left.out.replace(&port.to_string(), "THERE"), want, "{kind}");
        here.join().expect("it was asked what it should be");
        there.join().expect("it was asked what it should be");
    }
}

#[test]
fn without_the_option_a_redirection_is_an_error() {
    let (here, asked) = listener();
    let here = node(here, vec![("GET k", "-MOVED 7629 127.0.0.1:1\r\n".to_owned())]);
    let mut run = Run::new(asked, Path::new("/"));
    (run.arguments, run.screen) = (vec!["GET", "k"], Screen::Terminal);
    assert_eq!(run.of(Cli::Ours).out, "(error) MOVED 7629 127.0.0.1:1\n");
    here.join().expect("it was asked what it should be");
}
