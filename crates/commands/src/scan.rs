//! What SCAN, SSCAN, HSCAN and ZSCAN have in common: how the cursor and the options are read.

use command::{Args, Error, Writer};
use ds::{Element, ElementBuf};
use stdx::glob;

/// Reads a cursor as `strtoul` would, since clients send back whatever they were given.
pub(crate) fn cursor(word: &[u8]) -> Result<u64, Error> {
    let (negative, digits) = match word {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, word),
    };
    // compat(7.2): no digits at all are zero, and a sign turns the number.
    if digits.is_empty() && digits.len() == word.len() {
        return Ok(0);
    }
    let value = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse::<u64>().ok());
    let value = value.filter(|_| digits[0] != b'+').ok_or(Error::INVALID_CURSOR)?;
    Ok(if negative { value.wrapping_neg() } else { value })
}

/// Which elements are asked for, and about how many.
pub(crate) struct Filter<'a> {
    /// How many elements a step should look at.
    pub(crate) count: usize,
    pattern: Option<&'a [u8]>,
}

impl<'a> Filter<'a> {
    /// Reads the options MATCH and COUNT; `other` may take what else the command knows, and says whether it did.
    pub(crate) fn read(
        mut args: Args<'a>,
        mut other: impl FnMut(&mut Args<'a>) -> Result<bool, Error>,
    ) -> Result<Filter<'a>, Error> {
        let mut filter = Filter { count: 10, pattern: None };
        while !args.is_empty() {
            if args.take_keyword("COUNT") {
                filter.count = match args.int()? {
                    count @ 1.. => count as usize,
                    _ => return Err(Error::SYNTAX),
                };
            } else if args.take_keyword("MATCH") {
                filter.pattern = Some(args.word()?).filter(|pattern| *pattern != b"*");
            } else if !other(&mut args)? {
                return Err(Error::SYNTAX);
            }
        }
        Ok(filter)
    }

    /// Whether an element is asked for.
    pub(crate) fn wants(&self, element: Element<'_>) -> bool {
        self.pattern
            .is_none_or(|pattern| glob::matches(pattern, element.bytes(&mut ElementBuf::new())))
    }
}

/// Writes the reply of one step: the next cursor, and `len` replies that are in `elements` already.
pub(crate) fn reply(reply: &mut Writer<'_>, next: u64, len: usize, elements: &[u8]) {
    reply.array(2);
    reply.text(&next.to_string());
    reply.array(len);
    reply.raw(elements);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_unsigned_numbers() {
        for (text, want) in [
            ("0", Some(0)),
            ("18446744073709551615", Some(u64::MAX)),
            ("007", Some(7)),
            ("", Some(0)),
            ("-1", Some(u64::MAX)),
            ("+1", Some(1)),
            ("18446744073709551616", None),
            (" 1", None),
            ("1x", None),
            ("x", None),
            ("++1", None),
            ("-", None),
        ] {
            assert_eq!(cursor(text.as_bytes()).ok(), want, "{text:?}");
        }
    }
}
