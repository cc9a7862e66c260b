//! What people see: whether there is a terminal at the end of our output, its colours, and how far long work is.

use std::io::{self, IsTerminal};

pub(crate) use sys::output::say as print;

/// True if people read. `FAKETTY` makes tests see what they would see.
pub(crate) fn is_terminal() -> bool {
    io::stdout().is_terminal() || std::env::var_os("FAKETTY").is_some()
}

/// True if the terminal knows colours and the user wants them.
pub(crate) fn has_colors() -> bool {
    std::env::var("TERM").is_ok_and(|name| name.contains("xterm")) && !refuses_colors()
}

/// See <https://no-color.org>.
pub(crate) fn refuses_colors() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

/// A line on standard error that says how far long work is, where somebody watches both streams on a terminal.
pub(crate) struct Progress {
    is_watched: bool,
    /// There is something to clear.
    is_shown: bool,
    last_ms: u64,
}

/// How often the line changes.
const CHANGE_MS: u64 = 200;

impl Progress {
    pub(crate) fn new() -> Progress {
        let is_watched = io::stderr().is_terminal() && io::stdout().is_terminal();
        Progress { is_watched, is_shown: false, last_ms: now_ms() }
    }

    /// Shows what `text` says, if it is time again.
    pub(crate) fn show(&mut self, text: impl FnOnce() -> String) {
        let now = now_ms();
        if self.is_watched && now >= self.last_ms + CHANGE_MS {
            (self.last_ms, self.is_shown) = (now, true);
            sys::output::complain(format!("\r{}\x1b[K", text()));
        }
    }

    /// Takes the line away.
    pub(crate) fn clear(&mut self) {
        if std::mem::take(&mut self.is_shown) {
            sys::output::complain("\r\x1b[K");
        }
    }
}

fn now_ms() -> u64 {
    sys::clock::nanos() / 1_000_000
}

/// A number of bytes for people: `512B`, `1.50M`.
pub(crate) fn bytes(count: i64) -> String {
    let (sign, size) = if count < 0 { ("-", -(count as f64)) } else { ("", count as f64) };
    for (unit, factor) in [("B", 0), ("K", 1), ("M", 2), ("G", 3)] {
        let scaled = size / 1024f64.powi(factor);
        if factor == 0 && size < 1024.0 {
            return format!("{sign}{size}{unit}");
        }
        if factor > 0 && (scaled < 1024.0 || factor == 3) {
            return format!("{sign}{scaled:.2}{unit}");
        }
    }
    String::new()
}

#[cfg(test)]
mod tests {
    #[test]
    fn sizes_have_a_unit() {
        for (count, want) in [
            (0, "0B"),
            (1023, "1023B"),
            (1024, "1.00K"),
            (-1536, "-1.50K"),
            (5 << 20, "5.00M"),
            (1 << 30, "1.00G"),
        ] {
            assert_eq!(super::bytes(count), want);
        }
    }
}
