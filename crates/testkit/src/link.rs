//! A connection between two servers that a test can cut, keep cut, and mend: a port that passes bytes on.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

/// A forwarded port. What goes through it is not looked at.
pub struct Link {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    is_cut: bool,
    is_held: bool,
    is_over: bool,
    /// Both ends of everything that passes now.
    streams: Vec<TcpStream>,
}

impl State {
    fn end_all(&mut self) {
        for stream in self.streams.drain(..) {
            // A stream that its owner has closed is what we want.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Link {
    /// Passes on what comes to a free port to `port`, both of this machine.
    pub fn to(port: u16) -> Link {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        thread::spawn(move || accept(&listener, port, &shared));
        Link { address, state }
    }

    /// Where to connect.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Ends all connections; those that come are ended too, until [`Link::mend`].
    pub fn cut(&self) {
        let mut state = lock(&self.state);
        state.is_cut = true;
        state.end_all();
    }

    /// Passes nothing on any more and tells nobody, as a network does that loses everything: connections stay open,
    /// new ones are taken and hear nothing.
    pub fn hold(&self) {
        lock(&self.state).is_held = true;
    }

    /// Lets connections through again. What stood still meanwhile is lost, and its connections end.
    pub fn mend(&self) {
        let mut state = lock(&self.state);
        state.is_cut = false;
        if std::mem::take(&mut state.is_held) {
            state.end_all();
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.cut();
        lock(&self.state).is_over = true;
        // Wakes the thread that listens, so that it sees the end.
        let _ = TcpStream::connect(self.address);
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn accept(listener: &TcpListener, port: u16, shared: &Arc<Mutex<State>>) {
    for near in listener.incoming() {
        let mut state = lock(shared);
        if state.is_over {
            return;
        }
        let Ok(near) = near else { continue };
        if state.is_cut {
            continue;
        }
        let Ok(far) = TcpStream::connect(("127.0.0.1", port)) else { continue };
        for (from, to) in [(&near, &far), (&far, &near)] {
            let pair = (from.try_clone(), to.try_clone(), from.try_clone());
            let (Ok(from), Ok(to), Ok(kept)) = pair else { continue };
            // Small packets are passed on at once, as the servers sent them.
            let _ = to.set_nodelay(true);
            state.streams.push(kept);
            let shared = Arc::clone(shared);
            thread::spawn(move || pass(from, to, &shared));
        }
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, state: &Mutex<State>) {
    let mut bytes = [0; 64 << 10];
    while let Ok(len @ 1..) = from.read(&mut bytes) {
        // What comes while the link is held falls on the floor.
        if !lock(state).is_held && to.write_all(&bytes[..len]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
    let _ = from.shutdown(Shutdown::Both);
}
