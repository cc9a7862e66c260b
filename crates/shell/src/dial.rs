//! Outgoing connections: a name is looked up on a thread of its own, then its addresses are tried in turn.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};

use stdx::Now;
use sys::net::{self, Stream};
use sys::poll::Poller;
use sys::{ErrorText, thread};
use world::{ConnId, Dial, Event, Machine, Ticket};

use crate::conns::Conn;
use crate::inbox::{Inbox, Note};
use crate::io::Io;
use crate::listen::peer;

/// What is said of a name that exists and leads nowhere.
const NO_ADDRESS: &str = "Name does not resolve";

/// An attempt under way.
struct Attempt {
    ticket: Ticket,
    source: Option<IpAddr>,
    /// Addresses not tried yet.
    left: VecDeque<SocketAddr>,
    /// The one being tried, under the number it will keep.
    trying: Option<(ConnId, Stream)>,
}

/// All attempts; there are never more than a few.
#[derive(Default)]
pub(crate) struct Dialer {
    attempts: Vec<Attempt>,
}

impl Dialer {
    /// Begins.
    pub(crate) fn dial<M: Machine>(
        &mut self,
        machine: &mut M,
        now: Now,
        io: &mut Io,
        poller: &Poller,
        inbox: &Inbox,
        dial: Dial,
    ) {
        let Dial { ticket, host, port, source } = dial;
        let source = match source.as_str() {
            "" => None,
            text => match text.parse() {
                Ok(ip) => Some(ip),
                Err(_) => {
                    let reason = format!("bad source address '{text}'");
                    return machine.handle_event(now, Event::DialFailed { ticket, reason });
                }
            },
        };
        let mut attempt = Attempt { ticket, source, left: VecDeque::new(), trying: None };
        if let Some(address) = net::literal(&host, port) {
            attempt.left.push_back(address);
            self.attempts.push(attempt);
            return self.advance(machine, now, io, poller, ticket, "No address".to_owned());
        }
        let inbox = inbox.clone();
        let lookup = thread::spawn("regent-lookup", move || {
            let result = net::resolve(&host, port).map_err(|error| error.text());
            inbox.put(Note::Resolved { ticket, result });
        });
        match lookup {
            Ok(_) => self.attempts.push(attempt),
            Err(error) => {
                machine.handle_event(now, Event::DialFailed { ticket, reason: error.text() });
            }
        }
    }

    /// Gives up; whatever comes of it later is dropped.
    pub(crate) fn cancel(&mut self, io: &mut Io, ticket: Ticket) {
        let Some(at) = self.find(ticket) else { return };
        if let Some((id, _)) = self.attempts.swap_remove(at).trying {
            io.conns.cancel(id);
        }
    }

    /// A name was looked up.
    pub(crate) fn resolved<M: Machine>(
        &mut self,
        machine: &mut M,
        now: Now,
        io: &mut Io,
        poller: &Poller,
        ticket: Ticket,
        result: Result<Vec<SocketAddr>, String>,
    ) {
        let Some(at) = self.find(ticket) else { return };
        let reason = match result {
            Ok(addresses) => {
                self.attempts[at].left = addresses.into();
                NO_ADDRESS.to_owned()
            }
            Err(reason) => reason,
        };
        self.advance(machine, now, io, poller, ticket, reason);
    }

    /// True if `id` is an attempt and not yet a connection; then its outcome was looked at.
    pub(crate) fn ready<M: Machine>(
        &mut self,
        machine: &mut M,
        now: Now,
        io: &mut Io,
        poller: &Poller,
        id: ConnId,
    ) -> bool {
        let is_it =
            |attempt: &Attempt| attempt.trying.as_ref().is_some_and(|(trying, _)| *trying == id);
        let Some(at) = self.attempts.iter().position(is_it) else { return false };
        let ticket = self.attempts[at].ticket;
        let (_, stream) = self.attempts[at].trying.take().expect("it was found by what it tries");
        let ends = stream.outcome().and_then(|()| Ok((stream.peer()?, stream.local()?)));
        match ends {
            Ok((far, near)) => {
                self.attempts.swap_remove(at);
                io.conns.insert(id, Conn::new(stream));
                let event = Event::Dialed { ticket, conn: id, peer: peer(far), local: peer(near) };
                machine.handle_event(now, event);
                // What the peer said at once came with the same event that told of the connection.
                io.receive(machine, now, id);
            }
            // Ready, but neither connected nor failed: an early event that says nothing.
            Err(error) if error.raw_os_error() == Some(sys::ENOTCONN) => {
                self.attempts[at].trying = Some((id, stream));
            }
            Err(error) => {
                io.conns.cancel(id);
                self.advance(machine, now, io, poller, ticket, error.text());
            }
        }
        true
    }

    /// Tries the next address; without one, the attempt has failed for `reason`.
    fn advance<M: Machine>(
        &mut self,
        machine: &mut M,
        now: Now,
        io: &mut Io,
        poller: &Poller,
        ticket: Ticket,
        mut reason: String,
    ) {
        let Some(at) = self.find(ticket) else { return };
        while let Some(address) = self.attempts[at].left.pop_front() {
            let id = io.conns.reserve();
            let stream = Stream::dial(address, self.attempts[at].source)
                .and_then(|stream| poller.add(&stream, id.0 as usize).map(|()| stream));
            match stream {
                Ok(stream) => {
                    self.attempts[at].trying = Some((id, stream));
                    return;
                }
                Err(error) => {
                    io.conns.cancel(id);
                    reason = error.text();
                }
            }
        }
        self.attempts.swap_remove(at);
        machine.handle_event(now, Event::DialFailed { ticket, reason });
    }

    fn find(&self, ticket: Ticket) -> Option<usize> {
        self.attempts.iter().position(|attempt| attempt.ticket == ticket)
    }
}

/// Looks up a name for the machine; ends in `Resolved`, which comes at once where nobody has to be asked.
pub(crate) fn resolve<M: Machine>(
    machine: &mut M,
    now: Now,
    inbox: &Inbox,
    ticket: Ticket,
    host: String,
) {
    if let Some(address) = net::literal(&host, 0) {
        return machine.handle_event(now, Event::Resolved { ticket, result: Ok(address.ip()) });
    }
    let inbox = inbox.clone();
    let lookup = thread::spawn("regent-lookup", move || {
        let result = match net::resolve(&host, 0) {
            // As the system sorts them: it knows which kind of address this machine can reach.
            Ok(addresses) => addresses.first().map(SocketAddr::ip).ok_or_else(|| NO_ADDRESS.into()),
            Err(error) => Err(error.text()),
        };
        inbox.put(Note::Event(Event::Resolved { ticket, result }));
    });
    if let Err(error) = lookup {
        machine.handle_event(now, Event::Resolved { ticket, result: Err(error.text()) });
    }
}
