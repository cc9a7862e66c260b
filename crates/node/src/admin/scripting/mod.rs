//! Scripts and functions: EVAL and its kin, FCALL, SCRIPT, FUNCTION.

mod function;
mod run;
mod script;

use super::NodeCommand;
use command::{Categories, Error, Group, Spec};

pub(crate) const TABLE: &[&NodeCommand] = &[
    &run::EVAL,
    &run::EVAL_RO,
    &run::EVALSHA,
    &run::EVALSHA_RO,
    &run::FCALL,
    &run::FCALL_RO,
    &function::FUNCTION,
    &script::SCRIPT,
];

const FAMILY: Spec =
    Spec { categories: Categories::SCRIPTING, since: "2.6.0", ..Spec::of(Group::Scripting) };

/// ASYNC, SYNC or nothing.
fn check_flush(args: command::Args<'_>, wrong: Error) -> Result<(), Error> {
    let is_mode =
        |word: &[u8]| word.eq_ignore_ascii_case(b"async") || word.eq_ignore_ascii_case(b"sync");
    match (args.len(), args.peek()) {
        (0, _) => Ok(()),
        (1, Some(word)) if is_mode(word) => Ok(()),
        _ => Err(wrong),
    }
}
