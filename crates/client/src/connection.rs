//! The connection: requests out, replies in, both raw where a test wants it so.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use resp::{ReplyParser, Value};

/// How long a reply may take unless set otherwise.
const TIMEOUT: Duration = Duration::from_secs(30);

/// One connection to a server.
pub struct Client {
    stream: Stream,
    parser: ReplyParser,
    /// The request being built; kept for its room.
    request: Vec<u8>,
}

enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// To wait for it among other things.
impl AsFd for Client {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match &self.stream {
            Stream::Tcp(stream) => stream.as_fd(),
            Stream::Unix(stream) => stream.as_fd(),
        }
    }
}

impl Client {
    /// Connects over TCP. A reply may take thirty seconds; see [`Client::set_timeout`].
    pub fn connect(address: impl ToSocketAddrs) -> io::Result<Client> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Client::over(Stream::Tcp(stream))
    }

    /// As [`Client::connect`], but both connecting (to each of the addresses) and every reply may take `timeout` at
    /// most.
    pub fn connect_within(address: impl ToSocketAddrs, timeout: Duration) -> io::Result<Client> {
        let mut failed = io::Error::from(ErrorKind::AddrNotAvailable);
        for address in address.to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, timeout) {
                Ok(stream) => {
                    stream.set_nodelay(true)?;
                    let client = Client::over(Stream::Tcp(stream))?;
                    client.set_timeout(Some(timeout))?;
                    return Ok(client);
                }
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }

    /// Connects over a Unix socket.
    pub fn connect_unix(path: impl AsRef<Path>) -> io::Result<Client> {
        Client::over(Stream::Unix(UnixStream::connect(path)?))
    }

    fn over(stream: Stream) -> io::Result<Client> {
        let client = Client { stream, parser: ReplyParser::default(), request: Vec::new() };
        client.set_timeout(Some(TIMEOUT))?;
        Ok(client)
    }

    /// How long to wait for a reply; none: for ever.
    pub fn set_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        match &self.stream {
            Stream::Tcp(stream) => stream.set_read_timeout(timeout),
            Stream::Unix(stream) => stream.set_read_timeout(timeout),
        }
    }

    /// One request and its reply. An error reply is a reply.
    pub fn command<A: AsRef<[u8]>>(&mut self, words: &[A]) -> io::Result<Value> {
        self.send(words)?;
        self.receive()
    }

    /// Many requests at once, and all their replies.
    pub fn pipeline<A: AsRef<[u8]>>(&mut self, requests: &[Vec<A>]) -> io::Result<Vec<Value>> {
        self.send_all(requests)?;
        requests.iter().map(|_| self.receive()).collect()
    }

    /// Many requests at once, whose replies are fetched later.
    pub fn send_all<A: AsRef<[u8]>>(&mut self, requests: &[Vec<A>]) -> io::Result<()> {
        let mut bytes = std::mem::take(&mut self.request);
        bytes.clear();
        for words in requests {
            write_request(&mut bytes, words);
        }
        let written = self.write_raw(&bytes);
        self.request = bytes;
        written
    }

    /// A request whose reply is fetched later, if there is one.
    pub fn send<A: AsRef<[u8]>>(&mut self, words: &[A]) -> io::Result<()> {
        let mut bytes = std::mem::take(&mut self.request);
        bytes.clear();
        write_request(&mut bytes, words);
        let written = self.write_raw(&bytes);
        self.request = bytes;
        written
    }

    /// The next reply, or push.
    pub fn receive(&mut self) -> io::Result<Value> {
        loop {
            if let Some(value) = self.next_received()? {
                return Ok(value);
            }
            if self.fill()? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// The next reply if it comes within `wait`; otherwise none. The timeout of replies is as it was afterwards.
    pub fn receive_within(&mut self, wait: Duration) -> io::Result<Option<Value>> {
        let before = match &self.stream {
            Stream::Tcp(stream) => stream.read_timeout(),
            Stream::Unix(stream) => stream.read_timeout(),
        }?;
        self.set_timeout(Some(wait))?;
        let result = self.receive();
        self.set_timeout(before)?;
        match result {
            Ok(value) => Ok(Some(value)),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// The next reply or push, if it has been read already.
    pub fn next_received(&mut self) -> io::Result<Option<Value>> {
        self.parser.next().map_err(|error| io::Error::new(ErrorKind::InvalidData, error))
    }

    /// Reads once and keeps what came for [`Client::next_received`]. Zero at the end.
    pub fn fill(&mut self) -> io::Result<usize> {
        let mut bytes = [0; 16 << 10];
        let len = self.read(&mut bytes)?;
        self.parser.feed(&bytes[..len]);
        Ok(len)
    }

    /// From now on reading and writing return at once, with `WouldBlock` where they would have waited.
    pub fn set_nonblocking(&self) -> io::Result<()> {
        match &self.stream {
            Stream::Tcp(stream) => stream.set_nonblocking(true),
            Stream::Unix(stream) => stream.set_nonblocking(true),
        }
    }

    /// Writes as much of `bytes` as there is room for, and tells how much that was.
    pub fn write_some(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.stream {
            Stream::Tcp(stream) => stream.write(bytes),
            Stream::Unix(stream) => stream.write(bytes),
        }
    }

    /// Bytes as they are.
    pub fn write_raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.stream {
            Stream::Tcp(stream) => stream.write_all(bytes),
            Stream::Unix(stream) => stream.write_all(bytes),
        }
    }

    /// Whatever comes next, as it is: what was received and not yet read as a reply, or what arrives. Zero at the end.
    pub fn read_raw(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let mut rest = self.parser.take_rest();
        if rest.is_empty() {
            return self.read(bytes);
        }
        let len = rest.len().min(bytes.len());
        bytes[..len].copy_from_slice(&rest[..len]);
        rest.drain(..len);
        self.parser.feed(&rest);
        Ok(len)
    }

    /// Sends nothing more; the server sees the end.
    pub fn shutdown(&mut self) -> io::Result<()> {
        match &self.stream {
            Stream::Tcp(stream) => stream.shutdown(std::net::Shutdown::Write),
            Stream::Unix(stream) => stream.shutdown(std::net::Shutdown::Write),
        }
    }

    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        loop {
            let result = match &mut self.stream {
                Stream::Tcp(stream) => stream.read(bytes),
                Stream::Unix(stream) => stream.read(bytes),
            };
            match result {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }
}

fn write_request<A: AsRef<[u8]>>(bytes: &mut Vec<u8>, words: &[A]) {
    // Writing to memory cannot fail.
    let _ = write!(bytes, "*{}\r\n", words.len());
    for word in words {
        let word = word.as_ref();
        let _ = write!(bytes, "${}\r\n", word.len());
        bytes.extend_from_slice(word);
        bytes.extend_from_slice(b"\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    /// A server of one connection that reads `expect` bytes and then says `reply`.
    fn server(expect: usize, reply: &'static [u8]) -> (Client, impl FnOnce() -> Vec<u8>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let client =
            Client::connect(listener.local_addr().expect("it is bound")).expect("it listens");
        let finish = move || {
            let (mut stream, _) = listener.accept().expect("the client has connected");
            stream.write_all(reply).expect("the client is there");
            let mut got = vec![0; expect];
            stream.read_exact(&mut got).expect("the client has sent");
            got
        };
        (client, finish)
    }

    #[test]
    fn requests_and_replies_are_those_of_the_protocol() {
        let want = b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n";
        let (mut client, finish) = server(want.len(), b"$2\r\nok\r\n+one\r\n:2\r\nraw");
        client.send(&["GET", "k"]).expect("it is open");
        assert_eq!(finish(), want);
        assert_eq!(client.receive().expect("it has come"), Value::Bulk(b"ok".to_vec()));
        assert_eq!(client.receive().expect("it has come"), Value::Simple(b"one".to_vec()));
        assert_eq!(client.receive().expect("it has come"), Value::Int(2));
        let mut raw = [0; 2];
        assert_eq!(client.read_raw(&mut raw).expect("it has come"), 2);
        assert_eq!(&raw, b"ra");
    }

    #[test]
    fn what_does_not_come_in_time_is_none() {
        let (mut client, finish) = server(0, b"+late");
        finish();
        assert!(matches!(client.receive_within(Duration::from_millis(20)), Err(_) | Ok(None)));
    }
}
