//! Where an instance can be reached, and what is known of names.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use stdx::Instant;

/// A host, as somebody spelled it, and a port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Address {
    /// A name or an IP address.
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Address {
    pub(crate) fn new(host: impl Into<String>, port: u16) -> Address {
        Address { host: host.into(), port }
    }
}

/// `host:port`, the host of IPv6 in brackets.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// How long a resolved name is believed before it is asked for again.
const FRESH_MS: u64 = 60_000;

/// The addresses of names. A lookup happens off the loop; while it lasts, and where it fails, the last good answer
/// holds.
#[derive(Debug, Default)]
pub(crate) struct Names {
    known: BTreeMap<String, Known>,
    /// `announce-hostnames`: others are told names, where there are names.
    pub(crate) announce: bool,
}

#[derive(Debug)]
struct Known {
    ip: Option<IpAddr>,
    asked: Instant,
}

impl Names {
    /// Notes that `host` matters. True where it has to be looked up now.
    pub(crate) fn wants(&mut self, host: &str, now: Instant) -> bool {
        if host.parse::<IpAddr>().is_ok() {
            return false;
        }
        match self.known.get_mut(host) {
            Some(known) if now.ms_since(known.asked) < FRESH_MS => false,
            Some(known) => {
                known.asked = now;
                true
            }
            None => {
                self.known.insert(host.to_owned(), Known { ip: None, asked: now });
                true
            }
        }
    }

    /// A lookup has ended well.
    pub(crate) fn learn(&mut self, host: &str, ip: IpAddr) {
        if let Some(known) = self.known.get_mut(host) {
            known.ip = Some(ip);
        }
    }

    /// The IP address, where it is known.
    pub(crate) fn ip(&self, host: &str) -> Option<IpAddr> {
        host.parse().ok().or_else(|| self.known.get(host)?.ip)
    }

    /// True where both spell the same host.
    pub(crate) fn same_host(&self, a: &str, b: &str) -> bool {
        a.eq_ignore_ascii_case(b) || self.ip(a).is_some_and(|ip| self.ip(b) == Some(ip))
    }

    /// True where both are the same place.
    pub(crate) fn same(&self, a: &Address, b: &Address) -> bool {
        a.port == b.port && self.same_host(&a.host, &b.host)
    }

    /// How others are told about this host.
    pub(crate) fn announced(&self, host: &str) -> String {
        if self.announce {
            return host.to_owned();
        }
        self.ip(host).map_or_else(|| host.to_owned(), |ip| ip.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_and_its_address_are_the_same_host() {
        let mut names = Names::default();
        assert!(names.wants("db.example", Instant::ZERO));
        assert!(!names.wants("db.example", Instant::ZERO), "asked already");
        assert!(!names.same_host("db.example", "10.0.0.1"));
        names.learn("db.example", "10.0.0.1".parse().unwrap());
        assert!(names.same_host("DB.example", "db.EXAMPLE"));
        assert!(names.same_host("db.example", "10.0.0.1"));
        assert_eq!(names.announced("db.example"), "10.0.0.1");
        names.announce = true;
        assert_eq!(names.announced("db.example"), "db.example");
        assert!(names.wants("db.example", Instant::ZERO.after_ms(FRESH_MS)), "too old");
        assert_eq!(names.ip("db.example"), Some("10.0.0.1".parse().unwrap()), "but still good");
    }
}
