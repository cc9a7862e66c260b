//! RESTORE: a key from the bytes that DUMP gave, here or elsewhere.

use super::FAMILY;
use crate::admin::{NodeCommand, NodeCx};
use command::{Args, Arity, Categories, Command, Error, Flags, Flow, Keys, Outcome, Spec};
use store::{EventClass, Ttl};
use world::Level;

pub(super) const RESTORE: NodeCommand = Command::new(
    restore,
    Spec {
        name: "restore",
        history: &[("3.0.0", "REPLACE"), ("5.0.0", "ABSTTL, IDLETIME and FREQ")],
        syntax: "key ttl serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency]",
        summary: "Creates a key from what DUMP returned.",
        complexity: "O(N), N being the size of the value; O(N*log(N)) for sorted sets",
        arity: Arity::AtLeast(4),
        flags: Flags::WRITE.and(Flags::DENY_OOM),
        categories: Categories::DANGEROUS.and(FAMILY.categories),
        keys: &[Keys::at(1).overwrites()],
        ..FAMILY
    },
);

/// What stands behind the payload.
#[derive(Default)]
struct Options {
    replace: bool,
    absolute: bool,
    idle_secs: Option<u64>,
    frequency: Option<u8>,
}

fn options(mut args: Args<'_>) -> Result<Options, Error> {
    let mut options = Options::default();
    while !args.is_empty() {
        if args.take_keyword("replace") {
            options.replace = true;
        } else if args.take_keyword("absttl") {
            options.absolute = true;
        } else if args.len() >= 2 && options.frequency.is_none() && args.take_keyword("idletime") {
            let secs = u64::try_from(args.int()?);
            let error = Error::fixed("ERR Invalid IDLETIME value, must be >= 0");
            options.idle_secs = Some(secs.map_err(|_| error)?);
        } else if args.len() >= 2 && options.idle_secs.is_none() && args.take_keyword("freq") {
            let frequency = u8::try_from(args.int()?);
            let error = Error::fixed("ERR Invalid FREQ value, must be >= 0 and <= 255");
            options.frequency = Some(frequency.map_err(|_| error)?);
        } else {
            return Err(Error::SYNTAX);
        }
    }
    Ok(options)
}

/// Tells the log what is wrong with a payload: its sender learns no more than that something is.
fn refuse(cx: &mut NodeCx<'_>, key: &[u8], refused: &rdb::Refused) -> Error {
    if let rdb::Refused::Corrupt(corrupt) = refused {
        let corrupt = rdb::Corrupt { key: Some(key.into()), ..corrupt.clone() };
        cx.node.log(Level::Warning, format!("RESTORE of a damaged value refused: {corrupt}"));
    }
    Error::new(format!("ERR {refused}"))
}

fn restore(cx: &mut NodeCx<'_>, mut args: Args<'_>) -> Outcome {
    let all = args.all();
    let (key, ttl, payload) = (args.word()?, args.word()?, args.word()?);
    let options = options(args)?;
    let index = cx.session().db;
    let now_ms = cx.node.now.wall.ms();
    let is_replica = cx.node.is_replica();
    let mut db = cx.node.keyspace.db(index);
    if !options.replace && db.exists(key) {
        return Err(Error::BUSY_KEY);
    }
    let ttl = stdx::integer::parse_i64(ttl).ok_or(Error::NOT_AN_INTEGER)?;
    let ttl = u64::try_from(ttl);
    let ttl = ttl.map_err(|_| Error::fixed("ERR Invalid TTL value, must be >= 0"))?;
    let check = !cx.node.debug.skips_checksums;
    let value = match rdb::restore(payload, check, &db.settings().thresholds) {
        Ok(value) => value,
        Err(refused) => return Err(refuse(cx, key, &refused)),
    };
    let deadline = match ttl {
        0 => None,
        ms if options.absolute => Some(ms),
        // A file says it in 63 bits.
        ms => Some(ms.saturating_add(now_ms).min(i64::MAX as u64)),
    };
    let deleted = options.replace && db.remove(key);
    if deadline.is_some_and(|at| at <= now_ms) && !is_replica {
        // Its time was up before it came: nothing is created, and what it replaces is gone.
        if deleted {
            let verb = if db.settings().lazy_server_del { "UNLINK" } else { "DEL" };
            db.changed(key, EventClass::GENERIC, "del", 1);
            cx.node.propagation.instead([verb.as_bytes(), key]);
        }
        cx.reply.ok();
        return Ok(Flow::Done);
    }
    db.put(key, value, deadline.map_or(Ttl::Clear, Ttl::At));
    let counts_uses = db.settings().policy.counts_uses();
    match (options.idle_secs, options.frequency) {
        (Some(secs), _) if !counts_uses => db.set_idle_secs(key, secs),
        (_, Some(frequency)) if counts_uses => db.set_frequency(key, frequency),
        _ => {}
    }
    db.changed(key, EventClass::GENERIC, "restore", 1);
    if let Some(at) = deadline.filter(|_| !options.absolute) {
        // A time from now on would be another time on every replica.
        let at = at.to_string();
        let rest = all.from(4);
        let words = [all[0].as_ref(), key, at.as_bytes(), payload].into_iter();
        cx.node.propagation.instead(words.chain(rest.iter()).chain([b"ABSTTL".as_slice()]));
    }
    cx.reply.ok();
    Ok(Flow::Done)
}
