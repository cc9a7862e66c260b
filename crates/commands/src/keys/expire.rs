//! When a key ends: EXPIRE, PEXPIRE, EXPIREAT, PEXPIREAT.

use command::{Args, Arity, Command, Error, Flags, Flow, Keys, Outcome, Spec};
use store::{EventClass, Expiry};

use super::{FAMILY, delete_expired};
use crate::until::Unit;
use crate::{DataCommand, DataCx};

/// What the rows of this file have in common.
const EXPIRES: Spec = Spec {
    arity: Arity::AtLeast(3),
    flags: Flags::WRITE.and(Flags::FAST),
    keys: &[Keys::at(1).updates()],
    ..FAMILY
};

pub(crate) const EXPIRE: DataCommand = Command::new(
    expire,
    Spec {
        name: "expire",
        history: &[("7.0.0", "conditions NX, XX, GT and LT")],
        syntax: "key seconds [NX | XX | GT | LT]",
        summary: "Sets the seconds that a key has to live.",
        ..EXPIRES
    },
);

pub(crate) const PEXPIRE: DataCommand = Command::new(
    pexpire,
    Spec {
        name: "pexpire",
        history: &[("7.0.0", "conditions NX, XX, GT and LT")],
        syntax: "key milliseconds [NX | XX | GT | LT]",
        summary: "Sets the milliseconds that a key has to live.",
        since: "2.6.0",
        ..EXPIRES
    },
);

pub(crate) const EXPIREAT: DataCommand = Command::new(
    expireat,
    Spec {
        name: "expireat",
        history: &[("7.0.0", "conditions NX, XX, GT and LT")],
        syntax: "key unix-time-seconds [NX | XX | GT | LT]",
        summary: "Sets the second, counted from 1970, when a key ends.",
        since: "1.2.0",
        ..EXPIRES
    },
);

pub(crate) const PEXPIREAT: DataCommand = Command::new(
    pexpireat,
    Spec {
        name: "pexpireat",
        history: &[("7.0.0", "conditions NX, XX, GT and LT")],
        syntax: "key unix-time-milliseconds [NX | XX | GT | LT]",
        summary: "Sets the millisecond, counted from 1970, when a key ends.",
        since: "2.6.0",
        ..EXPIRES
    },
);

/// Which keys get the new time, by the time that they have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TtlCondition {
    /// Those without any.
    absent: bool,
    /// Those that have one.
    present: bool,
    /// Those that end earlier. Without a time, a key never ends.
    greater: bool,
    /// Those that end later.
    less: bool,
}

impl TtlCondition {
    /// Takes the next word where it is NX, XX, GT or LT.
    pub(crate) fn take(&mut self, args: &mut Args<'_>) -> bool {
        for (keyword, flag) in [
            ("NX", &mut self.absent),
            ("XX", &mut self.present),
            ("GT", &mut self.greater),
            ("LT", &mut self.less),
        ] {
            if args.take_keyword(keyword) {
                *flag = true;
                return true;
            }
        }
        false
    }

    /// An error where the conditions contradict each other.
    pub(crate) fn check(self) -> Result<(), Error> {
        if self.absent && (self.present || self.greater || self.less) {
            let text = "ERR NX and XX, GT or LT options at the same time are not compatible";
            return Err(Error::fixed(text));
        }
        if self.greater && self.less {
            let text = "ERR GT and LT options at the same time are not compatible";
            return Err(Error::fixed(text));
        }
        Ok(())
    }

    /// Whether all conditions hold.
    pub(crate) fn holds(self, old: Option<i64>, new: i64) -> bool {
        !(self.absent && old.is_some()
            || self.present && old.is_none()
            || self.greater && old.is_none_or(|old| new <= old)
            || self.less && old.is_some_and(|old| new >= old))
    }
}

fn expire(cx: &mut DataCx<'_>, args: Args<'_>) -> Outcome {
    end_at(cx, args, Unit::Secs, "expire")
}

fn pexpire(cx: &mut DataCx<'_>, args: Args<'_>) -> Outcome {
    end_at(cx, args, Unit::Ms, "pexpire")
}

fn expireat(cx: &mut DataCx<'_>, args: Args<'_>) -> Outcome {
    end_at(cx, args, Unit::UnixSecs, "expireat")
}

fn pexpireat(cx: &mut DataCx<'_>, args: Args<'_>) -> Outcome {
    end_at(cx, args, Unit::UnixMs, "pexpireat")
}

fn end_at(cx: &mut DataCx<'_>, mut args: Args<'_>, unit: Unit, name: &str) -> Outcome {
    let key = args.word()?;
    let number = args.word()?;
    let options = args.rest();
    let mut condition = TtlCondition::default();
    while !args.is_empty() {
        if !condition.take(&mut args) {
            return Err(Error::bytes([b"ERR Unsupported option ", args.word()?].concat()));
        }
    }
    condition.check()?;
    // Unlike SET's, these times may lie in the past.
    let number = stdx::integer::parse_i64(number).ok_or(Error::NOT_AN_INTEGER)?;
    let new = unit.unix_ms(number, cx.now).ok_or_else(|| Error::invalid_expire(name))?;
    let Some(old) = cx.db.ttl(key) else {
        cx.reply.int(0);
        return Ok(Flow::Done);
    };
    if !condition.holds(old.map(|old| old as i64), new) {
        cx.reply.int(0);
        return Ok(Flow::Done);
    }
    // Only a primary deletes by the clock. What it has not deleted is kept until it does, even where the time that
    // came down the stream has passed already.
    if new <= cx.now.wall.ms() as i64 && cx.db.keyspace().expiry() == Expiry::Delete {
        delete_expired(cx, key);
    } else {
        cx.db.set_ttl(key, new.max(0) as u64);
        if unit != Unit::UnixMs {
            let text = new.to_string();
            let words = [b"PEXPIREAT", key, text.as_bytes()];
            cx.propagation.instead(words.into_iter().chain(options.iter()));
        }
        cx.db.changed(key, EventClass::GENERIC, "expire", 1);
    }
    cx.reply.int(1);
    Ok(Flow::Done)
}

#[cfg(test)]
mod tests {
    use crate::check::{Player, check};
    use expect_test::expect;
    use store::Settings;

    #[test]
    fn four_ways_to_end() {
        check(expect![[r#"
            @ propagated
            @ events
            @ dirty
            > EXPIRE k 10
            (integer) 0
            > SET k v
            OK
            ! n new k
            ! $ set k
            => SET k v
            +1
            > EXPIRE k 10
            (integer) 1
            ! g expire k
            => PEXPIREAT k 1700000010000
            +1
            > PTTL k
            (integer) 10000
            > PEXPIRE k 1500
            (integer) 1
            ! g expire k
            => PEXPIREAT k 1700000001500
            +1
            > EXPIREAT k 1700000007
            (integer) 1
            ! g expire k
            => PEXPIREAT k 1700000007000
            +1
            > PEXPIREAT k 1700000008000
            (integer) 1
            ! g expire k
            => PEXPIREAT k 1700000008000
            +1
            > PTTL k
            (integer) 8000
            > EXPIRE k 9223372036854775807
            (error) ERR invalid expire time in 'expire' command
            > EXPIRE k 9223372036854775
            (error) ERR invalid expire time in 'expire' command
            > PEXPIRE k 9223372036854775807
            (error) ERR invalid expire time in 'pexpire' command
            > EXPIREAT k -9223372036854775808
            (error) ERR invalid expire time in 'expireat' command
            > EXPIRE k abc
            (error) ERR value is not an integer or out of range
            > EXPIRE k 10 FOO
            (error) ERR Unsupported option FOO
            > EXPIRE k -1
            (integer) 1
            ! g del k
            => DEL k
            +1
            > EXISTS k
            (integer) 0
            ! m keymiss k
            > SET k v
            OK
            ! n new k
            ! $ set k
            => SET k v
            +1
            > PEXPIREAT k 0
            (integer) 1
            ! g del k
            => DEL k
            +1
            > SET k v
            OK
            ! n new k
            ! $ set k
            => SET k v
            +1
            > EXPIREAT k 1700000000
            (integer) 1
            ! g del k
            => DEL k
            +1
        "#]]);
    }

    #[test]
    fn conditions_compare_with_the_time_there_is() {
        check(expect![[r#"
            @ propagated
            > SET k v
            OK
            => SET k v
            > EXPIRE k 100 XX
            (integer) 0
            > EXPIRE k 100 GT
            (integer) 0
            > EXPIRE k 100 LT
            (integer) 1
            => PEXPIREAT k 1700000100000 LT
            > EXPIRE k 50 NX
            (integer) 0
            > EXPIRE k 100 LT
            (integer) 0
            > EXPIRE k 50 GT
            (integer) 0
            > EXPIRE k 200 GT XX
            (integer) 1
            => PEXPIREAT k 1700000200000 GT XX
            > PEXPIRE k 150000 XX LT
            (integer) 1
            => PEXPIREAT k 1700000150000 XX LT
            > TTL k
            (integer) 150
            > PERSIST k
            (integer) 1
            => PERSIST k
            > EXPIRE k 10 NX
            (integer) 1
            => PEXPIREAT k 1700000010000 NX
            > EXPIRE k 10 NX GT
            (error) ERR NX and XX, GT or LT options at the same time are not compatible
            > EXPIRE k 10 GT LT
            (error) ERR GT and LT options at the same time are not compatible
        "#]]);
    }

    #[test]
    fn the_past_may_be_deleted_lazily() {
        let settings = Settings { lazy_expire: true, ..Settings::default() };
        Player::new(settings).check(expect![[r#"
            @ propagated
            > SET k v
            OK
            => SET k v
            > EXPIRE k 0
            (integer) 1
            => UNLINK k
        "#]]);
    }
}
