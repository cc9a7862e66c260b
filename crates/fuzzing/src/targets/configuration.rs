//! Files that people write: the configuration, and the users.

use super::servers;
use crate::{Bounds, Target};
use config::{CommandLine, Config, Host, LoadError};
use std::collections::BTreeMap;

pub(super) const TARGETS: &[Target] = &[
    Target {
        name: "configuration",
        run: configuration,
        bounds: Bounds { bytes: 8 << 20, bytes_per_byte: 20_000, ms: 5000 },
        words: &[
            b"\n",
            b"port 6380\n",
            b"save 900 1\n",
            b"include other.conf\n",
            b"include *.conf\n",
            b"maxmemory 1gb\n",
            b"client-output-buffer-limit normal 0 0 0\n",
            b"rename-command GET \"\"\n",
            b"user a on >p ~* +@all\n",
            b"bind * -::*\n",
            b"\"\\x00\"",
            b"'",
            b"yes",
            b"no",
            b"dir /data\n",
            b"notify-keyspace-events KEA\n",
            b"replicaof 127.0.0.1 7000\n",
            b"# a remark\n",
            b"18446744073709551615",
            b"-1",
            b"tb",
        ],
        len_max: 4 << 10,
    },
    Target {
        name: "aclfile",
        run: aclfile,
        bounds: Bounds { bytes: 16 << 20, bytes_per_byte: 60_000, ms: 5000 },
        words: &[
            b"user ",
            b"default ",
            b"on ",
            b"off ",
            b"nopass ",
            b"resetpass ",
            b">secret ",
            b"<secret ",
            b"~* ",
            b"~k:* ",
            b"%R~a ",
            b"%RW~b ",
            b"&* ",
            b"&c ",
            b"+@all ",
            b"-@all ",
            b"+get ",
            b"-config|set ",
            b"(+get ~x) ",
            b"clearselectors ",
            b"#2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b ",
            b"resetkeys ",
            b"allkeys ",
            b"sanitize-payload ",
            b"\n",
            b"+xadd ",
            b"reset ",
        ],
        len_max: 2 << 10,
    },
];

/// Files of which there are as many as anybody includes.
pub(super) struct Files(pub(super) BTreeMap<String, Vec<u8>>);

impl Host for Files {
    fn read(&mut self, path: &str) -> Result<Vec<u8>, String> {
        self.0.get(path).cloned().ok_or_else(|| "No such file or directory".to_owned())
    }

    fn glob(&mut self, pattern: &str) -> Vec<String> {
        let is_meant = |path: &&String| stdx::glob::matches(pattern.as_bytes(), path.as_bytes());
        self.0.keys().filter(is_meant).cloned().collect()
    }

    fn change_dir(&mut self, path: &str) -> Result<String, String> {
        match path {
            "." | "./" => Ok("/data".to_owned()),
            path if path.starts_with('/') && !path.contains('\0') => Ok(path.to_owned()),
            _ => Err("No such file or directory".to_owned()),
        }
    }
}

/// What a program makes of a file of this name.
pub(super) fn load(files: &mut Files, arguments: &[&str]) -> Result<Config, LoadError> {
    let arguments: Vec<Vec<u8>> = arguments.iter().map(|word| word.as_bytes().to_vec()).collect();
    config::load(&CommandLine::parse(&arguments), files)
}

fn configuration(input: &[u8]) {
    // What follows the first zero byte is the file that others include.
    let at = input.iter().position(|byte| *byte == 0).unwrap_or(input.len());
    let (main, other) = (&input[..at], input.get(at + 1..).unwrap_or_default());
    let mut files = Files(BTreeMap::from([
        ("main.conf".to_owned(), main.to_vec()),
        ("other.conf".to_owned(), other.to_vec()),
    ]));
    let Ok(config) = load(&mut files, &["main.conf"]) else { return };
    // A server can be made of it.
    drop(config.title());
    let new = config.rewrite(main, &[], false);
    assert_eq!(config.rewrite(&new, &[], false), new, "what was rewritten stays as it is");
    files.0.insert("main.conf".to_owned(), new.clone());
    let again = load(&mut files, &["main.conf"]);
    let again = again.unwrap_or_else(|error| {
        panic!("what is rewritten can be read: {error}\n{}", String::from_utf8_lossy(&new))
    });
    let (before, after) = (config.get(&[b"*"]), again.get(&[b"*"]));
    for ((name, value), (_, other)) in before.iter().zip(&after) {
        let [name, value, other] = [name, value, other].map(|it| it.escape_ascii());
        assert_eq!(value.to_string(), other.to_string(), "{name} says the same");
    }
}

fn aclfile(input: &[u8]) {
    let path = "/data/users.acl";
    let files = BTreeMap::from([(path.to_owned(), input.to_vec())]);
    let mut rig = servers::server(&[("aclfile", path)], files);
    if rig.has_ended {
        return;
    }
    let conn = rig.connect();
    // It may be that nobody is let in without a password, or may do this.
    let users = rig.say(conn, &[b"ACL", b"LIST"]);
    if !users.starts_with(b"*") || rig.say(conn, &[b"ACL", b"SAVE"]) != b"+OK\r\n" {
        return;
    }
    let loaded = rig.say(conn, &[b"ACL", b"LOAD"]);
    assert_eq!(loaded, b"+OK\r\n", "what is written can be read");
    let conn = rig.connect();
    assert_eq!(rig.say(conn, &[b"ACL", b"LIST"]), users, "and says the same");
}
