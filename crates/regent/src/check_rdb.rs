//! `regent check-rdb`: reads a snapshot from the file system and says whether it is sound.

use std::io::Read;

use anyhow::{Context, Result};
use rdb::check::Check;
use sys::ErrorText;
use sys::file::Reader;

/// How much is read at a time.
const PIECE: usize = 1 << 20;

const HELP: &str = "\
Reads a snapshot, builds every value in it as loading would, and says whether it is sound: status 0 or 1.

Usage: NAME <rdb-file-name>
       NAME -v or --version
       NAME -h or --help

Examples:
       NAME /var/lib/redis/dump.rdb
       redis-cli --rdb - | NAME /dev/stdin
";

pub(crate) fn run(name: &str, arguments: &[Vec<u8>]) -> Result<u8> {
    let path = match arguments {
        [word] if word == b"-v" || word == b"--version" => {
            sys::say!("redis-check-rdb {}", node::REDIS_VERSION);
            return Ok(0);
        }
        [word] if word == b"-h" || word == b"--help" => {
            sys::output::say(HELP.replace("NAME", name));
            return Ok(0);
        }
        [path] => String::from_utf8_lossy(path).into_owned(),
        _ => {
            sys::complain!("Usage: {name} <rdb-file-name>");
            return Ok(1);
        }
    };
    let mut file = match Reader::open(&path) {
        Ok(file) => file,
        Err(error) => {
            // To standard output, where tools look for it.
            sys::say!("Cannot open file: {path}: {}", error.text());
            return Ok(1);
        }
    };
    let mut out = Vec::new();
    let mut check = Check::new(&path, sys::clock::wall(), &mut out);
    let mut piece = vec![0; PIECE];
    loop {
        let len = match file.read(&mut piece) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            result => result.with_context(|| format!("cannot read {path}"))?,
        };
        let goes_on = len > 0 && check.feed(&piece[..len], &mut out);
        say(&mut out);
        if !goes_on {
            break;
        }
    }
    let sound = check.finish(&mut out);
    say(&mut out);
    Ok(u8::from(!sound))
}

fn say(out: &mut Vec<u8>) {
    sys::output::say(&*out);
    out.clear();
}
