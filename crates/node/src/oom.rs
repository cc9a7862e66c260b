//! How soon the kernel ends us when memory runs out: `oom-score-adj`, by role.
//!
//! Linux keeps the number in a file of the process. What it was before we set it is remembered, as `relative` counts
//! from it and `no` goes back to it.

use crate::node::{Errand, Node};
use std::collections::VecDeque;
use world::{DiskError, DiskOp, DiskReply, FileId, Level};

const PATH: &str = "/proc/self/oom_score_adj";

/// What is known of the number, and what is being done about it. One after the other: the last must win.
#[derive(Debug, Default)]
pub(crate) struct OomScore {
    /// What it was before we set it; none while it is not ours to set.
    base: Option<i64>,
    /// Who asked for it to be looked at again: a CONFIG SET, which wants to know, or nobody.
    asked: VecDeque<Option<u64>>,
    doing: Option<Doing>,
}

#[derive(Clone, Copy, Debug)]
enum Doing {
    /// What it was.
    Reading,
    Opening(FileId),
    Writing(FileId),
}

impl OomScore {
    /// True where we have set it, and must set it back.
    pub(crate) fn is_ours(&self) -> bool {
        self.base.is_some()
    }
}

impl Node {
    /// The number is made what parameters and role say; `change` is the CONFIG SET that waits for it.
    pub(crate) fn adjust_oom_score(&mut self, change: Option<u64>) {
        self.oom.asked.push_back(change);
        if self.oom.doing.is_none() {
            self.next_oom_score();
        }
    }

    /// Begins what was asked for first. While it is being done it stays in the queue.
    fn next_oom_score(&mut self) {
        if self.oom.asked.is_empty() {
            return;
        }
        let wanted = self.config.values.choice("oom-score-adj") != "no";
        match (wanted, self.oom.base) {
            (false, None) => self.oom_score_done(Ok(())),
            (true, None) => {
                self.oom.doing = Some(Doing::Reading);
                self.disk(Errand::OomScore, DiskOp::Slurp { path: PATH.to_owned() });
            }
            (_, Some(_)) => {
                let file = self.file_id();
                self.oom.doing = Some(Doing::Opening(file));
                self.disk(Errand::OomScore, DiskOp::Update { file, path: PATH.to_owned() });
            }
        }
    }

    /// What the number is to be.
    fn oom_score(&self) -> i64 {
        let values = &self.config.values;
        let base = self.oom.base.unwrap_or(0);
        let [master, replica, _] = values.oom_scores();
        let own = i64::from(if self.is_replica() { replica } else { master });
        match values.choice("oom-score-adj") {
            "no" => base,
            "absolute" => own.clamp(-1000, 1000),
            _ => (base + own).clamp(-1000, 1000),
        }
    }

    /// The system has answered.
    pub(crate) fn oom_score_stepped(&mut self, result: Result<DiskReply, DiskError>) {
        let Some(doing) = self.oom.doing.take() else { return };
        match (doing, result) {
            (Doing::Reading, Ok(DiskReply::Bytes(text))) => {
                self.oom.base = Some(stdx::integer::parse_i64(text.trim_ascii()).unwrap_or(0));
                self.next_oom_score();
            }
            (Doing::Opening(file), Ok(_)) => {
                self.oom.doing = Some(Doing::Writing(file));
                let bytes = self.oom_score().to_string().into_bytes();
                self.disk(Errand::OomScore, DiskOp::WriteAt { file, offset: 0, bytes });
            }
            (Doing::Writing(file), result) => {
                self.disk(Errand::Ignored, DiskOp::Close { file });
                if result.is_ok() && self.config.values.choice("oom-score-adj") == "no" {
                    self.oom.base = None;
                }
                self.oom_score_done(result.map(drop));
            }
            (Doing::Reading | Doing::Opening(_), result) => {
                self.oom_score_done(result.map(drop));
            }
        }
    }

    fn oom_score_done(&mut self, result: Result<(), DiskError>) {
        if let Err(error) = &result {
            self.log(Level::Warning, format!("Unable to write oom_score_adj: {error}"));
        }
        if let Some(change) = self.oom.asked.pop_front().flatten() {
            self.change_stepped(change, result.map_err(|error| error.text));
        }
        if self.oom.doing.is_none() {
            self.next_oom_score();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PATH;
    use crate::check::Player;
    use world::DiskOp;

    fn score(player: &Player) -> String {
        String::from_utf8_lossy(&player.files[PATH]).into_owned()
    }

    #[test]
    fn the_number_follows_parameters_and_role() {
        let mut player = Player::new(&[]);
        player.files.insert(PATH.to_owned(), b"22\n".to_vec());
        let table = [
            ("CONFIG SET oom-score-adj-values \"9 20 30\"", "22\n"),
            ("CONFIG SET oom-score-adj yes", "31\n"),
            ("CONFIG SET oom-score-adj-values \"15 20 30\"", "37\n"),
            ("REPLICAOF elsewhere 7000", "42\n"),
            ("REPLICAOF NO ONE", "37\n"),
            ("CONFIG SET oom-score-adj absolute", "15\n"),
            ("CONFIG SET oom-score-adj no", "22\n"),
        ];
        for (request, want) in table {
            assert_eq!(player.request("", request), "OK\n", "{request}");
            assert_eq!(score(&player), want, "{request}");
        }
    }

    #[test]
    fn what_the_system_refuses_is_refused() {
        let mut player = Player::new(&[]);
        player.files.insert(PATH.to_owned(), b"0\n".to_vec());
        player.disk_fails = |op| matches!(op, DiskOp::WriteAt { .. });
        let heard = player.request("", "CONFIG SET oom-score-adj yes");
        assert!(heard.contains("Failed to set current oom_score_adj"), "{heard}");
        assert!(player.request("", "CONFIG GET oom-score-adj").contains("\"no\""));
    }
}
