//! Sorted sets made of sorted sets, and of sets, whose members count as having score 1: unions, intersections and
//! differences, returned, counted or stored.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use command::Arity::AtLeast;
use command::{Args, Command, Error, Flags, Flow, Keys, Outcome, Spec, Words};
use ds::{Element, ElementBuf};
use stdx::float;
use store::{Db, Kind, Set, ValueRef, ZSet};

use super::FAMILY;
use super::range::store;
use crate::{DataCommand, DataCx, reply};

const READ: Flags = Flags::READONLY.and(Flags::MOVABLE_KEYS);
const STORE: Flags = Flags::WRITE.and(Flags::DENY_OOM).and(Flags::MOVABLE_KEYS);
const SOURCES: &[Keys] = &[Keys::counted_at(1).reads()];
const STORED: &[Keys] = &[Keys::at(1).overwrites(), Keys::counted_at(2).reads()];

const UNION_TIME: &str =
    "O(N)+O(M*log(M)) where N is the number of members of all sources and M that of the result";
const INTERSECTION_TIME: &str = "O(N*K)+O(M*log(M)) where N is the size of the smallest source, K the number of sources and M the size of the result";
const DIFFERENCE_TIME: &str =
    "O(N*K) where N is the size of the first source and K the number of sources";

pub(crate) const ZUNION: DataCommand = Command::new(
    |cx, args| tell(cx, args, Operation::Union, "zunion"),
    Spec {
        name: "zunion",
        syntax: "numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>] [WITHSCORES]",
        summary: "Returns the members that any of several sorted sets has.",
        complexity: UNION_TIME,
        since: "6.2.0",
        arity: AtLeast(3),
        flags: READ,
        keys: SOURCES,
        ..FAMILY
    },
);

pub(crate) const ZINTER: DataCommand = Command::new(
    |cx, args| tell(cx, args, Operation::Intersection, "zinter"),
    Spec {
        name: "zinter",
        syntax: "numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>] [WITHSCORES]",
        summary: "Returns the members that all of several sorted sets have.",
        complexity: INTERSECTION_TIME,
        since: "6.2.0",
        arity: AtLeast(3),
        flags: READ,
        keys: SOURCES,
        ..FAMILY
    },
);

pub(crate) const ZDIFF: DataCommand = Command::new(
    |cx, args| tell(cx, args, Operation::Difference, "zdiff"),
    Spec {
        name: "zdiff",
        syntax: "numkeys key [key ...] [WITHSCORES]",
        summary: "Returns the members of the first sorted set that no other has.",
        complexity: DIFFERENCE_TIME,
        since: "6.2.0",
        arity: AtLeast(3),
        flags: READ,
        keys: SOURCES,
        ..FAMILY
    },
);

pub(crate) const ZUNIONSTORE: DataCommand = Command::new(
    |cx, args| keep(cx, args, Operation::Union, "zunionstore"),
    Spec {
        name: "zunionstore",
        syntax: "destination numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>]",
        summary: "Stores the members that any of several sorted sets has.",
        complexity: UNION_TIME,
        since: "2.0.0",
        arity: AtLeast(4),
        flags: STORE,
        keys: STORED,
        ..FAMILY
    },
);

pub(crate) const ZINTERSTORE: DataCommand = Command::new(
    |cx, args| keep(cx, args, Operation::Intersection, "zinterstore"),
    Spec {
        name: "zinterstore",
        syntax: "destination numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>]",
        summary: "Stores the members that all of several sorted sets have.",
        complexity: INTERSECTION_TIME,
        since: "2.0.0",
        arity: AtLeast(4),
        flags: STORE,
        keys: STORED,
        ..FAMILY
    },
);

pub(crate) const ZDIFFSTORE: DataCommand = Command::new(
    |cx, args| keep(cx, args, Operation::Difference, "zdiffstore"),
    Spec {
        name: "zdiffstore",
        syntax: "destination numkeys key [key ...]",
        summary: "Stores the members of the first sorted set that no other has.",
        complexity: DIFFERENCE_TIME,
        since: "6.2.0",
        arity: AtLeast(4),
        flags: STORE,
        keys: STORED,
        ..FAMILY
    },
);

pub(crate) const ZINTERCARD: DataCommand = Command::new(
    zintercard,
    Spec {
        name: "zintercard",
        syntax: "numkeys key [key ...] [LIMIT limit]",
        summary: "Counts the members that all of several sorted sets have, up to a limit.",
        complexity: "O(N*K) where N is the size of the smallest source and K the number of sources",
        since: "7.0.0",
        arity: AtLeast(3),
        flags: READ,
        keys: SOURCES,
        ..FAMILY
    },
);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Union,
    Intersection,
    Difference,
}

fn tell(cx: &mut DataCx<'_>, mut args: Args<'_>, operation: Operation, name: &str) -> Outcome {
    let keys = keys(&mut cx.db, &mut args, name)?;
    let options = Options::read(args, operation, keys.len(), true)?;
    let result = options.run(operation, sources(&cx.db, keys));
    let with_scores = options.with_scores;
    match with_scores {
        true => reply::pairs(&mut cx.reply, result.len()),
        false => cx.reply.array(result.len()),
    }
    for (member, score) in &result {
        match with_scores {
            true => reply::pair(&mut cx.reply, Element::Bytes(member), *score),
            false => cx.reply.bulk(member),
        }
    }
    Ok(Flow::Done)
}

fn keep(
    cx: &mut DataCx<'_>,
    mut args: Args<'_>,
    operation: Operation,
    name: &'static str,
) -> Outcome {
    let destination = args.word()?;
    let keys = keys(&mut cx.db, &mut args, name)?;
    let options = Options::read(args, operation, keys.len(), false)?;
    let members = options.run(operation, sources(&cx.db, keys));
    let limits = cx.db.settings().thresholds;
    let mut result = ZSet::new();
    let longest = members.iter().map(|(member, _)| member.len()).max();
    result.expect(members.len(), longest.unwrap_or(0), &limits);
    for (member, score) in &members {
        result.insert(member, *score, &limits);
    }
    store(cx, destination, result, name);
    Ok(Flow::Done)
}

fn zintercard(cx: &mut DataCx<'_>, mut args: Args<'_>) -> Outcome {
    let keys = keys(&mut cx.db, &mut args, "zintercard")?;
    let mut limit = 0;
    while !args.is_empty() {
        if !args.take_keyword("LIMIT") {
            return Err(Error::SYNTAX);
        }
        limit = args.int_from(0, Error::LIMIT_NEGATIVE)? as usize;
    }
    let mut sources = sources(&cx.db, keys);
    sources.sort_by_key(Source::len);
    let (smallest, others) = sources.split_first().expect("there is at least one key");
    let mut found = 0;
    smallest.each(|member, _| {
        found += usize::from(others.iter().all(|source| source.score(member).is_some()));
        limit == 0 || found < limit
    });
    cx.reply.count(found);
    Ok(Flow::Done)
}

/// Reads how many keys there are, and the keys, which must hold sorted sets or sets. This is the look at them that
/// counts and expires.
fn keys<'a>(db: &mut Db<'_>, args: &mut Args<'a>, name: &str) -> Result<Words<'a>, Error> {
    let count = args.int()?;
    if count < 1 {
        return Err(Error::new(format!("ERR at least 1 input key is needed for '{name}' command")));
    }
    let keys = args.take(count as usize)?;
    for key in keys.iter() {
        let kind = db.get(key).map(|value| value.kind());
        if !matches!(kind, None | Some(Kind::ZSet | Kind::Set)) {
            return Err(Error::WRONG_TYPE);
        }
    }
    Ok(keys)
}

/// The values under keys that were looked at before, all at once.
fn sources<'d>(db: &'d Db<'_>, keys: Words<'_>) -> Vec<Source<'d>> {
    let source = |key: &[u8]| match db.peek(key) {
        Some(ValueRef::ZSet(zset)) => Source::Scored(zset),
        Some(ValueRef::Set(set)) => Source::Plain(set),
        _ => Source::Absent,
    };
    keys.iter().map(source).collect()
}

/// What members come from.
#[derive(Clone, Copy)]
enum Source<'a> {
    /// Nothing: an absent key is an empty sorted set.
    Absent,
    /// Every member has score 1.
    Plain(&'a Set),
    /// Every member has its own.
    Scored(&'a ZSet),
}

impl Source<'_> {
    fn len(&self) -> usize {
        match self {
            Source::Absent => 0,
            Source::Plain(set) => set.len(),
            Source::Scored(zset) => zset.len(),
        }
    }

    fn score(&self, member: &[u8]) -> Option<f64> {
        match self {
            Source::Absent => None,
            Source::Plain(set) => set.contains(member).then_some(1.0),
            Source::Scored(zset) => zset.score(member),
        }
    }

    /// Shows `found` each member with its score, until it has had enough.
    fn each(&self, mut found: impl FnMut(&[u8], f64) -> bool) {
        let mut show =
            |member: Element<'_>, score| found(member.bytes(&mut ElementBuf::new()), score);
        match self {
            Source::Absent => {}
            Source::Plain(set) => {
                set.iter().all(|member| show(member, 1.0));
            }
            Source::Scored(zset) => {
                zset.iter().all(|(member, score)| show(member, score));
            }
        }
    }
}

/// What becomes of the scores of a member that several sources have.
#[derive(Clone, Copy, Debug)]
enum Aggregate {
    Sum,
    Min,
    Max,
}

impl Aggregate {
    fn of(self, a: f64, b: f64) -> f64 {
        match self {
            // Infinities of both signs cancel each other out.
            Aggregate::Sum if (a + b).is_nan() => 0.0,
            Aggregate::Sum => a + b,
            Aggregate::Min if b < a => b,
            Aggregate::Max if b > a => b,
            Aggregate::Min | Aggregate::Max => a,
        }
    }
}

/// How members and scores are combined.
struct Options {
    /// One for each source.
    weights: Vec<f64>,
    aggregate: Aggregate,
    with_scores: bool,
}

impl Options {
    fn read(
        mut args: Args<'_>,
        operation: Operation,
        sources: usize,
        reply: bool,
    ) -> Result<Options, Error> {
        let mut options =
            Options { weights: vec![1.0; sources], aggregate: Aggregate::Sum, with_scores: false };
        let combines = operation != Operation::Difference;
        while !args.is_empty() {
            if combines && args.len() > sources && args.take_keyword("WEIGHTS") {
                for weight in &mut options.weights {
                    *weight = float::parse_f64(args.word()?)
                        .ok_or(Error::fixed("ERR weight value is not a float"))?;
                }
            } else if combines && args.len() > 1 && args.take_keyword("AGGREGATE") {
                options.aggregate = match args.word()? {
                    word if word.eq_ignore_ascii_case(b"SUM") => Aggregate::Sum,
                    word if word.eq_ignore_ascii_case(b"MIN") => Aggregate::Min,
                    word if word.eq_ignore_ascii_case(b"MAX") => Aggregate::Max,
                    _ => return Err(Error::SYNTAX),
                };
            } else if reply && args.take_keyword("WITHSCORES") {
                options.with_scores = true;
            } else {
                return Err(Error::SYNTAX);
            }
        }
        Ok(options)
    }

    /// The members of the result, in the order of their scores.
    fn run(&self, operation: Operation, sources: Vec<Source<'_>>) -> Vec<(Vec<u8>, f64)> {
        let mut weighted: Vec<_> = sources.into_iter().zip(self.weights.iter().copied()).collect();
        if operation != Operation::Difference {
            // The smallest comes first: it asks the fewest questions, and Redis adds scores in this order.
            weighted.sort_by_key(|(source, _)| source.len());
        }
        let mut result = match operation {
            Operation::Union => self.union(&weighted),
            Operation::Intersection => self.intersection(&weighted),
            Operation::Difference => difference(&weighted),
        };
        result.sort_by(|(a_member, a), (b_member, b)| {
            a.partial_cmp(b).unwrap_or(Ordering::Equal).then_with(|| a_member.cmp(b_member))
        });
        result
    }

    fn union(&self, sources: &[(Source<'_>, f64)]) -> Vec<(Vec<u8>, f64)> {
        let mut scores: BTreeMap<Vec<u8>, f64> = BTreeMap::new();
        for (source, weight) in sources {
            source.each(|member, score| {
                let score = times(*weight, score);
                match scores.get_mut(member) {
                    Some(sum) => *sum = self.aggregate.of(*sum, score),
                    None => {
                        scores.insert(member.to_vec(), score);
                    }
                }
                true
            });
        }
        scores.into_iter().collect()
    }

    fn intersection(&self, sources: &[(Source<'_>, f64)]) -> Vec<(Vec<u8>, f64)> {
        let mut result = Vec::new();
        let Some(((smallest, weight), others)) = sources.split_first() else { return result };
        smallest.each(|member, score| {
            let score = others.iter().try_fold(times(*weight, score), |sum, (source, weight)| {
                source.score(member).map(|score| self.aggregate.of(sum, weight * score))
            });
            result.extend(score.map(|score| (member.to_vec(), score)));
            true
        });
        result
    }
}

fn difference(sources: &[(Source<'_>, f64)]) -> Vec<(Vec<u8>, f64)> {
    let mut result = Vec::new();
    let Some(((first, _), others)) = sources.split_first() else { return result };
    first.each(|member, score| {
        if others.iter().all(|(source, _)| source.score(member).is_none()) {
            result.push((member.to_vec(), score));
        }
        true
    });
    result
}

/// Nothing times infinity is nothing, not NaN.
fn times(weight: f64, score: f64) -> f64 {
    let product = weight * score;
    if product.is_nan() { 0.0 } else { product }
}
