//! COMMAND INFO: the facts about a command that clients and proxies route by.

use super::Page;
use crate::{Find, Flags, KeyFlags, Keys, Search, Writer};

/// The flags of a command as the world knows them.
fn public(flags: Flags) -> Flags {
    flags.without(Flags::HIDDEN)
}

/// The facts about a command, as COMMAND INFO gives them.
pub fn write_facts(w: &mut Writer<'_>, page: &Page<'_>) {
    let spec = page.spec;
    let (first, last, step) = spec.legacy_range();
    w.array(10);
    w.text(&page.name);
    w.int(spec.arity.number());
    write_names(w, public(spec.flags).names());
    for number in [first, last, step] {
        w.int(i64::from(number));
    }
    write_names(w, spec.all_categories().names());
    w.set(spec.tips.len());
    spec.tips.iter().for_each(|tip| w.text(tip));
    w.set(spec.keys.len());
    spec.keys.iter().for_each(|keys| write_keys(w, keys));
    if page.subcommands.is_empty() {
        // compat(7.2): no subcommands at all are an empty set, some are an array.
        w.set(0);
        return;
    }
    w.array(page.subcommands.len());
    page.subcommands.iter().for_each(|sub| write_facts(w, sub));
}

/// A set of words, each a simple string.
fn write_names<'a>(w: &mut Writer<'_>, names: impl Iterator<Item = &'a str>) {
    let place = w.defer();
    let mut count = 0;
    for name in names {
        w.simple(name);
        count += 1;
    }
    w.finish_set(place, count);
}

/// The flags of a key, as COMMAND GETKEYSANDFLAGS gives them too.
pub(super) fn write_key_flags(w: &mut Writer<'_>, flags: KeyFlags) {
    write_names(w, flags.names());
}

fn write_keys(w: &mut Writer<'_>, keys: &Keys) {
    w.map(3 + usize::from(!keys.notes.is_empty()));
    if !keys.notes.is_empty() {
        w.text("notes");
        w.text(keys.notes);
    }
    w.text("flags");
    write_key_flags(w, keys.flags);
    w.text("begin_search");
    match keys.search {
        Search::Index(index) => write_step(w, "index", &[("index", index)]),
        Search::Keyword(keyword, from) => {
            write_head(w, "keyword", 2);
            w.text("keyword");
            w.text(keyword);
            w.text("startfrom");
            w.int(i64::from(from));
        }
        Search::Unknown => write_step(w, "unknown", &[]),
    }
    w.text("find_keys");
    match keys.find {
        Find::Range { last, step, limit } => {
            write_step(w, "range", &[("lastkey", last), ("keystep", step), ("limit", limit)]);
        }
        Find::Count { count, first, step } => {
            write_step(
                w,
                "keynum",
                &[("keynumidx", count), ("firstkey", first), ("keystep", step)],
            );
        }
        Find::Unknown => write_step(w, "unknown", &[]),
    }
}

fn write_step(w: &mut Writer<'_>, kind: &str, numbers: &[(&str, i32)]) {
    write_head(w, kind, numbers.len());
    for (name, number) in numbers {
        w.text(name);
        w.int(i64::from(*number));
    }
}

fn write_head(w: &mut Writer<'_>, kind: &str, fields: usize) {
    w.map(2);
    w.text("type");
    w.text(kind);
    w.text("spec");
    w.map(fields);
}
