//! What Redis says about a command, and what our row says, in the same words.

use std::collections::BTreeMap;
use std::fmt::Write;

use command::{Find, Flags, Keys, Search, Spec};

const FACTS: &str = include_str!("../facts/commands.txt");

/// Notes down where a row and the facts are different.
pub(super) fn compare(
    facts: &BTreeMap<&str, String>,
    name: &str,
    spec: &Spec,
    differences: &mut String,
) {
    let ours = describe(name, spec);
    let theirs = facts.get(name).map_or("nothing known\n", String::as_str);
    if ours != theirs {
        writeln!(differences, "ours:\n{ours}theirs:\n{theirs}").expect("a string takes all");
    }
}

/// What is known, by the full names of commands.
pub(super) fn facts() -> BTreeMap<&'static str, String> {
    let mut facts: BTreeMap<&str, String> = BTreeMap::new();
    let mut name = "";
    for line in FACTS.lines().filter(|line| !line.starts_with('#')) {
        if !line.starts_with(' ') {
            name = line.split(' ').next().unwrap_or_default();
        }
        let text = facts.entry(name).or_default();
        text.push_str(line);
        text.push('\n');
    }
    facts
}

fn describe(name: &str, spec: &Spec) -> String {
    let (first, last, step) = spec.legacy_range();
    let mut lines = vec![format!("{name} {} {first} {last} {step}", spec.arity.number())];
    lines.push(sorted("  flags", spec.flags.without(Flags::HIDDEN).names()));
    lines.push(sorted("  acl", spec.all_categories().names()));
    lines.extend(spec.tips.iter().map(|tip| format!("  tip {tip}")));
    lines.extend(spec.keys.iter().map(describe_keys));
    lines.join("\n") + "\n"
}

fn describe_keys(keys: &Keys) -> String {
    let search = match keys.search {
        Search::Index(index) => format!("index {index}"),
        Search::Keyword(keyword, from) => format!("keyword {keyword} {from}"),
        Search::Unknown => "unknown".into(),
    };
    let find = match keys.find {
        Find::Range { last, step, limit } => format!("range {last} {step} {limit}"),
        Find::Count { count, first, step } => format!("keynum {count} {first} {step}"),
        Find::Unknown => "unknown".into(),
    };
    let notes = if keys.notes.is_empty() { String::new() } else { format!(" | {}", keys.notes) };
    format!("{} | {search} | {find}{notes}", sorted("  key", keys.flags.names()))
}

fn sorted<'a>(head: &'a str, names: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<_> = names.collect();
    names.sort_unstable();
    std::iter::once(head).chain(names).collect::<Vec<_>>().join(" ")
}
