//! The configuration files of members: how they begin, what they say later, and Sentinels that begin with another
//! master.

use std::path::{Path, PathBuf};

use config::words::{quote, split};

use super::arguments::Arguments;
use super::group::NAME;

/// The words behind the last line of a file that begins with these words.
fn last(text: &[u8], head: &[&str]) -> Option<Vec<Vec<u8>>> {
    let lines = text.split(|byte| *byte == b'\n').rev();
    lines.filter_map(split).find_map(|words| {
        let same = |(word, want): (&Vec<u8>, &&str)| word.eq_ignore_ascii_case(want.as_bytes());
        let is_it = words.len() > head.len() && words.iter().zip(head).all(same);
        is_it.then(|| words[head.len()..].to_vec())
    })
}

/// What the file says of a parameter with one value.
pub(super) fn value(text: &[u8], name: &str) -> Option<String> {
    last(text, &[name]).map(|words| String::from_utf8_lossy(&words[0]).into_owned())
}

/// A parameter that is a path.
pub(super) fn path(text: &[u8], name: &str) -> Option<PathBuf> {
    value(text, name).map(PathBuf::from)
}

/// Whether the file of a server makes it a replica.
pub(super) fn is_replica(text: &[u8]) -> bool {
    let source = last(text, &["replicaof"]).or_else(|| last(text, &["slaveof"]));
    source.is_some_and(|words| !words[0].eq_ignore_ascii_case(b"no"))
}

/// The port of the master that the file of a Sentinel names, and the epoch in which it learned of it.
pub(super) fn watched(text: &[u8]) -> Option<(u64, u16)> {
    let words = last(text, &["sentinel", "monitor", NAME])?;
    let port = std::str::from_utf8(words.get(1)?).ok()?.parse().ok()?;
    let epoch = last(text, &["sentinel", "config-epoch", NAME]);
    let epoch = epoch.and_then(|words| String::from_utf8_lossy(&words[0]).parse().ok());
    Some((epoch.unwrap_or(0), port))
}

/// The file of a Sentinel where the group begins with another master. What it knew of replicas goes, since the new
/// master is among them; all else stays.
pub(super) fn watch_another(text: &[u8], master: u16) -> Vec<u8> {
    let mut changed = Vec::with_capacity(text.len());
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let words = split(line).unwrap_or_default();
        let words: Vec<String> =
            words.iter().map(|word| String::from_utf8_lossy(word).to_lowercase()).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words[..] {
            ["sentinel", "monitor", NAME, _, _, quorum] => changed.extend_from_slice(
                format!("sentinel monitor {NAME} 127.0.0.1 {master} {quorum}\n").as_bytes(),
            ),
            ["sentinel", "known-replica" | "known-slave", NAME, ..] => {}
            _ => changed.extend_from_slice(line),
        }
    }
    changed
}

/// The first file of a server.
pub(super) fn server(arguments: &Arguments, port: u16, master: u16, folder: &Path) -> Vec<u8> {
    let mut text = common(port, folder);
    text.extend_from_slice(b"repl-diskless-sync-delay 0\n");
    if !arguments.password().is_empty() {
        for name in ["requirepass", "masterauth"] {
            push(&mut text, &[name], arguments.password());
        }
    }
    if port != master {
        text.extend_from_slice(format!("replicaof 127.0.0.1 {master}\n").as_bytes());
    }
    text
}

/// The first file of a Sentinel.
pub(super) fn sentinel(arguments: &Arguments, port: u16, master: u16, folder: &Path) -> Vec<u8> {
    let (down_after_ms, quorum) = (arguments.down_after_ms(), arguments.sentinels() / 2 + 1);
    let mut text = common(port, folder);
    text.extend_from_slice(
        format!(
            "sentinel monitor {NAME} 127.0.0.1 {master} {quorum}\n\
             sentinel down-after-milliseconds {NAME} {down_after_ms}\n\
             sentinel failover-timeout {NAME} 60000\n"
        )
        .as_bytes(),
    );
    if !arguments.password().is_empty() {
        push(&mut text, &["requirepass"], arguments.password());
        push(&mut text, &["sentinel", "auth-pass", NAME], arguments.password());
    }
    text
}

fn common(port: u16, folder: &Path) -> Vec<u8> {
    let mut text = format!("port {port}\nbind 127.0.0.1\n").into_bytes();
    push(&mut text, &["dir"], &folder.to_string_lossy());
    push(&mut text, &["logfile"], &folder.join("log").to_string_lossy());
    text
}

/// A line whose last word may have any bytes.
fn push(text: &mut Vec<u8>, head: &[&str], last: &str) {
    text.extend_from_slice(format!("{} ", head.join(" ")).as_bytes());
    text.extend_from_slice(&quote(last.as_bytes()));
    text.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENTINEL: &str = "port 27000\nsentinel myid abc\nsentinel monitor mymaster 127.0.0.1 7001 2\n\
        sentinel down-after-milliseconds mymaster 500\nsentinel config-epoch mymaster 4\n\
        sentinel known-replica mymaster 127.0.0.1 7000\nsentinel known-sentinel mymaster 127.0.0.1 27001 def\n";

    #[test]
    fn a_file_tells_what_it_was_written_for() {
        let arguments = Arguments { password: Some("a \"b".to_owned()), ..Arguments::default() };
        let text = server(&arguments, 7001, 7000, Path::new("/x y"));
        assert_eq!(value(&text, "requirepass").as_deref(), Some("a \"b"));
        assert_eq!(path(&text, "dir"), Some("/x y".into()));
        assert!(is_replica(&text));
        assert!(!is_replica(&server(&arguments, 7000, 7000, Path::new("/x"))));
        assert!(!is_replica(b"replicaof 127.0.0.1 1\nreplicaof no one\n"));
        let text = sentinel(&arguments, 27_000, 7000, Path::new("/x"));
        assert_eq!(watched(&text), Some((0, 7000)));
        assert_eq!(watched(SENTINEL.as_bytes()), Some((4, 7001)));
        assert_eq!(watched(b"port 1\n"), None);
    }

    #[test]
    fn a_sentinel_begins_with_another_master() {
        let text = watch_another(SENTINEL.as_bytes(), 7000);
        assert_eq!(watched(&text), Some((4, 7000)));
        let text = String::from_utf8_lossy(&text);
        for kept in ["myid abc", "500", "known-sentinel", "127.0.0.1 7000 2\n"] {
            assert!(text.contains(kept), "{kept} is not in {text}");
        }
        assert!(!text.contains("known-replica"), "{text}");
    }
}
