//! Which keyspace events are published: the letters of `notify-keyspace-events` as a set.

use std::ops::BitOr;

/// A set of event classes, with the two channels they can be published on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Events(u16);

impl Events {
    /// Nothing is published.
    pub const NONE: Events = Events(0);
    /// `K`: on `__keyspace@<db>__:<key>`, the event as message.
    pub const KEYSPACE: Events = Events(1);
    /// `E`: on `__keyevent@<db>__:<event>`, the key as message.
    pub const KEYEVENT: Events = Events(1 << 1);
    /// `g`: commands of every type, such as DEL, EXPIRE, RENAME.
    pub const GENERIC: Events = Events(1 << 2);
    /// `$`: strings.
    pub const STRING: Events = Events(1 << 3);
    /// `l`: lists.
    pub const LIST: Events = Events(1 << 4);
    /// `s`: sets.
    pub const SET: Events = Events(1 << 5);
    /// `h`: hashes.
    pub const HASH: Events = Events(1 << 6);
    /// `z`: sorted sets.
    pub const ZSET: Events = Events(1 << 7);
    /// `x`: a key's time is over.
    pub const EXPIRED: Events = Events(1 << 8);
    /// `e`: a key made room.
    pub const EVICTED: Events = Events(1 << 9);
    /// `t`: streams.
    pub const STREAM: Events = Events(1 << 10);
    /// `m`: a key was asked for and is not there.
    pub const KEY_MISS: Events = Events(1 << 11);
    /// `d`: types of modules.
    pub const MODULE: Events = Events(1 << 12);
    /// `n`: a key came into being.
    pub const NEW: Events = Events(1 << 13);

    /// `A`: every class but misses and new keys, which would be too many to ask for by accident.
    pub const ALL: Events = Events(
        Events::GENERIC.0
            | Events::STRING.0
            | Events::LIST.0
            | Events::SET.0
            | Events::HASH.0
            | Events::ZSET.0
            | Events::EXPIRED.0
            | Events::EVICTED.0
            | Events::STREAM.0
            | Events::MODULE.0,
    );

    /// True if all of `other` is in this set.
    pub const fn contains(self, other: Events) -> bool {
        self.0 & other.0 == other.0
    }

    /// True if any of `other` is in this set.
    pub const fn intersects(self, other: Events) -> bool {
        self.0 & other.0 != 0
    }

    /// Reads letters; none if one of them is unknown.
    pub fn parse(letters: &[u8]) -> Option<Events> {
        letters.iter().try_fold(Events::NONE, |set, letter| {
            let class = if *letter == b'A' {
                Events::ALL
            } else {
                CLASSES.iter().chain(BEHIND).find(|(known, _)| known == letter)?.1
            };
            Some(set | class)
        })
    }

    /// The letters in the one order in which Redis writes them.
    pub fn letters(self) -> String {
        let mut text = String::new();
        if self.contains(Events::ALL) {
            text.push('A');
        } else {
            push_letters(&mut text, self, CLASSES);
        }
        push_letters(&mut text, self, BEHIND);
        text
    }
}

/// The letters that `A` can stand for, and `n`, which is written only where `A` is not.
const CLASSES: &[(u8, Events)] = &[
    (b'g', Events::GENERIC),
    (b'$', Events::STRING),
    (b'l', Events::LIST),
    (b's', Events::SET),
    (b'h', Events::HASH),
    (b'z', Events::ZSET),
    (b'x', Events::EXPIRED),
    (b'e', Events::EVICTED),
    (b't', Events::STREAM),
    (b'd', Events::MODULE),
];

/// The letters that follow. `n` is written although Redis 7.2 forgets it beside `A`: a file that was rewritten
/// must mean what it meant before.
const BEHIND: &[(u8, Events)] = &[
    (b'n', Events::NEW),
    (b'K', Events::KEYSPACE),
    (b'E', Events::KEYEVENT),
    (b'm', Events::KEY_MISS),
];

fn push_letters(text: &mut String, set: Events, letters: &[(u8, Events)]) {
    text.extend(
        letters
            .iter()
            .filter(|(_, class)| set.contains(*class))
            .map(|(letter, _)| char::from(*letter)),
    );
}

impl BitOr for Events {
    type Output = Events;
    fn bitor(self, rhs: Events) -> Events {
        Events(self.0 | rhs.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_put_in_order() {
        for (given, want) in [
            ("", ""),
            ("KEA", "AKE"),
            ("Ez$g", "g$zE"),
            ("mn", "nm"),
            ("g$lshzxetdK", "AK"),
            ("An", "An"),
        ] {
            assert_eq!(Events::parse(given.as_bytes()).expect("known letters").letters(), want);
        }
        assert_eq!(Events::parse(b"KQ"), None);
    }
}
