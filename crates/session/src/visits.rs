//! Who comes and who goes, in the words of the log: for those who look for a client that cannot connect, or does not
//! stay. A program puts nothing of this into words at the levels that servers run with.

use world::Peer;

/// A connection has been accepted, whatever becomes of it.
pub fn arrival(peer: &Peer) -> String {
    match peer {
        Peer::Ip(address) => format!("Accepted {}:{}", address.ip(), address.port()),
        Peer::Unix(path) => format!("Accepted connection to {path}"),
    }
}

/// A connection is gone: closed at the other end, where `reason` is empty, or broken. `line` is the client's of CLIENT
/// LIST.
pub fn departure(reason: &str, line: impl FnOnce() -> Vec<u8>) -> String {
    match reason {
        "" => format!("Client closed connection {}", String::from_utf8_lossy(&line())),
        reason => format!("Reading from client: {reason}"),
    }
}
