//! COMMAND LIST: names, all of them or those that a filter lets through.

use super::{SUB, UNORDERED};
use crate::admin::{NodeCommand, NodeCx};
use crate::registry::Row;
use command::{Args, Arity, Categories, Command, Error, Flow, Outcome, Spec};
use stdx::glob;

pub(super) const LIST: NodeCommand = Command::new(
    list,
    Spec {
        name: "list",
        syntax: "[FILTERBY <MODULE module-name | ACLCAT category | PATTERN pattern>]",
        summary: "Returns the names of commands.",
        complexity: "O(N), N being the number of commands",
        since: "7.0.0",
        arity: Arity::AtLeast(2),
        tips: UNORDERED,
        ..SUB
    },
);

enum Filter<'a> {
    /// No command comes from a module.
    Module,
    Category(Option<Categories>),
    Pattern(&'a [u8]),
}

impl Filter<'_> {
    fn admits(&self, row: &Row) -> bool {
        match self {
            Filter::Module => false,
            Filter::Category(category) => {
                category.is_some_and(|it| row.spec.all_categories().has(it))
            }
            Filter::Pattern(pattern) => {
                glob::matches_ignoring_case(pattern, row.full_name.as_bytes())
            }
        }
    }
}

fn list(cx: &mut NodeCx<'_>, mut args: Args<'_>) -> Outcome {
    let mut filter = None;
    if !args.is_empty() {
        if args.len() != 3 || !args.take_keyword("filterby") {
            return Err(Error::SYNTAX);
        }
        filter = Some(if args.take_keyword("module") {
            Filter::Module
        } else if args.take_keyword("aclcat") {
            Filter::Category(category(args.word()?))
        } else if args.take_keyword("pattern") {
            Filter::Pattern(args.word()?)
        } else {
            return Err(Error::SYNTAX);
        });
    }
    let registry = &cx.node.registry;
    let place = cx.reply.defer();
    let mut count = 0;
    let mut show = |row: &Row| {
        if filter.as_ref().is_none_or(|filter| filter.admits(row)) {
            cx.reply.text(&row.full_name);
            count += 1;
        }
    };
    for (_, row) in registry.named() {
        show(row);
        row.subcommands.iter().for_each(|id| show(registry.row(*id)));
    }
    cx.reply.finish_array(place, count);
    Ok(Flow::Done)
}

/// The category of this name, without the sign that rules write before it.
fn category(name: &[u8]) -> Option<Categories> {
    let is_it = |known: &str| known.trim_start_matches('@').as_bytes().eq_ignore_ascii_case(name);
    Categories::ALL.iter().find(|(_, known)| is_it(known)).map(|(category, _)| *category)
}
