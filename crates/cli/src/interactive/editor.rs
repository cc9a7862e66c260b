//! Lines from a terminal: edited, completed, hinted at, remembered.

use std::borrow::Cow;
use std::io::{self, Read};

use rustyline::completion::Completer;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::MemHistory;
use rustyline::validate::Validator;
use rustyline::{CompletionType, Config, Context, Helper};

use super::history::History;
use crate::exit::{Exit, Result};
use crate::manual::Manual;
use crate::screen;

pub(super) struct Editor {
    lines: rustyline::Editor<Adviser, MemHistory>,
}

/// What helps while a line is being typed.
struct Adviser {
    manual: Manual,
    has_hints: bool,
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
        lines.set_helper(Some(Adviser { manual, has_hints: true }));
        Ok(Editor { lines })
    }

    /// The next line; none at its end, or after Ctrl-C.
    pub(super) fn read(&mut self, prompt: &str) -> Option<Vec<u8>> {
        self.lines.readline(prompt).ok().map(String::into_bytes)
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
}

impl Hinter for Adviser {
    type Hint = String;

    fn hint(&self, line: &str, at: usize, _: &Context<'_>) -> Option<String> {
        if !self.has_hints || at < line.len() {
            return None;
        }
        let hint = self.manual.hint(line).filter(|hint| !hint.is_empty())?;
        let is_apart = line.ends_with(|letter: char| letter.is_ascii_whitespace());
        Some(if is_apart { hint } else { format!(" {hint}") })
    }
}

impl Highlighter for Adviser {
    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        match screen::refuses_colors() {
            true => Cow::Borrowed(hint),
            false => Cow::Owned(format!("\x1b[0;90m{hint}\x1b[0m")),
        }
    }
}

/// Asks for a password. Of what is typed only the length can be seen.
pub(crate) fn ask_password(question: &str) -> Result<Vec<u8>> {
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
        if len == 0 {
            break;
        }
    }
    if keys.is_some() {
        screen::print("\n");
    }
    Ok(password)
}
