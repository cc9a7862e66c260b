//! Listening sockets: opening them as `bind`, `port` and `unixsocket` say, and accepting without starving the rest.

use std::io::ErrorKind;

use stdx::{Instant, Now};
use sys::ErrorText;
use sys::net::{self, Address, ListenError, Listener};
use sys::poll::Poller;
use world::{Event, Level, Machine, Peer};

use crate::conns::Conn;
use crate::io::Io;
use crate::log::Log;

/// Tokens from here on are listeners; below are connections.
pub(crate) const FIRST_TOKEN: usize = 1 << 40;

/// How many connections one listener may bring in a turn.
const ACCEPTS_PER_TURN: usize = 1000;

/// How long to leave a listener alone that could not accept: mostly there are no more file numbers.
const REST_MS: u64 = 100;

/// Where to listen, as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Tcp { address: String, port: u16 },
    Unix { path: String, mode: u32 },
}

/// What to listen at.
pub(crate) struct Wanted {
    pub(crate) addresses: Vec<String>,
    pub(crate) port: u16,
    pub(crate) unix: Option<(String, u32)>,
    pub(crate) backlog: u32,
}

struct Open {
    place: Place,
    listener: Listener,
    token: usize,
    /// There may be more to accept, and no event will tell.
    ready: bool,
}

/// All listening sockets.
#[derive(Default)]
pub(crate) struct Listeners {
    open: Vec<Open>,
    backlog: u32,
    next: usize,
    /// Until then nothing is accepted.
    rest_until: Option<Instant>,
}

impl Listeners {
    /// Listens at what is wanted in place of what is open. Sockets that are wanted again stay as they are, so that no
    /// connection is refused meanwhile; if anything fails, what was open before is open again.
    pub(crate) fn replace(
        &mut self,
        poller: &Poller,
        log: &Log,
        wanted: Wanted,
    ) -> Result<(), String> {
        let mut places = Vec::new();
        if wanted.port != 0 {
            for address in wanted.addresses {
                places.push(Place::Tcp { address, port: wanted.port });
            }
        }
        if let Some((path, mode)) = wanted.unix {
            places.push(Place::Unix { path, mode });
        }
        let before: Vec<Place> = self.open.iter().map(|open| open.place.clone()).collect();
        let backlog_before = std::mem::replace(&mut self.backlog, wanted.backlog);
        // What goes must go first: `*` cannot be had while one address of it is still taken.
        self.open.retain(|open| places.contains(&open.place));
        let result = self.open_missing(poller, log, &places);
        if result.is_err() {
            self.open.retain(|open| before.contains(&open.place));
            self.backlog = backlog_before;
            // They were open a moment ago; if one cannot be had again, the log says so and nothing else can be done.
            let _ = self.open_missing(poller, log, &before);
        }
        result
    }

    fn open_missing(&mut self, poller: &Poller, log: &Log, places: &[Place]) -> Result<(), String> {
        for place in places {
            if self.open.iter().any(|open| open.place == *place) {
                continue;
            }
            let Err(error) = self.open_one(poller, place) else { continue };
            match place {
                Place::Unix { .. } => return Err(format!("Failed opening Unix socket: {error}")),
                Place::Tcp { address, port } => {
                    let bare = address.strip_prefix('-').unwrap_or(address);
                    log.write(
                        Level::Warning,
                        &format!(
                            "Warning: Could not create server TCP listening socket {bare}:{port}: {error}"
                        ),
                    );
                    if !may_be_absent(address, &error) {
                        return Err(format!("Failed listening on port {port} (tcp), aborting."));
                    }
                }
            }
        }
        if self.open.is_empty() && !places.is_empty() {
            return Err("Configured to not listen anywhere, exiting.".to_owned());
        }
        Ok(())
    }

    fn open_one(&mut self, poller: &Poller, place: &Place) -> Result<(), ListenError> {
        let listener = match place {
            Place::Tcp { address, port } => {
                let bare = address.strip_prefix('-').unwrap_or(address);
                let at = net::bind_address(bare, *port)
                    .map_err(|error| ListenError { call: "", error })?;
                Listener::tcp(at, self.backlog)?
            }
            Place::Unix { path, mode } => Listener::unix(path, *mode, self.backlog)?,
        };
        let token = FIRST_TOKEN + self.next;
        self.next += 1;
        use std::os::fd::AsRawFd;
        poller
            .add_source(listener.as_raw_fd(), token)
            .map_err(|error| ListenError { call: "epoll_ctl", error })?;
        self.open.push(Open { place: place.clone(), listener, token, ready: true });
        Ok(())
    }

    /// Closes all, and takes the name of the Unix socket away.
    pub(crate) fn close(&mut self) {
        for open in self.open.drain(..) {
            if let Place::Unix { path, .. } = &open.place {
                let _ = sys::file::remove(path);
            }
        }
    }

    /// The listener of that token has connections.
    pub(crate) fn ready(&mut self, token: usize) {
        if let Some(open) = self.open.iter_mut().find(|open| open.token == token) {
            open.ready = true;
        }
    }

    /// When to try again although nothing happens: at once (some `Instant::ZERO`), later, or never.
    pub(crate) fn due(&self) -> Option<Instant> {
        let waiting = self.open.iter().any(|open| open.ready);
        waiting.then(|| self.rest_until.unwrap_or(Instant::ZERO))
    }

    /// Accepts what waits, up to a fair share.
    pub(crate) fn accept<M: Machine>(
        &mut self,
        machine: &mut M,
        now: Now,
        io: &mut Io,
        poller: &Poller,
        log: &Log,
    ) {
        if self.rest_until.is_some_and(|until| now.instant < until) {
            return;
        }
        self.rest_until = None;
        for open in self.open.iter_mut().filter(|open| open.ready) {
            for _ in 0..ACCEPTS_PER_TURN {
                let stream = match open.listener.accept() {
                    Ok(stream) => stream,
                    Err(error) => {
                        let gone = matches!(
                            error.kind(),
                            ErrorKind::ConnectionAborted
                                | ErrorKind::ConnectionReset
                                | ErrorKind::Interrupted
                        );
                        if gone {
                            continue;
                        }
                        if error.kind() == ErrorKind::WouldBlock {
                            open.ready = false;
                        } else {
                            let text =
                                format!("Accepting client connection: accept: {}", error.text());
                            log.write(Level::Warning, &text);
                            self.rest_until = Some(now.instant.after_ms(REST_MS));
                        }
                        break;
                    }
                };
                // Whoever is gone before we could ask for the address is not worth a word.
                let (far, near) = match &open.place {
                    Place::Unix { path, .. } => {
                        (Peer::Unix(path.clone()), Peer::Unix(path.clone()))
                    }
                    Place::Tcp { .. } => match (stream.peer(), stream.local()) {
                        (Ok(far), Ok(near)) => (peer(far), peer(near)),
                        _ => continue,
                    },
                };
                let id = io.conns.reserve();
                if let Err(error) = poller.add(&stream, id.0 as usize) {
                    log.write(
                        Level::Warning,
                        &format!("Registering a connection: {}", error.text()),
                    );
                    io.conns.cancel(id);
                    continue;
                }
                io.conns.insert(id, Conn::new(stream));
                machine.handle_event(now, Event::Accepted { conn: id, peer: far, local: near });
            }
        }
    }
}

/// An address in the machine's terms.
pub(crate) fn peer(address: Address) -> Peer {
    match address {
        Address::Ip(ip) => Peer::Ip(ip),
        Address::Unix(path) => Peer::Unix(path),
    }
}

/// A dash before an address says that it may be missing; a family that the system does not speak may always be.
fn may_be_absent(address: &str, error: &ListenError) -> bool {
    error.is_unsupported() || (address.starts_with('-') && error.is_absent())
}
