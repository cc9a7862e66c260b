//! State into `sentinel` lines, and these into the file.
//!
//! The directives, their spelling and their order are Redis's, and so is the rule that what is so by default is not
//! written. Unlike Redis we leave a line alone that says what it should, in whatever spelling, even a default that
//! the user wrote down; see [`config::KeptFile`].
//!
//! A word that would not be read back as one word is put in quotes: a password with a blank in it must not keep the
//! next start from happening.

use super::saved::{
    DOWN_AFTER_MS, FAILOVER_TIMEOUT_MS, PARALLEL_SYNCS, RebootPolicy, Saved, SavedGroup,
};
use crate::clients::new_users;
use acl::Users;
use config::words::quote;
use config::{Config, KeptFile, Statement, Wanted};
use std::collections::{BTreeMap, BTreeSet};

/// The configuration file while a Sentinel runs.
#[derive(Clone, Debug)]
pub struct StateFile {
    kept: KeptFile,
    /// What the lines say about each name, once we have written them.
    written: Option<BTreeMap<String, SavedGroup>>,
    /// The users that have lines.
    users: Vec<Vec<u8>>,
}

impl StateFile {
    /// Takes the contents of the file, as they were loaded.
    pub fn read(bytes: &[u8], config: &Config) -> StateFile {
        let users = new_users(config);
        let reader = |words: &[Vec<u8>]| user(words, &users).or_else(|| statement(words));
        let kept = KeptFile::read(bytes, config, &reader);
        StateFile { kept, written: None, users: Vec::new() }
    }

    /// The contents of the file that says what `config` and `saved` say. The first time takes longer: afterwards only
    /// the names are looked at about which something has changed.
    pub fn write(&mut self, config: &Config, saved: &Saved) -> Vec<u8> {
        let users_before = std::mem::replace(&mut self.users, saved.users.clone());
        let Some(written) = &mut self.written else {
            let groups = saved.groups.iter().map(|group| (group.name.clone(), group.clone()));
            self.written = Some(groups.collect());
            return self.kept.rewrite(config, &wanted(saved, &saved.groups));
        };
        let mut changed = Vec::new();
        let mut before = Vec::new();
        for group in &saved.groups {
            if written.get(&group.name) != Some(group) {
                before.extend(written.insert(group.name.clone(), group.clone()));
                changed.push(group);
            }
        }
        if written.len() > saved.groups.len() {
            let names: BTreeSet<&str> = saved.groups.iter().map(|it| it.name.as_str()).collect();
            written.retain(|name, group| {
                let is_there = names.contains(name.as_str());
                if !is_there {
                    before.push(group.clone());
                }
                is_there
            });
        }
        let wanted = wanted(saved, changed);
        let mut gone = Lines::default();
        before.iter().for_each(|group| gone.push_group(group));
        let subjects: BTreeSet<&[u8]> =
            wanted.iter().map(|it| it.statement.subject.as_slice()).collect();
        let gone = gone.wanted.into_iter().map(|it| it.statement.subject);
        let users = users_before.iter().map(|line| user_subject(name_of(line)));
        let gone: Vec<Vec<u8>> =
            gone.chain(users).filter(|it| !subjects.contains(it.as_slice())).collect();
        self.kept.amend(config, &gone, &wanted)
    }
}

/// What the words of a line are, so that two spellings of one meaning look the same.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    /// Any text.
    Text,
    /// Part of what the line is about, not of what it says.
    Subject,
    /// The same, where capitals make no difference.
    SubjectInAnyCase,
    /// Digits.
    Number,
    /// A word of a list.
    Choice,
}

use Word::{Choice, Number, Subject, SubjectInAnyCase, Text};

/// Every directive with the words behind it.
const DIRECTIVES: &[(&str, &[Word])] = &[
    ("myid", &[Text]),
    ("deny-scripts-reconfig", &[Choice]),
    ("resolve-hostnames", &[Choice]),
    ("announce-hostnames", &[Choice]),
    ("monitor", &[Subject, Text, Number, Number]),
    ("down-after-milliseconds", &[Subject, Number]),
    ("failover-timeout", &[Subject, Number]),
    ("parallel-syncs", &[Subject, Number]),
    ("notification-script", &[Subject, Text]),
    ("client-reconfig-script", &[Subject, Text]),
    ("auth-pass", &[Subject, Text]),
    ("auth-user", &[Subject, Text]),
    ("master-reboot-down-after-period", &[Subject, Number]),
    ("reboot-policy", &[Subject, Choice]),
    ("config-epoch", &[Subject, Number]),
    ("leader-epoch", &[Subject, Number]),
    ("known-replica", &[Subject, SubjectInAnyCase, Subject]),
    ("known-slave", &[Subject, SubjectInAnyCase, Subject]),
    ("known-sentinel", &[Subject, SubjectInAnyCase, Subject]),
    ("known-sentinel", &[Subject, Text, Number, Subject]),
    ("rename-command", &[Subject, SubjectInAnyCase, Text]),
    ("current-epoch", &[Number]),
    ("announce-ip", &[Text]),
    ("announce-port", &[Number]),
    ("sentinel-user", &[Text]),
    ("sentinel-pass", &[Text]),
];

/// What the words of a line say, if it is a `sentinel` line of a form that there is.
fn statement(words: &[Vec<u8>]) -> Option<Statement> {
    let [first, directive, words @ ..] = words else { return None };
    if !first.eq_ignore_ascii_case(b"sentinel") {
        return None;
    }
    let (name, kinds) = DIRECTIVES.iter().find(|(name, kinds)| {
        directive.eq_ignore_ascii_case(name.as_bytes()) && kinds.len() == words.len()
    })?;
    // Both spellings are about the same replica. The text differs, so the older one goes at the first rewrite: where
    // it stays, Redis 7 writes the newer one beside it, and then refuses to start because of the two.
    let topic = if *name == "known-slave" { "known-replica" } else { name };
    let mut subject = topic.as_bytes().to_vec();
    let mut text = [b"sentinel ", name.as_bytes()].concat();
    for (word, kind) in words.iter().zip(*kinds) {
        text.push(b' ');
        match kind {
            Subject | SubjectInAnyCase => {
                let lower = word.to_ascii_lowercase();
                let key = if *kind == Subject { word } else { &lower };
                // The length keeps two words apart from one that has a blank in it.
                subject.extend(format!(" {} ", key.len()).into_bytes());
                subject.extend_from_slice(key);
                push_word(&mut text, word);
            }
            Text => push_word(&mut text, word),
            Number => push_word(&mut text, trim_zeros(word)),
            Choice => push_word(&mut text, &word.to_ascii_lowercase()),
        }
    }
    Some(Statement { subject, text })
}

fn push_word(text: &mut Vec<u8>, word: &[u8]) {
    let is_plain = |byte: &u8| byte.is_ascii_graphic() && !b"\"'\\".contains(byte);
    match !word.is_empty() && word.iter().all(is_plain) {
        true => text.extend_from_slice(word),
        false => text.extend(quote(word)),
    }
}

fn trim_zeros(word: &[u8]) -> &[u8] {
    let zeros = word.iter().take_while(|byte| **byte == b'0').count();
    &word[zeros.min(word.len().saturating_sub(1))..]
}

/// What a `user` line says: the rules that make the same user, in our spelling.
fn user(words: &[Vec<u8>], users: &Users) -> Option<Statement> {
    let [first, name, rules @ ..] = words else { return None };
    if !first.eq_ignore_ascii_case(b"user") {
        return None;
    }
    let mut users = users.clone();
    let user = users.declare(name, rules.iter().map(Vec::as_slice)).ok()?;
    let text = [b"user ", user.name(), b" ", &user.describe()].concat();
    Some(Statement { subject: user_subject(name), text })
}

/// No directive of ours is called so.
fn user_subject(name: &[u8]) -> Vec<u8> {
    [b"user ", name].concat()
}

/// The name in a line that we write.
fn name_of(line: &[u8]) -> &[u8] {
    line.split(|byte| *byte == b' ').nth(1).unwrap_or_default()
}

/// The line of a default user that nothing was said of.
const DEFAULT_USER: &[u8] = b"user default on nopass sanitize-payload ~* &* +@all";

/// Every line that says something of all names and of these, in Redis's order.
fn wanted<'a>(saved: &Saved, groups: impl IntoIterator<Item = &'a SavedGroup>) -> Vec<Wanted> {
    let mut lines = Lines::default();
    let flag = |yes: bool| if yes { "yes" } else { "no" };
    if let Some(id) = &saved.my_id {
        lines.push(true, &["myid", id]);
    }
    let deny = saved.deny_scripts_reconfig;
    lines.push(!deny, &["deny-scripts-reconfig", flag(deny)]);
    lines.push(saved.resolve_hostnames, &["resolve-hostnames", flag(saved.resolve_hostnames)]);
    lines.push(saved.announce_hostnames, &["announce-hostnames", flag(saved.announce_hostnames)]);
    for group in groups {
        lines.push_group(group);
    }
    lines.push(true, &["current-epoch", &saved.current_epoch.to_string()]);
    let announce_port = saved.announce_port.to_string();
    for (directive, value, is_set) in [
        ("announce-ip", &saved.announce_ip, !saved.announce_ip.is_empty()),
        ("announce-port", &announce_port, saved.announce_port != 0),
        ("sentinel-user", &saved.sentinel_user, !saved.sentinel_user.is_empty()),
        ("sentinel-pass", &saved.sentinel_pass, !saved.sentinel_pass.is_empty()),
    ] {
        lines.push(is_set, &[directive, value]);
    }
    lines.wanted.extend(saved.users.iter().map(|line| Wanted {
        statement: Statement { subject: user_subject(name_of(line)), text: line.clone() },
        is_needed: line != DEFAULT_USER,
    }));
    lines.wanted
}

#[derive(Default)]
struct Lines {
    wanted: Vec<Wanted>,
}

impl Lines {
    fn push(&mut self, is_needed: bool, words: &[&str]) {
        let words: Vec<Vec<u8>> = words.iter().map(|word| word.as_bytes().to_vec()).collect();
        self.push_words(is_needed, words);
    }

    fn push_words(&mut self, is_needed: bool, mut words: Vec<Vec<u8>>) {
        words.insert(0, b"sentinel".to_vec());
        let statement = statement(&words).expect("every directive that is written has a row");
        self.wanted.push(Wanted { statement, is_needed });
    }

    fn push_group(&mut self, group: &SavedGroup) {
        let name = group.name.as_str();
        let (port, quorum) = (group.port.to_string(), group.quorum.to_string());
        self.push(true, &["monitor", name, &group.host, &port, &quorum]);
        let numbers = [
            ("down-after-milliseconds", group.down_after_ms, DOWN_AFTER_MS),
            ("failover-timeout", group.failover_timeout_ms, FAILOVER_TIMEOUT_MS),
            ("parallel-syncs", group.parallel_syncs.into(), PARALLEL_SYNCS.into()),
        ];
        for (directive, value, usual) in numbers {
            self.push(value != usual, &[directive, name, &value.to_string()]);
        }
        for (directive, value) in [
            ("notification-script", &group.notification_script),
            ("client-reconfig-script", &group.client_reconfig_script),
            ("auth-pass", &group.auth_pass),
            ("auth-user", &group.auth_user),
        ] {
            if let Some(value) = value {
                self.push(true, &[directive, name, value]);
            }
        }
        let reboot = group.reboot_down_after_ms;
        self.push(reboot != 0, &["master-reboot-down-after-period", name, &reboot.to_string()]);
        let policy = group.reboot_policy;
        self.push(policy != RebootPolicy::default(), &["reboot-policy", name, policy.word()]);
        self.push(true, &["config-epoch", name, &group.config_epoch.to_string()]);
        self.push(true, &["leader-epoch", name, &group.leader_epoch.to_string()]);
        for (host, port) in &group.replicas {
            self.push(true, &["known-replica", name, host, &port.to_string()]);
        }
        for peer in &group.peers {
            let port = peer.port.to_string();
            match &peer.run_id {
                Some(id) => self.push(true, &["known-sentinel", name, &peer.host, &port, id]),
                // Redis reads this form and forgets it; where it stands it may stay.
                None => self.push(false, &["known-sentinel", name, &peer.host, &port]),
            }
        }
        for (from, to) in &group.renamed_commands {
            let head = ["rename-command", name].map(|word| word.as_bytes().to_vec());
            self.push_words(true, [head.to_vec(), vec![from.clone(), to.clone()]].concat());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::directives;
    use super::super::saved::SavedPeer;
    use super::*;
    use config::SentinelLine;
    use proptest::prelude::*;

    fn config() -> Config {
        let mut config = Config::default();
        config.values.set("dir", &["/d"]).expect("a folder");
        config
    }

    /// What is written in any case, so that the tests need not repeat it.
    const ALWAYS: &str = "dir /d\nlatency-tracking-info-percentiles 50 99 99.9\n";

    fn load(text: &[u8]) -> Saved {
        let mut lines = Vec::new();
        let mut users = Vec::new();
        for (at, line) in text.split(|&byte| byte == b'\n').enumerate() {
            let mut words = config::words::split(line).expect("balanced quotes");
            if words.first().is_some_and(|word| word.eq_ignore_ascii_case(b"sentinel")) {
                words.remove(0);
                let text = String::from_utf8_lossy(line).into_owned();
                lines.push(SentinelLine { number: at + 1, text, words, is_in_file: true });
            } else if let Some(statement) = user(&words, &new_users(&config())) {
                users.push(statement.text);
            }
        }
        let saved = directives::read(&lines, &mut |_| true).expect("a file that is right").0;
        Saved { users, ..saved }
    }

    fn write(old: &str, saved: &Saved) -> String {
        let config = config();
        let new = StateFile::read(old.as_bytes(), &config).write(&config, saved);
        String::from_utf8(new).expect("text")
    }

    #[test]
    fn lines_have_redis_s_spelling_and_order() {
        let mut group = SavedGroup::new("m", "1.1.1.1", 6379, 2);
        group.down_after_ms = 1000;
        group.auth_pass = Some("a b\"c".to_owned());
        group.auth_user = Some("u".to_owned());
        group.notification_script = Some("/n".to_owned());
        group.client_reconfig_script = Some("/c".to_owned());
        group.reboot_down_after_ms = 5;
        group.config_epoch = 7;
        group.replicas = vec![("2.2.2.2".to_owned(), 1)];
        group.peers = vec![SavedPeer { host: "::1".into(), port: 2, run_id: Some("d".repeat(40)) }];
        group.renamed_commands = vec![(b"CONFIG".to_vec(), b"".to_vec())];
        let saved = Saved {
            my_id: Some("x".repeat(40)),
            current_epoch: 9,
            groups: vec![group, SavedGroup::new("n", "1.1.1.2", 1, 1)],
            announce_ip: "3.3.3.3".to_owned(),
            announce_port: 4,
            sentinel_pass: "p".to_owned(),
            deny_scripts_reconfig: false,
            ..Saved::default()
        };
        let want = format!(
            "{ALWAYS}\n# Generated by CONFIG REWRITE\nsentinel myid {}\n\
             sentinel deny-scripts-reconfig no\n\
             sentinel monitor m 1.1.1.1 6379 2\nsentinel down-after-milliseconds m 1000\n\
             sentinel notification-script m /n\nsentinel client-reconfig-script m /c\n\
             sentinel auth-pass m \"a b\\\"c\"\nsentinel auth-user m u\n\
             sentinel master-reboot-down-after-period m 5\n\
             sentinel config-epoch m 7\nsentinel leader-epoch m 0\n\
             sentinel known-replica m 2.2.2.2 1\nsentinel known-sentinel m ::1 2 {}\n\
             sentinel rename-command m CONFIG \"\"\n\
             sentinel monitor n 1.1.1.2 1 1\nsentinel config-epoch n 0\nsentinel leader-epoch n 0\n\
             sentinel current-epoch 9\nsentinel announce-ip 3.3.3.3\nsentinel announce-port 4\n\
             sentinel sentinel-pass p\n",
            "x".repeat(40),
            "d".repeat(40)
        );
        assert_eq!(write(ALWAYS, &saved), want);
        assert_eq!(load(want.as_bytes()), saved);
    }

    #[test]
    fn the_user_s_lines_stay_byte_for_byte() {
        let old = format!("# mine  \n\n\n  SENTINEL Monitor  \"m\" 1.1.1.1 06379 2\t\n{ALWAYS}");
        let lines = "sentinel down-after-milliseconds m 30000\nsentinel auth-pass m 'x'\n\
             sentinel reboot-policy m Protect\nsentinel DENY-scripts-reconfig YES \n\
             sentinel config-epoch m 0\nsentinel leader-epoch m 0\nsentinel current-epoch 0\n\
             sentinel announce-ip \"\"\nsentinel announce-port 0\n\
             sentinel known-sentinel m 9.9.9.9 26379\nuser default on nopass ~* &* +@all\n\
             sentinel myid xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n";
        let old = old + lines;
        assert_eq!(write(&old, &load(old.as_bytes())), old);

        let mut saved = load(old.as_bytes());
        saved.groups[0].host = "2.2.2.2".to_owned();
        saved.groups[0].leader_epoch = 1;
        saved.groups[0].auth_pass = None;
        saved.groups[0].replicas.push(("1.1.1.1".to_owned(), 6379));
        let want = old
            .replace(
                "  SENTINEL Monitor  \"m\" 1.1.1.1 06379 2\t",
                "sentinel monitor m 2.2.2.2 6379 2",
            )
            .replace("leader-epoch m 0", "leader-epoch m 1")
            .replace("sentinel auth-pass m 'x'\n", "")
            + "\n# Generated by CONFIG REWRITE\nsentinel known-replica m 1.1.1.1 6379\n";
        assert_eq!(write(&old, &saved), want);
    }

    #[test]
    fn what_was_written_twice_is_written_once() {
        let head = format!("{ALWAYS}sentinel monitor m 1.1.1.1 1 1\n");
        let id = "1".repeat(40);
        let twice = "sentinel known-slave m a.B 2\nsentinel known-replica m a.b 2\n\
             sentinel known-sentinel m c 3 id\nsentinel known-sentinel m d 4 id\n\
             sentinel known-sentinel m d 4\nsentinel down-after-milliseconds m 1\n\
             sentinel down-after-milliseconds m 2\nsentinel resolve-hostnames yes\n"
            .replace(" id\n", &format!(" {id}\n"));
        let once = "sentinel known-replica m a.B 2\n\
             sentinel known-sentinel m d 4 id\n\
             sentinel down-after-milliseconds m 2\nsentinel resolve-hostnames yes\n"
            .replace(" id\n", &format!(" {id}\n"));
        let state =
            "sentinel config-epoch m 0\nsentinel leader-epoch m 0\nsentinel current-epoch 0\n";
        let old = format!("{head}{twice}{state}");
        assert_eq!(write(&old, &load(old.as_bytes())), format!("{head}{once}{state}"));
    }

    #[test]
    fn users_come_change_and_go() {
        let head = format!("{ALWAYS}sentinel current-epoch 0\n");
        let old = format!("{head}user eve on  >abc (+ping &a)\n");
        let mut saved = load(old.as_bytes());
        assert_eq!(write(&old, &saved), old, "the same user in another spelling stays as it is");
        let mut file = StateFile::read(old.as_bytes(), &config());
        let mut text =
            |saved: &Saved| String::from_utf8(file.write(&config(), saved)).expect("text");
        let bob = "user bob on nopass sanitize-payload resetchannels -@all +ping";
        saved.users.push(bob.into());
        saved.users.push(DEFAULT_USER.to_vec());
        assert_eq!(text(&saved), format!("{old}\n# Generated by CONFIG REWRITE\n{bob}\n"));
        saved.users.remove(0);
        let off = bob.replace("on nopass", "off");
        saved.users[0] = off.clone().into();
        assert_eq!(text(&saved), format!("{head}\n# Generated by CONFIG REWRITE\n{off}\n"));
    }

    #[test]
    fn a_name_that_is_gone_takes_its_lines_along() {
        let text = "# c\nsentinel monitor a 1.1.1.1 1 1\nsentinel auth-pass a x\n# d\n\
             sentinel known-replica a 1.1.1.2 1\nsentinel current-epoch 0\n";
        let saved = Saved::default();
        let want = format!("{ALWAYS}# c\n# d\nsentinel current-epoch 0\n");
        assert_eq!(write(&format!("{ALWAYS}{text}"), &saved), want);
    }

    fn word() -> impl Strategy<Value = String> {
        prop_oneof!["[a-c]{1,2}", "[a \"'\\\\#ü\t]{1,3}"]
    }

    prop_compose! {
        fn groups()(names in proptest::collection::btree_set(word(), 0..4))(
            groups in names.into_iter().map(group).collect::<Vec<_>>()
        ) -> Vec<SavedGroup> { groups }
    }

    fn group(name: String) -> impl Strategy<Value = SavedGroup> {
        (
            (word(), any::<u16>(), 1..5u32, 1..9u64, 0..3u32),
            (proptest::option::of(word()), proptest::option::of(word())),
            proptest::collection::btree_map(word(), any::<u16>(), 0..4),
            proptest::collection::btree_map("[a-f]{40}", (word(), any::<u16>()), 0..4),
            (0..9u64, any::<bool>(), word()),
        )
            .prop_map(move |(basic, auth, replicas, peers, rest)| SavedGroup {
                down_after_ms: basic.3,
                parallel_syncs: basic.4,
                auth_user: auth.0,
                auth_pass: auth.1,
                replicas: replicas.into_iter().collect(),
                peers: peers
                    .into_iter()
                    .map(|(id, (host, port))| SavedPeer { host, port, run_id: Some(id) })
                    .collect(),
                leader_epoch: rest.0,
                reboot_policy: if rest.1 {
                    RebootPolicy::Compatible
                } else {
                    RebootPolicy::Protect
                },
                renamed_commands: vec![(b"config".to_vec(), rest.2.into_bytes())],
                ..SavedGroup::new(&name, &basic.0, basic.1, basic.2)
            })
    }

    proptest! {
        /// Whatever the file said before, and whatever it shall say now, it says it, and says it in no more lines
        /// the second time.
        #[test]
        fn what_is_written_is_read_again(before in groups(), after in groups(), epoch in 8..1u64 << 40) {
            let saved = |groups: Vec<SavedGroup>| Saved {
                groups,
                current_epoch: epoch,
                resolve_hostnames: true,
                ..Saved::default()
            };
            let (before, mut after) = (saved(before), saved(after));
            let text = write(&write("# head\n", &before), &after);
            let mut file = StateFile::read(b"# head\n", &config());
            for state in [&before, &after, &before, &after, &after] {
                let bytes = file.write(&config(), state);
                let mut anew = StateFile::read(&bytes, &config());
                prop_assert_eq!(&anew.write(&config(), state), &bytes, "nothing was left out");
            }
            let mut read = load(text.as_bytes());
            // The lines of names, replicas and peers that were there already keep their places.
            for state in [&mut read, &mut after] {
                state.groups.sort_by(|a, b| a.name.cmp(&b.name));
                for group in &mut state.groups {
                    group.replicas.sort();
                    group.peers.sort_by(|a, b| a.run_id.cmp(&b.run_id));
                }
            }
            prop_assert_eq!(&read, &after);
            prop_assert!(text.starts_with("# head\n"));
            prop_assert_eq!(write(&text, &after), text);
        }
    }
}
