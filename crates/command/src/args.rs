//! A cursor over the words that follow a command's name.

use crate::Error;
use resp::Words;

/// The arguments of a request, read from the front.
#[derive(Clone, Copy, Debug)]
pub struct Args<'a> {
    /// The whole request, name included, for errors and propagation.
    all: Words<'a>,
    at: usize,
}

impl<'a> Args<'a> {
    /// The arguments behind the first `skip` words (1 for a command, 2 for a subcommand).
    pub fn new(all: Words<'a>, skip: usize) -> Args<'a> {
        Args { all, at: skip }
    }

    /// The whole request, name included.
    pub fn all(&self) -> Words<'a> {
        self.all
    }

    /// How many words are left.
    pub fn len(&self) -> usize {
        self.all.len() - self.at.min(self.all.len())
    }

    /// True when none is left.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The next word; a syntax error where there is none.
    pub fn word(&mut self) -> Result<&'a [u8], Error> {
        self.next().ok_or(Error::SYNTAX)
    }

    /// The next word, if there is one.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Option<&'a [u8]> {
        let word = self.all.get(self.at)?;
        self.at += 1;
        Some(word)
    }

    /// The next word without taking it.
    pub fn peek(&self) -> Option<&'a [u8]> {
        self.all.get(self.at)
    }

    /// The word `ahead` words on, without taking it; 0 is the next.
    pub fn peek_at(&self, ahead: usize) -> Option<&'a [u8]> {
        self.all.get(self.at + ahead)
    }

    /// The next word as a signed integer.
    pub fn int(&mut self) -> Result<i64, Error> {
        stdx::integer::parse_i64(self.word()?).ok_or(Error::NOT_AN_INTEGER)
    }

    /// The next word as a signed integer of 32 bits.
    pub fn int_32(&mut self) -> Result<i32, Error> {
        i32::try_from(self.int()?).map_err(|_| Error::NOT_32_BITS)
    }

    /// The next word as an integer of at least `min`; `error` where it is none or less.
    pub fn int_from(&mut self, min: i64, error: Error) -> Result<i64, Error> {
        let value = stdx::integer::parse_i64(self.word()?);
        value.filter(|value| *value >= min).ok_or(error)
    }

    /// Takes the next word if it is `keyword`, in any case.
    pub fn take_keyword(&mut self, keyword: &str) -> bool {
        let found = self.peek().is_some_and(|word| word.eq_ignore_ascii_case(keyword.as_bytes()));
        self.at += usize::from(found);
        found
    }

    /// All that is left.
    pub fn rest(self) -> Words<'a> {
        self.all.from(self.at)
    }

    /// Takes the next `count` words; a syntax error where there are fewer.
    pub fn take(&mut self, count: usize) -> Result<Words<'a>, Error> {
        if self.len() < count {
            return Err(Error::SYNTAX);
        }
        let words = self.all.from(self.at).first(count);
        self.at += count;
        Ok(words)
    }

    /// What Redis says of a subcommand followed by more than `count` words, unless there are no more.
    pub fn at_most(&self, count: usize) -> Result<(), Error> {
        if self.len() > count { Err(Error::subcommand_words(&self.all)) } else { Ok(()) }
    }

    /// A syntax error unless every word was read.
    pub fn end(&self) -> Result<(), Error> {
        if self.is_empty() { Ok(()) } else { Err(Error::SYNTAX) }
    }
}
