//! An append-only file that is there: until there is one of ours, a start that would ignore it is refused.
//!
//! A server with `appendonly yes` would begin with nothing where its data lie in an append-only file, and its replicas
//! would copy the nothing. So the files are named instead, and how to make a snapshot of them that we can read.

use std::path::{Path, PathBuf};

use config::Config;
use rdb::{DecodeOptions, Decoder, Item};
use sys::file;

/// No file without data is larger: a snapshot that Redis writes of nothing takes less than two hundred bytes.
const EMPTY_LEN_MAX: u64 = 4096;

/// Why the server must not start, if it must not; several lines.
pub(super) fn refusal(config: &Config) -> Option<Vec<String>> {
    let values = &config.values;
    if !values.flag("appendonly") {
        return None;
    }
    let files = with_data(&values.text("appenddirname"), &values.text("appendfilename"));
    if files.is_empty() {
        return None;
    }
    let names: Vec<String> = files.iter().map(|path| path.display().to_string()).collect();
    Some(vec![
        format!("appendonly is yes, and there are data in an append-only file: {}", names.join(", ")),
        "Regent does not read append-only files yet. To start would lose what is in it, here and on every replica."
            .to_owned(),
        "To make a snapshot of it: start Redis in this folder, run CONFIG SET appendonly no and then SAVE, stop it, and \
         start Regent with 'appendonly no'. Exiting."
            .to_owned(),
    ])
}

/// The files of an append-only file in this folder that have data: those of Redis 7 in a folder of their own, and the
/// one of Redis before.
fn with_data(folder: &str, name: &str) -> Vec<PathBuf> {
    let belongs = |file: &str| {
        let rest = file.strip_prefix(name).and_then(|rest| rest.strip_prefix('.'));
        rest.is_some_and(|rest| rest.ends_with(".rdb") || rest.ends_with(".aof"))
    };
    let folder = file::absolute(folder);
    let mut found: Vec<PathBuf> = file::list(&folder)
        .unwrap_or_default()
        .into_iter()
        .filter(|(file, len)| *len > 0 && belongs(file))
        .map(|(file, _)| folder.join(file))
        .collect();
    found.sort();
    let single = file::absolute(name);
    found.extend(file::File::open(&single).is_ok().then_some(single));
    found.retain(|path| has_data(path));
    found
}

/// False for a file that is sure to hold nothing. What cannot be read is taken to hold something.
fn has_data(path: &Path) -> bool {
    let Ok(len) = file::File::open(path).and_then(|file| file.len()) else { return true };
    if len == 0 || len > EMPTY_LEN_MAX {
        return len > 0;
    }
    let Ok(bytes) = file::slurp(path) else { return true };
    let mut decoder = Decoder::new(DecodeOptions::default());
    decoder.feed(&bytes);
    loop {
        match decoder.next() {
            Ok(Some(Item::Key(_) | Item::Function(_))) | Err(_) => return true,
            Ok(Some(Item::End { .. })) => return decoder.offset() < len,
            Ok(Some(_)) => {}
            // It is cut off.
            Ok(None) => return true,
        }
    }
}
