//! The tests that run where no command is given: what each sends, and what it is called by.

use crate::request::{encode, with_data};

/// One test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Test {
    pub(crate) title: String,
    pub(crate) encoded: Vec<u8>,
}

/// A row of the suite.
struct Row {
    title: &'static str,
    /// What `-t` may call it.
    names: &'static [&'static str],
    request: Shape,
}

/// What a test sends. `__data__` is the value, `__score__` a random number where there are any, otherwise zero.
enum Shape {
    /// As typed into a terminal, not as an array.
    Inline(&'static str),
    Words(&'static str),
    /// The first word once, the rest so many times.
    Repeated(&'static str, usize),
}

use Shape::{Inline, Repeated, Words};

const SUITE: &[Row] = &[
    row("PING_INLINE", &["ping_inline", "ping"], Inline("PING")),
    row("PING_MBULK", &["ping_mbulk", "ping"], Words("PING")),
    row("SET", &["set"], Words("SET key:__rand_int__ __data__")),
    row("GET", &["get"], Words("GET key:__rand_int__")),
    row("INCR", &["incr"], Words("INCR counter:__rand_int__")),
    row("LPUSH", &["lpush"], Words("LPUSH mylist __data__")),
    row("RPUSH", &["rpush"], Words("RPUSH mylist __data__")),
    row("LPOP", &["lpop"], Words("LPOP mylist")),
    row("RPOP", &["rpop"], Words("RPOP mylist")),
    row("SADD", &["sadd"], Words("SADD myset element:__rand_int__")),
    row("HSET", &["hset"], Words("HSET myhash element:__rand_int__ __data__")),
    row("SPOP", &["spop"], Words("SPOP myset")),
    row("ZADD", &["zadd"], Words("ZADD myzset __score__ element:__rand_int__")),
    row("ZPOPMIN", &["zpopmin"], Words("ZPOPMIN myzset")),
    row(
        "LPUSH (needed to benchmark LRANGE)",
        &["lrange", "lrange_100", "lrange_300", "lrange_500", "lrange_600"],
        Words("LPUSH mylist __data__"),
    ),
    row("LRANGE_100 (first 100 elements)", &["lrange", "lrange_100"], Words("LRANGE mylist 0 99")),
    row("LRANGE_300 (first 300 elements)", &["lrange", "lrange_300"], Words("LRANGE mylist 0 299")),
    row("LRANGE_500 (first 500 elements)", &["lrange", "lrange_500"], Words("LRANGE mylist 0 499")),
    row("LRANGE_600 (first 600 elements)", &["lrange", "lrange_600"], Words("LRANGE mylist 0 599")),
    row("MSET (10 keys)", &["mset"], Repeated("MSET key:__rand_int__ __data__", 10)),
    row("XADD", &["xadd"], Words("XADD mystream * myfield __data__")),
];

const fn row(title: &'static str, names: &'static [&'static str], request: Shape) -> Row {
    Row { title, names, request }
}

/// The tests that `chosen` names, a list with a comma before and behind each; all where it is absent.
pub(crate) fn tests(chosen: Option<&[u8]>, data: &[u8], is_random: bool) -> Vec<Test> {
    let is_chosen = |row: &&Row| {
        chosen.is_none_or(|list| {
            let has = |name: &&str| memchr::memmem::find(list, format!(",{name},").as_bytes());
            row.names.iter().any(|name| has(name).is_some())
        })
    };
    let make = |row: &Row| Test {
        title: row.title.to_owned(),
        encoded: row.request.encode(data, is_random),
    };
    SUITE.iter().filter(is_chosen).map(make).collect()
}

/// The test of a command that was given.
pub(crate) fn custom(command: &[Vec<u8>], stdin: Option<Vec<u8>>, data: &[u8]) -> Test {
    let title: Vec<_> = command.iter().map(|word| String::from_utf8_lossy(word)).collect();
    let filled = command.iter().map(|word| with_data(word, data));
    let words: Vec<Vec<u8>> = filled.chain(stdin).collect();
    Test { title: title.join(" "), encoded: encode(&words) }
}

impl Shape {
    fn encode(&self, data: &[u8], is_random: bool) -> Vec<u8> {
        let (text, times) = match self {
            Inline(text) => return format!("{text}\r\n").into_bytes(),
            Words(text) => (text, 1),
            Repeated(text, times) => (text, *times),
        };
        let score = if is_random { "__rand_int__" } else { "0" };
        let fill = |word: &str| with_data(word.replace("__score__", score).as_bytes(), data);
        let mut words = text.split(' ').map(fill);
        let name = words.next();
        let rest: Vec<Vec<u8>> = words.collect();
        let repeated = std::iter::repeat_n(rest, times).flatten();
        encode(&name.into_iter().chain(repeated).collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titles(chosen: &str) -> Vec<String> {
        let list = format!(",{chosen},");
        tests(Some(list.as_bytes()), b"x", false).into_iter().map(|test| test.title).collect()
    }

    #[test]
    fn tests_are_chosen_by_name() {
        assert_eq!(tests(None, b"x", false).len(), 21);
        assert_eq!(titles("set"), ["SET"]);
        assert_eq!(titles("get,set"), ["SET", "GET"]);
        assert_eq!(titles("ping"), ["PING_INLINE", "PING_MBULK"]);
        assert_eq!(titles("lrange_300").len(), 2);
        assert_eq!(titles("lrange").len(), 5);
        assert_eq!(titles("nope"), [""; 0]);
    }

    #[test]
    fn requests_are_those_of_the_protocol() {
        let encoded = |title: &str, is_random| {
            let all = tests(None, b"xyz", is_random);
            let test = all.into_iter().find(|test| test.title == title).expect("it is there");
            String::from_utf8(test.encoded).expect("it is ASCII")
        };
        assert_eq!(encoded("PING_INLINE", false), "PING\r\n");
        assert_eq!(encoded("PING_MBULK", false), "*1\r\n$4\r\nPING\r\n");
        let set = "*3\r\n$3\r\nSET\r\n$16\r\nkey:__rand_int__\r\n$3\r\nxyz\r\n";
        assert_eq!(encoded("SET", false), set);
        assert!(encoded("ZADD", false).contains("$1\r\n0\r\n"));
        assert!(encoded("ZADD", true).contains("$12\r\n__rand_int__\r\n"));
        assert!(encoded("MSET (10 keys)", false).starts_with("*21\r\n$4\r\nMSET\r\n$16\r\nkey:"));
    }

    #[test]
    fn a_command_of_ones_own_takes_data_and_standard_input() {
        let command = ["set", "k", "<__data__>"].map(Vec::from);
        let test = custom(&command, Some(b"in".to_vec()), b"xyz");
        assert_eq!(test.title, "set k <__data__>");
        let want = b"*4\r\n$3\r\nset\r\n$1\r\nk\r\n$5\r\n<xyz>\r\n$2\r\nin\r\n";
        assert_eq!(test.encoded, want);
    }
}
