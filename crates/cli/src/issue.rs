//! A command: sent as often as asked, its replies printed, what it changes at our side noted.

use client::Value;

use crate::connect::Manner;
use crate::exit::{Exit, Result};
use crate::number;
use crate::session::{Pushes, Read, Redirect, Session};

/// Commands whose text is meant to be read as it is, whatever the layout: the words it begins with, and how many words
/// there must be: `Some` for exactly so many.
const AS_MEANT: &[(&[&str], Option<usize>)] = &[
    (&["info"], None),
    (&["lolwut"], None),
    (&["debug", "htstats"], None),
    (&["debug", "htstats-key"], None),
    (&["debug", "client-eviction"], None),
    (&["memory", "malloc-stats"], None),
    (&["memory", "doctor"], None),
    (&["cluster", "nodes"], Some(2)),
    (&["cluster", "info"], Some(2)),
    (&["client", "list"], None),
    (&["client", "info"], None),
    (&["latency", "graph"], Some(3)),
    (&["latency", "doctor"], Some(2)),
    (&["proxy", "info"], None),
];

fn is_as_meant(words: &[Vec<u8>]) -> bool {
    AS_MEANT.iter().any(|(names, count)| {
        count.is_none_or(|count| count == words.len())
            && names.len() <= words.len()
            && names.iter().zip(words).all(|(name, word)| is(word, name))
    })
}

/// True if `word` is `name` in any case.
pub(crate) fn is(word: &[u8], name: &str) -> bool {
    word.eq_ignore_ascii_case(name.as_bytes())
}

/// What a command waits for beyond one reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Plain,
    Monitor,
    /// One confirmation for each channel.
    Subscribe,
    Unsubscribe,
    /// After this the connection carries the stream of a replica.
    Sync,
}

impl Kind {
    fn of(command: &[u8]) -> Kind {
        let is_any = |names: &[&str]| names.iter().any(|name| is(command, name));
        if is(command, "monitor") {
            Kind::Monitor
        } else if is_any(&["subscribe", "psubscribe", "ssubscribe"]) {
            Kind::Subscribe
        } else if is_any(&["unsubscribe", "punsubscribe", "sunsubscribe"]) {
            Kind::Unsubscribe
        } else if is_any(&["sync", "psync"]) {
            Kind::Sync
        } else {
            Kind::Plain
        }
    }

    fn is_subscription(self) -> bool {
        matches!(self, Kind::Subscribe | Kind::Unsubscribe)
    }
}

impl Session {
    /// Sends a command `repeat` times (negative: for ever), reconnecting first where that is needed. False if there
    /// was no way to an answer; an error reply is an answer.
    pub(crate) fn issue(&mut self, words: &[Vec<u8>], repeat: i64) -> Result<bool> {
        loop {
            if self.link.is_none() || self.redirect.is_some() {
                let redirect = self.redirect;
                if !self.reconnect()? {
                    self.redirect = None;
                    return Ok(false);
                }
                self.redirect = None;
                if redirect == Some(Redirect::Ask) && !self.announce() {
                    return Ok(false);
                }
            }
            if let Read::Lost(reason) = self.send(words, repeat)? {
                if let Some(reason) = reason {
                    sys::complain!("Error: {reason}");
                }
                self.link = None;
                return Ok(false);
            }
            if self.redirect.is_none() {
                return Ok(true);
            }
        }
    }

    fn send(&mut self, words: &[Vec<u8>], mut repeat: i64) -> Result<Read> {
        let command = &words[0];
        let kind = Kind::of(command);
        let is_as_meant = is_as_meant(words);
        self.is_shutting_down |= is(command, "shutdown");
        self.is_monitoring |= kind == Kind::Monitor;
        self.note_debugging(words);
        while repeat != 0 {
            repeat = if repeat < 0 { repeat } else { repeat - 1 };
            let sent = self.link.as_mut().map(|link| link.send(words));
            if let Some(Err(error)) = sent
                && self.is_interactive
            {
                return Ok(Read::Lost(Some(crate::session::reason(&error))));
            }
            let read = match kind {
                Kind::Monitor => return self.monitor(is_as_meant),
                Kind::Sync => {
                    crate::screen::print(
                        "Entering replica output mode...  (press Ctrl-C to quit)\n",
                    );
                    self.be_replica(crate::modes::Request::Sent)?;
                    return Ok(Read::Lost(None));
                }
                _ => self.read_replies(words, kind, is_as_meant)?,
            };
            if read != Read::Done {
                return Ok(read);
            }
            self.note(words, kind);
            if self.redirect.is_some() {
                break;
            }
            if self.options.interval_us > 0 {
                crate::modes::pause(self.options.interval_us);
            }
        }
        Ok(Read::Done)
    }

    /// Prints what others do until Ctrl-C.
    fn monitor(&mut self, is_as_meant: bool) -> Result<Read> {
        while self.is_monitoring {
            if let Read::Lost(reason) = self.read_reply(is_as_meant)? {
                if let Some(reason) = reason {
                    sys::complain!("Error: {reason}");
                }
                return Err(Exit(1));
            }
            if matches!(self.last, Some(Value::Error(_))) {
                self.is_monitoring = false;
            }
        }
        Ok(Read::Done)
    }

    /// Reads up to the reply of this command: messages of subscriptions may come before it, and subscriptions are
    /// confirmed once for each channel.
    fn read_replies(&mut self, words: &[Vec<u8>], kind: Kind, is_as_meant: bool) -> Result<Read> {
        let mut confirmations = 0;
        if kind.is_subscription() {
            confirmations = (words.len() - 1).max(1);
            self.pushes = Pushes::Deliver;
        }
        loop {
            let read = self.read_reply(is_as_meant)?;
            if read != Read::Done || self.last.is_none() {
                return Ok(read);
            }
            if !self.is_subscribed && confirmations == 0 {
                return Ok(Read::Done);
            }
            match self.message_kind() {
                Some(name) if confirmations > 0 && name.eq_ignore_ascii_case(&words[0]) => {
                    if kind == Kind::Subscribe {
                        self.is_subscribed = true;
                    }
                    confirmations -= 1;
                    if confirmations == 0 {
                        return Ok(Read::Done);
                    }
                }
                Some(_) => {}
                None if matches!(self.last, Some(Value::Push(_))) => {}
                None => return Ok(Read::Done),
            }
        }
    }

    /// `message`, `subscribe` and their kin, if the last reply was one of Pub/Sub.
    fn message_kind(&self) -> Option<Vec<u8>> {
        let items = match self.last.as_ref()? {
            Value::Push(items) if self.is_resp3 => items,
            Value::Array(items) if !self.is_resp3 => items,
            _ => return None,
        };
        match &items[..] {
            [Value::Bulk(kind), _, _, ..]
                if kind.ends_with(b"message") || kind.ends_with(b"subscribe") =>
            {
                Some(kind.clone())
            }
            _ => None,
        }
    }

    /// What a command changes at our side.
    fn note(&mut self, words: &[Vec<u8>], kind: Kind) {
        let is_error = matches!(self.last, Some(Value::Error(_)) | None);
        let command = words[0].to_ascii_lowercase();
        match (&command[..], words.len()) {
            (b"select", 2) if !is_error => {
                self.db = number::integer(&words[1]);
                self.options.place.db = self.db;
            }
            (b"auth", 2 | 3) => {
                // A database that was refused to the user before.
                self.select();
            }
            (b"multi", 1) if !is_error => self.db_before_multi = Some(self.db),
            (b"exec", 1) => {
                let before = self.db_before_multi.take();
                if let (Some(db), Some(Value::Error(_) | Value::Null)) = (before, &self.last) {
                    self.db = db;
                    self.options.place.db = db;
                }
            }
            (b"discard", 1) if !is_error => {
                if let Some(db) = self.db_before_multi.take() {
                    self.db = db;
                    self.options.place.db = db;
                }
            }
            (b"reset", 1) if !is_error => {
                self.db_before_multi = None;
                self.db = 0;
                self.options.place.db = 0;
                self.is_resp3 = false;
                if self.is_subscribed {
                    self.restore_pushes();
                }
                self.is_subscribed = false;
            }
            (b"hello", _) => match self.last {
                Some(Value::Map(_)) => self.is_resp3 = true,
                Some(Value::Array(_)) => self.is_resp3 = false,
                _ => {}
            },
            _ if kind.is_subscription() && !self.is_subscribed => self.restore_pushes(),
            _ => {}
        }
    }
}

/// Sends the command of the command line.
pub(crate) fn run(session: &mut Session) -> Result<u8> {
    // Where this fails, the command tries again and tells.
    session.connect(Manner::Quiet)?;
    let words = crate::input::arguments(&session.options)?;
    let is_answered = if is(&words[0], "help") || words[0] == b"?" {
        crate::interactive::print_help(session, &words[1..])?;
        true
    } else {
        session.issue(&words, session.options.repeat)?
    };
    while session.is_subscribed {
        if let Read::Lost(_) = session.read_reply(false)? {
            return Ok(1);
        }
    }
    Ok(if is_answered { 0 } else { 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_some_commands_are_shown_as_they_are() {
        for (line, want) in [
            ("INFO", true),
            ("info server", true),
            ("client LIST id 1", true),
            ("cluster info", true),
            ("cluster info x", false),
            ("latency graph command", true),
            ("latency graph", false),
            ("get info", false),
        ] {
            let words: Vec<Vec<u8>> = line.split(' ').map(Vec::from).collect();
            assert_eq!(is_as_meant(&words), want, "{line}");
        }
    }
}
