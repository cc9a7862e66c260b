//! Collections lent out to be changed: every guard was made by `Db`, after the snapshots had what they need.

use std::ops::{Deref, DerefMut};

use crate::{Hash, List, Set, Thresholds, ZSet};

macro_rules! guard {
    ($(#[$doc:meta])* $guard:ident, $field:ident: $target:ident) => {
        $(#[$doc])*
        pub struct $guard<'a> {
            /// The collection itself.
            pub $field: &'a mut $target,
            /// Up to where it stays packed.
            pub limits: &'a Thresholds,
        }

        impl Deref for $guard<'_> {
            type Target = $target;
            fn deref(&self) -> &$target {
                self.$field
            }
        }

        impl DerefMut for $guard<'_> {
            fn deref_mut(&mut self) -> &mut $target {
                self.$field
            }
        }
    };
}

guard! {
    /// A list lent out to be changed.
    ListMut, list: List
}
guard! {
    /// A set lent out to be changed.
    SetMut, set: Set
}
guard! {
    /// A hash lent out to be changed.
    HashMut, hash: Hash
}
guard! {
    /// A sorted set lent out to be changed.
    ZSetMut, zset: ZSet
}
