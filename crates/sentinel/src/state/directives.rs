//! `sentinel` lines into state.
//!
//! # Design
//! Lines are read in three rounds, whatever their order in the file: what concerns all names, `monitor`, everything
//! else. So a file may mention a name above the line that introduces it, as files that were put together by scripts
//! do.
//!
//! What the user wrote wrong is refused in Redis's words. The lines of replicas and of other Sentinels are written by
//! programs, from what was heard on the network: repetitions are merged, and a line that cannot be used is passed over
//! with a warning. To refuse to start because of it would turn one message into a Sentinel that is missing when it is
//! needed.
//!
//! What the file says of a name is what the Sentinel has written there, and newer than what an included file or an
//! option says of the same name: those lines are passed over.

use super::saved::{RebootPolicy, Saved, SavedGroup, SavedPeer};
use crate::belief;
use config::{LoadError, SentinelLine};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv6Addr};

/// The longest time that anything is measured by, two million years: a few of them can be added without a thought.
pub const TIME_MS_MAX: u64 = 1 << 56;

/// Directives that other lines depend on.
const FIRST: &[&str] = &[
    "announce-ip",
    "announce-port",
    "deny-scripts-reconfig",
    "sentinel-user",
    "sentinel-pass",
    "current-epoch",
    "myid",
    "resolve-hostnames",
    "announce-hostnames",
];

const NO_SUCH_NAME: &str = "No such master with specified name.";
const NOT_POSITIVE: &str = "negative or zero time parameter.";
const UNRESOLVABLE: &str = "Can't resolve instance hostname.";
const BAD_PORT: &str = "Invalid port number.";

/// Reads the lines of a configuration file; also gives sentences for the log about what is accepted and unwise.
/// `is_runnable` says whether a script exists and may be executed.
pub fn read(
    lines: &[SentinelLine],
    is_runnable: &mut dyn FnMut(&str) -> bool,
) -> Result<(Saved, Vec<String>), LoadError> {
    let mut reader = Reader {
        saved: Saved::default(),
        places: BTreeMap::new(),
        warnings: Vec::new(),
        is_runnable,
    };
    let kept: BTreeSet<&[u8]> = lines
        .iter()
        .filter(|it| it.is_in_file && Round::of(it) == Round::Monitor)
        .filter_map(name_of)
        .collect();
    let is_outdated = |line: &&SentinelLine| {
        !line.is_in_file && name_of(line).is_some_and(|it| kept.contains(it))
    };
    for round in [Round::First, Round::Monitor, Round::Rest] {
        let of_round = lines.iter().filter(|line| Round::of(line) == round);
        for line in of_round.filter(|line| round == Round::First || !is_outdated(line)) {
            match reader.read_line(line) {
                Ok(()) => {}
                Err(reason) if is_memory(line) => reader.warnings.push(format!(
                    "WARNING: line {} of the configuration file is ignored, {reason} >>> '{}'",
                    line.number,
                    line.text.escape_debug()
                )),
                Err(reason) => {
                    return Err(LoadError::Refused {
                        line: Some((line.number, line.text.clone())),
                        reason: reason.to_owned(),
                    });
                }
            }
        }
    }
    Ok((reader.saved, reader.warnings))
}

/// The name that a line is about, where it is about one.
fn name_of(line: &SentinelLine) -> Option<&[u8]> {
    line.words.get(1).map(Vec::as_slice)
}

/// A line about what was heard of others. The group goes on without it.
fn is_memory(line: &SentinelLine) -> bool {
    let directive = line.words.first().map(|word| word.to_ascii_lowercase()).unwrap_or_default();
    directive.starts_with(b"known-")
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Round {
    First,
    Monitor,
    Rest,
}

impl Round {
    fn of(line: &SentinelLine) -> Round {
        let directive = line.words.first().map(Vec::as_slice).unwrap_or_default();
        let is = |name: &str| directive.eq_ignore_ascii_case(name.as_bytes());
        match () {
            () if is("monitor") => Round::Monitor,
            () if FIRST.iter().any(|name| is(name)) => Round::First,
            () => Round::Rest,
        }
    }
}

struct Reader<'a> {
    saved: Saved,
    /// Where each name is among the groups: there may be thousands, with ten lines each.
    places: BTreeMap<String, usize>,
    warnings: Vec<String>,
    is_runnable: &'a mut dyn FnMut(&str) -> bool,
}

impl Reader<'_> {
    fn read_line(&mut self, line: &SentinelLine) -> Result<(), &'static str> {
        let mut words = Vec::with_capacity(line.words.len());
        for word in &line.words {
            words.push(std::str::from_utf8(word).map_err(|_| "This line is not UTF-8 text.")?);
        }
        let [directive, arguments @ ..] = words.as_slice() else { return Ok(()) };
        let directive = directive.to_ascii_lowercase();
        match (directive.as_str(), arguments) {
            ("monitor", [name, host, port, quorum]) => self.read_monitor(name, host, port, quorum),
            (directive, [value]) => self.read_global(directive, value),
            (directive, [name, rest @ ..]) if is_known(directive, rest.len()) => {
                self.read_group(directive, name, rest)
            }
            _ => Err("Unrecognized sentinel configuration statement."),
        }
    }

    fn read_monitor(
        &mut self,
        name: &str,
        host: &str,
        port: &str,
        quorum: &str,
    ) -> Result<(), &'static str> {
        let quorum = u32::try_from(leading_integer(quorum)).unwrap_or(0);
        if quorum == 0 {
            return Err("Quorum must be 1 or greater.");
        }
        let port = read_port(port)?;
        check_host(host, &self.saved)?;
        if self.places.contains_key(name) {
            return Err("Duplicate master name.");
        }
        self.places.insert(name.to_owned(), self.saved.groups.len());
        self.warnings.extend(name_warning(name));
        self.saved.groups.push(SavedGroup::new(name, host, port, quorum));
        Ok(())
    }

    /// A line about all names.
    fn read_global(&mut self, directive: &str, value: &str) -> Result<(), &'static str> {
        let saved = &mut self.saved;
        match directive {
            "current-epoch" => saved.current_epoch = saved.current_epoch.max(read_epoch(value)),
            "myid" if !belief::is_run_id(value) => {
                return Err("Malformed Sentinel id in myid option.");
            }
            "myid" => saved.my_id = Some(value.to_owned()),
            "announce-ip" if value.is_empty() => {}
            "announce-ip" => saved.announce_ip = value.to_owned(),
            "announce-port" => saved.announce_port = read_port(value)?,
            "sentinel-user" if value.is_empty() => {}
            "sentinel-user" => saved.sentinel_user = value.to_owned(),
            "sentinel-pass" if value.is_empty() => {}
            "sentinel-pass" => saved.sentinel_pass = value.to_owned(),
            "deny-scripts-reconfig" => {
                saved.deny_scripts_reconfig = read_flag(value)
                    .ok_or("Please specify yes or no for the deny-scripts-reconfig options.")?;
            }
            "resolve-hostnames" => {
                saved.resolve_hostnames = read_flag(value)
                    .ok_or("Please specify yes or no for the resolve-hostnames option.")?;
            }
            "announce-hostnames" => {
                saved.announce_hostnames = read_flag(value)
                    .ok_or("Please specify yes or no for the announce-hostnames option.")?;
            }
            _ => return Err("Unrecognized sentinel configuration statement."),
        }
        Ok(())
    }

    /// A line about one name, whose number of words is right.
    fn read_group(
        &mut self,
        directive: &str,
        name: &str,
        rest: &[&str],
    ) -> Result<(), &'static str> {
        // The form without a run id says nothing that must be true, not even about a name that is watched.
        let is_optional = directive == "known-sentinel" && rest.len() == 2;
        let Some(&at) = self.places.get(name) else {
            return if is_optional { Ok(()) } else { Err(NO_SUCH_NAME) };
        };
        let value = rest[0];
        match directive {
            "notification-script" if !(self.is_runnable)(value) => {
                return Err("Notification script seems non existing or non executable.");
            }
            "client-reconfig-script" if !(self.is_runnable)(value) => {
                return Err("Client reconfiguration script seems non existing or non executable.");
            }
            "known-slave" | "known-replica" | "known-sentinel" if !is_optional => {
                read_port(rest[1])?;
                check_host(value, &self.saved)?;
                if rest.get(2).is_some_and(|run_id| !belief::is_run_id(run_id)) {
                    return Err("Malformed Sentinel id.");
                }
            }
            _ => {}
        }
        let group = &mut self.saved.groups[at];
        match directive {
            "down-after-milliseconds" => {
                group.down_after_ms = read_ms(value).filter(|ms| *ms > 0).ok_or(NOT_POSITIVE)?;
            }
            "failover-timeout" => {
                group.failover_timeout_ms =
                    read_ms(value).filter(|ms| *ms > 0).ok_or(NOT_POSITIVE)?;
            }
            "parallel-syncs" => {
                group.parallel_syncs = leading_integer(value).clamp(0, i64::from(i32::MAX)) as u32;
            }
            "notification-script" => group.notification_script = Some(value.to_owned()),
            "client-reconfig-script" => group.client_reconfig_script = Some(value.to_owned()),
            "auth-pass" => group.auth_pass = some_text(value),
            "auth-user" => group.auth_user = some_text(value),
            "master-reboot-down-after-period" => {
                group.reboot_down_after_ms = read_ms(value).ok_or("negative time parameter.")?;
            }
            "reboot-policy" => {
                group.reboot_policy = RebootPolicy::parse(value)
                    .ok_or("Please specify compatible or protect for the reboot-policy option.")?;
            }
            "config-epoch" => {
                group.config_epoch = read_epoch(value);
                let epoch = group.config_epoch;
                self.saved.current_epoch = self.saved.current_epoch.max(epoch);
            }
            "leader-epoch" => {
                group.leader_epoch = read_epoch(value);
                let epoch = group.leader_epoch;
                self.saved.current_epoch = self.saved.current_epoch.max(epoch);
            }
            "known-slave" | "known-replica" => add_replica(group, value, read_port(rest[1])?),
            "known-sentinel" => {
                // A port that is none was no error in the form that nobody reads any more.
                if let Ok(port) = read_port(rest[1]) {
                    add_peer(group, value, port, rest.get(2).copied());
                }
            }
            "rename-command" => {
                let (from, to) = (value.as_bytes().to_vec(), rest[1].as_bytes().to_vec());
                if group.renamed_commands.iter().any(|(known, _)| known.eq_ignore_ascii_case(&from))
                {
                    return Err("Same command renamed multiple times with rename-command.");
                }
                group.renamed_commands.push((from, to));
            }
            _ => return Err("Unrecognized sentinel configuration statement."),
        }
        Ok(())
    }
}

/// Whether `directive` is about one name and has this many words behind the name.
fn is_known(directive: &str, words: usize) -> bool {
    match directive {
        "down-after-milliseconds"
        | "failover-timeout"
        | "parallel-syncs"
        | "notification-script"
        | "client-reconfig-script"
        | "auth-pass"
        | "auth-user"
        | "master-reboot-down-after-period"
        | "reboot-policy"
        | "config-epoch"
        | "leader-epoch" => words == 1,
        "known-slave" | "known-replica" | "rename-command" => words == 2,
        "known-sentinel" => words == 2 || words == 3,
        _ => false,
    }
}

fn add_replica(group: &mut SavedGroup, host: &str, port: u16) {
    if !group.replicas.iter().any(|known| is_same(known, host, port)) {
        group.replicas.push((host.to_owned(), port));
    }
}

/// The last word about a run id holds: a Sentinel that moved is where the newest line says.
fn add_peer(group: &mut SavedGroup, host: &str, port: u16, run_id: Option<&str>) {
    let lives_here = |peer: &SavedPeer| peer.port == port && peer.host.eq_ignore_ascii_case(host);
    let peer = SavedPeer { host: host.to_owned(), port, run_id: run_id.map(str::to_owned) };
    if run_id.is_none() {
        if !group.peers.iter().any(lives_here) {
            group.peers.push(peer);
        }
        return;
    }
    let known = group.peers.iter().position(|known| known.run_id == peer.run_id);
    let nameless = group.peers.iter().position(|known| known.run_id.is_none() && lives_here(known));
    match (known, nameless) {
        (Some(known), nameless) => {
            group.peers[known] = peer;
            nameless.map(|nameless| group.peers.remove(nameless));
        }
        (None, Some(nameless)) => group.peers[nameless] = peer,
        (None, None) => group.peers.push(peer),
    }
}

fn some_text(value: &str) -> Option<String> {
    (!value.is_empty()).then(|| value.to_owned())
}

fn is_same(known: &(String, u16), host: &str, port: u16) -> bool {
    known.1 == port && known.0.eq_ignore_ascii_case(host)
}

/// Says what may go wrong with a name, where anything may: it is a word in event lines, in hello messages that are
/// cut at commas, and in the file.
pub fn name_warning(name: &str) -> Option<String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    if !name.is_empty() && name.bytes().all(is_plain) {
        return None;
    }
    Some(format!(
        "WARNING: the master name '{}' is not made of letters, digits and \".-_\" only; clients, scripts and other \
         Sentinels may not understand it",
        name.escape_debug()
    ))
}

/// Whether a host may be watched or remembered: any name where names are resolved, else an address only.
pub fn check_host(host: &str, saved: &Saved) -> Result<(), &'static str> {
    match is_address(host) || (saved.resolve_hostnames && !host.is_empty()) {
        true => Ok(()),
        false => Err(UNRESOLVABLE),
    }
}

/// Whether `host` is an IPv4 or IPv6 address; the latter may name its interface.
pub fn is_address(host: &str) -> bool {
    match host.split_once('%') {
        Some((address, scope)) => address.parse::<Ipv6Addr>().is_ok() && !scope.is_empty(),
        None => host.parse::<IpAddr>().is_ok(),
    }
}

fn read_port(word: &str) -> Result<u16, &'static str> {
    u16::try_from(leading_integer(word)).map_err(|_| BAD_PORT)
}

/// Milliseconds; none if negative.
fn read_ms(word: &str) -> Option<u64> {
    u64::try_from(leading_integer(word)).ok().map(|ms| ms.min(TIME_MS_MAX))
}

fn read_flag(word: &str) -> Option<bool> {
    match word.to_ascii_lowercase().as_str() {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

fn read_epoch(word: &str) -> u64 {
    let digits = word.trim_start().trim_start_matches('+');
    let epoch = digits.bytes().take_while(u8::is_ascii_digit).fold(0, |epoch: u64, digit| {
        epoch.saturating_mul(10).saturating_add(u64::from(digit - b'0'))
    });
    belief::read_epoch(epoch)
}

/// The integer that a word begins with, zero where there is none.
// compat(7.2): numbers in these lines are read with C's atoi; `3000ms` is 3000 and `x` is 0, which most rows refuse.
fn leading_integer(word: &str) -> i64 {
    let word = word.trim_start();
    let (is_negative, digits) = match word.as_bytes() {
        [b'-', ..] => (true, &word[1..]),
        [b'+', ..] => (false, &word[1..]),
        _ => (false, word),
    };
    let size = digits
        .bytes()
        .take_while(u8::is_ascii_digit)
        .fold(0i64, |size, digit| size.saturating_mul(10).saturating_add(i64::from(digit - b'0')));
    if is_negative { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<SentinelLine> {
        let numbered = text.lines().enumerate().filter(|(_, line)| !line.is_empty());
        numbered
            .map(|(at, line)| SentinelLine {
                number: at + 1,
                text: format!("sentinel {line}"),
                words: config::words::split(line.as_bytes()).expect("balanced quotes"),
                is_in_file: true,
            })
            .collect()
    }

    fn load(text: &str) -> Result<(Saved, Vec<String>), LoadError> {
        read(&lines(text), &mut |path| path.starts_with("/bin/"))
    }

    fn saved(text: &str) -> Saved {
        load(text).unwrap_or_else(|error| panic!("{text}: {error}")).0
    }

    fn refusal(text: &str) -> (usize, String) {
        match load(text).expect_err(text) {
            LoadError::Refused { line: Some((number, _)), reason } => (number, reason),
            other => panic!("{text}: {other}"),
        }
    }

    const M: &str = "monitor m 127.0.0.1 6379 2\n";

    #[test]
    fn everything_that_a_line_can_say_is_read() {
        let text = "monitor m ::1 6379 2\nmonitor n 10.0.0.1 1 1\n\
            down-after-milliseconds m 5000\nFAILOVER-timeout m 7000x\nparallel-syncs m 3\n\
            auth-pass m \"a b\"\nauth-user m u\nnotification-script m /bin/a\n\
            client-reconfig-script m /bin/b\nmaster-reboot-down-after-period m 9\n\
            reboot-policy m COMPATIBLE\nrename-command m CONFIG guarded\nrename-command m slaveof \"\"\n\
            config-epoch m 4\nleader-epoch m 5\nknown-slave m 10.0.0.2 1\nknown-replica m 10.0.0.3 2\n\
            known-sentinel m 10.0.0.4 26379 0123456789012345678901234567890123456780\nknown-sentinel m 10.0.0.5 26379\n\
            current-epoch 3\nmyid 0123456789012345678901234567890123456789\n\
            announce-ip 1.2.3.4\nannounce-port 5\ndeny-scripts-reconfig no\nsentinel-user su\n\
            sentinel-pass sp\nresolve-hostnames yes\nannounce-hostnames Yes\n";
        let peer = |host: &str, run_id: Option<&str>| SavedPeer {
            host: host.to_owned(),
            port: 26379,
            run_id: run_id.map(str::to_owned),
        };
        let want = Saved {
            my_id: Some("0123456789012345678901234567890123456789".to_owned()),
            current_epoch: 5,
            groups: vec![
                SavedGroup {
                    down_after_ms: 5000,
                    failover_timeout_ms: 7000,
                    parallel_syncs: 3,
                    auth_pass: Some("a b".to_owned()),
                    auth_user: Some("u".to_owned()),
                    notification_script: Some("/bin/a".to_owned()),
                    client_reconfig_script: Some("/bin/b".to_owned()),
                    reboot_down_after_ms: 9,
                    reboot_policy: RebootPolicy::Compatible,
                    renamed_commands: vec![
                        (b"CONFIG".to_vec(), b"guarded".to_vec()),
                        (b"slaveof".to_vec(), Vec::new()),
                    ],
                    config_epoch: 4,
                    leader_epoch: 5,
                    replicas: vec![("10.0.0.2".to_owned(), 1), ("10.0.0.3".to_owned(), 2)],
                    peers: vec![
                        peer("10.0.0.4", Some("0123456789012345678901234567890123456780")),
                        peer("10.0.0.5", None),
                    ],
                    ..SavedGroup::new("m", "::1", 6379, 2)
                },
                SavedGroup::new("n", "10.0.0.1", 1, 1),
            ],
            announce_ip: "1.2.3.4".to_owned(),
            announce_port: 5,
            resolve_hostnames: true,
            announce_hostnames: true,
            sentinel_user: "su".to_owned(),
            sentinel_pass: "sp".to_owned(),
            deny_scripts_reconfig: false,
            users: Vec::new(),
        };
        assert_eq!(saved(text), want);
        let upside_down: Vec<&str> = text.lines().rev().collect();
        let mut turned = saved(&upside_down.join("\n"));
        turned.groups.reverse();
        for list in turned.groups.iter_mut() {
            list.replicas.reverse();
            list.peers.reverse();
            list.renamed_commands.reverse();
        }
        assert_eq!(turned, want, "the order of the lines makes no difference");
    }

    #[test]
    fn mistakes_are_refused_in_redis_s_words() {
        for (text, number, want) in [
            ("monitor m 127.0.0.1 6379 0", 1, "Quorum must be 1 or greater."),
            ("monitor m 127.0.0.1 6379 x", 1, "Quorum must be 1 or greater."),
            ("monitor m 127.0.0.1 6379 -2", 1, "Quorum must be 1 or greater."),
            ("monitor m 127.0.0.1 65536 1", 1, "Invalid port number."),
            ("monitor m 127.0.0.1 -1 1", 1, "Invalid port number."),
            ("monitor m localhost 1 1", 1, "Can't resolve instance hostname."),
            ("monitor m 127.0.0.1 1", 1, "Unrecognized sentinel configuration statement."),
            ("monitor", 1, "Unrecognized sentinel configuration statement."),
            ("nonsense", 1, "Unrecognized sentinel configuration statement."),
            ("nonsense a b", 1, "Unrecognized sentinel configuration statement."),
            ("auth-pass m", 1, "Unrecognized sentinel configuration statement."),
            ("auth-pass x y", 1, "No such master with specified name."),
            ("myid 123", 1, "Malformed Sentinel id in myid option."),
            ("announce-port 65536", 1, "Invalid port number."),
            (
                "deny-scripts-reconfig x",
                1,
                "Please specify yes or no for the deny-scripts-reconfig options.",
            ),
            (
                "resolve-hostnames x",
                1,
                "Please specify yes or no for the resolve-hostnames option.",
            ),
            (
                "announce-hostnames x",
                1,
                "Please specify yes or no for the announce-hostnames option.",
            ),
            (M, 2, "Duplicate master name."),
            ("down-after-milliseconds m 0", 2, "negative or zero time parameter."),
            ("failover-timeout m -1", 2, "negative or zero time parameter."),
            ("master-reboot-down-after-period m -1", 2, "negative time parameter."),
            (
                "notification-script m /nowhere",
                2,
                "Notification script seems non existing or non executable.",
            ),
            (
                "client-reconfig-script m /nowhere",
                2,
                "Client reconfiguration script seems non existing or non executable.",
            ),
            (
                "rename-command m CONFIG a\nrename-command m config b",
                3,
                "Same command renamed multiple times with rename-command.",
            ),
            (
                "reboot-policy m maybe",
                2,
                "Please specify compatible or protect for the reboot-policy option.",
            ),
        ] {
            let text = if number == 1 { text.to_owned() } else { M.to_owned() + text };
            assert_eq!(refusal(&text), (number, want.to_owned()), "{text}");
        }
    }

    #[test]
    fn lines_that_only_a_program_writes_never_prevent_a_start() {
        let id = "d".repeat(40);
        for line in [
            "known-replica m nosuch.invalid 1".to_owned(),
            "known-slave m 1.1.1.1 65536".to_owned(),
            "known-replica x 1.1.1.1 1".to_owned(),
            "known-replica m".to_owned(),
            format!("known-sentinel m nosuch.invalid 1 {id}"),
            format!("known-sentinel m 1.1.1.1 65536 {id}"),
            format!("known-sentinel x 1.1.1.1 1 {id}"),
            format!("known-sentinel m 1.1.1.1 1 {id} b"),
            "known-sentinel m 1.1.1.1 1 zz".to_owned(),
            "KNOWN-other m".to_owned(),
        ] {
            let (saved, warnings) = load(&(M.to_owned() + &line)).expect(&line);
            assert_eq!(saved.groups, [SavedGroup::new("m", "127.0.0.1", 6379, 2)], "{line}");
            assert_eq!(warnings.len(), 1, "{line}");
            assert!(warnings[0].contains("line 2") && warnings[0].contains(&line), "{warnings:?}");
        }
    }

    #[test]
    fn epochs_out_of_reach_are_brought_back() {
        let max = "18446744073709551615";
        for directive in ["config-epoch m", "leader-epoch m", "current-epoch"] {
            let saved = saved(&format!("{M}{directive} {max}"));
            assert!(belief::next_epoch(saved.current_epoch).is_some(), "{directive}");
            let group = &saved.groups[0];
            let most = group.config_epoch.max(group.leader_epoch);
            assert!(most <= saved.current_epoch, "{directive}");
        }
    }

    #[test]
    fn what_only_a_program_writes_twice_is_merged() {
        let id = |letter: &str| letter.repeat(40);
        let (a, b, c) = (id("a"), id("b"), id("c"));
        let text = format!(
            "{M}known-replica m 1.1.1.1 1\nknown-slave m 1.1.1.1 1\nknown-replica m 1.1.1.1 2\n\
             known-sentinel m 2.2.2.2 1 {a}\nknown-sentinel m 3.3.3.3 1 {b}\n\
             known-sentinel m 4.4.4.4 1 {a}\nknown-sentinel m 3.3.3.3 1\n\
             known-sentinel m 5.5.5.5 1\nknown-sentinel m 5.5.5.5 1 {c}\nknown-sentinel gone 1.1.1.1 1"
        );
        let group = saved(&text).groups.remove(0);
        assert_eq!(group.replicas, [("1.1.1.1".to_owned(), 1), ("1.1.1.1".to_owned(), 2)]);
        let peers: Vec<(&str, Option<&str>)> =
            group.peers.iter().map(|p| (p.host.as_str(), p.run_id.as_deref())).collect();
        let want = [("4.4.4.4", &a), ("3.3.3.3", &b), ("5.5.5.5", &c)];
        assert_eq!(peers, want.map(|(host, id)| (host, Some(id.as_str()))));
    }

    #[test]
    fn odd_names_are_accepted_with_a_warning() {
        for (name, is_odd) in
            [("my-master_1.a", false), ("a b", true), ("a,b", true), ("größe", true), ("", true)]
        {
            let (saved, warnings) = load(&format!("monitor \"{name}\" 1.1.1.1 1 1")).expect(name);
            assert_eq!(saved.groups[0].name, name);
            assert_eq!(!warnings.is_empty(), is_odd, "{name}: {warnings:?}");
        }
    }

    #[test]
    fn hosts_are_addresses_unless_names_are_resolved() {
        for (host, is_fine) in [
            ("10.0.0.1", true),
            ("::1", true),
            ("fe80::1%eth0", true),
            ("10.0.0.1%eth0", false),
            ("10.0.0", false),
            ("a.example", false),
            ("", false),
        ] {
            assert_eq!(is_address(host), is_fine, "{host}");
        }
        let text = "known-replica m b.example 1\nmonitor m a.example 1 1\nresolve-hostnames yes";
        assert_eq!(saved(text).groups[0].host, "a.example");
    }
}
