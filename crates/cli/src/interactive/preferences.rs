//! What the user likes: `:set` at the prompt, or in `.redisclirc`.

use config::words;

use super::history::dotfile;
use crate::issue::is;
use crate::screen;

pub(super) struct Preferences {
    pub(super) has_hints: bool,
}

impl Default for Preferences {
    fn default() -> Preferences {
        Preferences { has_hints: true }
    }
}

impl Preferences {
    /// As the user's file has them.
    pub(super) fn load() -> Preferences {
        let mut preferences = Preferences::default();
        let path = dotfile("REDISCLI_RCFILE", ".redisclirc");
        let text = path.and_then(|path| sys::file::slurp(path).ok()).unwrap_or_default();
        for line in text.split(|byte| *byte == b'\n') {
            match words::split(line) {
                Some(words) if !words.is_empty() => preferences.obey(&words, ".redisclirc: "),
                _ => {}
            }
        }
        preferences
    }

    /// Does what a line says that begins with a colon; complaints begin with `place`.
    pub(super) fn obey(&mut self, words: &[Vec<u8>], place: &str) {
        let text = |word: &[u8]| String::from_utf8_lossy(word).into_owned();
        match words {
            [set, what, ..] if is(set, ":set") => {
                if is(what, "hints") {
                    self.has_hints = true;
                } else if is(what, "nohints") {
                    self.has_hints = false;
                } else {
                    let what = text(what);
                    screen::print(format!("{place}unknown redis-cli preference '{what}'\n"));
                }
            }
            [command, ..] => {
                let command = text(command);
                screen::print(format!("{place}unknown redis-cli internal command '{command}'\n"));
            }
            [] => {}
        }
    }
}
