//! Sets made of sets: intersections, unions and differences, returned, counted or stored.

use command::Arity::AtLeast;
use command::{Args, Command, Error, Flags, Flow, KeyFlags, Keys, Outcome, Spec, Words};
use ds::{Element, ElementBuf};
use store::{Db, EventClass, Set, Thresholds, Ttl, Value, ValueRef};

use super::{ANY_ORDER, FAMILY};
use crate::{DataCommand, DataCx, reply};

const SOURCES: &[Keys] = &[Keys::range(1, -1, 1).reads()];
const STORE: Flags = Flags::WRITE.and(Flags::DENY_OOM);

pub(crate) const SINTER: DataCommand = Command::new(
    |cx, args| tell(cx, args, Operation::Intersection),
    Spec {
        name: "sinter",
        syntax: "key [key ...]",
        summary: "Returns the members that all of several sets have.",
        complexity: "O(N*M) where N is the size of the smallest set and M the number of sets",
        arity: AtLeast(2),
        flags: Flags::READONLY,
        keys: SOURCES,
        tips: ANY_ORDER,
        ..FAMILY
    },
);

pub(crate) const SUNION: DataCommand = Command::new(
    |cx, args| tell(cx, args, Operation::Union),
    Spec {
        name: "sunion",
        syntax: "key [key ...]",
        summary: "Returns the members that any of several sets has.",
        complexity: "O(N) where N is the number of members of all sets",
        arity: AtLeast(2),
        flags: Flags::READONLY,
        keys: SOURCES,
        tips: ANY_ORDER,
        ..FAMILY
    },
);

pub(crate) const SDIFF: DataCommand = Command::new(
    |cx, args| tell(cx, args, Operation::Difference),
    Spec {
        name: "sdiff",
        syntax: "key [key ...]",
        summary: "Returns the members of the first set that no other has.",
        complexity: "O(N*M) where N is the size of the first set and M the number of sets",
        arity: AtLeast(2),
        flags: Flags::READONLY,
        keys: SOURCES,
        tips: ANY_ORDER,
        ..FAMILY
    },
);

pub(crate) const SINTERSTORE: DataCommand = Command::new(
    |cx, args| store(cx, args, Operation::Intersection),
    Spec {
        name: "sinterstore",
        syntax: "destination key [key ...]",
        summary: "Stores the members that all of several sets have.",
        complexity: "O(N*M) where N is the size of the smallest set and M the number of sets",
        arity: AtLeast(3),
        flags: STORE,
        // compat(7.2): alone among its kin, it is said to read what it overwrites.
        keys: &[
            Keys::at(1).flags(KeyFlags::RW.and(KeyFlags::UPDATE)),
            Keys::range(2, -1, 1).reads(),
        ],
        ..FAMILY
    },
);

pub(crate) const SUNIONSTORE: DataCommand = Command::new(
    |cx, args| store(cx, args, Operation::Union),
    Spec {
        name: "sunionstore",
        syntax: "destination key [key ...]",
        summary: "Stores the members that any of several sets has.",
        complexity: "O(N) where N is the number of members of all sets",
        arity: AtLeast(3),
        flags: STORE,
        keys: &[Keys::at(1).overwrites(), Keys::range(2, -1, 1).reads()],
        ..FAMILY
    },
);

pub(crate) const SDIFFSTORE: DataCommand = Command::new(
    |cx, args| store(cx, args, Operation::Difference),
    Spec {
        name: "sdiffstore",
        syntax: "destination key [key ...]",
        summary: "Stores the members of the first set that no other has.",
        complexity: "O(N*M) where N is the size of the first set and M the number of sets",
        arity: AtLeast(3),
        flags: STORE,
        keys: &[Keys::at(1).overwrites(), Keys::range(2, -1, 1).reads()],
        ..FAMILY
    },
);

pub(crate) const SINTERCARD: DataCommand = Command::new(
    sintercard,
    Spec {
        name: "sintercard",
        syntax: "numkeys key [key ...] [LIMIT limit]",
        summary: "Counts the members that all of several sets have, up to a limit.",
        complexity: "O(N*M) where N is the size of the smallest set and M the number of sets",
        since: "7.0.0",
        arity: AtLeast(3),
        flags: Flags::READONLY.and(Flags::MOVABLE_KEYS),
        keys: &[Keys::counted_at(1).reads()],
        ..FAMILY
    },
);

fn sintercard(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let count = args.int_from(1, Error::KEYS_AT_LEAST_ONE)? as usize;
    if count > args.len() {
        return Err(Error::KEYS_TOO_MANY);
    }
    let keys = args.take(count)?;
    let mut limit = 0;
    while !args.is_empty() {
        if !args.take_keyword("LIMIT") {
            return Err(Error::SYNTAX);
        }
        limit = args.int_from(0, Error::LIMIT_NEGATIVE)? as usize;
    }
    let sets = sources(&mut cx.db, keys)?;
    let mut found = 0;
    intersection(sets, |_| {
        found += 1;
        found != limit
    });
    cx.reply.count(found);
    Ok(Flow::Done)
}

#[derive(Clone, Copy)]
enum Operation {
    Intersection,
    Union,
    Difference,
}

impl Operation {
    fn run<'a>(self, sets: Vec<Option<&'a Set>>, mut found: impl FnMut(Element<'a>)) {
        let all = |element| {
            found(element);
            true
        };
        match self {
            Operation::Intersection => intersection(sets, all),
            Operation::Union => union(sets, all),
            Operation::Difference => difference(sets, all),
        }
    }

    fn event(self) -> &'static str {
        match self {
            Operation::Intersection => "sinterstore",
            Operation::Union => "sunionstore",
            Operation::Difference => "sdiffstore",
        }
    }
}

fn tell(cx: &mut DataCx<'_>, args: Args<'_>, operation: Operation) -> Outcome {
    let sets = sources(&mut cx.db, args.rest())?;
    let (place, mut len) = (cx.reply.defer(), 0);
    operation.run(sets, |member| {
        reply::element(&mut cx.reply, member);
        len += 1;
    });
    cx.reply.finish_set(place, len);
    Ok(Flow::Done)
}

fn store(cx: &mut DataCx<'_>, mut args: Args<'_>, operation: Operation) -> Outcome {
    let destination = args.word()?;
    let limits = cx.db.settings().thresholds;
    let mut result = Set::new();
    operation.run(sources(&mut cx.db, args.rest())?, |member| {
        result.insert(member.bytes(&mut ElementBuf::new()), &limits);
    });
    cx.reply.count(result.len());
    if !result.is_empty() {
        cx.db.put(destination, Value::Set(result), Ttl::Clear);
        cx.db.changed(destination, EventClass::SET, operation.event(), 1);
    } else if cx.db.remove(destination) {
        cx.db.changed(destination, EventClass::GENERIC, "del", 1);
    }
    Ok(Flow::Done)
}

/// The sets under these keys, all at once. The first look is the one that counts, expires and may fail.
fn sources<'d>(db: &'d mut Db<'_>, keys: Words<'_>) -> Result<Vec<Option<&'d Set>>, Error> {
    for key in keys.iter() {
        db.set(key)?;
    }
    let db = &*db;
    let set = |key: &[u8]| match db.peek(key) {
        Some(ValueRef::Set(set)) => Some(set),
        _ => None,
    };
    Ok(keys.iter().map(set).collect())
}

/// Shows `found` the members that all sets have, until it has had enough.
fn intersection<'a>(sets: Vec<Option<&'a Set>>, mut found: impl FnMut(Element<'a>) -> bool) {
    // An absent set is an empty one, and leaves nothing.
    let Some(mut sets) = sets.into_iter().collect::<Option<Vec<&Set>>>() else { return };
    // The smallest has the fewest members to ask the others about.
    sets.sort_by_key(|set| set.len());
    let Some((smallest, others)) = sets.split_first() else { return };
    for member in smallest.iter() {
        let mut buf = ElementBuf::new();
        let bytes = member.bytes(&mut buf);
        if others.iter().all(|set| set.contains(bytes)) && !found(member) {
            return;
        }
    }
}

/// Up to how many sets a member of the last is looked up in all others rather than noted down when it is seen.
const SETS_ASKED_MAX: usize = 8;

/// Shows `found` the members that any set has, each once, until it has had enough.
fn union<'a>(sets: Vec<Option<&'a Set>>, mut found: impl FnMut(Element<'a>) -> bool) {
    let mut sets: Vec<&Set> = sets.into_iter().flatten().collect();
    // Whoever comes later asks all earlier ones: the largest should not have to.
    sets.sort_by_key(|set| std::cmp::Reverse(set.len()));
    let (mut seen, limits) = (Set::new(), Thresholds::default());
    for (n, set) in sets.iter().enumerate() {
        for member in set.iter() {
            let mut buf = ElementBuf::new();
            let bytes = member.bytes(&mut buf);
            let new = match sets.len() {
                ..=SETS_ASKED_MAX => !sets[..n].iter().any(|set| set.contains(bytes)),
                _ => seen.insert(bytes, &limits),
            };
            if new && !found(member) {
                return;
            }
        }
    }
}

/// Shows `found` the members of the first set that no other has, until it has had enough.
fn difference<'a>(sets: Vec<Option<&'a Set>>, mut found: impl FnMut(Element<'a>) -> bool) {
    let Some((Some(first), others)) = sets.split_first() else { return };
    let mut others: Vec<&Set> = others.iter().copied().flatten().collect();
    // The larger a set, the likelier it has the member, and then no other need be asked.
    others.sort_by_key(|set| std::cmp::Reverse(set.len()));
    for member in first.iter() {
        let mut buf = ElementBuf::new();
        let bytes = member.bytes(&mut buf);
        if !others.iter().any(|set| set.contains(bytes)) && !found(member) {
            return;
        }
    }
}
