//! The file of users (`aclfile`): one line for each, `user name rules`. It is written whole, and read whole or not at
//! all.

use crate::rule::RuleError;
use crate::users::{Users, is_user_name, join_selectors};
use crate::{User, show::lossy};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What ACL LOAD and SAVE answer where no file is named.
pub const NO_FILE: &str = "ERR This Redis instance is not configured to use an ACL file. You may want to specify users via \
    the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis configuration file set) in order to \
    store users in the Redis configuration.";

impl Users {
    /// The contents of the file.
    pub fn encode_file(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for line in self.lines() {
            bytes.extend_from_slice(&line);
            bytes.push(b'\n');
        }
        bytes
    }

    /// The users that a file says there are, in place of these; `default` is open where it says nothing of it. The
    /// error names everything that is wrong, in Redis's words; `path` is what it calls the file.
    pub fn decode_file(&self, path: &str, bytes: &[u8]) -> Result<Users, String> {
        let mut users = Users { by_name: BTreeMap::new(), ..self.clone() };
        let mut errors = String::new();
        for (at, line) in bytes.split(|&byte| byte == b'\n').enumerate() {
            let line = line.trim_ascii();
            if !line.is_empty() {
                users.read_line(path, at + 1, line, &mut errors);
            }
        }
        if !errors.is_empty() {
            errors.push_str(
                "WARNING: ACL errors detected, no change to the previously active ACL rules was performed",
            );
            return Err(errors);
        }
        if users.get(b"default").is_none() {
            users.insert(User::open(b"default", users.catalog.clone()));
        }
        Ok(users)
    }

    fn read_line(&mut self, path: &str, number: usize, line: &[u8], errors: &mut String) {
        let mut words = line.split(|&byte| byte == b' ');
        let (first, name) = (words.next(), words.next());
        let (Some(b"user"), Some(name)) = (first, name) else {
            errors.push_str(&format!(
                "{path}:{number} should start with user keyword followed by the username. "
            ));
            return;
        };
        if !is_user_name(name) {
            let name = lossy(name);
            errors.push_str(&format!(
                "'{path}:{number}: username '{name}' contains invalid characters. "
            ));
            return;
        }
        if self.get(name).is_some() {
            let name = lossy(name);
            errors.push_str(&format!("WARNING: Duplicate user '{name}' found on line {number}. "));
            return;
        }
        let Ok(rules) = join_selectors(words) else {
            errors.push_str(&format!(
                "{path}:{number}: Unmatched parenthesis in selector definition."
            ));
            return;
        };
        let mut user = self.new_user(name);
        let mut told = false;
        for rule in rules {
            match user.apply(rule.trim_ascii(), &self.new_channels) {
                Ok(()) => {}
                // The name of a command is no secret; other words may be.
                Err(error @ RuleError::Unknown) => errors.push_str(&format!(
                    "{path}:{number}: Error in applying operation '{}': {error}. ",
                    lossy(&rule)
                )),
                Err(error) if !told => {
                    errors.push_str(&format!("{path}:{number}: {error}. "));
                    told = true;
                }
                Err(_) => {}
            }
        }
        self.by_name.insert(name.into(), Arc::new(user));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::tests::catalog;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<String, String> {
        let users = Users::new(catalog()).decode_file("users.acl", text.as_bytes())?;
        Ok(String::from_utf8(users.encode_file()).expect("text"))
    }

    #[test]
    fn what_is_written_is_read_again() {
        let all = "user alice on nopass sanitize-payload ~* resetchannels +@all\n\
                   user bob off sanitize-payload resetchannels -@all (%W~w* resetchannels -@all +set)\n\
                   user default on nopass sanitize-payload ~* &* +@all\n";
        let short = "\r\nuser bob (+set %W~w*)\n\nuser alice on nopass ~* +@all";
        assert_eq!(read(short).as_deref(), Ok(all));
        assert_eq!(read(all).as_deref(), Ok(all));
        assert_eq!(
            read("user default off").as_deref(),
            Ok("user default off sanitize-payload resetchannels -@all\n")
        );
    }

    #[test]
    fn everything_that_is_wrong_is_named() {
        for (text, want) in [
            ("bob on", "users.acl:1 should start with user keyword followed by the username. "),
            ("user", "users.acl:1 should start with user keyword"),
            ("user a\nuser a", "WARNING: Duplicate user 'a' found on line 2. "),
            ("\nuser a (+get", "users.acl:2: Unmatched parenthesis in selector definition."),
            (
                "user a +no -no",
                "users.acl:1: Error in applying operation '+no': Unknown command or",
            ),
            ("user a oops !x", "users.acl:1: Syntax error. WARNING: ACL errors detected"),
        ] {
            let error = read(text).expect_err(text);
            assert!(error.starts_with(want), "{error}");
            assert!(error.ends_with("active ACL rules was performed"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_users_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Users::new(catalog()).decode_file("x", &[b"user ", bytes.as_slice()].concat());
        }
    }
}
