//! What a person sees: the picture in terminals of some sizes, and the demonstration.

use std::io::Read;
use std::os::fd::AsFd;
use std::process::Child;
use std::time::{Duration, Instant};

use pty_process::Size;
use pty_process::blocking::{Command, Pty, open};
use sys::wait::{self, Interest};

use crate::PROGRAM;
use crate::run::{folder, once, servers};

const DEADLINE: Duration = Duration::from_secs(60);

/// A terminal with a group in it, and what stands in its rows.
struct Terminal {
    pty: Pty,
    process: Child,
    parser: vt100::Parser,
    /// All that was written.
    bytes: Vec<u8>,
}

impl Terminal {
    fn start(size: (u16, u16), variables: &[(&str, &str)], arguments: &[&str]) -> Terminal {
        sys::signal::end_at_interrupt().expect("SIGINT is a signal");
        let (pty, inside) = open().expect("a terminal");
        pty.resize(Size::new(size.1, size.0)).expect("it has a size");
        let command = Command::new(PROGRAM).arg("up").args(arguments).env_remove("NO_COLOR");
        let command = command.env("TERM", "xterm-256color").envs(variables.iter().copied());
        let process = command.spawn(inside).expect("it starts");
        let parser = vt100::Parser::new(size.1, size.0, 0);
        Terminal { pty, process, parser, bytes: Vec::new() }
    }

    fn resize(&mut self, size: (u16, u16)) {
        self.parser.screen_mut().set_size(size.1, size.0);
        self.pty.resize(Size::new(size.1, size.0)).expect("it has a size");
    }

    fn rows(&self) -> Vec<String> {
        let (_, columns) = self.parser.screen().size();
        self.parser.screen().rows(0, columns).map(|row| row.trim_end().to_owned()).collect()
    }

    /// Waits until the rows are as they should be.
    #[track_caller]
    fn until(&mut self, what: &str, mut holds: impl FnMut(&[String]) -> bool) -> Vec<String> {
        let begin = Instant::now();
        loop {
            let rows = self.rows();
            if holds(&rows) {
                return rows;
            }
            assert!(begin.elapsed() < DEADLINE, "{what}: not in\n{}", rows.join("\n"));
            self.read(Duration::from_millis(100));
        }
    }

    /// Reads once; false at the end.
    fn read(&mut self, within: Duration) -> bool {
        let source = (self.pty.as_fd(), Interest::Read);
        let [ready] = wait::any([source], Some(within)).expect("it can be waited for");
        let mut piece = [0; 4096];
        // The end of a terminal is an error.
        match ready.readable.then(|| self.pty.read(&mut piece)) {
            Some(Ok(len)) if len > 0 => {
                self.parser.process(&piece[..len]);
                self.bytes.extend_from_slice(&piece[..len]);
                true
            }
            Some(_) => false,
            None => true,
        }
    }

    fn signal(&self, name: &str) {
        let pid = self.process.id().to_string();
        let status = std::process::Command::new("kill").args([&format!("-{name}"), &pid]).status();
        assert!(status.is_ok_and(|status| status.success()));
    }

    fn end(&mut self) -> Option<i32> {
        let begin = Instant::now();
        while self.read(Duration::from_millis(100)) {
            assert!(begin.elapsed() < DEADLINE, "it does not end: {:?}", self.rows());
        }
        self.process.wait().expect("it ends").code()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        crate::run::end_in_order(&mut self.process);
    }
}

/// The table with its six members, each in a row of its own, and once.
fn is_whole(rows: &[String]) -> bool {
    let count = |text: &str| rows.iter().filter(|row| row.contains(text)).count();
    rows[0].starts_with(" SERVER    ")
        && count("MASTER, 2 replicas") == 1
        && count("replica of ") == 2
        && count("watches ") == 3
        && count("Ctrl-C stops them all.") == 1
}

#[test]
fn the_picture_fits_into_the_terminal_whatever_becomes_of_its_size() {
    let mut terminal = Terminal::start((80, 24), &[], &["--keys", "500"]);
    for size in [(80, 24), (60, 30), (200, 50), (100, 40), (80, 24)] {
        terminal.resize(size);
        let rows = terminal.until("the picture", is_whole);
        let row = rows.iter().find(|row| row.contains("MASTER")).expect("it is there");
        assert!(row.chars().count() <= usize::from(size.0), "{row}");
    }
    assert!(terminal.bytes.windows(5).any(|it| it == b"\x1b[38;"), "it has colours");
    terminal.signal("INT");
    assert_eq!(terminal.end(), Some(0));
    // What was there before is there again, and the end below it.
    assert!(
        terminal.rows().iter().any(|row| row.starts_with("Stopping.")),
        "{:?}",
        terminal.rows()
    );
}

#[test]
fn colours_that_are_not_wanted_are_not_there() {
    let arguments = ["--keys", "10", "--once"];
    let mut terminal = Terminal::start((80, 24), &[("NO_COLOR", "1")], &arguments);
    assert_eq!(terminal.end(), Some(0));
    let text = String::from_utf8_lossy(&terminal.bytes).into_owned();
    assert!(text.contains("MASTER, 2 replicas") && !text.contains("\x1b[38;"), "{text:?}");
    let mut terminal = Terminal::start((80, 24), &[("TERM", "dumb")], &arguments);
    assert_eq!(terminal.end(), Some(0));
    let text = String::from_utf8_lossy(&terminal.bytes).into_owned();
    assert!(text.contains("MASTER, 2 replicas") && !text.contains('\x1b'), "{text:?}");
}

#[test]
fn a_failover_is_shown_as_what_it_is() {
    let folder = folder();
    once(folder.path(), &[]);
    let port = servers(folder.path())[0];
    let group = folder.path().join("group").to_string_lossy().into_owned();
    let mut terminal = Terminal::start((100, 40), &[], &["--dir", &group]);
    let rows = terminal.until("the picture", is_whole);
    let row = rows.iter().find(|row| row.contains("MASTER")).expect("it is there");
    let pid = row.rsplit(' ').next().expect("a number");
    assert!(row.contains(&port.to_string()), "{row}");
    let status = std::process::Command::new("kill").args(["-9", pid]).status();
    assert!(status.is_ok_and(|status| status.success()));
    let mut silent = 0;
    let rows = terminal.until("the failover", |rows| {
        silent += rows.iter().filter(|row| row.contains("does not answer")).count();
        rows.iter().any(|row| row.contains("failover: the master is on port")) && is_whole(rows)
    });
    assert_eq!(silent, 0, "a member that answers was said not to");
    let said = rows.join("\n");
    for line in [
        format!("the server on port {port} has died (signal: 9 (SIGKILL))"),
        format!("the Sentinels agree that the master on port {port} is down"),
        "leads the failover".to_owned(),
        format!("the server on port {port} was started again"),
        format!("the old master on port {port} is told to be a replica"),
    ] {
        assert_eq!(said.matches(&line).count(), 1, "{line}: {said}");
    }
    assert!(!said.contains(&format!("kill -9 {pid}")), "{said}");
    terminal.signal("TERM");
    assert_eq!(terminal.end(), Some(0));
}

#[test]
fn the_demonstration_tells_the_steps_of_whoever_leads() {
    let output = std::process::Command::new(PROGRAM)
        .args(["up", "--demo", "--keys", "10"])
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    let mut rest = &said[..];
    for next in [
        "is killed:",
        "+odown master mymaster",
        "+elected-leader master mymaster",
        "+selected-slave slave",
        "+promoted-slave slave",
        "+failover-end master",
        "is started again",
        "one master, and everybody else follows it",
        "acknowledged writes 0 were lost",
    ] {
        let at = rest.find(next).unwrap_or_else(|| panic!("{next} does not follow in {said}"));
        rest = &rest[at..];
    }
    assert!(!said.contains("-failover-abort"), "{said}");
    for once in ["+switch-master", "the first write is accepted again"] {
        assert_eq!(said.matches(once).count(), 1, "{said}");
    }
}
