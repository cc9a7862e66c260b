//! The system's own sentence for an error, as `strerror` gives it and as Redis logs it.

use std::io;

pub use libc::{EBADF, ENOTCONN};

/// The sentence for `error`, such as `Connection refused`: without the number that the standard library adds.
pub fn error_text(error: &io::Error) -> String {
    let text = error.to_string();
    match (error.raw_os_error(), text.rfind(" (os error ")) {
        (Some(_), Some(end)) => text[..end].to_owned(),
        _ => text,
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
    fn the_number_is_cut_off() {
        assert_eq!(io::Error::from_raw_os_error(libc::ECONNREFUSED).text(), "Connection refused");
        assert_eq!(io::Error::other("no number").text(), "no number");
    }
}
