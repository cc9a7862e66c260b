//! Plays transcripts: conversations with the data commands, as `redis-cli` would show them.
//!
//! ```text
//! > SET k v               a request, its words as in redis-cli, and below it the reply
//! OK
//! ~ 1500 ms               the clock moves
//! # a remark
//! @ propagated            from here on: what replicas are told, as "=> DEL k"
//! @ events                from here on: keyspace events as "! $ set k", and keys that somebody may wait for
//! @ dirty                 from here on: how many changes were counted, where there are any, as "+2"
//! @ waiting               from here on: commands may wait ("(parked on q)") instead of timing out at once
//! > SELECT 1              understood here, and HELLO 2 and HELLO 3 too
//! ```
//!
//! A test is one call, `check(expect![[r#"…"#]])`, or [`Player`] where settings matter. With `UPDATE_EXPECT=1` the
//! replies are written into the source.

use command::{Args, Error, Flow, Owned, Propagation, Proto, Writer};
use expect_test::Expect;
use resp::ReplyParser;
use stdx::{Instant, Now, Prng, WallTime};
use store::{Change, EventClass, EventClasses, Expiry, Keyspace, Settings, Thresholds};

use crate::{DataCommand, DataCx, Lazy, Parking};

/// The calendar's time when a transcript begins, in Unix milliseconds.
pub(crate) const START_MS: u64 = 1_700_000_000_000;

/// Plays a transcript with default settings, and compares.
pub(crate) fn check(expect: Expect) {
    Player::new(Settings::default()).check(expect);
}

/// Plays a transcript with collections packed, with everything else on the way, and with none packed; the answers
/// must not tell the difference.
pub(crate) fn check_encodings(expect: Expect) {
    for small in [2, 0] {
        let mut settings = Settings::default();
        settings.thresholds = Thresholds {
            list_max_listpack_size: small.max(1) as i64,
            set_max_intset_entries: small,
            set_max_listpack_entries: small,
            hash_max_listpack_entries: small,
            zset_max_listpack_entries: small,
            ..settings.thresholds
        };
        let played = Player::new(settings).play(expect.data());
        let packed = Player::new(Settings::default()).play(expect.data());
        assert_eq!(played, packed, "with at most {small} elements packed");
    }
    check(expect);
}

/// A keyspace, and the one session that talks to it.
pub(crate) struct Player {
    pub(crate) keyspace: Keyspace,
    pub(crate) lazy: Lazy,
    pub(crate) bulk_len_max: usize,
    now: Now,
    prng: Prng,
    db: usize,
    proto: Proto,
    waiting: bool,
    show_propagated: bool,
    show_events: bool,
    show_dirty: bool,
}

impl Player {
    pub(crate) fn new(settings: Settings) -> Player {
        let mut keyspace = Keyspace::new(settings, 1);
        keyspace.observers.watching = true;
        keyspace.observers.waiting = true;
        keyspace.observers.events = EventClasses::parse(b"KEAnm").expect("known letters");
        Player {
            keyspace,
            lazy: Lazy::default(),
            bulk_len_max: 512 << 20,
            now: Now { instant: Instant(1_000_000), wall: WallTime::from_ms(START_MS) },
            prng: Prng::new(1),
            db: 0,
            proto: Proto::Resp2,
            waiting: false,
            show_propagated: false,
            show_events: false,
            show_dirty: false,
        }
    }

    /// Plays the requests of a transcript and compares the answers with those in it.
    pub(crate) fn check(&mut self, expect: Expect) {
        let played = self.play(expect.data());
        expect.assert_eq(&played);
    }

    /// Plays the requests of a transcript, whatever answers it has, and gives it back with the true ones.
    pub(crate) fn play(&mut self, transcript: &str) -> String {
        let mut played = String::new();
        for line in transcript.lines().map(str::trim) {
            let (mark, rest) = line.split_once(' ').unwrap_or((line, ""));
            match mark {
                ">" => {
                    played.push_str(line);
                    played.push('\n');
                    played.push_str(&self.request(split(rest)));
                    continue;
                }
                "~" => {
                    let ms = rest.trim_end_matches(" ms").parse().expect("`~ <number> ms`");
                    self.now.instant = self.now.instant.after_ms(ms);
                    self.now.wall = WallTime::from_ms(self.now.wall.ms() + ms);
                }
                "@" => match rest {
                    "propagated" => self.show_propagated = true,
                    "events" => self.show_events = true,
                    "dirty" => self.show_dirty = true,
                    "waiting" => self.waiting = true,
                    other => panic!("`@ {other}` is no directive"),
                },
                "#" => {}
                _ => continue,
            }
            played.push_str(line);
            played.push('\n');
        }
        played
    }

    /// Runs one request: the lines of its reply, then those of its effects as far as they are shown.
    pub(crate) fn request<T: AsRef<[u8]>>(&mut self, words: impl IntoIterator<Item = T>) -> String {
        let request = Owned::new(words);
        let name = String::from_utf8_lossy(&request.words()[0]).to_lowercase();
        let operand = request.words().get(1).unwrap_or_default().to_vec();
        match (name.as_str(), operand.as_slice()) {
            ("select", index) => {
                self.db = stdx::integer::parse_u64(index).expect("a database's number") as usize;
                return "OK\n".into();
            }
            ("hello", b"2") => self.proto = Proto::Resp2,
            ("hello", b"3") => self.proto = Proto::Resp3,
            _ => return self.run(&request),
        }
        "OK\n".into()
    }

    fn run(&mut self, request: &Owned) -> String {
        let mut out = Vec::new();
        let mut propagation = Propagation::default();
        let mut parking = Parking { allowed: self.waiting, wait: None };
        self.keyspace.begin(self.now, Expiry::Delete);
        let dirty = self.keyspace.dirty;
        let outcome = find(request).and_then(|(command, skip)| {
            let mut cx = DataCx {
                db: self.keyspace.db(self.db),
                reply: Writer::new(&mut out, self.proto),
                now: self.now,
                prng: &mut self.prng,
                propagation: &mut propagation,
                parking: &mut parking,
                bulk_len_max: self.bulk_len_max,
                reply_len_max: 1 << 20,
                reads_any_key: true,
                is_script: false,
                lazy: self.lazy,
            };
            (command.run)(&mut cx, Args::new(request.words(), skip))
        });
        let mut shown = String::new();
        match outcome {
            Ok(Flow::Done) => {
                let mut parser = ReplyParser::default();
                parser.feed(&out);
                while let Some(reply) = parser.next().expect("handlers write replies") {
                    shown.push_str(&format!("{reply}\n"));
                }
            }
            Ok(Flow::Cut) => shown.push_str("(cut)\n"),
            Ok(Flow::Parked) => {
                let wait = parking.wait.take().expect("a parked command says what it waits for");
                let keys: Vec<_> =
                    wait.keys.iter().map(|key| String::from_utf8_lossy(key)).collect();
                shown.push_str(&format!("(parked on {})\n", keys.join(" ")));
            }
            Err(error) => {
                assert!(!error.text().is_empty());
                shown.push_str(&format!("(error) {}\n", String::from_utf8_lossy(error.text())));
            }
        }
        let dirty = self.keyspace.dirty - dirty;
        shown.push_str(&self.effects(request, dirty, &mut propagation));
        shown
    }

    fn effects(&mut self, request: &Owned, dirty: u64, propagation: &mut Propagation) -> String {
        let mut shown = String::new();
        let changes = std::mem::take(&mut self.keyspace.changes);
        if self.show_events {
            for change in &changes {
                match change {
                    Change::Event { db, class, name, key } => {
                        let db = if *db == self.db { String::new() } else { format!(" @{db}") };
                        let letter = letter(*class);
                        shown.push_str(&format!("! {letter} {name} {}{db}\n", key.escape_ascii()));
                    }
                    Change::Ready { key, .. } => {
                        shown.push_str(&format!("! ready {}\n", key.escape_ascii()));
                    }
                    _ => {}
                }
            }
        }
        if self.show_propagated {
            for change in &changes {
                match change {
                    Change::Expired { key, .. } | Change::Evicted { key, .. } => {
                        shown.push_str(&format!("=> DEL {}\n", key.escape_ascii()));
                    }
                    Change::FieldsExpired { key, fields, .. } => {
                        let words = std::iter::once(key).chain(fields).map(|word| quote(word));
                        shown.push_str(&format!(
                            "=> HDEL {}\n",
                            words.collect::<Vec<_>>().join(" ")
                        ));
                    }
                    _ => {}
                }
            }
            let (own, others) = propagation.take();
            for words in (own && dirty > 0).then_some(request).into_iter().chain(&others) {
                let words: Vec<_> = words.words().iter().map(quote).collect();
                shown.push_str(&format!("=> {}\n", words.join(" ")));
            }
        }
        if self.show_dirty && dirty > 0 {
            shown.push_str(&format!("+{dirty}\n"));
        }
        shown
    }
}

/// The row that a request asks for, and how many words name it.
fn find(request: &Owned) -> Result<(&'static DataCommand, usize), Error> {
    let words = request.words();
    let command = crate::all()
        .find(|command| words[0].eq_ignore_ascii_case(command.spec.name.as_bytes()))
        .ok_or_else(|| Error::new(format!("ERR unknown command '{}'", words[0].escape_ascii())))?;
    let sub = words.get(1).and_then(|name| command.subcommand(name));
    let (row, name) = match sub {
        Some(sub) => (sub, format!("{}|{}", command.spec.name, sub.spec.name)),
        None => (command, command.spec.name.to_string()),
    };
    if !row.spec.arity.accepts(words.len()) {
        return Err(Error::arity(&name));
    }
    Ok((row, 1 + usize::from(sub.is_some())))
}

fn letter(class: EventClass) -> char {
    let classes = b"g$lshzxetmdn".iter().map(|byte| char::from(*byte));
    let known = |c: &char| {
        EventClasses::parse(c.to_string().as_bytes()).is_some_and(|classes| classes.has(class))
    };
    classes.into_iter().find(known).unwrap_or('?')
}

fn quote(word: &[u8]) -> String {
    let plain = !word.is_empty() && word.iter().all(|b| b.is_ascii_graphic() && *b != b'"');
    if plain { word.escape_ascii().to_string() } else { format!("\"{}\"", word.escape_ascii()) }
}

/// The words of a line: separated by blanks, or in quotes, with `\n`, `\xff` and their like in double ones.
fn split(line: &str) -> Vec<Vec<u8>> {
    let mut words = Vec::new();
    let mut rest = line.trim().bytes().peekable();
    while let Some(first) = rest.next() {
        let mut word = Vec::new();
        match first {
            b' ' => continue,
            b'\'' => word.extend(rest.by_ref().take_while(|byte| *byte != b'\'')),
            b'"' => loop {
                match rest.next().expect("a closing quote") {
                    b'"' => break,
                    b'\\' => word.push(match rest.next().expect("an escaped byte") {
                        b'n' => b'\n',
                        b'r' => b'\r',
                        b't' => b'\t',
                        b'x' => {
                            let digits: Vec<u8> = rest.by_ref().take(2).collect();
                            let digits = String::from_utf8(digits).expect("two digits");
                            u8::from_str_radix(&digits, 16).expect("two hexadecimal digits")
                        }
                        byte => byte,
                    }),
                    byte => word.push(byte),
                }
            },
            byte => {
                word.push(byte);
                while let Some(byte) = rest.next_if(|byte| *byte != b' ') {
                    word.push(byte);
                }
            }
        }
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_in_redis_cli() {
        assert_eq!(
            split(r#"SET  k "a b\x00\n" '' 'x "y"'"#),
            [
                b"SET".to_vec(),
                b"k".to_vec(),
                b"a b\0\n".to_vec(),
                b"".to_vec(),
                b"x \"y\"".to_vec(),
            ]
        );
    }
}
