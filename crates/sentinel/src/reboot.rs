//! A process that was started again: what it has lost, and for how long that counts against it.
//!
//! # Design
//! A primary that comes back empty before anybody has missed it makes its replicas as empty as it is. So it counts as
//! down, with `reboot-policy protect`, and a replica that has the data takes its place. Three things limit that:
//! - While it loads, its history is not what it will be: the judgement waits until its data are there.
//! - Replicas without keys have nothing to lose. They are asked anew, as the last INFO may be old.
//! - Where no failover happens, because too few Sentinels are up or no replica may be promoted, the replicas follow it
//!   in the end. From then on there is nothing to protect, and to call it down would only keep clients away.

use crate::group::{Group, InstanceId, Reboot, Replica};
use crate::news::Cx;
use crate::report::{History, Report, Role};
use crate::state::RebootPolicy;
use world::Level;

/// A new run id means that the process was started again. To be called before the rest of the report is noted.
pub(crate) fn note_run_id(group: &mut Group, cx: &mut Cx<'_>, id: InstanceId, report: &Report) {
    let Some(run_id) = &report.run_id else { return };
    let is_primary = group.primary.id == id;
    let it = group.instance_mut(id).expect("it was there");
    let before = it.run_id.replace(run_id.clone());
    if before.is_none() || before.as_ref() == Some(run_id) {
        return;
    }
    if let Some(replica) = group.replica_mut(id) {
        replica.has_synced = false;
    }
    let about = group.instance(id).expect("it was there");
    cx.event(Level::Notice, "+reboot", group, about, "");
    if !is_primary {
        return;
    }
    if group.settings.reboot_down_after_ms != 0 {
        group.primary.rebooted = Some((cx.now, Reboot::Awaited));
    }
    if group.settings.reboot_policy == RebootPolicy::Protect {
        let before = group.primary.history.clone();
        group.primary.history_before.get_or_insert((before, cx.now));
        for replica in &group.replicas {
            cx.links.ask_info_again(replica.it.link, cx.now, cx.ledger);
        }
    }
}

/// An INFO has been noted: what does it say about a primary that was started again?
pub(crate) fn judge(group: &mut Group, cx: &mut Cx<'_>) {
    judge_loss(group, cx);
    forgive(group, cx);
}

/// The data of a primary that was started again are there, or are not.
fn judge_loss(group: &mut Group, cx: &mut Cx<'_>) {
    let primary = &group.primary;
    let Some((before, since)) = primary.history_before.as_ref().filter(|_| !primary.loading) else {
        return;
    };
    let old_news = |it: &Replica| it.it.info.as_ref().is_none_or(|(_, at)| at <= since);
    let to_come = |it: &Replica| it.it.keys == Some(0) && !it.it.is_down() && old_news(it);
    if let Some(why) = lost_data(group, before) {
        cx.log(Level::Warning, format!("{} came back after a restart {why}", group.name));
        group.primary.rebooted = Some((cx.now, Reboot::LostData));
    } else if group.replicas.iter().any(to_come) {
        return;
    }
    group.primary.history_before = None;
}

/// Whether a primary that was started again has less than a replica has, and in which words.
fn lost_data(group: &Group, before: &History) -> Option<String> {
    if group.primary.role != Role::Master {
        return None;
    }
    let has_data = |it: &&Replica| it.verified && it.has_synced_once && it.it.keys != Some(0);
    let most = group.replicas.iter().filter(has_data).map(|it| it.report.offset).max()?;
    let now = &group.primary.history;
    let goes_on = !before.id.is_empty() && (now.id == before.id || now.id2 == before.id);
    if !goes_on {
        return Some(format!(
            "with another history, and a replica has {most} bytes of the one it had"
        ));
    }
    (now.offset < most).then(|| format!("at offset {}, and a replica is at {most}", now.offset))
}

/// A primary that has lost data is forgiven when all replicas that are up have made its history theirs.
fn forgive(group: &mut Group, cx: &mut Cx<'_>) {
    let primary = &group.primary;
    let lost = matches!(primary.rebooted, Some((_, Reboot::LostData)));
    if !lost || group.failover.is_some() || primary.history.id.is_empty() {
        return;
    }
    let mut up = group.replicas.iter().filter(|it| it.verified && !it.it.is_down()).peekable();
    let joined = up.peek().is_some()
        && up.all(|it| it.report.link_up && it.it.history.id == primary.history.id);
    if joined {
        let text =
            format!("Nobody has more data than {} any more: it is taken as it is", group.name);
        cx.log(Level::Notice, text);
        group.primary.rebooted = None;
    }
}
