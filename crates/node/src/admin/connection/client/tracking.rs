//! CLIENT TRACKING, CACHING, GETREDIR and TRACKINGINFO: client-side caching as a connection asks for it.

use super::SUB;
use crate::admin::{NodeCommand, NodeCx};
use crate::tracking::{Chosen, Mode, Overlap, Redirect, Tracker};
use command::{Args, Arity, Command, Error, Flow, Outcome, Spec};

pub(super) const TRACKING: NodeCommand = Command::new(
    tracking,
    Spec {
        name: "tracking",
        syntax: "<ON | OFF> [REDIRECT client-id] [PREFIX prefix [PREFIX prefix ...]] [BCAST] [OPTIN] [OPTOUT] \
                 [NOLOOP]",
        summary: "Lets the server tell this connection, or another, which keys have changed since it read them.",
        complexity: "O(1); more with many prefixes",
        since: "6.0.0",
        arity: Arity::AtLeast(3),
        ..SUB
    },
);

/// The options, before it is known what they are for.
#[derive(Default)]
struct Wanted<'a> {
    redirect: Option<Redirect>,
    prefixes: Vec<&'a [u8]>,
    broadcast: bool,
    opt_in: bool,
    opt_out: bool,
    no_loop: bool,
}

fn tracking(cx: &mut NodeCx<'_>, mut args: Args<'_>) -> Outcome {
    let switch = args.word()?;
    let wanted = Wanted::parse(cx, args)?;
    if switch.eq_ignore_ascii_case(b"on") {
        let old = cx.session().tracker.as_deref();
        let tracker = wanted.join(old)?;
        cx.node.start_tracking(cx.conn, tracker);
    } else if switch.eq_ignore_ascii_case(b"off") {
        cx.node.stop_tracking(cx.conn);
    } else {
        return Err(Error::SYNTAX);
    }
    cx.reply.ok();
    Ok(Flow::Done)
}

impl<'a> Wanted<'a> {
    fn parse(cx: &NodeCx<'_>, mut args: Args<'a>) -> Result<Wanted<'a>, Error> {
        let mut wanted = Wanted::default();
        while !args.is_empty() {
            if args.take_keyword("bcast") {
                wanted.broadcast = true;
            } else if args.take_keyword("optin") {
                wanted.opt_in = true;
            } else if args.take_keyword("optout") {
                wanted.opt_out = true;
            } else if args.take_keyword("noloop") {
                wanted.no_loop = true;
            } else if args.len() > 1 && args.take_keyword("prefix") {
                wanted.prefixes.push(args.word()?);
            } else if args.len() > 1 && args.take_keyword("redirect") {
                if wanted.redirect.is_some() {
                    return Err(Error::fixed(
                        "ERR A client can only redirect to a single other client",
                    ));
                }
                let id = args.int()?;
                let target = u64::try_from(id).ok().and_then(|id| cx.node.sessions.by_id(id));
                let target = target
                    .ok_or(Error::fixed("ERR The client ID you want redirect to does not exist"))?;
                wanted.redirect = Some(Redirect { id: target.id, conn: target.conn });
            } else {
                return Err(Error::SYNTAX);
            }
        }
        Ok(wanted)
    }

    /// How the session is to track, if the options fit each other and how it tracks already.
    fn join(self, old: Option<&Tracker>) -> Result<Tracker, Error> {
        if !self.broadcast && !self.prefixes.is_empty() {
            return Err(Error::fixed("ERR PREFIX option requires BCAST mode to be enabled"));
        }
        if old.is_some_and(|old| old.mode.is_broadcast() != self.broadcast) {
            return Err(Error::fixed(
                "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then \
                 re-enabling it with a different mode.",
            ));
        }
        if self.broadcast && (self.opt_in || self.opt_out) {
            return Err(Error::fixed("ERR OPTIN and OPTOUT are not compatible with BCAST"));
        }
        if self.opt_in && self.opt_out {
            return Err(Error::fixed("ERR You can't specify both OPTIN mode and OPTOUT mode"));
        }
        let old_mode = old.map(|old| &old.mode);
        let mode = match (self.broadcast, self.opt_in, self.opt_out, old_mode) {
            (_, true, _, Some(Mode::OptOut { .. })) | (_, _, true, Some(Mode::OptIn { .. })) => {
                return Err(Error::fixed(
                    "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then \
                     re-enabling it with a different mode.",
                ));
            }
            (true, ..) => Mode::Broadcast { prefixes: self.new_prefixes(old_mode)? },
            (_, true, _, old) => {
                Mode::OptIn { caching: matches!(old, Some(Mode::OptIn { caching: true })) }
            }
            (_, _, true, old) => {
                Mode::OptOut { caching: matches!(old, Some(Mode::OptOut { caching: true })) }
            }
            _ => Mode::Reads,
        };
        Ok(Tracker { mode, no_loop: self.no_loop, redirect: self.redirect, broken: false })
    }

    /// The prefixes to be added: the empty one where none is named. No key may be below two of a session's prefixes.
    fn new_prefixes(&self, old: Option<&Mode>) -> Result<Chosen, Error> {
        let old = match old {
            Some(Mode::Broadcast { prefixes }) => Some(prefixes),
            _ => None,
        };
        Chosen::new(&self.prefixes, old).map_err(|overlap| match overlap {
            Overlap::Existing(prefix, other) => overlapping(prefix, b"an existing", other),
            Overlap::Provided(prefix, other) => overlapping(prefix, b"another provided", other),
        })
    }
}

fn overlapping(prefix: &[u8], which: &[u8], other: &[u8]) -> Error {
    let parts: [&[u8]; 7] = [
        b"ERR Prefix '",
        prefix,
        b"' overlaps with ",
        which,
        b" prefix '",
        other,
        b"'. Prefixes for a single client must not overlap.",
    ];
    Error::bytes(parts.concat())
}

pub(super) const CACHING: NodeCommand = Command::new(
    caching,
    Spec {
        name: "caching",
        syntax: "<YES | NO>",
        summary: "Says whether the keys that the next command reads are tracked.",
        since: "6.0.0",
        arity: Arity::Exactly(3),
        ..SUB
    },
);

fn caching(cx: &mut NodeCx<'_>, mut args: Args<'_>) -> Outcome {
    let Some(tracker) = &mut cx.session().tracker else {
        return Err(Error::fixed(
            "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode \
             enabled",
        ));
    };
    match (args.word()?.to_ascii_lowercase().as_slice(), &mut tracker.mode) {
        (b"yes", Mode::OptIn { caching }) | (b"no", Mode::OptOut { caching }) => *caching = true,
        (b"yes", _) => {
            return Err(Error::fixed(
                "ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.",
            ));
        }
        (b"no", _) => {
            return Err(Error::fixed(
                "ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.",
            ));
        }
        _ => return Err(Error::SYNTAX),
    }
    cx.reply.ok();
    Ok(Flow::Done)
}

pub(super) const GETREDIR: NodeCommand = Command::new(
    |cx, _| {
        let redirect = redirect(cx);
        cx.reply.int(redirect);
        Ok(Flow::Done)
    },
    Spec {
        name: "getredir",
        summary: "Tells which connection hears of changed keys instead of this one.",
        since: "6.0.0",
        arity: Arity::Exactly(2),
        ..SUB
    },
);

/// The id of the connection that is told; 0 for this one, -1 where it does not track.
fn redirect(cx: &mut NodeCx<'_>) -> i64 {
    cx.session().tracker.as_ref().map_or(-1, |it| it.redirect_id() as i64)
}

pub(super) const TRACKINGINFO: NodeCommand = Command::new(
    tracking_info,
    Spec {
        name: "trackinginfo",
        summary: "Tells how this connection tracks keys.",
        since: "6.2.0",
        arity: Arity::Exactly(2),
        ..SUB
    },
);

fn tracking_info(cx: &mut NodeCx<'_>, _: Args<'_>) -> Outcome {
    let redirect = redirect(cx);
    let session = cx.node.sessions.get(cx.conn).expect("a session whose command runs");
    let tracker = session.tracker.as_deref();
    let mut flags = vec![if tracker.is_some() { "on" } else { "off" }];
    let mut prefixes: Vec<&[u8]> = Vec::new();
    if let Some(tracker) = tracker {
        match &tracker.mode {
            Mode::Reads => {}
            Mode::OptIn { caching } => {
                flags.push("optin");
                flags.extend(caching.then_some("caching-yes"));
            }
            Mode::OptOut { caching } => {
                flags.push("optout");
                flags.extend(caching.then_some("caching-no"));
            }
            Mode::Broadcast { prefixes: all } => {
                flags.push("bcast");
                prefixes.extend(all.iter());
            }
        }
        flags.extend(tracker.no_loop.then_some("noloop"));
        flags.extend(tracker.broken.then_some("broken_redirect"));
    }
    let w = &mut cx.reply;
    w.map(3);
    w.text("flags");
    w.set(flags.len());
    flags.into_iter().for_each(|flag| w.text(flag));
    w.text("redirect");
    w.int(redirect);
    w.text("prefixes");
    w.array(prefixes.len());
    prefixes.into_iter().for_each(|prefix| w.bulk(prefix));
    Ok(Flow::Done)
}
