//! The first line of a script or library, `#!lua name=lib flags=no-writes,allow-stale`: which interpreter it wants,
//! and what it says of itself.

use crate::ScriptFlags;
use command::Error;
use resp::{Limits, Owned, RequestParser};

/// The words of the first line, and the text behind it, line end included: so lines keep their numbers.
fn split(text: &[u8]) -> Option<(Option<Owned>, &[u8])> {
    let end = text.iter().position(|&byte| byte == b'\n')?;
    let (line, rest) = text.split_at(end);
    // Words and quotes are those of a request that is typed in.
    let line = [line, b"\n"].concat();
    let mut parser = RequestParser::default();
    let words = match parser.next(&line, &Limits::default()) {
        Ok(Some(request)) => Some(parser.words(&request, &line).to_owned()),
        _ => None,
    };
    Some((words, rest))
}

/// What a script says of itself, and its code.
pub(crate) fn script(body: &[u8]) -> Result<(ScriptFlags, &[u8]), Error> {
    if !body.starts_with(b"#!") {
        return Ok((ScriptFlags::COMPATIBLE, body));
    }
    let (words, code) = split(body).ok_or(Error::fixed("ERR Invalid script shebang"))?;
    let words = words.ok_or(Error::fixed("ERR Invalid engine in script shebang"))?;
    let words = words.words();
    if &words[0] != b"#!lua" {
        return Err(told("ERR Unexpected engine in script shebang: ", &words[0]));
    }
    let mut flags = ScriptFlags::NONE;
    for word in words.iter().skip(1) {
        let Some(list) = word.strip_prefix(b"flags=") else {
            return Err(told("ERR Unknown lua shebang option: ", word));
        };
        for name in list.split(|&byte| byte == b',').filter(|_| !list.is_empty()) {
            let unknown = || told("ERR Unexpected flag in script shebang: ", name);
            flags = flags.and(ScriptFlags::named(name).ok_or_else(unknown)?);
        }
    }
    Ok((flags, code))
}

/// A library's name and its code.
pub(crate) fn library(source: &[u8]) -> Result<(String, &[u8]), Error> {
    let invalid = Error::fixed("ERR Invalid library metadata");
    if !source.starts_with(b"#!") {
        return Err(Error::fixed("ERR Missing library metadata"));
    }
    let (words, code) = split(source).ok_or(invalid.clone())?;
    let words = words.ok_or(invalid)?;
    let words = words.words();
    let mut name = None;
    for word in words.iter().skip(1) {
        let is_name = word.len() >= 5 && word[..5].eq_ignore_ascii_case(b"name=");
        if is_name && name.is_some() {
            return Err(Error::fixed(
                "ERR Invalid metadata value, name argument was given multiple times",
            ));
        }
        if !is_name {
            return Err(told("ERR Invalid metadata value given: ", word));
        }
        name = Some(&word[5..]);
    }
    let name = name.ok_or(Error::fixed("ERR Library name was not given"))?;
    let name = checked_name(name)?;
    let engine = &words[0][2..];
    if !engine.eq_ignore_ascii_case(b"lua") {
        return Err(Error::bytes([b"ERR Engine '", engine, b"' not found"].concat()));
    }
    Ok((name, code))
}

/// A name that a library or function may have.
pub(crate) fn checked_name(name: &[u8]) -> Result<String, Error> {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    if name.is_empty() || !name.iter().all(is_plain) {
        return Err(Error::fixed(
            "ERR Library names can only contain letters, numbers, or underscores(_) and must be at least one \
             character long",
        ));
    }
    Ok(String::from_utf8_lossy(name).into_owned())
}

fn told(text: &str, word: &[u8]) -> Error {
    Error::bytes([text.as_bytes(), word].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_say_what_they_promise() {
        let compatible = script(b"return 1").expect("no first line of its own");
        assert_eq!(compatible, (ScriptFlags::COMPATIBLE, &b"return 1"[..]));
        let (flags, code) =
            script(b"#!lua flags=no-writes,allow-oom\nreturn 1").expect("it is sound");
        assert_eq!(flags, ScriptFlags::NO_WRITES.and(ScriptFlags::ALLOW_OOM));
        assert_eq!(code, b"\nreturn 1");
        assert_eq!(script(b"#!lua flags=\n").expect("none").0, ScriptFlags::NONE);
        for (body, error) in [
            ("#!lua", "ERR Invalid script shebang"),
            ("#!lua flags=\"\n", "ERR Invalid engine in script shebang"),
            ("#!python\n", "ERR Unexpected engine in script shebang: #!python"),
            ("#!lua a=b\n", "ERR Unknown lua shebang option: a=b"),
            ("#!lua flags=no-writes,x\n", "ERR Unexpected flag in script shebang: x"),
        ] {
            let got = script(body.as_bytes()).expect_err("it is not sound");
            assert_eq!(String::from_utf8_lossy(got.text()), error, "{body}");
        }
    }

    #[test]
    fn libraries_have_a_name() {
        let (name, code) = library(b"#!LUA name=\"lib\"\ncode").expect("it is sound");
        assert_eq!((name.as_str(), code), ("lib", &b"\ncode"[..]));
        for (source, error) in [
            ("return 1", "ERR Missing library metadata"),
            ("#!lua", "ERR Invalid library metadata"),
            ("#!lua\n", "ERR Library name was not given"),
            (
                "#!lua name=a name=b\n",
                "ERR Invalid metadata value, name argument was given multiple times",
            ),
            ("#!lua name=a b=c\n", "ERR Invalid metadata value given: b=c"),
            ("#!js name=a\n", "ERR Engine 'js' not found"),
            ("#! name=a\n", "ERR Engine '' not found"),
        ] {
            let got = library(source.as_bytes()).expect_err("it is not sound");
            assert_eq!(String::from_utf8_lossy(got.text()), error, "{source}");
        }
    }
}
