//! Words of requests that nobody else may see: passwords, and the names that go with them. MONITOR and SLOWLOG show
//! a mark in their place.

use crate::node::Node;
use crate::registry::Row;
use resp::Words;

/// What is shown instead.
pub(crate) const HIDDEN: &[u8] = b"(redacted)";

impl Node {
    /// The words of a request as others may see them.
    pub(crate) fn public_words<'a>(&self, row: &Row, words: &Words<'a>) -> Vec<&'a [u8]> {
        let mut shown: Vec<&[u8]> = words.iter().collect();
        let is = |word: &[u8], name: &str| word.eq_ignore_ascii_case(name.as_bytes());
        let mut hide = |at: usize| {
            if let Some(word) = shown.get_mut(at) {
                *word = HIDDEN;
            }
        };
        match &*row.full_name {
            "acl|setuser" => (2..words.len()).for_each(&mut hide),
            "auth" => (1..words.len()).for_each(&mut hide),
            "hello" => {
                for at in (2..words.len()).filter(|&at| is(&words[at], "auth")) {
                    (at + 1..at + 3).for_each(&mut hide);
                }
            }
            "migrate" => {
                for at in 6..words.len() {
                    if is(&words[at], "auth") {
                        hide(at + 1);
                    } else if is(&words[at], "auth2") {
                        (at + 1..at + 3).for_each(&mut hide);
                    }
                }
            }
            "config|set" => {
                for at in (2..words.len()).step_by(2) {
                    if self.config.param(&words[at]).is_some_and(|param| param.secret) {
                        hide(at + 1);
                    }
                }
            }
            _ => {}
        }
        shown
    }
}
