//! The server before the first request: where it is, what every connection says first, what it is configured to do.

use std::fmt;
use std::io;
use std::net::SocketAddr;

use client::{Client, Value};
use sys::net::Stream;

use crate::failure::Failure;
use crate::options::Options;
use crate::request::encode;

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A host and a port.
    Tcp(String, i32),
    /// A path.
    Unix(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Tcp(host, port) => write!(f, "{host}:{port}"),
            Place::Unix(path) => f.write_str(path),
        }
    }
}

/// A place whose name has been looked up.
#[derive(Clone, Debug)]
pub(crate) enum Address {
    Tcp(SocketAddr),
    Unix(String),
}

impl Address {
    /// Begins to connect; [`Stream::outcome`] tells how that went once the stream is writable.
    pub(crate) fn dial(&self) -> io::Result<Stream> {
        match self {
            Address::Tcp(address) => Stream::dial(*address, None),
            Address::Unix(path) => Stream::connect_unix(path),
        }
    }
}

/// What each connection sends before its first request, and how many replies that has.
#[derive(Clone, Debug, Default)]
pub(crate) struct Greeting {
    pub(crate) bytes: Vec<u8>,
    pub(crate) count: u64,
}

impl Greeting {
    pub(crate) fn new(options: &Options) -> Greeting {
        let mut greeting = Greeting::default();
        let mut add = |words: &[&[u8]]| {
            greeting.bytes.extend(encode(words));
            greeting.count += 1;
        };
        match (&options.user, &options.password) {
            (Some(user), Some(password)) => add(&[b"AUTH", user, password]),
            (None, Some(password)) => add(&[b"AUTH", password]),
            (_, None) => {}
        }
        if options.tracking {
            add(&[b"CLIENT", b"TRACKING", b"on"]);
        }
        if options.database != 0 {
            add(&[b"SELECT", options.database.to_string().as_bytes()]);
        }
        if options.resp3 {
            add(&[b"HELLO", b"3"]);
        }
        greeting
    }
}

/// Settings that explain figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) save: String,
    pub(crate) appendonly: String,
}

/// A server that was found to answer.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    pub(crate) place: Place,
    pub(crate) address: Address,
    /// None where it does not tell them.
    pub(crate) settings: Option<Settings>,
}

impl Server {
    /// Looks for the server and asks for its settings.
    pub(crate) fn find(place: Place, options: &Options) -> Result<Server, Failure> {
        let address = look_up(&place)?;
        let mut client = greet(&place, &address, options)?;
        let settings = match ask_settings(&mut client) {
            Ok(settings) => settings,
            Err(text) => return Err(Failure::Node(place, text)),
        };
        Ok(Server { place, address, settings })
    }
}

/// Why there is no cluster at `place`, in the words of the server, or of this version.
pub(crate) fn ask_cluster(place: &Place, options: &Options) -> Failure {
    let client = look_up(place).and_then(|address| greet(place, &address, options));
    let reply = match client {
        Ok(mut client) => client.command(&["CLUSTER", "NODES"]),
        Err(failure) => return failure,
    };
    let why = match reply {
        Ok(Value::Error(text)) => {
            let text = String::from_utf8_lossy(&text).into_owned();
            format!("Cluster node {place} replied with error:\n{text}\n")
        }
        Ok(_) => "This is a cluster; requests to clusters are not in this version.\n".to_owned(),
        Err(_) => String::new(),
    };
    Failure::Said(format!("{why}Failed to fetch cluster configuration from {place}"))
}

fn look_up(place: &Place) -> Result<Address, Failure> {
    let (host, port) = match place {
        Place::Unix(path) => return Ok(Address::Unix(path.clone())),
        Place::Tcp(host, port) => (host, *port as u16),
    };
    let failed = |why: &str| Failure::Connect(place.clone(), why.to_owned());
    let addresses =
        sys::net::resolve(host, port).map_err(|error| failed(&sys::error_text(&error)))?;
    // Names of this machine often have both kinds, and most servers listen to the older.
    let address = addresses.iter().find(|address| address.is_ipv4()).or(addresses.first());
    address.map(|address| Address::Tcp(*address)).ok_or_else(|| failed("Name does not resolve"))
}

/// A connection that has authenticated itself.
fn greet(place: &Place, address: &Address, options: &Options) -> Result<Client, Failure> {
    let client = match address {
        Address::Tcp(address) => Client::connect(address),
        Address::Unix(path) => Client::connect_unix(path),
    };
    let failed = |error| Failure::Connect(place.clone(), sys::error_text(&error).to_string());
    let mut client = client.map_err(failed)?;
    let reply = match (&options.user, &options.password) {
        (_, None) => return Ok(client),
        (Some(user), Some(password)) => client.command(&[b"AUTH", &user[..], password]),
        (None, Some(password)) => client.command(&[b"AUTH", &password[..]]),
    };
    match reply {
        Ok(Value::Error(text)) => {
            Err(Failure::Node(place.clone(), String::from_utf8_lossy(&text).into_owned()))
        }
        Ok(_) => Ok(client),
        Err(_) => Err(Failure::Said(format!("ERROR: failed to fetch reply from {place}"))),
    }
}

/// The settings; none where the server does not tell them. An error where it wants to know first who we are.
fn ask_settings(client: &mut Client) -> Result<Option<Settings>, String> {
    let requests = ["save", "appendonly"].map(|name| vec!["CONFIG", "GET", name]);
    let Ok(replies) = client.pipeline(&requests) else { return Ok(None) };
    let mut values = Vec::new();
    for reply in replies {
        match reply {
            Value::Error(text) if text.starts_with(b"NOAUTH") => {
                return Err(String::from_utf8_lossy(&text).into_owned());
            }
            Value::Array(pair) if pair.len() >= 2 => values.push(pair[1].text()),
            _ => return Ok(None),
        }
    }
    let pair = <[String; 2]>::try_from(values).ok();
    Ok(pair.map(|[save, appendonly]| Settings { save, appendonly }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_say_who_they_are_first() {
        let mut options = Options::default();
        assert_eq!(Greeting::new(&options).count, 0);
        options.password = Some(b"p".to_vec());
        options.database = 3;
        options.resp3 = true;
        options.tracking = true;
        let greeting = Greeting::new(&options);
        assert_eq!(greeting.count, 4);
        let text = String::from_utf8_lossy(&greeting.bytes).replace("\r\n", " ");
        assert_eq!(
            text,
            "*2 $4 AUTH $1 p *3 $6 CLIENT $8 TRACKING $2 on *2 $6 SELECT $1 3 *2 $5 HELLO $1 3 "
        );
        options.user = Some(b"u".to_vec());
        assert!(Greeting::new(&options).bytes.starts_with(b"*3\r\n$4\r\nAUTH\r\n$1\r\nu\r\n"));
    }

    #[test]
    fn nobody_there_is_a_failure_with_its_reason() {
        let port = sys::net::free_port().expect("a port is free");
        let place = Place::Tcp("127.0.0.1".to_owned(), port.into());
        let failure = Server::find(place, &Options::default()).map(drop).unwrap_err();
        let want = format!("Could not connect to Redis at 127.0.0.1:{port}: Connection refused");
        assert_eq!(failure.to_string(), want);
    }
}
