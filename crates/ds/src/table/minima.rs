//! When the first item of a bucket may be due: lower bounds per bucket and per chunk, never wrong, only early.
//!
//! Setting a deadline lowers the bounds. Deleting and replacing leave them as they are, so a bound may announce an
//! item that is gone; the visit finds nothing due and raises it. This costs four bytes per bucket, and nothing in
//! tables without deadlines, where an exact order would cost more than the deadlines themselves.

/// The bound where nothing is ever due.
pub(super) const NEVER: u32 = u32::MAX;

#[derive(Default)]
pub(super) struct Minima {
    /// Empty until the first deadline is noted; from then on, as long as there are chunks.
    chunks: Vec<Chunk>,
}

struct Chunk {
    /// Invariant: not above any bound in `each`.
    least: u32,
    /// Bounds of the chunk's buckets; empty where all are `NEVER`.
    each: Box<[u32]>,
}

impl Chunk {
    fn never() -> Chunk {
        Chunk { least: NEVER, each: Box::default() }
    }
}

/// Unix milliseconds as a bound: whole seconds, rounded down. What lies beyond 2106 is announced for then: early, but
/// not never.
pub(super) fn bound(unix_ms: u64) -> u32 {
    u32::try_from(unix_ms / 1000).unwrap_or(NEVER).min(NEVER - 1)
}

impl Minima {
    /// Lowers the bound of a bucket.
    pub(super) fn lower(&mut self, bucket: usize, bits: u8, to: u32) {
        if to == NEVER {
            return;
        }
        let chunk = bucket >> bits;
        if self.chunks.len() <= chunk {
            self.chunks.resize_with(chunk + 1, Chunk::never);
        }
        let chunk = &mut self.chunks[chunk];
        let at = bucket & ((1 << bits) - 1);
        if chunk.each.len() <= at {
            // A small table has few buckets: the list grows with them, by doubling.
            let mut each = std::mem::take(&mut chunk.each).into_vec();
            each.resize((at + 1).next_power_of_two().min(1 << bits), NEVER);
            chunk.each = each.into();
        }
        let each = &mut chunk.each[at];
        *each = to.min(*each);
        chunk.least = to.min(chunk.least);
    }

    /// The bound of a bucket.
    pub(super) fn of(&self, bucket: usize, bits: u8) -> u32 {
        let chunk = self.chunks.get(bucket >> bits);
        chunk.and_then(|c| c.each.get(bucket & ((1 << bits) - 1))).map_or(NEVER, |each| *each)
    }

    /// Replaces the bound of a bucket that was looked through.
    pub(super) fn set(&mut self, bucket: usize, bits: u8, to: u32) {
        let Some(chunk) = self.chunks.get_mut(bucket >> bits) else { return };
        if let Some(each) = chunk.each.get_mut(bucket & ((1 << bits) - 1)) {
            *each = to;
            chunk.least = to.min(chunk.least);
        }
    }

    /// Forgets what lies beyond the first `chunks` chunks.
    pub(super) fn truncate(&mut self, chunks: usize) {
        self.chunks.truncate(chunks);
    }

    /// The least bound of all, as far as it is known without looking through buckets.
    pub(super) fn least(&self) -> u32 {
        self.chunks.iter().map(|chunk| chunk.least).min().unwrap_or(NEVER)
    }

    /// The first bucket at or after `from` whose bound is not after `now`. Chunks that turn out to announce too
    /// early are corrected on the way.
    pub(super) fn next_due(&mut self, from: usize, bits: u8, now: u32) -> Option<usize> {
        let first = from >> bits;
        for at in first..self.chunks.len() {
            let chunk = &mut self.chunks[at];
            if chunk.least > now {
                continue;
            }
            let skip = if at == first { from & ((1 << bits) - 1) } else { 0 };
            let rest = chunk.each.get(skip..).unwrap_or_default();
            if let Some(n) = rest.iter().position(|each| *each <= now) {
                return Some((at << bits) + skip + n);
            }
            chunk.least = chunk.each.iter().copied().min().unwrap_or(NEVER);
            if chunk.least == NEVER {
                chunk.each = Box::default();
            }
        }
        None
    }

    /// Bytes on the heap.
    pub(super) fn heap_bytes(&self) -> usize {
        self.chunks.iter().map(|chunk| size_of::<Chunk>() + 4 * chunk.each.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_far_future_is_not_never() {
        assert_eq!(bound(1999), 1);
        assert!(bound(u64::MAX) < NEVER && bound(u64::from(NEVER) * 1000) < NEVER);
    }
}
