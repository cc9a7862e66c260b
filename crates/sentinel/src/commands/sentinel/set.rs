//! SENTINEL SET: what the operator says about a name.

use super::{SUB, group_id, text};
use crate::clients::Parked;
use crate::commands::{SentinelCommand, SentinelCx};
use crate::group::{Group, InstanceId};
use crate::news::Cx;
use crate::state::RebootPolicy;
use crate::state::directives::TIME_MS_MAX;
use command::{Args, Arity, Command, Error, Outcome, Spec};
use world::Level;

pub(super) const SET: SentinelCommand = Command::new(
    set,
    Spec {
        name: "set",
        syntax: "master-name option value [option value ...]",
        summary: "Changes what is said about a name.",
        arity: Arity::AtLeast(5),
        ..SUB
    },
);

/// One change, read and found good.
enum Change {
    DownAfter(u64),
    FailoverTimeout(u64),
    ParallelSyncs(u64),
    NotificationScript(String),
    ClientReconfigScript(String),
    AuthPass(String),
    AuthUser(String),
    Quorum(u64),
    RenameCommand(Vec<u8>, Vec<u8>),
    RebootDownAfter(u64),
    RebootPolicy(RebootPolicy),
}

const DENIED: Error = Error::fixed(
    "ERR Reconfiguration of scripts path is denied for security reasons. Check the deny-scripts-reconfig configuration \
     directive in your Sentinel configuration",
);

/// All or nothing: what is wrong is found before anything is changed.
fn set(cx: &mut SentinelCx<'_>, mut args: Args<'_>) -> Outcome {
    let id = group_id(cx, args.word()?)?;
    let mut changes = Vec::new();
    while let Some(option) = args.next() {
        changes.push(read(cx, option, &mut args)?);
    }
    for (change, _) in &changes {
        if let Change::NotificationScript(path) | Change::ClientReconfigScript(path) = change
            && !path.is_empty()
            && cx.session().looked.iter().all(|(it, _)| it != path)
        {
            // Only the disk knows; the request runs again then.
            let (path, request) = (path.clone(), args.all().to_owned());
            cx.sentinel.look_for_script(cx.conn, path);
            return cx.park(Parked::Look(request));
        }
    }
    let looked = std::mem::take(&mut cx.session().looked);
    for (change, _) in &changes {
        let (path, error) = match change {
            Change::NotificationScript(path) => {
                (path, "ERR Notification script seems non existing or non executable")
            }
            Change::ClientReconfigScript(path) => {
                (path, "ERR Client reconfiguration script seems non existing or non executable")
            }
            _ => continue,
        };
        if looked.iter().any(|(it, runnable)| it == path && !runnable) {
            return Err(Error::fixed(error));
        }
    }
    cx.sentinel.with(id, |group, cx| {
        let before = group.server_key(group.primary.address.clone());
        for (change, said) in changes {
            apply(group, change);
            cx.event(Level::Warning, "+set", group, &group.primary, &said);
        }
        if group.server_key(group.primary.address.clone()) != before {
            reconnect(group, cx);
        }
    });
    let outcome = cx.save();
    cx.sentinel.look_at(id);
    outcome
}

/// An option with its values, and what is told about it.
fn read(
    cx: &SentinelCx<'_>,
    option: &[u8],
    args: &mut Args<'_>,
) -> Result<(Change, String), Error> {
    let unknown = || {
        let head = b"ERR Unknown option or number of arguments for SENTINEL SET '";
        Error::bytes([head, option, b"'"].concat())
    };
    let wrong = |word: &[u8]| {
        let tail = [b"' for SENTINEL SET '", option, b"'"].concat();
        Error::bytes([b"ERR Invalid argument '", word, &tail].concat())
    };
    let name = String::from_utf8_lossy(option).into_owned();
    let lower = name.to_ascii_lowercase();
    let word = args.next().ok_or_else(unknown)?;
    let number = |least: i64| {
        let number = stdx::integer::parse_i64(word).filter(|number| *number >= least);
        number.map(|number| number as u64).ok_or_else(|| wrong(word))
    };
    let value = || text(word).ok_or_else(|| wrong(word));
    let script = || match cx.sentinel.me.deny_scripts_reconfig {
        true => Err(DENIED),
        false => value(),
    };
    let mut said = format!(" {name} {}", String::from_utf8_lossy(word));
    let change = match lower.as_str() {
        "down-after-milliseconds" => Change::DownAfter(number(1)?.min(TIME_MS_MAX)),
        "failover-timeout" => Change::FailoverTimeout(number(1)?.min(TIME_MS_MAX)),
        "parallel-syncs" => Change::ParallelSyncs(number(1)?),
        "notification-script" => Change::NotificationScript(script()?),
        "client-reconfig-script" => Change::ClientReconfigScript(script()?),
        "auth-pass" => {
            said = format!(" {name} ******");
            Change::AuthPass(value()?)
        }
        "auth-user" => Change::AuthUser(value()?),
        "quorum" => Change::Quorum(number(1)?),
        "rename-command" => {
            let to = args.next().ok_or_else(unknown)?;
            if word.is_empty() || to.is_empty() {
                return Err(wrong(b""));
            }
            said = format!("{said} {}", String::from_utf8_lossy(to));
            Change::RenameCommand(word.to_vec(), to.to_vec())
        }
        "master-reboot-down-after-period" => Change::RebootDownAfter(number(0)?.min(TIME_MS_MAX)),
        "reboot-policy" => {
            let policy = text(word).and_then(|word| RebootPolicy::parse(&word));
            Change::RebootPolicy(policy.ok_or_else(|| wrong(word))?)
        }
        _ => return Err(unknown()),
    };
    Ok((change, said))
}

fn apply(group: &mut Group, change: Change) {
    let settings = &mut group.settings;
    let count = |number: u64| u32::try_from(number).unwrap_or(u32::MAX) as usize;
    match change {
        Change::DownAfter(ms) => settings.down_after_ms = ms,
        Change::FailoverTimeout(ms) => settings.failover_timeout_ms = ms,
        Change::ParallelSyncs(number) => settings.parallel_syncs = count(number),
        Change::NotificationScript(path) => settings.notification_script = path,
        Change::ClientReconfigScript(path) => settings.client_reconfig_script = path,
        Change::AuthPass(word) => settings.auth_pass = word,
        Change::AuthUser(word) => settings.auth_user = word,
        Change::Quorum(number) => settings.quorum = count(number),
        Change::RenameCommand(from, to) => {
            settings.renamed.retain(|(it, _)| !it.eq_ignore_ascii_case(&from));
            if !from.eq_ignore_ascii_case(&to) {
                settings.renamed.push((from, to));
            }
        }
        Change::RebootDownAfter(ms) => settings.reboot_down_after_ms = ms,
        Change::RebootPolicy(policy) => settings.reboot_policy = policy,
    }
}

/// The way in is another now: every connection to a server of the group is made anew.
fn reconnect(group: &mut Group, cx: &mut Cx<'_>) {
    let replicas = group.replicas.iter().map(|it| it.it.id);
    let ids: Vec<InstanceId> = std::iter::once(group.primary.id).chain(replicas).collect();
    for id in ids {
        let user = group.pace(id, cx.now, &cx.me.periods);
        let it = group.instance_mut(id).expect("nobody goes while we look");
        let (address, link) = (it.address.clone(), it.link);
        let key = group.server_key(address);
        cx.links.detach(link, id);
        let link = cx.links.attach(key, user, cx.now);
        group.instance_mut(id).expect("nobody goes while we look").link = link;
    }
}
