//! Sockets that never block: listening, accepted, dialed, over TCP or a Unix path.

use crate::direct;
use std::io::{self, IoSlice, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use socket2::{Domain, Protocol, SockAddr, SockRef, Socket, TcpKeepalive, Type};

/// One end of a connection, as the system names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// An address and a port.
    Ip(SocketAddr),
    /// A path; empty for the nameless end of a Unix connection.
    Unix(String),
}

/// A connected socket, or one that is about to be.
#[derive(Debug)]
pub struct Stream(Socket);

impl AsRawFd for Stream {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl Stream {
    /// Begins to connect to `to`, from the local address `from` if there is one. The stream becomes writable once
    /// the outcome is known; [`Stream::outcome`] tells it.
    pub fn dial(to: SocketAddr, from: Option<IpAddr>) -> io::Result<Stream> {
        let socket = Socket::new(Domain::for_address(to), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_nonblocking(true)?;
        socket.set_tcp_nodelay(true)?;
        if let Some(from) = from {
            socket.set_reuse_address(true)?;
            socket.bind(&SocketAddr::new(from, 0).into())?;
        }
        match socket.connect(&to.into()) {
            Ok(()) => Ok(Stream(socket)),
            Err(error) if error.raw_os_error() == Some(libc::EINPROGRESS) => Ok(Stream(socket)),
            Err(error) => Err(error),
        }
    }

    /// Connects to a path of this machine, which may wait for room in the listener's queue. The stream never blocks
    /// from then on.
    pub fn connect_unix(path: &str) -> io::Result<Stream> {
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
        socket.connect(&SockAddr::unix(path)?)?;
        socket.set_nonblocking(true)?;
        Ok(Stream(socket))
    }

    /// After the stream became writable: whether the connection stands.
    pub fn outcome(&self) -> io::Result<()> {
        match self.0.take_error()? {
            Some(error) => Err(error),
            None => self.0.peer_addr().map(drop),
        }
    }

    /// Reads what is there. Zero: the peer will send nothing more.
    pub fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match direct::receive(&self.0, buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    /// Writes as much as there is room for.
    pub fn write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        loop {
            // One slice is the common case, and the plain call is the cheaper one.
            let result = match slices {
                [one] => direct::send(&self.0, one),
                many => (&self.0).write_vectored(many),
            };
            match result {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    /// The other end.
    pub fn peer(&self) -> io::Result<Address> {
        self.0.peer_addr().map(|address| name(&address))
    }

    /// This end.
    pub fn local(&self) -> io::Result<Address> {
        self.0.local_addr().map(|address| name(&address))
    }

    /// Small writes go out at once, or are gathered.
    pub fn set_nodelay(&self, on: bool) -> io::Result<()> {
        self.0.set_tcp_nodelay(on)
    }

    /// Probes after `secs` seconds of silence, every third of that, and gives up after three; zero: no probes.
    pub fn set_keepalive(&self, secs: u32) -> io::Result<()> {
        set_keepalive(&SockRef::from(&self.0), secs)
    }
}

/// As [`Stream::set_keepalive`], for a socket of somebody else.
pub fn keep_alive(socket: &impl AsFd, secs: u32) -> io::Result<()> {
    set_keepalive(&SockRef::from(socket), secs)
}

fn set_keepalive(socket: &Socket, secs: u32) -> io::Result<()> {
    if secs == 0 {
        return socket.set_keepalive(false);
    }
    let third = (secs / 3).max(1);
    let keepalive = TcpKeepalive::new()
        .with_time(Duration::from_secs(secs.into()))
        .with_interval(Duration::from_secs(third.into()))
        .with_retries(3);
    socket.set_tcp_keepalive(&keepalive)
}

fn name(address: &SockAddr) -> Address {
    match address.as_socket() {
        Some(ip) => Address::Ip(ip),
        None => Address::Unix(
            address
                .as_pathname()
                .map(|path| path.to_string_lossy().into_owned())
                .unwrap_or_default(),
        ),
    }
}

/// A listening socket.
#[derive(Debug)]
pub struct Listener(Socket);

impl AsRawFd for Listener {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

/// The room for a path in the address of a Unix socket, with the zero at its end.
const UNIX_PATH_BYTES: usize = 108;

/// What went wrong on the way to a listening socket, and at which call, as `bind: Address already in use`.
#[derive(Debug)]
pub struct ListenError {
    /// The call: `socket`, `bind` or `listen`. Empty where no call was made.
    pub call: &'static str,
    /// Why.
    pub error: io::Error,
}

impl std::fmt::Display for ListenError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.call.is_empty() {
            write!(f, "{}: ", self.call)?;
        }
        f.write_str(&crate::error_text(&self.error))
    }
}

impl ListenError {
    /// The address is of a kind this system does not speak, such as IPv6 where that is switched off.
    pub fn is_unsupported(&self) -> bool {
        let unsupported = [
            libc::ENOPROTOOPT,
            libc::EPROTONOSUPPORT,
            libc::ESOCKTNOSUPPORT,
            libc::EPFNOSUPPORT,
            libc::EAFNOSUPPORT,
        ];
        self.error.raw_os_error().is_some_and(|number| unsupported.contains(&number))
    }

    /// Somebody has the address: a listener, or a connection.
    pub fn is_taken(&self) -> bool {
        self.error.kind() == io::ErrorKind::AddrInUse
    }

    /// The address belongs to no interface of this machine.
    pub fn is_absent(&self) -> bool {
        self.error.raw_os_error() == Some(libc::EADDRNOTAVAIL)
    }
}

fn at<T>(call: &'static str, result: io::Result<T>) -> Result<T, ListenError> {
    result.map_err(|error| ListenError { call, error })
}

impl Listener {
    /// Listens at a TCP address.
    pub fn tcp(address: SocketAddr, backlog: u32) -> Result<Listener, ListenError> {
        let domain = Domain::for_address(address);
        let socket = at("socket", Socket::new(domain, Type::STREAM, Some(Protocol::TCP)))?;
        if address.is_ipv6() {
            at("setsockopt", socket.set_only_v6(true))?;
        }
        at("setsockopt SO_REUSEADDR", socket.set_reuse_address(true))?;
        at("bind", socket.bind(&address.into()))?;
        at("listen", socket.listen(backlog.min(i32::MAX as u32) as i32))?;
        at("fcntl", socket.set_nonblocking(true))?;
        Ok(Listener(socket))
    }

    /// Listens at a path, in place of whatever socket was left there; `mode` are its permissions, zero for what the
    /// system gives.
    pub fn unix(path: &str, mode: u32, backlog: u32) -> Result<Listener, ListenError> {
        if path.len() >= UNIX_PATH_BYTES {
            let len = path.len();
            let text =
                format!("unix socket path too long ({len}), must be under {UNIX_PATH_BYTES}");
            return at("", Err(io::Error::other(text)));
        }
        // Where it cannot be removed, `bind` says why.
        let _ = crate::file::remove(path);
        let socket = at("socket", Socket::new(Domain::UNIX, Type::STREAM, None))?;
        let address = at("bind", SockAddr::unix(path))?;
        at("bind", socket.bind(&address))?;
        at("listen", socket.listen(backlog.min(i32::MAX as u32) as i32))?;
        if mode != 0 {
            let permissions = std::fs::Permissions::from_mode(mode);
            at("chmod", std::fs::set_permissions(path, permissions))?;
        }
        at("fcntl", socket.set_nonblocking(true))?;
        Ok(Listener(socket))
    }

    /// Takes one connection that waits.
    pub fn accept(&self) -> io::Result<Stream> {
        let (socket, address) = self.0.accept()?;
        socket.set_nonblocking(true)?;
        if !address.is_unix() {
            socket.set_tcp_nodelay(true)?;
        }
        Ok(Stream(socket))
    }

    /// Where it listens.
    pub fn local(&self) -> io::Result<Address> {
        self.0.local_addr().map(|address| name(&address))
    }
}

/// An address that `bind` names: `*` and `::*` are all interfaces of one family, names are looked up.
pub fn bind_address(text: &str, port: u16) -> io::Result<SocketAddr> {
    match text {
        "*" | "" => Ok((Ipv4Addr::UNSPECIFIED, port).into()),
        "::*" => Ok((Ipv6Addr::UNSPECIFIED, port).into()),
        _ => resolve(text, port)?
            .first()
            .copied()
            .ok_or_else(|| io::Error::other("Name does not resolve")),
    }
}

/// The addresses of a host. A name may take long: it is asked of the network.
pub fn resolve(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    if let Some(address) = literal(host, port) {
        return Ok(vec![address]);
    }
    (host, port).to_socket_addrs().map(Iterator::collect)
}

/// The address, where `host` is one and not a name.
pub fn literal(host: &str, port: u16) -> Option<SocketAddr> {
    host.parse::<IpAddr>().ok().map(|ip| SocketAddr::new(ip, port))
}

/// A TCP port of this machine that nobody listens at right now; for tests and trials.
///
/// It is one of those that the system gives to outgoing connections, and any of these may take it away. What is to
/// listen there again tomorrow asks for a [`lasting_port`].
pub fn free_port() -> io::Result<u16> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
    let address = SockRef::from(&socket).local_addr()?;
    Ok(address.as_socket().map_or(0, |address| address.port()))
}

/// A port of this machine that is free, and that no outgoing connection is given, so that it is likely to be free again
/// later. Not one of `but`.
pub fn lasting_port(but: &[u16]) -> io::Result<u16> {
    // Where the system does not tell, its usual range begins above all of these.
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok();
    let first = range.and_then(|text| text.split_whitespace().next()?.parse().ok());
    let end = first.unwrap_or(LASTING_END).clamp(LASTING_BEGIN, LASTING_END);
    let count = end - LASTING_BEGIN;
    // Any place to begin will do, as long as two programs do not begin at the same one.
    let chance = free_port()?;
    let candidates = (0..count).map(|n| LASTING_BEGIN + chance.wrapping_add(n) % count);
    let is_free =
        |port: &u16| Listener::tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, *port)), 1).is_ok();
    match candidates.filter(|port| !but.contains(port)).find(is_free) {
        Some(port) => Ok(port),
        None => free_port(),
    }
}

/// Where lasting ports lie: above those of well-known services, below those that systems give away.
const LASTING_BEGIN: u16 = 12_000;
const LASTING_END: u16 = 32_000;
