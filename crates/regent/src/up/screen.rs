//! A screen that is drawn over itself: lines of coloured words, cut to its width, at whatever size it has by now.

use std::io::Write;

use crossterm::style::{Attribute, Color, Print, SetAttribute, SetForegroundColor};
use crossterm::{cursor, queue, terminal};

use super::out::Out;

/// How words look. Plain colours of the palette only, which are readable on whatever ground their owner has chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Strong,
    Good,
    Bad,
}

/// A line of words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Line(Vec<(Tone, String)>);

impl Line {
    pub(super) fn of(tone: Tone, text: impl Into<String>) -> Line {
        Line::default().with(tone, text)
    }

    pub(super) fn with(mut self, tone: Tone, text: impl Into<String>) -> Line {
        // A path or a message may have anything in it, and must not move the cursor.
        let text = text.into().replace(char::is_control, " ");
        self.0.push((tone, text));
        self
    }

    /// Its words without their looks.
    #[cfg(test)]
    pub(super) fn text(&self) -> String {
        self.0.iter().map(|(_, text)| text.as_str()).collect()
    }
}

/// The terminal while the picture is on it. What was there before comes back in the end.
pub(super) struct Screen {
    out: Out,
    has_colours: bool,
    /// What is on it, and the size for which it was drawn.
    shown: Vec<Line>,
    size: (u16, u16),
}

/// True where standard output is a terminal that can be drawn on.
pub(super) fn can_draw() -> bool {
    let is_dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb" || term.is_empty());
    sys::process::stdout_is_terminal() && !is_dumb
}

/// Columns and rows.
pub(super) fn size() -> (u16, u16) {
    match terminal::size() {
        Ok((columns, rows)) if columns > 0 && rows > 0 => (columns, rows),
        _ => (80, 24),
    }
}

impl Screen {
    /// Takes the terminal.
    pub(super) fn begin(out: Out) -> Screen {
        let mut bytes = Vec::new();
        // Writing to memory cannot fail.
        let _ = queue!(bytes, terminal::EnterAlternateScreen, cursor::Hide);
        out.write(&bytes);
        let has_colours = std::env::var_os("NO_COLOR").is_none_or(|it| it.is_empty());
        Screen { out, has_colours, shown: Vec::new(), size: (0, 0) }
    }

    /// Shows these lines from the top, as many as fit.
    pub(super) fn draw(&mut self, mut lines: Vec<Line>) {
        let size = size();
        let mut bytes = Vec::new();
        if size != self.size {
            let _ = queue!(bytes, terminal::Clear(terminal::ClearType::All));
            self.shown.clear();
            self.size = size;
        }
        lines.truncate(size.1.into());
        let rows = lines.len().max(self.shown.len());
        lines.resize(rows, Line::default());
        for (row, line) in lines.iter().enumerate() {
            if self.shown.get(row) != Some(line) {
                // The row is emptied first: behind its last column there is no cursor to empty it from.
                let clear = terminal::Clear(terminal::ClearType::CurrentLine);
                let _ = queue!(bytes, cursor::MoveTo(0, row as u16), clear);
                self.encode(line, size.0.into(), &mut bytes);
            }
        }
        if !bytes.is_empty() {
            self.out.write(&bytes);
        }
        self.shown = lines;
    }

    fn encode(&self, line: &Line, columns: usize, bytes: &mut Vec<u8>) {
        let mut left = columns;
        for (tone, text) in &line.0 {
            let text: String = text.chars().take(left).collect();
            left -= text.chars().count();
            let look = (*tone, self.has_colours);
            // Writing to memory cannot fail.
            let _ = match look {
                (Tone::Plain, _) | (_, false) => queue!(bytes, Print(&text)),
                (Tone::Strong, true) => queue!(bytes, SetAttribute(Attribute::Bold), Print(&text)),
                (Tone::Good, true) => {
                    queue!(bytes, SetForegroundColor(Color::DarkGreen), Print(&text))
                }
                (Tone::Bad, true) => {
                    queue!(bytes, SetForegroundColor(Color::DarkRed), Print(&text))
                }
            };
            if !matches!(look, (Tone::Plain, _) | (_, false)) {
                let _ = queue!(bytes, SetAttribute(Attribute::Reset));
            }
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let mut bytes = Vec::new();
        // Writing to memory cannot fail.
        let _ = queue!(bytes, cursor::Show, terminal::LeaveAlternateScreen)
            .and_then(|()| bytes.flush());
        self.out.write(&bytes);
    }
}
