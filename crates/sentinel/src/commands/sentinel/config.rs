//! SENTINEL CONFIG: what concerns all names.

use super::{SUB, text};
use crate::commands::{SentinelCommand, SentinelCx};
use crate::me::PeerAccess;
use crate::meet;
use crate::sentinel::Sentinel;
use command::{Args, Arity, Command, Error, Flow, Outcome, Spec};
use stdx::glob;

pub(super) const CONFIG: SentinelCommand = Command::new(
    config,
    Spec {
        name: "config",
        syntax: "<SET parameter value [parameter value ...] | GET parameter [parameter ...]>",
        summary: "Shows or sets what concerns all names.",
        complexity: "O(N), N being the number of parameters",
        since: "6.2.0",
        arity: Arity::AtLeast(4),
        ..SUB
    },
);

fn config(cx: &mut SentinelCx<'_>, mut args: Args<'_>) -> Outcome {
    let action = args.word()?.to_ascii_lowercase();
    match action.as_slice() {
        b"set" if args.len() >= 2 => set(cx, args),
        b"get" => get(cx, args),
        _ => Err(Error::fixed(
            "ERR Only SENTINEL CONFIG GET <param> [<param> <param> ...]/ SET <param> <value> [<param> <value> ...] \
             are supported.",
        )),
    }
}

/// The parameters, in the order in which GET shows them.
const PARAMETERS: [&str; 7] = [
    "resolve-hostnames",
    "announce-hostnames",
    "announce-ip",
    "announce-port",
    "sentinel-user",
    "sentinel-pass",
    "loglevel",
];

fn get(cx: &mut SentinelCx<'_>, args: Args<'_>) -> Outcome {
    let mut shown: Vec<&str> = Vec::new();
    for pattern in args.rest().iter() {
        for name in PARAMETERS {
            if !shown.contains(&name) && glob::matches_ignoring_case(pattern, name.as_bytes()) {
                shown.push(name);
            }
        }
    }
    cx.reply.map(shown.len());
    for name in shown {
        cx.reply.bulk(name.as_bytes());
        cx.reply.bulk(value(cx.sentinel, name).as_bytes());
    }
    Ok(Flow::Done)
}

fn value(sentinel: &Sentinel, name: &str) -> String {
    let flag = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    match name {
        "resolve-hostnames" => flag(sentinel.me.resolve_hostnames),
        "announce-hostnames" => flag(sentinel.names.announce),
        "announce-ip" => sentinel.me.announce_ip.clone(),
        "announce-port" => sentinel.me.announce_port.to_string(),
        "sentinel-user" => sentinel.keeper.sentinel_user.clone(),
        "sentinel-pass" => sentinel.keeper.sentinel_pass.clone(),
        _ => sentinel.config.values.choice("loglevel").to_owned(),
    }
}

/// All or nothing: what is wrong is found before anything is set.
fn set(cx: &mut SentinelCx<'_>, mut args: Args<'_>) -> Outcome {
    let mut changes: Vec<(&str, String)> = Vec::new();
    while let Some(option) = args.next() {
        let about = |what: &str| [b"ERR ", what.as_bytes(), b" argument '", option, b"'"].concat();
        let known = PARAMETERS.iter().find(|it| option.eq_ignore_ascii_case(it.as_bytes()));
        let Some(name) = known else {
            let text = [about("Invalid"), b" to SENTINEL CONFIG SET".to_vec()].concat();
            return Err(Error::bytes(text));
        };
        if changes.iter().any(|(it, _)| it == name) {
            let text = [about("Duplicate"), b" to SENTINEL CONFIG SET".to_vec()].concat();
            return Err(Error::bytes(text));
        }
        let Some(word) = args.next() else {
            return Err(Error::bytes([about("Missing"), b" value".to_vec()].concat()));
        };
        let wrong = || {
            let tail = [b"' to SENTINEL CONFIG SET '", option, b"'"].concat();
            Error::bytes([b"ERR Invalid value '", word, &tail].concat())
        };
        let value = text(word).filter(|value| is_good(name, value)).ok_or_else(wrong)?;
        changes.push((name, value));
    }
    let before = cx.sentinel.me.access.clone();
    for (name, value) in changes {
        apply(cx.sentinel, name, value);
    }
    if cx.sentinel.me.access != before {
        reconnect_peers(cx.sentinel);
    }
    cx.save()
}

fn is_good(name: &str, value: &str) -> bool {
    let is = |word: &str| value.eq_ignore_ascii_case(word);
    match name {
        "resolve-hostnames" | "announce-hostnames" => is("yes") || is("no"),
        "announce-port" => value.parse::<u16>().is_ok(),
        "loglevel" => ["debug", "verbose", "notice", "warning", "nothing"].into_iter().any(is),
        _ => true,
    }
}

fn apply(sentinel: &mut Sentinel, name: &str, value: String) {
    let yes = value.eq_ignore_ascii_case("yes");
    match name {
        "resolve-hostnames" => sentinel.me.resolve_hostnames = yes,
        "announce-hostnames" => sentinel.names.announce = yes,
        "announce-ip" => sentinel.me.announce_ip = value,
        "announce-port" => sentinel.me.announce_port = value.parse().unwrap_or(0),
        "sentinel-user" => sentinel.keeper.sentinel_user = value,
        "sentinel-pass" => sentinel.keeper.sentinel_pass = value,
        _ => {
            let word = value.to_ascii_lowercase();
            sentinel.config.values.set("loglevel", &[&word]).expect("it was looked at before");
            sentinel.clients.set_log_level(&word);
        }
    }
    // Who is asked for no password of their own uses the one that we ask for.
    let password = match sentinel.keeper.sentinel_pass.is_empty() {
        true => sentinel.config.values.text("requirepass"),
        false => sentinel.keeper.sentinel_pass.clone(),
    };
    sentinel.me.access = PeerAccess { user: sentinel.keeper.sentinel_user.clone(), password };
}

/// Our credentials are others now: every connection to a peer is made anew.
fn reconnect_peers(sentinel: &mut Sentinel) {
    let all: Vec<_> = sentinel.groups.keys().copied().collect();
    for id in all {
        sentinel.with(id, |group, cx| {
            let now = cx.now;
            for at in 0..group.peers.len() {
                let it = &group.peers[at].it;
                let user = group.pace(it.id, now, &cx.me.periods);
                let key = meet::peer_key(cx, it.address.clone());
                cx.links.detach(it.link, it.id);
                group.peers[at].it.link = cx.links.attach(key, user, now);
            }
        });
        sentinel.look_at(id);
    }
}
