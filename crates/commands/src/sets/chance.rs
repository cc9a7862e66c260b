//! Members by chance: SPOP takes them out, SRANDMEMBER only shows them.

use std::collections::BTreeSet;

use command::Arity::AtLeast;
use command::{Args, Command, Error, Flags, Flow, Keys, Outcome, Spec};
use store::EventClass;

use super::{ANY_OUTPUT, FAMILY};
use crate::{DataCommand, DataCx, reply};

/// How many members one propagated SREM names at most, so that no single command becomes huge.
const SREM_MEMBERS_MAX: usize = 1024;

pub(crate) const SPOP: DataCommand = Command::new(
    spop,
    Spec {
        name: "spop",
        history: &[("3.2.0", "a count")],
        syntax: "key [count]",
        summary: "Takes members by chance out of a set and returns them; a set without members is deleted.",
        complexity: "O(N) where N is the number of members taken",
        arity: AtLeast(2),
        flags: Flags::WRITE.and(Flags::FAST),
        keys: &[Keys::at(1).pops()],
        tips: ANY_OUTPUT,
        ..FAMILY
    },
);

fn spop(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.word()?;
    if args.len() > 1 {
        return Err(Error::SYNTAX);
    }
    if !args.is_empty() {
        let count = args.int_from(0, Error::NOT_POSITIVE)? as usize;
        return spop_many(cx, key, count);
    }
    let Some(mut set) = cx.db.set_mut(key)? else {
        cx.reply.null();
        return Ok(Flow::Done);
    };
    let member = set.pop_random(cx.prng).expect("a stored set has members");
    let emptied = set.is_empty();
    cx.reply.bulk(&member);
    // Chance would choose another member elsewhere.
    cx.propagation.instead([b"SREM", key, &member]);
    cx.db.changed(key, EventClass::SET, "spop", 1);
    if emptied {
        cx.db.remove_if_empty(key);
    }
    Ok(Flow::Done)
}

fn spop_many(cx: &mut DataCx<'_>, key: &[u8], count: usize) -> Outcome {
    let Some(mut set) = cx.db.set_mut(key)? else {
        cx.reply.set(0);
        return Ok(Flow::Done);
    };
    let len = set.len();
    if count >= len {
        cx.reply.set(len);
        set.iter().for_each(|member| reply::element(&mut cx.reply, member));
        cx.db.changed(key, EventClass::SET, "spop", len as u64);
        match cx.lazy.server_del {
            true => cx.db.remove_lazily(key),
            false => cx.db.remove(key),
        };
        cx.db.notify(EventClass::GENERIC, "del", key);
        let remove: &[u8] = if cx.lazy.server_del { b"UNLINK" } else { b"DEL" };
        cx.propagation.instead([remove, key]);
        return Ok(Flow::Done);
    }
    cx.reply.set(count);
    let members: Vec<_> = std::iter::from_fn(|| set.pop_random(cx.prng)).take(count).collect();
    members.iter().for_each(|member| cx.reply.bulk(member));
    for batch in members.chunks(SREM_MEMBERS_MAX) {
        let members = batch.iter().map(Vec::as_slice);
        cx.propagation.instead([b"SREM".as_slice(), key].into_iter().chain(members));
    }
    if count > 0 {
        cx.db.changed(key, EventClass::SET, "spop", count as u64);
    }
    Ok(Flow::Done)
}

pub(crate) const SRANDMEMBER: DataCommand = Command::new(
    srandmember,
    Spec {
        name: "srandmember",
        history: &[("2.6.0", "a count")],
        syntax: "key [count]",
        summary: "Returns members by chance: distinct ones, or with repetition where the count is negative.",
        complexity: "O(N) where N is the absolute value of the count",
        arity: AtLeast(2),
        flags: Flags::READONLY,
        keys: &[Keys::at(1).reads()],
        tips: ANY_OUTPUT,
        ..FAMILY
    },
);

fn srandmember(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.word()?;
    if args.len() > 1 {
        return Err(Error::SYNTAX);
    }
    if args.is_empty() {
        match cx.db.set(key)?.and_then(|set| set.random(cx.prng)) {
            Some(member) => reply::element(&mut cx.reply, member),
            None => cx.reply.null(),
        }
        return Ok(Flow::Done);
    }
    let count = args.int()?;
    if count == i64::MIN {
        return Err(Error::NOT_NEGATABLE);
    }
    let Some(set) = cx.db.set(key)? else {
        cx.reply.array(0);
        return Ok(Flow::Done);
    };
    let (len, distinct) = (set.len(), count >= 0);
    let count = count.unsigned_abs() as usize;
    if !distinct {
        cx.reply.array(count);
        for _ in 0..count {
            let member = set.random(cx.prng).expect("a stored set has members");
            reply::element(&mut cx.reply, member);
            if cx.reply.waiting() > cx.reply_len_max {
                return Ok(Flow::Cut);
            }
        }
        return Ok(Flow::Done);
    }
    let count = count.min(len);
    cx.reply.array(count);
    if count.saturating_mul(3) > len {
        // Every member is passed once, and chosen in as many of the cases as are still wanted.
        let mut wanted = count;
        for (passed, member) in set.iter().enumerate() {
            if wanted > 0 && cx.prng.chance(wanted as u64, (len - passed) as u64) {
                reply::element(&mut cx.reply, member);
                wanted -= 1;
            }
        }
        return Ok(Flow::Done);
    }
    // Few of many: the same member seldom comes twice, and then it is drawn again.
    let mut seen = BTreeSet::new();
    while seen.len() < count {
        let member = set.random(cx.prng).expect("a stored set has members");
        if seen.insert(member.to_vec()) {
            reply::element(&mut cx.reply, member);
        }
    }
    Ok(Flow::Done)
}
