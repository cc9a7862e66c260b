//! OBJECT: what is known about a value besides what it is.

use command::{Args, Arity, Categories, Command, Error, Flags, Flow, Group, Keys, Outcome, Spec};
use store::{KeyInfo, Str, ValueRef};

use super::FAMILY;
use crate::{DataCommand, DataCx};

pub(crate) const OBJECT: DataCommand = Command::container(
    object,
    Spec {
        name: "object",
        summary: "Tells about the inside of values.",
        since: "2.2.3",
        arity: Arity::AtLeast(2),
        ..Spec::of(Group::Generic)
    },
    &[&ENCODING, &FREQ, &HELP, &IDLETIME, &REFCOUNT],
);

/// What the subcommands have in common that ask about a key.
const ASKS: Spec = Spec {
    syntax: "key",
    since: "2.2.3",
    arity: Arity::Exactly(3),
    flags: Flags::READONLY,
    keys: &[Keys::at(2).inspects()],
    tips: &["nondeterministic_output"],
    ..FAMILY
};

const ENCODING: DataCommand = Command::new(
    encoding,
    Spec { name: "encoding", summary: "Tells how a value is kept in memory.", ..ASKS },
);

const FREQ: DataCommand = Command::new(
    freq,
    Spec {
        name: "freq",
        summary: "Tells how often a key was used, on a logarithmic scale.",
        since: "4.0.0",
        ..ASKS
    },
);

const IDLETIME: DataCommand = Command::new(
    idletime,
    Spec { name: "idletime", summary: "Tells the seconds since a key was used last.", ..ASKS },
);

const REFCOUNT: DataCommand = Command::new(
    refcount,
    Spec { name: "refcount", summary: "Tells how many refer to a value.", ..ASKS },
);

const HELP: DataCommand = Command::new(
    help,
    Spec {
        name: "help",
        summary: "Lists the subcommands.",
        since: "6.2.0",
        arity: Arity::Exactly(2),
        flags: Flags::LOADING.and(Flags::STALE),
        categories: Categories::KEYSPACE,
        ..Spec::of(Group::Generic)
    },
);

fn object(_: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let name = args.word()?;
    let name = &name[..name.len().min(128)];
    Err(Error::bytes([b"ERR unknown subcommand '", name, b"'. Try OBJECT HELP."].concat()))
}

/// What is known about the key, or null in the reply.
fn info(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Result<Option<KeyInfo>, Error> {
    let info = cx.db.info(args.word()?);
    super::count_lookup(cx, info.is_some());
    if info.is_none() {
        cx.reply.null();
    }
    Ok(info)
}

fn encoding(cx: &mut DataCx<'_>, args: Args<'_>) -> Outcome {
    if let Some(info) = info(cx, args)? {
        cx.reply.text(info.encoding);
    }
    Ok(Flow::Done)
}

fn freq(cx: &mut DataCx<'_>, args: Args<'_>) -> Outcome {
    let Some(info) = info(cx, args)? else {
        return Ok(Flow::Done);
    };
    if !cx.db.settings().policy.counts_uses() {
        return Err(Error::fixed(
            "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.",
        ));
    }
    cx.reply.int(info.frequency.into());
    Ok(Flow::Done)
}

fn idletime(cx: &mut DataCx<'_>, args: Args<'_>) -> Outcome {
    let Some(info) = info(cx, args)? else {
        return Ok(Flow::Done);
    };
    if cx.db.settings().policy.counts_uses() {
        return Err(Error::fixed(
            "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.",
        ));
    }
    cx.reply.int(info.idle_secs as i64);
    Ok(Flow::Done)
}

fn refcount(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.word()?;
    let there = cx.db.exists(key);
    super::count_lookup(cx, there);
    if !there {
        cx.reply.null();
        return Ok(Flow::Done);
    }
    // compat(7.2): small integers are one shared value there, with a count that stands for "many", unless every key
    // needs a value of its own to remember its use by.
    let settings = cx.db.settings();
    let sharing = !(settings.memory_limited && settings.policy.goes_by_use());
    let shared = sharing && matches!(cx.db.peek(key), Some(ValueRef::Str(Str::Int(0..10_000))));
    cx.reply.int(if shared { i32::MAX.into() } else { 1 });
    Ok(Flow::Done)
}

fn help(cx: &mut DataCx<'_>, _: Args<'_>) -> Outcome {
    let rows = OBJECT.subcommands.iter().filter(|row| row.spec.name != "help");
    let mut lines =
        vec!["OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:".to_string()];
    for row in rows {
        lines.push(format!("{} <{}>", row.spec.name.to_uppercase(), row.spec.syntax));
        lines.push(format!("    {}", row.spec.summary));
    }
    lines.push("HELP".into());
    lines.push("    Print this help.".into());
    cx.reply.array(lines.len());
    lines.iter().for_each(|line| cx.reply.simple(line));
    Ok(Flow::Done)
}

#[cfg(test)]
mod tests {
    use crate::check::{Player, check};
    use expect_test::expect;
    use store::{Policy, Settings};

    #[test]
    fn the_inside_of_values() {
        check(expect![[r#"
            > SET n 5
            OK
            > SET big 123456
            OK
            > SET text abc
            OK
            > OBJECT REFCOUNT n
            (integer) 2147483647
            > OBJECT REFCOUNT big
            (integer) 1
            > OBJECT REFCOUNT x
            (nil)
            > OBJECT ENCODING x
            (nil)
            > OBJECT IDLETIME text
            (integer) 0
            > OBJECT FREQ text
            (error) ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.
            > OBJECT FREQ x
            (nil)
            > OBJECT FOO
            (error) ERR unknown subcommand 'FOO'. Try OBJECT HELP.
            > OBJECT ENCODING
            (error) ERR wrong number of arguments for 'object|encoding' command
            > OBJECT HELP
             1) OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:
             2) ENCODING <key>
             3)     Tells how a value is kept in memory.
             4) FREQ <key>
             5)     Tells how often a key was used, on a logarithmic scale.
             6) IDLETIME <key>
             7)     Tells the seconds since a key was used last.
             8) REFCOUNT <key>
             9)     Tells how many refer to a value.
            10) HELP
            11)     Print this help.
        "#]]);
    }

    #[test]
    fn uses_are_counted_or_timed() {
        let settings = Settings { policy: Policy::AllKeysLfu, ..Settings::default() };
        Player::new(settings).check(expect![[r#"
            > SET k v
            OK
            > OBJECT IDLETIME k
            (error) ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.
        "#]]);
    }
}
