//! The dataset as a whole: filled, and told to replicas behind its back.

use super::{ANY, Lever};
use crate::admin::NodeCx;
use crate::admin::server::config::Purpose;
use crate::persist::ReloadHow;
use command::{Args, Error, Flow, Outcome, Owned};
use store::Ttl;
use world::Level;

pub(super) const TABLE: &[Lever] = &[
    Lever {
        name: "POPULATE",
        words: 1..=3,
        syntax: "<count> [<prefix>] [<size>]",
        about: "Creates strings named <prefix>:<number>, `key` unless told otherwise; replicas are not told.",
        run: populate,
    },
    Lever {
        name: "REPLICATE",
        words: 1..=ANY,
        syntax: "<word> [<word> ...]",
        about: "Sends words to the replicas that are not executed here.",
        run: replicate,
    },
    Lever {
        name: "CHANGE-REPL-ID",
        words: 0..=0,
        syntax: "",
        about: "Gives the history another name: replicas that come back need a snapshot.",
        run: |cx, _| {
            cx.node.log(Level::Notice, "Changing replication IDs after receiving change-repl-id");
            cx.node.repl.change_id();
            cx.reply.ok();
            Ok(Flow::Done)
        },
    },
    Lever {
        name: "RELOAD",
        words: 0..=ANY,
        syntax: "[MERGE] [NOFLUSH] [NOSAVE]",
        about: "Saves the dataset and loads it again; without flushing it first, or without saving it.",
        run: reload,
    },
    Lever {
        name: "CONFIG-REWRITE-FORCE-ALL",
        words: 0..=0,
        syntax: "",
        about: "CONFIG REWRITE, of all parameters.",
        run: rewrite_all,
    },
    Lever {
        name: "LOADAOF",
        words: 0..=0,
        syntax: "",
        about: "Refused; there is no append-only file.",
        run: |_, _| Err(Error::fixed("ERR Error trying to load the AOF files, check server logs.")),
    },
];

fn populate(cx: &mut NodeCx<'_>, mut args: Args<'_>) -> Outcome {
    let count = args.int_from(0, Error::NOT_POSITIVE)?;
    let prefix = args.next().unwrap_or(b"key").to_vec();
    let size = match args.next() {
        Some(word) => {
            let size = stdx::integer::parse_u64(word).ok_or(Error::NOT_POSITIVE)?;
            usize::try_from(size).unwrap_or(0)
        }
        None => 0,
    };
    let index = cx.session().db;
    let mut db = cx.node.keyspace.db(index);
    for number in 0..count {
        let key = [&prefix, b":".as_slice(), number.to_string().as_bytes()].concat();
        if db.exists(&key) {
            continue;
        }
        let mut value = format!("value:{number}").into_bytes();
        if size > 0 {
            value.resize(size, 0);
        }
        db.put_bytes(&key, &value, Ttl::Clear);
        db.touched(&key);
    }
    cx.reply.ok();
    Ok(Flow::Done)
}

fn rewrite_all(cx: &mut NodeCx<'_>, args: Args<'_>) -> Outcome {
    let waiter = cx.waiter();
    if !cx.node.rewrite_config(waiter, Purpose::Everything) {
        return Err(Error::fixed("ERR CONFIG-REWRITE-FORCE-ALL failed: No such file or directory"));
    }
    cx.wait(args)
}

fn reload(cx: &mut NodeCx<'_>, mut args: Args<'_>) -> Outcome {
    let all = args;
    let (mut save, mut how) = (true, ReloadHow { flush: true, merge: false });
    while !args.is_empty() {
        if args.take_keyword("noflush") {
            how.flush = false;
        } else if args.take_keyword("nosave") {
            save = false;
        } else if args.take_keyword("merge") {
            how.merge = true;
        } else {
            return Err(Error::fixed(
                "ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.",
            ));
        }
    }
    if cx.node.persist.loading.is_some() || cx.node.persist.reload.is_some() {
        return Err(Error::LOADING);
    }
    if cx.node.migration.is_some() {
        // It ends by deleting keys, which must not come back.
        return Err(Error::fixed("ERR DEBUG RELOAD cannot run while MIGRATE does"));
    }
    let conn = cx.conn;
    // The session waits before anything has begun: the answer may come at once.
    let outcome = cx.wait(all);
    if save {
        cx.node.save_and_reload(conn, how);
    } else {
        cx.node.load_again(conn, how);
    }
    outcome
}

fn replicate(cx: &mut NodeCx<'_>, args: Args<'_>) -> Outcome {
    let db = cx.session().db;
    cx.node.propagate(db, Owned::new(args.rest().iter()));
    cx.reply.ok();
    Ok(Flow::Done)
}
