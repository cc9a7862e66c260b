//! Words to the user: results to standard output, complaints to standard error.

/// Prints at once, so that a line without an end is seen too. If nobody reads any more, the program ends.
pub(crate) fn say(text: &str) {
    sys::output::say(text);
}

/// Prints a line that is no result.
pub(crate) fn complain(line: &str) {
    sys::complain!("{line}");
}
