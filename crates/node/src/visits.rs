//! Who comes and who goes, for the log of those who look for a client that cannot connect, or does not stay.
//!
//! At the levels that servers run with nothing of this is even put into words.

use crate::admin::client_line;
use crate::node::Node;
use crate::session::Role;
use world::{ConnId, Level, Peer};

impl Node {
    /// A connection has been accepted, whatever becomes of it.
    pub(crate) fn tell_arrival(&mut self, peer: &Peer) {
        if !self.would_log(Level::Verbose) {
            return;
        }
        self.log(Level::Verbose, session::arrival(peer));
    }

    /// A connection is gone: closed at the other end, or broken for `reason`. What is said of a master is said where
    /// its link is.
    pub(crate) fn tell_departure(&mut self, conn: ConnId, reason: &str) {
        if !self.would_log(Level::Verbose) {
            return;
        }
        let Some(session) = self.sessions.get(conn).filter(|it| it.role != Role::Master) else {
            return;
        };
        let text = session::departure(reason, || client_line(self, session));
        self.log(Level::Verbose, text);
    }
}

#[cfg(test)]
mod tests {
    use crate::check::Player;
    use world::{ConnId, Event};

    /// What was logged of two clients, one of which breaks off.
    fn told(level: &str) -> Vec<String> {
        let mut player = Player::new(&[("loglevel", level)]);
        player.request("one", "CLIENT SETNAME first");
        player.request("two", "PING");
        player.hang_up("one");
        let reason = "Connection reset by peer".to_owned();
        player.event(Event::Closed { conn: ConnId(1), reason });
        let is_visit = |line: &&String| {
            ["Accepted", "Client", "Reading"].iter().any(|word| line.contains(word))
        };
        player.log.iter().filter(is_visit).cloned().collect()
    }

    #[test]
    fn who_looks_closely_sees_clients_come_and_go() {
        let lines = told("verbose");
        for (at, text) in [
            "Accepted 127.0.0.1:50000",
            "Accepted 127.0.0.1:50001",
            "Client closed connection id=",
            "Reading from client: Connection reset by peer",
        ]
        .iter()
        .enumerate()
        {
            assert!(lines.get(at).is_some_and(|line| line.contains(text)), "{text} in {lines:?}");
        }
        assert!(lines[2].contains(" name=first "), "{lines:?}");
        assert!(told("notice").is_empty());
    }
}
