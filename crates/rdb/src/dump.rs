//! Single values as bytes: what DUMP gives and RESTORE takes.
//!
//! ```text
//! type byte  value  version (u16)  CRC-64 of everything before        the last two lowest byte first
//! ```
//! Payloads are interchangeable with those of Redis 7.0, except hashes whose fields expire, which only 7.4 knows.

use std::fmt;

use stdx::crc64;
use store::{Thresholds, Value, ValueRef};

use crate::corrupt::{Corrupt, Damage};
use crate::decode::{Builder, Built};
use crate::input::{Input, Stop};
use crate::{encode, format, pack};

/// Version and sum.
const FOOTER: usize = 10;

/// Why a payload is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Too new, or damaged on the way.
    VersionOrChecksum,
    /// The sum is right and the value is not.
    Corrupt(Corrupt),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::VersionOrChecksum => f.write_str("DUMP payload version or checksum are wrong"),
            Refused::Corrupt(_) => f.write_str("Bad data format"),
        }
    }
}

impl std::error::Error for Refused {}

/// The payload of a value; long strings in it are compressed if so asked (`rdbcompression`).
pub fn dump(value: ValueRef<'_>, compress: bool) -> Vec<u8> {
    let kind = encode::kind_of(value);
    let mut out = vec![kind];
    encode::write_value(&mut out, value);
    if compress {
        out = pack::compress_payload(&out);
    }
    let version = match kind {
        format::kind::HASH_METADATA => format::VERSION_FIELD_EXPIRY,
        _ => format::VERSION_CLASSIC,
    };
    out.extend_from_slice(&version.to_le_bytes());
    let sum = crc64(0, &out);
    out.extend_from_slice(&sum.to_le_bytes());
    out
}

/// The value of a payload. Whoever sends it is not trusted: everything about it is checked. `checksum` is false
/// where a test asked to skip the sum (DEBUG SET-SKIP-CHECKSUM-VALIDATION).
pub fn restore(payload: &[u8], checksum: bool, limits: &Thresholds) -> Result<Value, Refused> {
    let (body, footer) = payload
        .len()
        .checked_sub(FOOTER)
        .map(|size| payload.split_at(size))
        .ok_or(Refused::VersionOrChecksum)?;
    let (version, sum) = footer.split_at(2);
    let version = u16::from_le_bytes([version[0], version[1]]);
    if version > format::VERSION_MAX && version != format::VERSION_VALKEY {
        return Err(Refused::VersionOrChecksum);
    }
    if checksum && sum != crc64(0, &payload[..payload.len() - 8]).to_le_bytes() {
        return Err(Refused::VersionOrChecksum);
    }
    let mut input = Input::default();
    input.feed(body);
    value(&mut input, version, limits).map_err(|stop| {
        Refused::Corrupt(match stop {
            Stop::More => Corrupt { kind: body.first().copied(), ..eof(body) },
            Stop::Corrupt(corrupt) => Corrupt { kind: body.first().copied(), ..corrupt },
        })
    })
}

fn eof(body: &[u8]) -> Corrupt {
    Corrupt::new(body.len() as u64, Damage::Eof)
}

fn value(input: &mut Input, version: u16, limits: &Thresholds) -> Result<Value, Stop> {
    let kind = input.byte()?;
    match Builder::new(kind, version).read(input, limits)? {
        Built::Empty => Err(input.corrupt(Damage::Empty)),
        Built::Value(_) if !input.rest().is_empty() => Err(input.corrupt(Damage::Trailing)),
        Built::Value(value) => Ok(value),
    }
}
