//! Files as every version wrote them, made by hand, byte by byte: each type in each way it was ever written.

mod values;

use rdb::{DecodeOptions, Decoder, Item};
use values::{Says, says};

/// A file with one key, `key`, whose value follows the type byte like this. No checksum.
fn file(version: &str, kind: u8, value: &[u8]) -> Vec<u8> {
    [version.as_bytes(), &[0xfe, 0, kind], b"\x03key", value, &[0xff], &[0; 8]].concat()
}

/// Reads a file byte by byte. What it says about its keys, or what is wrong with it.
fn read(file: &[u8]) -> Result<Vec<Item>, rdb::Corrupt> {
    let mut decoder = Decoder::new(DecodeOptions::default());
    let mut items = Vec::new();
    for byte in file {
        decoder.feed(&[*byte]);
        while let Some(item) = decoder.next()? {
            items.push(item);
        }
    }
    decoder.finish()?;
    Ok(items)
}

fn one(version: &str, kind: u8, value: &[u8]) -> Says {
    let items = read(&file(version, kind, value)).expect("a sound file");
    let key = items.iter().find_map(|item| match item {
        Item::Key(key) => Some(key),
        _ => None,
    });
    says(key.expect("a key").value.as_ref())
}

/// What is wrong with a value.
fn fault(version: &str, kind: u8, value: &[u8]) -> String {
    let corrupt = read(&file(version, kind, value)).expect_err("a broken file");
    assert_eq!((corrupt.kind, corrupt.key.as_deref()), (Some(kind), Some(&b"key"[..])));
    corrupt.what.to_string()
}

fn texts(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

fn fields(fields: &[(&str, &str, Option<u64>)]) -> Says {
    let owned = |&(f, v, t): &(&str, &str, Option<u64>)| (f.into(), v.into(), t);
    Says::Hash(fields.iter().map(owned).collect())
}

fn scores(members: &[(&str, f64)]) -> Says {
    Says::ZSet(members.iter().map(|&(member, score)| (member.into(), score)).collect())
}

/// A string that packs something.
fn packed(bytes: &[u8]) -> Vec<u8> {
    [&[bytes.len() as u8][..], bytes].concat()
}

/// "a", 2, "b", 1 in a ziplist.
const ZIPLIST: &[u8] = b"\x15\0\0\0\x12\0\0\0\x04\0\x00\x01a\x03\xf3\x02\x01b\x03\xf2\xff";
/// "b", 1, "a", 2 in a listpack.
const LISTPACK: &[u8] = b"\x11\0\0\0\x04\0\x81b\x02\x01\x01\x81a\x02\x02\x01\xff";

#[test]
fn strings() {
    for (value, want) in [
        (&b"\x05hello"[..], "hello"),
        (b"\x00", ""),
        (b"\xc0\x80", "-128"),
        (b"\xc1\x39\x30", "12345"),
        (b"\xc2\x87\xd6\x12\x00", "1234567"),
        (b"\x80\0\0\0\x02ok", "ok"),
        (b"\x81\0\0\0\0\0\0\0\x02ok", "ok"),
        (b"\xc3\x06\x09\x02abc\x80\x02", "abcabcabc"),
    ] {
        assert_eq!(one("REDIS0001", 0, value), Says::Str(want.into()));
    }
    assert_eq!(fault("REDIS0001", 0, b"\xc4"), "Unknown RDB string encoding type 4");
    assert_eq!(fault("REDIS0001", 0, b"\xc3\x02\x09\x02a"), "Invalid LZF compressed string");
}

#[test]
fn lists() {
    let want = Says::List(texts(&["a", "1", "b"]));
    assert_eq!(one("REDIS0001", 1, b"\x03\x01a\xc0\x01\x01b"), want);
    let want = Says::List(texts(&["a", "2", "b", "1"]));
    assert_eq!(one("REDIS0004", 10, &packed(ZIPLIST)), want);
    let twice = Says::List(texts(&["a", "2", "b", "1", "a", "2", "b", "1"]));
    let nodes = [&[2][..], &packed(ZIPLIST), &packed(ZIPLIST)].concat();
    assert_eq!(one("REDIS0007", 14, &nodes), twice);
    let mixed = Says::List(texts(&["b", "1", "a", "2", "plain"]));
    let nodes = [&[2, 2][..], &packed(LISTPACK), b"\x01\x05plain"].concat();
    assert_eq!(one("REDIS0010", 18, &nodes), mixed);

    let mut bad = ZIPLIST.to_vec();
    bad[8] = 9;
    let words = "List ziplist integrity check failed.";
    assert_eq!(fault("REDIS0004", 10, &packed(&bad)), words);
    let nodes = [&[1][..], &packed(&bad)].concat();
    assert_eq!(fault("REDIS0007", 14, &nodes), "Ziplist integrity check failed.");
    let nodes = [&[1, 2][..], &packed(&bad)].concat();
    assert_eq!(fault("REDIS0010", 18, &nodes), "Listpack integrity check failed.");
    let nodes = [&[1, 3][..], &packed(LISTPACK)].concat();
    assert_eq!(fault("REDIS0010", 18, &nodes), "Quicklist integrity check failed.");
}

#[test]
fn sets() {
    let want = Says::Set(texts(&["1", "a"]));
    assert_eq!(one("REDIS0001", 2, b"\x02\x01a\xc0\x01"), want);
    let ints = Says::Set(texts(&["-1", "5"]));
    assert_eq!(one("REDIS0004", 11, &packed(b"\x02\0\0\0\x02\0\0\0\xff\xff\x05\0")), ints);
    let want = Says::Set(texts(&["1", "2", "a", "b"]));
    assert_eq!(one("REDIS0011", 20, &packed(LISTPACK)), want);

    let twice = b"\x02\x01a\x01a";
    assert_eq!(fault("REDIS0001", 2, twice), "Duplicate set members detected");
    let unsorted = packed(b"\x02\0\0\0\x02\0\0\0\x05\0\xff\xff");
    assert_eq!(fault("REDIS0004", 11, &unsorted), "Intset integrity check failed.");
    let twice = packed(b"\x0d\0\0\0\x02\0\x81b\x02\x81b\x02\xff");
    assert_eq!(fault("REDIS0011", 20, &twice), "Set listpack integrity check failed.");
}

#[test]
fn sorted_sets() {
    let want = scores(&[("c", f64::NEG_INFINITY), ("a", 1.5), ("b", f64::INFINITY)]);
    assert_eq!(one("REDIS0001", 3, b"\x03\x01a\x031.5\x01b\xfe\x01c\xff"), want);
    let binary = [&b"\x01\x01a"[..], &2.5f64.to_le_bytes()].concat();
    assert_eq!(one("REDIS0008", 5, &binary), scores(&[("a", 2.5)]));
    assert_eq!(one("REDIS0010", 17, &packed(LISTPACK)), scores(&[("b", 1.0), ("a", 2.0)]));
    // "b" 1 "a" 2
    let ziplist = b"\x15\0\0\0\x12\0\0\0\x04\0\x00\x01b\x03\xf2\x02\x01a\x03\xf3\xff";
    assert_eq!(one("REDIS0004", 12, &packed(ziplist)), scores(&[("b", 1.0), ("a", 2.0)]));

    assert_eq!(fault("REDIS0001", 3, b"\x01\x01a\xfd"), "Zset with NAN score detected");
    let nan = [&b"\x01\x01a"[..], &f64::NAN.to_le_bytes()].concat();
    assert_eq!(fault("REDIS0008", 5, &nan), "Zset with NAN score detected");
    let twice = b"\x02\x01a\x011\x01a\x012";
    assert_eq!(fault("REDIS0001", 3, twice), "Duplicate zset fields detected");
    assert_eq!(fault("REDIS0001", 3, b"\x01\x01a\x03two"), "Bad score");
    let odd = packed(b"\x0a\0\0\0\x01\0\x81b\x02\xff");
    assert_eq!(fault("REDIS0010", 17, &odd), "Zset listpack integrity check failed.");
}

#[test]
fn hashes() {
    let want = fields(&[("a", "2", None), ("b", "1", None)]);
    assert_eq!(one("REDIS0001", 4, b"\x02\x01a\xc0\x02\x01b\x011"), want);
    assert_eq!(one("REDIS0001", 9, &packed(b"\x02\x01a\x01\x002\x01b\x01\x011-\xff")), want);
    assert_eq!(one("REDIS0004", 13, &packed(ZIPLIST)), want);
    assert_eq!(one("REDIS0010", 16, &packed(LISTPACK)), want);

    let twice = b"\x02\x01a\x011\x01a\x012";
    assert_eq!(fault("REDIS0001", 4, twice), "Duplicate hash fields detected");
    let twice = packed(b"\x02\x01a\x01\x002\x01a\x01\x001\xff");
    assert_eq!(fault("REDIS0001", 9, &twice), "Zipmap integrity check failed.");
    let odd = packed(b"\x0a\0\0\0\x01\0\x81b\x02\xff");
    assert_eq!(fault("REDIS0010", 16, &odd), "Hash listpack integrity check failed.");
}

#[test]
fn hashes_whose_fields_expire() {
    let want = fields(&[("a", "2", Some(1000)), ("b", "1", None)]);
    // Redis before the release of 7.4: absolute.
    assert_eq!(one("REDIS0012", 22, b"\x02\x43\xe8\x01a\xc0\x02\x00\x01b\x011"), want);
    // Redis 7.4: the earliest first, the others from there.
    let earliest = 1000u64.to_le_bytes();
    let relative = [&earliest[..], b"\x02\x01\x01a\xc0\x02\x00\x01b\x011"].concat();
    assert_eq!(one("REDIS0012", 24, &relative), want);
    // The same in a listpack of triplets.
    let triplets = b"\x14\0\0\0\x06\0\x81a\x02\x02\x01\xc3\xe8\x02\x81b\x02\x01\x01\0\x01\xff";
    let mut triplets = triplets.to_vec();
    triplets[0] = triplets.len() as u8;
    assert_eq!(one("REDIS0012", 23, &packed(&triplets)), want);
    let with_earliest = [&earliest[..], &packed(&triplets)].concat();
    assert_eq!(one("REDIS0012", 25, &with_earliest), want);
    // Valkey 9: after the value, and -1 for never.
    let never = (-1i64).to_le_bytes();
    let trailing = [b"\x02\x01a\xc0\x02", &earliest[..], b"\x01b\x011", &never].concat();
    assert_eq!(one("VALKEY080", 22, &trailing), want);

    // The latest end that Redis 8 loads, in each way; then one that it refuses. Valkey has later ones: they come down.
    let latest = store::FIELD_END_MAX;
    let want = fields(&[("a", "2", Some(latest))]);
    for (end, is_loaded) in [(latest, true), (latest + 1, false)] {
        let absolute = [&b"\x01\x81"[..], &end.to_be_bytes(), b"\x01a\xc0\x02"].concat();
        let relative = [&end.to_le_bytes()[..], b"\x01\x01\x01a\xc0\x02"].concat();
        let mut triplet =
            [&b"\x14\0\0\0\x03\0\x81a\x02\x02\x01\xf4"[..], &end.to_le_bytes(), b"\x09\xff"]
                .concat();
        triplet[0] = triplet.len() as u8;
        let with_earliest = [&end.to_le_bytes()[..], &packed(&triplet)].concat();
        for (kind, bytes) in
            [(22, &absolute), (24, &relative), (23, &packed(&triplet)), (25, &with_earliest)]
        {
            if is_loaded {
                assert_eq!(one("REDIS0012", kind, bytes), want, "{kind}");
            } else {
                fault("REDIS0012", kind, bytes);
            }
        }
        let trailing = [&b"\x01\x01a\xc0\x02"[..], &end.to_le_bytes()].concat();
        assert_eq!(one("VALKEY080", 22, &trailing), want);
    }

    let far = b"\x01\x81\x7f\xff\xff\xff\xff\xff\xff\xff\x01a\xc0\x02";
    assert_eq!(fault("REDIS0012", 22, far), "invalid expireAt time");
    assert_eq!(fault("VALKEY080", 24, &relative), "Invalid object type: 24");
}

#[test]
fn an_element_is_broken_where_it_begins_however_its_bytes_were_cut() {
    // A list of two nodes, the second of which is no listpack.
    let node = b"\x02\x0b\x0b\0\0\0\x01\0\x82ab\x03\xff";
    let bad = b"\x02\x03abc";
    let file = file("REDIS0010", 18, &[&b"\x02"[..], node, bad].concat());
    let begins = file.len() - 9 - bad.len();
    let in_pieces = read(&file).expect_err("a broken file");
    let mut decoder = Decoder::new(DecodeOptions::default());
    decoder.feed(&file);
    let at_once = std::iter::repeat_with(|| decoder.next()).find_map(Result::err);
    assert_eq!((in_pieces.at, Some(in_pieces)), (begins as u64, at_once));
}

#[test]
fn empty_collections_are_passed_over() {
    let listpack = packed(b"\x07\0\0\0\0\0\xff");
    let ziplist = packed(b"\x0b\0\0\0\x0a\0\0\0\0\0\xff");
    let node = [&[1][..], &ziplist].concat();
    let cases: [(u8, &[u8]); 10] = [
        (1, b"\0"),
        (2, b"\0"),
        (3, b"\0"),
        (4, b"\0"),
        (5, b"\0"),
        (10, &ziplist),
        (13, &ziplist),
        (14, &node),
        (16, &listpack),
        (20, &listpack),
    ];
    for (kind, value) in cases {
        let items = read(&file("REDIS0011", kind, value)).expect("a sound file");
        let is_empty =
            |item: &Item| matches!(item, Item::EmptyKey { db: 0, key, .. } if key == b"key");
        assert!(items.iter().any(is_empty), "type {kind}");
        let payload = [&[kind][..], value, &[11, 0], &[0; 8]].concat();
        let refused = rdb::restore(&payload, false, &store::Thresholds::default());
        assert!(refused.is_err(), "type {kind}");
    }
}

#[test]
fn what_we_cannot_read_is_named() {
    for kind in [15, 19, 21] {
        assert_eq!(fault("REDIS0011", kind, b"\x01"), "Streams are not supported");
    }
    // The id spells the module's name in six bits a letter.
    let module = b"\x81\x1a\x1b\x1c\x1d\x1e\x1f\x20\x21";
    let words = fault("REDIS0009", 7, module);
    assert!(words.ends_with("no matching module type 'GhscHR4fI'"), "{words}");
    assert!(read(b"REDIS0013").is_err());
    assert!(read(b"REDIS00x1").is_err());
    assert!(read(b"VALKEY079").is_err());
    assert!(read(b"REDUS0001").is_err());
    assert!(read(b"REDIS0010\x08").is_err());
    assert!(read(b"REDIS0010\xf6").is_err());
}

#[test]
fn everything_between_keys_is_read() {
    let parts: [&[u8]; 12] = [
        b"REDIS0010",
        b"\xfa\x09redis-ver\x057.0.0",
        // Data of a module: an unsigned number, a string, a double, a float, the end.
        b"\xf7\x81\x1a\x1b\x1c\x1d\x1e\x1f\x20\x21\x02\x01\x02\x05\x05\x02hi\x04\0\0\0\0\0\0\0\0\x03\0\0\0\0\0",
        b"\xf5\x04code",
        b"\xfe\x03\xfb\x02\x01",
        b"\xf4\x05\x02\x01",
        b"\xfd\x02\0\0\0\xf8\x40\x64\x00\x01a\x01x",
        b"\xfc\x01\x02\0\0\0\0\0\0\xf9\x07\x00\x01b\x01x",
        b"\x00\x01c\x01x",
        b"\xfc\xff\xff\xff\xff\xff\xff\xff\xff\x00\x01d\x01x",
        b"\xfc\xfe\xff\xff\xff\xff\xff\xff\xff\x00\x01e\x01x",
        b"\xff\0\0\0\0\0\0\0\0",
    ];
    let items = read(&parts.concat()).expect("a sound file");
    let mut keys = Vec::new();
    let mut seen = Vec::new();
    for item in items {
        match item {
            Item::Header { version } => seen.push(format!("version {version}")),
            Item::Aux { name, value } => {
                seen.push(format!("{}={}", name.escape_ascii(), value.escape_ascii()))
            }
            Item::ModuleAux { module } => seen.push(format!("module {module}")),
            Item::Function(code) => seen.push(format!("function {}", code.escape_ascii())),
            Item::SelectDb(index) => seen.push(format!("db {index}")),
            Item::ResizeDb { keys, expires } => seen.push(format!("{keys} keys, {expires} expire")),
            Item::Slot { slot, .. } => seen.push(format!("slot {slot}")),
            Item::End { checksum } => seen.push(format!("{checksum:?}")),
            Item::Key(key) => keys.push((key.key[0], key.db, key.expires, key.access)),
            Item::EmptyKey { .. } => panic!("nothing is empty"),
        }
    }
    let want = [
        "version 10",
        "redis-ver=7.0.0",
        "module GhscHR4fI",
        "function code",
        "db 3",
        "2 keys, 1 expire",
        "slot 5",
        "Disabled",
    ];
    assert_eq!(seen, want);
    let idle = store::Access::IdleSecs(100);
    let frequency = store::Access::Frequency(7);
    let want = [
        (b'a', 3, Some(2000), Some(idle)),
        (b'b', 3, Some(513), Some(frequency)),
        (b'c', 3, None, None),
        (b'd', 3, None, None),
        (b'e', 3, Some(0), None),
    ];
    assert_eq!(keys, want);
}
