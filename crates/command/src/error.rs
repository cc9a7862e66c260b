//! Every wire text that more than one command answers with, in one place.

use resp::Words;
use std::borrow::Cow;

/// An error reply: a code, a space, a sentence. The words are Redis's, since clients and tests look at them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(Cow<'static, [u8]>);

/// How much of what the user wrote an error repeats, in bytes.
const SHOWN_MAX: usize = 128;

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        impl Error {
            $($(#[$doc])* pub const $name: Error = Error::fixed($text);)*
        }
    };
}

texts! {
    /// Arguments in an order or number that the command does not know.
    SYNTAX = "ERR syntax error";
    /// The key holds another type.
    WRONG_TYPE = "WRONGTYPE Operation against a key holding the wrong kind of value";
    /// A word that should be a 64-bit integer.
    NOT_AN_INTEGER = "ERR value is not an integer or out of range";
    /// A word that should be a floating-point number.
    NOT_A_FLOAT = "ERR value is not a valid float";
    /// The key has to be there.
    NO_SUCH_KEY = "ERR no such key";
    /// An index beyond the ends.
    INDEX_OUT_OF_RANGE = "ERR index out of range";
    /// A number that must not be negative.
    NOT_POSITIVE = "ERR value is out of range, must be positive";
    /// A number whose sign is to be turned must not be the least there is.
    NOT_NEGATABLE = "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807";
    /// A number that has to fit 32 bits.
    NOT_32_BITS = "ERR value is out of range, value must between -2147483648 and 2147483647";
    /// As many keys as are announced, and at least one.
    KEYS_AT_LEAST_ONE = "ERR numkeys should be greater than 0";
    /// More keys are announced than there are words.
    KEYS_TOO_MANY = "ERR Number of keys can't be greater than number of args";
    /// A `COUNT` of elements to take must be positive.
    COUNT_AT_LEAST_ONE = "ERR count should be greater than 0";
    /// A `LIMIT` of results must not be negative.
    LIMIT_NEGATIVE = "ERR LIMIT can't be negative";
    /// A blocking command's timeout below zero.
    NEGATIVE_TIMEOUT = "ERR timeout is negative";
    /// A blocking command's timeout that is no number.
    TIMEOUT_NOT_A_FLOAT = "ERR timeout is not a float or out of range";
    TIMEOUT_NOT_AN_INTEGER = "ERR timeout is not an integer or out of range";
    TIMEOUT_OUT_OF_RANGE = "ERR timeout is out of range";
    /// A database number beyond `databases`.
    DB_OUT_OF_RANGE = "ERR DB index is out of range";
    /// A cursor that is no number.
    INVALID_CURSOR = "ERR invalid cursor";
    /// Arithmetic beyond 64 bits.
    OVERFLOW = "ERR increment or decrement would overflow";
    /// A string beyond `proto-max-bulk-len`.
    STRING_TOO_LONG = "ERR string exceeds maximum allowed size (proto-max-bulk-len)";
    /// A replica is asked to write.
    READ_ONLY = "READONLY You can't write against a read only replica.";
    /// Too few replicas are near enough (`min-replicas-to-write`).
    NO_REPLICAS = "NOREPLICAS Not enough good replicas to write.";
    /// Authentication comes first.
    NO_AUTH = "NOAUTH Authentication required.";
    /// The user or the password is wrong.
    WRONG_PASS = "WRONGPASS invalid username-password pair or user is disabled.";
    /// The dataset is not in memory yet.
    LOADING = "LOADING Redis is loading the dataset in memory";
    /// A replica without its master that must not serve stale data.
    MASTER_DOWN = "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.";
    /// Memory is full and nothing may be evicted.
    OUT_OF_MEMORY = "OOM command not allowed when used memory > 'maxmemory'.";
    /// The last snapshot failed, and writes would not be saved.
    MISCONF = "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. Commands that may modify the data set are disabled, because this instance is configured to report errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). Please check the Redis logs for details about the RDB error.";
    /// A command of a transaction was refused when it was queued.
    EXEC_ABORT = "EXECABORT Transaction discarded because of previous errors.";
    /// RESTORE onto a key that is there.
    BUSY_KEY = "BUSYKEY Target key name already exists.";
}

impl Error {
    /// A text known at compile time, code first, without the dash.
    pub const fn fixed(text: &'static str) -> Error {
        Error(Cow::Borrowed(text.as_bytes()))
    }

    /// A text made for the occasion, code first, without the dash.
    pub fn new(text: impl Into<String>) -> Error {
        Error(Cow::Owned(text.into().into_bytes()))
    }

    /// A text with words of the user's in it, which need not be UTF-8.
    pub fn bytes(text: Vec<u8>) -> Error {
        Error(Cow::Owned(text))
    }

    /// The wrong number of words for a command; `name` as the user knows it, `config|set` for a subcommand.
    pub fn arity(name: &str) -> Error {
        Error::new(format!("ERR wrong number of arguments for '{name}' command"))
    }

    /// No command has the name that the request begins with; the words after it are shown, as far as there is room.
    pub fn unknown_command(words: &Words<'_>) -> Error {
        let mut text = b"ERR unknown command '".to_vec();
        let name = words.get(0).unwrap_or_default();
        text.extend_from_slice(&name[..name.len().min(SHOWN_MAX)]);
        text.extend_from_slice(b"', with args beginning with: ");
        let mut room = SHOWN_MAX;
        for word in words.iter().skip(1) {
            if room == 0 {
                break;
            }
            let shown = &word[..word.len().min(room)];
            text.push(b'\'');
            text.extend_from_slice(shown);
            text.extend_from_slice(b"' ");
            room = room.saturating_sub(shown.len() + 3);
        }
        Error::bytes(text)
    }

    /// The command called `container` has no subcommand called `word`.
    pub fn unknown_subcommand(container: &str, word: &[u8]) -> Error {
        let mut text = b"ERR unknown subcommand '".to_vec();
        text.extend_from_slice(&word[..word.len().min(SHOWN_MAX)]);
        text.extend_from_slice(
            format!("'. Try {} HELP.", container.to_ascii_uppercase()).as_bytes(),
        );
        Error::bytes(text)
    }

    /// A request names a subcommand that is there, with words that it cannot use. It says the same of those that are
    /// not, where a command looks its subcommands up by itself.
    pub fn subcommand_words(request: &Words<'_>) -> Error {
        let container = request.get(0).unwrap_or_default().to_ascii_uppercase();
        let name = request.get(1).unwrap_or_default();
        let head = b"ERR unknown subcommand or wrong number of arguments for '".as_slice();
        let name = &name[..name.len().min(SHOWN_MAX)];
        Error::bytes([head, name, b"'. Try ", &container, b" HELP."].concat())
    }

    /// An expire time beyond the calendar, or not positive where it must be.
    pub fn invalid_expire(name: &str) -> Error {
        Error::new(format!("ERR invalid expire time in '{name}' command"))
    }

    /// The wire text, without dash and line end.
    pub fn text(&self) -> &[u8] {
        &self.0
    }

    /// The first word, by which INFO counts errors.
    pub fn code(&self) -> &[u8] {
        self.0.split(|&byte| byte == b' ').next().unwrap_or_default()
    }
}

impl From<stdx::WrongType> for Error {
    fn from(_: stdx::WrongType) -> Error {
        Error::WRONG_TYPE
    }
}
