//! The words that say when something expires: `EX 10`, `PX 1500`, `EXAT 1700000000`, `PXAT 1700000000000`.

use command::{Args, Error};
use stdx::integer::parse_i64;
use stdx::{Now, WallTime};

/// What a number of an expire time counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Seconds from now on.
    Secs,
    /// Milliseconds from now on.
    Ms,
    /// Seconds since 1970.
    UnixSecs,
    /// Milliseconds since 1970.
    UnixMs,
}

impl Unit {
    /// Whether the number tells a point on the calendar.
    pub(crate) fn is_absolute(self) -> bool {
        matches!(self, Unit::UnixSecs | Unit::UnixMs)
    }

    /// The Unix milliseconds that `number` stands for; nothing where they do not fit 63 bits.
    pub(crate) fn unix_ms(self, number: i64, now: Now) -> Option<i64> {
        let ms = match self {
            Unit::Secs | Unit::UnixSecs => number.checked_mul(1000)?,
            Unit::Ms | Unit::UnixMs => number,
        };
        if self.is_absolute() { Some(ms) } else { ms.checked_add(now.wall.ms() as i64) }
    }
}

/// An expire time as it was asked for, not yet read: Redis looks at the number only when all options are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Until<'a> {
    pub(crate) unit: Unit,
    pub(crate) text: &'a [u8],
}

impl<'a> Until<'a> {
    /// Takes the keyword and its number where the next word is such a keyword; a syntax error where the number is
    /// missing, or where `earlier` was in another unit.
    pub(crate) fn take(
        args: &mut Args<'a>,
        earlier: Option<Until<'a>>,
    ) -> Result<Option<Until<'a>>, Error> {
        let keywords = [
            ("EX", Unit::Secs),
            ("PX", Unit::Ms),
            ("EXAT", Unit::UnixSecs),
            ("PXAT", Unit::UnixMs),
        ];
        for (keyword, unit) in keywords {
            if args.take_keyword(keyword) {
                let until = Until { unit, text: args.word()? };
                let fits = earlier.is_none_or(|earlier| earlier.unit == unit);
                return if fits { Ok(Some(until)) } else { Err(Error::SYNTAX) };
            }
        }
        Ok(None)
    }

    /// The time in Unix milliseconds. It must be positive; `name` is the command's, for the error.
    pub(crate) fn unix_ms(&self, now: Now, name: &str) -> Result<u64, Error> {
        let number = parse_i64(self.text).ok_or(Error::NOT_AN_INTEGER)?;
        let ms = if number > 0 { self.unit.unix_ms(number, now) } else { None };
        // Beyond what a calendar time can hold there is nothing to compare with.
        ms.filter(|ms| *ms > 0).map(|ms| ms as u64).ok_or_else(|| Error::invalid_expire(name))
    }
}

/// Whether a time in Unix milliseconds has come already.
pub(crate) fn is_past(unix_ms: u64, wall: WallTime) -> bool {
    unix_ms <= wall.ms()
}
