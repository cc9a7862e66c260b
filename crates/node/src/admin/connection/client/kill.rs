//! CLIENT KILL: by address, or by any mix of filters.

use super::SUB;
use super::list::Class;
use crate::admin::{NodeCommand, NodeCx};
use crate::session::{Closing, Session};
use command::{Args, Arity, Categories, Command, Error, Flags, Flow, Outcome, Spec};
use world::ConnId;

pub(super) const KILL: NodeCommand = Command::new(
    kill,
    Spec {
        name: "kill",
        history: &[
            ("2.8.12", "filters by ID, TYPE, ADDR, and SKIPME"),
            ("3.2.0", "TYPE master"),
            ("5.0.0", "TYPE replica; slave means the same"),
            ("6.2.0", "LADDR"),
        ],
        syntax: "<ip:port | <[ID client-id] | [TYPE <NORMAL | MASTER | SLAVE | REPLICA | PUBSUB>] | \
                 [USER username] | [ADDR ip:port] | [LADDR ip:port] | [SKIPME <YES | NO>]> ...>",
        summary: "Closes connections.",
        complexity: "O(N), N being the number of connections",
        arity: Arity::AtLeast(3),
        flags: Flags::ADMIN.and(SUB.flags),
        categories: Categories::CONNECTION,
        ..SUB
    },
);

/// What a connection has to be to be closed.
#[derive(Default)]
struct Filter<'a> {
    id: Option<u64>,
    class: Option<Class>,
    user: Option<&'a [u8]>,
    addr: Option<&'a [u8]>,
    laddr: Option<&'a [u8]>,
    skip_me: bool,
}

fn kill(cx: &mut NodeCx<'_>, mut args: Args<'_>) -> Outcome {
    let old_style = args.len() == 1;
    let filter = if old_style {
        Filter { addr: Some(args.word()?), ..Filter::default() }
    } else {
        parse(args)?
    };
    let me = cx.conn;
    let chosen: Vec<ConnId> = cx
        .node
        .sessions
        .iter()
        .filter(|session| !(filter.skip_me && session.conn == me) && session.closing.is_none())
        .filter(|session| filter.fits(session))
        .map(|session| session.conn)
        .collect();
    if old_style && chosen.is_empty() {
        return Err(Error::fixed("ERR No such client"));
    }
    for &conn in &chosen {
        // Whoever closes itself still gets the reply.
        cx.node.close(conn, if conn == me { Closing::AfterSending } else { Closing::Now });
    }
    if old_style {
        cx.reply.ok();
    } else {
        cx.reply.count(chosen.len());
    }
    Ok(Flow::Done)
}

fn parse(mut args: Args<'_>) -> Result<Filter<'_>, Error> {
    let mut filter = Filter { skip_me: true, ..Filter::default() };
    while let Some(option) = args.next() {
        let value = args.word()?;
        match option.to_ascii_lowercase().as_slice() {
            b"id" => {
                let id = stdx::integer::parse_i64(value).filter(|&id| id > 0);
                filter.id =
                    Some(id.ok_or(Error::fixed("ERR client-id should be greater than 0"))? as u64);
            }
            b"type" => filter.class = Some(Class::parse(value)?),
            b"addr" => filter.addr = Some(value),
            b"laddr" => filter.laddr = Some(value),
            b"user" if value == b"default" => filter.user = Some(value),
            b"user" => {
                let mut text = b"ERR No such user '".to_vec();
                text.extend_from_slice(value);
                text.push(b'\'');
                return Err(Error::bytes(text));
            }
            b"skipme" if value.eq_ignore_ascii_case(b"yes") => filter.skip_me = true,
            b"skipme" if value.eq_ignore_ascii_case(b"no") => filter.skip_me = false,
            _ => return Err(Error::SYNTAX),
        }
    }
    Ok(filter)
}

impl Filter<'_> {
    fn fits(&self, session: &Session) -> bool {
        self.id.is_none_or(|id| session.id == id)
            && self.class.is_none_or(|class| Class::of(session) == class)
            && self.addr.is_none_or(|addr| session.peer.to_string().as_bytes() == addr)
            && self.laddr.is_none_or(|addr| session.local.to_string().as_bytes() == addr)
            && self.user.is_none_or(|user| user == b"default" && session.authenticated)
    }
}
