//! How long the longest slice and the longest write take while a snapshot is made of one very large value.
//!
//! It measures, so it is for machines that are not busy: `cargo run --release -p store --example pauses`.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use stdx::{Instant, Now, Prng, WallTime};
use store::{
    End, Expiry, Keyspace, Opening, Piece, Progress, Record, RecordSink, Settings, SnapshotId, Ttl,
    ValueRef,
};

const ELEMENTS: u64 = 1_000_000;

/// Copies as an encoder does, into buffers that somebody else takes away.
#[derive(Default)]
struct Sink(Vec<u8>);

impl RecordSink for Sink {
    fn begin_db(&mut self, _: usize, _: usize, _: usize) {}

    fn record(&mut self, record: Record<'_>) {
        let out = &mut self.0;
        out.extend_from_slice(record.key);
        if let ValueRef::Str(text) = record.value {
            out.extend_from_slice(text.bytes(&mut ds::ElementBuf::new()));
        }
    }

    fn begin_value(&mut self, _: Opening<'_>) {}

    fn piece(&mut self, piece: Piece<'_>) {
        let out = &mut self.0;
        match piece {
            Piece::Member(member) | Piece::Scored(member, _) => {
                out.extend_from_slice(member.bytes(&mut ds::ElementBuf::new()));
            }
            Piece::Field { field, value, .. } => {
                out.extend_from_slice(field.bytes(&mut ds::ElementBuf::new()));
                out.extend_from_slice(value.bytes(&mut ds::ElementBuf::new()));
            }
            Piece::Text(bytes)
            | Piece::Node(store::Node::Packed(bytes) | store::Node::Plain(bytes)) => {
                out.extend_from_slice(bytes);
            }
        }
    }

    fn end_value(&mut self) {}
}

/// What a run of the same operation took.
#[derive(Default)]
struct Times(Vec<Duration>);

impl Times {
    #[expect(clippy::disallowed_methods, reason = "the point is to measure")]
    fn of<R>(&mut self, run: impl FnOnce() -> R) -> R {
        let start = std::time::Instant::now();
        let result = run();
        self.0.push(start.elapsed());
        result
    }

    fn say(mut self, what: &str) {
        if self.0.is_empty() {
            return println!("  {what}: none");
        }
        self.0.sort();
        let at = |share: f64| self.0[((self.0.len() - 1) as f64 * share) as usize];
        let (n, p50, p99) = (self.0.len(), at(0.5), at(0.99));
        println!(
            "  {what}: {n}, p50 {p50:?}, p99 {p99:?}, p99.9 {:?}, longest {:?}",
            at(0.999),
            at(1.0)
        );
    }
}

/// Makes a snapshot in slices, with a write after each.
fn measure(
    name: &str,
    fill: impl Fn(&mut Keyspace),
    mut write: impl FnMut(&mut Keyspace, &mut Prng),
) {
    let mut keyspace = Keyspace::new(Settings::default(), 7);
    let wall = WallTime::from_ms(1_700_000_000_000);
    keyspace.begin(Now { instant: Instant::ZERO, wall }, Expiry::Delete);
    fill(&mut keyspace);
    let mut prng = Prng::new(3);
    println!("{name}");
    let mut before = Times::default();
    (0..20_000).for_each(|_| before.of(|| write(&mut keyspace, &mut prng)));
    before.say("writes before");
    let sink = Rc::new(RefCell::new(Sink::default()));
    let (mut start, mut forced) = (Times::default(), Times::default());
    let id: SnapshotId = start.of(|| keyspace.start_snapshot(Box::new(sink.clone())));
    // The first write comes before any slice, and meets the value as a whole.
    (0..20_000).for_each(|_| forced.of(|| write(&mut keyspace, &mut prng)));
    forced.say("writes before the first slice");
    let (mut slices, mut writes) = (Times::default(), Times::default());
    // As many as a slice of 50 us is thought to be good for.
    while slices.of(|| keyspace.snapshot_slice(id, 1500)) == Progress::More {
        (0..10).for_each(|_| writes.of(|| write(&mut keyspace, &mut prng)));
        sink.borrow_mut().0.clear();
        while keyspace.take_garbage().is_some() {}
    }
    slices.say("slices");
    writes.say("writes between slices");
    // And one that goes away meanwhile.
    let id = keyspace.start_snapshot(Box::new(sink));
    let mut gone = Times::default();
    keyspace.snapshot_slice(id, 1500);
    gone.of(|| keyspace.db(0).remove(b"large"));
    gone.say("DEL of it under a snapshot");
    while keyspace.snapshot_slice(id, 1500) == Progress::More {}
}

fn text(n: u64) -> Vec<u8> {
    format!("element:{n:010}").into_bytes()
}

fn main() {
    measure(
        "a hash of a million fields",
        |keyspace| {
            let mut db = keyspace.db(0);
            let mut hash = db.hash_or_create(b"large").expect("new");
            for n in 0..ELEMENTS {
                hash.set(&text(n), b"some value of it");
            }
        },
        |keyspace, prng| {
            let field = text(prng.below(ELEMENTS + ELEMENTS / 10));
            keyspace.db(0).hash_or_create(b"large").expect("a hash").set(&field, b"another");
        },
    );
    measure(
        "a sorted set of a million members",
        |keyspace| {
            let mut db = keyspace.db(0);
            let mut zset = db.zset_or_create(b"large").expect("new");
            for n in 0..ELEMENTS {
                zset.insert(&text(n), n as f64);
            }
        },
        |keyspace, prng| {
            let member = text(prng.below(ELEMENTS + ELEMENTS / 10));
            let score = prng.below(ELEMENTS) as f64;
            keyspace.db(0).zset_or_create(b"large").expect("a zset").insert(&member, score);
        },
    );
    measure(
        "a list of a million elements",
        |keyspace| {
            let mut db = keyspace.db(0);
            let mut list = db.list_or_create(b"large").expect("new");
            (0..ELEMENTS).for_each(|n| list.push(End::Back, &text(n)));
        },
        |keyspace, prng| {
            let at = prng.below(ELEMENTS) as usize;
            keyspace.db(0).list_or_create(b"large").expect("a list").set(at, b"another");
        },
    );
    measure(
        "a string of 64 MiB",
        |keyspace| {
            keyspace.db(0).put_bytes(b"large", &vec![b'x'; 64 << 20], Ttl::Clear);
        },
        |keyspace, prng| {
            let at = prng.below(64 << 20) as usize;
            keyspace.db(0).write_range(b"large", at, b"another").expect("a string");
        },
    );
}
