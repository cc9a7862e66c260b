//! Which key gives way when memory is full, and the 24 bits per key that the choice goes by.
//!
//! Exact orders of use would cost memory on every key and work on every read. Instead every key remembers the second
//! of its last use, or a logarithmic count of its uses, and a victim is the best of a sample. The best candidates
//! of earlier samples wait in a small pool, so that samples of five come close to the exact order.

use stdx::Prng;

use crate::entry::EntryRef;
use crate::{Keyspace, Policy, Settings};

/// A new key's count under LFU: enough not to be the next victim at once.
const LFU_NEW: u32 = 5;

/// How many candidates wait.
const POOL: usize = 16;

/// Candidates of earlier samples, the best last.
#[derive(Default)]
pub(crate) struct Pool {
    policy: Policy,
    waiting: Vec<Candidate>,
}

struct Candidate {
    /// The higher, the better it is to let the key go.
    score: u64,
    space: u64,
    key: Box<[u8]>,
}

impl Pool {
    fn offer(&mut self, score: u64, space: u64, key: &[u8]) {
        let at = self.waiting.partition_point(|other| other.score < score);
        if at == 0 && self.waiting.len() == POOL {
            return;
        }
        if self.waiting.iter().any(|other| other.space == space && *other.key == *key) {
            return;
        }
        self.waiting.insert(at, Candidate { score, space, key: key.into() });
        if self.waiting.len() > POOL {
            self.waiting.remove(0);
        }
    }
}

/// The minutes of the wall clock that LFU remembers, in 16 bits.
fn minutes(now_secs: u64) -> u32 {
    (now_secs / 60) as u32 & 0xffff
}

/// The access bits of a key just made.
pub(crate) fn fresh_access(settings: &Settings, clock: u32, now_secs: u64) -> u32 {
    if settings.policy.counts_uses() { minutes(now_secs) << 8 | LFU_NEW } else { clock }
}

/// LFU's count as it is now: one less for every `lfu-decay-time` since it was looked at last.
pub(crate) fn frequency(access: u32, settings: &Settings, now_secs: u64) -> u8 {
    let idle = minutes(now_secs).wrapping_sub(access >> 8) & 0xffff;
    let decay = idle.checked_div(settings.lfu_decay_minutes).unwrap_or(0);
    (access & 0xff).saturating_sub(decay) as u8
}

/// The access bits after one more use: the higher the count, the less likely it grows.
pub(crate) fn counted_access(
    access: u32,
    settings: &Settings,
    now_secs: u64,
    prng: &mut Prng,
) -> u32 {
    let mut count = u32::from(frequency(access, settings, now_secs));
    if count < 255 {
        let base = u64::from(count.saturating_sub(LFU_NEW));
        if prng.chance(1, base * u64::from(settings.lfu_log_factor) + 1) {
            count += 1;
        }
    }
    minutes(now_secs) << 8 | count
}

/// The access bits that stand for so many uses.
pub(crate) fn access_for_frequency(frequency: u8, now_secs: u64) -> u32 {
    minutes(now_secs) << 8 | u32::from(frequency)
}

/// The access bits of a key last used so many seconds ago. No more can be remembered than 2^24 seconds.
pub(crate) fn access_for_idle(secs: u64, clock: u32) -> u32 {
    clock.wrapping_sub(secs.min(0xff_ffff) as u32) & 0xff_ffff
}

/// Seconds since the last use.
pub(crate) fn idle_secs(access: u32, clock: u32) -> u64 {
    u64::from(clock.wrapping_sub(access) & 0xff_ffff)
}

impl Keyspace {
    /// Deletes one key as the policy says, to make room. False where no key may go.
    pub fn evict_one(&mut self) -> bool {
        let policy = self.settings.policy;
        if policy == Policy::NoEviction {
            return false;
        }
        if self.pool.policy != policy {
            self.pool = Pool { policy, waiting: Vec::new() };
        }
        let victim = match policy {
            Policy::AllKeysRandom | Policy::VolatileRandom => self.random_victim(policy),
            _ => self.best_victim(policy),
        };
        match victim {
            Some((db, key)) => {
                self.db(db).evict(&key);
                true
            }
            None => false,
        }
    }

    fn random_victim(&mut self, policy: Policy) -> Option<(usize, Box<[u8]>)> {
        let count = self.databases();
        let start = self.prng.below(count as u64) as usize;
        (0..count).map(|n| (start + n) % count).find_map(|db| {
            let space = &mut self.spaces[db];
            let entry = if policy.only_volatile() {
                volatile_bucket(space, &mut self.prng).and_then(|bucket| {
                    let chain = space.table.bucket(bucket);
                    let volatile: Vec<_> =
                        chain.filter(|entry| entry.deadline().is_some()).collect();
                    let at = self.prng.below(volatile.len() as u64) as usize;
                    volatile.get(at).copied()
                })
            } else {
                space.table.random(&mut self.prng)
            };
            entry.map(|entry| (db, entry.key().into()))
        })
    }

    fn best_victim(&mut self, policy: Policy) -> Option<(usize, Box<[u8]>)> {
        // A candidate may be gone by its turn, so there may be more than one round.
        for _ in 0..3 {
            self.sample_victims(policy);
            while let Some(best) = self.pool.waiting.pop() {
                let Some(db) = self.spaces.iter().position(|space| space.id == best.space) else {
                    continue;
                };
                let found = self.spaces[db].table.get(&best.key);
                if found.is_some_and(|e| !policy.only_volatile() || e.deadline().is_some()) {
                    return Some((db, best.key));
                }
            }
        }
        None
    }

    fn sample_victims(&mut self, policy: Policy) {
        let now_secs = self.now.wall.secs();
        let (settings, clock, pool) = (&self.settings, self.access_clock, &mut self.pool);
        let score = |entry: EntryRef<'_>| match policy {
            Policy::VolatileTtl => u64::MAX - entry.deadline().unwrap_or(u64::MAX),
            Policy::AllKeysLfu | Policy::VolatileLfu => {
                255 - u64::from(frequency(entry.access(), settings, now_secs))
            }
            _ => idle_secs(entry.access(), clock),
        };
        for space in &mut self.spaces {
            let id = space.id;
            if !policy.only_volatile() {
                space.table.sample(&mut self.prng, settings.samples, |entry| {
                    pool.offer(score(entry), id, entry.key());
                });
                continue;
            }
            let mut seen = 0;
            // Few keys with deadlines among many without: the table knows which buckets may have some.
            for _ in 0..settings.samples {
                let Some(bucket) = volatile_bucket(space, &mut self.prng) else { break };
                for entry in space.table.bucket(bucket).filter(|e| e.deadline().is_some()) {
                    seen += 1;
                    pool.offer(score(entry), id, entry.key());
                }
                if seen >= settings.samples {
                    break;
                }
            }
        }
    }
}

/// A bucket with a key that has a deadline, from a random place on.
fn volatile_bucket(space: &mut crate::space::Space, prng: &mut Prng) -> Option<usize> {
    if space.volatile == 0 {
        return None;
    }
    let mut from = prng.below(space.table.buckets() as u64) as usize;
    let mut wrapped = false;
    loop {
        match space.table.next_due(from, u64::MAX) {
            Some(bucket) => {
                if space.table.bucket(bucket).any(|entry| entry.deadline().is_some()) {
                    return Some(bucket);
                }
                // The bound was out of date; corrected, it is not met again.
                space.table.refresh_deadline(bucket);
                from = bucket + 1;
            }
            None if wrapped => return None,
            None => (from, wrapped) = (0, true),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_decay_and_grow() {
        let settings = Settings { policy: Policy::AllKeysLfu, ..Settings::default() };
        let fresh = fresh_access(&settings, 0, 600);
        assert_eq!(frequency(fresh, &settings, 600), 5);
        assert_eq!(frequency(fresh, &settings, 600 + 120), 3);
        assert_eq!(frequency(fresh, &settings, 600 + 6000), 0);
        let mut prng = Prng::new(1);
        let mut access = fresh;
        for _ in 0..10_000 {
            access = counted_access(access, &settings, 600, &mut prng);
        }
        let count = frequency(access, &settings, 600);
        assert!((20..80).contains(&count), "logarithmic: {count}");
    }

    #[test]
    fn idle_times_wrap_around() {
        assert_eq!(idle_secs(0xff_fffe, 3), 5);
        assert_eq!(idle_secs(access_for_idle(100, 50), 50), 100);
    }

    #[test]
    fn the_pool_keeps_the_best() {
        let mut pool = Pool::default();
        for n in 0..100u64 {
            pool.offer(n * 37 % 101, 0, &n.to_be_bytes());
            assert!(pool.waiting.len() <= POOL);
            assert!(pool.waiting.is_sorted_by_key(|c| c.score));
        }
        assert_eq!(pool.waiting.last().map(|c| c.score), (0..100).map(|n| n * 37 % 101).max());
    }
}
