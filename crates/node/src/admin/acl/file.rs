//! ACL LOAD and SAVE, and the users of the beginning: from `user` lines, or from the file that `aclfile` names.

use crate::admin::{NodeCommand, NodeCx, Waiter};
use crate::node::{Errand, Node};
use acl::rows;
use command::{Args, Command, Error, Outcome};
use world::{ConnId, DiskError, DiskOp, DiskReply, Effect, Exit, Level};

pub(super) const LOAD: NodeCommand = Command::new(load, rows::LOAD);

fn load(cx: &mut NodeCx<'_>, args: Args<'_>) -> Outcome {
    let path = path(cx)?;
    let task = Task::Load { waiter: cx.waiter(), asker: cx.conn };
    cx.node.disk(Errand::Users(task), DiskOp::Slurp { path });
    cx.wait(args)
}

pub(super) const SAVE: NodeCommand = Command::new(save, rows::SAVE);

fn save(cx: &mut NodeCx<'_>, args: Args<'_>) -> Outcome {
    let path = path(cx)?;
    let task = Task::Save { waiter: cx.waiter() };
    let bytes = cx.node.users.encode_file();
    cx.node.disk(Errand::Users(task), DiskOp::Replace { path, bytes });
    cx.wait(args)
}

/// Where the file is.
fn path(cx: &NodeCx<'_>) -> Result<String, Error> {
    let path = cx.node.config.values.text("aclfile");
    if path.is_empty() {
        return Err(Error::fixed(acl::NO_FILE));
    }
    Ok(path)
}

/// What the disk does with the file of users, and who waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// The server begins when it knows who may do what.
    Begin,
    Load {
        waiter: Option<Waiter>,
        asker: ConnId,
    },
    Save {
        waiter: Option<Waiter>,
    },
}

impl Node {
    /// The users of the beginning, before anybody can come in. Then the server listens.
    pub(crate) fn begin_users(&mut self) {
        let path = self.config.values.text("aclfile");
        let declared = std::mem::take(&mut self.config.users);
        if !path.is_empty() && !declared.is_empty() {
            self.give_up_beginning(
                "Configuring Redis with users defined in redis.conf and at the same setting an ACL file path is \
                 invalid. This setup is very likely to lead to configuration errors and security holes, please define \
                 either an ACL file or declare users directly in your redis.conf, but not both.",
            );
            return;
        }
        match self.users.declare_all(&declared) {
            Ok(off) => off.iter().for_each(|name| {
                self.log(
                    Level::Notice,
                    format!(
                        "The user '{name}' is disabled (there is no 'on' modifier in the user description). Make sure \
                         this is not a configuration error."
                    ),
                );
            }),
            Err(text) => {
                self.log(Level::Warning, text);
                self.give_up_beginning("Critical error while loading ACLs. Exiting.");
                return;
            }
        }
        if path.is_empty() {
            self.listen(Errand::Listening);
        } else {
            self.disk(Errand::Users(Task::Begin), DiskOp::Slurp { path });
        }
    }

    /// Nobody knows who may do what: better no server than an open one.
    fn give_up_beginning(&mut self, text: &str) {
        self.log(Level::Warning, text);
        self.effects.push_back(Effect::Exit(Exit::Status(1)));
    }

    /// The disk has answered.
    pub(crate) fn users_stepped(&mut self, task: Task, result: Result<DiskReply, DiskError>) {
        match task {
            Task::Begin => match self.read_users(result) {
                Ok(()) => self.listen(Errand::Listening),
                Err(text) => self.give_up_beginning(&format!(
                    "Aborting Redis startup because of ACL errors: {text}"
                )),
            },
            Task::Load { waiter, asker } => match self.read_users(result) {
                Ok(()) => {
                    // The session that has asked may be among those that are closed: it has its reply before.
                    self.answer_waiter(waiter, |w| w.ok());
                    // compat(7.2): the sessions of all users but the default one are closed, although the users may be
                    // the same.
                    self.users_gone(|name| name != b"default", asker);
                    self.default_user_changed();
                }
                Err(text) => {
                    if waiter.is_none() {
                        self.log(Level::Warning, format!("ACL LOAD failed: {text}"));
                    }
                    self.answer_waiter(waiter, |w| w.error(format!("ERR {text}").as_bytes()));
                }
            },
            Task::Save { waiter } => match result {
                Ok(_) => self.answer_waiter(waiter, |w| w.ok()),
                Err(error) => {
                    self.log(Level::Warning, format!("Writing ACL file for ACL SAVE: {error}"));
                    self.answer_waiter(waiter, |w| {
                        w.error(
                            b"ERR There was an error trying to save the ACLs. Please check the server logs for more \
                              information",
                        );
                    });
                }
            },
        }
    }

    /// Puts the users of the file in place of those there are. An error names everything that is wrong.
    fn read_users(&mut self, result: Result<DiskReply, DiskError>) -> Result<(), String> {
        let path = self.config.values.text("aclfile");
        let bytes = match result {
            Ok(DiskReply::Bytes(bytes)) => bytes,
            Ok(_) => Vec::new(),
            Err(error) => {
                return Err(format!("Error loading ACLs, opening file '{path}': {error}"));
            }
        };
        self.users = self.users.decode_file(&path, &bytes)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::check::Player;

    const BOB: &str = "user bob on nopass sanitize-payload ~* resetchannels -@all +get\n";
    const DEFAULT: &str = "user default on nopass sanitize-payload ~* &* +@all\n";

    fn text(player: &Player, path: &str) -> String {
        String::from_utf8_lossy(&player.files[path]).into_owned()
    }

    #[test]
    fn users_are_read_from_their_file_and_written_to_it() {
        let mut player = Player::with(&[("aclfile", "/u")], &[], &[("/u", BOB)]);
        assert_eq!(player.request("b", "AUTH bob x"), "OK\n");
        assert_eq!(player.request("", "ACL SETUSER eve on nopass +get ~*"), "OK\n");
        assert_eq!(player.request("e", "AUTH eve x"), "OK\n");
        assert_eq!(player.request("", "ACL SAVE"), "OK\n");
        let eve = BOB.replace("bob", "eve");
        assert_eq!(text(&player, "/u"), format!("{BOB}{DEFAULT}{eve}"));
        assert_eq!(player.request("", "CONFIG REWRITE"), "OK\n");
        assert!(!text(&player, "/etc/regent.conf").contains("user "));
        player.files.insert("/u".to_owned(), format!("{BOB}user bob\n").into());
        let reply = player.request("", "ACL LOAD");
        assert!(reply.starts_with("(error) ERR WARNING: Duplicate user 'bob'"), "{reply}");
        assert_eq!(player.request("e", "GET k"), "(nil)\n");
        player.files.insert("/u".to_owned(), BOB.into());
        let reply = player.request("", "ACL LOAD");
        assert!(reply.starts_with("OK\n"), "the default user stays: {reply}");
        assert!(reply.contains("b: (closed)") && reply.contains("e: (closed)"), "{reply}");
        assert_eq!(player.request("f", "AUTH eve x").get(..18), Some("(error) WRONGPASS "));
        // A session that asks for it and is closed by it has its reply before.
        player.files.insert("/u".to_owned(), "user root on nopass ~* &* +@all\n".into());
        assert_eq!(player.request("", "ACL LOAD"), "OK\n");
        assert_eq!(player.request("r", "AUTH root x"), "OK\n");
        assert_eq!(player.request("r", "ACL LOAD"), "OK\n");
        assert_eq!(player.request("", "PING"), "PONG\nr: (closed)\n");
        player.disk_fails = |_| true;
        for (request, want) in [
            ("ACL LOAD", "(error) ERR Error loading ACLs, opening file '/u': Input/output error\n"),
            ("ACL SAVE", "(error) ERR There was an error trying to save the ACLs."),
        ] {
            let reply = player.request("", request);
            assert!(reply.starts_with(want), "{reply}");
        }
    }

    #[test]
    fn a_server_that_cannot_know_its_users_does_not_begin() {
        for (parameters, users, files, want) in [
            (
                &[("aclfile", "/u")][..],
                &[][..],
                "",
                "Aborting Redis startup because of ACL errors: Error",
            ),
            (&[("aclfile", "/u")], &["bob on"], BOB, "Configuring Redis with users defined"),
            (
                &[("aclfile", "/u")],
                &[],
                "bob on",
                "Aborting Redis startup because of ACL errors: /u:1",
            ),
            (&[], &["bob +nothing"], "", "Error in user declaration '+nothing'"),
        ] {
            let files = if files.is_empty() { vec![] } else { vec![("/u", files)] };
            let mut player = Player::with(parameters, users, &files);
            assert!(player.log.iter().any(|line| line.starts_with(want)), "{:?}", player.log);
            assert!(player.take_events().starts_with("(exit Status(1))"));
            assert!(!player.log.iter().any(|line| line.contains("Ready to accept")));
        }
    }

    #[test]
    fn declared_users_are_there_before_anybody_comes_and_are_rewritten() {
        let users = ["default on >secret ~* &* +@all", "bob off (+get ~a)"];
        let mut player = Player::with(&[("requirepass", "other")], &users, &[]);
        assert!(player.log.iter().any(|line| line.starts_with("The user 'bob' is disabled")));
        assert_eq!(player.request("", "PING"), "(error) NOAUTH Authentication required.\n");
        assert_eq!(player.request("", "AUTH other").get(..18), Some("(error) WRONGPASS "));
        assert_eq!(player.request("", "AUTH secret"), "OK\n");
        assert_eq!(player.request("", "CONFIG REWRITE"), "OK\n");
        let file = text(&player, "/etc/regent.conf");
        assert!(
            file.contains("\nuser bob off sanitize-payload resetchannels -@all (~a "),
            "{file}"
        );
        assert!(file.contains("\nuser default on sanitize-payload #2bb80d537b1da3e3"), "{file}");
    }
}
