//! SSCAN: the members of a set, some at a time.

use command::Arity::AtLeast;
use command::{Args, Command, Flags, Flow, Keys, Outcome, Spec, Writer};

use super::{ANY_OUTPUT, FAMILY};
use crate::{DataCommand, DataCx, reply, scan};

pub(crate) const SSCAN: DataCommand = Command::new(
    sscan,
    Spec {
        name: "sscan",
        syntax: "key cursor [MATCH pattern] [COUNT count]",
        summary: "Goes through the members of a set in steps.",
        complexity: "O(1) for every step, O(N) for all of them, where N is the number of members",
        since: "2.8.0",
        arity: AtLeast(3),
        flags: Flags::READONLY,
        keys: &[Keys::at(1).reads()],
        tips: ANY_OUTPUT,
        ..FAMILY
    },
);

fn sscan(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let (key, cursor) = (args.word()?, scan::cursor(args.word()?)?);
    let Some(set) = cx.db.set(key)? else {
        scan::reply(&mut cx.reply, 0, 0, &[]);
        return Ok(Flow::Done);
    };
    let filter = scan::Filter::read(args, |_| Ok(false))?;
    let (mut found, mut len) = (Vec::new(), 0);
    let mut writer = Writer::new(&mut found, cx.reply.proto());
    let next = set.scan(cursor, filter.count, |member| {
        if filter.wants(member) {
            reply::element(&mut writer, member);
            len += 1;
        }
    });
    scan::reply(&mut cx.reply, next, len, &found);
    Ok(Flow::Done)
}
