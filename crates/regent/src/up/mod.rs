//! `regent up`: a self-healing group on this machine, with data arriving, to look at and to play with.

mod arguments;
mod demo;
mod events;
mod group;
mod history;
mod load;
mod member;
mod out;
mod picture;
mod screen;
mod settings;
mod stop;

use std::time::Duration;

use anyhow::{Context, Result};
use sys::signal::{Asked as Signalled, Signals};

use arguments::{Arguments, Asked};
use group::Group;
use out::Out;
use picture::Picture;

/// How often we look whether somebody has died, and whether it is time to stop.
const LOOK: Duration = Duration::from_millis(100);

/// Runs until Ctrl-C, or until everything was shown if that is enough.
pub(crate) fn run(arguments: &[Vec<u8>]) -> Result<u8> {
    let out = Out::default();
    let arguments = match arguments::parse(arguments) {
        Asked::Run(arguments) => arguments,
        Asked::Help => {
            out.write(arguments::HELP.as_bytes());
            return Ok(u8::from(out.is_gone()));
        }
        Asked::Wrong(what) => {
            sys::complain!("regent up: {what}\n{}", arguments::USAGE);
            return Ok(1);
        }
    };
    // The end of the terminal is an end like any other; the members do not outlive it.
    let mut signals = Signals::catch_with_hangup().context("cannot wait for signals")?;
    let mut is_stopped = false;
    let mut stopped = || {
        // Nobody sees what cannot be written any more.
        is_stopped |= signals.take() != Signalled::default() || out.is_gone();
        is_stopped
    };
    let mut group = Group::find(&arguments, out.clone(), &mut stopped)?;
    let shown = show(&arguments, &mut group, &mut stopped);
    out.say("\nStopping.");
    let was_good = stop::run(&mut group, &mut || signals.take() != Signalled::default());
    shown?;
    Ok(u8::from(!was_good || out.is_gone()))
}

fn show(
    arguments: &Arguments,
    group: &mut Group,
    stopped: &mut impl FnMut() -> bool,
) -> Result<()> {
    let out = group.out.clone();
    out.say(&format!(
        "Regent {}: a master, its replicas, and Sentinels that watch them\n",
        crate::VERSION
    ));
    group.start(stopped)?;
    group.wait(stopped)?;
    if !group.goes_on && !stopped() {
        load::run(group, arguments.keys(), stopped)?;
    }
    if stopped() {
        return Ok(());
    }
    if arguments.demo {
        return demo::run(group, stopped);
    }
    let introduction = Introduction::new(group);
    let master = group.master().map(|at| (group.members[at].port, group.members[at].pid()));
    introduction.lines(master).iter().for_each(|line| out.say(line));
    out.say("");
    let mut picture = Picture::new(out, introduction);
    while !stopped() {
        for at in 0..group.members.len() {
            if let Some(change) = group.members[at].look(!arguments.no_restart)? {
                picture.note(&group.members[at], &change);
            }
        }
        picture.show(group);
        if arguments.once {
            break;
        }
        sys::thread::sleep(LOOK);
    }
    Ok(())
}

/// How to connect, and what to try.
#[derive(Clone, Debug, Default)]
struct Introduction {
    has_password: bool,
    has_sentinels: bool,
    folder: String,
}

impl Introduction {
    fn new(group: &mut Group) -> Introduction {
        let has_sentinels = group.sentinels().next().is_some();
        Introduction {
            has_password: !group.password.is_empty(),
            has_sentinels,
            folder: group.folder().display().to_string(),
        }
    }

    /// With the port and the process of whoever is the master now.
    fn lines(&self, master: Option<(u16, Option<u32>)>) -> Vec<String> {
        let auth = if self.has_password { " --askpass" } else { "" };
        let mut lines = Vec::new();
        if let Some((port, pid)) = master {
            lines.push(format!("Connect with redis-cli or any client:  redis-cli -p {port}{auth}"));
            if let Some(pid) = pid.filter(|_| self.has_sentinels) {
                lines.push(format!("To see it heal, kill the master:       kill -9 {pid}"));
            }
        }
        lines.push(format!("Logs and files are in {}", self.folder));
        lines.push("Ctrl-C stops them all.".to_owned());
        lines
    }
}
