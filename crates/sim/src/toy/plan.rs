//! Toys for a seed: settings that make rare things common.

use super::{Canary, Toys};
use replication::{DisklessLoad, OutputLimit, Settings};
use stdx::Prng;

impl Toys {
    /// The toys of a seed.
    pub fn from_seed(seed: u64, canary: Canary) -> Toys {
        let mut prng = Prng::new(seed ^ 0x70_75);
        let loads = [DisklessLoad::Disabled, DisklessLoad::WhenEmpty, DisklessLoad::Swap];
        let timeout_secs = [5, 20, 60][prng.below(3) as usize];
        let settings = Settings {
            backlog_bytes: [16 << 10, 64 << 10, 1 << 20][prng.below(3) as usize],
            backlog_ttl_secs: [0, 5, 3600][prng.below(3) as usize],
            diskless_sync: prng.chance(1, 2),
            diskless_sync_delay_secs: prng.below(4),
            diskless_sync_max_replicas: prng.below(3) as usize,
            diskless_load: loads[prng.below(3) as usize],
            // Whoever pings more rarely than the others' patience lasts is never in agreement for long.
            ping_period_secs: 1 + prng.below(timeout_secs / 3),
            timeout_secs,
            output_limit: OutputLimit {
                hard_bytes: [0, 128 << 10, 4 << 20][prng.below(3) as usize],
                soft_bytes: [0, 64 << 10][prng.below(2) as usize],
                soft_secs: 3,
            },
            ..Settings::default()
        };
        Toys { settings, canary }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::swarm::{FailureKind, Plan, run};

    fn play(seed: u64, canary: Canary) -> Result<crate::Report, crate::Failure> {
        run(Toys::from_seed(seed, canary), seed, &Plan::from_seed(seed))
    }

    #[test]
    fn a_handful_of_seeds() {
        for seed in 1..=25 {
            if let Err(failure) = play(seed, Canary::Healthy) {
                panic!("seed {seed}: {}\n{}", failure.kind, failure.log.join("\n"));
            }
        }
    }

    #[test]
    fn the_same_seed_tells_the_same_story() {
        assert_eq!(play(7, Canary::Healthy), play(7, Canary::Healthy));
    }

    #[test]
    fn a_replica_that_forgets_a_write_is_caught() {
        let caught = (1..=5).any(|seed| {
            play(seed, Canary::ForgetsWrites(20))
                .is_err_and(|failure| matches!(failure.kind, FailureKind::Safety(_)))
        });
        assert!(caught, "the alarm does not ring");
    }

    #[test]
    fn a_replica_that_comes_back_to_the_wrong_database_is_caught() {
        let caught = (1..=25).any(|seed| {
            play(seed, Canary::LosesItsDatabase)
                .is_err_and(|failure| matches!(failure.kind, FailureKind::Safety(_)))
        });
        assert!(caught, "the alarm does not ring");
    }
}
