//! How a story with Sentinels goes, drawn from its seed.

use super::member::{GROUP, Quorum};
use super::servers::{Servers, StandIns};
use super::standin::Settings;
use crate::{PORT, Weather, address};
use sentinel::Rules;
use std::fmt::Write;
use stdx::Prng;

/// See the module.
#[derive(Clone, Debug)]
pub struct Plan {
    pub servers: usize,
    pub sentinels: usize,
    /// How many Sentinels have to agree that the primary is down.
    pub quorum: usize,
    /// How unkind the world is while anything goes.
    pub weather: Weather,
    /// How long anything goes, in milliseconds.
    pub storm_ms: u64,
    /// Something breaks about so often, in milliseconds.
    pub trouble_ms: u64,
    pub down_after_ms: u64,
    pub failover_timeout_ms: u64,
    pub parallel_syncs: usize,
    /// The Sentinels know each other and the replicas from the beginning.
    pub acquainted: bool,
    /// Somebody lets the power of those fail who have just voted.
    pub strikes: bool,
    /// The files of the Sentinels cannot be replaced, only written over.
    pub pinned: bool,
    /// What a test has taken away.
    pub rules: Rules,
}

/// A world in which nothing goes wrong.
pub const KIND: Weather = Weather {
    delay_us: (50, 500),
    disk_us_max: 1_000,
    disk_failures_per_mille: 0,
    piece_max: 60_000,
    loss_per_mille: 0,
};

impl Plan {
    /// The plan of a seed. Most are small, since most of what goes wrong goes wrong among few.
    pub fn from_seed(seed: u64) -> Plan {
        let mut prng = Prng::new(seed ^ 0x5e_17_1e_1d);
        let mut one = |of: &[u64]| of[prng.below(of.len() as u64) as usize];
        let sentinels = one(&[3, 3, 3, 4, 5]) as usize;
        let majority = sentinels as u64 / 2 + 1;
        Plan {
            servers: 1 + one(&[2, 2, 3, 4]) as usize,
            sentinels,
            quorum: one(&[majority, majority, majority, 1, sentinels as u64]) as usize,
            weather: Weather {
                delay_us: (50, one(&[500, 5_000, 50_000, 200_000])),
                disk_us_max: one(&[100, 5_000, 50_000, 400_000]),
                disk_failures_per_mille: one(&[0, 0, 20, 200]),
                piece_max: one(&[60_000, 60_000, 60_000, 100]),
                loss_per_mille: one(&[0, 0, 10, 50]),
            },
            storm_ms: one(&[4_000, 8_000, 16_000]),
            trouble_ms: one(&[200, 800, 2_000]),
            down_after_ms: one(&[300, 1_000, 2_000]),
            failover_timeout_ms: one(&[1_000, 3_000, 6_000]),
            parallel_syncs: one(&[1, 2]) as usize,
            acquainted: one(&[0, 1, 1]) == 1,
            strikes: one(&[0, 1]) == 1,
            pinned: one(&[0, 0, 1]) == 1,
            rules: Rules::default(),
        }
    }

    /// How many processes there are.
    pub fn processes(&self) -> usize {
        self.servers + self.sentinels
    }

    /// Who takes part.
    pub fn quorum<K: Servers>(&self, servers: K) -> Quorum<K> {
        let mut lines = format!(
            "sentinel down-after-milliseconds {GROUP} {}\nsentinel failover-timeout {GROUP} {}\n\
             sentinel parallel-syncs {GROUP} {}\n",
            self.down_after_ms, self.failover_timeout_ms, self.parallel_syncs
        );
        if self.acquainted {
            for replica in 1..self.servers {
                let place = format!("{} {PORT}", address(replica));
                writeln!(lines, "sentinel known-replica {GROUP} {place}").expect("text grows");
            }
        }
        Quorum {
            servers,
            server_count: self.servers,
            sentinel_count: self.sentinels,
            acquainted: self.acquainted,
            lines,
            quorum: self.quorum,
            rules: self.rules,
        }
    }

    /// Light servers for a seed: some keep their data over a restart, some are slow to copy it.
    pub fn stand_ins(&self, seed: u64) -> StandIns {
        let mut prng = Prng::new(seed ^ 0x57_a2_d1);
        let mut one = |of: &[u64]| of[prng.below(of.len() as u64) as usize];
        let all_keep = one(&[0, 1]) == 1;
        StandIns(
            (0..self.servers)
                .map(|process| Settings {
                    source: (process > 0).then(|| (address(0), PORT)),
                    keeps_data: all_keep || one(&[0, 1]) == 1,
                    priority: one(&[100, 100, 100, 10]) as u32,
                    sync_ms: one(&[1, 100, 1_500]),
                    write_ms: one(&[300, 900]),
                })
                .collect(),
        )
    }
}
