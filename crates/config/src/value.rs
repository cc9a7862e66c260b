//! What a parameter is set to: read from words, shown by CONFIG GET, compared with the default.

use crate::units::parse_memory;
use crate::{Events, Kind, Param};
use std::borrow::Cow;
use stdx::integer::parse_i64;

/// A value of one of the kinds.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `yes` or `no`.
    Flag(bool),
    /// An integer; permissions too.
    Integer(i64),
    /// Bytes.
    Memory(u64),
    /// A share of `maxmemory`.
    Percent(u32),
    /// One word of the kind's list, as the list spells it.
    Choice(&'static str),
    /// Some words of the kind's list, a bit each, by position; the first word has no bit.
    Choices(u32),
    /// Any bytes.
    Text(Vec<u8>),
    /// When to save.
    SavePoints(Vec<SavePoint>),
    /// How far the output of a connection may grow.
    OutputLimits(OutputLimits),
    /// Where to listen.
    Addresses(Vec<String>),
    /// For masters, replicas, background work.
    OomScores([i32; 3]),
    /// What is published.
    Events(Events),
    /// Percentages.
    Percentiles(Vec<f64>),
    /// The master, if any.
    Source(Option<Source>),
}

/// A snapshot is due once this many changes are at least this many seconds old.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SavePoint {
    /// At least 1.
    pub seconds: u64,
    /// How many changes it takes.
    pub changes: u64,
}

/// The limits of the three classes of connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutputLimits {
    /// Clients that ask and are answered.
    pub normal: OutputLimit,
    /// Replicas.
    pub replica: OutputLimit,
    /// Clients with a subscription.
    pub pubsub: OutputLimit,
}

/// A connection with more pending output than this is closed. Zero means no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutputLimit {
    /// Bytes at which it is closed at once.
    pub hard_bytes: u64,
    /// Bytes at which it is closed if it stays above them for `soft_seconds`.
    pub soft_bytes: u64,
    /// See `soft_bytes`.
    pub soft_seconds: u64,
}

/// A master's address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// A name or an address.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

/// Why a value is refused, in Redis's words where it has them, since tools and tests look at them.
pub type Refusal = Cow<'static, str>;

impl Value {
    /// Reads the words behind a parameter's name. `before` is the present value: some kinds change it in part.
    pub fn parse(param: &Param, words: &[Vec<u8>], before: &Value) -> Result<Value, Refusal> {
        let value = parse_kind(param.kind, words, before)?;
        if let Some(check) = param.check {
            check(&value)?;
        }
        Ok(value)
    }

    /// What CONFIG GET shows, and CONFIG SET takes back.
    pub fn text(&self, param: &Param) -> Vec<u8> {
        match self {
            Value::Flag(yes) => if *yes { "yes" } else { "no" }.into(),
            Value::Integer(n) if matches!(param.kind, Kind::Octal { .. }) => {
                format!("{n:o}").into()
            }
            Value::Integer(n) => n.to_string().into(),
            Value::Memory(bytes) => bytes.to_string().into(),
            Value::Percent(share) => format!("{share}%").into(),
            Value::Choice(word) => (*word).into(),
            Value::Choices(_) => self.chosen(param).join(" ").into(),
            Value::Text(text) => text.clone(),
            Value::SavePoints(points) => points
                .iter()
                .map(|point| format!("{} {}", point.seconds, point.changes))
                .collect::<Vec<_>>()
                .join(" ")
                .into(),
            Value::OutputLimits(limits) => limits
                .classes()
                .map(|(class, limit)| {
                    let OutputLimit { hard_bytes, soft_bytes, soft_seconds } = limit;
                    format!("{class} {hard_bytes} {soft_bytes} {soft_seconds}")
                })
                .join(" ")
                .into(),
            Value::Addresses(addresses) => addresses.join(" ").into(),
            Value::OomScores(scores) => scores.map(|score| score.to_string()).join(" ").into(),
            Value::Events(events) => events.letters().into(),
            Value::Percentiles(shares) => {
                shares.iter().map(|share| format_share(*share)).collect::<Vec<_>>().join(" ").into()
            }
            Value::Source(None) => Vec::new(),
            Value::Source(Some(source)) => format!("{} {}", source.host, source.port).into(),
        }
    }

    /// The words of a `Choices`; the list's first word where none is chosen.
    pub(crate) fn chosen(&self, param: &Param) -> Vec<&'static str> {
        match (self, param.kind) {
            (Value::Choices(0), Kind::Choices { words }) => vec![words[0]],
            (Value::Choices(bits), Kind::Choices { words }) => {
                (1..words.len()).filter(|at| bits >> at & 1 == 1).map(|at| words[at]).collect()
            }
            _ => Vec::new(),
        }
    }
}

impl OutputLimits {
    /// The classes by the names that CONFIG GET shows, in its order.
    pub fn classes(&self) -> [(&'static str, OutputLimit); 3] {
        [("normal", self.normal), ("slave", self.replica), ("pubsub", self.pubsub)]
    }
}

fn parse_kind(kind: Kind, words: &[Vec<u8>], before: &Value) -> Result<Value, Refusal> {
    match kind {
        Kind::Choices { words: known } => return parse_choices(known, words),
        Kind::SavePoints => return parse_save_points(words),
        Kind::OutputLimits => return parse_output_limits(words, before),
        Kind::Addresses => return parse_addresses(words),
        Kind::OomScores => return parse_oom_scores(words),
        Kind::Percentiles => return parse_percentiles(words),
        Kind::Source => return parse_source(words),
        _ => {}
    }
    let [word] = words else { return Err("wrong number of arguments".into()) };
    match kind {
        Kind::Flag if word.eq_ignore_ascii_case(b"yes") => Ok(Value::Flag(true)),
        Kind::Flag if word.eq_ignore_ascii_case(b"no") => Ok(Value::Flag(false)),
        Kind::Flag => Err("argument must be 'yes' or 'no'".into()),
        Kind::Integer { min, max } => {
            let n = parse_i64(word).ok_or("argument couldn't be parsed into an integer")?;
            within(n, min, max).map(Value::Integer)
        }
        Kind::Clamped { min, max } => {
            let n = parse_i64(word).ok_or("argument couldn't be parsed into an integer")?;
            Ok(Value::Integer(within(n, 0, i64::from(i32::MAX))?.clamp(min, max)))
        }
        Kind::Octal { max } => {
            let digits = std::str::from_utf8(word).unwrap_or_default();
            let n = i64::from_str_radix(digits, 8)
                .map_err(|_| "argument couldn't be parsed as an octal number")?;
            if (0..=max).contains(&n) {
                return Ok(Value::Integer(n));
            }
            Err(format!("argument must be between 0 and {max:o} inclusive").into())
        }
        Kind::Memory { min, max } => {
            let bytes = parse_memory(word).ok_or("argument must be a memory value")?;
            if (min..=max).contains(&bytes) {
                return Ok(Value::Memory(bytes));
            }
            Err(format!("argument must be between {min} and {max} inclusive").into())
        }
        Kind::MemoryOrPercent => parse_memory_or_percent(word),
        Kind::Choice { words: known, same } => {
            let word = find_word(known, word).ok_or_else(|| one_of(known))?;
            let meant = same.iter().find(|(other, _)| *other == word);
            Ok(Value::Choice(meant.map_or(word, |(_, meant)| meant)))
        }
        // The system's names of files end with one, and some of these are names of files.
        Kind::Text | Kind::OptionalText | Kind::Folder if word.contains(&0) => {
            Err("argument must not contain a NUL byte".into())
        }
        Kind::Text | Kind::OptionalText | Kind::Folder | Kind::Password => {
            Ok(Value::Text(word.clone()))
        }
        Kind::Events => Events::parse(word)
            .map(Value::Events)
            .ok_or("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.".into()),
        _ => unreachable!("kinds of several words have returned"),
    }
}

fn within(n: i64, min: i64, max: i64) -> Result<i64, Refusal> {
    if (min..=max).contains(&n) {
        return Ok(n);
    }
    Err(format!("argument must be between {min} and {max} inclusive").into())
}

fn find_word(known: &'static [&'static str], word: &[u8]) -> Option<&'static str> {
    known.iter().find(|known| known.as_bytes().eq_ignore_ascii_case(word)).copied()
}

fn one_of(known: &[&str]) -> Refusal {
    format!("argument(s) must be one of the following: {}", known.join(", ")).into()
}

fn parse_choices(known: &'static [&'static str], words: &[Vec<u8>]) -> Result<Value, Refusal> {
    let mut bits = 0;
    for word in words {
        let at = known.iter().position(|known| known.as_bytes().eq_ignore_ascii_case(word));
        match at.ok_or_else(|| one_of(known))? {
            0 => {}
            at => bits |= 1 << at,
        }
    }
    if words.is_empty() { Err(one_of(known)) } else { Ok(Value::Choices(bits)) }
}

fn parse_memory_or_percent(word: &[u8]) -> Result<Value, Refusal> {
    if let Some(bytes) = parse_memory(word) {
        return if i64::try_from(bytes).is_ok() {
            Ok(Value::Memory(bytes))
        } else {
            Err(format!("argument must be between -100 and {} inclusive", i64::MAX).into())
        };
    }
    let share = word.strip_suffix(b"%").and_then(parse_i64).filter(|share| *share >= 0);
    match share {
        Some(share @ 0..=100) => Ok(Value::Percent(share as u32)),
        Some(_) => Err("percentage argument must be less or equal to 100".into()),
        None => Err("argument must be a memory or percent value".into()),
    }
}

fn parse_save_points(words: &[Vec<u8>]) -> Result<Value, Refusal> {
    let refused = || Refusal::from("Invalid save parameters");
    let words = if is_one_empty(words) { &[] } else { words };
    if !words.len().is_multiple_of(2) {
        return Err(refused());
    }
    let number = |word: &[u8]| text_number::<u64>(word).filter(|n| *n <= i64::MAX as u64);
    let points = words.chunks(2).map(|pair| {
        let seconds = number(&pair[0]).filter(|seconds| *seconds >= 1)?;
        Some(SavePoint { seconds, changes: number(&pair[1])? })
    });
    points.collect::<Option<_>>().map(Value::SavePoints).ok_or_else(refused)
}

fn parse_output_limits(words: &[Vec<u8>], before: &Value) -> Result<Value, Refusal> {
    if !words.len().is_multiple_of(4) {
        return Err("Wrong number of arguments in buffer limit configuration.".into());
    }
    let mut limits = match before {
        Value::OutputLimits(limits) => *limits,
        _ => OutputLimits::default(),
    };
    for group in words.chunks(4) {
        let class = match group[0].to_ascii_lowercase().as_slice() {
            b"normal" => &mut limits.normal,
            b"slave" | b"replica" => &mut limits.replica,
            b"pubsub" => &mut limits.pubsub,
            _ => return Err("Invalid client class specified in buffer limit configuration.".into()),
        };
        let seconds = text_number::<u32>(&group[3]);
        let (Some(hard_bytes), Some(soft_bytes), Some(soft_seconds)) =
            (parse_memory(&group[1]), parse_memory(&group[2]), seconds)
        else {
            return Err(
                "Error in hard, soft or soft_seconds setting in buffer limit configuration.".into(),
            );
        };
        *class = OutputLimit { hard_bytes, soft_bytes, soft_seconds: soft_seconds.into() };
    }
    Ok(Value::OutputLimits(limits))
}

fn parse_addresses(words: &[Vec<u8>]) -> Result<Value, Refusal> {
    if words.len() > 16 {
        return Err("Too many bind addresses specified.".into());
    }
    let words = if is_one_empty(words) { &[] } else { words };
    Ok(Value::Addresses(words.iter().map(|word| lossy(word)).collect()))
}

fn parse_oom_scores(words: &[Vec<u8>]) -> Result<Value, Refusal> {
    let [master, replica, background] = words else {
        return Err("wrong number of arguments".into());
    };
    let score = |word: &[u8]| {
        text_number::<i32>(word).filter(|score| (-2000..=2000).contains(score)).ok_or(
            Refusal::from("Invalid oom-score-adj-values, elements must be between -2000 and 2000."),
        )
    };
    Ok(Value::OomScores([score(master)?, score(replica)?, score(background)?]))
}

fn parse_percentiles(words: &[Vec<u8>]) -> Result<Value, Refusal> {
    let words = if is_one_empty(words) { &[] } else { words };
    let mut shares = Vec::with_capacity(words.len());
    for word in words {
        let share = text_number::<f64>(word)
            .filter(|share| !share.is_nan())
            .ok_or("Invalid latency-tracking-info-percentiles parameters")?;
        if !(0.0..=100.0).contains(&share) {
            return Err(
                "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]"
                    .into(),
            );
        }
        shares.push(share);
    }
    Ok(Value::Percentiles(shares))
}

fn parse_source(words: &[Vec<u8>]) -> Result<Value, Refusal> {
    let [host, port] = words else { return Err("wrong number of arguments".into()) };
    if host.eq_ignore_ascii_case(b"no") && port.eq_ignore_ascii_case(b"one") {
        return Ok(Value::Source(None));
    }
    let port = text_number::<u16>(port).ok_or("Invalid master port")?;
    Ok(Value::Source(Some(Source { host: lossy(host), port })))
}

/// The one word `""` spells an empty list.
fn is_one_empty(words: &[Vec<u8>]) -> bool {
    matches!(words, [only] if only.is_empty())
}

fn text_number<N: std::str::FromStr>(word: &[u8]) -> Option<N> {
    std::str::from_utf8(word).ok()?.parse().ok()
}

fn lossy(word: &[u8]) -> String {
    String::from_utf8_lossy(word).into_owned()
}

/// Six digits behind the point at most, and none that say nothing.
pub(crate) fn format_share(share: f64) -> String {
    let text = format!("{share:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(kind: Kind, line: &str) -> Result<String, String> {
        let param = Param::new("p", kind, "");
        let words = crate::words::split(line.as_bytes()).expect("balanced");
        let before = Value::OutputLimits(OutputLimits::default());
        match Value::parse(&param, &words, &before) {
            Ok(value) => Ok(String::from_utf8(value.text(&param)).expect("text")),
            Err(refusal) => Err(refusal.into_owned()),
        }
    }

    #[test]
    fn values_are_read_and_shown() {
        const WORDS: &[&str] = &["default", "save", "nosave", "now"];
        for (kind, line, want) in [
            (Kind::Flag, "YES", "yes"),
            (Kind::Integer { min: -5, max: 5 }, "-5", "-5"),
            (Kind::Memory { min: 0, max: 9999 }, "1kb", "1024"),
            (Kind::MemoryOrPercent, "5%", "5%"),
            (Kind::MemoryOrPercent, "2mb", "2097152"),
            (Kind::Octal { max: 0o777 }, "0700", "700"),
            (Kind::Choices { words: WORDS }, "now SAVE", "save now"),
            (Kind::Choices { words: WORDS }, "default", "default"),
            (Kind::SavePoints, "3600 1 60 1000", "3600 1 60 1000"),
            (Kind::SavePoints, "\"\"", ""),
            (Kind::OutputLimits, "replica 1kb 0 5", "normal 0 0 0 slave 1024 0 5 pubsub 0 0 0"),
            (Kind::Addresses, "127.0.0.1 -::1", "127.0.0.1 -::1"),
            (Kind::Addresses, "\"\"", ""),
            (Kind::OomScores, "0 200 800", "0 200 800"),
            (Kind::Percentiles, "50.0 99.90 100", "50 99.9 100"),
            (Kind::Source, "localhost 6379", "localhost 6379"),
            (Kind::Source, "NO one", ""),
        ] {
            assert_eq!(parse(kind, line).as_deref(), Ok(want), "{line}");
        }
    }

    #[test]
    fn what_is_refused_is_refused_in_redis_s_words() {
        const RANGE: Kind = Kind::Integer { min: 0, max: 65535 };
        for (kind, line, want) in [
            (Kind::Flag, "maybe", "argument must be 'yes' or 'no'"),
            (RANGE, "abc", "argument couldn't be parsed into an integer"),
            (RANGE, "70000", "argument must be between 0 and 65535 inclusive"),
            (RANGE, "", "wrong number of arguments"),
            (RANGE, "1 2", "wrong number of arguments"),
            (Kind::Octal { max: 0o777 }, "9", "argument couldn't be parsed as an octal number"),
            (Kind::Octal { max: 0o777 }, "1000", "argument must be between 0 and 777 inclusive"),
            (Kind::MemoryOrPercent, "200%", "percentage argument must be less or equal to 100"),
            (Kind::MemoryOrPercent, "x", "argument must be a memory or percent value"),
            (Kind::SavePoints, "1", "Invalid save parameters"),
            (Kind::SavePoints, "0 1", "Invalid save parameters"),
            (
                Kind::OutputLimits,
                "master 1 1 1",
                "Invalid client class specified in buffer limit configuration.",
            ),
            (Kind::Source, "a 70000", "Invalid master port"),
            (
                Kind::Choice { words: &["a", "b"], same: &[] },
                "c",
                "argument(s) must be one of the following: a, b",
            ),
        ] {
            assert_eq!(parse(kind, line), Err(want.to_owned()), "{line}");
        }
    }
}
