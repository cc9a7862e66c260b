//! What was refused to whom: the entries of ACL LOG, and how many there were of each kind.

use crate::request::Denied;
use crate::show::lossy;
use command::Writer;
use std::collections::VecDeque;
use stdx::WallTime;

/// Two refusals of the same kind are one entry while they are less than this apart.
const SAME_WITHIN_MS: u64 = 60_000;
/// How many entries are searched for one that is the same.
const SEARCHED: usize = 10;

/// What is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    Command,
    Key,
    Channel,
    /// To be who they say they are.
    Login,
}

/// What the request was part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    TopLevel,
    Transaction,
    Script,
}

/// Something that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub reason: Reason,
    pub place: Place,
    /// The command, the key, the channel.
    pub object: Vec<u8>,
    pub user: Vec<u8>,
    /// The session, as CLIENT LIST shows it.
    pub client: Vec<u8>,
}

/// The latest refusals, and the number of all.
#[derive(Debug, Default)]
pub struct Refusals {
    /// The latest first.
    entries: VecDeque<Entry>,
    /// How many entries there have been: the number of the next one.
    made: u64,
    pub logins: u64,
    pub commands: u64,
    pub keys: u64,
    pub channels: u64,
}

#[derive(Debug)]
struct Entry {
    refusal: Refusal,
    count: u64,
    id: u64,
    created: WallTime,
    updated: WallTime,
}

impl From<Denied> for Reason {
    fn from(denied: Denied) -> Reason {
        match denied {
            Denied::Command => Reason::Command,
            Denied::Key(_) => Reason::Key,
            Denied::Channel(_) => Reason::Channel,
        }
    }
}

impl Reason {
    fn name(self) -> &'static str {
        match self {
            Reason::Command => "command",
            Reason::Key => "key",
            Reason::Channel => "channel",
            Reason::Login => "auth",
        }
    }
}

impl Place {
    fn name(self) -> &'static str {
        match self {
            Place::TopLevel => "toplevel",
            Place::Transaction => "multi",
            Place::Script => "lua",
        }
    }
}

impl Refusals {
    /// One more. No more than `len_max` entries are kept.
    pub fn add(&mut self, refusal: Refusal, now: WallTime, len_max: usize) {
        *self.counter(refusal.reason) += 1;
        let is_same = |it: &Entry| {
            let other = &it.refusal;
            other.reason == refusal.reason
                && other.place == refusal.place
                && other.object == refusal.object
                && other.user == refusal.user
                && it.updated.ms().abs_diff(now.ms()) <= SAME_WITHIN_MS
        };
        let known = self.entries.iter().take(SEARCHED).position(is_same);
        if let Some(mut entry) = known.and_then(|at| self.entries.remove(at)) {
            entry.count += 1;
            entry.updated = now;
            entry.refusal.client = refusal.client;
            self.entries.push_front(entry);
            return;
        }
        let id = self.made;
        self.made += 1;
        self.entries.push_front(Entry { refusal, count: 1, id, created: now, updated: now });
        self.entries.truncate(len_max);
    }

    fn counter(&mut self, reason: Reason) -> &mut u64 {
        match reason {
            Reason::Command => &mut self.commands,
            Reason::Key => &mut self.keys,
            Reason::Channel => &mut self.channels,
            Reason::Login => &mut self.logins,
        }
    }

    /// Forgets the entries: ACL LOG RESET.
    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// Forgets the numbers: CONFIG RESETSTAT.
    pub fn reset_counters(&mut self) {
        (self.logins, self.commands, self.keys, self.channels) = (0, 0, 0, 0);
    }

    /// The latest `count` entries, as ACL LOG shows them.
    pub fn write(&self, w: &mut Writer<'_>, count: usize, now: WallTime) {
        w.array(count.min(self.entries.len()));
        for Entry { refusal, count, id, created, updated } in self.entries.iter().take(count) {
            w.map(10);
            w.text("count");
            w.int(*count as i64);
            w.text("reason");
            w.text(refusal.reason.name());
            w.text("context");
            w.text(refusal.place.name());
            w.text("object");
            w.bulk(&refusal.object);
            w.text("username");
            w.bulk(&refusal.user);
            w.text("age-seconds");
            let age_ms = now.ms().saturating_sub(updated.ms());
            let age = stdx::float::shortest(age_ms as f64 / 1000.0);
            w.double_text(&lossy(age.as_bytes()));
            w.text("client-info");
            w.bulk(&refusal.client);
            w.text("entry-id");
            w.int(*id as i64);
            w.text("timestamp-created");
            w.int(created.ms() as i64);
            w.text("timestamp-last-updated");
            w.int(updated.ms() as i64);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(reason: Reason, object: &str) -> Refusal {
        Refusal {
            reason,
            place: Place::TopLevel,
            object: object.into(),
            user: b"bob".to_vec(),
            client: b"id=1".to_vec(),
        }
    }

    #[test]
    fn refusals_of_one_kind_are_one_entry() {
        let mut log = Refusals::default();
        for (reason, object, at) in [
            (Reason::Key, "a", 1_000),
            (Reason::Key, "b", 2_000),
            (Reason::Key, "a", 3_000),
            (Reason::Channel, "a", 4_000),
            (Reason::Key, "a", 63_001),
        ] {
            log.add(refusal(reason, object), WallTime::from_ms(at), 3);
        }
        let shown: Vec<_> = log
            .entries
            .iter()
            .map(|it| (it.id, it.count, it.refusal.object[0], it.created.ms(), it.updated.ms()))
            .collect();
        // The oldest, of which nothing new was heard, has gone.
        assert_eq!(
            shown,
            [(3, 1, b'a', 63_001, 63_001), (2, 1, b'a', 4_000, 4_000), (0, 2, b'a', 1_000, 3_000)]
        );
        assert_eq!((log.keys, log.channels, log.commands, log.logins), (4, 1, 0, 0));
        log.clear();
        log.add(refusal(Reason::Login, "AUTH"), WallTime::from_ms(70_000), 0);
        assert!(log.entries.is_empty() && log.logins == 1);
    }
}
