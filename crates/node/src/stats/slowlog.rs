//! SLOWLOG's memory: the last commands that took longer than `slowlog-log-slower-than`.

use crate::node::Node;
use crate::registry::CommandId;
use resp::Words;
use std::collections::VecDeque;
use stdx::WallTime;
use world::ConnId;

/// One slow command.
#[derive(Clone, Debug)]
pub(crate) struct SlowEntry {
    pub(crate) id: u64,
    pub(crate) at: WallTime,
    pub(crate) spent_us: u64,
    pub(crate) words: Vec<Vec<u8>>,
    pub(crate) peer: String,
    pub(crate) name: Vec<u8>,
}

/// The slow log, newest first.
#[derive(Debug, Default)]
pub(crate) struct Slowlog {
    pub(crate) entries: VecDeque<SlowEntry>,
    next_id: u64,
}

/// How many words of a command are kept, and how much of each.
const WORDS_MAX: usize = 32;
const WORD_BYTES_MAX: usize = 128;

impl Slowlog {
    /// Adds an entry and drops the oldest beyond `len_max`.
    pub(crate) fn push(&mut self, mut entry: SlowEntry, len_max: usize) {
        entry.id = self.next_id;
        self.next_id += 1;
        self.entries.push_front(entry);
        self.entries.truncate(len_max);
    }
}

impl Node {
    /// Notes a slow command, shortened.
    pub(crate) fn log_slow(
        &mut self,
        conn: ConnId,
        id: CommandId,
        words: &Words<'_>,
        spent_us: u64,
    ) {
        let Some(session) = self.sessions.get(conn) else { return };
        let shown = self.public_words(self.registry.row(id), words);
        let mut kept: Vec<Vec<u8>> = shown.into_iter().take(WORDS_MAX).map(shorten).collect();
        if words.len() > WORDS_MAX {
            kept[WORDS_MAX - 1] =
                format!("... ({} more arguments)", words.len() - WORDS_MAX + 1).into_bytes();
        }
        let entry = SlowEntry {
            id: 0,
            at: self.now.wall,
            spent_us,
            words: kept,
            peer: session.peer.to_string(),
            name: session.name.clone(),
        };
        self.stats.slowlog.push(entry, self.settings.slowlog_len_max);
    }
}

fn shorten(word: &[u8]) -> Vec<u8> {
    if word.len() <= WORD_BYTES_MAX {
        return word.to_vec();
    }
    let mut short = word[..WORD_BYTES_MAX].to_vec();
    short.extend_from_slice(format!("... ({} more bytes)", word.len() - WORD_BYTES_MAX).as_bytes());
    short
}
