//! Lines from a terminal: edited, completed, hinted at, remembered.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read};

use config::words;
use rustyline::Changeset;
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::MemHistory;
use rustyline::line_buffer::LineBuffer;
use rustyline::validate::Validator;
use rustyline::{CompletionType, Config, Context, Helper};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::history::History;
use crate::exit::{Exit, Result};
use crate::manual::Manual;
use crate::screen;

pub(super) struct Editor {
    lines: rustyline::Editor<Adviser, MemHistory>,
    /// The rest of what was pasted, a command each.
    pasted: VecDeque<String>,
}

/// Further on no quotes are looked for that close those of a line.
const QUOTED_LINES_MAX: usize = 1000;

/// What helps while a line is being typed.
struct Adviser {
    manual: Manual,
    has_hints: bool,
    /// The columns that the prompt takes.
    prompt: usize,
    /// The line as the last Tab left it: its last word is whole.
    completed: RefCell<String>,
}

impl Editor {
    pub(super) fn new(manual: Manual, history: &History) -> rustyline::Result<Editor> {
        let config = Config::builder()
            .completion_type(CompletionType::Circular)
            .auto_add_history(false)
            .history_ignore_dups(true)?
            .build();
        let memory = MemHistory::with_config(&config);
        let mut lines = rustyline::Editor::with_history(config, memory)?;
        for line in &history.lines {
            lines.add_history_entry(line.as_str())?;
        }
        lines.set_helper(Some(Adviser {
            manual,
            has_hints: true,
            prompt: 0,
            completed: RefCell::default(),
        }));
        Ok(Editor { lines, pasted: VecDeque::new() })
    }

    /// The next command; none at the end, or after Ctrl-C.
    pub(super) fn read(&mut self, prompt: &str) -> Option<Vec<u8>> {
        if let Some(command) = self.pasted.pop_front() {
            // Shown once more, so that it is seen which reply belongs to which.
            screen::print(format!("{prompt}{command}\n"));
            return Some(command.into_bytes());
        }
        if let Some(adviser) = self.lines.helper_mut() {
            adviser.prompt = prompt.width();
        }
        loop {
            match self.lines.readline(prompt) {
                Ok(text) => {
                    self.pasted = commands(&text);
                    return Some(self.pasted.pop_front().unwrap_or_default().into_bytes());
                }
                Err(ReadlineError::Io(error)) if error.kind() == ErrorKind::InvalidData => {
                    screen::print(
                        "\nThe terminal sent bytes that are not UTF-8; escape them: \"\\xff\"\n",
                    );
                }
                Err(_) => return None,
            }
        }
    }

    /// True if a command is there that was pasted with one before.
    pub(super) fn has_more(&self) -> bool {
        !self.pasted.is_empty()
    }

    pub(super) fn remember(&mut self, line: &str) {
        // Only a history in a file can fail.
        let _ = self.lines.add_history_entry(line);
    }

    pub(super) fn show_hints(&mut self, has_hints: bool) {
        if let Some(adviser) = self.lines.helper_mut() {
            adviser.has_hints = has_hints;
        }
    }

    pub(super) fn set_manual(&mut self, manual: Manual) {
        if let Some(adviser) = self.lines.helper_mut() {
            adviser.manual = manual;
        }
    }

    pub(super) fn manual(&self) -> &Manual {
        &self.lines.helper().expect("it was set at the start").manual
    }
}

impl Helper for Adviser {}
impl Validator for Adviser {}

impl Completer for Adviser {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        at: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        Ok((0, self.manual.completions(&line[..at])))
    }

    fn update(&self, line: &mut LineBuffer, start: usize, chosen: &str, changes: &mut Changeset) {
        let end = line.pos();
        line.replace(start..end, chosen, changes);
        *self.completed.borrow_mut() = line.as_str().to_owned();
    }
}

impl Hinter for Adviser {
    type Hint = String;

    fn hint(&self, line: &str, at: usize, _: &Context<'_>) -> Option<String> {
        if !self.has_hints || at < line.len() {
            return None;
        }
        let is_whole = !line.is_empty() && *self.completed.borrow() == line;
        let hint = match is_whole {
            true => self.manual.hint(&format!("{line} ")),
            false => self.manual.hint(line),
        };
        let hint = hint.filter(|hint| !hint.is_empty())?;
        let is_apart = line.ends_with(|letter: char| letter.is_ascii_whitespace());
        let hint = if is_apart { hint } else { format!(" {hint}") };
        let columns = sys::terminal::columns()?;
        let hint = cut(&hint, columns.saturating_sub((self.prompt + line.width()) % columns + 1));
        (!hint.trim().is_empty()).then(|| hint.to_owned())
    }
}

/// As much of a text as fits into so many columns. A hint on the next row would move the line that is typed.
fn cut(text: &str, columns: usize) -> &str {
    let mut used = 0;
    let end = text.char_indices().find(|(_, letter)| {
        used += letter.width().unwrap_or(0);
        used > columns
    });
    &text[..end.map_or(text.len(), |(at, _)| at)]
}

impl Highlighter for Adviser {
    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        match screen::refuses_colors() {
            true => Cow::Borrowed(hint),
            false => Cow::Owned(format!("\x1b[0;90m{hint}\x1b[0m")),
        }
    }
}

/// The commands of a text that was typed or pasted: one a line, but what stands between quotes goes on over lines.
fn commands(text: &str) -> VecDeque<String> {
    let mut commands = VecDeque::new();
    let mut rest = text;
    while !rest.is_empty() {
        let mut ends = rest.match_indices('\n').map(|(at, _)| at).chain([rest.len()]);
        let first = ends.clone().next().unwrap_or(rest.len());
        let is_whole = |end: &usize| words::split(&rest.as_bytes()[..*end]).is_some();
        // Where the quotes are never closed, a line is a line.
        let end = ends.by_ref().take(QUOTED_LINES_MAX).find(is_whole).unwrap_or(first);
        if !rest[..end].trim().is_empty() {
            commands.push_back(rest[..end].to_owned());
        }
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    commands
}

/// Asks for a password. Of what is typed only the length can be seen. None where there is no line.
pub(crate) fn ask_password(question: &str) -> Result<Option<Vec<u8>>> {
    let keys = sys::terminal::Keys::begin();
    if keys.is_some() {
        screen::print(question);
    }
    let mut password = Vec::new();
    let mut piece = [0; 16 << 10];
    'typed: loop {
        let len = io::stdin().read(&mut piece).or(Err(Exit(1)))?;
        for byte in &piece[..len] {
            match byte {
                b'\n' | b'\r' => break 'typed,
                // Backspace, under either of its numbers.
                0x08 | 0x7f if keys.is_some() => {
                    if password.pop().is_some() {
                        screen::print("\x08 \x08");
                    }
                }
                byte => {
                    password.push(*byte);
                    if keys.is_some() {
                        screen::print("*");
                    }
                }
            }
        }
        if len == 0 && password.is_empty() {
            return Ok(None);
        }
        if len == 0 {
            break;
        }
    }
    if keys.is_some() {
        screen::print("\n");
    }
    Ok(Some(password))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_ends_with_its_row() {
        for (columns, want) in [(0, ""), (3, " ke"), (4, " key"), (9, " key")] {
            assert_eq!(cut(" key", columns), want);
        }
        assert_eq!(cut("\u{5b57}\u{5b57}", 3), "\u{5b57}");
    }

    #[test]
    fn a_text_is_split_into_commands_where_no_quotes_are_open() {
        for (text, want) in [
            ("", &[][..]),
            ("ping", &["ping"]),
            ("set a 1\nget a", &["set a 1", "get a"]),
            ("\n\nping\n  \nget a\n", &["ping", "get a"]),
            (
                "eval \"local a = 1\nreturn a\" 0\nping",
                &["eval \"local a = 1\nreturn a\" 0", "ping"],
            ),
            ("get \"open\nping\nset b 'x'", &["get \"open", "ping", "set b 'x'"]),
            ("get \"a\"b\nping", &["get \"a\"b", "ping"]),
        ] {
            assert_eq!(commands(text), want, "{text:?}");
        }
    }
}
