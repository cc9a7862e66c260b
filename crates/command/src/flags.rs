//! The flags and categories of a command, as sets of bits with the names that COMMAND gives them.

macro_rules! bits {
    ($(#[$about:meta])* $name:ident: $repr:ty { $($(#[$doc:meta])* $flag:ident = $text:literal,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct $name($repr);

        #[allow(non_snake_case)]
        impl $name {
            /// None at all.
            pub const NONE: $name = $name(0);
            bits!(@each $name, $repr, 0, $($(#[$doc])* $flag,)*);

            /// Every flag with its name, in the order of declaration.
            pub const ALL: &'static [($name, &'static str)] = &[$(($name::$flag, $text),)*];

            /// These and those.
            pub const fn and(self, other: $name) -> $name {
                $name(self.0 | other.0)
            }

            /// These but not those.
            pub const fn without(self, other: $name) -> $name {
                $name(self.0 & !other.0)
            }

            /// What is both here and there.
            pub const fn common(self, other: $name) -> $name {
                $name(self.0 & other.0)
            }

            /// True if all of `other` are here.
            pub const fn has(self, other: $name) -> bool {
                self.0 & other.0 == other.0
            }

            /// The names of those that are here.
            pub fn names(self) -> impl Iterator<Item = &'static str> {
                $name::ALL.iter().filter(move |(flag, _)| self.has(*flag)).map(|(_, name)| *name)
            }
        }
    };
    (@each $name:ident, $repr:ty, $n:expr, $(#[$doc:meta])* $flag:ident, $($rest:tt)*) => {
        $(#[$doc])*
        pub const $flag: $name = $name(1 << ($n));
        bits!(@each $name, $repr, $n + 1, $($rest)*);
    };
    (@each $name:ident, $repr:ty, $n:expr,) => {};
}

pub(crate) use bits;

bits! {
    /// What a command promises and where it may run; names as COMMAND gives them.
    Flags: u32 {
        /// May change the dataset.
        WRITE = "write",
        /// Never changes the dataset.
        READONLY = "readonly",
        /// Refused when memory is full and nothing can be evicted.
        DENY_OOM = "denyoom",
        /// For administrators.
        ADMIN = "admin",
        /// Deals in messages.
        PUBSUB = "pubsub",
        /// Not from scripts.
        NO_SCRIPT = "noscript",
        /// May wait for something.
        BLOCKING = "blocking",
        /// Answered while the dataset is loading.
        LOADING = "loading",
        /// Answered by a replica that has lost its master and must not serve stale data.
        STALE = "stale",
        /// Not shown by MONITOR.
        SKIP_MONITOR = "skip_monitor",
        /// Not in the slow log.
        SKIP_SLOWLOG = "skip_slowlog",
        /// Runs on an importing cluster node after ASKING.
        ASKING = "asking",
        /// Constant or logarithmic time.
        FAST = "fast",
        /// Needs no authentication.
        NO_AUTH = "no_auth",
        /// Its keys cannot be found by position alone.
        MOVABLE_KEYS = "movablekeys",
        /// Runs while a script is busy.
        ALLOW_BUSY = "allow_busy",
        /// Refused inside MULTI.
        NO_MULTI = "no_multi",
        /// May be called without any key.
        NO_MANDATORY_KEYS = "no_mandatory_keys",
        /// Refused while a replica loads beside its old dataset.
        NO_ASYNC_LOADING = "no_async_loading",
        /// The effects are not the command itself: it sees to its propagation on its own.
        MAY_REPLICATE = "may_replicate",
        /// Comes across keys that it was not asked about: those whose time is up end one by one, in no transaction.
        ARBITRARY_KEYS = "touches_arbitrary_keys",
        /// Runs a script, which may promise more, or less, than the command.
        RUNS_SCRIPT = "runs_script",
    }
}

impl Flags {
    /// What only the server itself reads; COMMAND does not show it.
    pub const HIDDEN: Flags =
        Flags::MAY_REPLICATE.and(Flags::ARBITRARY_KEYS).and(Flags::RUNS_SCRIPT);
}

bits! {
    /// The ACL categories of a command.
    Categories: u32 {
        /// Keys of any type.
        KEYSPACE = "@keyspace",
        /// Reads data.
        READ = "@read",
        /// Writes data.
        WRITE = "@write",
        /// Sets.
        SET = "@set",
        /// Sorted sets.
        SORTED_SET = "@sortedset",
        /// Lists.
        LIST = "@list",
        /// Hashes.
        HASH = "@hash",
        /// Strings.
        STRING = "@string",
        /// Bitmaps.
        BITMAP = "@bitmap",
        /// HyperLogLogs.
        HYPERLOGLOG = "@hyperloglog",
        /// Geospatial indexes.
        GEO = "@geo",
        /// Streams.
        STREAM = "@stream",
        /// Messages.
        PUBSUB = "@pubsub",
        /// For administrators.
        ADMIN = "@admin",
        /// Constant or logarithmic time.
        FAST = "@fast",
        /// Everything that is not fast.
        SLOW = "@slow",
        /// May wait.
        BLOCKING = "@blocking",
        /// Dangerous in the wrong hands.
        DANGEROUS = "@dangerous",
        /// The connection itself.
        CONNECTION = "@connection",
        /// MULTI and its kind.
        TRANSACTION = "@transaction",
        /// Scripts and functions.
        SCRIPTING = "@scripting",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_flag_is_its_own_bit() {
        let all = Flags::ALL.iter().fold(Flags::NONE, |sum, (flag, _)| {
            assert!(!sum.has(*flag));
            sum.and(*flag)
        });
        assert_eq!(all.names().count(), Flags::ALL.len());
        assert!(!Flags::WRITE.and(Flags::FAST).without(Flags::FAST).has(Flags::FAST));
    }
}
