//! A request as a user's selectors look at it, and what they may have against it.

use command::{Error, KeyFlags, Spec, Words};
use std::cell::OnceCell;

/// A request whose command is known. The number of its words may be wrong: it will fail then, whoever sends it.
pub struct Request<'a> {
    /// The command's number in the catalog.
    pub(crate) number: u16,
    pub(crate) spec: &'a Spec,
    pub(crate) words: Words<'a>,
    /// How many words the name has: two for a subcommand.
    pub(crate) depth: usize,
    /// Found once, for the first selector that asks.
    keys: OnceCell<Vec<(usize, KeyFlags)>>,
}

/// What a user is not allowed to do, with the place of the word that says it. Of the reasons that several selectors
/// have, the last in this order is told: it comes from the selector that would have allowed most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Denied {
    /// Run the command.
    Command,
    /// Touch this key.
    Key(usize),
    /// Speak or listen to this channel.
    Channel(usize),
}

impl<'a> Request<'a> {
    /// The request `words` for the command of this number and row, whose name has `depth` words.
    pub fn new(number: u16, spec: &'a Spec, words: Words<'a>, depth: usize) -> Request<'a> {
        Request { number, spec, words, depth, keys: OnceCell::new() }
    }

    /// The places of its keys. Where the words do not fit the command's rules there are none: it will fail.
    pub(crate) fn keys(&self) -> &[(usize, KeyFlags)] {
        self.keys.get_or_init(|| self.spec.keys_in(&self.words).unwrap_or_default())
    }

    /// The first word behind the name.
    pub(crate) fn first_word(&self) -> Option<&'a [u8]> {
        self.words.get(self.depth)
    }
}

impl Denied {
    /// What is denied: the command, whose full name is `command` (`config|set`), a key or a channel.
    pub fn object<'a>(self, command: &'a str, words: &Words<'a>) -> &'a [u8] {
        match self {
            Denied::Command => command.as_bytes(),
            Denied::Key(at) | Denied::Channel(at) => words.get(at).unwrap_or_default(),
        }
    }

    /// What the user is told.
    pub fn error(self, user: &[u8], command: &str) -> Error {
        Error::bytes([b"NOPERM ", self.message(user, command).as_slice()].concat())
    }

    /// The same without the code before it.
    pub fn message(self, user: &[u8], command: &str) -> Vec<u8> {
        match self {
            Denied::Command => {
                let end = format!(" has no permissions to run the '{command}' command");
                [b"User ", user, end.as_bytes()].concat()
            }
            Denied::Key(_) => b"No permissions to access a key".to_vec(),
            Denied::Channel(_) => b"No permissions to access a channel".to_vec(),
        }
    }

    /// The same for ACL DRYRUN, which may name what is denied.
    pub(crate) fn detailed_message(self, user: &[u8], command: &str, words: &Words<'_>) -> Vec<u8> {
        let kind: &[u8] = match self {
            Denied::Command => return self.message(user, command),
            Denied::Key(_) => b"' key",
            Denied::Channel(_) => b"' channel",
        };
        let object = self.object(command, words);
        [b"User ", user, b" has no permissions to access the '", object, kind].concat()
    }

    /// Why a command that was queued does not run: the rules have changed since.
    pub fn change(self) -> &'static str {
        match self {
            Denied::Command => "no permission to execute the command or subcommand",
            Denied::Key(_) => "no permission to touch the specified keys",
            Denied::Channel(_) => "no permission to access one of the channels used as arguments",
        }
    }
}
