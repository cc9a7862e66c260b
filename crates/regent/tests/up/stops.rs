//! Stops under load, again and again: whatever was acknowledged is there after the next start.
//!
//! `REGENT_STOPS=50` makes it fifty stops instead of three.

use std::sync::atomic::{AtomicBool, Ordering};

use client::Client;
use testkit::poll;

use crate::run::{Up, ask, assert_all_have, folder, keys, servers};

/// The server that is the master now.
fn master(ports: &[u16]) -> u16 {
    poll("a master", || {
        let is_master = |port: &&u16| {
            ask(**port, &["INFO", "replication"])
                .is_some_and(|it| it.text().contains("role:master"))
        };
        ports.iter().find(is_master).copied()
    })
}

/// Writes keys until nobody takes them any more; how many were acknowledged.
fn write(port: u16, round: usize, has_begun: &AtomicBool) -> u64 {
    let mut client = Client::connect(("127.0.0.1", port)).expect("the master listens");
    let mut count = 0;
    loop {
        let key = format!("stop:{round}:{count}");
        match client.command(&["SET", &key, "v"]) {
            Ok(reply) if !reply.is_error() => count += 1,
            _ => return count,
        }
        has_begun.store(count > 100, Ordering::Relaxed);
    }
}

#[test]
fn no_stop_under_load_loses_what_was_acknowledged() {
    let stops = std::env::var("REGENT_STOPS").ok().and_then(|it| it.parse().ok()).unwrap_or(3);
    let folder = folder();
    let folder = folder.path();
    let mut least = 500;
    for round in 0..stops {
        let signal = ["INT", "TERM", "HUP"][round % 3];
        let mut up = Up::start(folder, &[]);
        let ports = servers(folder);
        let port = master(&ports);
        let has = ask(port, &["DBSIZE"]).map(|it| it.text().parse::<u64>().expect("a number"));
        assert!(has >= Some(least), "round {round}: {has:?}, acknowledged were {least}");
        let has_begun = AtomicBool::new(false);
        let acknowledged = std::thread::scope(|scope| {
            let writer = scope.spawn(|| write(port, round, &has_begun));
            poll("some keys", || has_begun.load(Ordering::Relaxed).then_some(()));
            up.signal(signal);
            let (status, errors) = up.end();
            assert!(status.success(), "round {round}, {signal}: {status} {errors}");
            writer.join().expect("the writer ends with its server")
        });
        least = has.expect("it was read") + acknowledged;
        let saved = keys(folder, port).expect("the dump is whole");
        assert!(
            saved >= least,
            "round {round}, {signal}: {saved} saved, acknowledged were {least}"
        );
        assert_all_have(folder, saved);
    }
}
