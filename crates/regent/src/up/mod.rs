//! `regent up`: a master and its replicas on free local ports, with data arriving, to look at and to play with.

mod arguments;
mod group;
mod load;

use std::io::Write;
use std::time::Duration;

use anyhow::{Context, Result};
use client::Client;
use sys::signal::Signals;

use arguments::Arguments;
use group::{Group, Server};

/// How often we look whether it is time to stop.
const LOOK: Duration = Duration::from_millis(100);

/// Runs until Ctrl-C, or until everything was shown if that is enough.
pub(crate) fn run(arguments: &[Vec<u8>]) -> Result<u8> {
    let arguments = match arguments::parse(arguments) {
        Ok(arguments) => arguments,
        Err(message) => {
            eprint!("{message}");
            return Ok(1);
        }
    };
    let mut signals = Signals::catch().context("cannot wait for signals")?;
    let stopped = move || signals.take() != sys::signal::Asked::default();
    show(&arguments, stopped)
}

fn show(arguments: &Arguments, mut stopped: impl FnMut() -> bool) -> Result<u8> {
    say(&format!("Regent {}: a master and its replicas\n", crate::VERSION));
    let mut group = Group::start(arguments.replicas, arguments.folder.as_deref())?;
    for server in group.servers() {
        say(&format!("  {}", server.describe()));
    }
    say("");
    let mut clients = group.connect()?;
    group.wait_for_links(&mut clients, &mut stopped)?;
    load::run(&group, &mut clients, arguments.keys, &mut stopped)?;
    for (server, client) in group.servers().iter().zip(&mut clients) {
        show_replication(server, client)?;
    }
    if !arguments.once && !stopped() {
        say("To connect, with redis-cli or any client of Redis:\n");
        for server in group.servers() {
            say(&format!("  redis-cli -p {:<5}   # {}", server.port, server.role()));
        }
        say(&format!("\nTheir logs and files are in {}", group.folder().display()));
        say("Ctrl-C stops them all.");
        while !stopped() {
            sys::thread::sleep(LOOK);
            if let Some(server) = group.find_ended() {
                say(&format!("The {} on port {} has ended.", server.role(), server.port));
                say(&server.last_words());
                return Ok(1);
            }
        }
    }
    say("\nStopping.");
    group.stop();
    Ok(0)
}

fn show_replication(server: &Server, client: &mut Client) -> Result<()> {
    let info = client.command(&["INFO", "replication"]).context("cannot ask for INFO")?;
    say(&format!("--- {} on port {}: INFO replication", server.role(), server.port));
    say(&info.text().replace('\r', ""));
    Ok(())
}

/// Prints a line. Whoever closed our output does not want to hear it.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
