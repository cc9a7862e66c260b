//! CONFIG REWRITE: the values of now into the file that they came from. The reply comes when the file is safe.

use super::{CHANGING, SUB};
use crate::admin::{NodeCommand, NodeCx, Waiter};
use crate::node::{Errand, Node};
use command::{Args, Arity, Command, Error, Outcome, Spec};
use config::OwnedLines;
use world::{DiskError, DiskErrorKind, DiskOp, DiskReply, Level};

pub(super) const REWRITE: NodeCommand = Command::new(
    rewrite,
    Spec {
        name: "rewrite",
        summary: "Writes the parameters back to the file that they came from.",
        since: "2.8.0",
        arity: Arity::Exactly(2),
        tips: CHANGING,
        ..SUB
    },
);

fn rewrite(cx: &mut NodeCx<'_>, args: Args<'_>) -> Outcome {
    let waiter = cx.waiter();
    if !cx.node.rewrite_config(waiter, Purpose::Command) {
        return Err(Error::fixed("ERR The server is running without a config file"));
    }
    cx.wait(args)
}

/// Who wants the file to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// CONFIG REWRITE.
    Command,
    /// DEBUG CONFIG-REWRITE-FORCE-ALL: parameters at their defaults as well.
    Everything,
}

/// A file being rewritten.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rewriting {
    waiter: Option<Waiter>,
    purpose: Purpose,
}

impl Node {
    /// Begins to rewrite the file. False: there is none.
    pub(crate) fn rewrite_config(&mut self, waiter: Option<Waiter>, purpose: Purpose) -> bool {
        let Some(path) = self.config.file.clone() else { return false };
        self.rewrite_step(Rewriting { waiter, purpose }, DiskOp::Slurp { path });
        true
    }

    fn rewrite_step(&mut self, rewriting: Rewriting, op: DiskOp) {
        self.config_pending.next += 1;
        let id = self.config_pending.next;
        self.config_pending.rewrites.insert(id, rewriting);
        self.disk(Errand::Rewriting(id), op);
    }

    /// The disk has answered.
    pub(crate) fn rewrite_stepped(&mut self, id: u64, result: Result<DiskReply, DiskError>) {
        let Some(rewriting) = self.config_pending.rewrites.remove(&id) else { return };
        let old = match result {
            Ok(DiskReply::Bytes(old)) => old,
            Ok(_) => {
                self.log(Level::Notice, "CONFIG REWRITE executed with success.");
                self.answer_waiter(rewriting.waiter, |w| w.ok());
                return;
            }
            // A file that went away is written anew.
            Err(error) if error.kind == DiskErrorKind::NotFound => Vec::new(),
            Err(error) => {
                self.rewrite_failed(rewriting, &error);
                return;
            }
        };
        let path = self.config.file.clone().expect("a rewrite begins with a file");
        let users = OwnedLines { directive: "user", lines: self.user_lines() };
        let everything = rewriting.purpose == Purpose::Everything;
        let bytes = self.config.rewrite(&old, &[users], everything);
        self.rewrite_step(rewriting, DiskOp::Replace { path, bytes });
    }

    /// The users that the file has to declare.
    fn user_lines(&self) -> Vec<Vec<u8>> {
        // Users that have a file of their own are not in this one.
        if !self.config.values.bytes("aclfile").is_empty() {
            return Vec::new();
        }
        let included = &self.config.included;
        let is_said = |line: &Vec<u8>, name: &[u8]| {
            included
                .user(name)
                .is_some_and(|words| self.users.line_of(words).as_ref() == Some(line))
        };
        let users = self.users.iter().map(|user| (user.line(), user.name()));
        let there = users.filter(|(line, name)| !is_said(line, name)).map(|(line, _)| line);
        // A user that was deleted would be back with the included file. Only a user without any rights holds the name.
        let gone = included.users().filter(|words| self.users.get(&words[0]).is_none());
        there.chain(gone.filter_map(|words| self.users.line_of(&words[..1]))).collect()
    }

    fn rewrite_failed(&mut self, rewriting: Rewriting, error: &DiskError) {
        self.log(Level::Warning, format!("CONFIG REWRITE failed: {error}"));
        let text = match rewriting.purpose {
            Purpose::Command => format!("ERR Rewriting config file: {error}"),
            Purpose::Everything => format!("ERR CONFIG-REWRITE-FORCE-ALL failed: {error}"),
        };
        self.answer_waiter(rewriting.waiter, |w| w.error(text.as_bytes()));
    }
}
