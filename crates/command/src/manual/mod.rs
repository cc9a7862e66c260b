//! What COMMAND tells about commands, whatever program has them: the facts that clients route by, the pages of the
//! manual, the keys of a request, and which names a filter lets through.

mod facts;
mod filter;
mod keys;
mod pages;

pub use facts::write_facts;
pub use filter::Filter;
pub use keys::{Shown, write_keys_of};
pub use pages::write_page;

use crate::{Command, Spec};
use std::borrow::Cow;

/// A command as the manual sees it.
pub struct Page<'a> {
    /// `config|set` for a subcommand.
    pub name: Cow<'a, str>,
    /// Its row.
    pub spec: &'a Spec,
    /// What its second word chooses among.
    pub subcommands: Vec<Page<'a>>,
}

impl<'a> Page<'a> {
    /// The page of a row.
    pub fn of<F>(row: &'a Command<F>) -> Page<'a> {
        let name = row.spec.name;
        let subcommands = row.subcommands.iter().map(|sub| Page {
            name: format!("{name}|{}", sub.spec.name).into(),
            spec: &sub.spec,
            subcommands: Vec::new(),
        });
        Page { name: name.into(), spec: &row.spec, subcommands: subcommands.collect() }
    }

    /// Itself, and the subcommands.
    pub fn all(&self) -> impl Iterator<Item = &Page<'a>> {
        std::iter::once(self).chain(&self.subcommands)
    }
}
