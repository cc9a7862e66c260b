//! Whole databases: DBSIZE, SWAPDB, FLUSHDB. (FLUSHALL is a node command, for what it does to the file.)

use command::{Args, Arity, Categories, Command, Error, Flags, Flow, Outcome, Spec};

use super::FAMILY;
use crate::{DataCommand, DataCx, Lazy};

pub(crate) const DBSIZE: DataCommand = Command::new(
    dbsize,
    Spec {
        name: "dbsize",
        summary: "Counts the keys of the selected database.",
        arity: Arity::Exactly(1),
        flags: Flags::READONLY.and(Flags::FAST),
        tips: &["request_policy:all_shards", "response_policy:agg_sum"],
        group: command::Group::Server,
        ..FAMILY
    },
);

pub(crate) const SWAPDB: DataCommand = Command::new(
    swapdb,
    Spec {
        name: "swapdb",
        syntax: "index1 index2",
        summary: "Lets two databases change places, for all sessions at once.",
        complexity: "O(N), N being the sessions that watch or wait for keys",
        since: "4.0.0",
        arity: Arity::Exactly(3),
        flags: Flags::WRITE.and(Flags::FAST),
        group: command::Group::Server,
        categories: Categories::KEYSPACE.and(Categories::DANGEROUS),
        ..FAMILY
    },
);

pub(crate) const FLUSHDB: DataCommand = Command::new(
    flushdb,
    Spec {
        name: "flushdb",
        history: &[("4.0.0", "ASYNC"), ("6.2.0", "SYNC")],
        syntax: "[ASYNC | SYNC]",
        summary: "Deletes all keys of the selected database.",
        complexity: "O(N), N being the keys deleted",
        arity: Arity::AtLeast(1),
        flags: Flags::WRITE,
        group: command::Group::Server,
        categories: Categories::KEYSPACE.and(Categories::DANGEROUS),
        tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
        ..FAMILY
    },
);

fn dbsize(cx: &mut DataCx<'_>, _: Args<'_>) -> Outcome {
    cx.reply.count(cx.db.len());
    Ok(Flow::Done)
}

fn swapdb(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let mut index = |which: &str| {
        let index = args.int().ok().and_then(|index| i32::try_from(index).ok());
        index.ok_or_else(|| Error::new(format!("ERR invalid {which} DB index")))
    };
    let (a, b) = (index("first")?, index("second")?);
    let databases = cx.db.keyspace().databases();
    let known = |index: i32| usize::try_from(index).ok().filter(|index| *index < databases);
    let (Some(a), Some(b)) = (known(a), known(b)) else {
        return Err(Error::DB_OUT_OF_RANGE);
    };
    if a != b {
        cx.db.keyspace().swap(a, b);
    }
    cx.db.keyspace().dirty += 1;
    cx.reply.ok();
    Ok(Flow::Done)
}

fn flushdb(cx: &mut DataCx<'_>, args: Args<'_>) -> Outcome {
    let lazily = flush_mode(args, cx.lazy)?;
    let gone = cx.db.flush(lazily);
    cx.db.keyspace().dirty += gone as u64;
    // Told even where nothing was there to delete: a replica that has drifted away is brought back.
    cx.propagation.instead(args.all().iter());
    cx.reply.ok();
    Ok(Flow::Done)
}

/// Reads what stands behind FLUSHDB or FLUSHALL. True: what is deleted is freed on another thread.
pub fn flush_mode(mut args: Args<'_>, lazy: Lazy) -> Result<bool, Error> {
    let lazily = match (args.take_keyword("ASYNC"), args.take_keyword("SYNC")) {
        (true, false) => true,
        (false, true) => false,
        (false, false) => lazy.user_flush,
        (true, true) => return Err(Error::SYNTAX),
    };
    args.end()?;
    Ok(lazily)
}

#[cfg(test)]
mod tests {
    use crate::check::check;
    use expect_test::expect;

    #[test]
    fn databases_are_counted_swapped_and_emptied() {
        check(expect![[r#"
            @ propagated
            @ dirty
            > MSET a 1 b 2
            OK
            => MSET a 1 b 2
            +2
            > DBSIZE
            (integer) 2
            > SWAPDB 0 1
            OK
            => SWAPDB 0 1
            +1
            > DBSIZE
            (integer) 0
            > SWAPDB 0 0
            OK
            => SWAPDB 0 0
            +1
            > SWAPDB a 1
            (error) ERR invalid first DB index
            > SWAPDB 0 1.5
            (error) ERR invalid second DB index
            > SWAPDB 0 16
            (error) ERR DB index is out of range
            > SWAPDB 0 -1
            (error) ERR DB index is out of range
            > SELECT 1
            OK
            > FLUSHDB SYNC
            OK
            => FLUSHDB SYNC
            +2
            > FLUSHDB
            OK
            => FLUSHDB
            > MSET a 1 b 2
            OK
            => MSET a 1 b 2
            +2
            > FLUSHDB ASYNC
            OK
            => FLUSHDB ASYNC
            +2
            > FLUSHDB ASYNC SYNC
            (error) ERR syntax error
            > FLUSHDB NOW
            (error) ERR syntax error
            > DBSIZE
            (integer) 0
        "#]]);
    }
}
