//! How many distinct elements were seen, told from 16384 small registers: Redis's HyperLogLog, byte for byte.
//!
//! ```text
//!     "HYLL" | encoding 1 | unused 3 | cached count 8 | registers
//! ```
//!
//! An element's hash names a register and a rank, which is the length of a run of zeros: the longer the run, the more
//! elements there have likely been. A register keeps the highest rank of its elements. The registers are *dense*, six
//! bits each, or *sparse*, in runs. The cached count is in little endian; its highest bit says that it is out of date.
//!
//! Everything here works on the bytes of the value, which may be damaged: nothing panics, whatever they are.

mod dense;
mod estimate;
mod hash;
mod sparse;

use estimate::Histogram;

pub use dense::Change;
pub use estimate::Registers;
pub use hash::{Place, place};
pub use sparse::{Cursor, Run, runs};

/// How many registers there are.
pub const REGISTERS: usize = 1 << 14;

const MAGIC: &[u8] = b"HYLL";
const ENCODING_AT: usize = 4;
const COUNT_AT: usize = 8;
const HEADER: usize = 16;
/// The cached count is out of date where this bit of its last byte is set.
const STALE: u8 = 0x80;

/// How the registers are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Six bits for each.
    Dense,
    /// In runs of equal ones.
    Sparse,
}

/// The runs do not add up to all registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Corrupt;

/// A HyperLogLog that has seen nothing.
pub fn empty() -> Vec<u8> {
    let mut bytes = vec![0; HEADER];
    bytes[..MAGIC.len()].copy_from_slice(MAGIC);
    bytes[ENCODING_AT] = 1;
    sparse::zeros(REGISTERS, |byte| bytes.push(byte));
    bytes
}

/// How the registers are kept; nothing where the bytes are no HyperLogLog.
pub fn encoding(bytes: &[u8]) -> Option<Encoding> {
    if bytes.len() < HEADER || !bytes.starts_with(MAGIC) {
        return None;
    }
    match bytes[ENCODING_AT] {
        0 => (bytes.len() == HEADER + dense::LEN).then_some(Encoding::Dense),
        1 => Some(Encoding::Sparse),
        _ => None,
    }
}

/// The count that was told last, where nothing has changed since.
pub fn cached(bytes: &[u8]) -> Option<u64> {
    let count = bytes.get(COUNT_AT..HEADER)?.try_into().map(u64::from_le_bytes).ok()?;
    (count >> 63 == 0).then_some(count)
}

/// Where the cached count is, and its bytes.
pub fn cache(count: u64) -> Change<8> {
    Change { offset: COUNT_AT, bytes: count.to_le_bytes() }
}

/// What makes the cached count out of date.
pub fn stale(bytes: &[u8]) -> Change<1> {
    let offset = HEADER - 1;
    Change { offset, bytes: [bytes.get(offset).copied().unwrap_or(0) | STALE] }
}

/// Makes the cached count out of date.
pub fn make_stale(bytes: &mut [u8]) {
    let change = stale(bytes);
    bytes[change.offset] = change.bytes[0];
}

/// How many distinct elements it has likely seen.
pub fn count(bytes: &[u8]) -> Result<u64, Corrupt> {
    let mut histogram = Histogram::default();
    match encoding(bytes).ok_or(Corrupt)? {
        Encoding::Dense => dense::all(&bytes[HEADER..]).for_each(|rank| histogram.add(rank, 1)),
        Encoding::Sparse => sparse::each(bytes, |_, count, rank| histogram.add(rank, count))?,
    }
    Ok(histogram.estimate())
}

/// What gives a register of a dense one the rank of an element, where it has a lower one.
pub fn raise_dense(bytes: &[u8], place: Place) -> Option<Change<2>> {
    let registers = bytes.get(HEADER..)?;
    (dense::get(registers, place.index) < place.rank).then(|| {
        let change = dense::set(registers, place.index, place.rank);
        Change { offset: HEADER + change.offset, ..change }
    })
}

/// Gives a register the rank of an element, where it has a lower one, and says whether it had. What is sparse becomes
/// dense where it would be longer than `sparse_max` bytes. The cached count stays as it is.
pub fn raise(bytes: &mut Vec<u8>, place: Place, sparse_max: usize) -> Result<bool, Corrupt> {
    raise_from(bytes, place, sparse_max, &mut Cursor::default())
}

/// As [`raise`], for registers in ascending order, which are found sooner with a cursor that goes along.
pub fn raise_from(
    bytes: &mut Vec<u8>,
    place: Place,
    sparse_max: usize,
    cursor: &mut Cursor,
) -> Result<bool, Corrupt> {
    if encoding(bytes) == Some(Encoding::Sparse) {
        match sparse::raise(bytes, place, sparse_max, cursor)? {
            sparse::Raised::No => return Ok(false),
            sparse::Raised::Yes => return Ok(true),
            sparse::Raised::HasNoRoom => *bytes = to_dense(bytes)?,
        }
    }
    let Some(change) = raise_dense(bytes, place) else { return Ok(false) };
    bytes[change.offset..change.offset + 2].copy_from_slice(&change.bytes);
    Ok(true)
}

/// The same registers, dense.
pub fn to_dense(bytes: &[u8]) -> Result<Vec<u8>, Corrupt> {
    if encoding(bytes) != Some(Encoding::Sparse) {
        return Ok(bytes.to_vec());
    }
    let mut registers = Registers::new();
    registers.merge(bytes)?;
    let mut result = bytes[..HEADER].to_vec();
    result[ENCODING_AT] = 0;
    result.resize(HEADER + dense::LEN, 0);
    for (index, rank) in registers.raised() {
        let change = dense::set(&result[HEADER..], index, rank);
        let at = HEADER + change.offset;
        result[at..at + 2].copy_from_slice(&change.bytes);
    }
    Ok(result)
}

#[cfg(test)]
mod tests;
