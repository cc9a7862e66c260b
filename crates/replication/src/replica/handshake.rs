//! How we introduce ourselves to a primary: PING, AUTH, REPLCONF, PSYNC, and what its answers mean.
//!
//! PING goes alone, since a primary that is not well answers it with an error and nothing is lost. Then everything
//! that needs no answer to go on is sent at once, and PSYNC last. Between PSYNC and its answer a primary may send
//! empty lines: it is busy preparing, and wants us to know that it is alive.

use super::link::Place;
use crate::settings::Settings;
use crate::{Offset, ReplicationId};
use std::collections::VecDeque;

/// An answer that is awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Ping,
    Auth,
    Port,
    Address,
    Capa,
    Psync,
}

/// What came of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Go on waiting. A line for the log, perhaps.
    Wait(Option<String>),
    /// Send these bytes, and go on.
    Send { note: Option<String>, bytes: Vec<u8> },
    /// All is said; it is time for PSYNC.
    Psync { note: Option<String> },
    /// Go on from where we were, under this name if there is one.
    Continue { id: Option<ReplicationId> },
    /// A snapshot follows. `place` is where the stream after it begins; none where the answer was garbled.
    Full { place: Option<Place> },
    /// The primary knows no PSYNC: ask by SYNC.
    Sync { note: Note },
    /// It does not work, for now at least.
    Fail { note: Note },
    /// The primary does not let us in, and will not before somebody does something: what that would be.
    Refused { note: String, remedy: &'static str },
}

/// What is logged, and how loud.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Note {
    Notice(String),
    Warning(String),
}

/// What to do where a primary wants a password and we have none.
const SET_MASTERAUTH: &str =
    "it wants a password; set masterauth, and masteruser unless it is that of the default user";
/// What to do where it does not take the one we have.
const CHECK_MASTERAUTH: &str = "it does not take our password; check masterauth and masteruser";
/// What to do where our user may not do what a replica has to.
const ALLOW_REPLICATION: &str =
    "our user there may not replicate; give it +ping +replconf +psync, or set masteruser";

/// The answers that are still to come, in order.
#[derive(Debug)]
pub(super) struct Handshake {
    awaited: VecDeque<Step>,
}

/// A request in RESP.
pub(super) fn request(words: &[&[u8]]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        bytes.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
        bytes.extend_from_slice(word);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}

/// PSYNC, for what we have.
pub(super) fn psync(place: Option<Place>, failover: bool) -> Vec<u8> {
    let (id, first_byte) = match place {
        Some(place) => (place.id.to_string(), place.offset.next_byte().to_string()),
        None => ("?".to_string(), "-1".to_string()),
    };
    let mut words: Vec<&[u8]> = vec![b"PSYNC", id.as_bytes(), first_byte.as_bytes()];
    if failover {
        words.push(b"FAILOVER");
    }
    request(&words)
}

impl Handshake {
    /// Begins; the bytes to send.
    pub(super) fn begin() -> (Handshake, Vec<u8>) {
        (Handshake { awaited: VecDeque::from([Step::Ping]) }, request(&[b"PING"]))
    }

    /// Waits for the answer to PSYNC.
    pub(super) fn await_psync(&mut self) {
        self.awaited.push_back(Step::Psync);
    }

    /// True while the answer to PSYNC is awaited.
    pub(super) fn awaits_psync(&self) -> bool {
        self.awaited.front() == Some(&Step::Psync)
    }

    /// Takes in an answer.
    pub(super) fn answer(&mut self, line: &str, settings: &Settings) -> Outcome {
        let step = *self.awaited.front().expect("a handshake waits for something");
        if step == Step::Psync {
            if line.is_empty() {
                return Outcome::Wait(None);
            }
            self.awaited.pop_front();
            return answer_to_psync(line);
        }
        self.awaited.pop_front();
        let refused = line.starts_with('-');
        let note = match step {
            Step::Ping => return self.answer_to_ping(line, settings),
            Step::Auth if refused => {
                let note = format!("Unable to AUTH to MASTER: {line}");
                return Outcome::Refused { note, remedy: CHECK_MASTERAUTH };
            }
            Step::Port if refused => Some("listening-port"),
            Step::Address if refused => Some("ip-address"),
            Step::Capa if refused => Some("capa"),
            _ => None,
        };
        // A primary older than the option does without it.
        let note = note.map(|option| {
            format!("(Non critical) Master does not understand REPLCONF {option}: {line}")
        });
        if self.awaited.is_empty() { Outcome::Psync { note } } else { Outcome::Wait(note) }
    }

    fn answer_to_ping(&mut self, line: &str, settings: &Settings) -> Outcome {
        // A primary that wants a password first is well, too; old ones said so in other words.
        let well = ["+", "-NOAUTH", "-NOPERM", "-ERR operation not permitted"]
            .iter()
            .any(|start| line.starts_with(start));
        if !well {
            let text = format!("Error reply to PING from master: '{line}'");
            return Outcome::Fail { note: Note::Warning(text) };
        }
        let wants_password = line.starts_with("-NOAUTH") || line.starts_with("-ERR operation");
        if wants_password && settings.master_auth.is_empty() {
            let note = format!("Error reply to PING from master: '{line}'");
            return Outcome::Refused { note, remedy: SET_MASTERAUTH };
        }
        let mut bytes = Vec::new();
        if !settings.master_auth.is_empty() {
            let mut words: Vec<&[u8]> = vec![b"AUTH"];
            if !settings.master_user.is_empty() {
                words.push(&settings.master_user);
            }
            words.push(&settings.master_auth);
            bytes.extend(request(&words));
            self.awaited.push_back(Step::Auth);
        }
        let port = settings.announce_port.to_string();
        bytes.extend(request(&[b"REPLCONF", b"listening-port", port.as_bytes()]));
        self.awaited.push_back(Step::Port);
        if !settings.announce_ip.is_empty() {
            let ip = settings.announce_ip.as_bytes();
            bytes.extend(request(&[b"REPLCONF", b"ip-address", ip]));
            self.awaited.push_back(Step::Address);
        }
        bytes.extend(request(&[b"REPLCONF", b"capa", b"eof", b"capa", b"psync2"]));
        self.awaited.push_back(Step::Capa);
        let note = "Master replied to PING, replication can continue...".to_string();
        Outcome::Send { note: Some(note), bytes }
    }
}

fn answer_to_psync(line: &str) -> Outcome {
    if let Some(rest) = line.strip_prefix("+FULLRESYNC") {
        let mut parts = rest.split_ascii_whitespace();
        let id = parts.next().and_then(|id| ReplicationId::parse(id.as_bytes()));
        let offset = parts.next().and_then(|offset| offset.parse().ok());
        let offset = offset.and_then(Offset::told);
        let place = id.zip(offset).map(|(id, offset)| Place { id, offset });
        return Outcome::Full { place };
    }
    if let Some(rest) = line.strip_prefix("+CONTINUE") {
        return Outcome::Continue { id: ReplicationId::parse(rest.trim().as_bytes()) };
    }
    if line.starts_with("-NOMASTERLINK") || line.starts_with("-LOADING") {
        let text =
            format!("Master is currently unable to PSYNC but should be in the future: {line}");
        return Outcome::Fail { note: Note::Notice(text) };
    }
    let refusals = [("-NOAUTH", SET_MASTERAUTH), ("-NOPERM", ALLOW_REPLICATION)];
    if let Some((_, remedy)) = refusals.iter().find(|(start, _)| line.starts_with(start)) {
        let note = format!("Unexpected reply to PSYNC from master: {line}");
        return Outcome::Refused { note, remedy };
    }
    if line.starts_with("-ERR") {
        let text = format!("Master does not support PSYNC or is in error state (reply: {line})");
        Outcome::Sync { note: Note::Notice(text) }
    } else {
        let text = format!("Unexpected reply to PSYNC from master: {line}");
        Outcome::Sync { note: Note::Warning(text) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays a conversation: `<` is said to us, `>` is what we say, without its framing.
    fn talk(settings: &Settings, lines: &[&str]) -> String {
        let (mut handshake, bytes) = Handshake::begin();
        let mut said = show(&bytes);
        for line in lines {
            match handshake.answer(line, settings) {
                Outcome::Wait(_) => {}
                Outcome::Send { bytes, .. } => said += &show(&bytes),
                Outcome::Psync { .. } => {
                    said += "PSYNC;";
                    handshake.await_psync();
                }
                other => return said + &format!("{other:?}"),
            }
        }
        said
    }

    fn show(bytes: &[u8]) -> String {
        String::from_utf8_lossy(bytes)
            .split("\r\n")
            .filter(|word| !word.starts_with('$') && !word.is_empty())
            .map(|word| if word.starts_with('*') { ";".into() } else { format!(" {word}") })
            .collect::<String>()
            .trim_start_matches(';')
            .to_string()
            + ";"
    }

    #[test]
    fn a_primary_without_a_password() {
        let got = talk(&Settings::default(), &["+PONG", "+OK", "+OK", "", "+CONTINUE"]);
        assert_eq!(
            got,
            " PING; REPLCONF listening-port 6379; REPLCONF capa eof capa psync2;PSYNC;\
             Continue { id: None }"
        );
    }

    #[test]
    fn user_password_and_address_are_given() {
        let settings = Settings {
            master_user: b"repl".to_vec(),
            master_auth: b"secret".to_vec(),
            announce_ip: "10.0.0.9".into(),
            announce_port: 7000,
            ..Settings::default()
        };
        let got = talk(&settings, &["-NOAUTH Authentication required.", "+OK", "-ERR what?"]);
        assert_eq!(
            got,
            " PING; AUTH repl secret; REPLCONF listening-port 7000; REPLCONF ip-address 10.0.0.9; \
             REPLCONF capa eof capa psync2;"
        );
        assert!(talk(&settings, &["+PONG", "-WRONGPASS no"]).contains("Unable to AUTH to MASTER"));
    }

    #[test]
    fn what_the_answers_mean() {
        let id = "0123456789abcdef0123456789abcdef01234567";
        for (line, want) in [
            (
                format!("+FULLRESYNC {id} 77"),
                "Full { place: Some(Place { id: 0123456789abcdef0123456789abcdef01234567, offset: Offset(77) }) }",
            ),
            ("+FULLRESYNC what".into(), "Full { place: None }"),
            (format!("+FULLRESYNC {id} 18446744073709551615"), "Full { place: None }"),
            (format!("+FULLRESYNC {id} 9223372036854775807"), "Full { place: None }"),
            (format!("+FULLRESYNC {id} -1"), "Full { place: None }"),
            ("-NOMASTERLINK Can't SYNC".into(), "Fail"),
            ("-LOADING Redis is loading".into(), "Fail"),
            ("-ERR unknown command 'PSYNC'".into(), "Sync { note: Notice"),
            ("-MASTERDOWN no".into(), "Sync { note: Warning"),
            ("-NOAUTH Authentication required.".into(), "set masterauth"),
            ("-NOPERM no permissions".into(), "+psync"),
        ] {
            let got = talk(&Settings::default(), &["+PONG", "+OK", "+OK", &line]);
            assert!(got.contains(want), "{line}: {got}");
        }
        let got = talk(&Settings::default(), &["-NOAUTH Authentication required."]);
        assert!(got.starts_with(" PING;Refused") && got.contains("set masterauth"), "{got}");
        let got = talk(&Settings::default(), &["-LOADING Redis is loading the dataset in memory"]);
        assert!(got.contains("Error reply to PING from master"), "{got}");
    }
}
