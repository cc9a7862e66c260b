//! Threads at the edges: they do what would hold the loop, and never decide.

use std::io;
use std::time::Duration;

/// A thread that was started here.
pub type Handle = std::thread::JoinHandle<()>;

/// How far these threads stand back, in steps of `nice`. Where cores are scarce, one that packs a snapshot would hold
/// the loop for a whole time slice with every request; a weight of a third still ends in the same time.
const STAND_BACK: i32 = 5;

/// Starts a thread. `name` shows in `top -H`; signals go to the threads that were there before.
pub fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> io::Result<Handle> {
    std::thread::Builder::new().name(name.to_owned()).spawn(move || {
        crate::signal::block_all();
        stand_back();
        let _counted = crate::memory::count_this_thread();
        run();
    })
}

fn stand_back() {
    // SAFETY: no pointers. On Linux the calling thread alone is meant; standing back is always allowed.
    unsafe { libc::nice(STAND_BACK) };
}

/// Holds the calling thread.
pub fn sleep(duration: Duration) {
    std::thread::sleep(duration);
}
