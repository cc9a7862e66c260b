//! The bounds of ranges as users write them: ranks, `(1.5` and `+inf` for scores, `[a` and `+` for names.

use std::ops::{Bound, Range};

use command::Error;
use stdx::float;
use store::ZSet;

use crate::span;

const NOT_A_SCORE: Error = Error::fixed("ERR min or max is not a float");
const NOT_A_NAME: Error = Error::fixed("ERR min or max not valid string range item");

/// What members are chosen by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// Their place in the order.
    Rank,
    /// Their score.
    Score,
    /// Their bytes, where all scores are equal.
    Lex,
}

/// Which members are chosen.
#[derive(Clone, Copy, Debug)]
pub(super) enum Bounds<'a> {
    /// From one rank to another, both included; negative ones count from the end.
    Rank(i64, i64),
    /// From one score to another.
    Score(Bound<f64>, Bound<f64>),
    /// From one name to another.
    Lex(Bound<&'a [u8]>, Bound<&'a [u8]>),
    /// None at all: the least name there could be, as a maximum, or the greatest as a minimum.
    Nothing,
}

impl<'a> Bounds<'a> {
    /// Reads both bounds, the lower one first.
    pub(super) fn read(by: By, min: &'a [u8], max: &'a [u8]) -> Result<Bounds<'a>, Error> {
        Ok(match by {
            By::Rank => {
                let rank = |word| stdx::integer::parse_i64(word).ok_or(Error::NOT_AN_INTEGER);
                Bounds::Rank(rank(min)?, rank(max)?)
            }
            By::Score => Bounds::Score(score(min)?, score(max)?),
            By::Lex => {
                let (low, high) = (name(min)?, name(max)?);
                if min == b"+" || max == b"-" { Bounds::Nothing } else { Bounds::Lex(low, high) }
            }
        })
    }

    /// The ranks of the chosen members, counted in ascending order.
    pub(super) fn ranks(&self, zset: &ZSet) -> Range<usize> {
        match *self {
            Bounds::Rank(start, stop) => span::within(start, stop, zset.len()),
            Bounds::Score(min, max) => zset.ranks_by_score(min, max),
            Bounds::Lex(min, max) => zset.ranks_by_lex(min, max),
            Bounds::Nothing => 0..0,
        }
    }

    /// As [`Bounds::ranks`], with ranks counted from the largest member: a reversed range of scores or names has
    /// the same members, one of ranks has others.
    pub(super) fn ranks_reversed(&self, zset: &ZSet) -> Range<usize> {
        let ranks = self.ranks(zset);
        match self {
            Bounds::Rank(..) => zset.len() - ranks.end..zset.len() - ranks.start,
            _ => ranks,
        }
    }
}

fn score(word: &[u8]) -> Result<Bound<f64>, Error> {
    let (text, excluded) = match word {
        [b'(', rest @ ..] => (rest, true),
        _ => (word, false),
    };
    // compat(7.2): nothing at all is zero, as strtod has it.
    let value = if text.is_empty() { Some(0.0) } else { float::parse_f64_bound(text) };
    let value = value.ok_or(NOT_A_SCORE)?;
    Ok(if excluded { Bound::Excluded(value) } else { Bound::Included(value) })
}

fn name(word: &[u8]) -> Result<Bound<&[u8]>, Error> {
    match word {
        b"-" | b"+" => Ok(Bound::Unbounded),
        [b'[', name @ ..] => Ok(Bound::Included(name)),
        [b'(', name @ ..] => Ok(Bound::Excluded(name)),
        _ => Err(NOT_A_NAME),
    }
}
