//! SORT and SORT_RO: the elements of a list, set or sorted set in another order, by themselves or by what other
//! keys say of them.

use std::cmp::Ordering;

use command::{
    Args, Arity, Categories, Command, Error, Flags, Flow, Group, KeyFlags, Keys, Outcome, Spec,
    Words,
};
use stdx::float::parse_f64;
use store::{End, EventClass, List, Ttl, Value, ValueRef};

use crate::{DataCommand, DataCx, hashes};

/// What the rows of this file have in common.
const SORTS: Spec = Spec {
    complexity: "O(N+M*log(M)), N being the elements, M those returned",
    arity: Arity::AtLeast(2),
    categories: Categories::SET
        .and(Categories::SORTED_SET)
        .and(Categories::LIST)
        .and(Categories::DANGEROUS),
    ..Spec::of(Group::Generic)
};

const BY_AND_GET: Keys = Keys::unknown(
    "For the optional BY/GET keyword. It is marked 'unknown' because the key names derive from the content of the key we sort",
)
.flags(KeyFlags::RO.and(KeyFlags::ACCESS));

const STORE: Keys = Keys::unknown(
    "For the optional STORE keyword. It is marked 'unknown' because the keyword can appear anywhere in the argument array",
)
.overwrites();

pub(crate) const SORT: DataCommand = Command::new(
    sort,
    Spec {
        name: "sort",
        syntax: "key [BY by-pattern] [LIMIT offset count] [GET get-pattern [GET get-pattern ...]] [ASC | DESC] [ALPHA] [STORE destination]",
        summary: "Sorts the elements of a list, set or sorted set, and returns or stores them.",
        flags: Flags::WRITE.and(Flags::DENY_OOM).and(Flags::MOVABLE_KEYS),
        keys: &[Keys::at(1).reads(), BY_AND_GET, STORE],
        own_keys: Some(own_keys),
        ..SORTS
    },
);

pub(crate) const SORT_RO: DataCommand = Command::new(
    sort_ro,
    Spec {
        name: "sort_ro",
        syntax: "key [BY by-pattern] [LIMIT offset count] [GET get-pattern [GET get-pattern ...]] [ASC | DESC] [ALPHA]",
        summary: "Sorts the elements of a list, set or sorted set, and returns them.",
        since: "7.0.0",
        flags: Flags::READONLY.and(Flags::MOVABLE_KEYS),
        keys: &[Keys::at(1).reads(), BY_AND_GET],
        own_keys: Some(|_| vec![SORTED]),
        ..SORTS
    },
);

/// The key whose elements are sorted.
const SORTED: (usize, KeyFlags) = (1, KeyFlags::RO.and(KeyFlags::ACCESS));

/// The key, and where the result is stored: what counts is the last STORE that is not a pattern's name.
fn own_keys(words: &Words<'_>) -> Vec<(usize, KeyFlags)> {
    let (mut at, mut to) = (2, None);
    while at < words.len() {
        let is = |name: &str| words[at].eq_ignore_ascii_case(name.as_bytes());
        at += if is("limit") {
            3
        } else if is("get") || is("by") {
            2
        } else if is("store") {
            to = Some(at + 1);
            2
        } else {
            1
        };
    }
    let to = to.filter(|at| *at < words.len());
    let stored = to.map(|at| (at, KeyFlags::OW.and(KeyFlags::UPDATE)));
    std::iter::once(SORTED).chain(stored).collect()
}

/// What is asked for.
#[derive(Clone, Debug, Default)]
struct Options<'a> {
    descending: bool,
    /// As text, not as numbers.
    alpha: bool,
    offset: i64,
    count: Option<i64>,
    by: Option<Pattern<'a>>,
    /// BY a name without a star: the order stays as it is.
    as_it_is: bool,
    get: Vec<Pattern<'a>>,
    store: Option<&'a [u8]>,
}

/// Where another value is to be found for an element: a key with a star in its place, and perhaps a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pattern<'a> {
    /// `#`
    Element,
    /// No star: nothing is found.
    Nothing,
    Key {
        before: &'a [u8],
        after: &'a [u8],
        field: Option<&'a [u8]>,
    },
}

impl<'a> Pattern<'a> {
    fn new(text: &'a [u8]) -> Pattern<'a> {
        if text == b"#" {
            return Pattern::Element;
        }
        let Some(star) = text.iter().position(|byte| *byte == b'*') else {
            return Pattern::Nothing;
        };
        let (before, after) = (&text[..star], &text[star + 1..]);
        // An arrow with nothing behind it belongs to the key.
        let arrow = after.windows(2).position(|pair| pair == b"->");
        match arrow.filter(|at| at + 2 < after.len()) {
            Some(at) => Pattern::Key { before, after: &after[..at], field: Some(&after[at + 2..]) },
            None => Pattern::Key { before, after, field: None },
        }
    }

    fn find(&self, cx: &mut DataCx<'_>, element: &[u8]) -> Option<Vec<u8>> {
        match *self {
            Pattern::Element => Some(element.to_vec()),
            Pattern::Nothing => None,
            Pattern::Key { before, after, field } => {
                let key = [before, element, after].concat();
                match field {
                    Some(field) => hashes::value_of(&mut cx.db, &key, field),
                    None => match cx.db.get(&key) {
                        Some(ValueRef::Str(text)) => Some(text.to_vec()),
                        _ => None,
                    },
                }
            }
        }
    }
}

impl<'a> Options<'a> {
    /// Reads the words behind the key. Patterns may lead to any key there is, so that whoever may not read them all
    /// may use none.
    fn parse(
        args: &mut Args<'a>,
        may_store: bool,
        reads_any_key: bool,
    ) -> Result<Options<'a>, Error> {
        let mut options = Options::default();
        while !args.is_empty() {
            let more = args.len() - 1;
            if args.take_keyword("ASC") {
                options.descending = false;
            } else if args.take_keyword("DESC") {
                options.descending = true;
            } else if args.take_keyword("ALPHA") {
                options.alpha = true;
            } else if more >= 2 && args.take_keyword("LIMIT") {
                options.offset = args.int()?;
                options.count = Some(args.int()?);
            } else if may_store && more >= 1 && args.take_keyword("STORE") {
                options.store = Some(args.word()?);
            } else if more >= 1 && args.take_keyword("BY") {
                let text = args.word()?;
                if text.contains(&b'*') && !reads_any_key {
                    return Err(denied("BY"));
                }
                options.by = Some(Pattern::new(text));
                options.as_it_is |= !text.contains(&b'*');
            } else if more >= 1 && args.take_keyword("GET") {
                if !reads_any_key {
                    return Err(denied("GET"));
                }
                options.get.push(Pattern::new(args.word()?));
            } else {
                return Err(Error::SYNTAX);
            }
        }
        Ok(options)
    }

    /// The elements that LIMIT asks for, of `len`.
    fn range(&self, len: usize) -> std::ops::Range<usize> {
        let clamp = |n: i64| usize::try_from(n.max(0)).unwrap_or(usize::MAX).min(len);
        let start = clamp(self.offset);
        let count = match self.count {
            Some(count) if count >= 0 => clamp(count),
            _ => len,
        };
        start..(start + count).min(len)
    }
}

fn denied(option: &str) -> Error {
    let text = "option of SORT denied due to insufficient ACL permissions.";
    Error::new(format!("ERR {option} {text}"))
}

fn sort(cx: &mut DataCx<'_>, args: Args<'_>) -> Outcome {
    run(cx, args, true)
}

fn sort_ro(cx: &mut DataCx<'_>, args: Args<'_>) -> Outcome {
    run(cx, args, false)
}

fn run(cx: &mut DataCx<'_>, mut args: Args<'_>, may_store: bool) -> Outcome {
    let key = args.word()?;
    let mut options = Options::parse(&mut args, may_store, cx.reads_any_key)?;
    let elements = elements(cx, key, &mut options)?;
    let sorted = if options.as_it_is { elements } else { sorted(cx, elements, &options)? };
    match options.store {
        None => answer(cx, &sorted, &options.get),
        Some(to) => store(cx, to, &sorted, &options.get),
    }
    Ok(Flow::Done)
}

/// The elements to be sorted; where nothing is to be sorted, those that are asked for, in order.
fn elements(
    cx: &mut DataCx<'_>,
    key: &[u8],
    options: &mut Options<'_>,
) -> Result<Vec<Vec<u8>>, Error> {
    let is_script = cx.is_script;
    let value = match cx.db.get(key) {
        None => return Ok(Vec::new()),
        Some(ValueRef::Str(_) | ValueRef::Hash(_)) => return Err(Error::WRONG_TYPE),
        Some(value) => value,
    };
    let len = value.len();
    if !options.as_it_is {
        return Ok(match value {
            ValueRef::List(list) => list.iter().map(|element| element.to_vec()).collect(),
            ValueRef::Set(set) => set.iter().map(|element| element.to_vec()).collect(),
            ValueRef::ZSet(zset) => zset.iter().map(|(element, _)| element.to_vec()).collect(),
            _ => Vec::new(),
        });
    }
    let range = options.range(len);
    // Descending, the first element is the last one.
    let places =
        if options.descending { len - range.end..len - range.start } else { range.clone() };
    let mut found: Vec<Vec<u8>> = match value {
        ValueRef::List(list) => list.range(places).map(|element| element.to_vec()).collect(),
        ValueRef::ZSet(zset) => zset.range(places).map(|(element, _)| element.to_vec()).collect(),
        ValueRef::Set(set) if options.store.is_some() || is_script => {
            // A set has no order to keep, and what is stored, or goes on in a script, must be the same everywhere.
            options.as_it_is = false;
            options.alpha = true;
            options.by = None;
            return Ok(set.iter().map(|element| element.to_vec()).collect());
        }
        ValueRef::Set(set) => {
            let wanted = set.iter().skip(range.start).take(range.len());
            return Ok(wanted.map(|element| element.to_vec()).collect());
        }
        _ => Vec::new(),
    };
    if options.descending {
        found.reverse();
    }
    Ok(found)
}

/// The elements that LIMIT asks for, in the order asked for.
fn sorted(
    cx: &mut DataCx<'_>,
    elements: Vec<Vec<u8>>,
    options: &Options<'_>,
) -> Result<Vec<Vec<u8>>, Error> {
    let range = options.range(elements.len());
    let turned = |order: Ordering| if options.descending { order.reverse() } else { order };
    let weight = |cx: &mut DataCx<'_>, element: &[u8]| match &options.by {
        Some(pattern) => pattern.find(cx, element),
        None => Some(element.to_vec()),
    };
    let mut sorted: Vec<Vec<u8>> = if options.alpha {
        let mut weighed: Vec<(Option<Vec<u8>>, Vec<u8>)> =
            elements.into_iter().map(|element| (weight(cx, &element), element)).collect();
        weighed.sort_by(|a, b| turned(a.0.cmp(&b.0)));
        weighed.into_iter().map(|(_, element)| element).collect()
    } else {
        let mut weighed = Vec::with_capacity(elements.len());
        for element in elements {
            let score = weight(cx, &element).map_or(Some(0.0), |text| number(&text));
            let text = "ERR One or more scores can't be converted into double";
            weighed.push((score.ok_or(Error::fixed(text))?, element));
        }
        // Equal numbers are told apart by their text, so that the order is always the same.
        let order = |a: &(f64, Vec<u8>), b: &(f64, Vec<u8>)| {
            a.0.partial_cmp(&b.0).unwrap_or(Ordering::Equal).then_with(|| a.1.cmp(&b.1))
        };
        weighed.sort_by(|a, b| turned(order(a, b)));
        weighed.into_iter().map(|(_, element)| element).collect()
    };
    sorted.truncate(range.end);
    sorted.drain(..range.start);
    Ok(sorted)
}

/// A weight, read as `strtod` does: blanks may come before it, and nothing at all is zero.
fn number(text: &[u8]) -> Option<f64> {
    if text.is_empty() { Some(0.0) } else { parse_f64(stdx::words::skip_blanks(text)) }
}

fn answer(cx: &mut DataCx<'_>, sorted: &[Vec<u8>], get: &[Pattern<'_>]) {
    cx.reply.array(sorted.len() * get.len().max(1));
    for element in sorted {
        if get.is_empty() {
            cx.reply.bulk(element);
        }
        for pattern in get {
            let found = pattern.find(cx, element);
            cx.reply.bulk_or_null(found.as_deref());
        }
    }
}

fn store(cx: &mut DataCx<'_>, to: &[u8], sorted: &[Vec<u8>], get: &[Pattern<'_>]) {
    let limits = cx.db.settings().thresholds;
    let mut list = List::new();
    for element in sorted {
        if get.is_empty() {
            list.push(End::Back, element, &limits);
        }
        for pattern in get {
            let found = pattern.find(cx, element).unwrap_or_default();
            list.push(End::Back, &found, &limits);
        }
    }
    let len = list.len();
    if len > 0 {
        cx.db.put(to, Value::List(list), Ttl::Clear);
        cx.db.changed(to, EventClass::LIST, "sortstore", len as u64);
    } else if cx.db.remove(to) {
        cx.db.changed(to, EventClass::GENERIC, "del", 1);
    }
    cx.reply.count(len);
}

#[cfg(test)]
mod tests {
    use super::Pattern;
    use crate::check::check;
    use expect_test::expect;

    #[test]
    fn elements_are_sorted() {
        check(expect![[r#"
            > RPUSH l 3 10 1 2
            (integer) 4
            > SORT l
            1) "1"
            2) "2"
            3) "3"
            4) "10"
            > SORT l DESC
            1) "10"
            2) "3"
            3) "2"
            4) "1"
            > SORT l ALPHA
            1) "1"
            2) "10"
            3) "2"
            4) "3"
            > SORT l LIMIT 1 2
            1) "2"
            2) "3"
            > SORT l LIMIT -5 2
            1) "1"
            2) "2"
            > SORT l LIMIT 1 -1
            1) "2"
            2) "3"
            3) "10"
            > SORT l LIMIT 9 2
            (empty array)
            > SORT l BY nosort
            1) "3"
            2) "10"
            3) "1"
            4) "2"
            > SORT l BY nosort DESC LIMIT 1 2
            1) "1"
            2) "10"
            > SORT l BY nosort GET #
            1) "3"
            2) "10"
            3) "1"
            4) "2"
            > ZADD z 1 c 2 b 3 a
            (integer) 3
            > SORT z ALPHA
            1) "a"
            2) "b"
            3) "c"
            > SORT z BY nosort DESC LIMIT 0 2
            1) "a"
            2) "b"
            > SADD s 3 1 2
            (integer) 3
            > SORT s DESC
            1) "3"
            2) "2"
            3) "1"
            > SORT x
            (empty array)
            > RPUSH text b a
            (integer) 2
            > SORT text
            (error) ERR One or more scores can't be converted into double
            > SORT text ALPHA DESC
            1) "b"
            2) "a"
            > SET str v
            OK
            > SORT str
            (error) WRONGTYPE Operation against a key holding the wrong kind of value
            > SORT l FOO
            (error) ERR syntax error
            > SORT l LIMIT 1
            (error) ERR syntax error
            > SORT l LIMIT a b
            (error) ERR value is not an integer or out of range
            > SORT_RO l STORE d
            (error) ERR syntax error
            > SORT_RO l DESC LIMIT 0 1
            1) "10"
        "#]]);
    }

    #[test]
    fn other_keys_weigh_and_answer() {
        check(expect![[r#"
            > RPUSH l 1 2 3
            (integer) 3
            > MSET w_1 30 w_2 20 w_3 10 o_1 one o_3 three
            OK
            > HSET h_1 f c
            (integer) 1
            > HSET h_2 f b
            (integer) 1
            > SORT l BY w_*
            1) "3"
            2) "2"
            3) "1"
            > SORT l BY w_* DESC GET # GET o_* GET h_*->f
            1) "1"
            2) "one"
            3) "c"
            4) "2"
            5) (nil)
            6) "b"
            7) "3"
            8) "three"
            9) (nil)
            > SORT l BY h_*->f ALPHA
            1) "3"
            2) "2"
            3) "1"
            > SORT l BY missing_*
            1) "1"
            2) "2"
            3) "3"
            > SORT l BY w_* GET nothing
            1) (nil)
            2) (nil)
            3) (nil)
            > SORT l BY o_*
            (error) ERR One or more scores can't be converted into double
            @ propagated
            @ events
            @ dirty
            > SORT l BY w_* GET o_* STORE d
            (integer) 3
            ! m keymiss o_2
            ! ready d
            ! n new d
            ! l sortstore d
            => SORT l BY w_* GET o_* STORE d
            +3
            > LRANGE d 0 -1
            1) "three"
            2) ""
            3) "one"
            > SORT x STORE d
            (integer) 0
            ! m keymiss x
            ! g del d
            => SORT x STORE d
            +1
            > SORT x STORE d
            (integer) 0
            ! m keymiss x
            > SADD s b a
            (integer) 2
            ! n new s
            ! s sadd s
            => SADD s b a
            +2
            > SORT s BY nosort STORE d
            (integer) 2
            ! ready d
            ! n new d
            ! l sortstore d
            => SORT s BY nosort STORE d
            +2
            > LRANGE d 0 -1
            1) "a"
            2) "b"
        "#]]);
    }

    #[test]
    fn patterns_are_taken_apart() {
        let key = |before: &'static str, after: &'static str, field: Option<&'static str>| {
            let (before, after) = (before.as_bytes(), after.as_bytes());
            Pattern::Key { before, after, field: field.map(str::as_bytes) }
        };
        for (text, want) in [
            ("#", Pattern::Element),
            ("abc", Pattern::Nothing),
            ("w_*", key("w_", "", None)),
            ("w_*_x->f", key("w_", "_x", Some("f"))),
            ("w_*->", key("w_", "->", None)),
            ("a->b*", key("a->b", "", None)),
        ] {
            assert_eq!(Pattern::new(text.as_bytes()), want, "{text}");
        }
    }
}
