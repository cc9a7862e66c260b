//! Registers in runs of equal ones.
//!
//! ```text
//!     00nnnnnn             1 to 64 registers that are 0
//!     01nnnnnn nnnnnnnn    1 to 16384 registers that are 0
//!     1vvvvvnn             1 to 4 registers of 1 to 32
//! ```
//!
//! Each number is kept as one less. Which of the possible runs there are depends on how they came to be, and two
//! servers that are to hold the same bytes must go the same way: a run is split where a register in it rises, and
//! afterwards up to five runs from the one before are looked at for neighbours that can be one.

use super::{Corrupt, HEADER, Place, REGISTERS};

/// What a run can have at most.
const VALUE_MAX: u8 = 32;
const VALUES_MAX: usize = 4;
const SHORT_ZEROS_MAX: usize = 64;

/// How many runs are looked at for neighbours of the same value.
const MERGE_STEPS: usize = 5;

/// Some registers of one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    /// So many zeros, in one byte.
    Zeros(usize),
    /// So many zeros, in two bytes.
    ManyZeros(usize),
    /// This value so often.
    Values(u8, usize),
}

impl Run {
    /// The first run, where there is one.
    fn read(bytes: &[u8]) -> Option<Run> {
        Some(match *bytes {
            [first @ 0x80..=0xff, ..] => {
                Run::Values((first >> 2 & 31) + 1, usize::from(first & 3) + 1)
            }
            [first @ 0x40..=0x7f, second, ..] => {
                Run::ManyZeros((usize::from(first & 63) << 8 | usize::from(second)) + 1)
            }
            [first @ 0..=0x3f, ..] => Run::Zeros(usize::from(first) + 1),
            _ => return None,
        })
    }

    /// How many registers.
    fn count(self) -> usize {
        match self {
            Run::Zeros(count) | Run::ManyZeros(count) | Run::Values(_, count) => count,
        }
    }

    /// What they hold.
    fn value(self) -> u8 {
        match self {
            Run::Zeros(_) | Run::ManyZeros(_) => 0,
            Run::Values(value, _) => value,
        }
    }

    /// How many bytes it takes.
    fn size(self) -> usize {
        if matches!(self, Run::ManyZeros(_)) { 2 } else { 1 }
    }

    /// A run of the same kind with another count; nothing where that is none.
    fn push(self, count: usize, to: &mut Parts) {
        match self {
            _ if count == 0 => {}
            Run::Values(value, _) => to.push(0x80 | (value - 1) << 2 | (count - 1) as u8),
            _ => zeros(count, |byte| to.push(byte)),
        }
    }
}

/// A run of zeros, in as few bytes as it needs.
pub(super) fn zeros(count: usize, mut push: impl FnMut(u8)) {
    if count > SHORT_ZEROS_MAX {
        push(0x40 | ((count - 1) >> 8) as u8);
    }
    push((count - 1) as u8);
}

/// The runs of a sparse HyperLogLog, as far as they make sense.
pub fn runs(bytes: &[u8]) -> impl Iterator<Item = Run> {
    let mut rest = bytes.get(HEADER..).unwrap_or_default();
    std::iter::from_fn(move || {
        let run = Run::read(rest)?;
        rest = &rest[run.size()..];
        Some(run)
    })
}

/// Shows each run with its first register and its value, if they are all registers and no more.
pub(super) fn each(bytes: &[u8], mut f: impl FnMut(usize, usize, u8)) -> Result<(), Corrupt> {
    let (mut index, mut size) = (0, HEADER);
    for run in runs(bytes) {
        if index + run.count() > REGISTERS {
            return Err(Corrupt);
        }
        f(index, run.count(), run.value());
        index += run.count();
        size += run.size();
    }
    if index == REGISTERS && size == bytes.len() { Ok(()) } else { Err(Corrupt) }
}

/// What became of a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Raised {
    /// It was as high before.
    No,
    /// It is higher now.
    Yes,
    /// It would be, if there were room for that, or a way to write it down.
    HasNoRoom,
}

/// Where the search for a register may begin that comes behind the one found last: so far back that the run before
/// the one that is found is known.
#[derive(Clone, Copy, Debug)]
pub struct Cursor {
    /// Where a run is.
    at: usize,
    /// Its first register.
    first: usize,
}

impl Default for Cursor {
    /// At the first run.
    fn default() -> Cursor {
        Cursor { at: HEADER, first: 0 }
    }
}

/// Gives a register the rank of an element, where it has a lower one.
pub(super) fn raise(
    bytes: &mut Vec<u8>,
    place: Place,
    len_max: usize,
    cursor: &mut Cursor,
) -> Result<Raised, Corrupt> {
    if place.rank > VALUE_MAX {
        // No run of such a value can be written, and so none is there that is as high.
        return Ok(Raised::HasNoRoom);
    }
    // What is done here changes runs from the one before on; the one before that is where the next search begins.
    let (mut before, mut here) = (*cursor, *cursor);
    loop {
        let (count, size) = extent(bytes, here.at).ok_or(Corrupt)?;
        if place.index < here.first + count {
            break;
        }
        *cursor = before;
        before = here;
        here = Cursor { at: here.at + size, first: here.first + count };
    }
    let Cursor { at, first } = here;
    let run = bytes.get(at..).and_then(Run::read).ok_or(Corrupt)?;
    if run.value() >= place.rank {
        return Ok(Raised::No);
    }
    let mut parts = Parts::default();
    run.push(place.index - first, &mut parts);
    Run::Values(place.rank, 1).push(1, &mut parts);
    run.push(first + run.count() - place.index - 1, &mut parts);
    let more = parts.len.saturating_sub(run.size());
    if more > 0 && bytes.len() + more > len_max {
        return Ok(Raised::HasNoRoom);
    }
    replace(bytes, at, run.size(), &parts.bytes[..parts.len]);
    merge(bytes, before.at);
    Ok(Raised::Yes)
}

/// How many registers the run at `at` has, and how many bytes it takes. Searches do nothing else, and this is quick.
#[inline]
fn extent(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let first = *bytes.get(at)?;
    Some(match first {
        0..=0x3f => (usize::from(first) + 1, 1),
        0x80.. => (usize::from(first & 3) + 1, 1),
        _ => ((usize::from(first & 63) << 8 | usize::from(*bytes.get(at + 1)?)) + 1, 2),
    })
}

/// Puts other bytes in the place of `size` bytes at `at`.
fn replace(bytes: &mut Vec<u8>, at: usize, size: usize, with: &[u8]) {
    let (old_len, behind) = (bytes.len(), at + size);
    if with.len() > size {
        bytes.resize(old_len + with.len() - size, 0);
    }
    bytes.copy_within(behind..old_len, at + with.len());
    bytes.truncate(old_len + with.len() - size);
    bytes[at..at + with.len()].copy_from_slice(with);
}

/// What a run is split into: two bytes, one, two.
#[derive(Default)]
struct Parts {
    bytes: [u8; 5],
    len: usize,
}

impl Parts {
    fn push(&mut self, byte: u8) {
        self.bytes[self.len] = byte;
        self.len += 1;
    }
}

/// Makes one run of neighbours that have the same value, from the run at `at` on.
fn merge(bytes: &mut Vec<u8>, mut at: usize) {
    for _ in 0..MERGE_STEPS {
        let Some(run) = bytes.get(at..).and_then(Run::read) else { return };
        let next = bytes.get(at + run.size()..).and_then(Run::read);
        match (run, next) {
            (Run::Values(value, a), Some(Run::Values(other, b)))
                if value == other && a + b <= VALUES_MAX =>
            {
                let mut one = Parts::default();
                run.push(a + b, &mut one);
                replace(bytes, at, 2, &one.bytes[..one.len]);
            }
            _ => at += run.size(),
        }
    }
}
