//! SENTINEL CKQUORUM: would a failover succeed?
//!
//! # Design
//! Redis counts the Sentinels that seem to be up. Whether they would answer, let us in and let us ask is found out
//! when it matters, and so is whether the replicas obey. Here everybody is asked: the peers about the name, the
//! replicas whether our user may give the orders that a failover needs. The reply comes when the last answer is there,
//! or after a second; it begins with Redis's words, and goes on with the names of those who would fail.

use super::{SUB, group_id};
use crate::clients::Parked;
use crate::commands::{SentinelCommand, SentinelCx};
use crate::group::{Group, Instance};
use crate::links::Asked;
use crate::news::Cx;
use crate::sentinel::Sentinel;
use command::{Args, Arity, Command, Outcome, Spec};
use resp::Value;
use std::collections::BTreeMap;
use stdx::Instant;
use world::ConnId;

/// How long answers are waited for.
const PATIENCE_MS: u64 = 1000;

pub(super) const CKQUORUM: SentinelCommand = Command::new(
    check,
    Spec {
        name: "ckquorum",
        syntax: "master-name",
        summary: "Tries whether a failover would find everybody that it needs.",
        complexity: "O(N), N being the number of Sentinels and replicas",
        arity: Arity::Exactly(3),
        ..SUB
    },
);

/// The trials that are under way.
#[derive(Debug, Default)]
pub(crate) struct Trials {
    made: u64,
    running: BTreeMap<u64, Trial>,
    /// Every question that is open: of which trial, about whom, and what.
    questions: BTreeMap<u64, (u64, usize, Question)>,
}

#[derive(Debug)]
struct Trial {
    /// Who waits, by the number of the session: connections are used again.
    conn: ConnId,
    session: u64,
    until: Instant,
    quorum: usize,
    subjects: Vec<Subject>,
}

/// Somebody whom a failover would need.
#[derive(Debug)]
struct Subject {
    about: String,
    is_peer: bool,
    open: usize,
    complaint: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    /// A peer: what it knows of the name.
    Name,
    /// A replica: whether it answers.
    Ping,
    /// A replica: whether our user may give an order.
    May,
}

/// The orders that a failover gives.
const ORDERS: [&[&[u8]]; 4] = [
    &[b"MULTI"],
    &[b"SLAVEOF", b"NO", b"ONE"],
    &[b"CONFIG", b"REWRITE"],
    &[b"CLIENT", b"KILL", b"TYPE", b"normal"],
];

fn check(cx: &mut SentinelCx<'_>, mut args: Args<'_>) -> Outcome {
    let id = group_id(cx, args.word()?)?;
    let (conn, session) = (cx.conn, cx.session().id);
    let mut trials = std::mem::take(&mut cx.sentinel.clients.trials);
    let trial = cx.sentinel.with(id, |group, cx| {
        let number = trials.fresh();
        let mut subjects = Vec::new();
        for peer in &group.peers {
            let at = subjects.len();
            subjects.push(ask_peer(&mut trials, (number, at), group, &peer.it, cx));
        }
        for replica in group.replicas.iter().filter(|it| it.verified) {
            let at = subjects.len();
            subjects.push(ask_replica(&mut trials, (number, at), group, &replica.it, cx));
        }
        let until = cx.now.after_ms(PATIENCE_MS);
        let quorum = group.settings.quorum;
        trials.running.insert(number, Trial { conn, session, until, quorum, subjects });
        number
    });
    cx.sentinel.clients.trials = trials;
    let trial = trial.expect("the group was just found");
    if let Some(done) = cx.sentinel.clients.trials.take_done(trial) {
        let verdict = done.verdict();
        match verdict.strip_prefix("OK") {
            Some(_) => cx.reply.simple(&verdict),
            None => cx.reply.error(verdict.as_bytes()),
        }
        return Ok(command::Flow::Done);
    }
    cx.park(Parked::Trial)
}

/// Why it cannot be asked.
fn unreachable(it: &Instance, cx: &Cx<'_>) -> Option<String> {
    let link = cx.links.get(it.link);
    if link.refused {
        return Some("it refuses our credentials".to_owned());
    }
    (!link.is_connected()).then(|| "there is no connection to it".to_owned())
}

fn ask_peer(
    trials: &mut Trials,
    place: (u64, usize),
    group: &Group,
    it: &Instance,
    cx: &mut Cx<'_>,
) -> Subject {
    let about = format!("Sentinel {}", it.address);
    let complaint = unreachable(it, cx);
    let mut open = 0;
    if complaint.is_none() {
        let words: [&[u8]; 3] = [b"SENTINEL", b"MASTER", group.name.as_bytes()];
        open += usize::from(trials.ask(place, Question::Name, it, &words, cx));
    }
    Subject { about, is_peer: true, open, complaint }
}

fn ask_replica(
    trials: &mut Trials,
    place: (u64, usize),
    group: &Group,
    it: &Instance,
    cx: &mut Cx<'_>,
) -> Subject {
    let about = format!("replica {}", it.address);
    let complaint = unreachable(it, cx);
    let mut open = 0;
    if complaint.is_none() {
        open += usize::from(trials.ask(place, Question::Ping, it, &[b"PING"], cx));
        let settings = &group.settings;
        let user = if settings.auth_user.is_empty() { "default" } else { &settings.auth_user };
        for order in ORDERS {
            let renamed = settings.renamed.iter().find(|(it, _)| it.eq_ignore_ascii_case(order[0]));
            let name = renamed.map_or(order[0], |(_, name)| name);
            let head: [&[u8]; 4] = [b"ACL", b"DRYRUN", user.as_bytes(), name];
            let words = [&head, &order[1..]].concat();
            open += usize::from(trials.ask(place, Question::May, it, &words, cx));
        }
    }
    Subject { about, is_peer: false, open, complaint }
}

impl Trials {
    fn fresh(&mut self) -> u64 {
        self.made += 1;
        self.made
    }

    fn ask(
        &mut self,
        (trial, subject): (u64, usize),
        question: Question,
        it: &Instance,
        words: &[&[u8]],
        cx: &mut Cx<'_>,
    ) -> bool {
        let number = self.fresh();
        let sent = cx.links.send(it.link, words, Asked::Trial { trial: number }, cx.ledger);
        if sent {
            self.questions.insert(number, (trial, subject, question));
        }
        sent
    }

    /// A question was answered, or will not be. The trial, if that was the last one.
    fn answered(&mut self, question: u64, value: Option<&Value>) -> Option<Trial> {
        let (trial, subject, question) = self.questions.remove(&question)?;
        let subject = &mut self.running.get_mut(&trial)?.subjects[subject];
        subject.open -= 1;
        let complaint = complaint(question, value);
        subject.complaint = subject.complaint.take().or(complaint);
        self.take_done(trial)
    }

    fn take_done(&mut self, trial: u64) -> Option<Trial> {
        let open = self.running.get(&trial)?.subjects.iter().any(|subject| subject.open > 0);
        if open { None } else { self.running.remove(&trial) }
    }

    /// A trial whose time is up. Whoever has not answered has failed.
    fn take_late(&mut self, now: Instant) -> Option<Trial> {
        let (&number, _) = self.running.iter().find(|(_, trial)| trial.until <= now)?;
        let mut trial = self.running.remove(&number)?;
        self.questions.retain(|_, (of, ..)| *of != number);
        for subject in trial.subjects.iter_mut().filter(|subject| subject.open > 0) {
            let late = || format!("it did not answer within {PATIENCE_MS} ms");
            subject.complaint.get_or_insert_with(late);
        }
        Some(trial)
    }

    /// When the next trial is given up.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.running.values().map(|trial| trial.until).min()
    }
}

/// What an answer says against somebody.
fn complaint(question: Question, value: Option<&Value>) -> Option<String> {
    let Some(value) = value else { return Some("the connection to it was lost".to_owned()) };
    let text = value.text();
    match (question, value) {
        // Servers before 7.0 cannot be asked what a user may do, and a user may be forbidden to ask.
        (Question::May, Value::Error(_)) => None,
        (Question::May, _) => (text != "OK").then_some(text),
        (_, Value::Error(_)) => Some(format!("it answers: {text}")),
        _ => None,
    }
}

impl Trial {
    /// The reply: an error unless it begins with OK.
    fn verdict(&self) -> String {
        let peers = || self.subjects.iter().filter(|it| it.is_peer);
        let usable = 1 + peers().filter(|it| it.complaint.is_none()).count();
        let voters = 1 + peers().count();
        let mut missing = Vec::new();
        if usable < self.quorum {
            missing.push(
                "Not enough available Sentinels to reach the specified quorum for this master",
            );
        }
        if usable < voters / 2 + 1 {
            missing.push(
                "Not enough available Sentinels to reach the majority and authorize a failover",
            );
        }
        let mut text = match missing.is_empty() {
            true => format!(
                "OK {usable} usable Sentinels. Quorum and failover authorization can be reached"
            ),
            false => format!("NOQUORUM {usable} usable Sentinels. {}", missing.join(". ")),
        };
        for subject in &self.subjects {
            if let Some(complaint) = &subject.complaint {
                text += &format!(". {}: {complaint}", subject.about);
            }
        }
        text
    }
}

impl Sentinel {
    /// A question of a trial was answered; none: it will not be.
    pub(crate) fn trial_answered(&mut self, question: u64, value: Option<&Value>) {
        if let Some(trial) = self.clients.trials.answered(question, value) {
            self.end_trial(&trial);
        }
    }

    /// Trials whose time is up are given up.
    pub(crate) fn end_late_trials(&mut self, now: Instant) {
        while let Some(trial) = self.clients.trials.take_late(now) {
            self.end_trial(&trial);
        }
    }

    fn end_trial(&mut self, trial: &Trial) {
        let waits = self.clients.get(trial.conn).is_some_and(|it| it.id == trial.session);
        if !waits {
            return;
        }
        let verdict = trial.verdict();
        self.answer(trial.conn, |w| match verdict.starts_with("OK") {
            true => w.simple(&verdict),
            false => w.error(verdict.as_bytes()),
        });
        self.unpark(trial.conn);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn a_verdict_begins_with_redis_s_words_and_goes_on_with_names() {
        let subject = |is_peer: bool, at: usize, complaint: Option<&str>| Subject {
            about: format!("{at}"),
            is_peer,
            open: 0,
            complaint: complaint.map(str::to_owned),
        };
        let verdict = |quorum: usize, subjects: Vec<Subject>| {
            let (conn, session, until) = (ConnId(1), 1, Instant::ZERO);
            Trial { conn, session, until, quorum, subjects }.verdict() + "\n"
        };
        let (good, bad) = (None, Some("no"));
        let all = [
            verdict(2, vec![subject(true, 1, good), subject(true, 2, good)]),
            verdict(4, vec![subject(true, 1, good), subject(true, 2, good)]),
            verdict(1, vec![subject(true, 1, bad), subject(true, 2, bad)]),
            verdict(2, vec![subject(true, 1, bad), subject(true, 2, bad)]),
            verdict(2, vec![subject(true, 1, good), subject(true, 2, bad), subject(false, 3, bad)]),
        ];
        expect![[r#"
            OK 3 usable Sentinels. Quorum and failover authorization can be reached
            NOQUORUM 3 usable Sentinels. Not enough available Sentinels to reach the specified quorum for this master
            NOQUORUM 1 usable Sentinels. Not enough available Sentinels to reach the majority and authorize a failover. 1: no. 2: no
            NOQUORUM 1 usable Sentinels. Not enough available Sentinels to reach the specified quorum for this master. Not enough available Sentinels to reach the majority and authorize a failover. 1: no. 2: no
            OK 2 usable Sentinels. Quorum and failover authorization can be reached. 2: no. 3: no
        "#]].assert_eq(&all.concat());
    }

    #[test]
    fn answers_that_say_nothing_against_anybody_are_no_complaints() {
        let error = |text: &str| Value::Error(text.as_bytes().to_vec());
        let bulk = |text: &str| Value::Bulk(text.as_bytes().to_vec());
        for (question, value, fine) in [
            (Question::May, error("ERR unknown command 'ACL'"), true),
            (Question::May, error("NOPERM no"), true),
            (Question::May, Value::Simple(b"OK".to_vec()), true),
            (Question::May, bulk("User x has no permissions to run the 'slaveof' command"), false),
            (Question::Ping, Value::Simple(b"PONG".to_vec()), true),
            (Question::Ping, error("LOADING Redis is loading"), false),
            (Question::Name, Value::Array(Vec::new()), true),
            (Question::Name, error("ERR No such master with that name"), false),
        ] {
            assert_eq!(complaint(question, Some(&value)).is_none(), fine, "{question:?} {value:?}");
        }
    }
}
