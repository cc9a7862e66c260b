//! From the line of a manual to a tree of arguments: `key [NX | XX] member [member ...]` is what a row says, and
//! COMMAND DOCS must answer with names, types, tokens and flags.
//!
//! # The lines
//! Words in capitals are tokens, others are arguments. `[...]` may be left out, `<a | b>` and `[a | b]` are choices,
//! and `x [x ...]` is one or more of `x`. A token belongs to the arguments right behind it.
//!
//! # The tree
//! One argument behind a token carries it; several become a block that carries it; none at all makes it an argument
//! of its own, a pure token.

use crate::{Find, Search, Spec};

/// A node of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    /// What the manual calls it.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// The word that announces it.
    pub token: Option<String>,
    /// Which of the command's key specifications finds it.
    pub key_spec: Option<usize>,
    /// It may be left out.
    pub optional: bool,
    /// It may be said again.
    pub multiple: bool,
    /// The token is said again with every repetition.
    pub multiple_token: bool,
    /// The alternatives of a choice, the parts of a block.
    pub inside: Vec<Argument>,
}

/// The types of arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any bytes.
    String,
    /// A whole number.
    Integer,
    /// A number.
    Double,
    /// The name of a key.
    Key,
    /// A glob pattern.
    Pattern,
    /// Seconds or milliseconds since 1970.
    UnixTime,
    /// The token is all there is.
    PureToken,
    /// One of what is inside.
    OneOf,
    /// All of what is inside.
    Block,
}

impl Kind {
    /// The name that COMMAND DOCS gives.
    pub fn name(self) -> &'static str {
        match self {
            Kind::String => "string",
            Kind::Integer => "integer",
            Kind::Double => "double",
            Kind::Key => "key",
            Kind::Pattern => "pattern",
            Kind::UnixTime => "unix-time",
            Kind::PureToken => "pure-token",
            Kind::OneOf => "oneof",
            Kind::Block => "block",
        }
    }

    /// What an argument of this name holds, keys aside.
    fn of(name: &str) -> Kind {
        match name {
            "pattern" => Kind::Pattern,
            "unix-time-seconds" | "unix-time-milliseconds" => Kind::UnixTime,
            "score" | "weight" | "longitude" | "latitude" | "radius" | "width" | "height" => {
                Kind::Double
            }
            "count" | "index" | "index1" | "index2" | "offset" | "seconds" | "milliseconds"
            | "db" | "destination-db" | "numkeys" | "limit" | "rank" | "len" | "num-matches"
            | "min-match-len" | "cursor" | "client-id" | "protover" | "version" | "port"
            | "ttl" | "decrement" | "numreplicas" | "frequency" | "bit" => Kind::Integer,
            _ => Kind::String,
        }
    }
}

/// The arguments of a command.
pub fn parse(spec: &Spec) -> Vec<Argument> {
    let mut words = Vec::new();
    for part in spec.syntax.split_whitespace() {
        split_brackets(part, &mut words);
    }
    let mut reader = Reader { words: &words, at: 0 };
    let mut arguments = reader.sequence();
    let mut finder = KeyFinder { spec, position: Some(first_position(spec)) };
    arguments.iter_mut().for_each(|argument| finder.visit(argument));
    arguments
}

/// Brackets and bars are words of their own.
fn split_brackets<'a>(part: &'a str, words: &mut Vec<&'a str>) {
    let mut rest = part;
    while let Some(at) = rest.find(['[', ']', '<', '>', '|']) {
        if at > 0 {
            words.push(&rest[..at]);
        }
        words.push(&rest[at..=at]);
        rest = &rest[at + 1..];
    }
    if !rest.is_empty() {
        words.push(rest);
    }
}

struct Reader<'a> {
    words: &'a [&'a str],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<&str> {
        self.words.get(self.at).copied()
    }

    /// Arguments up to the end, a closing bracket or a bar.
    fn sequence(&mut self) -> Vec<Argument> {
        let mut found: Vec<Argument> = Vec::new();
        while let Some(word) = self.peek() {
            match word {
                "]" | ">" | "|" => break,
                "..." => {
                    // Handled where the bracket opened; a stray one repeats what it follows.
                    self.at += 1;
                    if let Some(last) = found.last_mut() {
                        last.multiple = true;
                    }
                }
                "[" => self.bracket(&mut found),
                "<" => {
                    self.at += 1;
                    let choice = self.choice();
                    found.push(choice);
                }
                word if is_token(word) => {
                    let token = word.to_owned();
                    self.at += 1;
                    found.push(self.behind(token));
                }
                word => {
                    let argument = leaf(word, Kind::of(word));
                    self.at += 1;
                    found.push(argument);
                }
            }
        }
        found
    }

    /// What a token belongs to: the plain arguments, repetitions and choices right behind it.
    fn behind(&mut self, token: String) -> Argument {
        let mut inside: Vec<Argument> = Vec::new();
        while let Some(word) = self.peek() {
            match word {
                "<" if inside.is_empty() => {
                    self.at += 1;
                    let choice = self.choice();
                    inside.push(choice);
                }
                "[" if !inside.is_empty() && self.repeats(&inside, Some(&token)) => {
                    self.bracket_repeating(&mut inside, Some(&token));
                }
                "]" | ">" | "|" | "[" | "<" | "..." => break,
                word if is_token(word) => break,
                word => {
                    let argument = leaf(word, Kind::of(word));
                    self.at += 1;
                    inside.push(argument);
                }
            }
        }
        let mut argument = match inside.len() {
            0 => leaf(&token.to_ascii_lowercase(), Kind::PureToken),
            1 => inside.remove(0),
            _ => block(&token.to_ascii_lowercase(), inside),
        };
        if argument.kind == Kind::OneOf {
            argument.name = token.to_ascii_lowercase();
        }
        argument.token = Some(token);
        argument
    }

    /// `[`: a repetition of what precedes, or something that may be left out.
    fn bracket(&mut self, found: &mut Vec<Argument>) {
        if self.repeats(found, None) {
            self.bracket_repeating(found, None);
            return;
        }
        self.at += 1;
        let mut argument = self.choice();
        argument.optional = true;
        found.push(argument);
    }

    /// The words of the bracket that opens here, if it ends in dots.
    fn dotted(&self) -> Option<&[&str]> {
        let inner = &self.words[self.at + 1..];
        let end = inner.iter().position(|word| matches!(*word, "]" | "[" | "<" | "|"))?;
        let (last, names) = inner[..end].split_last()?;
        (inner[end] == "]" && *last == "..." && !names.is_empty()).then_some(names)
    }

    /// True if the bracket that opens here says the arguments before it again.
    fn repeats(&self, found: &[Argument], token: Option<&str>) -> bool {
        let Some(mut names) = self.dotted() else { return false };
        if token.is_some_and(|token| names[0] == token) {
            names = &names[1..];
        }
        names.len() <= found.len()
            && found[found.len() - names.len()..]
                .iter()
                .zip(names)
                .all(|(argument, name)| argument.name == *name)
    }

    fn bracket_repeating(&mut self, found: &mut Vec<Argument>, token: Option<&str>) {
        let names: Vec<String> =
            self.dotted().unwrap_or_default().iter().map(|name| (*name).to_owned()).collect();
        self.at += names.len() + 3;
        let again = token.is_some_and(|token| names.first().is_some_and(|name| name == token));
        let count = names.len() - usize::from(again);
        let repeated = found.split_off(found.len() - count);
        let mut argument = match <[Argument; 1]>::try_from(repeated) {
            Ok([argument]) => argument,
            Err(several) => {
                let names: Vec<&str> = several.iter().map(|it| it.name.as_str()).collect();
                block(&names.join("-"), several)
            }
        };
        argument.multiple = true;
        argument.multiple_token = again;
        found.push(argument);
    }

    /// Alternatives up to the closing bracket, which is taken; one alternative is itself.
    fn choice(&mut self) -> Argument {
        let mut alternatives = Vec::new();
        loop {
            let mut sequence = self.sequence();
            alternatives.push(match sequence.len() {
                1 => sequence.remove(0),
                _ => {
                    let first = sequence.first().map_or("", |it| it.name.as_str()).to_owned();
                    block(&first, sequence)
                }
            });
            let ended = self.peek() != Some("|");
            self.at += 1;
            if ended {
                break;
            }
        }
        if alternatives.len() == 1 {
            return alternatives.remove(0);
        }
        let name = alternatives[0].name.clone();
        Argument { inside: alternatives, ..leaf(&name, Kind::OneOf) }
    }
}

/// Capitals are said as they are written.
fn is_token(word: &str) -> bool {
    word.bytes().any(|byte| byte.is_ascii_uppercase())
        && !word.bytes().any(|byte| byte.is_ascii_lowercase())
        || matches!(word, "=" | "~" | "*" | "$")
}

fn leaf(name: &str, kind: Kind) -> Argument {
    Argument {
        name: name.to_owned(),
        kind,
        token: None,
        key_spec: None,
        optional: false,
        multiple: false,
        multiple_token: false,
        inside: Vec::new(),
    }
}

fn block(name: &str, inside: Vec<Argument>) -> Argument {
    Argument { inside, ..leaf(name, Kind::Block) }
}

/// At which word the arguments begin, as key specifications count: subcommands have two names.
fn first_position(spec: &Spec) -> i32 {
    let of_subcommand = spec.keys.iter().any(|keys| keys.search == Search::Index(2))
        && spec.syntax.starts_with("key");
    if of_subcommand { 2 } else { 1 }
}

/// Marks the arguments that are keys, by position where it is fixed, by keyword or name behind that.
struct KeyFinder<'a> {
    spec: &'a Spec,
    /// The word that comes next; unknown behind anything that may be left out or repeated.
    position: Option<i32>,
}

impl KeyFinder<'_> {
    fn visit(&mut self, argument: &mut Argument) {
        let at = self.position;
        if !argument.inside.is_empty() {
            self.position = None;
            argument.inside.iter_mut().for_each(|inner| {
                if argument.kind == Kind::Block && !argument.optional && argument.token.is_none() {
                    self.position = at;
                }
                self.visit(inner);
            });
            // One word of several is one word.
            let is_word = argument.kind == Kind::OneOf
                && argument.inside.iter().all(|inner| inner.kind == Kind::PureToken);
            self.position =
                at.filter(|_| is_word && !argument.optional && argument.token.is_none());
            self.position = self.position.map(|at| at + 1);
            return;
        }
        let found = match (at, &argument.token) {
            (Some(at), None) => self.at_position(at),
            _ => self.behind_keyword(argument),
        };
        if argument.kind != Kind::PureToken && found.is_some() {
            argument.kind = Kind::Key;
            argument.key_spec = found;
        }
        let fixed = !argument.optional && !argument.multiple && argument.token.is_none();
        self.position = at.filter(|_| fixed).map(|at| at + 1);
    }

    fn at_position(&self, at: i32) -> Option<usize> {
        self.spec.keys.iter().position(|keys| match (keys.search, keys.find) {
            (Search::Index(first), Find::Range { last, step, .. }) => {
                at >= first
                    && (last < 0 && at == first || at - first <= last)
                    && (at - first) % step.max(1) == 0
            }
            (Search::Index(index), Find::Count { first, .. }) => at == index + first,
            _ => false,
        })
    }

    fn behind_keyword(&self, argument: &Argument) -> Option<usize> {
        let token = argument.token.as_deref()?;
        self.spec.keys.iter().position(|keys| match keys.search {
            Search::Keyword(keyword, _) => keyword == token,
            Search::Unknown => token == "STORE" && keys.flags.has(crate::KeyFlags::OW),
            Search::Index(_) => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Group, Keys};

    /// The tree in one line: `name:type`, tokens before a slash, `?` optional, `+` multiple, `++` with the token.
    fn show(arguments: &[Argument]) -> String {
        let one = |it: &Argument| {
            let token = it.token.as_ref().map(|token| format!("{token}/")).unwrap_or_default();
            let key = it.key_spec.map(|index| index.to_string()).unwrap_or_default();
            let mut text = format!("{token}{}:{}{key}", it.name, it.kind.name());
            if !it.inside.is_empty() {
                text.push_str(&format!("({})", show(&it.inside)));
            }
            text.push_str(if it.optional { "?" } else { "" });
            text.push_str(if it.multiple { "+" } else { "" });
            text.push_str(if it.multiple_token { "+" } else { "" });
            text
        };
        arguments.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn lines_become_trees() {
        const KEY: &[Keys] = &[Keys::at(1)];
        const TWO: &[Keys] = &[Keys::range(1, 1, 1)];
        const BITOP: &[Keys] = &[Keys::at(2), Keys::range(3, -1, 1)];
        const MANY: &[Keys] = &[Keys::counted_at(1)];
        const SORT: &[Keys] = &[Keys::at(1), Keys::unknown("").overwrites()];
        for (syntax, keys, want) in [
            ("", &[][..], ""),
            ("key [key ...]", KEY, "key:key0+"),
            ("source destination member", TWO, "source:key0 destination:key0 member:string"),
            (
                "key [NX | XX] score member [score member ...]",
                KEY,
                "key:key0 nx:oneof(NX/nx:pure-token XX/xx:pure-token)? \
                 score-member:block(score:double member:string)+",
            ),
            (
                "numkeys key [key ...] <LEFT | RIGHT> [COUNT count]",
                MANY,
                "numkeys:integer key:key0+ left:oneof(LEFT/left:pure-token RIGHT/right:pure-token) \
                 COUNT/count:integer?",
            ),
            (
                "key [LIMIT offset count] [GET pattern [GET pattern ...]] [STORE destination]",
                SORT,
                "key:key0 LIMIT/limit:block(offset:integer count:integer)? GET/pattern:pattern?++ \
                 STORE/destination:key1?",
            ),
            (
                "[WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN>]",
                &[],
                "WEIGHTS/weight:double?+ \
                 AGGREGATE/aggregate:oneof(SUM/sum:pure-token MIN/min:pure-token)?",
            ),
            ("[pattern [pattern ...]]", &[], "pattern:pattern?+"),
            (
                "<AND | NOT> destkey key [key ...]",
                BITOP,
                "and:oneof(AND/and:pure-token NOT/not:pure-token) destkey:key0 key:key1+",
            ),
            ("[COUNT count [ANY]]", &[], "count:block(COUNT/count:integer ANY/any:pure-token?)?"),
        ] {
            let spec = Spec { syntax, keys, ..Spec::of(Group::Generic) };
            assert_eq!(show(&parse(&spec)), want, "{syntax}");
        }
    }
}
