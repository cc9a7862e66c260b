//! What sessions that track are told, in a made-up world.

use crate::check::Player;
use std::collections::BTreeMap;
use stdx::Prng;

#[test]
fn keys_readers_and_prefixes_are_counted() {
    let mut player = Player::new(&[("tracking-table-max-keys", "3")]);
    let counts = |player: &Player| player.node.tracking.counts();
    for words in ["CLIENT TRACKING on", "MGET a b c"] {
        player.request("", words);
        player.request("b", words);
    }
    assert_eq!(counts(&player), (3, 6, 0));
    player.request("", "SET a 1");
    assert_eq!(counts(&player), (2, 4, 0));
    player.request("c", "CLIENT TRACKING on BCAST PREFIX x PREFIX y");
    player.request("", "MGET a d e f");
    assert_eq!(counts(&player).0, 3);
    assert_eq!((counts(&player).2, player.node.tracking.clients()), (2, 3));
    assert!(player.node.tracking.memory() > 0);
    // Who leaves is not looked for in the table, unless it was the last.
    player.hang_up("b");
    player.request("c", "RESET");
    assert_eq!((counts(&player).2, player.node.tracking.clients()), (0, 1));
    player.request("", "CLIENT TRACKING off");
    assert_eq!(counts(&player), (0, 0, 0));
    assert!(!player.node.keyspace.observers.watching);
    player.request("", "WATCH k");
    player.request("", "CLIENT TRACKING on");
    player.request("", "CLIENT TRACKING off");
    assert!(player.node.keyspace.observers.watching);
}

#[test]
fn too_many_keys_are_forgotten_step_by_step() {
    let mut player = Player::new(&[]);
    player.request("", "CLIENT TRACKING on");
    for n in 0..5000 {
        player.request("", &format!("GET key:{n}"));
    }
    player.request("", "DEBUG PAUSE-CRON 1");
    player.request("b", "CONFIG SET tracking-table-max-keys 10");
    assert_eq!(player.node.tracking.counts().0, 4900);
    player.request("", "DEBUG PAUSE-CRON 0");
    player.pass(500);
    assert!(player.node.tracking.counts().0 > 2000);
    player.pass(1000);
    assert_eq!(player.node.tracking.counts().0, 10);
}

#[test]
fn what_gives_way_to_a_command_is_told_before_its_reply() {
    let mut player = Player::new(&[("maxmemory-policy", "volatile-random")]);
    player.node.senses.memory = |rough| rough();
    for words in ["HELLO 3", "CLIENT TRACKING on", "SET goes v EX 1000", "GET goes"] {
        player.request("", words);
    }
    let room = player.node.used_memory();
    player.request("", &format!("CONFIG SET maxmemory {room}"));
    assert_eq!(player.request("", "SET stays v"), "OK\n");
    let heard = player.request("", "GET stays");
    assert_eq!(heard, "1> \"invalidate\"\n2> 1) \"goes\"\n\"v\"\n");
    // A silent session hears it all the same.
    player.request("", "CONFIG SET maxmemory 0");
    player.request("", "SET goes v EX 1000");
    player.request("", "GET goes");
    player.request("", &format!("CONFIG SET maxmemory {}", player.node.used_memory()));
    assert_eq!(player.request("", "CLIENT REPLY OFF"), "");
    assert_eq!(player.request("other", "SET more v"), "OK\n");
    assert_eq!(player.request("", "PING"), "1> \"invalidate\"\n2> 1) \"goes\"\n");
}

#[test]
fn a_broken_redirection_is_found_even_where_its_number_is_used_again() {
    let mut player = Player::new(&[]);
    player.request("", "HELLO 3");
    player.request("other", "HELLO 3");
    assert_eq!(player.request("", "CLIENT TRACKING on REDIRECT 2"), "OK\n");
    player.request("", "GET k");
    player.hang_up("other");
    let heard = player.request("writer", "SET k 1");
    assert!(heard.contains("tracking-redir-broken"), "{heard}");
}
/// Sessions that keep what they have read until they are told that it has changed.
struct Caches {
    player: Player,
    /// By session, database and key: what was read, as it is shown.
    kept: BTreeMap<(&'static str, usize, String), String>,
    /// What was said, for the message of a failure.
    said: Vec<String>,
    compared: usize,
}

const SESSIONS: [(&str, &str); 5] = [
    ("reads", "CLIENT TRACKING on"),
    ("quiet", "CLIENT TRACKING on NOLOOP"),
    ("optout", "CLIENT TRACKING on OPTOUT"),
    ("bcast", "CLIENT TRACKING on BCAST"),
    ("prefix", "CLIENT TRACKING on BCAST NOLOOP PREFIX k"),
];

impl Caches {
    fn new(parameters: &[(&str, &str)]) -> Caches {
        let mut player = Player::new(parameters);
        player.node.senses.memory = |rough| rough();
        for (name, tracks) in SESSIONS {
            player.request(name, "HELLO 3");
            player.request(name, tracks);
        }
        Caches { player, kept: BTreeMap::new(), said: Vec::new(), compared: 0 }
    }

    /// A request, and what everybody makes of what is heard; the reply.
    fn ask(&mut self, name: &'static str, request: &str) -> String {
        let heard = self.player.request(name, request);
        if name != "oracle" {
            self.said.push(format!("{name}> {request}"));
        }
        self.hear(name, &heard)
    }

    /// Forgets what sessions are told of; what else was heard by `asker`.
    fn hear(&mut self, asker: &'static str, heard: &str) -> String {
        let mut reply = String::new();
        let mut of = None;
        for line in heard.lines() {
            let named = SESSIONS.iter().map(|it| it.0).find(|name| {
                line.strip_prefix(name).is_some_and(|rest| rest.starts_with(": 1> \"invalidate\""))
            });
            if line.starts_with("1> \"invalidate\"") || named.is_some() {
                of = named.or(Some(asker));
                continue;
            }
            // Keys are listed below, however far to the right, in quotes; all of them are gone where there is none.
            let key = line.trim_start().trim_start_matches("2> ").split_once(") \"");
            match (of, key) {
                (Some(of), Some((_, key))) => {
                    let key = key.trim_end_matches('"');
                    self.kept.retain(|(name, _, kept), _| *name != of || kept != key);
                }
                (Some(of), None) if line.trim_start() == "2> (nil)" => {
                    self.kept.retain(|(name, ..), _| *name != of);
                }
                _ => {
                    of = None;
                    reply += line;
                    reply.push('\n');
                }
            }
        }
        reply
    }

    /// Reads a key as a session that keeps it.
    fn read(&mut self, name: &'static str, db: usize, key: &str) {
        self.ask(name, &format!("SELECT {db}"));
        // It may be told at once that this is forgotten.
        self.kept.insert((name, db, key.to_owned()), String::new());
        let value = self.ask(name, &format!("GET {key}"));
        if let Some(kept) = self.kept.get_mut(&(name, db, key.to_owned())) {
            *kept = value;
        }
    }

    /// Nobody keeps anything that is not so.
    fn check(&mut self) {
        let all: Vec<_> = self.kept.keys().cloned().collect();
        for (name, db, key) in all {
            // Reading may find the key expired, and any command evicts; both are told like all else.
            self.ask("oracle", &format!("SELECT {db}"));
            let now = self.ask("oracle", &format!("GET {key}"));
            if let Some(kept) = self.kept.get(&(name, db, key.clone())) {
                self.compared += 1;
                let said = self.said[self.said.len().saturating_sub(30)..].join("\n");
                assert_eq!(*kept, now, "{name} keeps {key} of {db}, after\n{said}");
            }
        }
    }
}

#[test]
fn nobody_keeps_what_has_changed() {
    for seed in 0..6 {
        let mut prng = Prng::new(seed);
        let mut caches = Caches::new(&[("maxmemory-policy", "allkeys-random")]);
        for _ in 0..600 {
            let (name, _) = SESSIONS[prng.below(SESSIONS.len() as u64) as usize];
            let writer = if prng.chance(1, 2) { "writer" } else { name };
            let db = prng.below(2) as usize;
            let mut key = || format!("k{}", prng.below(5));
            let (one, two) = (key(), key());
            // What a session that does not hear of itself changes, it forgets by itself.
            let own = |caches: &mut Caches, keys: &[&str]| {
                caches.kept.retain(|(it, _, key), _| *it != writer || !keys.contains(&&**key));
            };
            match prng.below(28) {
                0..10 => caches.read(name, db, &one),
                10 => {
                    caches.ask(writer, &format!("SET {one} v PX {}", 1 + prng.below(100)));
                    own(&mut caches, &[&one]);
                }
                11 => {
                    caches.ask(writer, &format!("SELECT {db}"));
                    caches.ask(writer, &format!("INCR {one}"));
                    own(&mut caches, &[&one]);
                }
                12 => {
                    caches.ask(writer, &format!("RENAME {one} {two}"));
                    own(&mut caches, &[&one, &two]);
                }
                13 => {
                    caches.ask(writer, &format!("MOVE {one} {db}"));
                    own(&mut caches, &[&one]);
                }
                14 => {
                    caches.ask(writer, &format!("COPY {one} {two} REPLACE"));
                    own(&mut caches, &[&two]);
                }
                15 => {
                    for words in ["MULTI", &format!("DEL {one}"), &format!("GET {two}")] {
                        caches.ask(writer, words);
                    }
                    caches.ask(writer, &format!("SET {two} {}", prng.below(100)));
                    caches.ask(writer, "EXEC");
                    own(&mut caches, &[&one, &two]);
                }
                16 => drop(caches.ask("writer", "SWAPDB 0 1")),
                17 => drop(caches.ask(writer, "FLUSHDB")),
                18 => drop(caches.ask(writer, "DEBUG RELOAD")),
                19 => {
                    let max = [0, 2, 4][prng.below(3) as usize];
                    caches.ask(writer, &format!("CONFIG SET tracking-table-max-keys {max}"));
                }
                20 => {
                    let max = [0, 150, 350][prng.below(3) as usize];
                    caches.ask(writer, &format!("CONFIG SET maxmemory {max}"));
                }
                21 => drop(caches.ask(writer, &format!("DEBUG SET-ACTIVE-EXPIRE {db}"))),
                22 => {
                    caches.ask(writer, &format!("RPUSH {one} x y"));
                    own(&mut caches, &[&one]);
                }
                23 => drop(caches.ask("waiter", &format!("BLMOVE {one} {two} LEFT RIGHT 0"))),
                24 => {
                    let script = "redis.call('get', KEYS[2]) return redis.call('set', KEYS[1], 1)";
                    caches.ask(writer, &format!("EVAL \"{script}\" 2 {one} {two}"));
                    own(&mut caches, &[&one]);
                }
                _ => {
                    caches.said.push("~".to_owned());
                    caches.player.pass(prng.below(150));
                    caches.ask("oracle", "PING");
                }
            }
            caches.check();
        }
        assert!(caches.compared > 500, "{} comparisons", caches.compared);
    }
}

#[test]
fn whoever_is_told_too_much_is_gone_in_the_next_turn() {
    let mut player = Player::new(&[("maxmemory-clients", "1mb")]);
    player.request("listens", "HELLO 3");
    player.request("listens", "CLIENT TRACKING on BCAST");
    let script = "for n = 1, 8 do redis.call('incr', n .. string.rep('k', 200000)) end";
    let heard = player.request("", &format!("EVAL \"{script}\" 0"));
    assert_eq!(heard, "(nil)\nlistens: (closed)\n");
    assert!(!player.request("", "CLIENT LIST").contains("flags=tB"));
}
