//! Who is let in: what those hear who are not, and how names are looked at.

use command::Error;

/// What a client hears that finds `maxclients` others here already.
pub const TOO_MANY: &[u8] = b"ERR max number of clients reached";

/// What a client hears that calls from elsewhere while `protected-mode` is on and nobody needs a password.
pub const PROTECTED: &[u8] = b"DENIED Redis is running in protected mode because protected mode is enabled and no password is \
    set for the default user. In this mode connections are only accepted from the loopback \
    interface. If you want to connect from external computers to Redis you may adopt one of the \
    following solutions: 1) Just disable protected mode sending the command 'CONFIG SET protected- \
    mode no' from the loopback interface by connecting to Redis from the same host the server is \
    running, however MAKE SURE Redis is not publicly accessible from internet if you do so. Use \
    CONFIG REWRITE to make this change permanent. 2) Alternatively you can just disable the \
    protected mode by editing the Redis configuration file, and setting the protected mode option \
    to 'no', and then restarting the server. 3) If you started the server manually just for \
    testing, restart it with the '--protected-mode no' option. 4) Set up an authentication \
    password for the default user. NOTE: You only need to do one of the above things in order for \
    the server to start accepting connections from the outside.";

/// True for a name that a client may give itself: blanks and anything else that would break a line of CLIENT LIST are
/// not for names.
fn is_client_name(name: &[u8]) -> bool {
    name.iter().all(|byte| (b'!'..=b'~').contains(byte))
}

/// Whether a client may be called so, with the reply for one that may not.
pub fn check_name(name: &[u8]) -> Result<(), Error> {
    if is_client_name(name) {
        return Ok(());
    }
    Err(Error::fixed("ERR Client names cannot contain spaces, newlines or special characters."))
}

/// CLIENT SETINFO: one of the fields in which a library says who it is.
pub fn set_library(
    attribute: &[u8],
    value: &[u8],
    name: &mut Vec<u8>,
    version: &mut Vec<u8>,
) -> Result<(), Error> {
    let text = String::from_utf8_lossy(attribute);
    let place = match attribute.to_ascii_lowercase().as_slice() {
        b"lib-name" => name,
        b"lib-ver" => version,
        _ => return Err(Error::new(format!("ERR Unrecognized option '{text}'"))),
    };
    if !is_client_name(value) {
        return Err(Error::new(format!(
            "ERR {text} cannot contain spaces, newlines or special characters."
        )));
    }
    *place = value.to_vec();
    Ok(())
}

/// A word of CLIENT LIST ID. Any number will do: what none has is nobody's.
pub fn client_id(word: &[u8]) -> Result<u64, Error> {
    let id = stdx::integer::parse_i64(word).ok_or(Error::fixed("ERR Invalid client ID"))?;
    Ok(id as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_break_no_line() {
        for (name, right) in [("a-b!", true), ("", true), ("a b", false), ("a\n", false)] {
            assert_eq!(is_client_name(name.as_bytes()), right, "{name:?}");
        }
    }
}
