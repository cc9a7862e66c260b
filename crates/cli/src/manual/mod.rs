//! The manual of commands: pages from the server if it has them, from our own rows if not.

mod hint;
mod later;
mod matching;
mod server;

use client::Value;
use command::Spec;
use command::syntax::{self, Argument};

use crate::connect::Manner;
use crate::exit::Result;
use crate::issue::is;
use crate::number;
use crate::session::Session;

/// What the manual says about one command.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    /// In capitals; two words for a subcommand.
    pub(crate) words: Vec<String>,
    pub(crate) summary: String,
    pub(crate) since: Option<String>,
    pub(crate) group: String,
    pub(crate) arguments: Vec<Argument>,
    /// What follows the name, in one line.
    pub(crate) syntax: String,
    /// The server that we are connected to has it.
    pub(crate) is_offered: bool,
}

impl Page {
    fn new(full_name: &str, arguments: Vec<Argument>) -> Page {
        let words = full_name.split('|').map(str::to_uppercase).collect();
        Page {
            words,
            summary: String::new(),
            since: None,
            group: String::new(),
            syntax: hint::of(&arguments),
            arguments,
            is_offered: true,
        }
    }

    /// A page from a row of our own table.
    fn of_row(full_name: &str, spec: &Spec, is_container: bool) -> Page {
        let arguments = if is_container { Vec::new() } else { syntax::parse(spec) };
        Page {
            summary: spec.summary.to_owned(),
            since: Some(spec.since.to_owned()),
            group: spec.group.name().to_owned(),
            ..Page::new(full_name, arguments)
        }
    }

    pub(crate) fn full_name(&self) -> String {
        self.words.join(" ")
    }
}

/// All pages, by name.
#[derive(Debug, Default)]
pub(crate) struct Manual {
    pub(crate) pages: Vec<Page>,
}

impl Manual {
    /// Asks the server, if there is one.
    pub(crate) fn load(session: &mut Session) -> Result<Manual> {
        if !session.connect(Manner::Quiet)? && session.link.is_none() {
            return Ok(Manual::of(own_pages()));
        }
        let pages = match session.ask(&["COMMAND", "DOCS"]) {
            Ok(Value::Error(_)) | Err(_) => older_server(session)?,
            Ok(reply) => {
                let mut pages = server::pages(&reply);
                // A hint for a command that this server does not have is better than none: the page is not offered.
                let missing =
                    own_pages().into_iter().map(|page| Page { is_offered: false, ..page });
                add_missing(&mut pages, missing);
                pages
            }
        };
        Ok(Manual::of(pages))
    }

    fn of(mut pages: Vec<Page>) -> Manual {
        pages.sort_by_key(Page::full_name);
        Manual { pages }
    }

    /// The page of the command that `words` begin with, the longer name first.
    fn find(&self, words: &[Vec<u8>]) -> Option<&Page> {
        let fits = |page: &&Page| {
            page.words.len() <= words.len()
                && page.words.iter().zip(words).all(|(name, word)| is(word, name))
        };
        self.pages.iter().filter(fits).max_by_key(|page| page.words.len())
    }

    /// What may still be typed behind `line`; none where no command was begun.
    pub(crate) fn hint(&self, line: &str) -> Option<String> {
        let mut words = config::words::split(line.as_bytes())?;
        // The word that is being typed may still become another.
        if !line.ends_with(|letter: char| letter.is_ascii_whitespace()) {
            words.pop();
        }
        let page = self.find(&words)?;
        let typed = &words[page.words.len()..];
        if page.arguments.is_empty() {
            return Some(if typed.is_empty() { page.syntax.clone() } else { String::new() });
        }
        Some(hint::behind(&page.arguments, typed))
    }

    /// The lines that `line` may become by completing the name of a command, or of a group behind `help`.
    pub(crate) fn completions(&self, line: &str) -> Vec<String> {
        let help = line.get(..5).filter(|start| start.eq_ignore_ascii_case("help "));
        let start = match help {
            Some(_) => line.len() - line[5..].trim_start().len(),
            None => 0,
        };
        let typed = &line[start..];
        let names = self.pages.iter().filter(|page| page.is_offered).map(Page::full_name);
        let mut names: Vec<String> = names.collect();
        if help.is_some() {
            names.extend(self.groups());
            names.sort();
        }
        let begins = |name: &String| {
            name.get(..typed.len()).is_some_and(|start| start.eq_ignore_ascii_case(typed))
        };
        names.into_iter().filter(begins).map(|name| format!("{}{name}", &line[..start])).collect()
    }

    /// The chapters, as `help` wants them: `@string`.
    fn groups(&self) -> Vec<String> {
        let offered = self.pages.iter().filter(|page| page.is_offered);
        let mut groups: Vec<String> = offered.map(|page| format!("@{}", page.group)).collect();
        groups.sort();
        groups.dedup();
        groups
    }
}

/// What we know without a server.
fn own_pages() -> Vec<Page> {
    let names = node::Names::default();
    let mut pages: Vec<Page> = names
        .rows()
        .map(|(name, spec, is_container)| Page::of_row(name, spec, is_container))
        .collect();
    add_missing(&mut pages, later::pages());
    pages
}

fn add_missing(pages: &mut Vec<Page>, others: impl IntoIterator<Item = Page>) {
    for page in others {
        if !pages.iter().any(|it| it.words == page.words) {
            pages.push(page);
        }
    }
}

/// Pages for a server without COMMAND DOCS: ours as far as its version has the command, and what COMMAND tells of others.
fn older_server(session: &mut Session) -> Result<Vec<Page>> {
    if session.server_version.is_none()
        && let Ok(info) = session.ask(&["INFO", "SERVER"])
    {
        session.server_version = client::field(&info.text(), "redis_version").map(str::to_owned);
    }
    let mut pages = own_pages();
    if let Some(version) = &session.server_version {
        let version = numbers(version);
        pages.retain(|page| page.since.as_ref().is_none_or(|since| numbers(since) <= version));
    }
    if let Ok(reply) = session.ask(&["COMMAND"]) {
        add_missing(&mut pages, server::pages_of_older(&reply));
    }
    Ok(pages)
}

fn numbers(version: &str) -> Vec<i64> {
    version.split('.').map(|part| number::integer(part.as_bytes())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manual() -> Manual {
        Manual::of(own_pages())
    }

    #[test]
    fn lines_are_completed_to_names_and_groups() {
        let manual = manual();
        assert_eq!(manual.completions("decr"), ["DECR", "DECRBY"]);
        assert_eq!(manual.completions("config s"), ["CONFIG SET"]);
        assert_eq!(manual.completions("help  @has"), ["help  @hash"]);
        assert!(manual.completions("nothing").is_empty());
    }

    #[test]
    fn a_hint_is_what_was_not_typed_yet() {
        let manual = manual();
        for (line, want) in [
            ("GET ", Some("key")),
            ("get", None),
            ("GET abc ", Some("")),
            ("config set param ", Some("value [parameter value ...]")),
            ("config ", Some("")),
            ("mget k k ", Some("[key ...]")),
            ("scan 2 count ", Some("count [MATCH pattern] [TYPE type]")),
            ("zadd key CH LT ", Some("[NX|XX] [INCR] score member [score member ...]")),
            ("set \"open", None),
        ] {
            assert_eq!(manual.hint(line).as_deref(), want, "{line}");
        }
    }
}
