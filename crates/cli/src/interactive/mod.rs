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
use crate::manual::Manual;
use crate::modes::Debugger;
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
            Source::Terminal(editor) => editor.has_more(),
            Source::Plain(lines) => lines.has_line(),
        }
    }
}

/// Who reads lines, and what is remembered of them.
pub(crate) struct Prompt {
    source: Source,
    history: History,
    preferences: Preferences,
}

/// How a conversation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Quit,
    /// A script shall be debugged again from its beginning.
    Restart,
}

/// The prompt of a program without a command.
pub(crate) fn run(session: &mut Session) -> Result<u8> {
    // Where this fails, it is told, and every command tries again.
    session.connect(Manner::Loud)?;
    let mut prompt = Prompt::new(session)?;
    converse(session, &mut prompt).map(|_| 0)
}

/// Reads and runs lines until there are no more.
pub(crate) fn converse(session: &mut Session, prompt: &mut Prompt) -> Result<End> {
    loop {
        let text = prompt::text(session);
        match prompt.source.read(&text) {
            Some(line) => {
                if let Some(end) = prompt.obey(session, &line)? {
                    return Ok(end);
                }
            }
            // Ctrl-C and Ctrl-D leave subscriptions first, and then the program.
            None if session.is_subscribed => {
                session.is_subscribed = false;
                if !session.reconnect()? {
                    return Ok(End::Quit);
                }
            }
            None => return Ok(End::Quit),
        }
        if session.is_subscribed {
            messages::show(session, || prompt.source.has_line())?;
        }
    }
}

impl Prompt {
    /// From now on a lost server and Ctrl-C do not end the program at once.
    pub(crate) fn new(session: &mut Session) -> Result<Prompt> {
        sys::signal::survive_broken_pipe();
        session.is_interactive = true;
        session.interrupts = sys::signal::Signals::catch_interrupt().ok();
        if std::io::IsTerminal::is_terminal(&std::io::stdin()) {
            return Prompt::on_terminal(session);
        }
        Ok(Prompt {
            source: Source::Plain(Lines::default()),
            history: History::none(),
            preferences: Preferences::default(),
        })
    }

    fn on_terminal(session: &mut Session) -> Result<Prompt> {
        // The debugger understands no other commands than its own.
        let manual = match session.debugger {
            Debugger::Running => Manual::default(),
            _ => Manual::load(session)?,
        };
        let history = History::load();
        let preferences = Preferences::load();
        let mut editor = match Editor::new(manual, &history) {
            Ok(editor) => editor,
            Err(error) => return fail(format!("Cannot edit lines: {error}")),
        };
        editor.show_hints(preferences.has_hints);
        Ok(Prompt { source: Source::Terminal(Box::new(editor)), history, preferences })
    }

    /// Does what a line says; something if it is the last.
    fn obey(&mut self, session: &mut Session, line: &[u8]) -> Result<Option<End>> {
        let Some(words) = split(session, line) else {
            screen::print("Invalid argument(s)\n");
            if !secrets::may_be_in(line) {
                self.remember(line);
            }
            return Ok(None);
        };
        let Some(first) = words.first() else { return Ok(None) };
        let Some((repeat, command)) = split_repeat(&words) else {
            screen::print("Invalid redis-cli repeat command option value.\n");
            return Ok(None);
        };
        if !secrets::are_in(command) {
            self.remember(line);
        }
        match words.len() {
            _ if is(first, "quit") || is(first, "exit") => return Ok(Some(End::Quit)),
            _ if first.starts_with(b":") => {
                self.preferences.obey(&words, "");
                if let Source::Terminal(editor) = &mut self.source {
                    editor.show_hints(self.preferences.has_hints);
                }
            }
            _ if is(first, "restart") && session.options.modes.script.is_some() => {
                return Ok(Some(End::Restart));
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
        Ok(None)
    }

    fn issue(&mut self, session: &mut Session, command: &[Vec<u8>], repeat: i64) -> Result<()> {
        let begun = sys::clock::nanos();
        let is_help = is(&command[0], "help") || command[0] == b"?";
        // The debugger has a help of its own.
        if is_help && session.debugger != Debugger::Running {
            match &self.source {
                Source::Terminal(editor) => help::print(editor.manual(), &command[1..]),
                Source::Plain(_) => print_help(session, &command[1..])?,
            }
        } else {
            session.issue(command, repeat)?;
        }
        if session.debugger == Debugger::Ended {
            session.leave_debugger()?;
            if let Source::Terminal(editor) = &mut self.source {
                editor.set_manual(Manual::load(session)?);
            }
        }
        let took_ms = (sys::clock::nanos() - begun) / 1_000_000;
        if took_ms >= TOLD_MS && session.options.layout.output == Output::Standard {
            screen::print(format!("({:.2}s)\n", took_ms as f64 / 1000.0));
        }
        Ok(())
    }

    fn remember(&mut self, line: &[u8]) {
        // The history is a file of lines.
        let line = String::from_utf8_lossy(line).replace('\n', " ");
        if let Source::Terminal(editor) = &mut self.source {
            editor.remember(&line);
        }
        self.history.add(&line);
    }
}

/// The words of a line. What the debugger shall evaluate is one word, whatever it has in it.
fn split(session: &Session, line: &[u8]) -> Option<Vec<Vec<u8>>> {
    if session.debugger == Debugger::Running {
        for command in [&b"eval"[..], b"e"] {
            let rest = line.strip_prefix(command).and_then(|rest| rest.strip_prefix(b" "));
            if let Some(rest) = rest {
                return Some(vec![command.to_vec(), rest.to_vec()]);
            }
        }
    }
    words::split(line)
}

/// `5 ping` is PING five times. None where the number is not one that can be repeated.
fn split_repeat(words: &[Vec<u8>]) -> Option<(i64, &[Vec<u8>])> {
    let is_number = {
        let unsigned = words[0].strip_prefix(b"-").or_else(|| words[0].strip_prefix(b"+"));
        let digits = unsigned.unwrap_or(&words[0]);
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
            ("+2 ping", Some((2, 1))),
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
