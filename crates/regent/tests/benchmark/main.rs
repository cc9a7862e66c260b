//! `regent benchmark` as a process: beside Debian's `redis-benchmark` on the same server, and with what is ours alone.

#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

mod golden;
mod ours;

use std::io::Write;
use std::process::{Command, Output, Stdio};

use testkit::{Program, Server};

const PROGRAM: &str = env!("CARGO_BIN_EXE_regent");

fn server(lines: &[&str]) -> Server {
    Server::start(&Program::regent(PROGRAM), lines)
}

/// What ours does with `arguments`.
fn ours(arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(PROGRAM);
    run(command.arg("benchmark"), arguments, input)
}

fn run(command: &mut Command, arguments: &[&str], input: &str) -> Output {
    sys::process::ends_with_parent(command);
    command.args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = command.spawn().expect("the program starts");
    let mut pipe = process.stdin.take().expect("it is piped");
    // Who does not read its input may be gone by now.
    let _ = pipe.write_all(input.as_bytes());
    drop(pipe);
    process.wait_with_output().expect("it ends")
}

/// The words of a line; `PORT` stands for the server's.
fn words(line: &str, server: &Server) -> Vec<String> {
    let port = server.port().to_string();
    line.split(' ').map(|word| word.replace("PORT", &port)).collect()
}

/// How often a command was called since the statistics were reset.
fn calls(server: &Server, command: &str) -> Option<u64> {
    let stats = server.field("commandstats", &format!("cmdstat_{command}"));
    stats.strip_prefix("calls=")?.split(',').next()?.parse().ok()
}
