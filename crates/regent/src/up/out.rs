//! What `regent up` says, and whether anybody can still hear it.

use std::cell::Cell;
use std::io::Write;
use std::rc::Rc;

/// Standard output. Once it is closed or full nothing more is written, and the group has nobody to be shown to.
#[derive(Clone, Debug, Default)]
pub(super) struct Out {
    gone: Rc<Cell<bool>>,
}

impl Out {
    /// Prints a line.
    pub(super) fn say(&self, line: &str) {
        self.write(format!("{line}\n").as_bytes());
    }

    /// Writes bytes as they are.
    pub(super) fn write(&self, bytes: &[u8]) {
        if self.gone.get() {
            return;
        }
        let mut out = std::io::stdout().lock();
        if out.write_all(bytes).and_then(|()| out.flush()).is_err() {
            self.gone.set(true);
        }
    }

    /// True once a write has failed.
    pub(super) fn is_gone(&self) -> bool {
        self.gone.get()
    }
}
