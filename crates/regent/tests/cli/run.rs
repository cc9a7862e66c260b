//! Running a client to its end, theirs or ours, and what it left.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::PROGRAM;

/// Which client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cli {
    Ours,
    Theirs,
}

/// What a client left.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Left {
    pub(crate) status: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// What standard output pretends to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Screen {
    Pipe,
    Terminal,
}

/// A run of a client.
#[derive(Clone, Debug)]
pub(crate) struct Run<'a> {
    pub(crate) port: u16,
    pub(crate) arguments: Vec<&'a str>,
    pub(crate) input: &'a [u8],
    pub(crate) screen: Screen,
    pub(crate) folder: &'a Path,
    pub(crate) variables: Vec<(&'a str, &'a str)>,
}

impl<'a> Run<'a> {
    pub(crate) fn new(port: u16, folder: &'a Path) -> Run<'a> {
        Run {
            port,
            arguments: Vec::new(),
            input: b"",
            screen: Screen::Pipe,
            folder,
            variables: Vec::new(),
        }
    }

    /// Runs it to its end. Bytes that are not UTF-8 are shown as numbers; the port is not shown, since two servers that
    /// are compared have two.
    pub(crate) fn of(&self, cli: Cli) -> Left {
        let mut command = match cli {
            Cli::Ours => Command::new(PROGRAM),
            Cli::Theirs => Command::new("redis-cli"),
        };
        // By the name that it is linked by in packages.
        command.arg0("redis-cli");
        command.args(["-p", &self.port.to_string()]).args(&self.arguments);
        command.current_dir(self.folder).env_remove("FAKETTY").env("TERM", "dumb");
        command.env_remove("REDISCLI_AUTH").envs(self.variables.iter().copied());
        if self.screen == Screen::Terminal {
            command.env("FAKETTY", "1");
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().expect("it starts");
        let mut pipe = process.stdin.take().expect("it is piped");
        let input = self.input.to_vec();
        // Beside reading, so that neither waits for the other.
        let writer = std::thread::Builder::new().spawn(move || {
            // Some end without reading to the end.
            let _ = pipe.write_all(&input);
        });
        let output = process.wait_with_output().expect("it ends");
        writer.expect("a thread can be started").join().expect("it only writes");
        let show = |bytes: &[u8]| {
            let text: String = bytes
                .utf8_chunks()
                .map(|chunk| {
                    let invalid = chunk.invalid().iter().map(|byte| format!("<{byte:02x}>"));
                    chunk.valid().to_owned() + &invalid.collect::<String>()
                })
                .collect();
            without_port(&text, self.port)
        };
        Left { status: output.status.code(), out: show(&output.stdout), err: show(&output.stderr) }
    }
}

/// The text with PORT in the place of the number. Its digits within a longer number are something else.
fn without_port(text: &str, port: u16) -> String {
    let port = port.to_string();
    let mut shown = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(&port) {
        let (before, after) = (&rest[..at], &rest[at + port.len()..]);
        let is_digit = |it: char| it.is_ascii_digit();
        shown.push_str(before);
        let is_part = shown.ends_with(is_digit) || after.starts_with(is_digit);
        shown.push_str(if is_part { &port } else { "PORT" });
        rest = after;
    }
    shown + rest
}

#[test]
fn a_port_is_a_number_of_its_own() {
    assert_eq!(
        without_port("127.0.0.1:2001 12001 20015, 20012001, 2001", 2001),
        "127.0.0.1:PORT 12001 20015, 20012001, PORT"
    );
}
