//! Servers for a seed: settings that make rare things common.

use super::Servers;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write;
use stdx::Prng;

impl Servers {
    /// The servers of a seed.
    pub fn from_seed(seed: u64) -> Servers {
        let mut prng = Prng::new(seed ^ 0x5e_72);
        let mut one = |of: &[&'static str]| of[prng.below(of.len() as u64) as usize];
        let (patience, ping) = match one(&["5", "20", "60"]) {
            "5" => ("5", "1"),
            "20" => ("20", one(&["1", "5"])),
            long => (long, one(&["2", "10"])),
        };
        let lines = [
            ("bind", "*"),
            ("protected-mode", "no"),
            ("loglevel", "notice"),
            ("enable-debug-command", "yes"),
            ("databases", "4"),
            ("dir", "/data"),
            ("repl-timeout", patience),
            ("repl-ping-replica-period", ping),
            ("repl-backlog-size", one(&["16kb", "64kb", "1mb"])),
            ("repl-backlog-ttl", one(&["0", "5", "3600"])),
            ("repl-diskless-sync", one(&["yes", "no"])),
            ("repl-diskless-sync-delay", one(&["0", "1", "3"])),
            ("repl-diskless-sync-max-replicas", one(&["0", "1", "2"])),
            ("repl-diskless-load", one(&["disabled", "on-empty-db", "swapdb"])),
            ("replica-lazy-flush", one(&["yes", "no"])),
            ("rdbcompression", one(&["yes", "no"])),
            ("rdb-del-sync-files", one(&["yes", "no"])),
            ("save", one(&["\"\"", "1 1", "10 20", "3600 1"])),
            ("stop-writes-on-bgsave-error", one(&["yes", "no"])),
            // A key counts as a hundred bytes: full at thirty.
            ("maxmemory", one(&["0", "0", "3000"])),
            (
                "maxmemory-policy",
                one(&[
                    "noeviction",
                    "allkeys-lru",
                    "allkeys-lfu",
                    "allkeys-random",
                    "volatile-lru",
                    "volatile-lfu",
                    "volatile-random",
                    "volatile-ttl",
                ]),
            ),
            ("lazyfree-lazy-eviction", one(&["yes", "no"])),
            ("lazyfree-lazy-expire", one(&["yes", "no"])),
            ("lazyfree-lazy-server-del", one(&["yes", "no"])),
            // Small values change their form often.
            ("list-max-listpack-size", one(&["4", "-2"])),
            ("set-max-intset-entries", one(&["4", "512"])),
            ("set-max-listpack-entries", one(&["4", "128"])),
            ("hash-max-listpack-entries", one(&["4", "128"])),
            ("zset-max-listpack-entries", one(&["4", "128"])),
            (
                "client-output-buffer-limit",
                one(&["replica 0 0 0", "replica 128kb 64kb 3", "replica 4mb 1mb 5"]),
            ),
        ];
        let mut settings = String::new();
        for (name, value) in lines {
            writeln!(settings, "{name} {value}").expect("text grows without fail");
        }
        Servers { settings, digests: RefCell::new(BTreeMap::new()), watched: None }
    }
}
