//! `--bigkeys`, `--memkeys`: the largest key of each type, by elements or by bytes of memory.

use client::Value;
use config::words::quote;

use super::{count_keys, pause, scan_step};
use crate::exit::{Result, fail};
use crate::screen::{self, Progress};
use crate::session::{Patience, Session, reason};

/// What makes a key large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Measure {
    /// How many elements it has, or bytes of a string.
    Length,
    /// How much memory it takes, estimated from so many samples; zero: from as many as the server likes.
    Memory { samples: u64 },
}

/// What was found of one type.
struct Type {
    name: String,
    /// The command that tells a length; none for types that we do not know.
    command: Option<&'static str>,
    unit: &'static str,
    biggest: u64,
    biggest_key: Option<String>,
    count: u64,
    total: u64,
}

impl Type {
    fn new(name: &str, command: Option<&'static str>, unit: &'static str) -> Type {
        let name = name.to_owned();
        Type { name, command, unit, biggest: 0, biggest_key: None, count: 0, total: 0 }
    }
}

/// All types of a server without modules, in the order of the summary.
const KNOWN: &[(&str, &str, &str)] = &[
    ("list", "LLEN", "items"),
    ("hash", "HLEN", "fields"),
    ("string", "STRLEN", "bytes"),
    ("stream", "XLEN", "entries"),
    ("set", "SCARD", "members"),
    ("zset", "ZCARD", "members"),
];

/// How often the sum is told on the way.
const TELL_EVERY: u64 = 1_000_000;

struct Search {
    measure: Measure,
    types: Vec<Type>,
    sampled: u64,
    key_bytes: u64,
    keys: i64,
}

pub(super) fn run(session: &mut Session, measure: Measure) -> Result<u8> {
    let mut patience = Patience::begin();
    let mut progress = Progress::new();
    let known = KNOWN.iter().map(|(name, command, unit)| Type::new(name, Some(command), unit));
    let types = known.collect();
    let keys = count_keys(session)?;
    let mut search = Search { measure, types, sampled: 0, key_bytes: 0, keys };
    screen::print(
        "\n# Scanning the entire keyspace to find biggest keys as well as\n\
         # average sizes per key type.  You can use -i 0.1 to sleep 0.1 sec\n\
         # per 100 SCAN commands (not usually needed).\n\n",
    );
    let (mut cursor, mut steps) = (0, 0u64);
    let percent = loop {
        let percent = search.percent();
        let keys = scan_step(session, &mut cursor)?;
        steps += 1;
        progress.clear();
        search.step(session, &keys, percent)?;
        progress.show(|| format!("{percent:05.2}% of {} keys", search.keys));
        if session.options.interval_us > 0 && steps.is_multiple_of(100) {
            pause(session.options.interval_us);
        }
        if cursor == 0 || patience.is_over() {
            break percent;
        }
    };
    progress.clear();
    search.sum_up(patience.is_over().then_some(percent));
    Ok(0)
}

impl Search {
    fn percent(&self) -> f64 {
        100.0 * self.sampled as f64 / self.keys as f64
    }

    /// Looks at `keys`, all of one step of SCAN.
    fn step(&mut self, session: &mut Session, keys: &[Vec<u8>], percent: f64) -> Result<()> {
        let types = self.types_of(session, keys)?;
        let sizes = self.sizes_of(session, keys, &types)?;
        for ((key, at), size) in keys.iter().zip(types).zip(sizes) {
            // A key that vanished between two questions.
            let Some(at) = at else { continue };
            let unit = self.unit(at);
            let it = &mut self.types[at];
            it.total += size;
            it.count += 1;
            self.key_bytes += key.len() as u64;
            self.sampled += 1;
            if size > it.biggest {
                it.biggest = size;
                let key = String::from_utf8_lossy(&quote(key)).into_owned();
                screen::print(format!(
                    "[{percent:05.2}%] Biggest {:<6} found so far '{key}' with {size} {unit}\n",
                    it.name
                ));
                it.biggest_key = Some(key);
            }
            if self.sampled.is_multiple_of(TELL_EVERY) {
                let sampled = self.sampled;
                screen::print(format!("[{percent:05.2}%] Sampled {sampled} keys so far\n"));
            }
        }
        Ok(())
    }

    /// The type of each key, by its index in `types`; none for a key that is gone.
    fn types_of(&mut self, session: &mut Session, keys: &[Vec<u8>]) -> Result<Vec<Option<usize>>> {
        let requests: Vec<Vec<&[u8]>> = keys.iter().map(|key| vec![&b"TYPE"[..], key]).collect();
        let replies = session
            .ask_all(&requests)
            .or_else(|error| fail(format!("Error getting type for a key ({})", reason(&error))))?;
        let mut types = Vec::with_capacity(keys.len());
        for (reply, key) in replies.iter().zip(keys) {
            let name = match reply {
                Value::Simple(name) => String::from_utf8_lossy(name).into_owned(),
                Value::Error(text) => {
                    let text = String::from_utf8_lossy(text);
                    return fail(format!("TYPE returned an error: {text}"));
                }
                _ => {
                    let key = String::from_utf8_lossy(key);
                    return fail(format!("Invalid reply type for TYPE on key '{key}'!"));
                }
            };
            let known = self.types.iter().position(|it| it.name == name);
            types.push(match known {
                None if name == "none" => None,
                None => {
                    self.types.push(Type::new(&name, None, "?"));
                    Some(self.types.len() - 1)
                }
                at => at,
            });
        }
        Ok(types)
    }

    fn sizes_of(
        &self,
        session: &mut Session,
        keys: &[Vec<u8>],
        types: &[Option<usize>],
    ) -> Result<Vec<u64>> {
        let requests: Vec<Option<Vec<Vec<u8>>>> =
            keys.iter().zip(types).map(|(key, at)| self.question(key, (*at)?)).collect();
        let asked: Vec<Vec<Vec<u8>>> = requests.iter().flatten().cloned().collect();
        let replies = session
            .ask_all(&asked)
            .or_else(|error| fail(format!("Error getting size for a key ({})", reason(&error))))?;
        let mut replies = replies.into_iter();
        let size = |(request, key): (&Option<Vec<Vec<u8>>>, &Vec<u8>)| {
            let Some(request) = request else { return 0 };
            match replies.next() {
                Some(Value::Int(size)) => size.max(0) as u64,
                _ => {
                    // It may have got another type meanwhile.
                    let command = match self.measure {
                        Measure::Length => String::from_utf8_lossy(&request[0]).into_owned(),
                        Measure::Memory { .. } => "MEMORY USAGE".to_owned(),
                    };
                    let key = String::from_utf8_lossy(key);
                    sys::complain!("Warning:  {command} on '{key}' failed (may have changed type)");
                    0
                }
            }
        };
        Ok(requests.iter().zip(keys).map(size).collect())
    }

    /// What to ask for the size of a key; nothing where no command would tell.
    fn question(&self, key: &[u8], at: usize) -> Option<Vec<Vec<u8>>> {
        let words = |words: &[&[u8]]| words.iter().map(|word| word.to_vec()).collect();
        Some(match self.measure {
            Measure::Length => words(&[self.types[at].command?.as_bytes(), key]),
            Measure::Memory { samples: 0 } => words(&[b"MEMORY", b"USAGE", key]),
            Measure::Memory { samples } => {
                let samples = samples.to_string();
                words(&[b"MEMORY", b"USAGE", key, b"SAMPLES", samples.as_bytes()])
            }
        })
    }

    fn unit(&self, at: usize) -> &'static str {
        match self.measure {
            Measure::Length => self.types[at].unit,
            Measure::Memory { .. } => "bytes",
        }
    }

    fn sum_up(&mut self, interrupted_at: Option<f64>) {
        let Search { sampled, key_bytes, .. } = *self;
        let average =
            |sum: u64, count: u64| if count == 0 { 0.0 } else { sum as f64 / count as f64 };
        let mut text = String::from("\n-------- summary -------\n\n");
        if let Some(percent) = interrupted_at {
            text += &format!("[{percent:05.2}%] ");
        }
        text += &format!("Sampled {sampled} keys in the keyspace!\n");
        let mean = average(key_bytes, sampled);
        text += &format!("Total key length in bytes is {key_bytes} (avg len {mean:.2})\n\n");
        // compat(7.2): the order is that of a hash table which moves with the first few keys.
        match sampled {
            0 => self.types.swap(0, 1),
            1 => self.types[..3].rotate_right(1),
            _ => {}
        }
        for (at, it) in self.types.iter().enumerate() {
            let Some(key) = &it.biggest_key else { continue };
            let (name, biggest, unit) = (&it.name, it.biggest, self.unit(at));
            text += &format!("Biggest {name:>6} found '{key}' has {biggest} {unit}\n");
        }
        text.push('\n');
        for (at, it) in self.types.iter().enumerate() {
            let share = 100.0 * average(it.count, sampled);
            text += &format!(
                "{} {}s with {} {} ({share:05.2}% of keys, avg size {:.2})\n",
                it.count,
                it.name,
                it.total,
                self.unit(at),
                average(it.total, it.count)
            );
        }
        screen::print(text);
    }
}
