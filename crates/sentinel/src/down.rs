//! Is it down? Subjectively: does it answer us. Objectively: do enough of us say so.

use crate::group::{Group, Instance, Reboot};
use crate::links::Links;
use crate::report::Role;
use stdx::Instant;

/// Why an instance is taken for down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// It has not answered for `down-after-milliseconds`.
    Silent,
    /// It should be the primary and has called itself a replica for too long.
    WrongRole,
    /// It restarted, and did not answer in time.
    Rebooting,
    /// It restarted without data that others have.
    LostData,
}

impl Reason {
    /// For the log.
    pub(crate) fn sentence(self) -> &'static str {
        match self {
            Reason::Silent => "it does not answer",
            Reason::WrongRole => "it should be the master and says that it is a replica",
            Reason::Rebooting => "it restarted and does not answer",
            Reason::LostData => "it restarted without data that its replicas have",
        }
    }
}

/// What is judged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case<'a> {
    pub(crate) instance: &'a Instance,
    pub(crate) is_primary: bool,
    pub(crate) silent_ms: u64,
    pub(crate) down_after_ms: u64,
    pub(crate) reboot_down_after_ms: u64,
    /// How often INFO is asked for.
    pub(crate) info_ms: u64,
}

/// Whether an instance is subjectively down, and why.
pub(crate) fn verdict(case: Case<'_>, now: Instant) -> Option<Reason> {
    let Case { instance, is_primary, silent_ms, down_after_ms, reboot_down_after_ms, info_ms } =
        case;
    if silent_ms > down_after_ms {
        return Some(Reason::Silent);
    }
    if !is_primary {
        return None;
    }
    // Two INFOs more than the usual time: it may be about to be told.
    let patience_ms = down_after_ms + 2 * info_ms;
    if instance.role == Role::Replica && now.ms_since(instance.role_since) > patience_ms {
        return Some(Reason::WrongRole);
    }
    match instance.rebooted {
        Some((_, Reboot::LostData)) => Some(Reason::LostData),
        Some((since, Reboot::Awaited)) if now.ms_since(since) > reboot_down_after_ms => {
            Some(Reason::Rebooting)
        }
        _ => None,
    }
}

/// When the verdict on a healthy instance may change if nothing is heard of it.
pub(crate) fn next_verdict(
    instance: &Instance,
    links: &Links,
    down_after_ms: u64,
    is_primary: bool,
    reboot_down_after_ms: u64,
    info_ms: u64,
) -> Option<Instant> {
    let link = links.get(instance.link);
    let silent = link.health.silent_since(instance.judged_from);
    let silent = silent.map(|at| at.after_ms(down_after_ms + 1));
    let wrong = (is_primary && instance.role == Role::Replica)
        .then(|| instance.role_since.after_ms(down_after_ms + 2 * info_ms + 1));
    let rebooted = instance.rebooted.filter(|_| is_primary).map(|(since, kind)| match kind {
        Reboot::Awaited => since.after_ms(reboot_down_after_ms + 1),
        Reboot::LostData => since,
    });
    [silent, wrong, rebooted].into_iter().flatten().min()
}

/// How many say that the primary is down, ourselves included.
pub(crate) fn votes(group: &Group, now: Instant, opinion_ms: u64) -> usize {
    if !group.primary.is_down() {
        return 0;
    }
    1 + group.peers.iter().filter(|peer| peer.says_down(now, opinion_ms)).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Address;
    use crate::group::InstanceId;
    use crate::links::LinkId;

    const T: Instant = Instant::ZERO;

    #[test]
    fn an_instance_is_down_for_a_reason() {
        let mut instance = Instance::new(
            InstanceId(1),
            "g".into(),
            Address::new("h", 1),
            LinkId::for_tests(),
            Role::Master,
            T,
        );
        let late = T.after_ms(60_000);
        fn case(instance: &Instance, is_primary: bool, silent_ms: u64) -> Case<'_> {
            let (down_after_ms, reboot_down_after_ms, info_ms) = (1000, 500, 10_000);
            Case { instance, is_primary, silent_ms, down_after_ms, reboot_down_after_ms, info_ms }
        }
        assert_eq!(verdict(case(&instance, true, 1000), late), None);
        assert_eq!(verdict(case(&instance, true, 1001), late), Some(Reason::Silent));
        instance.role = Role::Replica;
        assert_eq!(verdict(case(&instance, false, 0), late), None);
        assert_eq!(verdict(case(&instance, true, 0), T.after_ms(21_000)), None);
        assert_eq!(verdict(case(&instance, true, 0), T.after_ms(21_001)), Some(Reason::WrongRole));
        instance.role = Role::Master;
        instance.rebooted = Some((T, Reboot::Awaited));
        assert_eq!(verdict(case(&instance, true, 0), T.after_ms(500)), None);
        assert_eq!(verdict(case(&instance, true, 0), T.after_ms(501)), Some(Reason::Rebooting));
        instance.rebooted = Some((T, Reboot::LostData));
        assert_eq!(verdict(case(&instance, true, 0), T), Some(Reason::LostData));
    }
}
