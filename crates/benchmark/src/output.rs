//! Words to the user: results to standard output, complaints to standard error.

use std::io::{self, Write};
use std::process;

/// Prints at once, so that a line without an end is seen too. If nobody reads any more, the program has no purpose.
pub(crate) fn say(text: &str) {
    let mut out = io::stdout().lock();
    if out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err() {
        process::exit(1);
    }
}

/// Prints a line that is no result.
pub(crate) fn complain(line: &str) {
    // There is nowhere to complain that one cannot complain.
    let _ = writeln!(io::stderr(), "{line}");
}
