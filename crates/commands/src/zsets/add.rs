//! Members get scores: ZADD with its conditions, and ZINCRBY, which is ZADD INCR under its older name.

use command::Arity::{AtLeast, Exactly};
use command::{Args, Command, Error, Flags, Flow, Inside, KeyFlags, Keys, Outcome, Spec};
use stdx::float;
use store::{EventClass, Inserted, ZSetMut};

use super::FAMILY;
use crate::{DataCommand, DataCx, reply};

const FLAGS: Flags = Flags::WRITE.and(Flags::DENY_OOM).and(Flags::FAST);

pub(crate) const ZADD: DataCommand = Command::new(
    zadd,
    Spec {
        name: "zadd",
        history: &[
            ("2.4.0", "several members"),
            ("3.0.2", "XX, NX, CH and INCR"),
            ("6.2.0", "GT and LT"),
        ],
        syntax: "key [NX | XX] [GT | LT] [CH] [INCR] score member [score member ...]",
        summary: "Gives members of a sorted set their scores, adding those that are not there yet.",
        complexity: "O(log(N)) for each member, where N is the number of members of the sorted set",
        arity: AtLeast(4),
        flags: FLAGS,
        keys: &[Keys::at(1).updates()],
        inside: Inside::Word(3),
        ..FAMILY
    },
);

pub(crate) const ZINCRBY: DataCommand = Command::new(
    |cx, args| add(cx, args, Conditions { increment: true, ..Conditions::default() }),
    Spec {
        name: "zincrby",
        syntax: "key increment member",
        summary: "Adds to the score of a member, which counts as 0 where the member is not there.",
        complexity: "O(log(N)) where N is the number of members of the sorted set",
        arity: Exactly(4),
        flags: FLAGS,
        keys: &[Keys::at(1).flags(KeyFlags::RW.and(KeyFlags::ACCESS).and(KeyFlags::UPDATE))],
        inside: Inside::Word(3),
        ..FAMILY
    },
);

/// When a member may be added or changed, and what is made of the score.
#[derive(Clone, Copy, Debug, Default)]
struct Conditions {
    only_new: bool,
    only_there: bool,
    only_greater: bool,
    only_less: bool,
    /// The score is added to the present one, and the sum is the reply.
    increment: bool,
    /// The reply counts changed members as well as new ones.
    count_changed: bool,
}

const NX_AND_XX: Error = Error::fixed("ERR XX and NX options at the same time are not compatible");
const GT_LT_NX: Error =
    Error::fixed("ERR GT, LT, and/or NX options at the same time are not compatible");
const INCR_ONE_PAIR: Error =
    Error::fixed("ERR INCR option supports a single increment-element pair");
const NOT_A_NUMBER: Error = Error::fixed("ERR resulting score is not a number (NaN)");

impl Conditions {
    fn read(mut self, args: &mut Args<'_>) -> Conditions {
        loop {
            let option = match () {
                _ if args.take_keyword("NX") => &mut self.only_new,
                _ if args.take_keyword("XX") => &mut self.only_there,
                _ if args.take_keyword("CH") => &mut self.count_changed,
                _ if args.take_keyword("INCR") => &mut self.increment,
                _ if args.take_keyword("GT") => &mut self.only_greater,
                _ if args.take_keyword("LT") => &mut self.only_less,
                _ => return self,
            };
            *option = true;
        }
    }

    /// Whether every score may simply be put in place.
    fn are_none(&self) -> bool {
        !(self.only_new || self.only_there || self.only_greater || self.only_less || self.increment)
    }

    /// Gives one member its score, if the conditions allow: what became of it, and the score it has now. Nothing
    /// where the conditions forbade it.
    fn apply(
        &self,
        zset: &mut ZSetMut<'_>,
        member: &[u8],
        score: f64,
    ) -> Result<Option<(Inserted, f64)>, Error> {
        if self.are_none() {
            return Ok(Some((zset.insert(member, score), score)));
        }
        let Some(old) = zset.score(member) else {
            return Ok((!self.only_there).then(|| (zset.insert(member, score), score)));
        };
        if self.only_new {
            return Ok(None);
        }
        let new = if self.increment { old + score } else { score };
        if new.is_nan() {
            return Err(NOT_A_NUMBER);
        }
        if self.only_less && new >= old || self.only_greater && new <= old {
            return Ok(None);
        }
        let inserted = if new == old { Inserted::Same } else { zset.insert(member, new) };
        Ok(Some((inserted, new)))
    }
}

/// ZADD, for others that give members scores.
pub(crate) fn zadd(cx: &mut DataCx<'_>, args: Args<'_>) -> Outcome {
    add(cx, args, Conditions::default())
}

fn add(cx: &mut DataCx<'_>, mut args: Args<'_>, conditions: Conditions) -> Outcome {
    let key = args.word()?;
    let conditions = conditions.read(&mut args);
    let words = args.rest();
    if words.is_empty() || words.len() % 2 == 1 {
        return Err(Error::SYNTAX);
    }
    let pairs = words.len() / 2;
    if conditions.only_new && conditions.only_there {
        return Err(NX_AND_XX);
    }
    let Conditions { only_new, only_greater, only_less, .. } = conditions;
    if (only_greater || only_less) && only_new || only_greater && only_less {
        return Err(GT_LT_NX);
    }
    if conditions.increment && pairs > 1 {
        return Err(INCR_ONE_PAIR);
    }
    let score = |pair: usize| float::parse_f64(&words[2 * pair]).ok_or(Error::NOT_A_FLOAT);
    // All scores must be numbers before the first is put in place; reading them again is cheaper than keeping them.
    let first = score(0)?;
    (1..pairs).try_for_each(|pair| score(pair).map(|_| ()))?;

    let (mut added, mut updated, mut now) = (0, 0, None);
    let zset = match conditions.only_there {
        true => cx.db.zset_mut(key)?,
        false => Some(cx.db.zset_or_create(key)?),
    };
    if let Some(mut zset) = zset {
        zset.expect(pairs, words[1].len());
        for pair in 0..pairs {
            let score = if pair == 0 { first } else { score(pair)? };
            let applied = conditions.apply(&mut zset, &words[2 * pair + 1], score)?;
            if let Some((inserted, score)) = applied {
                now = Some(score);
                added += u64::from(inserted == Inserted::Added);
                updated += u64::from(inserted == Inserted::Updated);
            }
        }
    }
    match (conditions.increment, now) {
        (true, Some(score)) => reply::double(&mut cx.reply, score),
        (true, None) => cx.reply.null(),
        (false, _) if conditions.count_changed => cx.reply.int((added + updated) as i64),
        (false, _) => cx.reply.int(added as i64),
    }
    if added + updated > 0 {
        let event = if conditions.increment { "zincr" } else { "zadd" };
        cx.db.changed(key, EventClass::ZSET, event, added + updated);
    }
    Ok(Flow::Done)
}
