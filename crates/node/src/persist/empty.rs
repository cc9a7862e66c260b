//! After FLUSHALL: the file still holds what was deleted, and a restart would bring it back.

use super::Destination;
use crate::admin::Waiter;
use crate::node::Node;

impl Node {
    /// Gives up the snapshot that is being written, and sees to it that an empty one is, where save points say that
    /// there is to be a file. True: that is going to happen, and `waiter` will hear of its end.
    pub(crate) fn empty_file(&mut self, waiter: Option<Waiter>) -> bool {
        self.cancel_saving(|destination| matches!(destination, Destination::File { .. }));
        if self.config.values.save_points().is_empty() {
            return false;
        }
        self.persist.wants_empty_file = true;
        self.persist.emptying.extend(waiter);
        true
    }

    /// Begins to write the empty file, once the stream has the FLUSHALL: a file says which place in the stream it
    /// belongs to, and before that the data was still there.
    pub(crate) fn empty_file_if_wanted(&mut self) {
        if std::mem::take(&mut self.persist.wants_empty_file) {
            self.start_saving_at_once(None);
        }
    }

    /// The file is empty, or could not be written: the keys are gone either way, and the log tells the rest.
    pub(super) fn file_emptied(&mut self) {
        for waiter in std::mem::take(&mut self.persist.emptying) {
            self.answer_waiter(Some(waiter), |w| w.ok());
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::Player;
    use rdb::{DecodeOptions, Decoder, Item};

    /// The keys of a file, and the place in the stream that it names.
    fn read(file: &[u8]) -> (Vec<Vec<u8>>, Option<u64>) {
        let mut decoder = Decoder::new(DecodeOptions::default());
        decoder.feed(file);
        let (mut keys, mut offset) = (Vec::new(), None);
        while let Some(item) = decoder.next().expect("a sound file") {
            match item {
                Item::Key(key) => keys.push(key.key),
                Item::Aux { name, value } if name == b"repl-offset" => {
                    offset = stdx::integer::parse_u64(&value);
                }
                _ => {}
            }
        }
        (keys, offset)
    }

    #[test]
    fn within_a_transaction_the_file_is_written_at_its_end() {
        let mut player = Player::new(&[("repl-diskless-sync-delay", "60")]);
        player.request("", "CONFIG SET save \"3600 1\"");
        player.request("replica", "REPLCONF capa eof");
        player.request("replica", "PSYNC ? -1");
        for words in ["SET a 1", "MULTI", "SET b 2", "FLUSHALL", "SET c 3"] {
            player.request("", words);
        }
        player.request("", "EXEC");
        let (keys, offset) = read(&player.files["dump.rdb"]);
        assert_eq!(keys, [b"c"]);
        assert_eq!(offset, Some(player.node.probe().offset));
    }
}
