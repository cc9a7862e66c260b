//! What a script promises of itself: in its first line, or where its function is registered.

/// A set of promises.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScriptFlags(u8);

impl ScriptFlags {
    /// None.
    pub const NONE: ScriptFlags = ScriptFlags(0);
    /// It never writes.
    pub const NO_WRITES: ScriptFlags = ScriptFlags(1);
    /// It may run when memory is full.
    pub const ALLOW_OOM: ScriptFlags = ScriptFlags(2);
    /// It may run on a replica that has lost its master.
    pub const ALLOW_STALE: ScriptFlags = ScriptFlags(4);
    /// It must not run in a cluster.
    pub const NO_CLUSTER: ScriptFlags = ScriptFlags(8);
    /// It touches keys of several slots.
    pub const ALLOW_CROSS_SLOT: ScriptFlags = ScriptFlags(16);
    /// It says nothing of itself, as scripts before Redis 7: each of its commands is looked at by itself.
    pub const COMPATIBLE: ScriptFlags = ScriptFlags(32);

    /// Every promise that a script may spell, with its name.
    const NAMED: [(ScriptFlags, &'static str); 5] = [
        (ScriptFlags::NO_WRITES, "no-writes"),
        (ScriptFlags::ALLOW_OOM, "allow-oom"),
        (ScriptFlags::ALLOW_STALE, "allow-stale"),
        (ScriptFlags::NO_CLUSTER, "no-cluster"),
        (ScriptFlags::ALLOW_CROSS_SLOT, "allow-cross-slot-keys"),
    ];

    /// The promise of this name, in lowercase.
    pub fn named(name: &[u8]) -> Option<ScriptFlags> {
        let found = ScriptFlags::NAMED.iter().find(|(_, it)| it.as_bytes() == name);
        found.map(|(flag, _)| *flag)
    }

    /// These and those.
    pub const fn and(self, other: ScriptFlags) -> ScriptFlags {
        ScriptFlags(self.0 | other.0)
    }

    /// True if all of `other` are here.
    pub const fn has(self, other: ScriptFlags) -> bool {
        self.0 & other.0 == other.0
    }

    /// The names of those that are here.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let named = ScriptFlags::NAMED.into_iter();
        named.filter(move |(flag, _)| self.has(*flag)).map(|(_, name)| name)
    }
}
