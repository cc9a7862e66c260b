//! ACL: as much of it as one user has need of.

use super::{SentinelCommand, help};
use command::{Args, Arity, Categories, Command, Error, Flags, Flow, Group, Outcome, Spec};

pub(super) const TABLE: &[&SentinelCommand] = &[&ACL];

const FAMILY: Spec = Spec { since: "6.0.0", ..Spec::of(Group::Server) };

const ACL: SentinelCommand = Command::container(
    |_, _| Err(Error::arity("acl")),
    Spec {
        name: "acl",
        syntax: "subcommand",
        summary: "Questions about who may do what.",
        complexity: "Depends on subcommand.",
        arity: Arity::AtLeast(2),
        ..FAMILY
    },
    &[&CAT, &HELP, &USERS, &WHOAMI],
);

const SUB: Spec = Spec { flags: Flags::NO_SCRIPT.and(Flags::LOADING).and(Flags::STALE), ..FAMILY };

const WHOAMI: SentinelCommand = Command::new(
    |cx, _| {
        cx.reply.bulk(b"default");
        Ok(Flow::Done)
    },
    Spec {
        name: "whoami",
        summary: "Tells who this connection speaks for.",
        arity: Arity::Exactly(2),
        ..SUB
    },
);

const USERS: SentinelCommand = Command::new(
    |cx, _| {
        cx.reply.array(1);
        cx.reply.bulk(b"default");
        Ok(Flow::Done)
    },
    Spec {
        name: "users",
        summary: "Lists the names of all users.",
        complexity: "O(N), N being the number of users",
        arity: Arity::Exactly(2),
        flags: Flags::ADMIN.and(SUB.flags),
        ..SUB
    },
);

const CAT: SentinelCommand = Command::new(
    cat,
    Spec {
        name: "cat",
        syntax: "[category]",
        summary: "Lists the categories of commands, or the commands of one.",
        complexity: "O(N), N being the number of commands",
        arity: Arity::AtLeast(2),
        ..SUB
    },
);

fn cat(cx: &mut super::SentinelCx<'_>, mut args: Args<'_>) -> Outcome {
    let Some(wanted) = args.next() else {
        cx.reply.array(Categories::ALL.len());
        for (_, name) in Categories::ALL {
            cx.reply.bulk(name.trim_start_matches('@').as_bytes());
        }
        return Ok(Flow::Done);
    };
    args.end().map_err(|_| Error::arity("acl|cat"))?;
    let is_it = |name: &str| name.trim_start_matches('@').as_bytes().eq_ignore_ascii_case(wanted);
    let found = Categories::ALL.iter().find(|(_, name)| is_it(name));
    let Some((category, _)) = found else {
        return Err(Error::bytes([b"ERR Unknown category '", wanted, b"'"].concat()));
    };
    let place = cx.reply.defer();
    let mut count = 0;
    for row in cx.sentinel.clients.names.rows() {
        if row.subcommands.is_empty() && row.spec.all_categories().has(*category) {
            cx.reply.bulk(row.spec.name.as_bytes());
            count += 1;
        }
        for sub in row.subcommands.iter().filter(|it| it.spec.all_categories().has(*category)) {
            cx.reply.bulk(format!("{}|{}", row.spec.name, sub.spec.name).as_bytes());
            count += 1;
        }
    }
    cx.reply.finish_array(place, count);
    Ok(Flow::Done)
}

const HELP: SentinelCommand = Command::new(
    |cx, _| help(cx, &ACL),
    Spec {
        name: "help",
        summary: "Shows what ACL can be asked.",
        arity: Arity::Exactly(2),
        flags: Flags::LOADING.and(Flags::STALE),
        ..SUB
    },
);
