//! A hostile client: its connections and its chance, with everything that it does counted.

use super::Attack;
use crate::stage::{Stage, Tally, count};
use crate::target::Address;
use client::{Client, Value};
use std::io::{self, ErrorKind};
use std::time::Duration;
use stdx::Prng;

/// How long an attack waits for a reply, or to be let in.
const PATIENCE: Duration = Duration::from_secs(5);

/// A round that failed is followed by so long a pause: a server that refuses everything is not asked in vain too often.
const PAUSE_MS: u64 = 5;

/// One thread of an attack.
pub struct Foe<'a> {
    /// What it chooses from.
    pub prng: Prng,
    /// Where the server listens.
    pub server: Address,
    /// Where the Sentinel listens.
    pub sentinel: Address,
    stage: &'a Stage,
    tally: &'a Tally,
}

impl<'a> Foe<'a> {
    /// A thread of the attack with this tally.
    pub fn new(
        prng: Prng,
        (server, sentinel): (Address, Address),
        stage: &'a Stage,
        tally: &'a Tally,
    ) -> Foe<'a> {
        Foe { prng, server, sentinel, stage, tally }
    }

    /// Does an attack from its phase to the end.
    pub fn run(&mut self, attack: &Attack) {
        sys::schedule::give_way();
        self.stage.wait_for(attack.from);
        while !self.is_over() {
            let Err(error) = (attack.round)(self) else { continue };
            match error.kind() {
                ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::UnexpectedEof => {
                    count(&self.tally.closed, 1);
                }
                _ => count(&self.tally.silent, 1),
            }
            self.rest(PAUSE_MS);
        }
    }

    /// True when it is time to leave.
    pub fn is_over(&self) -> bool {
        self.stage.is_over()
    }

    /// Waits, but not beyond the end.
    pub fn rest(&self, ms: u64) {
        self.stage.rest(ms);
    }

    /// Something is wrong that only the attacker can see.
    pub fn find(&self, finding: String) {
        self.stage.find(finding);
    }

    /// A connection to `address` that has said nothing yet.
    pub fn connect(&mut self, address: Address) -> io::Result<Client> {
        let client = address.connect(PATIENCE)?;
        count(&self.tally.connections, 1);
        Ok(client)
    }

    /// One to the server or to the Sentinel, as chance has it.
    pub fn connect_anywhere(&mut self) -> io::Result<Client> {
        let address = if self.prng.chance(1, 2) { self.server } else { self.sentinel };
        self.connect(address)
    }

    /// A connection to the server that is logged in.
    pub fn intrude(&mut self) -> io::Result<Client> {
        let mut client = self.connect(self.server)?;
        self.server.break_in(&mut client)?;
        Ok(client)
    }

    /// A request and its reply.
    pub fn ask<A: AsRef<[u8]>>(&mut self, client: &mut Client, words: &[A]) -> io::Result<Value> {
        count(&self.tally.requests, 1);
        let reply = client.command(words)?;
        if reply.is_error() {
            count(&self.tally.errors, 1);
        }
        Ok(reply)
    }

    /// Bytes that are `requests` requests, or what passes for them.
    pub fn send(&mut self, client: &mut Client, bytes: &[u8], requests: u64) -> io::Result<()> {
        count(&self.tally.requests, requests);
        client.write_raw(bytes)
    }

    /// The same again and again, each time `requests` requests, without ever reading, until the server closes the
    /// connection (which is an error) or `ms` have passed.
    pub fn flood(
        &mut self,
        client: &mut Client,
        bytes: &[u8],
        requests: u64,
        ms: u64,
    ) -> io::Result<()> {
        client.set_nonblocking()?;
        let until = sys::clock::instant().after_ms(ms);
        let mut at = 0;
        while sys::clock::instant() < until && !self.is_over() {
            match client.write_some(&bytes[at..]) {
                Ok(sent) => at += sent,
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.rest(5),
                Err(error) => return Err(error),
            }
            if at == bytes.len() {
                count(&self.tally.requests, requests);
                at = 0;
            }
        }
        Ok(())
    }

    /// Reads and forgets what comes, until the server closes the connection (which is an error) or says nothing for
    /// `ms`.
    pub fn drain(&mut self, client: &mut Client, ms: u64) -> io::Result<()> {
        let mut bytes = [0; 16 << 10];
        client.set_timeout(Some(Duration::from_millis(ms)))?;
        loop {
            match client.read_raw(&mut bytes) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(_) if self.is_over() => return Ok(()),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        client.set_timeout(Some(PATIENCE))
    }

    /// Any of these.
    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.prng.below(choices.len() as u64) as usize]
    }

    /// Any bytes.
    pub fn noise(&mut self, len_max: u64) -> Vec<u8> {
        let len = self.prng.below(len_max) + 1;
        (0..len).map(|_| self.prng.next_u64() as u8).collect()
    }
}

/// A request as bytes.
pub(super) fn request<A: AsRef<[u8]>>(words: &[A]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        let word = word.as_ref();
        bytes.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
        bytes.extend_from_slice(word);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}
