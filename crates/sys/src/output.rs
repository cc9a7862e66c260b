//! Standard output and standard error, which may be closed or full: words to the user, and complaints.
//!
//! The standard library's macros panic there. A program whose output nobody can take has no purpose any more, and ends
//! quietly with an error; that a complaint cannot be made is nothing one could complain of.

use std::io::{self, Write};

/// Writes to standard output, at once. Where that fails the program ends with status 1.
pub fn say(bytes: impl AsRef<[u8]>) {
    let mut out = io::stdout().lock();
    if out.write_all(bytes.as_ref()).and_then(|()| out.flush()).is_err() {
        std::process::exit(1);
    }
}

/// Writes to standard error, as far as that is possible.
pub fn complain(bytes: impl AsRef<[u8]>) {
    let mut out = io::stderr().lock();
    let _ = out.write_all(bytes.as_ref()).and_then(|()| out.flush());
}

/// A formatted line for [`output::say`](crate::output::say).
#[macro_export]
macro_rules! say {
    ($($words:tt)*) => {
        $crate::output::say(format!("{}\n", format_args!($($words)*)))
    };
}

/// A formatted line for [`output::complain`](crate::output::complain).
#[macro_export]
macro_rules! complain {
    ($($words:tt)*) => {
        $crate::output::complain(format!("{}\n", format_args!($($words)*)))
    };
}
