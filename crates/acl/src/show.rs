//! Users and categories as replies.

use crate::catalog::{Catalog, category};
use crate::{Selector, User};
use command::{Categories, Error, Writer};
use std::borrow::Cow;

/// How much of a wrong category's name is repeated, in bytes.
const SHOWN_MAX: usize = 128;

/// Bytes as text, for errors that are logged.
pub(crate) fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// ACL GETUSER.
pub(crate) fn write_user(w: &mut Writer<'_>, user: &User) {
    w.map(6);
    w.text("flags");
    let flags: Vec<&str> = user.flags().collect();
    w.set(flags.len());
    flags.iter().for_each(|flag| w.text(flag));
    w.text("passwords");
    w.array(user.passwords().len());
    user.passwords().for_each(|digits| w.bulk(digits));
    let [own, others @ ..] = user.selectors() else {
        unreachable!("a user has a selector of its own");
    };
    write_selector(w, own);
    w.text("selectors");
    w.array(others.len());
    for selector in others {
        w.map(3);
        write_selector(w, selector);
    }
}

fn write_selector(w: &mut Writer<'_>, selector: &Selector) {
    w.text("commands");
    w.bulk(&selector.commands.describe());
    w.text("keys");
    w.bulk(&selector.keys.describe());
    w.text("channels");
    w.bulk(&selector.channels.describe());
}

/// ACL CAT without a category: all of them.
pub(crate) fn write_categories(w: &mut Writer<'_>) {
    w.array(Categories::ALL.len());
    for (_, name) in Categories::ALL {
        w.text(name.trim_start_matches('@'));
    }
}

/// ACL CAT with one: its commands.
pub(crate) fn write_category(
    w: &mut Writer<'_>,
    name: &[u8],
    catalog: &Catalog,
) -> Result<(), Error> {
    let Some(category) = category(name) else {
        let shown = &name[..name.len().min(SHOWN_MAX)];
        return Err(Error::bytes([b"ERR Unknown category '", shown, b"'"].concat()));
    };
    let found: Vec<&str> = catalog
        .entries()
        .filter(|(_, entry)| entry.categories.has(category))
        .map(|(_, entry)| &entry.name[..])
        .collect();
    w.array(found.len());
    found.iter().for_each(|name| w.text(name));
    Ok(())
}
