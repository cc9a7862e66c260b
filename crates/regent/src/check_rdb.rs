//! `regent check-rdb`: reads a snapshot from the file system and says whether it is sound.

use std::io::Write;

use anyhow::{Context, Result};
use rdb::check::Check;
use sys::file::File;

/// How much is read at a time.
const PIECE: usize = 1 << 20;

pub(crate) fn run(name: &str, arguments: &[Vec<u8>]) -> Result<u8> {
    let path = match arguments {
        [word] if word == b"-v" || word == b"--version" => {
            println!("redis-check-rdb {}", node::REDIS_VERSION);
            return Ok(0);
        }
        [path] => String::from_utf8_lossy(path).into_owned(),
        _ => {
            eprintln!("Usage: {name} <rdb-file-name>");
            return Ok(1);
        }
    };
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) => {
            println!("Cannot open file: {path}");
            return Err(error).with_context(|| format!("cannot open {path}"));
        }
    };
    let mut out = Vec::new();
    let mut check = Check::new(&path, sys::clock::wall(), &mut out);
    let mut offset = 0;
    loop {
        let piece = file.read_at(offset, PIECE).with_context(|| format!("cannot read {path}"))?;
        offset += piece.len() as u64;
        let goes_on = !piece.is_empty() && check.feed(&piece, &mut out);
        print(&mut out)?;
        if !goes_on {
            break;
        }
    }
    let sound = check.finish(&mut out);
    print(&mut out)?;
    Ok(u8::from(!sound))
}

fn print(out: &mut Vec<u8>) -> Result<()> {
    std::io::stdout().write_all(out).context("cannot write to standard output")?;
    out.clear();
    Ok(())
}
