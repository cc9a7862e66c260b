//! ACL DRYRUN and GENPASS: trying rules out, and making passwords.

use crate::admin::NodeCommand;
use acl::{Found, rows};
use command::Command;

pub(super) const DRYRUN: NodeCommand = Command::new(
    |cx, args| {
        let (users, registry) = (&cx.node.users, &cx.node.registry);
        acl::dry_run(&mut cx.reply, args, users, |words| {
            let row = registry.resolve(words).ok()?;
            let (number, depth) = (row.id.0, row.depth());
            Some(Found { number, name: (&row.full_name).into(), spec: row.spec, depth })
        })
    },
    rows::DRYRUN,
);

pub(super) const GENPASS: NodeCommand = Command::new(
    |cx, args| acl::make_password(&mut cx.reply, args, cx.node.senses.secret),
    rows::GENPASS,
);
