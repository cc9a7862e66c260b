//! REPLCONF: what a replica says of itself before it asks for the stream, and how far it has come later.

use crate::Filter;
use resp::Words;
use stdx::integer::parse_i64;

/// What a peer said of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Greeting {
    /// Where its own clients find it; zero where it did not say.
    pub listening_port: u16,
    /// Where to find it, where the address it calls from does not tell.
    pub ip_address: Option<String>,
    /// It finds the end of a snapshot by a mark.
    pub capa_eof: bool,
    /// It understands `+CONTINUE` with a new name.
    pub capa_psync2: bool,
    /// It wants a snapshot and no stream.
    pub snapshot_only: bool,
    /// Which parts of the snapshot it wants.
    pub filter: Filter,
}

/// One REPLCONF, understood.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// The greeting was changed: answer OK.
    Greeting,
    /// It has so much of the stream, and so much of it on disk. No answer.
    Ack { offset: i64, on_disk: Option<i64> },
    /// It asks how far we are. No answer but an ACK.
    GetAck,
    /// Nothing that can be read: no answer.
    Ignored,
}

/// Takes in the words of a REPLCONF, the command's name first. An error is the text of the reply, with its code.
pub(crate) fn read(greeting: &mut Greeting, words: Words<'_>) -> Result<Said, String> {
    if words.len().is_multiple_of(2) {
        return Err("ERR syntax error".to_string());
    }
    for at in (1..words.len()).step_by(2) {
        let (option, value) = (&words[at], &words[at + 1]);
        if option.eq_ignore_ascii_case(b"ack") {
            return Ok(ack(words.from(at)));
        } else if option.eq_ignore_ascii_case(b"getack") {
            return Ok(Said::GetAck);
        }
        greet(greeting, option, value)?;
    }
    Ok(Said::Greeting)
}

fn ack(words: Words<'_>) -> Said {
    let Some(offset) = parse_i64(&words[1]) else { return Said::Ignored };
    let on_disk = match (words.get(2), words.get(3)) {
        (Some(name), Some(value)) if name.eq_ignore_ascii_case(b"fack") => parse_i64(value),
        _ => None,
    };
    Said::Ack { offset, on_disk }
}

fn greet(greeting: &mut Greeting, option: &[u8], value: &[u8]) -> Result<(), String> {
    let number = || {
        parse_i64(value).ok_or_else(|| "ERR value is not an integer or out of range".to_string())
    };
    if option.eq_ignore_ascii_case(b"listening-port") {
        // What is no port is as good as none.
        greeting.listening_port = u16::try_from(number()?).unwrap_or(0);
    } else if option.eq_ignore_ascii_case(b"ip-address") {
        // compat(7.2): 255 is what fits a host name.
        if value.len() > 255 {
            return Err(format!(
                "ERR REPLCONF ip-address provided by replica instance is too long: {} bytes",
                value.len()
            ));
        }
        // It is shown in INFO, where a line end would forge a field.
        let text: String =
            String::from_utf8_lossy(value).chars().filter(|c| !c.is_control()).collect();
        greeting.ip_address = Some(text);
    } else if option.eq_ignore_ascii_case(b"capa") {
        greeting.capa_eof |= value.eq_ignore_ascii_case(b"eof");
        greeting.capa_psync2 |= value.eq_ignore_ascii_case(b"psync2");
    } else if option.eq_ignore_ascii_case(b"rdb-only") {
        greeting.snapshot_only = match number()? {
            0 => false,
            1 => true,
            _ => return Err("ERR value is out of range, must be between 0 and 1".to_string()),
        };
    } else if option.eq_ignore_ascii_case(b"rdb-filter-only") {
        greeting.filter = Filter { without_data: true, without_functions: true };
        for part in value.split(u8::is_ascii_whitespace).filter(|part| !part.is_empty()) {
            let part = part.strip_prefix(b"\"").unwrap_or(part);
            let part = part.strip_suffix(b"\"").unwrap_or(part);
            if part.eq_ignore_ascii_case(b"functions") {
                greeting.filter.without_functions = false;
            } else if !part.is_empty() {
                return Err(format!(
                    "ERR Unsupported rdb-filter-only option: {}",
                    String::from_utf8_lossy(part)
                ));
            }
        }
    } else {
        return Err(format!(
            "ERR Unrecognized REPLCONF option: {}",
            String::from_utf8_lossy(option)
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use resp::Owned;

    fn say(greeting: &mut Greeting, line: &str) -> Result<Said, String> {
        read(greeting, Owned::new(line.split('|')).words())
    }

    #[test]
    fn a_greeting_is_gathered() {
        let mut greeting = Greeting::default();
        for line in [
            "REPLCONF|listening-port|6380",
            "replconf|ip-address|10.0.0.7",
            "REPLCONF|capa|eof|capa|psync2|capa|unheard-of",
            "REPLCONF|rdb-only|1|rdb-filter-only|functions",
        ] {
            assert_eq!(say(&mut greeting, line), Ok(Said::Greeting), "{line}");
        }
        let want = Greeting {
            listening_port: 6380,
            ip_address: Some("10.0.0.7".into()),
            capa_eof: true,
            capa_psync2: true,
            snapshot_only: true,
            filter: Filter { without_data: true, without_functions: false },
        };
        assert_eq!(greeting, want);
    }

    #[test]
    fn acks_are_read() {
        let mut greeting = Greeting::default();
        for (line, want) in [
            ("REPLCONF|ACK|12", Said::Ack { offset: 12, on_disk: None }),
            ("REPLCONF|ACK|12|FACK|7", Said::Ack { offset: 12, on_disk: Some(7) }),
            ("REPLCONF|ACK|x", Said::Ignored),
            ("REPLCONF|ACK|18446744073709551615", Said::Ignored),
            ("REPLCONF|ACK|-1", Said::Ack { offset: -1, on_disk: None }),
            ("REPLCONF|GETACK|*", Said::GetAck),
        ] {
            assert_eq!(say(&mut greeting, line), Ok(want), "{line}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let mut greeting = Greeting::default();
        for (line, want) in [
            ("REPLCONF|capa", "ERR syntax error"),
            ("REPLCONF|listening-port|x", "ERR value is not an integer or out of range"),
            ("REPLCONF|rdb-only|2", "ERR value is out of range, must be between 0 and 1"),
            ("REPLCONF|rdb-filter-only|keys", "ERR Unsupported rdb-filter-only option: keys"),
            ("REPLCONF|colour|red", "ERR Unrecognized REPLCONF option: colour"),
        ] {
            assert_eq!(say(&mut greeting, line), Err(want.to_string()), "{line}");
        }
    }
}
