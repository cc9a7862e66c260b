//! The prompt: lines typed by people, or piped in by programs that pretend to be some.

mod editor;
mod help;
mod history;
mod lines;
mod messages;
mod preferences;
mod prompt;
mod secrets;

use config::words;

use crate::connect::Manner;
use crate::exit::{Result, fail};
use crate::format::Output;
use crate::issue::is;
use crate::number;
use crate::screen;
use crate::session::Session;

use editor::Editor;
use history::History;
use lines::Lines;
use preferences::Preferences;

pub(crate) use editor::ask_password;
pub(crate) use help::{check_hints, print_help, print_hint};

/// Commands that take longer are told how long they took.
const TOLD_MS: u64 = 500;

/// Where lines come from.
enum Source {
    /// A terminal, where they are edited.
    Terminal(Box<Editor>),
    /// Anything else.
    Plain(Lines),
}

impl Source {
    fn read(&mut self, prompt: &str) -> Option<Vec<u8>> {
        match self {
            Source::Terminal(editor) => editor.read(prompt),
            Source::Plain(lines) => lines.read(),
        }
    }

    /// True if a line is there already, so that there is nothing to wait for.
    fn has_line(&self) -> bool {
        match self {
            Source::Terminal(_) => false,
            Source::Plain(lines) => lines.has_line(),
        }
    }
}

struct Prompt {
    source: Source,
    history: History,
    preferences: Preferences,
}

/// Reads and runs lines until there are no more.
pub(crate) fn run(session: &mut Session) -> Result<u8> {
    sys::signal::survive_broken_pipe();
    // Where this fails, it is told, and every command tries again.
    session.connect(Manner::Loud)?;
    session.is_interactive = true;
    session.interrupts = sys::signal::Signals::catch_interrupt().ok();
    let mut prompt = match std::io::IsTerminal::is_terminal(&std::io::stdin()) {
        true => Prompt::on_terminal(session)?,
        false => Prompt {
            source: Source::Plain(Lines::default()),
            history: History::none(),
            preferences: Preferences::default(),
        },
    };
    loop {
        let text = prompt::text(session);
        match prompt.source.read(&text) {
            Some(line) => {
                if prompt.obey(session, &line)? == Next::End {
                    return Ok(0);
                }
            }
            // Ctrl-C and Ctrl-D leave subscriptions first, and then the program.
            None if session.is_subscribed => {
                session.is_subscribed = false;
                if !session.reconnect()? {
                    return Ok(0);
                }
            }
            None => return Ok(0),
        }
        if session.is_subscribed {
            messages::show(session, || prompt.source.has_line())?;
        }
    }
}

#[derive(PartialEq, Eq)]
enum Next {
    GoOn,
    End,
}

impl Prompt {
    fn on_terminal(session: &mut Session) -> Result<Prompt> {
        let manual = crate::manual::Manual::load(session)?;
        let history = History::load();
        let preferences = Preferences::load();
        let mut editor = match Editor::new(manual, &history) {
            Ok(editor) => editor,
            Err(error) => return fail(format!("Cannot edit lines: {error}")),
        };
        editor.show_hints(preferences.has_hints);
        Ok(Prompt { source: Source::Terminal(Box::new(editor)), history, preferences })
    }

    /// Does what a line says.
    fn obey(&mut self, session: &mut Session, line: &[u8]) -> Result<Next> {
        let Some(words) = words::split(line) else {
            screen::print("Invalid argument(s)\n");
            self.remember(line);
            return Ok(Next::GoOn);
        };
        let Some(first) = words.first() else { return Ok(Next::GoOn) };
        let Some((repeat, command)) = split_repeat(&words) else {
            screen::print("Invalid redis-cli repeat command option value.\n");
            return Ok(Next::GoOn);
        };
        if !secrets::are_in(command) {
            self.remember(line);
        }
        match words.len() {
            _ if is(first, "quit") || is(first, "exit") => return Ok(Next::End),
            _ if first.starts_with(b":") => {
                self.preferences.obey(&words, "");
                if let Source::Terminal(editor) = &mut self.source {
                    editor.show_hints(self.preferences.has_hints);
                }
            }
            _ if is(first, "restart") => {
                screen::print("Use 'restart' only in Lua debugging mode.\n");
            }
            3 if is(first, "connect") => {
                session.options.place.host = String::from_utf8_lossy(&words[1]).into_owned();
                session.options.place.port = number::integer(&words[2]) as u16;
                session.options.sentinel = None;
                session.reconnect()?;
            }
            1 if is(first, "clear") => screen::print("\x1b[H\x1b[2J"),
            _ => self.issue(session, command, repeat)?,
        }
        Ok(Next::GoOn)
    }

    fn issue(&mut self, session: &mut Session, command: &[Vec<u8>], repeat: i64) -> Result<()> {
        let begun = sys::clock::nanos();
        if is(&command[0], "help") || command[0] == b"?" {
            match &self.source {
                Source::Terminal(editor) => help::print(editor.manual(), &command[1..]),
                Source::Plain(_) => print_help(session, &command[1..])?,
            }
        } else {
            session.issue(command, repeat)?;
        }
        let took_ms = (sys::clock::nanos() - begun) / 1_000_000;
        if took_ms >= TOLD_MS && session.options.layout.output == Output::Standard {
            screen::print(format!("({:.2}s)\n", took_ms as f64 / 1000.0));
        }
        Ok(())
    }

    fn remember(&mut self, line: &[u8]) {
        let line = String::from_utf8_lossy(line);
        if let Source::Terminal(editor) = &mut self.source {
            editor.remember(&line);
        }
        self.history.add(&line);
    }
}

/// `5 ping` is PING five times. None where the number is not one that can be repeated.
fn split_repeat(words: &[Vec<u8>]) -> Option<(i64, &[Vec<u8>])> {
    let is_number = {
        let digits = words[0].strip_prefix(b"-").unwrap_or(&words[0]);
        !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
    };
    if words.len() == 1 || !is_number {
        return Some((1, words));
    }
    let repeat = std::str::from_utf8(&words[0]).ok()?.parse().ok().filter(|count| *count > 0)?;
    Some((repeat, &words[1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_before_a_command_repeats_it() {
        let words = |line: &str| line.split(' ').map(Vec::from).collect::<Vec<_>>();
        for (line, want) in [
            ("ping", Some((1, 1))),
            ("5 ping", Some((5, 1))),
            ("5", Some((1, 1))),
            ("0 ping", None),
            ("-1 ping", None),
            ("99999999999999999999 ping", None),
            ("5x ping", Some((1, 2))),
        ] {
            let words = words(line);
            let got = split_repeat(&words).map(|(repeat, rest)| (repeat, rest.len()));
            assert_eq!(got, want, "{line}");
        }
    }
}
