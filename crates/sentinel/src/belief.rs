//! What is believed of a message: hosts, ports, ids and epochs that somebody sent, checked before they are used.
//!
//! # Design
//! Everybody who may PUBLISH at a server, or attach to it as a replica, can say anything: a hello needs no password of
//! ours. What is believed ends up in the state file and in arithmetic, so what cannot be true is refused here, at the
//! door, and the lines of the state file are held to the same rules.

use crate::hello::Hello;
use crate::state::directives::is_address;
use std::fmt;

/// How long a run id is.
const RUN_ID_LEN: usize = 40;

/// The last epoch that there is: replies carry epochs as signed integers.
pub(crate) const EPOCH_MAX: u64 = i64::MAX as u64;

/// How far ahead of ours an epoch may be. A group makes one epoch per attempt at a failover: nobody is so far ahead who
/// tells the truth.
const EPOCH_LEAP: u64 = 1 << 32;

/// The longest host name of the domain name system.
const HOST_NAME_LEN_MAX: usize = 253;

/// Why something is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doubt {
    /// The host is not an IP address, and names are not resolved or it cannot be one.
    Host,
    Port,
    RunId,
    Epoch,
}

/// A sentence without a full stop.
impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Doubt::Host => "a host in it is no address that may be used",
            Doubt::Port => "a port in it is zero",
            Doubt::RunId => "the run id in it is not 40 letters and digits",
            Doubt::Epoch => "an epoch in it is too far ahead of ours",
        })
    }
}

/// Whether `text` may be the run id of a Sentinel.
pub(crate) fn is_run_id(text: &str) -> bool {
    text.len() == RUN_ID_LEN && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Whether an instance may be at `host`: an IP address, or a name where names are resolved.
pub(crate) fn is_host(host: &str, resolve_hostnames: bool) -> bool {
    let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    let is_name = || (1..=HOST_NAME_LEN_MAX).contains(&host.len()) && host.bytes().all(is_of_name);
    is_address(host) || (resolve_hostnames && is_name())
}

/// Whether somebody may be in the epoch `told` while we are in `present`.
pub(crate) fn is_epoch(present: u64, told: u64) -> bool {
    told <= EPOCH_MAX && told <= present.saturating_add(EPOCH_LEAP)
}

/// The epoch after `present`. None: there are no more.
pub(crate) fn next_epoch(present: u64) -> Option<u64> {
    present.checked_add(1).filter(|epoch| *epoch <= EPOCH_MAX)
}

/// An epoch of the state file. One that no Sentinel can have counted up to comes from a message that an earlier version
/// believed, and is taken back to where there is room to count on.
pub(crate) fn read_epoch(told: u64) -> u64 {
    told.min(EPOCH_MAX - EPOCH_LEAP)
}

/// Whether a hello may be true, as far as can be told from it and from our own epoch.
pub(crate) fn check(hello: &Hello, epoch: u64, resolve_hostnames: bool) -> Result<(), Doubt> {
    let is_host = |host: &str| is_host(host, resolve_hostnames);
    let is_epoch = |told: u64| is_epoch(epoch, told);
    match () {
        () if !is_host(&hello.host) || !is_host(&hello.primary_host) => Err(Doubt::Host),
        () if hello.port == 0 || hello.primary_port == 0 => Err(Doubt::Port),
        () if !is_run_id(&hello.run_id) => Err(Doubt::RunId),
        () if !is_epoch(hello.current_epoch) || !is_epoch(hello.config_epoch) => Err(Doubt::Epoch),
        () => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hello_that_cannot_be_true_is_doubted() {
        let id = "d".repeat(40);
        let hello =
            |host: &str, port: u16, run_id: &str, epochs: [u64; 2], primary: (&str, u16)| Hello {
                host: host.to_owned(),
                port,
                run_id: run_id.to_owned(),
                current_epoch: epochs[0],
                group: "m".to_owned(),
                primary_host: primary.0.to_owned(),
                primary_port: primary.1,
                config_epoch: epochs[1],
            };
        let at = ("10.0.0.1", 6379);
        let leap = 7 + (1 << 32);
        for (hello, resolve, want) in [
            (hello("10.0.0.9", 1, &id, [8, 8], at), false, Ok(())),
            (hello("::1", 1, &id, [leap, 0], ("fe80::1%eth0", 1)), false, Ok(())),
            (hello("nosuch.invalid", 1, &id, [0, 0], at), false, Err(Doubt::Host)),
            (hello("nosuch.invalid", 1, &id, [0, 0], at), true, Ok(())),
            (hello("10.0.0.9", 1, &id, [0, 0], ("nosuch.invalid", 1)), false, Err(Doubt::Host)),
            (hello("x y", 1, &id, [0, 0], at), true, Err(Doubt::Host)),
            (hello("", 1, &id, [0, 0], at), true, Err(Doubt::Host)),
            (hello(&"a".repeat(254), 1, &id, [0, 0], at), true, Err(Doubt::Host)),
            (hello("10.0.0.9", 0, &id, [0, 0], at), false, Err(Doubt::Port)),
            (hello("10.0.0.9", 1, &id, [0, 0], ("10.0.0.1", 0)), false, Err(Doubt::Port)),
            (hello("10.0.0.9", 1, "zz", [0, 0], at), false, Err(Doubt::RunId)),
            (hello("10.0.0.9", 1, &"\n".repeat(40), [0, 0], at), false, Err(Doubt::RunId)),
            (hello("10.0.0.9", 1, &id, [leap + 1, 0], at), false, Err(Doubt::Epoch)),
            (hello("10.0.0.9", 1, &id, [0, u64::MAX], at), false, Err(Doubt::Epoch)),
        ] {
            assert_eq!(check(&hello, 7, resolve), want, "{hello:?}");
        }
    }

    #[test]
    fn epochs_end_where_replies_cannot_say_more() {
        assert_eq!(next_epoch(7), Some(8));
        assert_eq!(next_epoch(EPOCH_MAX - 1), Some(EPOCH_MAX));
        assert_eq!(next_epoch(EPOCH_MAX), None);
        assert_eq!(next_epoch(u64::MAX), None);
        assert!(!is_epoch(EPOCH_MAX, EPOCH_MAX + 1));
        assert!(next_epoch(read_epoch(u64::MAX)).is_some());
        assert_eq!(read_epoch(7), 7);
        assert!(is_epoch(u64::MAX, EPOCH_MAX));
    }
}
