//! Several elements from the first of several lists that has any: LMPOP, and BLMPOP, which waits for one.

use command::Arity::AtLeast;
use command::{Args, Command, Error, Flags, Flow, Keys, Outcome, Spec};

use super::{FAMILY, end, ends::take_many, pop_name, popped, wait::park};
use crate::mpop::Wanted;
use crate::{DataCommand, DataCx};

pub(crate) const LMPOP: DataCommand = Command::new(
    lmpop,
    Spec {
        name: "lmpop",
        syntax: "numkeys key [key ...] <LEFT | RIGHT> [COUNT count]",
        summary: "Takes elements from an end of the first list that has any.",
        complexity: "O(N+M) where N is the number of keys and M the number of elements taken",
        since: "7.0.0",
        arity: AtLeast(4),
        flags: Flags::WRITE.and(Flags::MOVABLE_KEYS),
        keys: &[Keys::counted_at(1).pops()],
        ..FAMILY
    },
);

fn lmpop(cx: &mut DataCx<'_>, args: Args<'_>) -> Outcome {
    let wanted = Wanted::read(args, end)?;
    if !take(cx, &wanted)? {
        cx.reply.null_array();
    }
    Ok(Flow::Done)
}

pub(crate) const BLMPOP: DataCommand = Command::new(
    blmpop,
    Spec {
        name: "blmpop",
        syntax: "timeout numkeys key [key ...] <LEFT | RIGHT> [COUNT count]",
        summary: "Takes elements from an end of the first list that has any, and waits where none has.",
        complexity: "O(N+M) where N is the number of keys and M the number of elements taken",
        since: "7.0.0",
        arity: AtLeast(5),
        flags: Flags::WRITE.and(Flags::BLOCKING).and(Flags::MOVABLE_KEYS),
        keys: &[Keys::counted_at(2).pops()],
        ..FAMILY
    },
);

fn blmpop(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let timeout = args.word()?;
    let wanted = Wanted::read(args, end)?;
    let deadline = cx.deadline(timeout)?;
    if take(cx, &wanted)? { Ok(Flow::Done) } else { park(cx, wanted.keys, deadline) }
}

/// Takes what is asked for, and says whether there was anything to take.
fn take(cx: &mut DataCx<'_>, wanted: &Wanted<'_>) -> Result<bool, Error> {
    let end = wanted.end;
    for key in wanted.keys.iter() {
        let Some(mut list) = cx.db.list_mut(key)? else { continue };
        cx.reply.array(2);
        cx.reply.bulk(key);
        let taken = take_many(&mut list, end, wanted.count, &mut cx.reply);
        let emptied = list.is_empty();
        popped(&mut cx.db, key, end, taken, emptied);
        cx.propagation.instead([pop_name(end), key, taken.to_string().as_bytes()]);
        return Ok(true);
    }
    Ok(false)
}
