//! How long a key has to live: TTL, PTTL, EXPIRETIME, PEXPIRETIME; and that it may stay: PERSIST.

use command::{Args, Arity, Command, Flags, Flow, Keys, Outcome, Spec};
use store::EventClass;

use super::{FAMILY, is_there};
use crate::{DataCommand, DataCx};

/// What the reading rows of this file have in common.
const TELLS: Spec = Spec {
    arity: Arity::Exactly(2),
    flags: Flags::READONLY.and(Flags::FAST),
    keys: &[Keys::at(1).reads()],
    ..FAMILY
};

pub(crate) const TTL: DataCommand = Command::new(
    ttl,
    Spec {
        name: "ttl",
        history: &[("2.8.0", "-2 where there is no key")],
        syntax: "key",
        summary: "Tells how many seconds a key has to live.",
        tips: &["nondeterministic_output"],
        ..TELLS
    },
);

pub(crate) const PTTL: DataCommand = Command::new(
    pttl,
    Spec {
        name: "pttl",
        history: &[("2.8.0", "-2 where there is no key")],
        syntax: "key",
        summary: "Tells how many milliseconds a key has to live.",
        since: "2.6.0",
        tips: &["nondeterministic_output"],
        ..TELLS
    },
);

pub(crate) const EXPIRETIME: DataCommand = Command::new(
    expiretime,
    Spec {
        name: "expiretime",
        syntax: "key",
        summary: "Tells the second, counted from 1970, when a key ends.",
        since: "7.0.0",
        ..TELLS
    },
);

pub(crate) const PEXPIRETIME: DataCommand = Command::new(
    pexpiretime,
    Spec {
        name: "pexpiretime",
        syntax: "key",
        summary: "Tells the millisecond, counted from 1970, when a key ends.",
        since: "7.0.0",
        ..TELLS
    },
);

pub(crate) const PERSIST: DataCommand = Command::new(
    persist,
    Spec {
        name: "persist",
        syntax: "key",
        summary: "Lets a key live for ever.",
        since: "2.2.0",
        arity: Arity::Exactly(2),
        flags: Flags::WRITE.and(Flags::FAST),
        keys: &[Keys::at(1).updates()],
        ..FAMILY
    },
);

/// How a time is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Telling {
    /// The point on the calendar, not what is left until then.
    pub(crate) absolute: bool,
    /// Seconds, to the nearest; milliseconds otherwise.
    pub(crate) secs: bool,
}

impl Telling {
    /// The number to tell for an end at `unix_ms`.
    pub(crate) fn number(self, unix_ms: u64, now: stdx::Now) -> i64 {
        let base = if self.absolute { 0 } else { now.wall.ms() };
        let ms = unix_ms.saturating_sub(base) as i64;
        if self.secs { ms.saturating_add(500) / 1000 } else { ms }
    }
}

fn ttl(cx: &mut DataCx<'_>, args: Args<'_>) -> Outcome {
    tell(cx, args, Telling { absolute: false, secs: true })
}

fn pttl(cx: &mut DataCx<'_>, args: Args<'_>) -> Outcome {
    tell(cx, args, Telling { absolute: false, secs: false })
}

fn expiretime(cx: &mut DataCx<'_>, args: Args<'_>) -> Outcome {
    tell(cx, args, Telling { absolute: true, secs: true })
}

fn pexpiretime(cx: &mut DataCx<'_>, args: Args<'_>) -> Outcome {
    tell(cx, args, Telling { absolute: true, secs: false })
}

fn tell(cx: &mut DataCx<'_>, mut args: Args<'_>, telling: Telling) -> Outcome {
    let key = args.word()?;
    is_there(cx, key);
    let number = match cx.db.ttl(key) {
        None => -2,
        Some(None) => -1,
        Some(Some(at)) => telling.number(at, cx.now),
    };
    cx.reply.int(number);
    Ok(Flow::Done)
}

fn persist(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.word()?;
    let changed = cx.db.persist(key);
    if changed {
        cx.db.changed(key, EventClass::GENERIC, "persist", 1);
    }
    cx.reply.int(changed.into());
    Ok(Flow::Done)
}

#[cfg(test)]
mod tests {
    use crate::check::check;
    use expect_test::expect;

    #[test]
    fn what_is_left_is_told_in_four_ways() {
        check(expect![[r#"
            > TTL k
            (integer) -2
            > SET k v
            OK
            > TTL k
            (integer) -1
            > PEXPIRETIME k
            (integer) -1
            > PEXPIRE k 1500
            (integer) 1
            > TTL k
            (integer) 2
            > PTTL k
            (integer) 1500
            > EXPIRETIME k
            (integer) 1700000002
            > PEXPIRETIME k
            (integer) 1700000001500
            ~ 1001 ms
            > TTL k
            (integer) 0
            > PTTL k
            (integer) 499
            @ events
            @ propagated
            @ dirty
            > PERSIST k
            (integer) 1
            ! g persist k
            => PERSIST k
            +1
            > PERSIST k
            (integer) 0
            > PERSIST x
            (integer) 0
            > TTL k
            (integer) -1
            > PEXPIRE k 10
            (integer) 1
            ! g expire k
            => PEXPIREAT k 1700000001011
            +1
            ~ 11 ms
            > TTL k
            (integer) -2
            ! x expired k
            ! m keymiss k
            => DEL k
        "#]]);
    }
}
