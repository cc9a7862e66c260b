//! From registers to a count, by the improved estimator of Otmar Ertl, "New cardinality estimation algorithms for
//! HyperLogLog sketches" (arXiv:1702.01284): exact enough over the whole range without tables of corrections.

use super::{Corrupt, Encoding, HEADER, REGISTERS, dense, encoding, sparse};

/// How many bits of a hash make the rank: there are registers of 0 to one more.
const RANK_BITS: usize = 64 - REGISTERS.trailing_zeros() as usize;

/// All registers, a byte each: what several HyperLogLogs have in common is their highest ranks.
pub struct Registers(Box<[u8; REGISTERS]>);

impl Default for Registers {
    fn default() -> Registers {
        Registers::new()
    }
}

impl Registers {
    /// Those of a HyperLogLog that has seen nothing.
    pub fn new() -> Registers {
        Registers(Box::new([0; REGISTERS]))
    }

    /// Takes over the ranks of a HyperLogLog that are higher.
    pub fn merge(&mut self, bytes: &[u8]) -> Result<(), Corrupt> {
        match encoding(bytes).ok_or(Corrupt)? {
            Encoding::Dense => {
                let others = dense::all(&bytes[HEADER..]);
                self.0.iter_mut().zip(others).for_each(|(own, other)| *own = other.max(*own));
                Ok(())
            }
            Encoding::Sparse => sparse::each(bytes, |first, count, value| {
                if value > 0 {
                    self.0[first..first + count].iter_mut().for_each(|own| *own = value.max(*own));
                }
            }),
        }
    }

    /// The registers that are not zero, with their ranks.
    pub fn raised(&self) -> impl Iterator<Item = (usize, u8)> {
        self.0.iter().copied().enumerate().filter(|(_, rank)| *rank > 0)
    }

    /// The rank of each.
    pub fn ranks(&self) -> &[u8; REGISTERS] {
        &self.0
    }

    /// How many distinct elements they have likely seen.
    pub fn count(&self) -> u64 {
        let mut histogram = Histogram::default();
        for eight in self.0.as_chunks::<8>().0 {
            // Of a few elements, most registers know nothing.
            match u64::from_ne_bytes(*eight) {
                0 => histogram.add(0, 8),
                _ => eight.iter().for_each(|rank| histogram.add(*rank, 1)),
            }
        }
        histogram.estimate()
    }
}

/// How many registers have which rank. Those beyond what a hash can give come from damaged values: they are counted,
/// and not looked at.
pub(super) struct Histogram([u32; 64]);

impl Default for Histogram {
    fn default() -> Histogram {
        Histogram([0; 64])
    }
}

impl Histogram {
    /// So many registers more have this rank.
    pub(super) fn add(&mut self, rank: u8, count: usize) {
        self.0[usize::from(rank & 63)] += count as u32;
    }

    /// How many distinct elements there have likely been.
    pub(super) fn estimate(&self) -> u64 {
        // 0.5 / ln 2, the limit of the constant for many registers.
        const ALPHA: f64 = 0.721_347_520_444_481_7;
        let all = REGISTERS as f64;
        let count = |rank: usize| f64::from(self.0[rank]);
        let mut sum = all * tau((all - count(RANK_BITS + 1)) / all);
        for rank in (1..=RANK_BITS).rev() {
            sum = (sum + count(rank)) * 0.5;
        }
        sum += all * sigma(count(0) / all);
        let count = (ALPHA * all * all / sum).round();
        // compat(7.2): what is not finite becomes the least signed number, as processors convert it.
        if count.is_finite() { count as u64 } else { 1 << 63 }
    }
}

/// x + x^2 + 2 x^4 + 4 x^8 + ..., until nothing is added any more.
fn sigma(mut x: f64) -> f64 {
    if x == 1.0 {
        return f64::INFINITY;
    }
    let (mut sum, mut weight) = (x, 1.0);
    loop {
        x *= x;
        let before = sum;
        sum += x * weight;
        weight += weight;
        if sum == before {
            return sum;
        }
    }
}

/// A third of 1 - x - (1 - x^(1/2))^2 / 2 - (1 - x^(1/4))^2 / 4 - ..., until nothing is taken away any more.
fn tau(mut x: f64) -> f64 {
    if x == 0.0 || x == 1.0 {
        return 0.0;
    }
    let (mut sum, mut weight) = (1.0 - x, 1.0);
    loop {
        x = x.sqrt();
        let before = sum;
        weight *= 0.5;
        sum -= (1.0 - x) * (1.0 - x) * weight;
        if sum == before {
            return sum / 3.0;
        }
    }
}
