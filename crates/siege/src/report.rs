//! What is printed on the way and at the end.

use crate::guests::{Book, Figures};
use crate::siege::Outcome;
use crate::stage::{Phase, Stage};
use crate::target::{SLOW_US, Target};
use std::sync::atomic::{AtomicU64, Ordering};

/// So many slow commands are told.
const SLOW_MAX: usize = 10;

fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

/// A line while it goes on.
pub fn progress(stage: &Stage, book: &Book, target: &Target, second: u64, of: u64) {
    let phase = stage.phase();
    let Figures { p50, p99, max, .. } = book.figures(phase);
    let (server, sentinel) = target.sample(false);
    let sum = |get: fn(&crate::stage::Tally) -> &AtomicU64| -> u64 {
        stage.tallies().iter().map(|(_, tally)| read(get(tally))).sum()
    };
    sys::say!(
        "{phase:?} {second}/{of} s: {} replies, p50 {} p99 {} max {} ms; {} hostile requests, {} closed; \
         {} clients, {} + {} MB; {} findings",
        read(&book.replies),
        ms(p50),
        ms(p99),
        ms(max),
        sum(|tally| &tally.requests),
        sum(|tally| &tally.closed),
        target.clients(),
        server >> 20,
        sentinel >> 20,
        stage.findings().0,
    );
}

fn ms(us: u64) -> String {
    format!("{}.{:02}", us / 1000, us % 1000 / 10)
}

/// The tables at the end, and the verdict.
pub fn print(stage: &Stage, book: &Book, outcome: &Outcome, slow: &[(String, u64, u64)]) {
    print_attacks(stage);
    print_guests(book);
    print_memory(outcome);
    sys::say!("\ncommands that took longer than {} ms: count and the longest in ms", ms(SLOW_US));
    for (name, count, most) in slow.iter().take(SLOW_MAX) {
        sys::say!("{name:<26} {count:>8} {:>8}", ms(*most));
    }
    let (count, findings) = stage.findings();
    if count == 0 {
        sys::say!("\nVerdict: it holds.");
        return;
    }
    sys::say!("\nVerdict: {count} findings.");
    findings.iter().for_each(|finding| sys::say!("  {finding}"));
}

/// What each attack did, and what became of it.
fn print_attacks(stage: &Stage) {
    sys::say!(
        "\n{:<14} {:>11} {:>12} {:>10} {:>10} {:>8}",
        "attack",
        "connections",
        "requests",
        "closed",
        "errors",
        "silent"
    );
    for (name, tally) in stage.tallies() {
        sys::say!(
            "{name:<14} {:>11} {:>12} {:>10} {:>10} {:>8}",
            read(&tally.connections),
            read(&tally.requests),
            read(&tally.closed),
            read(&tally.errors),
            read(&tally.silent),
        );
    }
}

/// How long well-behaved clients waited.
fn print_guests(book: &Book) {
    sys::say!(
        "\n{:<14} {:>11} {:>8} {:>8} {:>8} {:>8}   ms",
        "guests",
        "requests",
        "p50",
        "p99",
        "p99.9",
        "max"
    );
    for phase in [Phase::Quiet, Phase::Storm, Phase::Held] {
        let Figures { count, p50, p99, p999, max } = book.figures(phase);
        sys::say!(
            "{:<14} {count:>11} {:>8} {:>8} {:>8} {:>8}",
            format!("{phase:?}").to_lowercase(),
            ms(p50),
            ms(p99),
            ms(p999),
            ms(max)
        );
    }
    let (replies, busy) = (read(&book.replies), read(&book.busy));
    sys::say!("{replies} replies, each right; BUSY heard {busy} times and asked again");
}

/// What both processes occupied, and may occupy.
fn print_memory(outcome: &Outcome) {
    sys::say!(
        "\n{:<14} {:>11} {:>8} {:>8} {:>8}   MB at the most",
        "memory",
        "",
        "quiet",
        "storm",
        "held"
    );
    let Outcome { quiet, storm, held, bounds } = outcome;
    let mb = |bytes: u64| bytes >> 20;
    sys::say!("{:<26} {:>8} {:>8} {:>8}", "server", mb(quiet.0), mb(storm.0), mb(held.0));
    sys::say!("{:<26} {:>8} {:>8} {:>8}", "Sentinel", mb(quiet.1), mb(storm.1), mb(held.1));
    if let Some(bounds) = bounds {
        let (storm, held) = (mb(bounds.storm), mb(bounds.held));
        sys::say!("{:<26} {:>8} {storm:>8} {held:>8}", "bound of the server", "");
        sys::say!("{:<26} {:>8} {:>8}", "bound of the Sentinel", "", mb(bounds.sentinel));
    }
}
