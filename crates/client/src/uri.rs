//! Addresses of servers as one word: `redis://user:password@host:port/database`, every part but the scheme optional.

use std::fmt;

use stdx::integer::parse_i64;

/// What an address says; absent parts are `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Uri {
    /// The scheme is `rediss`.
    pub is_tls: bool,
    /// Who to authenticate as.
    pub user: Option<Vec<u8>>,
    /// With which password.
    pub password: Option<Vec<u8>>,
    /// A name or an address.
    pub host: Option<String>,
    /// As it was written, be it a port or not.
    pub port: Option<i64>,
    /// The database to select.
    pub database: Option<i64>,
}

/// Why a word is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UriError {
    /// It begins with neither `redis://` nor `rediss://`.
    Scheme,
    /// Nothing follows a `%`.
    Incomplete,
    /// What follows a `%` is no number of two digits.
    Illegal,
    /// The port or the database is no whole number.
    Number,
}

impl std::error::Error for UriError {}

impl fmt::Display for UriError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            UriError::Scheme => "Invalid URI scheme",
            UriError::Incomplete => "Incomplete URI encoding",
            UriError::Illegal => "Illegal character in URI encoding",
            UriError::Number => "Port and database of a URI are whole numbers",
        })
    }
}

impl Uri {
    /// Reads an address.
    pub fn parse(text: &[u8]) -> Result<Uri, UriError> {
        parse(text)
    }
}

fn parse(text: &[u8]) -> Result<Uri, UriError> {
    let tls = strip_scheme(text, b"rediss://");
    let plain = || strip_scheme(text, b"redis://");
    let mut uri = Uri { is_tls: tls.is_some(), ..Uri::default() };
    let mut rest = tls.or_else(plain).ok_or(UriError::Scheme)?;
    if let Some((info, behind)) = split_at(rest, b'@') {
        // compat(7.2): a lone word before the `@` is the password, not the user.
        let (user, password) = match split_at(info, b':') {
            Some((user, password)) => (Some(user), password),
            None => (None, info),
        };
        uri.user = user.map(decode).transpose()?;
        uri.password = Some(decode(password)?);
        rest = behind;
    }
    let (place, path) = split_at(rest, b'/').unwrap_or((rest, b""));
    if !place.is_empty() {
        let (host, port) = host_and_port(place);
        uri.host = Some(String::from_utf8_lossy(host).into_owned());
        uri.port = port.map(number).transpose()?;
    }
    // Options of other clients may follow, which are none of ours.
    let database = path.split(|byte| *byte == b'?').next().unwrap_or_default();
    if !database.is_empty() {
        uri.database = Some(number(database)?);
    }
    Ok(uri)
}

fn number(text: &[u8]) -> Result<i64, UriError> {
    parse_i64(text).ok_or(UriError::Number)
}

fn strip_scheme<'a>(text: &'a [u8], scheme: &[u8]) -> Option<&'a [u8]> {
    let (head, rest) = text.split_at_checked(scheme.len())?;
    head.eq_ignore_ascii_case(scheme).then_some(rest)
}

fn split_at(text: &[u8], mark: u8) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|byte| *byte == mark)?;
    Some((&text[..at], &text[at + 1..]))
}

/// IPv6 addresses stand in square brackets, because they have colons of their own.
fn host_and_port(place: &[u8]) -> (&[u8], Option<&[u8]>) {
    if let Some((host, behind)) = place.strip_prefix(b"[").and_then(|rest| split_at(rest, b']')) {
        return (host, behind.strip_prefix(b":"));
    }
    match split_at(place, b':') {
        Some((host, port)) => (host, Some(port)),
        None => (place, None),
    }
}

/// `%41` is `A`.
fn decode(text: &[u8]) -> Result<Vec<u8>, UriError> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        if rest.is_empty() {
            return Err(UriError::Incomplete);
        }
        // What ends after one digit goes on with the mark behind it, which is none.
        let (pair, behind) = rest.split_at_checked(2).ok_or(UriError::Illegal)?;
        let digit = |byte: u8| char::from(byte).to_digit(16).ok_or(UriError::Illegal);
        decoded.push((digit(pair[0])? * 16 + digit(pair[1])?) as u8);
        rest = behind;
    }
    Ok(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(user: &str, password: &str, host: &str, port: i64, database: i64) -> Uri {
        let bytes = |text: &str| (!text.is_empty()).then(|| text.as_bytes().to_vec());
        Uri {
            is_tls: false,
            user: bytes(user),
            password: bytes(password),
            host: (!host.is_empty()).then(|| host.to_owned()),
            port: (port != 0).then_some(port),
            database: (database != 0).then_some(database),
        }
    }

    #[test]
    fn every_part_may_be_missing() {
        for (text, want) in [
            ("redis://", Uri::default()),
            ("redis://h", uri("", "", "h", 0, 0)),
            ("REDIS://h:1", uri("", "", "h", 1, 0)),
            ("redis://h:1/2", uri("", "", "h", 1, 2)),
            ("redis:///3", uri("", "", "", 0, 3)),
            ("redis://p@h", uri("", "p", "h", 0, 0)),
            ("redis://u:p%40%3a@h:1", uri("u", "p@:", "h", 1, 0)),
            ("redis://[::1]:7/1", uri("", "", "::1", 7, 1)),
            ("redis://h:1/2?timeout=3", uri("", "", "h", 1, 2)),
            ("redis://[::1]", uri("", "", "::1", 0, 0)),
        ] {
            assert_eq!(parse(text.as_bytes()), Ok(want), "{text}");
        }
        assert!(parse(b"rediss://h").is_ok_and(|uri| uri.is_tls));
    }

    #[test]
    fn other_words_are_refused() {
        for (text, want) in [
            ("http://x", UriError::Scheme),
            ("redis", UriError::Scheme),
            ("redis://a%@h", UriError::Incomplete),
            ("redis://a%4@h", UriError::Illegal),
            ("redis://a%4g@h", UriError::Illegal),
            ("redis://h:port", UriError::Number),
            ("redis://h:", UriError::Number),
            ("redis://h:1/first", UriError::Number),
        ] {
            assert_eq!(parse(text.as_bytes()), Err(want), "{text}");
        }
    }
}
