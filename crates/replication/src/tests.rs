//! Two machines talk, without a world between them: what they say, log and show.

use crate::primary::FullReason;
use crate::*;
use expect_test::{Expect, expect};
use resp::{Limits, Owned, RequestParser};
use std::io::IoSlice;
use stdx::{Instant, Now, WallTime};
use world::ConnId;

const REPLICA: ConnId = ConnId(7);

/// A server around a machine: its data is the list of what was applied.
struct Server {
    repl: Replication,
    log: Vec<String>,
    /// What goes to the primary.
    to_primary: Vec<u8>,
    /// What a primary has to send as a snapshot, and where it goes.
    snapshots: Vec<(SnapshotId, Target)>,
    received: Vec<u8>,
    stream: Vec<u8>,
    events: Vec<String>,
}

impl Server {
    fn new(settings: Settings, seed: u64) -> Server {
        Server {
            repl: Replication::new(settings, world::Secrets::made_up(seed), at_ms(0)),
            log: Vec::new(),
            to_primary: Vec::new(),
            snapshots: Vec::new(),
            received: Vec::new(),
            stream: Vec::new(),
            events: Vec::new(),
        }
    }

    fn act(&mut self, now: Now) {
        while let Some(action) = self.repl.poll_action() {
            match action {
                Action::Log { text, .. } => self.log.push(text),
                Action::LinkSend(bytes) => self.to_primary.extend(bytes),
                Action::StartSnapshot { id, target, .. } => {
                    self.repl.handle_snapshot_started(now, id);
                    self.snapshots.push((id, target));
                }
                Action::ReadSnapshot { id, conn, len, .. } => {
                    self.repl.handle_snapshot_read(now, id, conn, Some(vec![b'S'; len]));
                }
                Action::Following { early, resumed } => {
                    self.events.push(format!("following, resumed: {resumed}"));
                    self.stream(&early);
                }
                other => self.events.push(format!("{other:?}")),
            }
        }
    }

    fn stream(&mut self, bytes: &[u8]) {
        self.stream.extend_from_slice(bytes);
        if !bytes.is_empty() {
            self.repl.applied(bytes);
        }
    }

    fn link_input(&mut self, now: Now, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            match self.repl.handle_link_input(now, &mut bytes, false) {
                Fed::Nothing => {}
                Fed::Snapshot(piece) => self.received.extend_from_slice(&piece),
                Fed::Stream(piece) => self.stream(piece),
            }
            self.act(now);
        }
    }

    /// Everything that waits for a replica.
    fn take_for_replica(&mut self, now: Now) -> Vec<u8> {
        self.repl.flush(now);
        let mut all = Vec::new();
        while let Some(conn) = self.repl.poll_ready() {
            loop {
                let mut slices = [IoSlice::new(&[]); 2];
                let filled = self.repl.pending(conn, &mut slices);
                let bytes: Vec<u8> = slices[..filled].iter().flat_map(|s| s.to_vec()).collect();
                all.extend_from_slice(&bytes);
                let more = self.repl.sent(now, conn, bytes.len());
                self.act(now);
                if !more {
                    break;
                }
            }
        }
        all
    }

    fn info(&self, now: Now) -> String {
        let mut out = String::new();
        self.repl.write_info(now, &mut out);
        hide_ids(&out.replace("\r\n", "\n"))
    }
}

/// Names of histories differ from seed to seed; what matters is which are equal.
fn hide_ids(text: &str) -> String {
    let mut known: Vec<String> = Vec::new();
    let word = |known: &mut Vec<String>, word: &str| {
        if word.len() != 40 || word.starts_with("0000") {
            return word.to_string();
        }
        let index = known.iter().position(|k| k == word).unwrap_or_else(|| {
            known.push(word.to_string());
            known.len() - 1
        });
        format!("<id {index}>")
    };
    text.split_inclusive(|c: char| !c.is_ascii_alphanumeric())
        .map(|piece| {
            let end = piece.trim_end_matches(|c: char| !c.is_ascii_alphanumeric()).len();
            word(&mut known, &piece[..end]) + &piece[end..]
        })
        .collect()
}

fn at_ms(ms: u64) -> Now {
    Now { instant: Instant(1_000_000 + ms * 1000), wall: WallTime(ms * 1000) }
}

fn check(got: &str, want: Expect) {
    want.assert_eq(got);
}

/// A primary and the replica that dials it.
struct Pair {
    primary: Server,
    replica: Server,
    parser: RequestParser,
    now: Now,
}

impl Pair {
    fn new(settings: Settings) -> Pair {
        let mut pair = Pair {
            primary: Server::new(settings.clone(), 1),
            replica: Server::new(Settings { announce_port: 6380, ..settings }, 2),
            parser: RequestParser::default(),
            now: at_ms(0),
        };
        pair.replica.repl.follow(pair.now, "127.0.0.1", 6379, false);
        pair.replica.repl.handle_timeout(pair.now);
        pair.replica.act(pair.now);
        pair
    }

    fn dial(&mut self) {
        let attempts: Vec<u64> = (1..10).collect();
        let dialed = attempts.iter().any(|n| self.replica.repl.handle_dialed(self.now, *n));
        assert!(dialed, "it was dialling");
        self.parser = RequestParser::default();
        self.talk();
    }

    /// Until nobody has anything to say.
    fn talk(&mut self) {
        loop {
            self.replica.act(self.now);
            let asked = std::mem::take(&mut self.replica.to_primary);
            let mut answers = self.answer(&asked);
            answers.extend(self.primary.take_for_replica(self.now));
            if answers.is_empty() && asked.is_empty() {
                return;
            }
            self.replica.link_input(self.now, &answers);
        }
    }

    fn answer(&mut self, asked: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut parser = RequestParser::default();
        while let Ok(Some(request)) = parser.next(asked, &Limits::default()) {
            let words = parser.words(&request, asked);
            let repl = &mut self.primary.repl;
            match words[0].to_ascii_uppercase().as_slice() {
                b"PING" => out.extend(b"+PONG\r\n"),
                b"REPLCONF" => {
                    if repl.handle_replconf(self.now, REPLICA, false, words) == Replconf::Ok {
                        out.extend(b"+OK\r\n");
                    }
                }
                _ => {
                    if let Err(text) = repl.handle_sync(self.now, REPLICA, "127.0.0.1", words) {
                        out.extend(format!("-{text}\r\n").as_bytes());
                    }
                }
            }
            self.primary.act(self.now);
        }
        out
    }

    /// The primary makes the snapshots it was asked for.
    fn snapshot(&mut self) {
        for (id, target) in std::mem::take(&mut self.primary.snapshots) {
            match target {
                Target::Disk => self.primary.repl.handle_snapshot_saved(self.now, id, 1000),
                Target::Sockets => {
                    self.primary.repl.handle_snapshot_chunk(id, vec![b'S'; 1000]);
                    self.primary.repl.handle_snapshot_finished(id);
                }
            }
            self.primary.act(self.now);
        }
        self.talk();
    }

    fn load(&mut self) {
        self.replica.repl.handle_load_begin(self.now, Replaces::Now);
        self.replica.act(self.now);
        self.replica.repl.handle_load_done(self.now);
        self.talk();
    }

    fn write(&mut self, text: &str) {
        self.primary.repl.append(Some(0), text.as_bytes());
        self.talk();
    }

    fn cut(&mut self) {
        self.primary.repl.handle_replica_closed(self.now, REPLICA);
        self.primary.act(self.now);
        self.replica.repl.handle_link_closed(self.now, Loss::Broken);
        self.replica.act(self.now);
        self.replica.to_primary.clear();
    }

    fn pass_ms(&mut self, ms: u64) {
        for _ in 0..ms / 100 {
            self.now.instant = self.now.instant.after_ms(100);
            for server in [&mut self.primary, &mut self.replica] {
                server.repl.handle_timeout(self.now);
                server.act(self.now);
            }
            self.talk();
        }
    }
}

fn disk() -> Settings {
    Settings { diskless_sync: false, ..Settings::default() }
}

#[test]
fn a_lonely_primary() {
    let server = Server::new(Settings::default(), 1);
    check(
        &server.info(at_ms(0)),
        expect![[r#"
            role:master
            connected_slaves:0
            master_failover_state:no-failover
            master_replid:<id 0>
            master_replid2:0000000000000000000000000000000000000000
            master_repl_offset:0
            second_repl_offset:-1
            repl_backlog_active:0
            repl_backlog_size:1048576
            repl_backlog_first_byte_offset:0
            repl_backlog_histlen:0
        "#]],
    );
}

#[test]
fn a_full_synchronization_by_file_and_what_each_side_shows() {
    let mut pair = Pair::new(disk());
    check(
        &pair.replica.info(pair.now),
        expect![[r#"
        role:slave
        master_host:127.0.0.1
        master_port:6379
        master_link_status:down
        master_last_io_seconds_ago:-1
        master_sync_in_progress:0
        slave_read_repl_offset:1
        slave_repl_offset:1
        master_link_down_since_seconds:-1
        slave_priority:100
        slave_read_only:1
        replica_announced:1
        connected_slaves:0
        master_failover_state:no-failover
        master_replid:<id 0>
        master_replid2:0000000000000000000000000000000000000000
        master_repl_offset:0
        second_repl_offset:-1
        repl_backlog_active:0
        repl_backlog_size:1048576
        repl_backlog_first_byte_offset:0
        repl_backlog_histlen:0
    "#]],
    );
    pair.dial();
    pair.write("before the file is whole");
    assert!(pair.primary.info(pair.now).contains("port=6380,state=wait_bgsave,offset=0,lag=0"));
    pair.snapshot();
    assert!(pair.replica.info(pair.now).contains("master_sync_total_bytes:1000"));
    pair.load();
    pair.write("after");
    pair.pass_ms(2000);
    assert_eq!(pair.replica.received, vec![b'S'; 1000]);
    let stream = String::from_utf8_lossy(&pair.replica.stream).into_owned();
    assert!(stream.starts_with("*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\nbefore the file is wholeafter"));
    let (primary, replica) = (pair.primary.info(pair.now), pair.replica.info(pair.now));
    check(
        &primary,
        expect![[r#"
            role:master
            connected_slaves:1
            slave0:ip=127.0.0.1,port=6380,state=online,offset=52,lag=0
            master_failover_state:no-failover
            master_replid:<id 0>
            master_replid2:0000000000000000000000000000000000000000
            master_repl_offset:52
            second_repl_offset:-1
            repl_backlog_active:1
            repl_backlog_size:1048576
            repl_backlog_first_byte_offset:1
            repl_backlog_histlen:52
        "#]],
    );
    check(
        &replica,
        expect![[r#"
            role:slave
            master_host:127.0.0.1
            master_port:6379
            master_link_status:up
            master_last_io_seconds_ago:2
            master_sync_in_progress:0
            slave_read_repl_offset:52
            slave_repl_offset:52
            slave_priority:100
            slave_read_only:1
            replica_announced:1
            connected_slaves:0
            master_failover_state:no-failover
            master_replid:<id 0>
            master_replid2:0000000000000000000000000000000000000000
            master_repl_offset:52
            second_repl_offset:-1
            repl_backlog_active:1
            repl_backlog_size:1048576
            repl_backlog_first_byte_offset:1
            repl_backlog_histlen:52
        "#]],
    );
    assert_eq!(pair.primary.repl.history().id, pair.replica.repl.history().id);
    let log = hide_ids(&pair.replica.log.join("\n"));
    check(
        &log,
        expect![[r#"
        Connecting to MASTER 127.0.0.1:6379
        MASTER <-> REPLICA sync started
        Non blocking connect for SYNC fired the event.
        Master replied to PING, replication can continue...
        Partial resynchronization not possible (no cached master)
        Full resync from master: <id 0>:0
        MASTER <-> REPLICA sync: receiving 1000 bytes from master to disk
        MASTER <-> REPLICA sync: Flushing old data
        MASTER <-> REPLICA sync: Loading DB in memory
        MASTER <-> REPLICA sync: Finished with success"#]],
    );
    let log = hide_ids(&pair.primary.log.join("\n"));
    check(
        &log,
        expect![[r#"
        Replica 127.0.0.1:6380 asks for synchronization
        Full resync requested by replica 127.0.0.1:6380
        Replication backlog created, my new replication IDs are '<id 0>' and '0000000000000000000000000000000000000000'
        Starting BGSAVE for SYNC with target: disk
        Synchronization with replica 127.0.0.1:6380 succeeded"#]],
    );
}

#[test]
fn a_streamed_snapshot_waits_for_others_and_the_stream_for_an_ack() {
    let mut pair = Pair::new(Settings { diskless_sync_delay_secs: 3, ..Settings::default() });
    pair.dial();
    assert!(pair.primary.snapshots.is_empty());
    pair.pass_ms(3500);
    assert_eq!(pair.primary.snapshots.len(), 1);
    pair.snapshot();
    pair.write("held back");
    assert!(pair.replica.stream.is_empty());
    assert!(pair.primary.info(pair.now).contains("state=online"));
    pair.load();
    assert!(pair.replica.stream.ends_with(b"held back"));
}

#[test]
fn after_a_cut_the_replica_goes_on_from_where_it_was() {
    let mut pair = Pair::new(disk());
    pair.dial();
    pair.snapshot();
    pair.load();
    pair.cut();
    pair.write("missed");
    assert!(pair.replica.info(pair.now).contains("master_link_down_since_seconds:0"));
    pair.dial();
    assert!(pair.replica.stream.ends_with(b"missed"));
    assert_eq!(pair.replica.events.last().map(String::as_str), Some("following, resumed: true"));
    let stats = pair.primary.repl.stats();
    assert_eq!((stats.full, stats.partial_ok, stats.partial_err), (1, 1, 0));
    assert_eq!(pair.replica.repl.offset(), pair.primary.repl.offset());
}

#[test]
fn what_is_not_kept_any_more_is_a_full_synchronization_with_its_reason() {
    let mut pair = Pair::new(Settings { backlog_bytes: 16 << 10, ..disk() });
    pair.dial();
    pair.snapshot();
    pair.load();
    pair.cut();
    pair.write(&"x".repeat(100_000));
    pair.dial();
    let stats = pair.primary.repl.stats();
    assert_eq!((stats.full, stats.partial_ok, stats.partial_err), (2, 0, 1));
    assert_eq!(stats.full_by_reason[FullReason::TooOld as usize], 1);
}

#[test]
fn a_snapshot_that_is_refused_leaves_the_place_alone() {
    let mut pair = Pair::new(Settings { backlog_bytes: 16 << 10, ..disk() });
    pair.dial();
    pair.snapshot();
    pair.load();
    pair.write("some history");
    let place = pair.replica.repl.place();
    pair.cut();
    pair.write(&"x".repeat(100_000));
    pair.dial();
    pair.snapshot();
    pair.replica.repl.handle_load_failed(pair.now, "it holds a type we do not know");
    pair.replica.act(pair.now);
    assert_eq!(pair.replica.repl.place(), place, "the old data still is what it was");
    assert_eq!(pair.replica.repl.link_phase(), Some(LinkPhase::Dialing));
}

#[test]
fn a_promoted_replica_is_followed_by_its_former_primary() {
    let mut pair = Pair::new(disk());
    pair.dial();
    pair.snapshot();
    pair.load();
    pair.write("shared history");
    pair.cut();
    assert!(pair.replica.repl.promote(pair.now));
    pair.replica.act(pair.now);
    let end = pair.replica.repl.offset();
    let info = pair.replica.info(pair.now);
    assert!(info.contains(&format!("second_repl_offset:{}", end.0 + 1)), "{info}");
    // They change places.
    let Pair { primary, replica, parser, now } = pair;
    let mut pair = Pair { primary: replica, replica: primary, parser, now };
    assert_eq!(pair.replica.repl.replicaof(now, "127.0.0.1", 6380), ReplicaOf::Started);
    pair.replica.act(now);
    pair.write("new history");
    pair.dial();
    assert!(pair.replica.stream.ends_with(b"new history"));
    assert_eq!(pair.replica.repl.history(), pair.primary.repl.history());
    assert!(pair.replica.log.iter().any(|l| l.starts_with("Master replication ID changed to")));
    assert_eq!(pair.primary.repl.stats().partial_ok, 1);
}

#[test]
fn a_restarted_primary_lets_its_replica_go_on() {
    let mut pair = Pair::new(disk());
    pair.dial();
    pair.snapshot();
    pair.load();
    pair.write("saved");
    let (id, offset) = pair.primary.repl.place().expect("it has a history");
    pair.cut();
    pair.primary = Server::new(disk(), 99);
    pair.primary.repl.restore(pair.now, id, offset, false);
    pair.dial();
    assert_eq!(pair.primary.repl.stats().partial_ok, 1);
    pair.write("more");
    assert!(pair.replica.stream.ends_with(b"more"));
}

#[test]
fn wait_is_answered_when_enough_have_it() {
    let mut pair = Pair::new(disk());
    pair.dial();
    pair.snapshot();
    pair.load();
    pair.write("x");
    let offset = pair.primary.repl.offset();
    pair.primary.repl.wait(5, offset, 1, false);
    assert_eq!(pair.primary.repl.acked(offset), (0, 0));
    pair.talk();
    assert!(pair.replica.stream.ends_with(b"GETACK\r\n$1\r\n*\r\n"));
    let getack = Owned::new(["REPLCONF", "GETACK", "*"]);
    pair.replica.repl.handle_replconf(pair.now, ConnId(0), true, getack.words());
    pair.talk();
    pair.primary.repl.flush(pair.now);
    pair.primary.act(pair.now);
    assert_eq!(
        pair.primary.events.last().map(String::as_str),
        Some("Waited { waiter: 5, replicas: 1 }")
    );
}

#[test]
fn min_replicas_and_silence() {
    let settings =
        Settings { min_replicas: 1, min_replicas_max_lag_secs: 2, timeout_secs: 5, ..disk() };
    let mut pair = Pair::new(settings);
    assert!(!pair.primary.repl.has_good_replicas());
    pair.dial();
    pair.snapshot();
    pair.load();
    pair.pass_ms(3000);
    assert!(pair.primary.repl.has_good_replicas());
    for _ in 0..4 {
        pair.now.instant = pair.now.instant.after_ms(1000);
        pair.primary.repl.handle_timeout(pair.now);
    }
    assert!(!pair.primary.repl.has_good_replicas());
    for _ in 0..4 {
        pair.now.instant = pair.now.instant.after_ms(1000);
        pair.primary.repl.handle_timeout(pair.now);
    }
    pair.primary.act(pair.now);
    let log = &pair.primary.log;
    assert!(
        log.iter().any(|l| l == "Disconnecting timedout replica (streaming sync): 127.0.0.1:6380")
    );
}

#[test]
fn a_replica_too_far_behind_is_turned_away() {
    let limit = OutputLimit { hard_bytes: 1 << 20, soft_bytes: 0, soft_secs: 0 };
    let mut pair = Pair::new(Settings { output_limit: limit, backlog_bytes: 16 << 10, ..disk() });
    pair.dial();
    pair.snapshot();
    pair.load();
    (0..20).for_each(|_| pair.primary.repl.append(Some(0), &[b'x'; 100_000]));
    pair.primary.repl.flush(pair.now);
    pair.primary.act(pair.now);
    let hangup = pair.primary.events.iter().any(|e| e.contains("OutputLimit"));
    assert!(hangup && !pair.primary.repl.is_replica(REPLICA));
    pair.primary.repl.check_invariants();
}

#[test]
fn a_history_without_replicas_is_forgotten_after_a_while() {
    let mut pair = Pair::new(Settings { backlog_ttl_secs: 5, ..disk() });
    pair.dial();
    pair.snapshot();
    pair.load();
    pair.cut();
    let id = pair.primary.repl.history().id;
    for _ in 0..8 {
        pair.now.instant = pair.now.instant.after_ms(1000);
        pair.primary.repl.handle_timeout(pair.now);
    }
    assert!(!pair.primary.repl.wants_effects());
    assert_ne!(pair.primary.repl.history().id, id);
}

#[test]
fn a_failover_hands_over_to_a_replica_that_has_everything() {
    let mut pair = Pair::new(disk());
    let words = |line: &str| FailoverCommand::parse(Owned::new(line.split(' ')).words());
    let start = words("FAILOVER").expect("well formed");
    assert_eq!(
        pair.primary.repl.failover(pair.now, start.clone()),
        Err("ERR FAILOVER requires connected replicas.".to_string())
    );
    pair.dial();
    pair.snapshot();
    pair.load();
    pair.write("x");
    pair.pass_ms(1100);
    assert_eq!(pair.primary.repl.failover(pair.now, start), Ok(()));
    assert!(pair.primary.info(pair.now).contains("master_failover_state:waiting-for-sync"));
    // The replica acknowledges once per second.
    pair.pass_ms(1200);
    assert!(pair.primary.info(pair.now).contains("master_failover_state:failover-in-progress"));
    // The primary dials its replica, and asks it to take over.
    let Pair { primary, replica, parser, now } = pair;
    let mut pair = Pair { primary: replica, replica: primary, parser, now };
    pair.dial();
    assert!(pair.primary.repl.is_primary() && !pair.replica.repl.is_failing_over());
    assert_eq!(pair.replica.repl.link_phase(), Some(LinkPhase::Following));
    assert_eq!(pair.replica.repl.history(), pair.primary.repl.history());
    let events = pair.replica.events.join("\n");
    assert!(events.contains("PauseWrites(true)") && events.contains("PauseWrites(false)"));
}
