//! Threads at the edges: they do what would hold the loop, and never decide.

use std::io;
use std::time::Duration;

/// A thread that was started here.
pub type Handle = std::thread::JoinHandle<()>;

/// Starts a thread. `name` shows in `top -H`; signals go to the threads that were there before.
pub fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> io::Result<Handle> {
    std::thread::Builder::new().name(name.to_owned()).spawn(move || {
        crate::signal::block_all();
        let _counted = crate::memory::count_this_thread();
        run();
    })
}

/// Holds the calling thread.
pub fn sleep(duration: Duration) {
    std::thread::sleep(duration);
}
