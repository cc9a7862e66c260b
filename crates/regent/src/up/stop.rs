//! The end of a group: everybody is asked once, waited for, and left alone rather than killed with data unsaved.

use stdx::Instant;
use sys::{clock, thread};

use super::group::Group;
use super::member::{Ending, Program};

/// A Sentinel has everything on disk before it says so; one that does not end for so long can be killed.
const SENTINEL_MS: u64 = 10_000;
/// When we begin to say what we wait for, and how often we say it.
const SAY_AFTER_MS: u64 = 1000;
const SAY_EVERY_MS: u64 = 5000;
/// How often a server is asked that cannot save, and how long after the last time.
const ASKS: u32 = 3;
const ASK_AGAIN_MS: u64 = 3000;
const LOOK: std::time::Duration = std::time::Duration::from_millis(20);

/// Ends all: Sentinels first, so that nobody is promoted meanwhile; then the master, which waits for its replicas; then
/// these. `insists` is true once somebody does not want to wait. False where a server runs on or was lost unsaved.
pub(super) fn run(group: &mut Group, insists: &mut impl FnMut() -> bool) -> bool {
    let mut good = true;
    let master =
        group.members.iter().any(|it| it.pid().is_some()).then(|| group.master()).flatten();
    for at in 0..group.members.len() {
        if group.members[at].program == Program::Sentinel {
            group.members[at].ask_to_end();
        }
    }
    for at in 0..group.members.len() {
        if group.members[at].program == Program::Sentinel {
            end_sentinel(group, at);
        }
    }
    let mut end = |group: &mut Group, servers: &[usize]| {
        good &= Servers::ask(group, servers).end(group, insists);
    };
    end(group, master.as_slice());
    let is_other = |at: &usize| Some(*at) != master;
    let others: Vec<usize> = (0..group.members.len()).filter(is_other).collect();
    end(group, &others);
    group.members.clear();
    group.clear();
    good
}

fn end_sentinel(group: &mut Group, at: usize) {
    let deadline = clock::instant().after_ms(SENTINEL_MS);
    let member = &mut group.members[at];
    while member.ending() == Ending::Waits {
        if clock::instant() > deadline {
            group.out.say(&format!("{} does not end and is killed.", sentence(&member.called())));
            member.kill();
        }
        thread::sleep(LOOK);
    }
}

/// Servers that were asked to end.
struct Servers {
    open: Vec<Open>,
    good: bool,
}

/// One that has not ended yet.
struct Open {
    at: usize,
    asks: u32,
    asked: Instant,
    /// When we say again that we wait.
    say: Instant,
    /// It was said that it cannot save.
    is_named: bool,
    pid: u32,
}

impl Servers {
    fn ask(group: &mut Group, servers: &[usize]) -> Servers {
        let mut open = Vec::new();
        for at in servers.iter().copied() {
            let Some(pid) = group.members[at].pid() else { continue };
            group.members[at].ask_to_end();
            let asked = clock::instant();
            let say = asked.after_ms(SAY_AFTER_MS);
            open.push(Open { at, asks: 1, asked, say, is_named: false, pid });
        }
        Servers { open, good: true }
    }

    /// Waits for them. False where one runs on, or ended otherwise than it should.
    fn end(mut self, group: &mut Group, insists: &mut impl FnMut() -> bool) -> bool {
        while !self.open.is_empty() {
            let hurries = insists();
            let open = std::mem::take(&mut self.open);
            for open in open {
                self.look(group, open, hurries);
            }
            thread::sleep(LOOK);
        }
        self.good
    }

    /// Keeps it where it is still to be waited for.
    fn look(&mut self, group: &mut Group, mut open: Open, hurries: bool) {
        let now = clock::instant();
        let (is_temporary, out) = (group.is_temporary, group.out.clone());
        let member = &mut group.members[open.at];
        let called = sentence(&member.called());
        match member.ending() {
            Ending::Ended(status) if status.success() => return,
            Ending::Ended(status) => {
                out.say(&format!("{called} has not ended in good order ({status})."));
                self.good &= is_temporary;
                return;
            }
            Ending::CannotSave(reason) if is_temporary => {
                out.say(&format!(
                    "{called} cannot save ({reason}). Its folder would be removed, so it is ended without."
                ));
                return member.end_now();
            }
            Ending::CannotSave(reason) => {
                if !open.is_named {
                    out.say(&format!("{called} (process {}) cannot save: {reason}", open.pid));
                }
                open.is_named = true;
                if open.asks < ASKS && now.ms_since(open.asked) >= ASK_AGAIN_MS {
                    out.say(&format!("{called} is asked again."));
                    member.ask_to_end();
                    (open.asks, open.asked, open.is_named) = (open.asks + 1, now, false);
                } else if open.asks == ASKS {
                    return self.leave(group, &open);
                }
            }
            Ending::Waits if now >= open.say => {
                let says = member.says();
                out.say(&format!("Waiting for {} (process {}): {says}", member.called(), open.pid));
                open.say = now.after_ms(SAY_EVERY_MS);
            }
            Ending::Waits => {}
        }
        if !hurries {
            self.open.push(open);
        } else if is_temporary {
            out.say(&format!("{called} is killed; its folder is removed."));
            group.members[open.at].end_now();
        } else {
            self.leave(group, &open);
        }
    }

    fn leave(&mut self, group: &mut Group, open: &Open) {
        let auth = if group.password.is_empty() { "" } else { " --askpass" };
        let member = &mut group.members[open.at];
        group.out.say(&format!(
            "{} (process {}) is left running, with its data. It ends once it can save:  redis-cli -p {}{auth} shutdown",
            sentence(&member.called()),
            open.pid,
            member.port
        ));
        member.leave();
        self.good = false;
    }
}

/// With a capital letter.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().collect::<String>()).unwrap_or_default()
        + letters.as_str()
}
