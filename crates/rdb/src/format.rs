//! The bytes that open each part of a file: value types, opcodes, string encodings, and what to call them.

/// The oldest version that carries everything the five classic types need (Redis 7.0).
pub const VERSION_CLASSIC: u16 = 10;
/// The version that carries hashes whose fields expire (Redis 7.4).
pub const VERSION_FIELD_EXPIRY: u16 = 12;
/// The newest version of Redis's line that is read.
pub const VERSION_MAX: u16 = 12;
/// The version Valkey 9 writes, under a magic of its own.
pub const VERSION_VALKEY: u16 = 80;

/// Value types, as written before each key.
pub mod kind {
    pub const STRING: u8 = 0;
    pub const LIST: u8 = 1;
    pub const SET: u8 = 2;
    pub const ZSET: u8 = 3;
    pub const HASH: u8 = 4;
    pub const ZSET_2: u8 = 5;
    pub const MODULE_PRE_GA: u8 = 6;
    pub const MODULE_2: u8 = 7;
    pub const HASH_ZIPMAP: u8 = 9;
    pub const LIST_ZIPLIST: u8 = 10;
    pub const SET_INTSET: u8 = 11;
    pub const ZSET_ZIPLIST: u8 = 12;
    pub const HASH_ZIPLIST: u8 = 13;
    pub const LIST_QUICKLIST: u8 = 14;
    pub const STREAM: u8 = 15;
    pub const HASH_LISTPACK: u8 = 16;
    pub const ZSET_LISTPACK: u8 = 17;
    pub const LIST_QUICKLIST_2: u8 = 18;
    pub const STREAM_2: u8 = 19;
    pub const SET_LISTPACK: u8 = 20;
    pub const STREAM_3: u8 = 21;
    /// In Redis's line, a hash with absolute field expiry (7.4 before its release). In Valkey's, `HASH_2`.
    pub const HASH_METADATA_PRE_GA: u8 = 22;
    pub const HASH_LISTPACK_EX_PRE_GA: u8 = 23;
    pub const HASH_METADATA: u8 = 24;
    pub const HASH_LISTPACK_EX: u8 = 25;
}

/// What may stand between keys.
pub mod opcode {
    /// Valkey 9: an import of slots under way. We have no slots.
    pub const SLOT_IMPORT: u8 = 243;
    pub const SLOT_INFO: u8 = 244;
    pub const FUNCTION: u8 = 245;
    pub const FUNCTION_PRE_GA: u8 = 246;
    pub const MODULE_AUX: u8 = 247;
    pub const IDLE: u8 = 248;
    pub const FREQ: u8 = 249;
    pub const AUX: u8 = 250;
    pub const RESIZE_DB: u8 = 251;
    pub const EXPIRES_MS: u8 = 252;
    pub const EXPIRES_SECS: u8 = 253;
    pub const SELECT_DB: u8 = 254;
    pub const EOF: u8 = 255;
}

/// How a string is written when it is not plain bytes.
pub mod encoding {
    pub const INT8: u8 = 0;
    pub const INT16: u8 = 1;
    pub const INT32: u8 = 2;
    pub const LZF: u8 = 3;
}

/// What a module writes before each of its pieces, so that others can step over them.
pub mod module_piece {
    pub const EOF: u64 = 0;
    pub const SIGNED: u64 = 1;
    pub const UNSIGNED: u64 = 2;
    pub const FLOAT: u64 = 3;
    pub const DOUBLE: u64 = 4;
    pub const STRING: u64 = 5;
}

/// Containers of a list's nodes (`LIST_QUICKLIST_2`): one long element, or a listpack of many.
pub mod container {
    pub const PLAIN: u64 = 1;
    pub const PACKED: u64 = 2;
}

/// True for what opens a value, whether or not we can read it.
pub fn is_kind(byte: u8) -> bool {
    byte <= kind::HASH_LISTPACK_EX && byte != 8
}

/// What `redis-check-rdb` calls a value type.
pub fn kind_name(kind: u8) -> &'static str {
    const NAMES: [&str; 26] = [
        "string",
        "list-linked",
        "set-hashtable",
        "zset-v1",
        "hash-hashtable",
        "zset-v2",
        "module-pre-release",
        "module-value",
        "",
        "hash-zipmap",
        "list-ziplist",
        "set-intset",
        "zset-ziplist",
        "hash-ziplist",
        "quicklist",
        "stream",
        "hash-listpack",
        "zset-listpack",
        "quicklist-v2",
        "stream-v2",
        "set-listpack",
        "stream-v3",
        "hash-hashtable-md-pre-release",
        "hash-listpack-md-pre-release",
        "hash-hashtable-md",
        "hash-listpack-md",
    ];
    NAMES.get(usize::from(kind)).copied().unwrap_or("unknown")
}

/// The name of nine letters that a module's type id spells: six bits each above the ten bits of its version.
pub fn module_name(id: u64) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    (0..9).rev().map(|place| LETTERS[(id >> (10 + 6 * place) & 63) as usize] as char).collect()
}

/// Whether the first nine bytes of a file are those of a version that can be read; the reason where not.
pub fn check_magic(head: &[u8]) -> Result<(), String> {
    let digits = |text: &[u8]| std::str::from_utf8(text).ok().and_then(|it| it.parse::<u16>().ok());
    let (version, readable) = if let Some(rest) = head.strip_prefix(b"REDIS") {
        let version = digits(rest);
        (version, version.is_some_and(|it| (1..=VERSION_MAX).contains(&it)))
    } else if let Some(rest) = head.strip_prefix(b"VALKEY") {
        let version = digits(rest);
        (version, version == Some(VERSION_VALKEY))
    } else {
        return Err("Wrong signature trying to load DB from file".to_owned());
    };
    match version {
        Some(_) if readable => Ok(()),
        Some(version) => Err(format!("Can't handle RDB format version {version}")),
        None => Err("Wrong signature trying to load DB from file".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn module_ids_spell_names() {
        let id = b"helloacl-".iter().fold(0u64, |id, &letter| {
            let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
            let place = letters.iter().position(|&l| l == letter).expect("a letter of the set");
            id << 6 | place as u64
        });
        assert_eq!(module_name(id << 10 | 7), "helloacl-");
    }

    #[test]
    fn every_type_has_a_name() {
        for kind in 0..=255 {
            assert_eq!(is_kind(kind), !matches!(kind_name(kind), "" | "unknown"), "{kind}");
        }
    }
}
