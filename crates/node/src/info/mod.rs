//! INFO: each owner fills its own section; here they are only put in order.

mod commands;
mod counters;
mod memory;
mod server;

use crate::node::Node;
use std::fmt::{Display, Write};

/// The text of INFO as it grows.
#[derive(Default)]
pub(crate) struct Info {
    text: String,
}

impl Info {
    /// Begins a section.
    pub(crate) fn section(&mut self, name: &str) {
        if !self.text.is_empty() {
            self.text.push_str("\r\n");
        }
        self.line(format_args!("# {name}"));
    }

    /// One field.
    pub(crate) fn field(&mut self, name: &str, value: impl Display) {
        self.line(format_args!("{name}:{value}"));
    }

    /// A size in bytes, and again in a unit that people read.
    pub(crate) fn size(&mut self, name: &str, bytes: u64) {
        self.field(name, bytes);
        self.field(&format!("{name}_human"), human(bytes));
    }

    /// Lines that somebody else has written, ends included.
    pub(crate) fn lines(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn line(&mut self, line: impl Display) {
        write!(self.text, "{line}\r\n").expect("text grows without fail");
    }
}

/// `1.50M` and its kind, as Redis rounds it.
pub(crate) fn human(bytes: u64) -> String {
    let value = bytes as f64;
    let units = [(1u64 << 50, 'P'), (1 << 40, 'T'), (1 << 30, 'G'), (1 << 20, 'M'), (1 << 10, 'K')];
    match units.into_iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, letter)) => format!("{:.2}{letter}", value / unit as f64),
        None => format!("{bytes}B"),
    }
}

type Fill = fn(&mut Node, &mut Info);

/// A section: the word that asks for it, when it is shown, and who fills it.
struct Section {
    word: &'static str,
    shown: Shown,
    fill: Fill,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// By INFO alone.
    Always,
    /// By `INFO all` or by name.
    OnRequest,
    /// By name alone.
    ByName,
}

const SECTIONS: &[Section] = &[
    Section { word: "server", shown: Shown::Always, fill: server::server },
    Section { word: "clients", shown: Shown::Always, fill: server::clients },
    Section { word: "memory", shown: Shown::Always, fill: memory::memory },
    Section { word: "persistence", shown: Shown::Always, fill: counters::persistence },
    Section { word: "stats", shown: Shown::Always, fill: counters::stats },
    Section { word: "replication", shown: Shown::Always, fill: counters::replication },
    Section { word: "cpu", shown: Shown::Always, fill: server::cpu },
    Section { word: "modules", shown: Shown::Always, fill: |_, info| info.section("Modules") },
    Section { word: "commandstats", shown: Shown::OnRequest, fill: commands::commandstats },
    Section { word: "errorstats", shown: Shown::Always, fill: commands::errorstats },
    Section { word: "latencystats", shown: Shown::OnRequest, fill: commands::latencystats },
    Section { word: "cluster", shown: Shown::Always, fill: server::cluster },
    Section { word: "keyspace", shown: Shown::Always, fill: counters::keyspace },
    Section { word: "debug", shown: Shown::ByName, fill: counters::debug },
    Section { word: "regent", shown: Shown::Always, fill: counters::regent },
];

impl Node {
    /// The sections that these words ask for; the usual ones where there is none.
    pub(crate) fn info<'a>(&mut self, words: impl Iterator<Item = &'a [u8]> + Clone) -> String {
        let asked = |word: &str| words.clone().any(|it| it.eq_ignore_ascii_case(word.as_bytes()));
        let everything = asked("all") || asked("everything");
        let usual = words.clone().next().is_none() || asked("default");
        let chosen: Vec<Fill> = SECTIONS
            .iter()
            .filter(|it| match it.shown {
                Shown::Always => usual || everything || asked(it.word),
                Shown::OnRequest => everything || asked(it.word),
                Shown::ByName => asked(it.word),
            })
            .map(|it| it.fill)
            .collect();
        let mut info = Info::default();
        chosen.into_iter().for_each(|fill| fill(self, &mut info));
        info.text
    }
}

#[cfg(test)]
mod tests {
    use super::human;

    #[test]
    fn sizes_are_rounded_to_their_unit() {
        assert_eq!(human(0), "0B");
        assert_eq!(human(1023), "1023B");
        assert_eq!(human(1536), "1.50K");
        assert_eq!(human(5 << 30), "5.00G");
    }
}
