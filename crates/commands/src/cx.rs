//! What a data command may touch: a keyspace, the time, chance, and the reply. Nothing else.

use command::{Args, Command, Error, Flow, Outcome, Propagation, Writer};
use stdx::{Instant, Now, Prng};
use store::{Db, PREFETCH_MAX};

/// The permission slip of a data command.
pub struct DataCx<'a> {
    /// The selected database; `db.at(index)` reaches the others.
    pub db: Db<'a>,
    /// Where the reply goes. What a handler wrote before it failed is taken back.
    pub reply: Writer<'a>,
    /// When the command runs. It stays the same throughout a transaction.
    pub now: Now,
    /// Chance.
    pub prng: &'a mut Prng,
    /// What replicas are told, where it is not the command's own words.
    pub propagation: &'a mut Propagation,
    /// Whether the command may wait, and where it says for what.
    pub parking: &'a mut Parking,
    /// The longest string there may be, in bytes: `proto-max-bulk-len`.
    pub bulk_len_max: usize,
    /// Beyond so many waiting bytes the session is closed: a reply that a request can make as long as it likes ends
    /// there, and the command says [`Flow::Cut`](command::Flow::Cut).
    pub reply_len_max: usize,
    /// Whoever asks may read every key there is, also such as the request does not name.
    pub reads_any_key: bool,
    /// A script asks: what it hears of a set must come in the same order wherever the set is the same.
    pub is_script: bool,
    /// Freeing of large values may be left for later: what `lazyfree-lazy-user-del` and its kin say.
    pub lazy: Lazy,
}

impl DataCx<'_> {
    /// Goes through items, each with a key, which are fetched from memory some at a time.
    pub(crate) fn each_ahead<'k, T>(
        &mut self,
        mut items: impl Iterator<Item = T> + Clone,
        key: impl Fn(T) -> &'k [u8],
        mut each: impl FnMut(&mut Self, T),
    ) {
        loop {
            self.db.prefetch(items.clone().map(&key));
            let mut done = 0;
            for item in items.by_ref().take(PREFETCH_MAX) {
                each(self, item);
                done += 1;
            }
            if done < PREFETCH_MAX {
                return;
            }
        }
    }
}

/// Which ways of removing a value leave the freeing for later.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lazy {
    /// DEL behaves like UNLINK: `lazyfree-lazy-user-del`.
    pub user_del: bool,
    /// Values that are overwritten: `lazyfree-lazy-server-del`.
    pub server_del: bool,
    /// FLUSHDB and FLUSHALL without a mode: `lazyfree-lazy-user-flush`.
    pub user_flush: bool,
}

/// Whether a command may wait, and what for.
#[derive(Debug, Default)]
pub struct Parking {
    /// False inside EXEC, for commands that come from a master, and wherever else waiting is not possible.
    pub allowed: bool,
    /// What the session waits for, if the handler has parked it.
    pub wait: Option<Wait>,
}

/// What a parked session waits for: the first change of any of these keys that `kind` can use. Then the very same
/// command runs again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    /// In the order they were named.
    pub keys: Vec<Box<[u8]>>,
    /// The type that the command can use.
    pub kind: store::Kind,
    /// When to give up; never, where there is none.
    pub deadline: Option<Instant>,
    /// What is answered then, and at once where waiting is not possible.
    pub timeout: TimeoutReply,
}

/// The reply of a wait that ended in vain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeoutReply {
    /// A null bulk string.
    Null,
    /// A null array.
    NullArray,
}

impl TimeoutReply {
    /// Writes it.
    pub fn write(self, reply: &mut Writer<'_>) {
        match self {
            TimeoutReply::Null => reply.null(),
            TimeoutReply::NullArray => reply.null_array(),
        }
    }
}

impl DataCx<'_> {
    /// Lets the session wait, or answers like a timeout where waiting is not possible.
    pub fn park(&mut self, wait: Wait) -> Outcome {
        if self.parking.allowed {
            self.parking.wait = Some(wait);
            return Ok(Flow::Parked);
        }
        wait.timeout.write(&mut self.reply);
        Ok(Flow::Done)
    }

    /// The moment when a blocking command gives up: `text` is in seconds, 0 means never.
    pub fn deadline(&self, text: &[u8]) -> Result<Option<Instant>, Error> {
        command::deadline_secs(text, self.now)
    }
}

/// The function of a data command.
pub type DataFn = for<'a, 'b> fn(&'a mut DataCx<'b>, Args<'a>) -> Outcome;

/// A data command: a row with its function.
pub type DataCommand = Command<DataFn>;
