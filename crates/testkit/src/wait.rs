//! Waiting for what must come, with a deadline.

use std::time::{Duration, Instant};

/// Longer than anything takes on a machine that is busy with other things.
const DEADLINE: Duration = Duration::from_secs(60);

/// How often to look. Looking is a question to a server, which has other work.
const EVERY: Duration = Duration::from_millis(5);

/// Looks until `look` finds something. Panics with `what` if that takes too long.
#[track_caller]
pub fn poll<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begin.elapsed() < DEADLINE, "{what}: not within {DEADLINE:?}");
        std::thread::sleep(EVERY);
    }
}

/// Waits until `holds` is true.
#[track_caller]
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    poll(what, || holds().then_some(()));
}
