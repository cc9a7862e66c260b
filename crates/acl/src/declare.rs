//! `user` lines of a configuration file: tried while the file is read, and applied when the program begins.

use crate::{Catalog, SetError, Users};
use std::sync::Arc;

/// Tries the `user` lines of files.
pub struct Declarations {
    users: Users,
}

impl Declarations {
    /// None yet.
    pub fn new(catalog: Catalog) -> Declarations {
        Declarations { users: Users::new(Arc::new(catalog)) }
    }

    /// One more line: a name, and rules. The error is a sentence of Redis's.
    pub fn declare(&mut self, words: &[Vec<u8>]) -> Result<(), String> {
        let Some((name, rules)) = words.split_first() else { return Ok(()) };
        let done = self.users.declare(name, rules.iter().map(Vec::as_slice));
        done.map(drop).map_err(|error| sentence(&error))
    }
}

impl Users {
    /// Makes the users of these lines. Tells the names of those who cannot log in, which may be a mistake.
    pub fn declare_all(&mut self, lines: &[Vec<Vec<u8>>]) -> Result<Vec<String>, String> {
        let mut off = Vec::new();
        for words in lines {
            let Some((name, rules)) = words.split_first() else { continue };
            let user = self.declare(name, rules.iter().map(Vec::as_slice));
            if !user.map_err(|error| sentence(&error))?.is_on() {
                off.push(String::from_utf8_lossy(name).into_owned());
            }
        }
        Ok(off)
    }

    /// The line that a rewrite writes for the user that these words declare: a name, and rules. None where a rule is
    /// wrong.
    pub fn line_of(&self, words: &[Vec<u8>]) -> Option<Vec<u8>> {
        let (name, rules) = words.split_first()?;
        let mut alone = Users::new(self.catalog.clone());
        alone.set_new_channels(self.new_channels.clone());
        let user = alone.declare(name, rules.iter().map(Vec::as_slice)).ok()?;
        Some(user.line())
    }
}

fn sentence(error: &SetError) -> String {
    match error {
        SetError::Name => "Spaces not allowed in ACL usernames".to_owned(),
        SetError::Unclosed(word) => {
            let word = String::from_utf8_lossy(word);
            format!("Unmatched parenthesis in acl selector starting at '{word}'.")
        }
        SetError::Rule(rule, error) => {
            let rule = String::from_utf8_lossy(rule);
            format!("Error in user declaration '{rule}': {error}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::tests::catalog;

    #[test]
    fn users_are_tried_and_then_made() {
        let words = |line: &str| line.split(' ').map(Vec::from).collect::<Vec<Vec<u8>>>();
        let catalog = Arc::into_inner(catalog()).expect("nobody else has it");
        let mut declarations = Declarations::new(catalog);
        for (line, error) in [
            ("bob on (+get ~a)", None),
            ("default off", None),
            ("eve +nothing", Some("Error in user declaration '+nothing': Unknown command")),
            ("eve (+get", Some("Unmatched parenthesis")),
            ("eve (+get ~x))", Some("Error in user declaration '(+get ~x))': Syntax error")),
            ("eve (~x +get))", Some("Error in user declaration '(~x +get))': Syntax error")),
            ("eve", None),
        ] {
            let said = declarations.declare(&words(line)).err();
            let fits = match (&said, error) {
                (Some(said), Some(error)) => said.starts_with(error),
                (said, error) => said.is_none() && error.is_none(),
            };
            assert!(fits, "{line}: {said:?}");
        }
        let lines = [words("bob on +get"), words("default nopass")];
        let mut users = Users::new(crate::catalog::tests::catalog());
        assert_eq!(users.declare_all(&lines), Ok(vec!["default".to_owned()]));
        assert!(!users.is_open() && users.get(b"bob").is_some_and(|user| user.is_on()));
    }
}
