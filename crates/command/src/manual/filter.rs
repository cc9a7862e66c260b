//! COMMAND LIST FILTERBY: which names are listed.

use crate::{Args, Categories, Error, Spec};
use stdx::glob;

/// What a name has to be to be listed.
#[derive(Clone, Copy, Debug)]
pub enum Filter<'a> {
    /// No command comes from a module.
    Module,
    /// It is in this category; in none, where there is no such category.
    Category(Option<Categories>),
    /// It matches.
    Pattern(&'a [u8]),
}

impl<'a> Filter<'a> {
    /// Reads `FILTERBY ...`; none where there are no words.
    pub fn read(mut args: Args<'a>) -> Result<Option<Filter<'a>>, Error> {
        if args.is_empty() {
            return Ok(None);
        }
        if args.len() != 3 || !args.take_keyword("filterby") {
            return Err(Error::SYNTAX);
        }
        Ok(Some(if args.take_keyword("module") {
            Filter::Module
        } else if args.take_keyword("aclcat") {
            Filter::Category(category(args.word()?))
        } else if args.take_keyword("pattern") {
            Filter::Pattern(args.word()?)
        } else {
            return Err(Error::SYNTAX);
        }))
    }

    /// Whether the command of this name and row is listed.
    pub fn admits(&self, name: &str, spec: &Spec) -> bool {
        match self {
            Filter::Module => false,
            Filter::Category(category) => category.is_some_and(|it| spec.all_categories().has(it)),
            Filter::Pattern(pattern) => glob::matches_ignoring_case(pattern, name.as_bytes()),
        }
    }
}

/// The category of this name, without the sign that rules write before it.
fn category(name: &[u8]) -> Option<Categories> {
    let is_it = |known: &str| known.trim_start_matches('@').as_bytes().eq_ignore_ascii_case(name);
    Categories::ALL.iter().find(|(_, known)| is_it(known)).map(|(category, _)| *category)
}
