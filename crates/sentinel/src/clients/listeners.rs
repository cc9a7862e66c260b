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

/// Scripts.
impl Sentinel {
    pub(crate) fn queue_script(&mut self, _path: String, _arguments: Vec<String>) {}

    pub(crate) fn script_started(&mut self, _ticket: world::Ticket, _pid: u32) {}

    pub(crate) fn script_ended(&mut self, _ticket: world::Ticket, _outcome: world::Outcome) {}

    pub(crate) fn trial_answered(&mut self, _trial: u64, _value: Option<&resp::Value>) {}
}
