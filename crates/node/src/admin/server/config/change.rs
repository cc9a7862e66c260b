//! Parameters put into effect: at once where that is enough, step by step where the world has to agree first.
//!
//! # Design
//! New values are in place from the beginning, so that whoever acts on them reads them where they always are. If a
//! step fails, the old values come back and the steps that had succeeded are taken again with them.

use crate::admin::Waiter;
use crate::node::{Errand, Node};
use crate::tracking::FORGET_MAX;
use config::{SetError, Staged, Value};
use std::collections::BTreeMap;
use world::{DiskOp, Effect};

use super::rewrite::Rewriting;

/// What CONFIG has begun and the world has not answered yet.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    changes: BTreeMap<u64, Box<Change>>,
    pub(super) rewrites: BTreeMap<u64, Rewriting>,
    pub(super) next: u64,
}

/// A CONFIG SET under way.
#[derive(Debug)]
struct Change {
    /// Nobody, where the session could not wait.
    waiter: Option<Waiter>,
    names: Vec<&'static str>,
    before: Staged,
    /// Still to be done, the running one first.
    steps: Vec<Step>,
    done: Vec<Step>,
}

/// Something that takes the world's consent.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Listen where the parameters say; the name is that of the parameter to blame.
    Listen(&'static str),
    /// Have room for so many clients.
    Clients,
    /// Tell the kernel how soon to end us; the name is that of the parameter to blame.
    OomScore(&'static str),
    /// Work in another folder.
    Folder { from: String, to: String },
}

/// Files beside those of clients: the log, snapshots, replicas, what listens.
const RESERVED_FILES: u64 = 32;

impl Step {
    /// What has to happen before `name` has the value that is staged for it.
    pub(super) fn of(node: &Node, name: &'static str, staged: &Staged) -> Option<Step> {
        let values = &node.config.values;
        match name {
            "port" | "bind" | "unixsocket" | "unixsocketperm" => Some(Step::Listen(name)),
            "maxclients" => Some(Step::Clients),
            "oom-score-adj" | "oom-score-adj-values" => {
                let wanted = match staged.value(values, "oom-score-adj") {
                    Some(Value::Choice(word)) => *word != "no",
                    _ => values.choice("oom-score-adj") != "no",
                };
                (wanted || node.oom.is_ours()).then_some(Step::OomScore(name))
            }
            "dir" => match staged.value(values, "dir") {
                Some(Value::Text(to)) => {
                    let to = String::from_utf8_lossy(to).into_owned();
                    Some(Step::Folder { from: values.text("dir"), to })
                }
                _ => None,
            },
            _ => None,
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Step::Listen(name) | Step::OomScore(name) => name,
            Step::Clients => "maxclients",
            Step::Folder { .. } => "dir",
        }
    }

    /// The reason that CONFIG SET gives when it fails; `text` is the system's.
    fn reason(&self, text: String) -> String {
        match self {
            Step::Listen("bind") => "Failed to bind to specified addresses.".to_owned(),
            Step::Listen(_) => "Unable to listen on this port. Check server logs.".to_owned(),
            Step::OomScore(_) => {
                "Failed to set current oom_score_adj. Check server logs.".to_owned()
            }
            Step::Clients | Step::Folder { .. } => text,
        }
    }
}

impl Node {
    /// Puts changed parameters into effect that need nobody's consent. Called after every change.
    pub(crate) fn parameters_changed(&mut self, names: &[&str]) {
        self.configure();
        for name in names {
            match *name {
                "maxmemory" => {
                    // The share of it that clients may have is another one now.
                    self.weigh_all();
                    // Not within a transaction, whose own keys might go.
                    if !self.unit.in_exec {
                        self.make_room();
                        self.tell_changes();
                    }
                }
                // Those who are too much go when this event has been dealt with.
                "maxmemory-clients" => self.weigh_all(),
                "tracking-table-max-keys" => {
                    self.forget_readers(FORGET_MAX);
                }
                "slowlog-max-len" => {
                    let len = self.settings.slowlog_len_max;
                    self.stats.slowlog.entries.truncate(len);
                }
                "proc-title-template" | "port" | "bind" | "unixsocket" => {
                    self.effects.extend(self.config.title().map(Effect::Title));
                }
                "requirepass" => self.set_default_password(),
                _ => {}
            }
        }
    }

    /// Begins a change whose values are in place already; `before` is what to go back to.
    pub(super) fn change(
        &mut self,
        waiter: Option<Waiter>,
        names: Vec<&'static str>,
        before: Staged,
        steps: Vec<Step>,
    ) {
        self.next_step(Box::new(Change { waiter, names, before, steps, done: Vec::new() }));
    }

    fn next_step(&mut self, change: Box<Change>) {
        let Some(step) = change.steps.first().cloned() else {
            self.parameters_changed(&change.names);
            self.answer_waiter(change.waiter, |w| w.ok());
            return;
        };
        self.config_pending.next += 1;
        let id = self.config_pending.next;
        self.config_pending.changes.insert(id, change);
        match step {
            Step::Listen(_) => self.listen(Errand::Changing(id)),
            Step::Clients => {
                let ticket = self.errand(Errand::Changing(id));
                let wanted = self.config.values.count("maxclients") + RESERVED_FILES;
                self.effects.push_back(Effect::OpenFiles { ticket, wanted });
            }
            Step::OomScore(_) => self.adjust_oom_score(Some(id)),
            Step::Folder { to, .. } => {
                self.disk(Errand::Changing(id), DiskOp::ChangeDir { path: to });
            }
        }
    }

    /// The world has answered a step.
    pub(crate) fn change_stepped(&mut self, id: u64, result: Result<(), String>) {
        let Some(mut change) = self.config_pending.changes.remove(&id) else { return };
        let step = change.steps.remove(0);
        match result {
            Ok(()) => {
                if let Step::Folder { from, to } = &step {
                    let absolute = join(from, to);
                    // The row takes any text; what it refuses, the step before would have refused.
                    let _ = self.config.values.set("dir", &[&absolute]);
                }
                change.done.push(step);
                self.next_step(change);
            }
            Err(text) => {
                let name = step.name();
                let param = self.config.param(name.as_bytes()).expect("steps name their parameter");
                let error = SetError::failed(param, step.reason(text));
                let _ = self.config.swap(change.before);
                self.undo(&change.done);
                self.answer_waiter(change.waiter, |w| w.error(&error.text()));
            }
        }
    }

    /// Whether `maxclients` can be had with so many open files.
    pub(crate) fn fits_clients(&self, limit: u64) -> Result<(), String> {
        let room = limit.saturating_sub(RESERVED_FILES);
        if room >= self.config.values.count("maxclients") {
            return Ok(());
        }
        Err(format!(
            "The operating system is not able to handle the specified number of clients, try with {room}"
        ))
    }

    /// Takes steps back. Nobody waits for the answers: what was in effect a moment ago can be had again.
    fn undo(&mut self, done: &[Step]) {
        for step in done.iter().rev() {
            match step {
                Step::Listen(_) => self.listen(Errand::Ignored),
                Step::OomScore(_) => self.adjust_oom_score(None),
                // Room that nobody needs does no harm.
                Step::Clients => {}
                Step::Folder { from, .. } => {
                    let _ = self.config.values.set("dir", &[from]);
                    self.disk(Errand::Ignored, DiskOp::ChangeDir { path: from.clone() });
                }
            }
        }
    }
}

/// `to` as seen from the folder `from`, without `.` and `..`.
fn join(from: &str, to: &str) -> String {
    let whole = if to.starts_with('/') { to.to_owned() } else { format!("{from}/{to}") };
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::join;

    #[test]
    fn folders_are_joined_as_the_system_would() {
        for (from, to, want) in [
            ("/a/b", "c", "/a/b/c"),
            ("/a/b", "/c/", "/c"),
            ("/a/b", "..", "/a"),
            ("/a", "../../x/./y", "/x/y"),
        ] {
            assert_eq!(join(from, to), want);
        }
    }
}
