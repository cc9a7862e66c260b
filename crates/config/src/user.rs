//! `user` lines, as far as a server with one user can honour them.
//!
//! Redis 6 and later end every rewritten file with a line for the default user, so such lines must be read. But a
//! line that restricts anybody must not be read and forgotten: the server would be open where its owner believes it
//! shut. So a line is either what we do anyway, or a password, or the file is refused.

use crate::Values;

/// What the `user default` lines say about passwords.
#[derive(Debug, Default)]
pub(crate) struct Passwords {
    plain: Option<Vec<u8>>,
    /// A hash is there, which stands for the password in `requirepass`.
    hashed: bool,
    open: bool,
}

const UNSUPPORTED: &str =
    "ACL users other than an unrestricted 'default' come in a later version of Regent";

impl Passwords {
    /// Reads the words behind `user`.
    pub(crate) fn read_user(&mut self, words: &[Vec<u8>]) -> Result<(), String> {
        let [name, rules @ ..] = words else { return Err(UNSUPPORTED.to_owned()) };
        let unsupported = |rule: &[u8]| {
            format!("Error in user declaration '{}': {UNSUPPORTED}", String::from_utf8_lossy(rule))
        };
        if name != b"default" || !rules.iter().any(|rule| rule == b"on") {
            return Err(unsupported(name));
        }
        for rule in rules {
            match rule.as_slice() {
                b"on"
                | b"reset"
                | b"allkeys"
                | b"~*"
                | b"allchannels"
                | b"&*"
                | b"allcommands"
                | b"+@all"
                | b"sanitize-payload"
                | b"skip-sanitize-payload" => {}
                b"nopass" => *self = Passwords { open: true, ..Passwords::default() },
                b"resetpass" => *self = Passwords::default(),
                [b'>', password @ ..] if self.plain.is_none() => {
                    self.plain = Some(password.to_vec());
                    self.open = false;
                }
                [b'#', hash @ ..] if hash.len() == 64 && !self.hashed => {
                    self.hashed = true;
                    self.open = false;
                }
                _ => return Err(unsupported(rule)),
            }
        }
        Ok(())
    }

    /// Makes `requirepass` what the lines say, once every line is read.
    pub(crate) fn check(self, values: &mut Values) -> Result<(), String> {
        let has_password = !values.bytes("requirepass").is_empty();
        match self.plain {
            Some(password) => {
                let text = String::from_utf8(password)
                    .map_err(|_| "Error in user declaration: the password is not text")?;
                values.set("requirepass", &[&text]).map_err(|refusal| refusal.into_owned())
            }
            None if self.hashed && !has_password => {
                Err("The default user has a hashed password only: set requirepass as well".into())
            }
            None if self.open && has_password => {
                Err("requirepass is set, but the user line says nopass: remove one of them".into())
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str, requirepass: &str) -> Result<String, String> {
        let mut values = Values::new();
        values.set("requirepass", &[requirepass]).expect("a password");
        let mut passwords = Passwords::default();
        passwords.read_user(&crate::words::split(line.as_bytes()).expect("balanced"))?;
        passwords.check(&mut values)?;
        Ok(values.text("requirepass"))
    }

    #[test]
    fn the_line_that_redis_writes_is_understood() {
        let hash = "#".to_owned() + &"ab".repeat(32);
        let open = "default on nopass sanitize-payload ~* &* +@all";
        assert_eq!(read(open, ""), Ok(String::new()));
        let shut = format!("default on sanitize-payload {hash} ~* &* +@all");
        assert_eq!(read(&shut, "secret"), Ok("secret".to_owned()));
        assert_eq!(read("default on >secret ~* +@all", ""), Ok("secret".to_owned()));
    }

    #[test]
    fn what_would_restrict_somebody_is_refused() {
        let hash = "default on #".to_owned() + &"ab".repeat(32);
        for line in ["default off", "default on nopass ~a:*", "bob on >x ~* +@all", &hash] {
            assert!(read(line, "").is_err(), "{line}");
        }
        assert!(read("default on nopass ~* &* +@all", "secret").is_err());
    }
}
