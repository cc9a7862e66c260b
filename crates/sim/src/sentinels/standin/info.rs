//! INFO of a stand-in: the fields that Sentinel reads.

use super::StandIn;
use super::link::{Link, Source};
use std::fmt::Write;
use stdx::Instant;

impl StandIn {
    pub(super) fn info(&self, now: Instant) -> String {
        let mut text = String::with_capacity(512);
        let mut line = |name: &str, value: &dyn std::fmt::Display| {
            write!(text, "{name}:{value}\r\n").expect("text grows without fail");
        };
        line("run_id", &self.run_id);
        line("loading", &u8::from(self.is_loading()));
        match &self.source {
            None => line("role", &"master"),
            Some(source) => {
                let Source { host, port, link, down_since, .. } = source;
                line("role", &"slave");
                line("master_host", host);
                line("master_port", port);
                let up = matches!(link, Link::Up { .. });
                line("master_link_status", &if up { "up" } else { "down" });
                let copying = matches!(link, Link::Copying { .. });
                line("master_sync_in_progress", &u8::from(copying));
                if !up {
                    let secs = down_since.map_or(-1, |at| (now.ms_since(at) / 1000) as i64);
                    line("master_link_down_since_seconds", &secs);
                }
                // A replica that has nothing is at the first byte of no history.
                line("slave_repl_offset", &if self.synced { self.data.offset } else { 1 });
                line("slave_priority", &self.settings.priority);
                line("replica_announced", &1);
            }
        }
        line("connected_slaves", &self.replicas.len());
        for (at, ip) in self.replicas.values().enumerate() {
            let value = format!("ip={ip},port={},state=online,offset=0,lag=0", crate::PORT);
            line(&format!("slave{at}"), &value);
        }
        line("master_replid", &self.data.id);
        line("master_replid2", &self.data.id2);
        line("master_repl_offset", &self.data.offset);
        text
    }
}
