//! `--pipe`: requests from standard input to the server as they are, replies counted on the way back.

use std::io::{self, ErrorKind, Read};
use std::os::fd::AsFd;
use std::time::Duration;

use client::{Client, Value};
use sys::ErrorText;
use sys::wait::{self, Interest};

use crate::exit::{Exit, Result, fail};
use crate::screen::{self, Progress};
use crate::session::Session;

/// What is read from standard input at a time.
const PIECE: usize = 64 << 10;
/// After so much was written it is time to read replies.
const WRITE_MAX: usize = 512 << 10;
/// How long the last reply of all is: random bytes that come back by ECHO.
const MAGIC: usize = 20;
const SECOND_NS: u64 = 1_000_000_000;

struct Transfer<'a> {
    link: &'a mut Client,
    unsent: Vec<u8>,
    sent: usize,
    /// All of standard input has been read, and ECHO of these bytes put behind it.
    magic: Option<Vec<u8>>,
    bytes: i64,
    errors: u64,
    replies: u64,
    is_done: bool,
    last_reply_ns: u64,
    /// It stands in a line that other text would go on with.
    progress: Progress,
}

pub(super) fn run(session: &mut Session) -> Result<u8> {
    let timeout_ns = session.options.pipe_timeout_secs.max(0) as u64 * SECOND_NS;
    let link = session.link.as_mut().expect("this mode runs connected");
    if let Err(error) = link.set_nonblocking() {
        return fail(format!("Can't set the socket in non blocking mode: {}", error.text()));
    }
    let mut transfer = Transfer {
        link,
        unsent: Vec::new(),
        sent: 0,
        magic: None,
        bytes: 0,
        errors: 0,
        replies: 0,
        is_done: false,
        last_reply_ns: sys::clock::nanos(),
        progress: Progress::new(),
    };
    while !transfer.is_done {
        let interest = match transfer.wants_to_write() {
            true => Interest::Both,
            false => Interest::Read,
        };
        let source = transfer.link.as_fd();
        let ready = wait::any([(source, interest)], Some(Duration::from_secs(1)));
        let [ready] = ready.or_else(|error| fail(format!("Error: {}", error.text())))?;
        if ready.readable {
            transfer.read()?;
        }
        if ready.writable && !transfer.is_done {
            transfer.write()?;
        }
        let (bytes, replies) = (transfer.bytes, transfer.replies);
        transfer.progress.show(|| format!("{} sent, {replies} replies", screen::bytes(bytes)));
        let silence_ns = sys::clock::nanos() - transfer.last_reply_ns;
        if transfer.magic.is_some() && timeout_ns > 0 && silence_ns > timeout_ns + SECOND_NS {
            transfer.progress.clear();
            sys::complain!("No replies for {} seconds: exiting.", timeout_ns / SECOND_NS);
            transfer.errors += 1;
            break;
        }
    }
    transfer.progress.clear();
    let Transfer { errors, replies, .. } = transfer;
    screen::print(format!("errors: {errors}, replies: {replies}\n"));
    Ok(u8::from(errors > 0))
}

impl Transfer<'_> {
    fn wants_to_write(&self) -> bool {
        self.magic.is_none() || self.sent < self.unsent.len()
    }

    /// Takes all replies that are there. Those that came before the connection broke are taken first, since the last
    /// of them often says why.
    fn read(&mut self) -> Result<()> {
        let mut is_broken = false;
        loop {
            match self.link.fill() {
                Ok(0) => is_broken = true,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => is_broken = true,
            }
            loop {
                match self.link.next_received() {
                    Ok(Some(reply)) => self.count(&reply),
                    Ok(None) => break,
                    Err(_) => {
                        self.progress.clear();
                        return fail("Error reading replies from server");
                    }
                }
            }
            if is_broken || self.is_done {
                break;
            }
        }
        // compat(7.2): nothing more is said.
        if is_broken && !self.is_done {
            self.progress.clear();
            return Err(Exit(1));
        }
        Ok(())
    }

    fn count(&mut self, reply: &Value) {
        self.last_reply_ns = sys::clock::nanos();
        match reply {
            Value::Push(_) => return,
            Value::Error(text) => {
                self.progress.clear();
                sys::complain!("{}", String::from_utf8_lossy(text));
                self.errors += 1;
            }
            Value::Bulk(bytes) if self.magic.as_ref() == Some(bytes) => {
                self.progress.clear();
                screen::print("Last reply received from server.\n");
                self.is_done = true;
                return;
            }
            _ => {}
        }
        self.replies += 1;
    }

    /// Writes until there is no room, or it is time to read.
    fn write(&mut self) -> Result<()> {
        let mut written = 0;
        while written < WRITE_MAX && self.wants_to_write() {
            if self.sent == self.unsent.len() {
                self.load()?;
            }
            match self.link.write_some(&self.unsent[self.sent..]) {
                Ok(len) => {
                    self.sent += len;
                    self.bytes += len as i64;
                    written += len;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    self.progress.clear();
                    return fail(format!("Error writing to the server: {}", error.text()));
                }
            }
        }
        Ok(())
    }

    /// The next piece of standard input; at its end, the request whose reply tells that all others have come.
    fn load(&mut self) -> Result<()> {
        self.sent = 0;
        self.unsent.resize(PIECE, 0);
        let len = match io::stdin().lock().read(&mut self.unsent) {
            Ok(len) => len,
            Err(error) => return fail(format!("Error reading from stdin: {}", error.text())),
        };
        self.unsent.truncate(len);
        if len == 0 {
            // Nobody may have put it into the data before.
            let magic = sys::facts::secret()[..MAGIC].to_vec();
            // The line end brings a server in the middle of garbage back to the beginning of a request.
            self.unsent.extend_from_slice(b"\r\n*2\r\n$4\r\nECHO\r\n$20\r\n");
            self.unsent.extend_from_slice(&magic);
            self.unsent.extend_from_slice(b"\r\n");
            self.magic = Some(magic);
            self.progress.clear();
            screen::print("All data transferred. Waiting for the last reply...\n");
        }
        Ok(())
    }
}
