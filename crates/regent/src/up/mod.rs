//! `regent up`: a self-healing group on this machine, with data arriving, to look at and to play with.

mod arguments;
mod demo;
mod group;
mod load;
mod member;
mod picture;

use std::io::Write;
use std::time::Duration;

use anyhow::{Context, Result};
use sys::signal::Signals;

use arguments::Arguments;
use group::Group;
use picture::Picture;

/// How often we look whether somebody has died, and whether it is time to stop.
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
    let mut stopped = move || signals.take() != sys::signal::Asked::default();
    show(&arguments, &mut stopped)
}

fn show(arguments: &Arguments, stopped: &mut impl FnMut() -> bool) -> Result<u8> {
    say(&format!(
        "Regent {}: a master, its replicas, and Sentinels that watch them\n",
        crate::VERSION
    ));
    let mut group = Group::start(arguments)?;
    if group.goes_on {
        say(&format!("Going on with the group in {}\n", group.folder().display()));
    }
    group.wait(stopped)?;
    let mut picture = Picture::new();
    if !group.goes_on {
        load::run(&mut group, arguments.keys, stopped)?;
    }
    if arguments.demo {
        if !stopped() {
            demo::run(&mut group, stopped)?;
        }
    } else if !stopped() {
        introduce(arguments, &mut group);
        while !stopped() {
            for at in 0..group.members.len() {
                if let Some(change) = group.members[at].look(arguments.restart)? {
                    picture.note(&group.members[at], change);
                }
            }
            picture.show(&mut group);
            if arguments.once {
                break;
            }
            sys::thread::sleep(LOOK);
        }
    }
    say("\nStopping.");
    group.stop();
    Ok(0)
}

/// How to connect, and what to try.
fn introduce(arguments: &Arguments, group: &mut Group) {
    let auth = match arguments.password.is_empty() {
        true => String::new(),
        false => format!(" -a {}", arguments.password),
    };
    say("To connect, with redis-cli, regent cli or any client of Redis:\n");
    for member in &group.members {
        say(&format!("  redis-cli -p {:<5}{auth}   # {}", member.port, member.program.word()));
    }
    let victim = group.master().and_then(|at| group.members[at].pid());
    if let Some(pid) = victim.filter(|_| arguments.sentinels > 0) {
        say(&format!("\nTo see it heal, kill the master from another terminal:  kill -9 {pid}"));
    }
    say(&format!("Logs and files are in {}", group.folder().display()));
    say("Ctrl-C stops them all.\n");
}

/// Prints a line. Whoever closed our output does not want to hear it.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
