//! CONFIG SET: all of the given parameters, or none.

use super::change::Step;
use super::{CHANGING, SUB};
use crate::admin::{NodeCommand, NodeCx};
use crate::session::Role;
use command::{Args, Arity, Command, Error, Flow, Outcome, Spec};
use config::Asker;

pub(super) const SET: NodeCommand = Command::new(
    set,
    Spec {
        name: "set",
        history: &[("7.0.0", "several parameters")],
        syntax: "parameter value [parameter value ...]",
        summary: "Changes parameters while the server runs.",
        complexity: "O(N), N being the number of parameters",
        arity: Arity::AtLeast(4),
        tips: CHANGING,
        ..SUB
    },
);

fn set(cx: &mut NodeCx<'_>, args: Args<'_>) -> Outcome {
    let words: Vec<&[u8]> = args.rest().iter().collect();
    if words.len() % 2 == 1 {
        return Err(Error::SYNTAX);
    }
    let pairs: Vec<(&[u8], &[u8])> = words.chunks(2).map(|pair| (pair[0], pair[1])).collect();
    let asker = asker(cx);
    let staged = cx.node.config.stage(&pairs, asker).map_err(|it| Error::bytes(it.text()))?;
    let registry = cx.node.config.values.registry().clone();
    let names: Vec<&'static str> = staged.ids().map(|id| registry.param(id).name).collect();
    let steps: Vec<Step> =
        names.iter().filter_map(|name| Step::of(cx.node, name, &staged)).collect();
    let before = cx.node.config.swap(staged);
    if steps.is_empty() {
        cx.node.parameters_changed(&names);
        cx.reply.ok();
        return Ok(Flow::Done);
    }
    let waiter = cx.waiter();
    cx.node.change(waiter, names, before, steps);
    cx.wait(args)
}

fn asker(cx: &mut NodeCx<'_>) -> Asker {
    let is_loading = cx.node.persist.loading.is_some();
    let session = cx.session();
    Asker { is_local: session.peer.is_local() && session.role != Role::Master, is_loading }
}
