//! After FLUSHALL: the file still holds what was deleted, and a restart would bring it back.

use super::Destination;
use crate::admin::Waiter;
use crate::node::Node;

impl Node {
    /// Gives up the snapshot that is being written, and writes an empty one where save points say that there is to
    /// be a file. True: that has begun, and `waiter` will hear of its end.
    pub(crate) fn empty_file(&mut self, waiter: Option<Waiter>) -> bool {
        self.cancel_saving(|destination| matches!(destination, Destination::File { .. }));
        if self.config.values.save_points().is_empty() {
            return false;
        }
        self.start_saving_at_once(None);
        self.persist.emptying.extend(waiter);
        true
    }

    /// The file is empty, or could not be written: the keys are gone either way, and the log tells the rest.
    pub(super) fn file_emptied(&mut self) {
        for waiter in std::mem::take(&mut self.persist.emptying) {
            self.answer_waiter(Some(waiter), |w| w.ok());
        }
    }
}
