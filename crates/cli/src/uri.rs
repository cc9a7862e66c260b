//! `redis://user:password@host:port/db`, every part of which may be missing.

use crate::number;

/// What a URI says about a server; what it does not say is none.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Uri {
    pub(crate) is_tls: bool,
    pub(crate) user: Option<Vec<u8>>,
    pub(crate) password: Option<Vec<u8>>,
    pub(crate) host: Option<String>,
    pub(crate) port: Option<i64>,
    pub(crate) db: Option<i64>,
}

/// Reads a URI; the error is what to tell the user.
pub(crate) fn parse(text: &[u8]) -> Result<Uri, &'static str> {
    let (is_tls, mut rest) = strip_scheme(text).ok_or("Invalid URI scheme")?;
    let mut uri = Uri { is_tls, ..Uri::default() };
    if let Some(at) = position(rest, b'@') {
        let who = &rest[..at];
        let password = match position(who, b':') {
            Some(colon) => {
                uri.user = Some(decode(&who[..colon])?);
                &who[colon + 1..]
            }
            None => who,
        };
        uri.password = Some(decode(password)?);
        rest = &rest[at + 1..];
    }
    let (place, path) = match position(rest, b'/') {
        Some(slash) => (&rest[..slash], &rest[slash + 1..]),
        None => (rest, &b""[..]),
    };
    if !place.is_empty() {
        let (host, port) = split_place(place);
        uri.host = Some(String::from_utf8_lossy(host).into_owned());
        uri.port = port.map(number::integer);
    }
    if !path.is_empty() {
        uri.db = Some(number::integer(path));
    }
    Ok(uri)
}

fn strip_scheme(text: &[u8]) -> Option<(bool, &[u8])> {
    let strip = |scheme: &[u8]| {
        let (head, rest) = text.split_at_checked(scheme.len())?;
        head.eq_ignore_ascii_case(scheme).then_some(rest)
    };
    strip(b"rediss://").map(|rest| (true, rest)).or(strip(b"redis://").map(|rest| (false, rest)))
}

/// Host and port. An address with colons of its own stands in brackets.
fn split_place(place: &[u8]) -> (&[u8], Option<&[u8]>) {
    let in_brackets = place.strip_prefix(b"[").and_then(|rest| Some((rest, position(rest, b']')?)));
    if let Some((rest, end)) = in_brackets {
        return (&rest[..end], rest[end + 1..].strip_prefix(b":"));
    }
    match position(place, b':') {
        Some(colon) => (&place[..colon], Some(&place[colon + 1..])),
        None => (place, None),
    }
}

/// Takes `%41` for `A`.
fn decode(text: &[u8]) -> Result<Vec<u8>, &'static str> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    loop {
        match rest {
            [] => return Ok(out),
            [b'%', high, low, after @ ..] => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                let illegal = "Illegal character in URI encoding";
                let value = digit(*high).zip(digit(*low)).ok_or(illegal)?;
                out.push((value.0 * 16 + value.1) as u8);
                rest = after;
            }
            [b'%', ..] => return Err("Incomplete URI encoding"),
            [byte, after @ ..] => {
                out.push(*byte);
                rest = after;
            }
        }
    }
}

fn position(text: &[u8], byte: u8) -> Option<usize> {
    text.iter().position(|it| *it == byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(text: &str) -> String {
        let Ok(uri) = parse(text.as_bytes()) else { return "refused".to_owned() };
        let text = |bytes: Option<Vec<u8>>| {
            bytes.map_or("-".to_owned(), |it| String::from_utf8_lossy(&it).into_owned())
        };
        let number = |it: Option<i64>| it.map_or("-".to_owned(), |it| it.to_string());
        let host = uri.host.unwrap_or("-".to_owned());
        let (user, password) = (text(uri.user), text(uri.password));
        format!("{user} {password} {host} {} {}", number(uri.port), number(uri.db))
    }

    #[test]
    fn every_part_may_be_missing() {
        for (uri, want) in [
            ("redis://", "- - - - -"),
            ("redis://localhost", "- - localhost - -"),
            ("redis://localhost:7000/3", "- - localhost 7000 3"),
            ("REDIS://p@h", "- p h - -"),
            ("redis://u:p%40x@h:1", "u p@x h 1 -"),
            ("redis://u:@[::1]:5/0", "u  ::1 5 0"),
            ("redis:///7", "- - - - 7"),
            ("http://x", "refused"),
            ("redis://p%4@h", "refused"),
            ("redis://p%zz@h", "refused"),
        ] {
            assert_eq!(show(uri), want, "{uri}");
        }
    }
}
