//! Arguments as text: `key [NX|XX] member [member ...]`, without those that were typed already.

use command::syntax::{Argument, Kind};

use super::matching::{Marks, take_all};

/// All arguments.
pub(super) fn of(arguments: &[Argument]) -> String {
    join(arguments, &Marks::all_none(arguments), " ")
}

/// The arguments that may follow the words `typed`; nothing where those do not fit.
pub(super) fn behind(arguments: &[Argument], typed: &[Vec<u8>]) -> String {
    let mut marks = Marks::all_none(arguments);
    let taken = if typed.is_empty() { 0 } else { take_all(typed, arguments, &mut marks) };
    if taken != typed.len() {
        return String::new();
    }
    join(arguments, &marks, " ")
}

fn join(arguments: &[Argument], marks: &[Marks], separator: &str) -> String {
    let mut texts = Vec::new();
    let mut at = 0;
    while at < arguments.len() {
        let optional = arguments[at..].iter().take_while(|it| it.optional).count();
        if optional == 0 {
            texts.push(one(&arguments[at], &marks[at]));
            at += 1;
            continue;
        }
        let end = at + optional;
        // Of options in any order, the one that was begun comes first.
        let is_begun = |at: &usize| marks[*at].is_found() && !marks[*at].is_whole;
        texts.extend((at..end).filter(is_begun).map(|at| one(&arguments[at], &marks[at])));
        // Where the user is past all of them, the others are not to be had any more.
        if marks.get(end).is_none_or(|next| !next.is_found()) {
            let last_begun = (at..end).rfind(is_begun);
            let others = (at..end).filter(|at| Some(*at) != last_begun);
            texts.extend(others.map(|at| one(&arguments[at], &marks[at])));
        }
        at = end;
    }
    texts.retain(|text| !text.is_empty());
    texts.join(separator)
}

fn one(argument: &Argument, marks: &Marks) -> String {
    if marks.is_whole {
        return String::new();
    }
    let is_bracketed = argument.optional && !marks.is_found();
    let mut text = String::new();
    if is_bracketed {
        text.push('[');
    }
    if let Some(token) = argument.token.as_ref().filter(|_| !marks.has_token) {
        push_named(&mut text, token);
        if argument.kind != Kind::PureToken {
            text.push(' ');
        }
    }
    match argument.kind {
        Kind::OneOf if marks.is_found() => {
            let begun = argument.inside.iter().zip(&marks.inside).filter(|(_, it)| it.is_found());
            text.extend(begun.map(|(argument, marks)| one(argument, marks)));
        }
        Kind::OneOf => text += &join(&argument.inside, &marks.inside, "|"),
        Kind::Block => text += &join(&argument.inside, &marks.inside, " "),
        Kind::PureToken => {}
        _ if !marks.has_value => push_named(&mut text, &argument.name),
        _ => {}
    }
    if argument.multiple {
        if !text.is_empty() {
            text.push(' ');
        }
        text += &repetition(argument);
    }
    // compat(7.2): what may be repeated ends in the bracket of its option even where that was opened long ago.
    if is_bracketed || argument.optional && argument.multiple {
        text.push(']');
    }
    text
}

/// `[member ...]`: how an argument goes on.
fn repetition(argument: &Argument) -> String {
    let mut text = String::from("[");
    if let Some(token) = argument.token.as_ref().filter(|_| argument.multiple_token) {
        push_named(&mut text, token);
        if argument.kind != Kind::PureToken {
            text.push(' ');
        }
    }
    let marks = Marks::all_none(&argument.inside);
    match argument.kind {
        Kind::OneOf => text += &join(&argument.inside, &marks, "|"),
        Kind::Block => text += &join(&argument.inside, &marks, " "),
        Kind::PureToken => {}
        _ => push_named(&mut text, &argument.name),
    }
    text + " ...]"
}

/// An empty word is shown as one types it.
fn push_named(text: &mut String, name: &str) {
    text.push_str(if name.is_empty() { "\"\"" } else { name });
}
