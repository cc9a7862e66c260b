//! `--scan`: all keys, one per line.

use config::words::quote;

use super::{pause, scan_step};
use crate::exit::Result;
use crate::format::Output;
use crate::screen;
use crate::session::{Patience, Session};

pub(super) fn run(session: &mut Session) -> Result<u8> {
    let mut patience = Patience::begin();
    let is_quoted = session.options.layout.output == Output::Standard;
    let mut cursor = 0;
    loop {
        let keys = scan_step(session, &mut cursor)?;
        let mut lines = Vec::new();
        for key in keys {
            match is_quoted {
                true => lines.extend(quote(&key)),
                false => lines.extend(key),
            }
            lines.push(b'\n');
        }
        screen::print(lines);
        if session.options.interval_us > 0 {
            pause(session.options.interval_us);
        }
        if cursor == 0 || patience.is_over() {
            return Ok(0);
        }
    }
}
