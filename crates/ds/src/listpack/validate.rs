//! Deciding whether a stranger's bytes are a listpack, entry by entry, before anything trusts a length in them.

use super::{END, HEADER, UNKNOWN, entry};

/// Why bytes are not a listpack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Corrupt {
    /// Too short, or the header tells another size than there is.
    Size,
    /// The last byte is not the end mark.
    End,
    /// The entry at this offset is malformed or reaches beyond the end.
    Entry(usize),
    /// The header counts other than there are.
    Count,
}

pub(super) fn validate(bytes: &[u8]) -> Result<(), Corrupt> {
    let &[a, b, c, d, e, f, .., last] = bytes else {
        return Err(Corrupt::Size);
    };
    if u32::from_le_bytes([a, b, c, d]) as usize != bytes.len() {
        return Err(Corrupt::Size);
    }
    if last != END {
        return Err(Corrupt::End);
    }
    let end = bytes.len() - 1;
    let (mut at, mut count) = (HEADER, 0usize);
    while at < end {
        at = entry_end(bytes, at, end).ok_or(Corrupt::Entry(at))?;
        count += 1;
    }
    let stored = u16::from_le_bytes([e, f]);
    if stored != UNKNOWN && usize::from(stored) != count {
        return Err(Corrupt::Count);
    }
    Ok(())
}

/// Where the entry at `at` ends, if it is sound and ends by `end`.
fn entry_end(bytes: &[u8], at: usize, end: usize) -> Option<usize> {
    let len = entry::forward_len(&bytes[at..end])?;
    let back = entry::back_len_size(len);
    let next = at.checked_add(len)?.checked_add(back)?;
    if next > end || entry::read_back_len(bytes, next)? != (len, back) {
        return None;
    }
    Some(next)
}
