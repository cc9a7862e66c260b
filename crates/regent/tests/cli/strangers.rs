//! What answers is no server, or a broken one: both clients say the same of it.

#![allow(clippy::disallowed_types, reason = "a server that is none needs a socket of its own")]

use std::io::{Read, Write};
use std::net::TcpListener;

use testkit::peer_tool;

use crate::run::{Cli, Left, Run};

/// Answers whatever comes with `reply`, and listens on until the client goes. Two clients are served, one by one.
fn answer(reply: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = listener.local_addr().expect("it is bound").port();
    let serve = move || {
        for _ in 0..2 {
            let Ok((mut stream, _)) = listener.accept() else { return };
            let mut piece = [0; 1024];
            // A client that goes while it is answered has seen enough.
            while stream.read(&mut piece).is_ok_and(|len| len > 0) {
                if stream.write_all(reply).is_err() {
                    break;
                }
            }
        }
    };
    std::thread::Builder::new().spawn(serve).expect("a thread can be started");
    port
}

#[test]
fn what_is_no_reply_is_named_at_once() {
    if peer_tool("redis-cli").is_none() {
        return;
    }
    let folder = std::env::temp_dir();
    for reply in [
        // No line end will ever come: SSH and TLS wait for us.
        &b"SSH-2.0-OpenSSH_9"[..],
        b"\x15\x03\x01\x00\x02\x02",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\r\n",
        b":x\r\n",
        b"$x\r\n",
        b"$-2\r\n",
        b"*x\r\n",
        b"*-2\r\n",
        b"*99999999999\r\n",
        b"%-1\r\n",
        b"=3\r\nabc\r\n",
        b"=5\r\ntxtxa\r\n",
        b"#x\r\n",
        b"#T\r\n",
        b"_x\r\n",
        b",\r\n",
        b",x\r\n",
        b",infinity\r\n",
        b",-inf\r\n",
        b"(x\r\n",
        b"(12\r\n",
        b"*2\r\n:1\r\n?\r\n",
        b"-ERR not \xff UTF-8\r\n",
    ] {
        for arguments in
            [&["--no-raw", "get", "k"][..], &["--json", "-2", "get", "k"], &["-e", "get", "k"]]
        {
            let mut run = Run::new(answer(reply), &folder);
            run.arguments = arguments.to_vec();
            let (got, want): (Left, Left) = (run.of(Cli::Ours), run.of(Cli::Theirs));
            assert_eq!(got, want, "{:?} {arguments:?}", String::from_utf8_lossy(reply));
        }
    }
}
