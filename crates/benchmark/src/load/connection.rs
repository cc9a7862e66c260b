//! One connection: what it still has to write, what it still waits for.

use std::io::{ErrorKind, IoSlice};

use stdx::Instant;
use sys::net::Stream;

use crate::failure::Failure;
use crate::request::Request;
use crate::scan::Scanner;
use crate::server::Greeting;

pub(super) struct Connection {
    pub(super) stream: Stream,
    /// Not known yet to stand.
    pub(super) is_connecting: bool,
    /// It has sent nothing.
    pub(super) is_fresh: bool,
    /// Bytes of its own to send, where those of the lane will not do: the greeting, or the rest of a request that the
    /// lane has varied since. Empty otherwise.
    own: Vec<u8>,
    /// How much of them, or of the lane's, is sent.
    sent: usize,
    pub(super) is_writing: bool,
    /// Replies to come.
    pub(super) pending: u64,
    /// How many of them answer the greeting.
    pub(super) greeting: u64,
    /// When the requests went out, or should have.
    pub(super) since: Instant,
    /// How long the first bytes of an answer took. Parsing is ours and not the server's, so it does not count.
    pub(super) latency_us: Option<u64>,
    pub(super) scanner: Scanner,
}

impl Connection {
    pub(super) fn new(stream: Stream) -> Connection {
        Connection {
            stream,
            is_connecting: true,
            is_fresh: true,
            own: Vec::new(),
            sent: 0,
            is_writing: false,
            pending: 0,
            greeting: 0,
            since: Instant::ZERO,
            latency_us: None,
            scanner: Scanner::default(),
        }
    }

    /// Sends `request`, as far as there is room; it counts from `since`.
    pub(super) fn begin(
        &mut self,
        request: &Request,
        greeting: &Greeting,
        since: Instant,
    ) -> Result<(), Failure> {
        self.own.clear();
        self.sent = 0;
        self.pending = request.count.into();
        self.since = since;
        self.latency_us = None;
        if std::mem::take(&mut self.is_fresh) && greeting.count > 0 {
            self.own.extend_from_slice(&greeting.bytes);
            self.own.extend_from_slice(&request.bytes);
            self.greeting = greeting.count;
            self.pending += greeting.count;
        }
        self.write(request)
    }

    /// Sends more of what is begun.
    #[inline]
    pub(super) fn write(&mut self, request: &Request) -> Result<(), Failure> {
        let bytes = if self.own.is_empty() { &request.bytes } else { &self.own };
        match self.stream.write(&[IoSlice::new(&bytes[self.sent..])]) {
            Ok(count) => self.sent += count,
            Err(error) if is_not_now(error.kind()) => {}
            // What the server said before it went is read first, by whoever hears that the connection is gone.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
            Err(error) => return Err(Failure::Write(sys::error_text(&error))),
        }
        self.is_writing = self.sent < bytes.len();
        if self.is_writing && self.own.is_empty() && request.varies() {
            self.own.extend_from_slice(&request.bytes[self.sent..]);
            self.sent = 0;
        }
        Ok(())
    }

    /// Reads into `buffer`; how much, or none where nothing is there.
    #[inline]
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Result<Option<usize>, Failure> {
        match self.stream.read(buffer) {
            Ok(0) => Err(Failure::Lost("Server closed the connection".to_owned())),
            Ok(count) => Ok(Some(count)),
            Err(error) if is_not_now(error.kind()) => Ok(None),
            Err(error) => Err(Failure::Lost(sys::error_text(&error))),
        }
    }

    /// Counts the replies in `bytes`: how many of them answer requests.
    #[inline]
    pub(super) fn count(&mut self, bytes: &[u8]) -> Result<u64, Failure> {
        let replies = self.scanner.feed(bytes).map_err(|error| Failure::NotAReply(error.0))?;
        if self.scanner.has_error() {
            return Err(Failure::Refused(self.scanner.take_error().unwrap_or_default()));
        }
        let replies = replies.min(self.pending);
        let greeted = replies.min(self.greeting);
        self.greeting -= greeted;
        self.pending -= replies;
        Ok(replies - greeted)
    }
}

/// A socket that is not ready, or not connected yet.
fn is_not_now(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::WouldBlock | ErrorKind::NotConnected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;
    use crate::request::encode;
    use sys::net::{Address, Listener};

    /// Both ends of a connection.
    fn pair() -> (Connection, sys::net::Stream) {
        let any = (std::net::Ipv4Addr::LOCALHOST, 0).into();
        let listener = Listener::tcp(any, 1).expect("a port is free");
        let Ok(Address::Ip(address)) = listener.local() else { panic!("it is bound") };
        let near = Stream::dial(address, None).expect("it listens");
        let far = loop {
            match listener.accept() {
                Ok(far) => break far,
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
        };
        (Connection::new(near), far)
    }

    /// What has come within a while, so much of it at least.
    fn receive(far: &sys::net::Stream, len: usize) -> Vec<u8> {
        let mut got = Vec::new();
        let mut buffer = vec![0; 1 << 20];
        while got.len() < len {
            match far.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => got.extend_from_slice(&buffer[..count]),
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
        }
        got
    }

    #[test]
    fn the_greeting_goes_first_and_once() {
        let (mut connection, far) = pair();
        let request = Request::new(b"PING\r\n", 2, None);
        let greeting = Greeting { bytes: b"HELLO 3\r\n".to_vec(), count: 1 };
        connection.begin(&request, &greeting, Instant(7)).expect("it is open");
        let want = b"HELLO 3\r\nPING\r\nPING\r\n";
        assert_eq!(receive(&far, want.len()), want);
        assert_eq!(connection.pending, 3);
        assert_eq!(connection.count(b"%0\r\n+PONG\r\n").expect("replies"), 1);
        assert_eq!(connection.count(b"+PONG\r\n+more\r\n").expect("replies"), 1);
        assert_eq!(connection.pending, 0);
        connection.begin(&request, &greeting, Instant(8)).expect("it is open");
        assert_eq!(receive(&far, 12), b"PING\r\nPING\r\n");
        let refused = connection.count(b"+PONG\r\n-ERR no\r\n");
        assert!(matches!(refused, Err(Failure::Refused(text)) if text == "ERR no"));
    }

    #[test]
    fn what_does_not_fit_is_kept_while_the_request_changes() {
        let (mut connection, far) = pair();
        let value = vec![b'v'; 16 << 20];
        let encoded = encode(&[b"SET", &b"__rand_int__"[..], &value, &b"__rand_int__"[..]]);
        let mut request = Request::new(&encoded, 1, Some(1000));
        let mut chance = Chance::new(3);
        request.vary(&mut chance);
        let want = request.bytes.clone();
        connection.begin(&request, &Greeting::default(), Instant(0)).expect("it is open");
        assert!(connection.is_writing, "no buffer is that large");
        let mut got = receive(&far, 1);
        while connection.is_writing {
            // Another connection's turn.
            request.vary(&mut chance);
            connection.write(&request).expect("it is open");
            got.extend(receive(&far, 1));
        }
        got.extend(receive(&far, want.len() - got.len()));
        assert!(got == want, "the bytes of one request");
    }
}
