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
//! The file is read once and then only written, and an owner may name what has changed instead of everything that he
//! wants: a Sentinel of thousands of names rewrites its file at every vote.

use crate::config::Config;
use crate::rewrite::MARK;
use crate::words::{split, trim};
use crate::{Kind, ParamId, Value};
use std::collections::{BTreeMap, BTreeSet};

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
    /// In order. A line that was taken out stays behind without bytes, so that the others keep their places.
    lines: Vec<Line>,
    /// Where the line about each subject is.
    places: BTreeMap<Vec<u8>, usize>,
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
    /// A line of the owner's: its text in his spelling.
    Owned(Vec<u8>),
}

impl KeptFile {
    /// Cuts the contents of the file into lines and finds out what they say.
    pub fn read(bytes: &[u8], config: &Config, reader: Reader<'_>) -> KeptFile {
        let mut file = KeptFile::default();
        for bytes in bytes.split_inclusive(|&byte| byte == b'\n') {
            let text = trim(bytes);
            file.has_mark |= text == MARK;
            let mut line = Line { bytes: bytes.to_vec(), meaning: Meaning::Other };
            if !text.is_empty() && text[0] != b'#' {
                let mut words = split(text).unwrap_or_default();
                let id = words.first().and_then(|first| config.values.registry().find(first));
                if let Some(id) = id {
                    words.remove(0);
                    line.meaning = Meaning::Param { id, words };
                } else if let Some(Statement { subject, text }) = reader(&words) {
                    line.meaning = Meaning::Owned(text);
                    if let Some(earlier) = file.places.insert(subject, file.lines.len()) {
                        file.lines[earlier].take_out();
                    }
                }
            }
            file.lines.push(line);
        }
        file.has_carriage_returns =
            file.lines.first().is_some_and(|line| line.bytes.ends_with(b"\r\n"));
        file
    }

    /// Makes the lines say what `config` is set to and what the owner wants, and nothing else of his, and gives the
    /// new contents.
    ///
    /// The parameters that need several lines, `save` and `client-output-buffer-limit`, stay as the user wrote them.
    pub fn rewrite(&mut self, config: &Config, wanted: &[Wanted]) -> Vec<u8> {
        let subjects: BTreeSet<&[u8]> =
            wanted.iter().map(|wanted| wanted.statement.subject.as_slice()).collect();
        let is_gone = |subject: &&Vec<u8>| !subjects.contains(subject.as_slice());
        let gone: Vec<Vec<u8>> = self.places.keys().filter(is_gone).cloned().collect();
        self.amend(config, &gone, wanted)
    }

    /// As [`KeptFile::rewrite`], where the owner knows what has changed since: subjects that are gone, and those
    /// whose lines may differ.
    pub fn amend(&mut self, config: &Config, gone: &[Vec<u8>], wanted: &[Wanted]) -> Vec<u8> {
        self.update_params(config);
        for subject in gone {
            if let Some(at) = self.places.remove(subject) {
                self.lines[at].take_out();
            }
        }
        for Wanted { statement: Statement { subject, text }, is_needed } in wanted {
            match self.places.get(subject) {
                Some(&at) if self.lines[at].is_owned(text) => {}
                Some(&at) => self.lines[at] = self.line(text, Meaning::Owned(text.clone())),
                None if *is_needed => {
                    self.append(text, Meaning::Owned(text.clone()));
                    self.places.insert(subject.clone(), self.lines.len() - 1);
                }
                None => {}
            }
        }
        self.tidy();
        let mut bytes = Vec::with_capacity(self.lines.iter().map(|line| line.bytes.len()).sum());
        self.lines.iter().for_each(|line| bytes.extend_from_slice(&line.bytes));
        bytes
    }

    /// Brings the lines of parameters up to date.
    fn update_params(&mut self, config: &Config) {
        let mut places = BTreeMap::new();
        for (at, line) in self.lines.iter().enumerate() {
            if let Meaning::Param { id, .. } = line.meaning {
                places.insert(id, at);
            }
        }
        for id in config.values.registry().ids() {
            let param = config.values.registry().param(id);
            if matches!(param.kind, Kind::SavePoints | Kind::OutputLimits) {
                continue;
            }
            let place = places.get(&id).copied();
            if place.is_some_and(|at| self.lines[at].says(config, id)) {
                continue;
            }
            let Some((texts, needed)) = config.lines_of(id) else {
                place.into_iter().for_each(|at| self.lines[at].take_out());
                continue;
            };
            let text = [param.name.as_bytes(), b" ", &texts[0]].concat();
            let meaning = Meaning::Param { id, words: split(&texts[0]).unwrap_or_default() };
            match place {
                Some(at) => self.lines[at] = self.line(&text, meaning),
                None if needed[0] => self.append(&text, meaning),
                None => {}
            }
        }
    }

    fn append(&mut self, text: &[u8], meaning: Meaning) {
        let end = self.line_end();
        let mut visible = self.lines.iter_mut().rev().filter(|line| !line.bytes.is_empty());
        let last = visible.next().map(|last| {
            if !last.bytes.ends_with(b"\n") {
                last.bytes.extend_from_slice(end);
            }
            trim(&last.bytes).is_empty()
        });
        if !self.has_mark {
            if last == Some(false) {
                self.lines.push(self.line(b"", Meaning::Other));
            }
            self.lines.push(self.line(MARK, Meaning::Other));
            self.has_mark = true;
        }
        self.lines.push(self.line(text, meaning));
    }

    /// A line that we write.
    fn line(&self, text: &[u8], meaning: Meaning) -> Line {
        Line { bytes: [text, self.line_end()].concat(), meaning }
    }

    fn line_end(&self) -> &'static [u8] {
        if self.has_carriage_returns { b"\r\n" } else { b"\n" }
    }

    /// Forgets the lines that were taken out, once they are many.
    fn tidy(&mut self) {
        let is_there = |line: &Line| !line.bytes.is_empty();
        let there = self.lines.iter().filter(|line| is_there(line)).count();
        if self.lines.len() < 2 * there + 64 {
            return;
        }
        let mut left = 0;
        let places: Vec<usize> = self
            .lines
            .iter()
            .map(|line| {
                left += usize::from(is_there(line));
                left
            })
            .collect();
        self.places.values_mut().for_each(|at| *at = places[*at] - 1);
        self.lines.retain(is_there);
    }
}

impl Line {
    fn is_owned(&self, wanted: &[u8]) -> bool {
        matches!(&self.meaning, Meaning::Owned(text) if text == wanted)
    }

    fn take_out(&mut self) {
        *self = Line { bytes: Vec::new(), meaning: Meaning::Other };
    }

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
    fn what_has_changed_can_be_told_alone() {
        let mut config = Config::default();
        config.values.set("dir", &["/d"]).expect("a folder");
        let old = format!("{ALWAYS}own a 1\n# c\nown b 1\n");
        let mut file = KeptFile::read(old.as_bytes(), &config, &reader);
        let mut text = |gone: &[&str], wanted: &[Wanted]| {
            let gone: Vec<Vec<u8>> = gone.iter().map(|it| it.as_bytes().to_vec()).collect();
            String::from_utf8(file.amend(&config, &gone, wanted)).expect("text")
        };
        let mark = "\n# Generated by CONFIG REWRITE\n";
        let want = format!("{ALWAYS}own a 2\n# c\nown b 1\n{mark}own c 1\n");
        assert_eq!(text(&[], &[own("a", "2", true), own("c", "1", true)]), want);
        let want = format!("{ALWAYS}# c\nown b 1\n{mark}own c 2\n");
        assert_eq!(text(&["a"], &[own("c", "2", true), own("d", "1", false)]), want);
        for n in 0..300 {
            let (wanted, gone) = (format!("n{n}"), format!("n{}", n - 1));
            let want = format!("{want}own n{n} 1\n");
            assert_eq!(text(&[&gone], &[own(&wanted, "1", true)]), want);
        }
        assert!(file.lines.len() < 100, "what was taken out is forgotten");
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
