//! The debugger of scripts (`--ldb`, or SCRIPT DEBUG and EVAL at the prompt), where the server has one: it answers each
//! command with lines of its own, until a line says that the session is over and the script's reply follows.

use client::Value;

use crate::exit::{Exit, Result};
use crate::format::Output;
use crate::interactive::{End, Prompt, converse};
use crate::screen;
use crate::session::{Read, Session};

/// Where a session of the debugger stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Debugger {
    /// There is none.
    #[default]
    Off,
    /// The next EVAL begins one.
    Armed,
    Running,
    /// The script's own reply is what comes next.
    Ended,
}

const INTRODUCTION: &str = "\
Lua debugging session started, please use:
quit    -- End the session.
restart -- Restart the script in debug mode again.
help    -- Show Lua script debugging commands.

";

/// Debugs the script of `words`, which are an EVAL, as often as the user restarts it.
pub(super) fn run(session: &mut Session, words: &[Vec<u8>]) -> Result<u8> {
    let mode = if session.options.modes.is_debugger_sync { "sync" } else { "yes" };
    let mut prompt = None;
    loop {
        screen::print(INTRODUCTION);
        if let Value::Error(text) = session.must_ask(&["SCRIPT", "DEBUG", mode])? {
            let text = String::from_utf8_lossy(&text).into_owned();
            return crate::exit::fail(format!("The server has no debugger for scripts: {text}"));
        }
        session.debugger = Debugger::Armed;
        session.options.layout.output = Output::Raw;
        let is_answered = session.issue(words, 1)?;
        if session.debugger != Debugger::Running {
            screen::print("Eval debugging session can't start:\n");
            session.debugger = Debugger::Off;
            session.read_reply(false)?;
            return Ok(if is_answered { 0 } else { 1 });
        }
        let prompt = match &mut prompt {
            Some(prompt) => prompt,
            none => none.insert(Prompt::new(session)?),
        };
        if converse(session, prompt)? == End::Quit {
            return Ok(0);
        }
        session.reconnect()?;
        screen::print("\n");
    }
}

impl Session {
    /// EVAL after SCRIPT DEBUG begins a session.
    pub(crate) fn note_debugging(&mut self, words: &[Vec<u8>]) {
        let is = |at: usize, name: &str| words.get(at).is_some_and(|it| crate::issue::is(it, name));
        if words.len() == 3 && is(0, "script") && is(1, "debug") {
            let is_on = is(2, "yes") || is(2, "sync");
            self.debugger = if is_on { Debugger::Armed } else { Debugger::Off };
        } else if is(0, "eval") && self.debugger == Debugger::Armed {
            self.debugger = Debugger::Running;
            self.options.layout.output = Output::Raw;
        }
    }

    /// The lines of the debugger as they are shown. The line that ends the session is not.
    pub(crate) fn debugged(&mut self, reply: Value) -> Value {
        match reply {
            Value::Simple(line) if line.starts_with(b"<endsession>") => {
                self.debugger = Debugger::Ended;
                self.options.layout.output = Output::Standard;
                Value::Simple(Vec::new())
            }
            Value::Simple(line) if self.debugger == Debugger::Running => {
                Value::Simple(painted(line))
            }
            Value::Array(lines) => {
                Value::Array(lines.into_iter().map(|line| self.debugged(line)).collect())
            }
            other => other,
        }
    }

    /// After the end of a session: the reply of the script, and what became of its changes.
    pub(crate) fn leave_debugger(&mut self) -> Result<()> {
        self.debugger = Debugger::Off;
        if let Read::Lost(_) = self.read_reply(false)? {
            return Err(Exit(1));
        }
        let is_kept = self.options.modes.is_debugger_sync;
        let fate = if is_kept { "" } else { " -- dataset changes rolled back" };
        screen::print(format!("\n(Lua debugging session ended{fate})\n\n"));
        // The server ends the connection with the session, and we may learn of it too late.
        self.link = None;
        Ok(())
    }
}

/// Signs of the debugger and their colours; the last that occurs counts.
const SIGNS: &[(&[u8], Color)] = &[
    (b"<debug>", Color::Bold),
    (b"<redis>", Color::Is(32)),
    (b"<reply>", Color::Is(36)),
    (b"<error>", Color::Is(31)),
    (b"<hint>", Color::Bold),
    (b"<value>", Color::Is(35)),
    (b"<retval>", Color::Is(35)),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Color {
    /// White.
    Bold,
    Is(u8),
}

fn color(line: &[u8]) -> Color {
    // The number of a line of the script, with the sign of the current line or of a break point before it.
    if line.len() > 4 && line[3].is_ascii_digit() {
        if line[1] == b'>' {
            return Color::Is(33);
        }
        if line[2] == b'#' {
            return Color::Bold;
        }
    }
    let has = |sign: &[u8]| line.windows(sign.len()).any(|part| part == sign);
    let signs = SIGNS.iter().rev().find(|(sign, _)| has(sign));
    signs.map_or(Color::Is(37), |(_, color)| *color)
}

fn painted(line: Vec<u8>) -> Vec<u8> {
    if !screen::has_colors() {
        return line;
    }
    let (bold, number) = match color(&line) {
        Color::Bold => (1, 37),
        Color::Is(number) => (0, number),
    };
    let mut text = format!("\x1b[{bold};{number};49m").into_bytes();
    text.extend(line);
    text.extend_from_slice(b"\x1b[0m");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_the_colour_of_what_they_say() {
        for (line, want) in [
            ("* Stopped at 1, stop reason = step over", Color::Is(37)),
            ("-> 1   local x", Color::Is(33)),
            ("  #2   return x", Color::Bold),
            ("<redis> GET k", Color::Is(32)),
            ("<error> <value> no", Color::Is(35)),
            ("<debug> line 1", Color::Bold),
        ] {
            assert_eq!(color(line.as_bytes()), want, "{line}");
        }
    }
}
