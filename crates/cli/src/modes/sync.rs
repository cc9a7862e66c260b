//! The beginning of a replica's life, as far as a client can play it: SYNC, and a snapshot that follows.

use std::io::{self, Write};

use sys::ErrorText;
use sys::file::File;

use client::Value;

use crate::exit::{Result, fail};
use crate::options::Rdb;
use crate::screen::{self, Progress};
use crate::session::Session;

/// The mark at the end of a snapshot whose length nobody knew at its beginning.
const MARK: usize = 40;

/// What comes after the answer to SYNC.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Payload {
    /// So many bytes.
    Sized(u64),
    /// Bytes up to this mark.
    Marked(Vec<u8>),
    /// No snapshot: the stream goes on where it was.
    Continues,
}

/// Tells the primary something about us, aloud. False if it does not know what that is.
pub(super) fn introduce(session: &mut Session, name: &str, value: &str) -> Result<bool> {
    sys::complain!("sending REPLCONF {name} {value}");
    match session.must_ask(&["REPLCONF", name, value])? {
        Value::Error(text) => {
            sys::complain!("REPLCONF {name} error: {}", String::from_utf8_lossy(&text));
            Ok(false)
        }
        _ => Ok(true),
    }
}

/// Sends SYNC and reads up to the snapshot.
pub(super) fn begin(session: &mut Session) -> Result<Payload> {
    let sent = session.link.as_mut().map(|link| link.write_raw(b"SYNC\r\n"));
    match sent {
        Some(Ok(())) => read_answer(session),
        _ => fail("Error writing to master"),
    }
}

/// Reads the answer to SYNC or PSYNC, up to the snapshot.
pub(super) fn read_answer(session: &mut Session) -> Result<Payload> {
    let mut line = read_line(session, "SYNCing")?;
    if let Some(b'-') = line.first() {
        // compat(7.2): of the line's end one half is shown with it.
        return fail(format!("SYNC with master failed: {}\r", String::from_utf8_lossy(&line)));
    }
    if line.starts_with(b"+FULLRESYNC") || line.starts_with(b"+CONTINUE") {
        sys::complain!("PSYNC replied {}", String::from_utf8_lossy(&line));
        if line.starts_with(b"+CONTINUE") {
            return Ok(Payload::Continues);
        }
        line = read_line(session, "PSYNCing")?;
    }
    let length = line.get(1..).unwrap_or_default();
    Ok(match length.strip_prefix(b"EOF:") {
        Some(mark) if mark.len() >= MARK => Payload::Marked(mark[..MARK].to_vec()),
        _ => Payload::Sized(crate::number::integer(length).max(0) as u64),
    })
}

/// A line, byte by byte: what follows it is no line. Line ends before it are signs of life.
fn read_line(session: &mut Session, doing: &str) -> Result<Vec<u8>> {
    const LINE_MAX: usize = 4096;
    let mut line = Vec::new();
    while line.len() < LINE_MAX {
        let mut byte = [0];
        match session.link.as_mut().map(|link| link.read_raw(&mut byte)) {
            Some(Ok(1)) => {}
            _ => return fail(format!("Error reading bulk length while {doing}")),
        }
        match byte[0] {
            b'\n' if line.is_empty() => {}
            b'\n' => break,
            other => line.push(other),
        }
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(line)
}

/// Passes the snapshot to `sink` piece by piece and tells how many bytes came, mark included.
pub(super) fn receive(
    session: &mut Session,
    payload: &Payload,
    broken: &str,
    mut sink: impl FnMut(&[u8]) -> Result<()>,
) -> Result<u64> {
    let mut piece = vec![0; 64 << 10];
    let mut received = 0u64;
    let mut tail: Vec<u8> = Vec::new();
    loop {
        let rest = match payload {
            Payload::Sized(length) => length - received,
            Payload::Marked(_) => u64::MAX,
            Payload::Continues => 0,
        };
        if rest == 0 {
            return Ok(received);
        }
        let room = rest.min(piece.len() as u64) as usize;
        let len = match session.link.as_mut().map(|link| link.read_raw(&mut piece[..room])) {
            Some(Ok(len)) if len > 0 => len,
            _ => return fail(broken),
        };
        received += len as u64;
        sink(&piece[..len])?;
        if let Payload::Marked(mark) = payload {
            tail.extend_from_slice(&piece[len.saturating_sub(MARK)..len]);
            let surplus = tail.len().saturating_sub(MARK);
            tail.drain(..surplus);
            if tail == *mark {
                return Ok(received);
            }
        }
    }
}

/// `--rdb`, `--functions-rdb`: the snapshot of a full synchronisation into a file, or to standard output.
pub(super) fn fetch(session: &mut Session, rdb: &Rdb) -> Result<u8> {
    introduce(session, "capa", "eof")?;
    introduce(session, "rdb-only", "1")?;
    if rdb.is_functions_only && !introduce(session, "rdb-filter-only", "functions")? {
        return fail("Failed requesting functions only RDB from server, aborting");
    }
    let path = &rdb.path;
    let payload = begin(session)?;
    match &payload {
        Payload::Sized(length) => {
            sys::complain!("SYNC sent to master, writing {length} bytes to '{path}'");
        }
        _ => sys::complain!(
            "SYNC sent to master, writing bytes of bulk transfer until EOF marker to '{path}'"
        ),
    }
    let mut file = match path.as_str() {
        "-" => None,
        path => match File::create(path) {
            Ok(file) => Some(file),
            Err(error) => return fail(format!("Error opening '{path}': {}", error.text())),
        },
    };
    let mut progress = Progress::new();
    let mut written = 0i64;
    let broken = "I/O Error reading RDB payload from socket";
    let received = receive(session, &payload, broken, |piece| {
        let result = match &mut file {
            Some(file) => file.append(piece),
            None => io::stdout().lock().write_all(piece),
        };
        written += piece.len() as i64;
        progress.show(|| format!("{} received", screen::bytes(written)));
        result.or_else(|error| fail(format!("Error writing data to file: {}", error.text())))
    })?;
    progress.clear();
    finish(session, &payload, received, file.as_mut(), path)
}

/// Cuts the mark off and makes the file last.
fn finish(
    session: &mut Session,
    payload: &Payload,
    received: u64,
    mut file: Option<&mut File>,
    path: &str,
) -> Result<u8> {
    match payload {
        Payload::Marked(mark) => {
            let length = received - mark.len() as u64;
            if let Some(Err(error)) = file.as_mut().map(|file| file.truncate(length)) {
                sys::complain!("ftruncate failed: {}.", error.text());
            }
            sys::complain!("Transfer finished with success after {length} bytes");
        }
        _ => sys::complain!("Transfer finished with success."),
    }
    // Writing to the disk may take time, in which the primary need not keep us.
    session.link = None;
    screen::print("");
    if let Some(Err(error)) = file.map(|file| file.sync()) {
        return fail(format!("Fail to fsync '{path}': {}", error.text()));
    }
    Ok(0)
}
