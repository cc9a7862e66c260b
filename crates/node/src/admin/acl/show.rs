//! ACL WHOAMI, USERS, LIST, GETUSER, CAT and LOG: who there is, what they may do, and what was refused to them.

use crate::admin::NodeCommand;
use acl::rows;
use command::{Command, Flow, Spec};

pub(super) const WHOAMI: NodeCommand = Command::new(
    |cx, _| {
        let user = cx.session().user.clone();
        cx.reply.bulk_or_null(user.as_ref().map(|user| user.name()));
        Ok(Flow::Done)
    },
    rows::WHOAMI,
);

pub(super) const USERS: NodeCommand =
    Command::new(|cx, _| acl::list_names(&mut cx.reply, &cx.node.users), rows::USERS);

pub(super) const LIST: NodeCommand =
    Command::new(|cx, _| acl::list_rules(&mut cx.reply, &cx.node.users), rows::LIST);

pub(super) const GETUSER: NodeCommand = Command::new(
    |cx, args| acl::get_user(&mut cx.reply, args, &cx.node.users),
    Spec {
        history: &[
            ("6.2.0", "patterns of channels"),
            ("7.0.0", "selectors; patterns of keys and channels are text"),
        ],
        ..rows::GETUSER
    },
);

pub(super) const CAT: NodeCommand =
    Command::new(|cx, args| acl::list_categories(&mut cx.reply, args, &cx.node.users), rows::CAT);

pub(super) const LOG: NodeCommand = Command::new(
    |cx, args| {
        let now = cx.node.now.wall;
        acl::show_refusals(&mut cx.reply, args, &mut cx.node.refusals, now)
    },
    Spec { history: &[("7.2.0", "number and times of an entry")], ..rows::LOG },
);
