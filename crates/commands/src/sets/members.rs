//! The members of one set: SADD, SREM and SMOVE change them, SISMEMBER, SMISMEMBER, SMEMBERS and SCARD tell them.

use command::Arity::{AtLeast, Exactly};
use command::{Args, Command, Flags, Flow, Inside, Keys, Outcome, Spec};
use store::EventClass;

use super::{ANY_ORDER, FAMILY};
use crate::{DataCommand, DataCx, reply};

pub(crate) const SADD: DataCommand = Command::new(
    sadd,
    Spec {
        name: "sadd",
        history: &[("2.4.0", "several members")],
        syntax: "key member [member ...]",
        summary: "Adds members to a set, creating it when absent.",
        complexity: "O(1) for each member added",
        arity: AtLeast(3),
        flags: Flags::WRITE.and(Flags::DENY_OOM).and(Flags::FAST),
        keys: &[Keys::at(1).inserts()],
        inside: Inside::Word(2),
        ..FAMILY
    },
);

fn sadd(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.word()?;
    let members = args.rest();
    let mut set = cx.db.set_or_create(key)?;
    set.expect(&members[0], members.len());
    let added = members.iter().filter(|member| set.insert(member)).count();
    cx.reply.count(added);
    if added > 0 {
        cx.db.changed(key, EventClass::SET, "sadd", added as u64);
    }
    Ok(Flow::Done)
}

pub(crate) const SREM: DataCommand = Command::new(
    srem,
    Spec {
        name: "srem",
        history: &[("2.4.0", "several members")],
        syntax: "key member [member ...]",
        summary: "Removes members from a set; a set without members is deleted.",
        complexity: "O(N) where N is the number of members to be removed",
        arity: AtLeast(3),
        flags: Flags::WRITE.and(Flags::FAST),
        keys: &[Keys::at(1).deletes()],
        inside: Inside::Word(2),
        ..FAMILY
    },
);

fn srem(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.word()?;
    let Some(mut set) = cx.db.set_mut(key)? else {
        cx.reply.int(0);
        return Ok(Flow::Done);
    };
    let removed = args.rest().iter().filter(|member| set.remove(member)).count();
    let emptied = set.is_empty();
    cx.reply.count(removed);
    if removed > 0 {
        cx.db.changed(key, EventClass::SET, "srem", removed as u64);
    }
    if emptied {
        cx.db.remove_if_empty(key);
    }
    Ok(Flow::Done)
}

pub(crate) const SMOVE: DataCommand = Command::new(
    smove,
    Spec {
        name: "smove",
        syntax: "source destination member",
        summary: "Takes a member out of one set and puts it into another.",
        arity: Exactly(4),
        flags: Flags::WRITE.and(Flags::FAST),
        keys: &[Keys::at(1).pops(), Keys::at(2).inserts()],
        ..FAMILY
    },
);

fn smove(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let (source, destination, member) = (args.word()?, args.word()?, args.word()?);
    let Some(set) = cx.db.set_mut(source)? else {
        // compat(7.2): without a source nobody asks what the destination is.
        cx.reply.int(0);
        return Ok(Flow::Done);
    };
    let there = set.contains(member);
    cx.db.set_mut(destination)?;
    cx.reply.int(i64::from(there));
    if !there || source == destination {
        return Ok(Flow::Done);
    }
    if let Some(mut set) = cx.db.set_mut(source)? {
        set.remove(member);
    }
    cx.db.changed(source, EventClass::SET, "srem", 1);
    cx.db.remove_if_empty(source);
    let mut set = cx.db.set_or_create(destination)?;
    set.expect(member, 1);
    if set.insert(member) {
        cx.db.changed(destination, EventClass::SET, "sadd", 1);
    }
    Ok(Flow::Done)
}

pub(crate) const SISMEMBER: DataCommand = Command::new(
    sismember,
    Spec {
        name: "sismember",
        syntax: "key member",
        summary: "Tells whether a set has a member.",
        arity: Exactly(3),
        flags: Flags::READONLY.and(Flags::FAST),
        keys: &[Keys::at(1).inspects()],
        inside: Inside::Word(2),
        ..FAMILY
    },
);

fn sismember(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let (key, member) = (args.word()?, args.word()?);
    let there = cx.db.set(key)?.is_some_and(|set| set.contains(member));
    cx.reply.int(i64::from(there));
    Ok(Flow::Done)
}

pub(crate) const SMISMEMBER: DataCommand = Command::new(
    smismember,
    Spec {
        name: "smismember",
        syntax: "key member [member ...]",
        summary: "Tells of each of several members whether a set has it.",
        complexity: "O(N) where N is the number of members asked for",
        since: "6.2.0",
        arity: AtLeast(3),
        flags: Flags::READONLY.and(Flags::FAST),
        keys: &[Keys::at(1).reads()],
        inside: Inside::Word(2),
        ..FAMILY
    },
);

fn smismember(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let set = cx.db.set(args.word()?)?;
    cx.reply.array(args.len());
    for member in args.rest().iter() {
        cx.reply.int(i64::from(set.is_some_and(|set| set.contains(member))));
    }
    Ok(Flow::Done)
}

pub(crate) const SMEMBERS: DataCommand = Command::new(
    smembers,
    Spec {
        name: "smembers",
        syntax: "key",
        summary: "Returns all members of a set.",
        complexity: "O(N) where N is the number of members",
        arity: Exactly(2),
        flags: Flags::READONLY,
        keys: &[Keys::at(1).reads()],
        tips: ANY_ORDER,
        inside: Inside::Value,
        ..FAMILY
    },
);

fn smembers(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let Some(set) = cx.db.set(args.word()?)? else {
        cx.reply.set(0);
        return Ok(Flow::Done);
    };
    cx.reply.set(set.len());
    set.iter().for_each(|member| reply::element(&mut cx.reply, member));
    Ok(Flow::Done)
}

pub(crate) const SCARD: DataCommand = Command::new(
    scard,
    Spec {
        name: "scard",
        syntax: "key",
        summary: "Tells how many members a set has.",
        arity: Exactly(2),
        flags: Flags::READONLY.and(Flags::FAST),
        keys: &[Keys::at(1).inspects()],
        inside: Inside::Value,
        ..FAMILY
    },
);

fn scard(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let len = cx.db.set(args.word()?)?.map_or(0, |set| set.len());
    cx.reply.count(len);
    Ok(Flow::Done)
}
