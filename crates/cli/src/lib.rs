//! `redis-cli`, drop-in: what people type at, and what their scripts call.
//!
//! Reading order: `options` (what was asked for), `session` and `connect` (the conversation), `issue` (one command and
//! what it changes), `format` (replies as text), `modes` (everything that is not one command), `interactive` (the
//! prompt) with `manual` (hints and help), `topology` and `sentinel` (ours).
//!
//! A program of a terminal runs in no world: it waits for its one server, and its user may interrupt it. Whatever ends
//! it early is an [`exit::Exit`] that travels up, after what there was to say has been said.

mod connect;
mod exit;
mod format;
mod input;
mod interactive;
mod issue;
mod manual;
mod modes;
mod number;
mod options;
mod screen;
mod sentinel;
mod session;
mod topology;
mod usage;

use std::os::unix::ffi::OsStringExt;

use session::Session;

/// Runs the program called `name` with the words behind its name, and tells the status to end with.
pub fn run(name: &str, words: &[Vec<u8>]) -> u8 {
    sys::signal::end_at_broken_pipe();
    start(name, words).unwrap_or_else(|exit::Exit(status)| status)
}

fn start(name: &str, words: &[Vec<u8>]) -> exit::Result<u8> {
    let mut options = options::parse(name, words, screen::is_terminal())?;
    if options.place.password.is_none() {
        options.place.password = std::env::var_os("REDISCLI_AUTH").map(OsStringExt::into_vec);
    }
    if options.asks_password {
        options.place.password = interactive::ask_password("Please input password: ")?;
    }
    let mut session = Session::new(options);
    if let Some(result) = modes::run(&mut session) {
        return result;
    }
    match session.options.command.is_empty() {
        true => interactive::run(&mut session),
        false => issue::run(&mut session),
    }
}
