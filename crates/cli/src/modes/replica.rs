//! `--replica`: a replica that keeps nothing and shows what it is sent.

use super::{pause, sync};
use crate::exit::Result;
use crate::format::Output;
use crate::session::{Read, Session};

/// Who has asked for the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// Nobody yet.
    Unsent,
    /// The user, who typed SYNC or PSYNC.
    Sent,
}

pub(super) fn run(session: &mut Session) -> Result<u8> {
    sync::introduce(session, "capa", "eof")?;
    sync::introduce(session, "rdb-filter-only", "")?;
    session.be_replica(Request::Unsent)?;
    Ok(1)
}

impl Session {
    /// Throws the snapshot away and prints the stream until the primary ends it.
    pub(crate) fn be_replica(&mut self, request: Request) -> Result<()> {
        let payload = match request {
            Request::Unsent => sync::begin(self)?,
            Request::Sent => sync::read_answer(self)?,
        };
        let name = match &payload {
            sync::Payload::Continues => "Partial resync",
            _ => "Full resync",
        };
        match &payload {
            sync::Payload::Continues => sys::complain!("{name} with master..."),
            sync::Payload::Sized(length) => {
                sys::complain!("{name} with master, discarding {length} bytes of bulk transfer...");
            }
            sync::Payload::Marked(_) => sys::complain!(
                "{name} with master, discarding bytes of bulk transfer until EOF marker..."
            ),
        }
        let broken = format!("Error reading RDB payload while {name}ing");
        let received = sync::receive(self, &payload, &broken, |_| Ok(()))?;
        if let sync::Payload::Marked(_) = payload {
            sys::complain!("{name} done after {received} bytes. Logging commands from master.");
            // The primary sends the stream once it hears from us.
            pause(1_000_000);
            acknowledge(self)?;
        } else {
            sys::complain!("{name} done. Logging commands from master.");
        }
        let output = std::mem::replace(&mut self.options.layout.output, Output::Csv);
        while self.read_reply(false)? == Read::Done {}
        self.options.layout.output = output;
        Ok(())
    }
}

/// REPLCONF ACK has no reply.
fn acknowledge(session: &mut Session) -> Result<()> {
    sys::complain!("sending REPLCONF ACK 0");
    match session.link.as_mut().map(|link| link.send(&["REPLCONF", "ACK", "0"])) {
        Some(Ok(())) => Ok(()),
        _ => crate::exit::fail("\nI/O error"),
    }
}
