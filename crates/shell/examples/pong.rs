//! The least a server can do, to measure what the loop itself costs: every line that ends a request of `redis-benchmark
//! -t ping` is answered `+PONG`. `pong [port]`, until a signal.

use std::collections::VecDeque;
use std::io::IoSlice;

use shell::{CpuLists, Log, LogTarget, Options};
use stdx::{Instant, Now};
use world::{ConnId, Effect, Event, Exit, Machine, Ticket};

#[derive(Default)]
struct Pong {
    outboxes: Vec<Vec<u8>>,
    ready: Vec<ConnId>,
    effects: VecDeque<Effect>,
}

impl Machine for Pong {
    fn handle_input(&mut self, _: Now, conn: ConnId, bytes: &[u8]) {
        let outbox = &mut self.outboxes[conn.0 as usize];
        if outbox.is_empty() {
            self.ready.push(conn);
        }
        // A request of one word ends with its word; inline ones are the word alone.
        let count = bytes.windows(4).filter(|word| word.eq_ignore_ascii_case(b"ping")).count();
        for _ in 0..count.max(1) {
            outbox.extend_from_slice(b"+PONG\r\n");
        }
    }

    fn handle_event(&mut self, _: Now, event: Event) {
        match event {
            Event::Accepted { conn, .. } => {
                let room = self.outboxes.len().max(conn.0 as usize + 1);
                self.outboxes.resize(room, Vec::new());
                self.outboxes[conn.0 as usize].clear();
            }
            Event::Signal(_) => self.effects.push_back(Effect::Exit(Exit::Status(0))),
            _ => {}
        }
    }

    fn handle_timeout(&mut self, _: Now) {}

    fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    fn poll_ready(&mut self) -> Option<ConnId> {
        self.ready.pop()
    }

    fn pending<'a>(&'a self, conn: ConnId, slices: &mut [IoSlice<'a>]) -> usize {
        let outbox = &self.outboxes[conn.0 as usize];
        if outbox.is_empty() {
            return 0;
        }
        slices[0] = IoSlice::new(outbox);
        1
    }

    fn sent(&mut self, _: Now, conn: ConnId, count: usize) -> bool {
        let outbox = &mut self.outboxes[conn.0 as usize];
        outbox.drain(..count);
        !outbox.is_empty()
    }

    fn idle(&mut self, _: Now, _: u64) -> bool {
        false
    }
}

fn main() {
    let port = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(6379);
    let mut machine = Pong::default();
    machine.effects.push_back(Effect::Listen {
        ticket: Ticket(1),
        addresses: vec!["127.0.0.1".to_owned()],
        port,
        unix: None,
        backlog: 511,
    });
    let log = Log::new(LogTarget::default());
    let options = Options { log, signals: true, supervised: false, cpus: CpuLists::default() };
    match shell::run(&mut machine, options) {
        Ok(exit) => println!("{exit:?}"),
        Err(error) => println!("{error}"),
    }
}
