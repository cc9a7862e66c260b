//! The system's own sentence for an error, as `strerror` gives it and as Redis logs it.

use std::io;

pub use libc::{EBADF, ENOTCONN};

/// What the standard library puts before the resolver's sentence.
const RESOLVING: &str = "failed to lookup address information: ";

/// The sentence for `error`, such as `Connection refused` or `Name or service not known`: without what the standard
/// library adds.
pub fn error_text(error: &io::Error) -> String {
    let text = error.to_string();
    match (error.raw_os_error(), text.rfind(" (os error ")) {
        (Some(_), Some(end)) => text[..end].to_owned(),
        _ => text.strip_prefix(RESOLVING).map(str::to_owned).unwrap_or(text),
    }
}

/// `error.text()`, where a call reads better than a function.
pub trait ErrorText {
    /// See [`error_text`].
    fn text(&self) -> String;
}

impl ErrorText for io::Error {
    fn text(&self) -> String {
        error_text(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_library_adds_is_cut_off() {
        let unknown = crate::net::resolve("no.such.host.invalid", 1).expect_err("nobody has it");
        assert!(!unknown.text().contains("lookup"), "{}", unknown.text());
        assert_eq!(io::Error::from_raw_os_error(libc::ECONNREFUSED).text(), "Connection refused");
        assert_eq!(io::Error::other("no number").text(), "no number");
    }
}
