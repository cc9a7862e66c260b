//! The conversation with a server: what we are connected to and what we know of the state there.

use std::io::{self, ErrorKind, Write};
use std::os::fd::AsFd;

use client::{Client, Value};
use resp::Fault;
use sys::ErrorText;
use sys::signal::Signals;
use sys::wait::{self, Interest};

use crate::exit::{Exit, Result};
use crate::format;
use crate::modes::Debugger;
use crate::options::Options;
use crate::screen;

/// What happens to pushes that no command waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pushes {
    /// They are forgotten.
    Drop,
    /// They are printed as they come.
    Print,
    /// They are read like replies: in subscribed mode there is nothing else to read.
    Deliver,
}

/// Where a server sent us instead of answering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Redirect {
    Moved,
    /// For this one request, which must be announced by ASKING.
    Ask,
}

/// How a reply was read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Read {
    /// And printed.
    Done,
    /// It was not: the connection is gone, for this reason. None where the reason has been told.
    Lost(Option<String>),
}

/// The connection and what is known of it.
pub(crate) struct Session {
    pub(crate) options: Options,
    pub(crate) link: Option<Client>,
    /// The database that is selected there.
    pub(crate) db: i64,
    pub(crate) is_resp3: bool,
    /// Inside MULTI: the database that was selected before it.
    pub(crate) db_before_multi: Option<i64>,
    pub(crate) is_subscribed: bool,
    pub(crate) is_monitoring: bool,
    pub(crate) is_shutting_down: bool,
    pub(crate) is_interactive: bool,
    pub(crate) redirect: Option<Redirect>,
    pub(crate) pushes: Pushes,
    pub(crate) last: Option<Value>,
    /// The version that HELLO told.
    pub(crate) server_version: Option<String>,
    /// Ctrl-C, where it shall not end the program at once.
    pub(crate) interrupts: Option<Signals>,
    /// Sentinels that were heard of, for the case that the first one is down.
    pub(crate) sentinels: Vec<(String, u16)>,
    /// How often in a row the primary that Sentinels named turned out to be a replica.
    pub(crate) demotions: u32,
    pub(crate) debugger: Debugger,
}

impl Session {
    pub(crate) fn new(options: Options) -> Session {
        let pushes = if options.prints_pushes { Pushes::Print } else { Pushes::Drop };
        Session {
            options,
            link: None,
            db: 0,
            is_resp3: false,
            db_before_multi: None,
            is_subscribed: false,
            is_monitoring: false,
            is_shutting_down: false,
            is_interactive: false,
            redirect: None,
            pushes,
            last: None,
            server_version: None,
            interrupts: None,
            sentinels: Vec::new(),
            demotions: 0,
            debugger: Debugger::Off,
        }
    }

    /// Pushes are treated as the options say, after a time in which they were delivered.
    pub(crate) fn restore_pushes(&mut self) {
        self.pushes = if self.options.prints_pushes { Pushes::Print } else { Pushes::Drop };
    }

    /// One request and its reply, unprinted.
    pub(crate) fn ask<A: AsRef<[u8]>>(&mut self, words: &[A]) -> io::Result<Value> {
        self.link.as_mut().ok_or(ErrorKind::NotConnected)?.send(words)?;
        self.receive()
    }

    /// Many requests at once and their replies.
    pub(crate) fn ask_all<A: AsRef<[u8]>>(&mut self, all: &[Vec<A>]) -> io::Result<Vec<Value>> {
        self.link.as_mut().ok_or(ErrorKind::NotConnected)?.send_all(all)?;
        all.iter().map(|_| self.receive()).collect()
    }

    /// As [`Session::ask`]; without a reply the program ends.
    pub(crate) fn must_ask<A: AsRef<[u8]>>(&mut self, words: &[A]) -> Result<Value> {
        self.ask(words).or_else(|_| crate::exit::fail("\nI/O error"))
    }

    /// The next reply. Pushes go where they belong.
    pub(crate) fn receive(&mut self) -> io::Result<Value> {
        loop {
            let link = self.link.as_mut().ok_or(ErrorKind::NotConnected)?;
            let Some(value) = link.next_received()? else {
                self.wait()?;
                let link = self.link.as_mut().ok_or(ErrorKind::NotConnected)?;
                if link.fill()? == 0 {
                    return Err(ErrorKind::UnexpectedEof.into());
                }
                continue;
            };
            match (&value, self.pushes) {
                (Value::Push(_), Pushes::Drop) => {}
                (Value::Push(_), Pushes::Print) => self.print_push(&value)?,
                _ => return Ok(value),
            }
        }
    }

    /// Waits until something arrives; Ctrl-C is an error of the kind `Interrupted`.
    fn wait(&mut self) -> io::Result<()> {
        let (Some(link), Some(interrupts)) = (&self.link, &mut self.interrupts) else {
            return Ok(());
        };
        loop {
            let sources = [(link.as_fd(), Interest::Read), (interrupts.as_fd(), Interest::Read)];
            let [from_server, from_user] = wait::any(sources, None)?;
            if from_user.readable && interrupts.take().interrupt {
                return Err(ErrorKind::Interrupted.into());
            }
            if from_server.readable {
                return Ok(());
            }
        }
    }

    fn print_push(&self, push: &Value) -> io::Result<()> {
        let layout = &self.options.layout;
        let is_named = layout.output == format::Output::Standard;
        let text = match format::invalidation(push).filter(|_| is_named) {
            Some(text) => text,
            None => format::reply(push, layout).map_err(|_| ErrorKind::InvalidData)?,
        };
        screen::print(text);
        Ok(())
    }

    /// Reads a reply and prints it, follows redirections, and ends the program where that is what the options want.
    pub(crate) fn read_reply(&mut self, is_as_meant: bool) -> Result<Read> {
        self.last = None;
        let reply = match self.receive() {
            Ok(reply) => reply,
            Err(error) => return self.handle_trouble(&error),
        };
        if let (true, Value::Error(text)) = (self.options.follows_redirects, &reply)
            && (text.starts_with(b"MOVED ") || text.starts_with(b"ASK "))
        {
            let text = String::from_utf8_lossy(text).into_owned();
            self.last = Some(reply);
            self.follow(&text);
            return Ok(Read::Done);
        }
        if self.was_demoted(&reply) {
            self.last = Some(reply);
            self.redirect = Some(Redirect::Moved);
            return Ok(Read::Done);
        }
        if let Value::Error(text) = &reply
            && self.options.fails_on_error
            && !self.is_interactive
        {
            // A text that is no UTF-8 is no business of ours.
            let _ = std::io::stderr().write_all(&[text, &b"\n"[..]].concat());
            return Err(Exit(1));
        }
        let reply = match self.debugger {
            Debugger::Running => {
                let layout = self.options.layout.clone();
                let reply = self.debugged(reply);
                let text = format::reply(&reply, &layout);
                screen::print(text.unwrap_or_default());
                reply
            }
            _ => {
                self.print(&reply, is_as_meant)?;
                reply
            }
        };
        self.last = Some(reply);
        Ok(Read::Done)
    }

    /// Prints a reply in the layout of the options.
    pub(crate) fn print(&self, reply: &Value, is_as_meant: bool) -> Result<()> {
        let layout = &self.options.layout;
        let text = match is_as_meant {
            true => format::as_meant(reply, layout),
            false => format::reply(reply, layout),
        };
        match text {
            Ok(text) => screen::print(text),
            // compat(7.2): a big number of RESP3 has no text, and ends the program.
            Err(format::UnknownType(number)) => {
                return crate::exit::fail(format!("Unknown reply type: {number}"));
            }
        }
        Ok(())
    }

    /// A reply did not come: leave the mode that Ctrl-C left, or the program, or tell that the connection is lost.
    fn handle_trouble(&mut self, error: &io::Error) -> Result<Read> {
        if error.kind() == ErrorKind::Interrupted {
            if !self.is_monitoring && !self.is_subscribed {
                return Err(Exit(1));
            }
            self.is_monitoring = false;
            self.is_subscribed = false;
            return Ok(if self.reconnect()? { Read::Done } else { Read::Lost(None) });
        }
        if self.is_shutting_down {
            self.link = None;
            return Ok(Read::Done);
        }
        let is_gone = matches!(
            error.kind(),
            ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe
        );
        if self.is_interactive && is_gone {
            return Ok(Read::Lost(Some(reason(error))));
        }
        crate::exit::fail(format!("Error: {}", reason(error)))
    }
}

/// Why a connection is of no use any more.
pub(crate) fn reason(error: &io::Error) -> String {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<resp::ReplyError>());
    if let Some(resp::ReplyError { line, fault }) = inner {
        let text = match fault {
            Fault::Type | Fault::Depth => {
                let quoted = config::words::quote(&line[..line.len().min(1)]);
                let quoted = String::from_utf8_lossy(&quoted);
                return format!("Protocol error, got {quoted} as reply type byte");
            }
            Fault::Integer => "Bad integer value",
            Fault::Double => "Bad double value",
            Fault::Null => "Bad nil value",
            Fault::Bool => "Bad bool value",
            Fault::BigNumber => "Bad bignum value",
            Fault::Length => "Bad bulk string length",
            Fault::LengthRange => "Bulk string length out of range",
            Fault::Count => "Bad multi-bulk length",
            Fault::CountRange => "Multi-bulk length out of range",
            Fault::Format => {
                "Verbatim string 4 bytes of content type are missing or incorrectly encoded."
            }
        };
        return text.to_owned();
    }
    match error.kind() {
        ErrorKind::UnexpectedEof => "Server closed the connection".to_owned(),
        _ => error.text(),
    }
}

/// What `SIGINT` leads to while something long runs: it goes on until its next step, then sums up.
pub(crate) struct Patience {
    signals: Option<Signals>,
    is_over: bool,
}

impl Patience {
    pub(crate) fn begin() -> Patience {
        Patience { signals: Signals::catch_interrupt().ok(), is_over: false }
    }

    /// True once Ctrl-C was pressed.
    pub(crate) fn is_over(&mut self) -> bool {
        self.is_over |= self.signals.as_mut().is_some_and(|signals| signals.take().interrupt);
        self.is_over
    }
}
