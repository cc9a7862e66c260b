//! Disk operations and offloaded work, with their failures.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

mod support;

use std::sync::mpsc;

use shell::{CpuLists, Log, LogTarget, Options};
use support::Echo;
use world::{DiskErrorKind, DiskOp, DiskReply, Effect, Event, Exit, FileId, Ticket, Work};

/// Runs the effects in a loop of their own and gives what came back, by ticket.
fn run(effects: Vec<Effect>) -> Vec<(u64, Event)> {
    let (send, events) = mpsc::channel();
    let mut machine = Echo::new(send);
    let count = effects.len();
    machine.effects.extend(effects);
    machine.timeout = Some(sys::clock::instant().after_ms(400));
    let log = Log::new(LogTarget { file: Some("/dev/null".into()), syslog: false });
    let exit = shell::run(
        &mut machine,
        Options { log, signals: false, supervised: false, cpus: CpuLists::default() },
    )
    .expect("the loop runs");
    assert_eq!(exit, Exit::Status(3));
    drop(machine);
    let ticket = |event: &Event| match event {
        Event::DiskDone { ticket, .. } | Event::WorkDone { ticket, .. } => ticket.0,
        other => panic!("{other:?}"),
    };
    let mut got: Vec<(u64, Event)> = events.iter().map(|event| (ticket(&event), event)).collect();
    assert_eq!(got.len(), count);
    got.sort_by_key(|(ticket, _)| *ticket);
    got
}

#[test]
fn files_are_written_read_renamed_and_replaced_in_order() {
    let folder = std::env::temp_dir().join(format!("regent-disk-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("the temporary folder is writable");
    let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let file = FileId(1);
    let ops = vec![
        DiskOp::Create { file, path: path("a") },
        DiskOp::Append { file, bytes: b"hello ".to_vec() },
        DiskOp::Append { file, bytes: b"world".to_vec() },
        DiskOp::Sync { file },
        DiskOp::Read { file, offset: 6, len: 1 << 40 },
        DiskOp::Truncate { file, len: 5 },
        DiskOp::Append { file, bytes: b"!".to_vec() },
        DiskOp::Close { file },
        DiskOp::Rename { from: path("a"), to: path("b") },
        DiskOp::Slurp { path: path("b") },
        DiskOp::Replace { path: path("b"), bytes: b"anew".to_vec() },
        DiskOp::OpenAppend { file, path: path("b") },
        DiskOp::Close { file },
        DiskOp::Slurp { path: path("b") },
        DiskOp::Remove { path: path("b") },
        DiskOp::Remove { path: path("b") },
        DiskOp::Slurp { path: path("b") },
        DiskOp::Sync { file },
        DiskOp::Create { file, path: path("none/x") },
        DiskOp::Rename { from: path("none"), to: path("b") },
    ];
    let want = [
        Ok(DiskReply::Opened { len: 0 }),
        Ok(DiskReply::Done),
        Ok(DiskReply::Done),
        Ok(DiskReply::Done),
        Ok(DiskReply::Bytes(b"world".to_vec())),
        Ok(DiskReply::Done),
        Ok(DiskReply::Done),
        Ok(DiskReply::Done),
        Ok(DiskReply::Done),
        Ok(DiskReply::Bytes(b"hello!".to_vec())),
        Ok(DiskReply::Done),
        Ok(DiskReply::Opened { len: 4 }),
        Ok(DiskReply::Done),
        Ok(DiskReply::Bytes(b"anew".to_vec())),
        Ok(DiskReply::Done),
        Ok(DiskReply::Done),
        Err(DiskErrorKind::NotFound),
        Err(DiskErrorKind::Other),
        Err(DiskErrorKind::NotFound),
        Err(DiskErrorKind::NotFound),
    ];
    let effects = ops.into_iter().enumerate();
    let effects = effects.map(|(at, op)| Effect::Disk { ticket: Ticket(at as u64), op }).collect();
    for ((at, event), want) in run(effects).into_iter().zip(want) {
        let Event::DiskDone { result, .. } = event else { panic!("{event:?}") };
        assert_eq!(result.map_err(|error| error.kind), want, "operation {at}");
    }
    let left = std::fs::read_dir(&folder).expect("it is there").count();
    assert_eq!(left, 0, "temporary neighbours are gone");
    std::fs::remove_dir(&folder).expect("it is empty");
}

#[test]
fn work_runs_elsewhere_and_brings_its_result() {
    let work = |ticket, n: u64| {
        let work = Work::new(move || (0..=n).sum::<u64>());
        Effect::Offload { ticket: Ticket(ticket), work }
    };
    let results: Vec<u64> = run(vec![work(0, 10), work(1, 1000), work(2, 3)])
        .into_iter()
        .map(|(_, event)| match event {
            Event::WorkDone { result, .. } => *result.downcast::<u64>().expect("it was a number"),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(results, [55, 500_500, 6]);
}

#[test]
fn a_file_is_written_in_place() {
    let folder = std::env::temp_dir().join(format!("regent-update-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("the temporary folder is writable");
    let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let file = FileId(1);
    let ops = [
        (DiskOp::Update { file, path: path("a") }, Err(DiskErrorKind::NotFound)),
        (DiskOp::Replace { path: path("a"), bytes: b"0123456789".to_vec() }, Ok(DiskReply::Done)),
        (DiskOp::Update { file, path: path("a") }, Ok(DiskReply::Opened { len: 10 })),
        (DiskOp::WriteAt { file, offset: 3, bytes: b"xyz".to_vec() }, Ok(DiskReply::Done)),
        (DiskOp::WriteAt { file, offset: 12, bytes: b"!".to_vec() }, Ok(DiskReply::Done)),
        (DiskOp::Sync { file }, Ok(DiskReply::Done)),
        (
            DiskOp::Read { file, offset: 0, len: 99 },
            Ok(DiskReply::Bytes(b"012xyz6789\0\0!".to_vec())),
        ),
        (DiskOp::Close { file }, Ok(DiskReply::Done)),
        (DiskOp::Runnable { path: path("a") }, Err(DiskErrorKind::Denied)),
        (DiskOp::Runnable { path: path("b") }, Err(DiskErrorKind::NotFound)),
        (DiskOp::Runnable { path: "/bin/sh".into() }, Ok(DiskReply::Done)),
    ];
    let (ops, wants): (Vec<_>, Vec<_>) = ops.into_iter().unzip();
    let effects = ops.into_iter().enumerate();
    let effects = effects.map(|(at, op)| Effect::Disk { ticket: Ticket(at as u64), op }).collect();
    for ((at, event), want) in run(effects).into_iter().zip(wants) {
        let Event::DiskDone { result, .. } = event else { panic!("{event:?}") };
        assert_eq!(result.map_err(|error| error.kind), want, "operation {at}");
    }
    std::fs::remove_dir_all(&folder).expect("it is ours");
}
