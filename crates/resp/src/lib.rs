//! The Redis protocol, RESP2 and RESP3: requests and replies, read and written, incremental, without I/O.
//!
//! Specification: <https://redis.io/docs/latest/develop/reference/protocol-spec/>.

mod reply;
mod request;
mod show;
mod value;
mod words;
mod writer;

pub use reply::{Fault, ReplyError, ReplyParser};
pub use request::{Limits, ProtocolError, Request, RequestParser};
pub use value::Value;
pub use words::{Owned, Span, WORD_BYTES_MAX, Words};
pub use writer::{Deferred, Proto, Writer};
