//! Libraries of functions as bytes: what FUNCTION DUMP gives and FUNCTION RESTORE takes.
//!
//! ```text
//! (245  source)*  version (u16)  CRC-64 of everything before      the last two lowest byte first
//! ```

use std::fmt;

use stdx::crc64;

use crate::encode::write_text;
use crate::format;
use crate::input::Input;

/// Version and sum.
const FOOTER: usize = 10;

/// Why a payload is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoFunctions {
    /// Too new, or damaged on the way.
    VersionOrChecksum,
    /// From a server before the release of functions.
    TooOld,
    /// Something else than libraries.
    Other,
    /// The sum is right and the rest is not.
    Corrupt,
}

impl fmt::Display for NoFunctions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NoFunctions::VersionOrChecksum => "DUMP payload version or checksum are wrong",
            NoFunctions::TooOld => "Pre-GA function format not supported",
            NoFunctions::Other => "given type is not a function",
            NoFunctions::Corrupt => "failed loading the given functions payload",
        })
    }
}

impl std::error::Error for NoFunctions {}

/// The payload of these libraries.
pub fn dump_functions<'a>(sources: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    for source in sources {
        out.push(format::opcode::FUNCTION);
        write_text(&mut out, source);
    }
    out.extend_from_slice(&format::VERSION_CLASSIC.to_le_bytes());
    let sum = crc64(0, &out);
    out.extend_from_slice(&sum.to_le_bytes());
    out
}

/// The libraries of a payload. `checksum` is false where a test asked to skip the sum.
pub fn restore_functions(payload: &[u8], checksum: bool) -> Result<Vec<Vec<u8>>, NoFunctions> {
    let split = payload.len().checked_sub(FOOTER).map(|size| payload.split_at(size));
    let (body, footer) = split.ok_or(NoFunctions::VersionOrChecksum)?;
    let (version, sum) = footer.split_at(2);
    let version = u16::from_le_bytes([version[0], version[1]]);
    let is_known = version <= format::VERSION_MAX || version == format::VERSION_VALKEY;
    let is_whole = !checksum || sum == crc64(0, &payload[..payload.len() - 8]).to_le_bytes();
    if !is_known || !is_whole {
        return Err(NoFunctions::VersionOrChecksum);
    }
    let mut input = Input::default();
    input.feed(body);
    let mut sources = Vec::new();
    while !input.rest().is_empty() {
        match input.byte().map_err(|_| NoFunctions::Corrupt)? {
            format::opcode::FUNCTION => {}
            format::opcode::FUNCTION_PRE_GA => return Err(NoFunctions::TooOld),
            _ => return Err(NoFunctions::Other),
        }
        let source = input.text().map_err(|_| NoFunctions::Corrupt)?;
        sources.push(source.into_vec());
    }
    Ok(sources)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dumped_is_restored() {
        let sources: [&[u8]; 2] = [b"#!lua name=a\n1", &[b'x'; 300]];
        let payload = dump_functions(sources);
        assert_eq!(restore_functions(&payload, true).expect("it is sound"), sources);
        for cut in 0..payload.len() {
            assert_eq!(
                restore_functions(&payload[..cut], true),
                Err(NoFunctions::VersionOrChecksum)
            );
        }
        let key = [&[0u8, 1, b'x'][..], &10u16.to_le_bytes(), &[0; 8]].concat();
        assert_eq!(restore_functions(&key, false), Err(NoFunctions::Other));
    }
}
