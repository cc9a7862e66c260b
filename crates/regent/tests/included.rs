//! Files that a configuration file includes: what they declare survives CONFIG REWRITE, a Sentinel's state, and the
//! next start.
#![allow(clippy::disallowed_methods)]

use testkit::{Program, Sentinel, Server, until};

const PROGRAM: &str = env!("CARGO_BIN_EXE_regent");

fn include(server: &Server, text: &str) {
    std::fs::write(server.file("included.conf"), text).expect("the folder is there");
    server.write_line(&format!("include {}", server.file("included.conf").display()));
}

#[test]
fn users_of_an_included_file_survive_a_rewrite_and_the_next_start() {
    let mut server = Server::prepare(&Program::regent(PROGRAM), &[]);
    include(
        &server,
        "user alice on >pw ~* +@all\nuser bob on >pw ~* +get\nuser eve on >pw ~* +@all\nsave 900 1\nrename-command \
         FLUSHALL gone\n",
    );
    server.start_again();
    let users = server.say("ACL LIST");
    assert_eq!(server.say("CONFIG REWRITE"), "OK");
    assert!(!server.configuration().contains("user alice"), "{}", server.configuration());
    server.shutdown("NOSAVE");
    server.start_again();
    assert_eq!(server.say("ACL LIST"), users);
    assert_eq!(server.say("ACL SETUSER bob -@all +set"), "OK");
    assert_eq!(server.say("ACL DELUSER eve"), "(integer) 1");
    let users = server.say("ACL LIST");
    for _ in 0..2 {
        assert_eq!(server.say("CONFIG REWRITE"), "OK");
        server.shutdown("NOSAVE");
        server.start_again();
        let now = server.say("ACL LIST");
        let now = now.lines().map(|line| line.split_once(' ').expect("a number and a user").1);
        let (eve, others): (Vec<&str>, Vec<&str>) = now.partition(|line| line.contains("user eve"));
        let want = users.lines().map(|line| line.split_once(' ').expect("a number and a user").1);
        assert_eq!(others, want.collect::<Vec<_>>());
        let nobody = "\"user eve off sanitize-payload resetchannels -@all\"";
        assert_eq!(eve, [nobody], "a user that was deleted has no rights");
        assert_eq!(server.say("CONFIG GET save"), "1) \"save\"\n2) \"900 1\"");
    }
}

#[test]
fn a_sentinel_starts_again_after_it_was_told_what_to_watch_by_an_included_file() {
    let master = Server::start(&Program::regent(PROGRAM), &[]);
    let mut sentinel = Sentinel::prepare(&Program::regent_sentinel(PROGRAM), &[]);
    let monitor = format!(
        "sentinel monitor m 127.0.0.1 {} 1\nsentinel rename-command m SLAVEOF other\nuser alice on >pw ~* +@all\n",
        master.port()
    );
    include(&sentinel, &monitor);
    sentinel.start_again();
    assert_eq!(sentinel.say("SENTINEL SET m down-after-milliseconds 1234"), "OK");
    until("the name is in the file", || {
        sentinel.configuration().contains("down-after-milliseconds m 1234")
    });
    for _ in 0..2 {
        sentinel.terminate();
        sentinel.start_again();
        assert_eq!(sentinel.fields("MASTER m").get("down-after-milliseconds"), "1234");
        assert!(sentinel.say("ACL LIST").contains("user alice on"));
    }
}
