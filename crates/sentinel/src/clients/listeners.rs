//! News for those who subscribed.

use crate::sentinel::Sentinel;
use ::session::write_message;

impl Sentinel {
    /// A message for those who listen to a channel.
    pub(crate) fn publish(&mut self, channel: &[u8], message: &[u8]) {
        if self.clients.pubsub.is_empty() {
            return;
        }
        let audience = self.clients.pubsub.audience(channel);
        for conn in audience.direct {
            self.tell(conn, |w| write_message(w, b"message", &[channel, message]));
        }
        for (pattern, conns) in audience.matching {
            for conn in conns {
                self.tell(conn, |w| write_message(w, b"pmessage", &[&pattern, channel, message]));
            }
        }
    }
}
