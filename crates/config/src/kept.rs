//! A configuration file that a program keeps its state in, as Sentinel does: rewritten often, and the user's all the
//! same.
//!
//! # Design
//! CONFIG REWRITE writes every line anew, in one spelling. Here a line is left as it is, byte for byte, while it says
//! what it should say: its blanks, its quotes, its capitals, its carriage return. Only a line that has become wrong
//! is replaced where it stands, one whose subject is gone is taken out, and what has no line yet is appended below
//! CONFIG REWRITE's mark. What is appended is what Redis appends, so that a file may go back and forth without
//! growing.
//!
//! Whose line says what is told by the owner of the directives: a [`Statement`] has a subject, and a text in which
//! there is one spelling for one meaning.
//!
//! The file is read once and then only written, since a Sentinel of thousands of names rewrites it at every vote.

use crate::config::Config;
use crate::rewrite::MARK;
use crate::words::{split, trim};
use crate::{Kind, ParamId, Value};
use std::collections::BTreeMap;

/// What a line of an owned directive says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// What it is about. Of several lines with one subject the last holds.
    pub subject: Vec<u8>,
    /// The line as its owner writes it.
    pub text: Vec<u8>,
}

/// What an owner wants to be said in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The subject and the line.
    pub statement: Statement,
    /// Written even where the file does not mention the subject; false for what is so by default.
    pub is_needed: bool,
}

/// How an owner reads the words of a line: none where the line is not his, or says nothing that he understands.
pub type Reader<'a> = &'a dyn Fn(&[Vec<u8>]) -> Option<Statement>;

/// The file, cut into lines.
#[derive(Clone, Debug, Default)]
pub struct KeptFile {
    lines: Vec<Line>,
    has_mark: bool,
    /// New lines end as the first of the user's does.
    has_carriage_returns: bool,
}

#[derive(Clone, Debug)]
struct Line {
    /// The bytes, line end included; the last line may have none.
    bytes: Vec<u8>,
    meaning: Meaning,
}

#[derive(Clone, Debug)]
enum Meaning {
    /// A comment, an empty line, or somebody else's.
    Other,
    /// A parameter, with the words behind its name.
    Param { id: ParamId, words: Vec<Vec<u8>> },
    /// A line of the owner's.
    Owned(Statement),
}

impl KeptFile {
    /// Cuts the contents of the file into lines and finds out what they say.
    pub fn read(bytes: &[u8], config: &Config, reader: Reader<'_>) -> KeptFile {
        let mut file = KeptFile::default();
        for bytes in bytes.split_inclusive(|&byte| byte == b'\n') {
            let text = trim(bytes);
            file.has_mark |= text == MARK;
            file.lines.push(Line { bytes: bytes.to_vec(), meaning: meaning(text, config, reader) });
        }
        file.has_carriage_returns =
            file.lines.first().is_some_and(|line| line.bytes.ends_with(b"\r\n"));
        file
    }

    /// Makes the lines say what `config` is set to and what the owner wants, and gives the new contents. A subject
    /// may be wanted once.
    ///
    /// The parameters that need several lines, `save` and `client-output-buffer-limit`, stay as the user wrote them.
    pub fn rewrite(&mut self, config: &Config, wanted: &[Wanted]) -> Vec<u8> {
        let missing_params = self.update_params(config);
        let missing = self.update_owned(wanted);
        for line in missing_params {
            self.append(&line, None, config);
        }
        for Wanted { statement, is_needed } in missing {
            if *is_needed {
                self.append(&statement.text, Some(statement), config);
            }
        }
        let mut bytes = Vec::with_capacity(self.lines.iter().map(|line| line.bytes.len()).sum());
        self.lines.iter().for_each(|line| bytes.extend_from_slice(&line.bytes));
        bytes
    }

    /// Brings the lines of parameters up to date; gives those that must be written and have no line.
    fn update_params(&mut self, config: &Config) -> Vec<Vec<u8>> {
        let mut places = BTreeMap::new();
        for (at, line) in self.lines.iter().enumerate() {
            if let Meaning::Param { id, .. } = line.meaning {
                places.insert(id, at);
            }
        }
        let mut missing = Vec::new();
        let mut gone = Vec::new();
        for id in config.values.registry().ids() {
            let param = config.values.registry().param(id);
            if matches!(param.kind, Kind::SavePoints | Kind::OutputLimits) {
                continue;
            }
            let wanted = config.lines_of(id);
            match (places.get(&id), wanted) {
                (Some(&at), _) if self.lines[at].says(config, id) => {}
                (Some(&at), Some((texts, _))) => {
                    let text = [param.name.as_bytes(), b" ", &texts[0]].concat();
                    let line = self.line(&text, config);
                    self.lines[at] = line;
                }
                (Some(&at), None) => gone.push(at),
                (None, Some((texts, needed))) if needed[0] => {
                    missing.push([param.name.as_bytes(), b" ", &texts[0]].concat());
                }
                (None, _) => {}
            }
        }
        gone.sort_unstable();
        gone.into_iter().rev().for_each(|at| drop(self.lines.remove(at)));
        missing
    }

    /// Brings the owner's lines up to date and takes out those that he no longer wants; gives what has no line.
    fn update_owned<'a>(&mut self, wanted: &'a [Wanted]) -> Vec<&'a Wanted> {
        let mut places: BTreeMap<&[u8], (usize, Option<usize>)> = BTreeMap::new();
        for (at, wanted) in wanted.iter().enumerate() {
            places.insert(&wanted.statement.subject, (at, None));
        }
        for (at, line) in self.lines.iter().enumerate() {
            if let Meaning::Owned(statement) = &line.meaning
                && let Some((_, place)) = places.get_mut(statement.subject.as_slice())
            {
                *place = Some(at);
            }
        }
        let mut is_missing = vec![true; wanted.len()];
        let end: &[u8] = if self.has_carriage_returns { b"\r\n" } else { b"\n" };
        let mut at = 0;
        self.lines.retain_mut(|line| {
            let here = at;
            at += 1;
            let Meaning::Owned(statement) = &mut line.meaning else { return true };
            match places.get(statement.subject.as_slice()) {
                Some((wanted_at, Some(place))) if *place == here => {
                    is_missing[*wanted_at] = false;
                    let new = &wanted[*wanted_at].statement;
                    if new.text != statement.text {
                        line.bytes = [&new.text, end].concat();
                        statement.text.clone_from(&new.text);
                    }
                    true
                }
                _ => false,
            }
        });
        wanted
            .iter()
            .zip(is_missing)
            .filter_map(|(line, missing)| missing.then_some(line))
            .collect()
    }

    fn append(&mut self, text: &[u8], owned: Option<&Statement>, config: &Config) {
        if let Some(last) = self.lines.last_mut()
            && !last.bytes.ends_with(b"\n")
        {
            let end: &[u8] = if self.has_carriage_returns { b"\r\n" } else { b"\n" };
            last.bytes.extend_from_slice(end);
        }
        if !self.has_mark {
            if self.lines.last().is_some_and(|last| !trim(&last.bytes).is_empty()) {
                self.lines.push(self.line(b"", config));
            }
            self.lines.push(self.line(MARK, config));
            self.has_mark = true;
        }
        let mut line = self.line(text, config);
        if let Some(statement) = owned {
            line.meaning = Meaning::Owned(statement.clone());
        }
        self.lines.push(line);
    }

    /// A line that we write.
    fn line(&self, text: &[u8], config: &Config) -> Line {
        let end: &[u8] = if self.has_carriage_returns { b"\r\n" } else { b"\n" };
        Line { bytes: [text, end].concat(), meaning: meaning(text, config, &|_| None) }
    }
}

impl Line {
    /// Whether the line sets the parameter to what it is set to now.
    fn says(&self, config: &Config, id: ParamId) -> bool {
        let Meaning::Param { words, .. } = &self.meaning else { return false };
        let param = config.values.registry().param(id);
        match Value::parse(param, words, config.values.get(id)) {
            // A relative folder means the same the next time, as long as the program is started where it was.
            Ok(Value::Text(path)) if param.kind == Kind::Folder && !path.starts_with(b"/") => true,
            Ok(value) => value == *config.values.get(id),
            Err(_) => false,
        }
    }
}

fn meaning(text: &[u8], config: &Config, reader: Reader<'_>) -> Meaning {
    if text.is_empty() || text[0] == b'#' {
        return Meaning::Other;
    }
    let mut words = split(text).unwrap_or_default();
    let Some(first) = words.first() else { return Meaning::Other };
    if let Some(id) = config.values.registry().find(first) {
        words.remove(0);
        return Meaning::Param { id, words };
    }
    reader(&words).map_or(Meaning::Other, Meaning::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines `own SUBJECT WORD ...`.
    fn reader(words: &[Vec<u8>]) -> Option<Statement> {
        let [first, subject, ..] = words else { return None };
        let is_ours = first.eq_ignore_ascii_case(b"own");
        let text = [b"own", &words[1..].join(&b" "[..])[..]].join(&b" "[..]);
        is_ours.then(|| Statement { subject: subject.clone(), text })
    }

    fn own(subject: &str, value: &str, is_needed: bool) -> Wanted {
        let text = format!("own {subject} {value}").into_bytes();
        Wanted { statement: Statement { subject: subject.into(), text }, is_needed }
    }

    /// A configuration that needs no line: the parameters that are always written have theirs elsewhere.
    fn rewrite(old: &str, wanted: &[Wanted], set: &[(&str, &str)]) -> String {
        let mut config = Config::default();
        config.values.set("dir", &["/d"]).expect("a folder");
        for (name, value) in set {
            config.values.set(name, &[value]).expect("a value");
        }
        let mut file = KeptFile::read(old.as_bytes(), &config, &reader);
        let new = file.rewrite(&config, wanted);
        assert_eq!(file.rewrite(&config, wanted), new, "rewriting again changes nothing");
        let again = KeptFile::read(&new, &config, &reader).rewrite(&config, wanted);
        assert_eq!(again, new, "nor does reading it anew");
        String::from_utf8(new).expect("text")
    }

    const ALWAYS: &str = "latency-tracking-info-percentiles 50 99 99.9\ndir /d\n";

    #[test]
    fn what_is_right_stays_byte_for_byte() {
        let old = format!(
            "\n\n# note  \n\t OWN  a   \"1\"  \n\r\n  Port 7  \nown b 2\ninclude x\n{ALWAYS}?? !\nuser default on nopass"
        );
        let wanted = [own("a", "1", true), own("b", "2", false)];
        assert_eq!(rewrite(&old, &wanted, &[("port", "7")]), old);
    }

    #[test]
    fn what_is_wrong_is_replaced_where_it_stands_and_what_is_gone_goes() {
        let old =
            format!("# head\nown a 1\n\nown gone 1\nport 7 \n# tail\n{ALWAYS}requirepass x\n");
        let wanted = [own("a", "2", true), own("b", "2", false), own("c", "3", true)];
        assert_eq!(
            rewrite(&old, &wanted, &[("port", "8"), ("loglevel", "debug")]),
            format!(
                "# head\nown a 2\n\nport 8\n# tail\n{ALWAYS}\n# Generated by CONFIG REWRITE\nloglevel debug\nown c 3\n"
            )
        );
    }

    #[test]
    fn of_several_lines_about_one_thing_the_last_holds() {
        let old = format!("own a 1\nown a 2 \nown a 3\n{ALWAYS}");
        assert_eq!(rewrite(&old, &[own("a", "3", true)], &[]), format!("own a 3\n{ALWAYS}"));
        assert_eq!(rewrite(&old, &[own("a", "1", true)], &[]), format!("own a 1\n{ALWAYS}"));
    }

    #[test]
    fn line_ends_are_the_user_s() {
        let always = ALWAYS.replace('\n', "\r\n");
        let old = format!("{always}own a 1\r\nport 7");
        assert_eq!(
            rewrite(&old, &[own("a", "2", true), own("b", "1", true)], &[("port", "7")]),
            format!(
                "{always}own a 2\r\nport 7\r\n\r\n# Generated by CONFIG REWRITE\r\nown b 1\r\n"
            )
        );
    }

    #[test]
    fn an_empty_file_gets_the_mark_at_its_top() {
        assert_eq!(
            rewrite("", &[own("a", "1", true)], &[]),
            "# Generated by CONFIG REWRITE\ndir \"/d\"\nlatency-tracking-info-percentiles 50 99 99.9\nown a 1\n"
        );
        let below = "# Generated by CONFIG REWRITE\nown b 1\n".to_owned() + ALWAYS;
        assert_eq!(
            rewrite(&below, &[own("a", "1", true), own("b", "1", true)], &[]),
            below.clone() + "own a 1\n",
            "there is one mark"
        );
    }

    #[test]
    fn what_is_right_by_default_may_stand_there() {
        let old =
            format!("loglevel NOTICE\nrequirepass \"\"\nown b 2\nsave 900 1\nsave 10 1\n{ALWAYS}");
        assert_eq!(rewrite(&old, &[own("b", "2", false)], &[]), old);
        let relative = "dir .\nlatency-tracking-info-percentiles 50 99 99.9\n";
        assert_eq!(rewrite(relative, &[], &[]), relative);
    }
}
