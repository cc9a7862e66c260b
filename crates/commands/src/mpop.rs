//! What LMPOP, ZMPOP and those that wait are asked: elements from one end of the first of several keys that has any.

use command::{Args, Error, Words};
use store::End;

/// How many elements, from which end, of which keys.
pub(crate) struct Wanted<'a> {
    pub(crate) keys: Words<'a>,
    pub(crate) end: End,
    pub(crate) count: usize,
}

impl<'a> Wanted<'a> {
    /// Reads `numkeys key [key ...] <end> [COUNT count]`; `end` knows the words for the ends.
    pub(crate) fn read(
        mut args: Args<'a>,
        end: fn(&[u8]) -> Result<End, Error>,
    ) -> Result<Wanted<'a>, Error> {
        let count = args.int_from(1, Error::KEYS_AT_LEAST_ONE)? as usize;
        let keys = args.take(count)?;
        let end = end(args.word()?)?;
        let count = match args.take_keyword("COUNT") {
            true => args.int_from(1, Error::COUNT_AT_LEAST_ONE)? as usize,
            false => 1,
        };
        args.end()?;
        Ok(Wanted { keys, end, count })
    }
}
