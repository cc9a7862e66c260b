//! What operators' documents of Redis 3 and 4 show, typed at this server: starting it, making replicas, losing the
//! master. One test per row of the table of what such documents contain; wording and fields are those of 7.2.

mod alone;
mod group;
mod outage;
mod settings;

use testkit::{Program, Server};

const PROGRAM: &str = env!("CARGO_BIN_EXE_regent");

/// A replication id that is none.
const NO_ID: &str = "0000000000000000000000000000000000000000";

fn regent() -> Program {
    Program::regent(PROGRAM)
}

fn start(lines: &[&str]) -> Server {
    Server::start(&regent(), lines)
}

/// The names of the fields of an answer of INFO, in order; the title of the section first.
fn names(info: &str) -> Vec<&str> {
    info.lines().map(|line| line.split(':').next().unwrap_or_default()).collect()
}

/// What INFO replication of a master shows, with `replicas` of them.
fn master_names(replicas: usize) -> Vec<String> {
    let slaves = (0..replicas).map(|at| format!("slave{at}"));
    ["# Replication", "role", "connected_slaves"]
        .map(str::to_owned)
        .into_iter()
        .chain(slaves)
        .chain(HISTORY.map(str::to_owned))
        .collect()
}

/// What INFO replication of a replica shows, with `replicas` of its own, its link being up or down.
fn replica_names(replicas: usize, is_up: bool) -> Vec<String> {
    let down = (!is_up).then_some("master_link_down_since_seconds");
    let slaves = (0..replicas).map(|at| format!("slave{at}"));
    REPLICA[..9]
        .iter()
        .copied()
        .chain(down)
        .chain(REPLICA[9..].iter().copied())
        .map(str::to_owned)
        .chain(slaves)
        .chain(HISTORY.map(str::to_owned))
        .collect()
}

const REPLICA: &[&str] = &[
    "# Replication",
    "role",
    "master_host",
    "master_port",
    "master_link_status",
    "master_last_io_seconds_ago",
    "master_sync_in_progress",
    "slave_read_repl_offset",
    "slave_repl_offset",
    "slave_priority",
    "slave_read_only",
    "replica_announced",
    "connected_slaves",
];

const HISTORY: [&str; 9] = [
    "master_failover_state",
    "master_replid",
    "master_replid2",
    "master_repl_offset",
    "second_repl_offset",
    "repl_backlog_active",
    "repl_backlog_size",
    "repl_backlog_first_byte_offset",
    "repl_backlog_histlen",
];

/// A field of INFO replication.
fn of(server: &Server, name: &str) -> String {
    server.field("replication", name)
}
