//! MONITOR: every command, when it has run, shown to whoever watches; one that runs a script, before the script.

use crate::node::Node;
use crate::registry::CommandId;
use crate::scripting::SCRIPT_CONN;
use command::Flags;
use resp::Words;
use world::{ConnId, Peer};

/// The sessions that watch.
#[derive(Debug, Default)]
pub(crate) struct Monitors {
    conns: Vec<ConnId>,
}

impl Monitors {
    /// True while nobody watches.
    pub(crate) fn is_empty(&self) -> bool {
        self.conns.is_empty()
    }

    /// `conn` watches from now on.
    pub(crate) fn add(&mut self, conn: ConnId) {
        if !self.conns.contains(&conn) {
            self.conns.push(conn);
        }
    }

    /// `conn` watches no more.
    pub(crate) fn remove(&mut self, conn: ConnId) {
        self.conns.retain(|it| *it != conn);
    }
}

impl Node {
    /// Shows a command to the monitors: `+1339518083.107412 [0 127.0.0.1:60866] "keys" "*"`.
    pub(crate) fn show_monitors(&mut self, conn: ConnId, id: CommandId, words: &Words<'_>) {
        let row = self.registry.row(id);
        let flags = row.spec.flags;
        if !flags.has(Flags::SKIP_MONITOR) && !flags.has(Flags::ADMIN) {
            self.show_to_monitors(conn, id, words);
        }
    }

    /// Shows a command, whatever it says of itself.
    pub(crate) fn show_to_monitors(&mut self, conn: ConnId, id: CommandId, words: &Words<'_>) {
        let row = self.registry.row(id);
        let Some(session) = self.sessions.get(conn) else { return };
        let from = match &session.peer {
            _ if conn == SCRIPT_CONN => "lua".to_owned(),
            Peer::Ip(address) => address.to_string(),
            Peer::Unix(path) => format!("unix:{path}"),
        };
        let mut line = format!("{} [{} {from}]", self.now.wall, session.db).into_bytes();
        for word in self.public_words(row, words) {
            line.push(b' ');
            quote(word, &mut line);
        }
        for watcher in self.monitors.conns.clone() {
            self.send(watcher, |w| {
                w.raw(b"+");
                w.raw(&line);
                w.raw(b"\r\n");
            });
        }
    }
}

/// Writes a word in double quotes with what is not printable escaped, as Redis shows strings.
pub(crate) fn quote(word: &[u8], line: &mut Vec<u8>) {
    line.push(b'"');
    for &byte in word {
        match byte {
            b'\\' | b'"' => line.extend_from_slice(&[b'\\', byte]),
            b'\n' => line.extend_from_slice(b"\\n"),
            b'\r' => line.extend_from_slice(b"\\r"),
            b'\t' => line.extend_from_slice(b"\\t"),
            7 => line.extend_from_slice(b"\\a"),
            8 => line.extend_from_slice(b"\\b"),
            0x20..=0x7e => line.push(byte),
            _ => line.extend_from_slice(format!("\\x{byte:02x}").as_bytes()),
        }
    }
    line.push(b'"');
}
