//! What happened to which key: the one feed that WATCH, client-side caching, notifications, blocked sessions and
//! propagation read.

use std::ops::BitOr;

/// The class of a keyspace event: one letter of `notify-keyspace-events`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventClass(u32);

/// A set of classes, as `notify-keyspace-events` holds it. The letters K and E choose the channels, A is the
/// classes together except m and n.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventClasses(u32);

const LETTERS: [(u8, u32); 14] = [
    (b'g', EventClass::GENERIC.0),
    (b'$', EventClass::STRING.0),
    (b'l', EventClass::LIST.0),
    (b's', EventClass::SET.0),
    (b'h', EventClass::HASH.0),
    (b'z', EventClass::ZSET.0),
    (b'x', EventClass::EXPIRED.0),
    (b'e', EventClass::EVICTED.0),
    (b't', EventClass::STREAM.0),
    (b'd', EventClass::MODULE.0),
    (b'n', EventClass::NEW.0),
    (b'm', EventClass::MISS.0),
    (b'K', EventClasses::KEYSPACE.0),
    (b'E', EventClasses::KEYEVENT.0),
];

impl EventClass {
    /// `g`: DEL, EXPIRE, RENAME and the like.
    pub const GENERIC: EventClass = EventClass(1 << 2);
    /// `$`
    pub const STRING: EventClass = EventClass(1 << 3);
    /// `l`
    pub const LIST: EventClass = EventClass(1 << 4);
    /// `s`
    pub const SET: EventClass = EventClass(1 << 5);
    /// `h`
    pub const HASH: EventClass = EventClass(1 << 6);
    /// `z`
    pub const ZSET: EventClass = EventClass(1 << 7);
    /// `x`
    pub const EXPIRED: EventClass = EventClass(1 << 8);
    /// `e`
    pub const EVICTED: EventClass = EventClass(1 << 9);
    /// `t`
    pub const STREAM: EventClass = EventClass(1 << 10);
    /// `m`: a key was asked for that is not there.
    pub const MISS: EventClass = EventClass(1 << 11);
    /// `d`
    pub const MODULE: EventClass = EventClass(1 << 13);
    /// `n`: a key came into being.
    pub const NEW: EventClass = EventClass(1 << 14);
}

impl EventClasses {
    /// Nothing is told.
    pub const NONE: EventClasses = EventClasses(0);
    /// `K`: on `__keyspace@<db>__:<key>`.
    pub const KEYSPACE: EventClasses = EventClasses(1);
    /// `E`: on `__keyevent@<db>__:<event>`.
    pub const KEYEVENT: EventClasses = EventClasses(2);
    /// `A`: every class but m and n.
    pub const ALL: EventClasses = EventClasses(
        EventClass::GENERIC.0
            | EventClass::STRING.0
            | EventClass::LIST.0
            | EventClass::SET.0
            | EventClass::HASH.0
            | EventClass::ZSET.0
            | EventClass::EXPIRED.0
            | EventClass::EVICTED.0
            | EventClass::STREAM.0
            | EventClass::MODULE.0,
    );

    /// Reads the letters of `notify-keyspace-events`; nothing where one is unknown.
    pub fn parse(letters: &[u8]) -> Option<EventClasses> {
        letters.iter().try_fold(EventClasses::NONE, |sum, &letter| match letter {
            b'A' => Some(sum | EventClasses::ALL),
            _ => LETTERS
                .iter()
                .find(|(known, _)| *known == letter)
                .map(|(_, bit)| sum | EventClasses(*bit)),
        })
    }

    /// Whether events of this class are told.
    pub fn has(self, class: EventClass) -> bool {
        self.0 & class.0 != 0
    }

    /// Whether all of `other` is in here.
    pub fn includes(self, other: EventClasses) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether nothing is told.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl BitOr for EventClasses {
    type Output = EventClasses;
    fn bitor(self, other: EventClasses) -> EventClasses {
        EventClasses(self.0 | other.0)
    }
}

/// Who wants to hear about changes; without anyone, a change costs one test. The node sets it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Observers {
    /// A session watches keys, or tracks what it has read: `Change::Touched` is queued.
    pub watching: bool,
    /// Which keyspace events are queued; K and E are the node's concern.
    pub events: EventClasses,
    /// A session waits for a key: `Change::Ready` is queued.
    pub waiting: bool,
}

/// One thing that happened, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The value or the TTL of a key is another one now.
    Touched {
        /// The database's index.
        db: usize,
        /// The key.
        key: Box<[u8]>,
    },
    /// A keyspace event to be published.
    Event {
        /// The database's index.
        db: usize,
        /// The letter it is listed under.
        class: EventClass,
        /// Its name, as published.
        name: &'static str,
        /// The key.
        key: Box<[u8]>,
    },
    /// A key that somebody may wait for came into being.
    Ready {
        /// The database's index.
        db: usize,
        /// The key.
        key: Box<[u8]>,
    },
    /// A key was deleted because its time is up; replicas and the log must hear of it before the command that noticed.
    Expired {
        /// The database's index.
        db: usize,
        /// The key.
        key: Box<[u8]>,
    },
    /// A key was deleted to make room; replicas and the log must hear of it first.
    Evicted {
        /// The database's index.
        db: usize,
        /// The key.
        key: Box<[u8]>,
    },
    /// Fields of a hash were deleted because their time is up; replicas and the log must hear of it first.
    FieldsExpired {
        /// The database's index.
        db: usize,
        /// The key.
        key: Box<[u8]>,
        /// The fields.
        fields: Vec<Box<[u8]>>,
    },
    /// A database, or all of them, were emptied.
    Flushed {
        /// The database's index; all where none is named.
        db: Option<usize>,
    },
    /// Two databases changed places.
    Swapped {
        /// One.
        a: usize,
        /// The other.
        b: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_read() {
        let classes = EventClasses::parse(b"KEA").expect("known letters");
        assert!(classes.includes(EventClasses::KEYSPACE | EventClasses::KEYEVENT));
        assert!(classes.has(EventClass::EXPIRED) && !classes.has(EventClass::MISS));
        let classes = EventClasses::parse(b"Emn").expect("known letters");
        assert!(classes.has(EventClass::MISS) && classes.has(EventClass::NEW));
        assert!(!classes.has(EventClass::STRING));
        assert_eq!(EventClasses::parse(b"KEy"), None);
        assert!(EventClasses::parse(b"").expect("none").is_empty());
    }
}
