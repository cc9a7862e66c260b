//! How much the server does each time it wakes: what INFO calls the event loop.

/// A turn begins with the first thing the world tells and ends with the background work after it.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    /// When the present turn began, on the stopwatch.
    began_ns: Option<u64>,
    commands_before: u64,
    commands_ns_before: u64,
    /// How many turns there were.
    pub(crate) count: u64,
    /// How long they took together, and of that the commands and the regular work.
    pub(crate) spent_ns: u64,
    pub(crate) commands_ns: u64,
    pub(crate) cron_ns: u64,
    /// The longest turn, and the most commands in one.
    pub(crate) spent_ns_max: u64,
    pub(crate) commands_max: u64,
}

impl Turns {
    /// Something happens: a turn begins, unless one has.
    #[inline]
    pub(crate) fn begin(&mut self, stopwatch: fn() -> u64, commands: u64) {
        if self.began_ns.is_none() {
            self.began_ns = Some(stopwatch());
            self.commands_before = commands;
            self.commands_ns_before = self.commands_ns;
        }
    }

    /// How long commands have taken in the present turn so far.
    pub(crate) fn busy_ns(&self) -> u64 {
        self.commands_ns.saturating_sub(self.commands_ns_before)
    }

    /// The turn that has begun, if any, is over.
    pub(crate) fn end(&mut self, stopwatch: fn() -> u64, commands: u64) {
        let Some(began_ns) = self.began_ns.take() else { return };
        let spent_ns = stopwatch().saturating_sub(began_ns);
        self.count += 1;
        self.spent_ns += spent_ns;
        self.spent_ns_max = self.spent_ns_max.max(spent_ns);
        // CONFIG RESETSTAT may have set the count of commands back.
        self.commands_max = self.commands_max.max(commands.saturating_sub(self.commands_before));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    thread_local!(static TIME: Cell<u64> = const { Cell::new(0) });

    fn stopwatch() -> u64 {
        TIME.with(|time| {
            time.set(time.get() + 10);
            time.get()
        })
    }

    #[test]
    fn a_turn_lasts_from_the_first_event_to_the_end() {
        let mut turns = Turns::default();
        turns.end(stopwatch, 0);
        assert_eq!(turns.count, 0);
        turns.begin(stopwatch, 5);
        turns.begin(stopwatch, 6);
        turns.end(stopwatch, 9);
        turns.end(stopwatch, 9);
        assert_eq!((turns.count, turns.spent_ns, turns.commands_max), (1, 10, 4));
    }
}
