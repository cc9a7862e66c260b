//! `--eval FILE key ... , argument ...`: a script from a file.

use super::debugger;
use crate::exit::{Result, fail};
use crate::session::Session;
use sys::ErrorText;

pub(super) fn run(session: &mut Session, path: &str) -> Result<u8> {
    let script = match sys::file::slurp(path) {
        Ok(script) => script,
        Err(error) => return fail(format!("Can't open file '{path}': {}", error.text())),
    };
    let mut arguments = session.options.command.clone();
    // The first comma stands between keys and other arguments.
    let comma = arguments.iter().position(|word| word == b",");
    let keys = comma.unwrap_or(arguments.len());
    if let Some(comma) = comma {
        arguments.remove(comma);
    }
    let mut words = vec![b"EVAL".to_vec(), script, keys.to_string().into_bytes()];
    words.extend(arguments);
    if session.options.modes.is_debugger {
        return debugger::run(session, &words);
    }
    let repeat = session.options.repeat;
    Ok(if session.issue(&words, repeat)? { 0 } else { 1 })
}
