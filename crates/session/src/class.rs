//! The kinds of connections that CLIENT LIST and CLIENT KILL tell apart.

use command::Error;

/// The classes of connections that can be asked for and limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    Normal,
    Master,
    Replica,
    Pubsub,
}

impl Class {
    /// The class called `word`.
    pub fn parse(word: &[u8]) -> Result<Class, Error> {
        let classes: [(&str, Class); 5] = [
            ("normal", Class::Normal),
            ("slave", Class::Replica),
            ("replica", Class::Replica),
            ("pubsub", Class::Pubsub),
            ("master", Class::Master),
        ];
        let found =
            classes.into_iter().find(|(name, _)| word.eq_ignore_ascii_case(name.as_bytes()));
        found.map(|(_, class)| class).ok_or_else(|| {
            let mut text = b"ERR Unknown client type '".to_vec();
            text.extend_from_slice(word);
            text.push(b'\'');
            Error::bytes(text)
        })
    }
}
