//! Arguments that are not on the command line as they are: quoted ones, and those from standard input.

use std::io::Read;

use config::words;
use sys::ErrorText;

use crate::exit::{Result, fail};
use crate::options::{FromInput, Options};

/// The one word that a quoted text is; none where it is not exactly one.
pub(crate) fn unquote(text: &[u8]) -> Option<Vec<u8>> {
    let words = words::split(text)?;
    <[Vec<u8>; 1]>::try_from(words).ok().map(|[word]| word)
}

/// The words of the command as the options want them.
pub(crate) fn arguments(options: &Options) -> Result<Vec<Vec<u8>>> {
    let mut arguments = options.command.clone();
    if options.is_input_quoted {
        let unquoted: Option<Vec<_>> = arguments.iter().map(|word| unquote(word)).collect();
        let Some(unquoted) = unquoted else {
            sys::say!("Invalid quoted string");
            return Err(crate::exit::Exit(1));
        };
        arguments = unquoted;
    }
    match &options.from_input {
        FromInput::Nothing => {}
        FromInput::LastArgument => arguments.push(standard_input()?),
        FromInput::Tagged(tag) => match arguments.iter_mut().find(|word| *word == tag) {
            Some(word) => *word = standard_input()?,
            None => return fail("Using -X option but stdin tag not match."),
        },
    }
    Ok(arguments)
}

fn standard_input() -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match std::io::stdin().read_to_end(&mut bytes) {
        Ok(_) => Ok(bytes),
        Err(error) => fail(format!("Reading from standard input: {}", error.text())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold_one_word_or_are_refused() {
        for (text, want) in [
            (&b"\"\\x00a\""[..], Some(&b"\0a"[..])),
            (b"plain", Some(b"plain")),
            (b"\"open", None),
            (b"\"a\" \"b\"", None),
            (b"", None),
        ] {
            assert_eq!(unquote(text).as_deref(), want);
        }
    }
}
