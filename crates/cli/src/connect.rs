//! Connecting: the socket, then who we are, which database, which protocol.

use std::io;
use std::net::SocketAddr;

use client::{Client, Value};
use sys::ErrorText;

use crate::exit::Result;
use crate::options::Proto;
use crate::session::{Redirect, Session};

/// Probes on an idle connection, so that long commands do not make it look dead.
const KEEPALIVE_SECS: u32 = 15;

/// Whether a failure is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    Loud,
    Quiet,
}

impl Session {
    /// Connects unless that was done. False if it failed; a connection without the right user, database or protocol
    /// may be there nevertheless.
    pub(crate) fn connect(&mut self, manner: Manner) -> Result<bool> {
        if self.link.is_some() {
            self.restore_pushes();
            return Ok(true);
        }
        self.connect_anew(manner)
    }

    /// Connects whether or not there is a connection.
    pub(crate) fn reconnect(&mut self) -> Result<bool> {
        self.connect_anew(Manner::Loud)
    }

    /// As [`Session::connect`]; what was not possible ends the program.
    pub(crate) fn must_connect(&mut self) -> Result<()> {
        match self.connect(Manner::Loud)? {
            true => Ok(()),
            false => Err(crate::exit::Exit(1)),
        }
    }

    fn connect_anew(&mut self, manner: Manner) -> Result<bool> {
        // A connection begins with nothing of what the last one had, however that ended. What was selected inside a
        // transaction was not executed.
        self.link = None;
        self.db = 0;
        if let Some(db) = self.db_before_multi.take() {
            self.options.place.db = db;
        }
        self.is_subscribed = false;
        self.is_resp3 = false;
        let link = match self.dial() {
            Ok(link) => link,
            Err(message) => {
                if manner == Manner::Loud {
                    sys::complain!("{message}");
                }
                return Ok(false);
            }
        };
        self.link = Some(link);
        let is_ready = self.authenticate() && self.select() && self.switch_protocol();
        self.restore_pushes();
        Ok(is_ready)
    }

    fn dial(&mut self) -> std::result::Result<Client, String> {
        self.find_primary()?;
        // Who is sent elsewhere by a cluster goes there, wherever it began.
        let socket = self.options.place.socket.as_ref().filter(|_| self.redirect.is_none());
        let (result, place) = match socket {
            Some(path) => (Client::connect_unix(path), path.clone()),
            None => {
                let place = &self.options.place;
                let result = addresses(&place.host, place.port)
                    .and_then(|addresses| Client::connect(&addresses[..]));
                (result, format!("{}:{}", place.host, place.port))
            }
        };
        let result = result.and_then(|link| {
            link.set_timeout(None)?;
            // Not for Unix sockets, which refuse it.
            let _ = sys::net::keep_alive(&link, KEEPALIVE_SECS);
            Ok(link)
        });
        result.map_err(|error| format!("Could not connect to Redis at {place}: {}", error.text()))
    }

    fn authenticate(&mut self) -> bool {
        let Some(password) = self.options.place.password.clone() else { return true };
        let user = self.options.place.user.clone();
        let words = [Some(b"AUTH".to_vec()), user, Some(password)];
        let words: Vec<Vec<u8>> = words.into_iter().flatten().collect();
        self.settle(&words, "AUTH")
    }

    /// Selects the database that shall be selected.
    pub(crate) fn select(&mut self) -> bool {
        let db = self.options.place.db;
        if db == self.db {
            return true;
        }
        let is_selected =
            self.settle(&[b"SELECT".to_vec(), db.to_string().into()], &format!("SELECT {db}"));
        if is_selected {
            self.db = db;
        }
        is_selected
    }

    fn switch_protocol(&mut self) -> bool {
        let proto = self.options.proto;
        if !matches!(proto, Proto::Three | Proto::ThreeIfPossible) {
            return true;
        }
        let reply = match self.ask(&["HELLO", "3"]) {
            Ok(reply) => reply,
            Err(_) => {
                sys::complain!("\nI/O error");
                return false;
            }
        };
        if let Value::Error(text) = &reply {
            sys::complain!("HELLO 3 failed: {}", String::from_utf8_lossy(text));
            return proto == Proto::ThreeIfPossible;
        }
        if let Value::Map(pairs) = &reply {
            let version = pairs.iter().find(|(key, _)| key.as_bytes() == Some(b"version"));
            self.server_version = version.map(|(_, value)| value.text());
        }
        self.is_resp3 = true;
        true
    }

    /// A step of the introduction. What went wrong is told.
    fn settle(&mut self, words: &[Vec<u8>], name: &str) -> bool {
        match self.ask(words) {
            Ok(Value::Error(text)) => {
                sys::complain!("{name} failed: {}", String::from_utf8_lossy(&text));
                false
            }
            Ok(_) => true,
            Err(_) => {
                sys::complain!("\nI/O error");
                false
            }
        }
    }

    /// Announces the request that another node of the cluster sent here.
    pub(crate) fn announce(&mut self) -> bool {
        self.settle(&[b"ASKING".to_vec()], "ASKING")
    }

    /// `MOVED 3999 127.0.0.1:6381`, or ASK: the next try goes there.
    pub(crate) fn follow(&mut self, text: &str) {
        let mut words = text.split(' ');
        let (kind, slot, place) = (words.next(), words.next(), words.next().unwrap_or_default());
        let Some((host, port)) = place.rsplit_once(':') else { return };
        // An empty host is the one that we talk to.
        if !host.is_empty() {
            self.options.place.host = host.to_owned();
        }
        self.options.place.port = port.parse().unwrap_or_default();
        if self.is_interactive {
            let place = &self.options.place;
            let slot = slot.unwrap_or_default();
            crate::screen::print(format!(
                "-> Redirected to slot [{slot}] located at {}:{}\n",
                place.host, place.port
            ));
        }
        let is_ask = kind == Some("ASK");
        self.redirect = Some(if is_ask { Redirect::Ask } else { Redirect::Moved });
    }
}

/// The addresses of a host. Names of this machine often have both kinds, and most servers listen to the older.
fn addresses(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let mut addresses = sys::net::resolve(host, port)?;
    addresses.sort_by_key(SocketAddr::is_ipv6);
    Ok(addresses)
}
