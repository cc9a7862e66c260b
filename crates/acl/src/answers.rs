//! What ACL's subcommands answer, in any program that has users. Those that change what sessions may do are the
//! program's, which knows sessions.

use crate::password::generate_password;
use crate::{Refusals, Request, Users, show};
use command::{Args, Error, Flow, Outcome, Spec, Words, Writer};
use std::borrow::Cow;
use stdx::WallTime;

/// How many entries ACL LOG shows unless somebody says otherwise.
const SHOWN: i64 = 10;

/// A command as a program's table has it.
pub struct Found<'a> {
    /// Its number in the catalog.
    pub number: u16,
    /// Its name, with that of its container: `config|set`.
    pub name: Cow<'a, str>,
    pub spec: &'a Spec,
    /// How many words the name has.
    pub depth: usize,
}

/// ACL USERS.
pub fn list_names(w: &mut Writer<'_>, users: &Users) -> Outcome {
    let users = users.iter();
    w.array(users.len());
    users.for_each(|user| w.bulk(user.name()));
    Ok(Flow::Done)
}

/// ACL LIST.
pub fn list_rules(w: &mut Writer<'_>, users: &Users) -> Outcome {
    let lines = users.lines();
    w.array(lines.len());
    lines.iter().for_each(|line| w.bulk(line));
    Ok(Flow::Done)
}

/// ACL GETUSER.
pub fn get_user(w: &mut Writer<'_>, mut args: Args<'_>, users: &Users) -> Outcome {
    match users.get(args.word()?) {
        Some(user) => show::write_user(w, user),
        None => w.null(),
    }
    Ok(Flow::Done)
}

/// ACL CAT.
pub fn list_categories(w: &mut Writer<'_>, mut args: Args<'_>, users: &Users) -> Outcome {
    args.at_most(1)?;
    match args.next() {
        Some(name) => show::write_category(w, name, users.catalog())?,
        None => show::write_categories(w),
    }
    Ok(Flow::Done)
}

/// ACL DELUSER: removes users, and says which were there. The default one cannot be removed.
pub fn remove_users<'a>(users: &mut Users, names: &Words<'a>) -> Result<Vec<&'a [u8]>, Error> {
    if names.iter().any(|name| name == b"default") {
        return Err(Error::fixed("ERR The 'default' user cannot be removed"));
    }
    Ok(names.iter().filter(|name| users.remove(name)).collect())
}

/// ACL LOG.
pub fn show_refusals(
    w: &mut Writer<'_>,
    mut args: Args<'_>,
    refusals: &mut Refusals,
    now: WallTime,
) -> Outcome {
    args.at_most(1)?;
    if args.take_keyword("reset") {
        refusals.clear();
        w.ok();
        return Ok(Flow::Done);
    }
    let count = if args.is_empty() { SHOWN } else { args.int()? };
    refusals.write(w, usize::try_from(count).unwrap_or(0), now);
    Ok(Flow::Done)
}

/// ACL DRYRUN. `find` looks a request up in the program's table.
pub fn dry_run<'a>(
    w: &mut Writer<'_>,
    mut args: Args<'_>,
    users: &Users,
    find: impl FnOnce(&Words<'_>) -> Option<Found<'a>>,
) -> Outcome {
    let not_found = |kind: &[u8], name: &[u8]| {
        Error::bytes([b"ERR ", kind, b" '", name, b"' not found"].concat())
    };
    let name = args.word()?;
    let words = args.rest();
    let Some(user) = users.get(name) else { return Err(not_found(b"User", name)) };
    let found = find(&words).ok_or_else(|| not_found(b"Command", &words[0]))?;
    if !found.spec.arity.accepts(words.len()) {
        return Err(Error::arity(&found.name));
    }
    let request = Request::new(found.number, found.spec, words, found.depth);
    match user.check(&request) {
        Ok(()) => w.ok(),
        Err(denied) => w.bulk(&denied.detailed_message(user.name(), &found.name, &words)),
    }
    Ok(Flow::Done)
}

/// ACL GENPASS, from a secret that the system made.
pub fn make_password(
    w: &mut Writer<'_>,
    mut args: Args<'_>,
    secret: impl FnOnce() -> [u8; 32],
) -> Outcome {
    args.at_most(1)?;
    let bits = if args.is_empty() { None } else { Some(args.int()?) };
    w.bulk(&generate_password(&secret(), bits)?);
    Ok(Flow::Done)
}
