//! Scripts answer the same, down to the words of their errors; libraries pass from one server to the other.

use testkit::{Program, Server, Value, print};

use crate::{for_both_ways, regent};

/// Scripts as users write them, right and wrong, between lines of `--`.
const SCRIPTS: &str = include_str!("scripts.txt");

const LIBRARY: &str = "#!lua name=lib\nredis.register_function{function_name='add', \
                       callback=function(keys, args) return redis.call('INCRBY', keys[1], args[1]) end, \
                       description='adds', flags={'allow-oom'}}\n\
                       redis.register_function('twice', function(keys, args) return {args[1], args[1]} end)";

#[test]
fn scripts_answer_the_same() {
    let Some(redis) = Program::redis() else { return };
    let servers = [redis, regent()].map(|program| Server::start(&program, &[]));
    let mut clients = servers.each_ref().map(Server::client);
    let mut differences = Vec::new();
    for proto in ["2", "3"] {
        for client in &mut clients {
            assert!(!client.command(&["HELLO", proto]).expect("it answers").is_error());
        }
        for script in SCRIPTS.split("\n--\n") {
            let [theirs, ours] = clients.each_mut().map(|client| {
                client.command(&["FLUSHALL"]).expect("it answers");
                let words = ["EVAL", script, "2", "k1", "k2", "a1", "a2"];
                print(&client.command(&words).expect("it answers"))
            });
            if theirs != ours {
                differences.push(format!("{script}\ntheirs: {theirs}\nours:   {ours}"));
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n\n"));
}

#[test]
fn libraries_pass_from_one_to_the_other() {
    for_both_ways(|first, second| {
        let (first, second) = (Server::start(first, &[]), Server::start(second, &[]));
        let (mut from, mut to) = (first.client(), second.client());
        let loaded = from.command(&["FUNCTION", "LOAD", LIBRARY]).expect("it answers");
        assert_eq!(loaded.text(), "lib");
        let payload = from.command(&["FUNCTION", "DUMP"]).expect("it answers");
        let payload = payload.as_bytes().expect("a payload is bytes").to_vec();
        let restored = to.command(&[&b"FUNCTION"[..], b"RESTORE", &payload]).expect("it answers");
        assert_eq!(restored, Value::Simple(b"OK".to_vec()));
        assert_eq!(
            to.command(&["FCALL", "add", "1", "n", "5"]).expect("it answers"),
            Value::Int(5)
        );
        assert_eq!(listed(&mut from), listed(&mut to));
    });
}

/// What FUNCTION LIST tells; functions have no order.
fn listed(client: &mut testkit::Client) -> Vec<String> {
    let list = client.command(&["FUNCTION", "LIST", "WITHCODE"]).expect("it answers");
    let mut lines: Vec<String> = print(&list).lines().map(|it| it.trim().to_owned()).collect();
    lines.iter_mut().for_each(|line| {
        // The places in the list are not compared.
        *line = line.trim_start_matches(|it: char| it.is_ascii_digit() || ") ".contains(it)).into();
    });
    lines.sort();
    lines
}
