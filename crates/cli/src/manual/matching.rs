//! Which arguments of a command the words typed so far are.
//!
//! Required arguments come in order. Neighbouring optional ones come in any order, each with what it needs. A repeated
//! argument takes as many words as fit.

use command::syntax::{Argument, Kind};

use crate::number;

/// What of an argument was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Marks {
    /// How many words it took.
    pub(super) words: usize,
    pub(super) has_token: bool,
    pub(super) has_value: bool,
    /// Nothing more belongs to it.
    pub(super) is_whole: bool,
    pub(super) inside: Vec<Marks>,
}

impl Marks {
    /// Nothing found yet.
    pub(super) fn none(argument: &Argument) -> Marks {
        Marks { inside: Marks::all_none(&argument.inside), ..Marks::default() }
    }

    pub(super) fn all_none(arguments: &[Argument]) -> Vec<Marks> {
        arguments.iter().map(Marks::none).collect()
    }

    pub(super) fn is_found(&self) -> bool {
        self.words > 0
    }
}

/// Takes words for arguments in turn and tells how many were taken; zero where a required one does not fit.
pub(super) fn take_all(words: &[Vec<u8>], arguments: &[Argument], marks: &mut [Marks]) -> usize {
    let (mut taken, mut at) = (0, 0);
    while taken < words.len() && at < arguments.len() {
        let optional = arguments[at..].iter().take_while(|it| it.optional).count();
        let count = if optional > 0 {
            let range = at..at + optional;
            take_optional(&words[taken..], &arguments[range.clone()], &mut marks[range])
        } else {
            match take(&words[taken..], &arguments[at], &mut marks[at]) {
                0 => return 0,
                count => count,
            }
        };
        taken += count;
        at += optional.max(1);
    }
    taken
}

/// Takes words for optional arguments in any order. Who begins one has finished the one before.
fn take_optional(words: &[Vec<u8>], arguments: &[Argument], marks: &mut [Marks]) -> usize {
    let mut taken = 0;
    let mut before = None;
    while taken < words.len() {
        let mut open = (0..arguments.len())
            .filter(|at| !marks[*at].is_found())
            .collect::<Vec<_>>()
            .into_iter();
        let found = open.find_map(|at| {
            let count = take(&words[taken..], &arguments[at], &mut marks[at]);
            (count > 0).then_some((at, count))
        });
        let Some((at, count)) = found else { break };
        if let Some(before) = before.replace(at) {
            let before: &mut Marks = &mut marks[before];
            before.is_whole = true;
        }
        taken += count;
    }
    taken
}

/// Takes words for one argument, as often as it may be repeated.
fn take(words: &[Vec<u8>], argument: &Argument, marks: &mut Marks) -> usize {
    let mut taken = take_once(words, argument, marks);
    if !argument.multiple {
        return taken;
    }
    while marks.is_whole && taken < words.len() {
        *marks = Marks::none(argument);
        let rest = &words[taken..];
        taken += if argument.token.is_some() && !argument.multiple_token {
            // The token was said the first time.
            let count = take_value(rest, argument, marks);
            marks.has_token = count > 0;
            count
        } else {
            take_once(rest, argument, marks)
        };
    }
    marks.is_whole = false;
    taken
}

fn take_once(words: &[Vec<u8>], argument: &Argument, marks: &mut Marks) -> usize {
    let Some(token) = &argument.token else { return take_value(words, argument, marks) };
    if !words[0].eq_ignore_ascii_case(token.as_bytes()) {
        return 0;
    }
    marks.has_token = true;
    marks.words = 1;
    if argument.kind == Kind::PureToken {
        marks.is_whole = true;
    } else if words.len() > 1 {
        take_value(&words[1..], argument, marks);
    }
    marks.words
}

/// Takes words for what stands behind the token.
fn take_value(words: &[Vec<u8>], argument: &Argument, marks: &mut Marks) -> usize {
    match argument.kind {
        Kind::Block => {
            marks.words += take_all(words, &argument.inside, &mut marks.inside);
            marks.is_whole = marks.inside.iter().all(|marks| marks.is_whole);
        }
        Kind::OneOf => {
            for (argument, inside) in argument.inside.iter().zip(&mut marks.inside) {
                if take(words, argument, inside) > 0 {
                    marks.words += inside.words;
                    marks.is_whole = inside.is_whole;
                    break;
                }
            }
        }
        kind => {
            let fits = match kind {
                Kind::Integer | Kind::UnixTime => number::is_integer_ahead(&words[0]),
                Kind::Double => number::leading_fraction(&words[0]).is_some(),
                _ => true,
            };
            if fits {
                marks.words += 1;
                (marks.has_value, marks.is_whole) = (true, true);
            } else {
                (marks.words, marks.has_value) = (0, false);
            }
        }
    }
    marks.words
}
