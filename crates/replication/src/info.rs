//! What INFO and ROLE say of replication: the fields of Redis 7.2 in their order, and ours in a section of their own.

use crate::primary::FullReason;
use crate::replica::LinkPhase;
use crate::{Replication, stats::FullSync};
use std::fmt::Write;
use stdx::{Instant, Now};

/// What ROLE answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// `master`, the offset, and for each replica that is online its address, port and acknowledged offset.
    Primary { offset: u64, replicas: Vec<(String, u16, u64)> },
    /// `slave`, its primary's address, the link's state, and the offset that was applied, or -1.
    Replica { host: String, port: u16, state: &'static str, offset: i64 },
}

fn secs(now: Instant, since: Instant) -> u64 {
    now.ms_since(since) / 1000
}

impl Replication {
    /// The lines of `# Replication`, without the title.
    pub fn write_info(&self, now: Now, out: &mut String) {
        self.write_link(now.instant, out);
        self.write_replicas(now.instant, out);
        self.write_history(out);
    }

    fn write_link(&self, now: Instant, out: &mut String) {
        let Some(link) = &self.link else {
            line(out, "role", "master");
            return;
        };
        let up = link.phase() == LinkPhase::Following;
        let (read, applied) = link.offsets();
        let progress = link.sync_progress();
        line(out, "role", "slave");
        line(out, "master_host", &link.host);
        line(out, "master_port", link.port);
        line(out, "master_link_status", if up { "up" } else { "down" });
        let last_io = if up { secs(now, link.last_io()) as i64 } else { -1 };
        line(out, "master_last_io_seconds_ago", last_io);
        line(out, "master_sync_in_progress", u8::from(progress.is_some()));
        line(out, "slave_read_repl_offset", read);
        line(out, "slave_repl_offset", applied);
        if let Some((total, read)) = progress {
            let percent = if total > 0 { read as f64 / total as f64 * 100.0 } else { 0.0 };
            line(out, "master_sync_total_bytes", total);
            line(out, "master_sync_read_bytes", read);
            line(out, "master_sync_left_bytes", total - read as i64);
            line(out, "master_sync_perc", format_args!("{percent:.2}"));
            line(out, "master_sync_last_io_seconds_ago", secs(now, link.last_io()));
        }
        if !up {
            let down = link.down_since.map_or(-1, |since| secs(now, since) as i64);
            line(out, "master_link_down_since_seconds", down);
        }
        let settings = self.settings();
        line(out, "slave_priority", settings.priority);
        line(out, "slave_read_only", u8::from(settings.read_only));
        line(out, "replica_announced", u8::from(settings.announced));
    }

    fn write_replicas(&self, now: Instant, out: &mut String) {
        let settings = self.settings();
        line(out, "connected_slaves", self.primary.replicas.len());
        if settings.min_replicas > 0 && settings.min_replicas_max_lag_secs > 0 {
            line(out, "min_slaves_good_slaves", self.primary.good);
        }
        for (index, replica) in self.primary.replicas.iter().enumerate() {
            let lag = if replica.is_online() { secs(now, replica.ack_at) } else { 0 };
            let _ = write!(
                out,
                "slave{index}:ip={},port={},state={},offset={},lag={lag}\r\n",
                replica.host(),
                replica.greeting.listening_port,
                replica.state(),
                replica.ack,
            );
        }
    }

    fn write_history(&self, out: &mut String) {
        let (log, history) = (&self.shared.log, &self.shared.history);
        line(out, "master_failover_state", self.failover.name());
        line(out, "master_replid", history.id);
        line(out, "master_replid2", history.id2);
        line(out, "master_repl_offset", log.end());
        line(out, "second_repl_offset", history.second_offset());
        line(out, "repl_backlog_active", u8::from(log.is_open()));
        line(out, "repl_backlog_size", log.retain());
        let first = if log.is_open() { log.start().next_byte() } else { 0 };
        line(out, "repl_backlog_first_byte_offset", first);
        line(out, "repl_backlog_histlen", if log.is_open() { log.histlen() } else { 0 });
    }

    /// Our own lines, for `# Regent`: what each replica lacks in bytes and milliseconds, why synchronizations were
    /// full, and what the last one cost.
    pub fn write_info_regent(&self, now: Now, out: &mut String) {
        let log = &self.shared.log;
        for (index, replica) in self.primary.replicas.iter().enumerate() {
            let unsent = replica.reader.map_or(0, |reader| log.behind(reader));
            let (bytes, ms) = if replica.is_online() && !replica.old_protocol {
                let age = self.shared.timeline.age_ms(now.instant, replica.ack);
                (log.end().since(replica.ack), age)
            } else {
                (unsent, 0)
            };
            let _ =
                write!(out, "replica{index}_lag:bytes={bytes},ms={ms},unsent_bytes={unsent}\r\n");
        }
        let stats = self.stats();
        line(out, "replica_syncs_full", stats.full);
        for reason in FullReason::ALL {
            let count = stats.full_by_reason[reason as usize];
            let _ = write!(out, "replica_syncs_full_{}:{count}\r\n", reason.name());
        }
        line(out, "replica_syncs_partial", stats.partial_ok);
        line(out, "link_syncs_full", stats.received_full);
        line(out, "link_syncs_partial", stats.received_partial);
        for (name, sync) in [("sent", stats.last_full_sent), ("received", stats.last_full_received)]
        {
            if let Some(FullSync { duration_ms, bytes, peak_buffer_bytes }) = sync {
                let _ = write!(
                    out,
                    "last_full_sync_{name}:duration_ms={duration_ms},bytes={bytes},\
                     peak_buffer_bytes={peak_buffer_bytes}\r\n"
                );
            }
        }
    }

    /// What ROLE answers.
    pub fn role(&self) -> Role {
        match &self.link {
            Some(link) => Role::Replica {
                host: link.host.clone(),
                port: link.port,
                state: link.phase().name(),
                offset: link.applied_offset(),
            },
            None => Role::Primary {
                offset: self.shared.log.end().0,
                replicas: self
                    .primary
                    .replicas
                    .iter()
                    .filter(|replica| replica.is_online())
                    .map(|r| (r.host().to_string(), r.greeting.listening_port, r.ack.0))
                    .collect(),
            },
        }
    }
}

fn line(out: &mut String, name: &str, value: impl std::fmt::Display) {
    let _ = write!(out, "{name}:{value}\r\n");
}
