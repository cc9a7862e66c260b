//! FAILOVER: the master hands over to a replica that has everything.

use super::FAMILY;
use crate::admin::{NodeCommand, NodeCx};
use command::{Args, Arity, Command, Error, Flags, Flow, Outcome, Spec};
use config::Source;
use replication::FailoverCommand;

pub(super) const FAILOVER: NodeCommand = Command::new(
    failover,
    Spec {
        name: "failover",
        syntax: "[TO host port [FORCE]] [ABORT] [TIMEOUT milliseconds]",
        summary: "Hands the role of master over to a replica.",
        since: "6.2.0",
        arity: Arity::AtLeast(1),
        flags: Flags::ADMIN.and(Flags::NO_SCRIPT).and(Flags::STALE),
        ..FAMILY
    },
);

fn failover(cx: &mut NodeCx<'_>, args: Args<'_>) -> Outcome {
    let command = FailoverCommand::parse(args.all()).map_err(Error::new)?;
    cx.node.repl.failover(cx.node.now, command).map_err(Error::new)?;
    cx.node.settle_replication();
    if let Some((host, port)) = cx.node.repl.primary_address() {
        let source = Source { host: host.to_owned(), port };
        cx.node.config.values.set_source(Some(source));
    }
    cx.reply.ok();
    Ok(Flow::Done)
}
