//! What becomes of keys whose time is up: what a lookup makes of them, and the sweep that finds the forgotten.

/// What a lookup does with a key whose time is up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Expiry {
    /// It is deleted on the spot, and told: a primary.
    #[default]
    Delete,
    /// It is as if it were not there, but stays: a replica that serves clients; the primary decides about deleting.
    Hide,
    /// It is there: the stream of the primary, and loading.
    Ignore,
}

/// What becomes of a key's TTL when its value is replaced. Times are Unix milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ttl {
    /// It stays as it is.
    Keep,
    /// The key stays for ever.
    Clear,
    /// The key expires then.
    At(u64),
}
