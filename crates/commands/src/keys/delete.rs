//! Whether keys are there, and that they no longer are: EXISTS, TOUCH, TYPE, DEL, UNLINK.

use command::{Args, Arity, Command, Flags, Flow, KeyFlags, Keys, Outcome, Spec};
use store::EventClass;

use super::{FAMILY, is_there};
use crate::{DataCommand, DataCx};

pub(crate) const DEL: DataCommand = Command::new(
    del,
    Spec {
        name: "del",
        syntax: "key [key ...]",
        summary: "Deletes keys, and counts those that were there.",
        complexity: "O(N), N being the number of keys, and as much as there are elements in each",
        arity: Arity::AtLeast(2),
        flags: Flags::WRITE,
        keys: &[Keys::range(1, -1, 1).flags(KeyFlags::RM.and(KeyFlags::DELETE))],
        tips: &["request_policy:multi_shard", "response_policy:agg_sum"],
        ..FAMILY
    },
);

pub(crate) const UNLINK: DataCommand = Command::new(
    unlink,
    Spec {
        name: "unlink",
        syntax: "key [key ...]",
        summary: "Deletes keys at once, and frees their memory later.",
        complexity: "O(N), N being the number of keys",
        since: "4.0.0",
        arity: Arity::AtLeast(2),
        flags: Flags::WRITE.and(Flags::FAST),
        keys: &[Keys::range(1, -1, 1).flags(KeyFlags::RM.and(KeyFlags::DELETE))],
        tips: &["request_policy:multi_shard", "response_policy:agg_sum"],
        ..FAMILY
    },
);

pub(crate) const EXISTS: DataCommand = Command::new(
    exists,
    Spec {
        name: "exists",
        history: &[("3.0.3", "several keys")],
        syntax: "key [key ...]",
        summary: "Counts how many of the keys are there; a key named twice counts twice.",
        complexity: "O(N), N being the number of keys",
        arity: Arity::AtLeast(2),
        flags: Flags::READONLY.and(Flags::FAST),
        keys: &[Keys::range(1, -1, 1).inspects()],
        tips: &["request_policy:multi_shard", "response_policy:agg_sum"],
        ..FAMILY
    },
);

pub(crate) const TOUCH: DataCommand = Command::new(
    touch,
    Spec {
        name: "touch",
        syntax: "key [key ...]",
        summary: "Marks keys as used just now, and counts those that are there.",
        complexity: "O(N), N being the number of keys",
        since: "3.2.1",
        arity: Arity::AtLeast(2),
        flags: Flags::READONLY.and(Flags::FAST),
        keys: &[Keys::range(1, -1, 1).inspects()],
        tips: &["request_policy:multi_shard", "response_policy:agg_sum"],
        ..FAMILY
    },
);

pub(crate) const TYPE: DataCommand = Command::new(
    kind,
    Spec {
        name: "type",
        syntax: "key",
        summary: "Tells the type of the value under a key.",
        arity: Arity::Exactly(2),
        flags: Flags::READONLY.and(Flags::FAST),
        keys: &[Keys::at(1).inspects()],
        ..FAMILY
    },
);

fn del(cx: &mut DataCx<'_>, args: Args<'_>) -> Outcome {
    let lazily = cx.lazy.user_del;
    delete(cx, args, lazily)
}

fn unlink(cx: &mut DataCx<'_>, args: Args<'_>) -> Outcome {
    delete(cx, args, true)
}

fn delete(cx: &mut DataCx<'_>, args: Args<'_>, lazily: bool) -> Outcome {
    let count = count(cx, args, |cx, key| {
        let gone = if lazily { cx.db.remove_lazily(key) } else { cx.db.remove(key) };
        if gone {
            cx.db.changed(key, EventClass::GENERIC, "del", 1);
        }
        gone
    });
    cx.reply.count(count);
    Ok(Flow::Done)
}

/// For how many of these keys the answer is yes.
fn count(
    cx: &mut DataCx<'_>,
    args: Args<'_>,
    answer: impl Fn(&mut DataCx<'_>, &[u8]) -> bool,
) -> usize {
    let words = args.rest();
    let mut count = 0;
    cx.each_ahead(words.iter(), |key| key, |cx, key| count += usize::from(answer(cx, key)));
    count
}

fn exists(cx: &mut DataCx<'_>, args: Args<'_>) -> Outcome {
    let count = count(cx, args, is_there);
    cx.reply.count(count);
    Ok(Flow::Done)
}

fn touch(cx: &mut DataCx<'_>, args: Args<'_>) -> Outcome {
    let count = count(cx, args, |cx, key| is_there(cx, key) && cx.db.touch(key));
    cx.reply.count(count);
    Ok(Flow::Done)
}

fn kind(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.word()?;
    is_there(cx, key);
    cx.reply.simple(cx.db.kind(key).map_or("none", |kind| kind.name()));
    Ok(Flow::Done)
}

#[cfg(test)]
mod tests {
    use crate::check::check;
    use expect_test::expect;

    #[test]
    fn keys_come_and_go() {
        check(expect![[r#"
            @ propagated
            @ events
            @ dirty
            > MSET a 1 b 2 c 3
            OK
            ! n new a
            ! $ set a
            ! n new b
            ! $ set b
            ! n new c
            ! $ set c
            => MSET a 1 b 2 c 3
            +3
            > EXISTS a a b x
            (integer) 3
            ! m keymiss x
            > TOUCH a x
            (integer) 1
            ! m keymiss x
            > TYPE a
            string
            > TYPE x
            none
            ! m keymiss x
            > DEL a x b
            (integer) 2
            ! g del a
            ! g del b
            => DEL a x b
            +2
            > UNLINK c c
            (integer) 1
            ! g del c
            => UNLINK c c
            +1
            > DEL a
            (integer) 0
        "#]]);
    }
}
