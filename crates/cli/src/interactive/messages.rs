//! Subscribed: messages are shown as they come, until a key is pressed or Ctrl-C leaves the mode.

use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use sys::terminal::Keys;
use sys::wait::{self, Interest};

use crate::exit::{Result, fail};
use crate::format::Output;
use crate::screen;
use crate::session::{Read, Session};

/// After so long the line that tells what we do is shown again.
const WAIT: Duration = Duration::from_secs(5);

const READING: &str = "Reading messages... (press Ctrl-C to quit or any key to type command)\r";

/// Shows messages until there is a line to be read, or the mode is left.
pub(super) fn show(session: &mut Session, has_line: impl Fn() -> bool) -> Result<()> {
    let is_told = session.options.layout.output != Output::Raw && screen::is_terminal();
    let has_colors = is_told && screen::has_colors();
    let keys = Keys::begin();
    while session.is_subscribed {
        drain(session)?;
        if has_line() {
            break;
        }
        if is_told {
            let (bright, plain) = if has_colors { ("\x1b[1;90m", "\x1b[0m") } else { ("", "") };
            screen::print(format!("{bright}{READING}{plain}"));
        }
        let (Some(link), Some(interrupts)) = (&session.link, &mut session.interrupts) else {
            break;
        };
        let input = io::stdin();
        let sources = [
            (link.as_fd(), Interest::Read),
            (input.as_fd(), Interest::Read),
            (interrupts.as_fd(), Interest::Read),
        ];
        let ready = wait::any(sources, Some(WAIT));
        let is_left = interrupts.take().interrupt;
        if is_told {
            screen::print("\x1b[K");
        }
        let [from_server, from_user, _] = ready.or_else(|_| fail("Error: cannot wait"))?;
        if is_left {
            session.is_subscribed = false;
            if !session.reconnect()? {
                return Err(crate::exit::Exit(1));
            }
        } else if from_server.readable {
            if let Read::Lost(reason) = session.read_reply(false)? {
                return fail(format!("Error: {}", reason.unwrap_or_default()));
            }
        } else if from_user.readable {
            break;
        }
    }
    drop(keys);
    Ok(())
}

/// Prints what has been read already.
fn drain(session: &mut Session) -> Result<()> {
    loop {
        let Some(link) = &mut session.link else { return Ok(()) };
        match link.next_received() {
            Ok(Some(reply)) => session.print(&reply, false)?,
            Ok(None) => return Ok(()),
            Err(error) => return fail(format!("Error: {}", crate::session::reason(&error))),
        }
    }
}
