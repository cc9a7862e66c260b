//! Looks inside values and tables.

use super::{ANY, Lever};
use crate::admin::NodeCx;
use command::{Args, Error, Flow, Outcome};
use store::{Db, Expiry, Str, ValueRef};

pub(super) const TABLE: &[Lever] = &[
    Lever {
        name: "DIGEST",
        words: 0..=0,
        syntax: "",
        about: "Returns the fingerprint of the dataset.",
        run: digest,
    },
    Lever {
        name: "DIGEST-VALUE",
        words: 0..=ANY,
        syntax: "<key> [<key> ...]",
        about: "Returns the fingerprints of values.",
        run: digest_value,
    },
    Lever {
        name: "OBJECT",
        words: 1..=1,
        syntax: "<key>",
        about: "Shows how a value is kept.",
        run: object,
    },
    Lever {
        name: "SDSLEN",
        words: 1..=1,
        syntax: "<key>",
        about: "Shows the sizes of a key and of a string.",
        run: sdslen,
    },
    Lever {
        name: "LISTPACK",
        words: 1..=1,
        syntax: "<key>",
        about: "Says whether a value is packed.",
        run: |cx, args| representation(cx, args, "listpack", "Listpack"),
    },
    Lever {
        name: "QUICKLIST",
        words: 1..=2,
        syntax: "<key> [<0|1>]",
        about: "Says whether a list has several nodes.",
        run: |cx, args| representation(cx, args, "quicklist", "Quicklist"),
    },
    Lever {
        name: "HTSTATS",
        words: 1..=ANY,
        syntax: "<db> [full]",
        about: "Tells about the table of a database.",
        run: htstats,
    },
    Lever {
        name: "HTSTATS-KEY",
        words: 1..=ANY,
        syntax: "<key> [full]",
        about: "Tells about the table of a value.",
        run: htstats_key,
    },
    Lever {
        name: "STRUCTSIZE",
        words: 0..=0,
        syntax: "",
        about: "Tells the sizes of inner structures.",
        run: structsize,
    },
    Lever {
        name: "STRINGMATCH-TEST",
        words: 0..=0,
        syntax: "",
        about: "Nothing: patterns are tested elsewhere.",
        run: |cx, _| {
            cx.reply.simple("Apparently Redis did not crash: test passed");
            Ok(Flow::Done)
        },
    },
];

/// The session's database, in which expired keys are there as long as they are held.
fn db<'n>(cx: &'n mut NodeCx<'_>) -> Db<'n> {
    let index = cx.session().db;
    cx.node.keyspace.begin(cx.node.now, Expiry::Ignore);
    cx.node.keyspace.db(index)
}

fn hex(sum: [u8; 20]) -> String {
    sum.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn digest(cx: &mut NodeCx<'_>, _: Args<'_>) -> Outcome {
    let sum = cx.node.keyspace.digest();
    cx.reply.simple(&hex(sum));
    Ok(Flow::Done)
}

fn digest_value(cx: &mut NodeCx<'_>, args: Args<'_>) -> Outcome {
    cx.reply.array(args.len());
    for key in args.rest().iter() {
        let sum = db(cx).digest_value(key).unwrap_or_default();
        cx.reply.simple(&hex(sum));
    }
    Ok(Flow::Done)
}

fn object(cx: &mut NodeCx<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.word()?;
    let compress = cx.node.config.values.flag("rdbcompression");
    let now_secs = cx.node.now.wall.secs();
    let mut db = db(cx);
    let info = db.info(key).ok_or(Error::NO_SUCH_KEY)?;
    let value = db.peek(key).ok_or(Error::NO_SUCH_KEY)?;
    // Type, version and sum are no part of the value.
    let serialized = rdb::dump(value, compress).len() - 11;
    let address: *const u8 = match value {
        ValueRef::Str(Str::Bytes(bytes)) => bytes.as_ptr(),
        ValueRef::Str(Str::Int(_)) => key.as_ptr(),
        ValueRef::List(list) => std::ptr::from_ref(list).cast(),
        ValueRef::Set(set) => std::ptr::from_ref(set).cast(),
        ValueRef::Hash(hash) => std::ptr::from_ref(hash).cast(),
        ValueRef::ZSet(zset) => std::ptr::from_ref(zset).cast(),
    };
    let mut nodes = String::new();
    if let ValueRef::List(list) = value
        && info.encoding == "quicklist"
    {
        let count = list.node_count();
        let bytes: usize = list
            .nodes()
            .map(|node| match node {
                store::Node::Packed(bytes) | store::Node::Plain(bytes) => bytes.len(),
            })
            .sum();
        let limits = &db.settings().thresholds;
        nodes = format!(
            " ql_nodes:{count} ql_avg_node:{:.2} ql_listpack_max:{} ql_compressed:{} ql_uncompressed_size:{bytes}",
            list.len() as f64 / count.max(1) as f64,
            limits.list_max_listpack_size,
            u8::from(limits.list_compress_depth != 0),
        );
    }
    let clock = now_secs.saturating_sub(info.idle_secs) & 0xff_ffff;
    let text = format!(
        "Value at:{address:p} refcount:1 encoding:{} serializedlength:{serialized} lru:{clock} \
         lru_seconds_idle:{}{nodes}",
        info.encoding, info.idle_secs
    );
    cx.reply.simple(&text);
    Ok(Flow::Done)
}

fn sdslen(cx: &mut NodeCx<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.word()?;
    let text = match db(cx).peek(key).ok_or(Error::NO_SUCH_KEY)? {
        ValueRef::Str(Str::Bytes(bytes)) => format!(
            "key_sds_len:{0}, key_sds_avail:0, key_zmalloc: {0}, val_sds_len:{1}, val_sds_avail:0, val_zmalloc: {1}",
            key.len(),
            bytes.len()
        ),
        _ => return Err(Error::fixed("ERR Not an sds encoded string.")),
    };
    cx.reply.simple(&text);
    Ok(Flow::Done)
}

fn representation(cx: &mut NodeCx<'_>, mut args: Args<'_>, encoding: &str, name: &str) -> Outcome {
    let info = db(cx).info(args.word()?).ok_or(Error::NO_SUCH_KEY)?;
    if info.encoding != encoding {
        return Err(Error::new(format!("ERR Not a {encoding} encoded object.")));
    }
    cx.reply.simple(&format!("{name} structure printed on stdout"));
    Ok(Flow::Done)
}

/// A table of so many keys, told as Redis would have it.
fn table(len: usize) -> String {
    let head = "Hash table 0 stats (main hash table):\n";
    if len == 0 {
        return format!("{head}No stats available for empty dictionaries\n");
    }
    let size = len.next_power_of_two().max(4);
    format!("{head} table size: {size}\n number of elements: {len}\n")
}

fn htstats(cx: &mut NodeCx<'_>, mut args: Args<'_>) -> Outcome {
    let index = args.int()?;
    let count = cx.node.keyspace.databases();
    let index = usize::try_from(index).ok().filter(|index| *index < count);
    let index = index.ok_or(Error::fixed("ERR Out of range database"))?;
    let db = cx.node.keyspace.db(index);
    let text =
        format!("[Dictionary HT]\n{}[Expires HT]\n{}", table(db.len()), table(db.len_volatile()));
    cx.reply.verbatim("txt", text.as_bytes());
    Ok(Flow::Done)
}

fn htstats_key(cx: &mut NodeCx<'_>, mut args: Args<'_>) -> Outcome {
    let key = args.word()?;
    let mut db = db(cx);
    let info = db.info(key).ok_or(Error::NO_SUCH_KEY)?;
    if !matches!(info.encoding, "hashtable" | "skiplist") {
        return Err(Error::fixed(
            "ERR The value stored at the specified key is not represented using an hash table",
        ));
    }
    let len = db.peek(key).map_or(0, |value| value.len());
    cx.reply.verbatim("txt", table(len).as_bytes());
    Ok(Flow::Done)
}

fn structsize(cx: &mut NodeCx<'_>, _: Args<'_>) -> Outcome {
    let text = format!(
        "bits:{} value:{} session:{} ",
        usize::BITS,
        size_of::<store::Value>(),
        size_of::<crate::session::Session>()
    );
    cx.reply.text(&text);
    Ok(Flow::Done)
}
