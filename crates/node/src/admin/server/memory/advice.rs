//! MEMORY DOCTOR, MALLOC-STATS and PURGE: for people who look at memory.

use super::stats::{Division, ratio};
use super::{SUB, TELLING};
use crate::admin::{NodeCommand, NodeCx};
use command::{Args, Arity, Command, Flow, Outcome, Spec};

pub(super) const DOCTOR: NodeCommand = Command::new(
    doctor,
    Spec {
        name: "doctor",
        summary: "Says in words what is wrong with the use of memory.",
        arity: Arity::Exactly(2),
        tips: TELLING,
        ..SUB
    },
);

/// Below this there is nothing to judge.
const SMALL: u64 = 5 << 20;
/// Excess below this is noise.
const EXCESS: u64 = 10 << 20;
/// Bytes per connection that are suspicious.
const CLIENT: u64 = 200 << 10;
const REPLICA: u64 = 10 << 20;

fn doctor(cx: &mut NodeCx<'_>, _: Args<'_>) -> Outcome {
    let it = Division::of(cx.node);
    let facts = &it.facts;
    let excess = |a: u64, b: u64, limit: f64| ratio(a, b) > limit && a.saturating_sub(b) > EXCESS;
    let connections = cx.node.sessions.len() as u64;
    let findings = [
        (
            ratio(it.peak, it.used) > 1.5,
            "Peak: at some time the server used more than one and a half times of what it uses now. What was freed \
             since may still be held; MEMORY PURGE gives it back.",
        ),
        (
            excess(facts.resident, it.used, 1.4),
            "Resident size: the process occupies over 40% more than it uses, after a peak or by fragmentation.",
        ),
        (
            excess(facts.active, facts.allocated, 1.1),
            "Fragmentation: pages in use are over 10% larger than what is allocated in them.",
        ),
        (
            excess(facts.allocator_resident, facts.active, 1.1),
            "Held pages: the allocator keeps over 10% more pages than are in use; MEMORY PURGE gives them back.",
        ),
        (
            excess(facts.resident, facts.allocator_resident, 1.1),
            "Other memory: the process occupies over 10% more than its allocator holds.",
        ),
        (
            it.clients / connections.max(1) > CLIENT,
            "Clients: their buffers take over 200 kilobytes each on average. CLIENT LIST tells which ones; mostly \
             they read too slowly, or their pipelines are too long.",
        ),
        (
            it.replicas > REPLICA,
            "Replicas: over 10 megabytes wait to be sent to them. INFO replication tells which ones are behind.",
        ),
    ];
    let mut text = String::new();
    if it.used < SMALL {
        text.push_str("The server holds next to nothing, so there is nothing to judge.\n");
    } else {
        for (_, finding) in findings.iter().filter(|(found, _)| *found) {
            text.push_str(" * ");
            text.push_str(finding);
            text.push('\n');
        }
        if text.is_empty() {
            text.push_str("Nothing is wrong with the use of memory.\n");
        }
    }
    cx.reply.verbatim("txt", text.as_bytes());
    Ok(Flow::Done)
}

pub(super) const MALLOC_STATS: NodeCommand = Command::new(
    malloc_stats,
    Spec {
        name: "malloc-stats",
        summary: "Shows what the allocator says of itself.",
        complexity: "O(1)",
        arity: Arity::Exactly(2),
        tips: TELLING,
        ..SUB
    },
);

fn malloc_stats(cx: &mut NodeCx<'_>, _: Args<'_>) -> Outcome {
    let facts = (cx.node.senses.facts)();
    let text = format!(
        "___ {} ___\nAllocated: {}, active: {}, resident: {}\n--- End ---\n",
        facts.allocator, facts.allocated, facts.active, facts.allocator_resident
    );
    cx.reply.verbatim("txt", text.as_bytes());
    Ok(Flow::Done)
}

pub(super) const PURGE: NodeCommand = Command::new(
    purge,
    Spec {
        name: "purge",
        summary: "Asks the allocator to give unused pages back.",
        complexity: "O(1)",
        arity: Arity::Exactly(2),
        tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
        ..SUB
    },
);

fn purge(cx: &mut NodeCx<'_>, _: Args<'_>) -> Outcome {
    // The allocator's own threads give pages back within seconds; there is nothing that would hurry them.
    cx.reply.ok();
    Ok(Flow::Done)
}
