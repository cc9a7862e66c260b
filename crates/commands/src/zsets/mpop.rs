//! Several members from the first of several sorted sets that has any: ZMPOP, and BZMPOP, which waits for one.

use command::Arity::AtLeast;
use command::{Args, Command, Error, Flags, Flow, Keys, Outcome, Spec};
use store::End;

use super::FAMILY;
use super::pop::{park, pop_name, popped, take};
use crate::mpop::Wanted;
use crate::{DataCommand, DataCx};

pub(crate) const ZMPOP: DataCommand = Command::new(
    zmpop,
    Spec {
        name: "zmpop",
        syntax: "numkeys key [key ...] <MIN | MAX> [COUNT count]",
        summary: "Takes the lowest or highest members out of the first sorted set that has any.",
        complexity: "O(K) + O(M*log(N)) where K is the number of keys, N the number of members and M the number of those taken",
        since: "7.0.0",
        arity: AtLeast(4),
        flags: Flags::WRITE.and(Flags::MOVABLE_KEYS),
        keys: &[Keys::counted_at(1).pops()],
        ..FAMILY
    },
);

fn zmpop(cx: &mut DataCx<'_>, args: Args<'_>) -> Outcome {
    let wanted = Wanted::read(args, side)?;
    if !serve(cx, &wanted)? {
        cx.reply.null_array();
    }
    Ok(Flow::Done)
}

pub(crate) const BZMPOP: DataCommand = Command::new(
    bzmpop,
    Spec {
        name: "bzmpop",
        syntax: "timeout numkeys key [key ...] <MIN | MAX> [COUNT count]",
        summary: "Does what ZMPOP does, and waits where there is nothing to take.",
        complexity: "O(K) + O(M*log(N)) where K is the number of keys, N the number of members and M the number of those taken",
        since: "7.0.0",
        arity: AtLeast(5),
        flags: Flags::WRITE.and(Flags::BLOCKING).and(Flags::MOVABLE_KEYS),
        keys: &[Keys::counted_at(2).pops()],
        ..FAMILY
    },
);

fn bzmpop(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let timeout = args.word()?;
    let wanted = Wanted::read(args, side)?;
    let deadline = cx.deadline(timeout)?;
    if serve(cx, &wanted)? { Ok(Flow::Done) } else { park(cx, wanted.keys, deadline) }
}

fn side(word: &[u8]) -> Result<End, Error> {
    match word {
        word if word.eq_ignore_ascii_case(b"MIN") => Ok(End::Front),
        word if word.eq_ignore_ascii_case(b"MAX") => Ok(End::Back),
        _ => Err(Error::SYNTAX),
    }
}

/// Takes what is asked for, and says whether there was anything to take.
fn serve(cx: &mut DataCx<'_>, wanted: &Wanted<'_>) -> Result<bool, Error> {
    let end = wanted.end;
    for key in wanted.keys.iter() {
        let Some(mut zset) = cx.db.zset_mut(key)? else { continue };
        let taken = wanted.count.min(zset.len());
        cx.reply.array(2);
        cx.reply.bulk(key);
        cx.reply.array(taken);
        let emptied = take(&mut zset, end, taken, true, &mut cx.reply);
        popped(&mut cx.db, key, end, taken, emptied);
        cx.propagation.instead([pop_name(end), key, taken.to_string().as_bytes()]);
        return Ok(true);
    }
    Ok(false)
}
