//! The demonstration: a counter is written, the master is killed, and what follows is shown.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use client::Client;
use resp::Value;
use stdx::Instant;
use sys::clock;

use super::events::{Event, Events};
use super::group::{Group, NAME};
use super::member::Change;
use super::out::Out;

/// How long the counter is written before and after the master's death.
const WRITE_MS: u64 = 2000;
/// How long the group may take to heal.
const PATIENCE_MS: u64 = 60_000;
const KEY: &str = "regent-up:counter";

/// What a Sentinel announces that stood and was not elected.
const GIVES_UP: &str = "-failover-abort-not-elected";
/// How long nothing may happen before we say what we wait for.
const SILENCE_MS: u64 = 2000;

/// A client that asks the Sentinels where to write.
struct Writer {
    client: Option<Client>,
    /// The last value that a master has acknowledged.
    acknowledged: i64,
    writes: u64,
}

impl Writer {
    /// One write. None where it was not acknowledged.
    fn write(&mut self, group: &mut Group) -> Option<i64> {
        if self.client.is_none() {
            self.client = find_master(group);
        }
        match self.client.as_mut()?.command(&["INCR", KEY]) {
            Ok(Value::Int(value)) => {
                self.writes += 1;
                Some(value)
            }
            _ => {
                self.client = None;
                None
            }
        }
    }
}

/// A connection to where the Sentinels say that the master is.
fn find_master(group: &mut Group) -> Option<Client> {
    let ask = ["SENTINEL", "get-master-addr-by-name", NAME];
    let replies: Vec<Value> = group.sentinels().filter_map(|it| it.ask(&ask)).collect();
    for reply in replies {
        let Value::Array(items) = reply else { continue };
        let port: u16 = items.get(1)?.text().parse().ok()?;
        let found = group.servers().find(|it| it.port == port).and_then(|it| it.connect().ok());
        if found.is_some() {
            return found;
        }
    }
    None
}

/// Runs it. Everything is up.
pub(super) fn run(group: &mut Group, stopped: &mut impl FnMut() -> bool) -> Result<()> {
    let out = group.out.clone();
    let mut story = Story::new(out.clone());
    // What was announced before has nothing to do with what follows.
    story.listener.take(group);
    let mut writer = Writer { client: None, acknowledged: 0, writes: 0 };
    out.say("A counter is incremented, one write after the other:");
    let until = clock::instant().after_ms(WRITE_MS);
    while clock::instant() < until && !stopped() {
        if let Some(value) = writer.write(group) {
            writer.acknowledged = value;
        }
    }
    let before = writer.acknowledged;
    if stopped() {
        return Ok(());
    }
    if before == 0 {
        bail!("no write was acknowledged");
    }
    out.say(&format!("  {} writes acknowledged, the counter is at {before}\n", writer.writes));
    let master = group.master().context("nobody is the master")?;
    let (port, pid) = (group.members[master].port, group.members[master].pid());
    let pid = pid.context("the master has ended by itself")?;
    story.killed = clock::instant();
    group.members[master].kill();
    story.victim = port;
    out.say(&format!("The master, 127.0.0.1:{port}, process {pid}, is killed:"));
    let Some((first, resumed)) = write_again(group, &mut writer, &mut story, stopped)? else {
        return Ok(());
    };
    // The first increment that succeeded says what the new master had.
    let lost = (before - (first - 1)).max(0);
    let refused = resumed.ms_since(story.killed);
    story.say(resumed, "the first write is accepted again");
    let until = clock::instant().after_ms(WRITE_MS);
    while clock::instant() < until && !stopped() {
        writer.write(group);
        story.go_on(group)?;
    }
    if wait_until_whole(group, &mut story, stopped)? {
        out.say(&format!(
            "\nWrites were refused for {refused} ms. Of {before} acknowledged writes {lost} were lost."
        ));
    }
    Ok(())
}

/// Writes until a write is accepted; its value, and when it was.
fn write_again(
    group: &mut Group,
    writer: &mut Writer,
    story: &mut Story,
    stopped: &mut impl FnMut() -> bool,
) -> Result<Option<(i64, Instant)>> {
    writer.client = None;
    while !stopped() {
        story.go_on(group)?;
        if let Some(value) = writer.write(group) {
            return Ok(Some((value, clock::instant())));
        }
        if clock::instant().ms_since(story.killed) > PATIENCE_MS {
            bail!("nobody has become the master");
        }
        sys::thread::sleep(Duration::from_millis(5));
    }
    Ok(None)
}

/// The killed one is started again and follows. False where it was stopped before.
fn wait_until_whole(
    group: &mut Group,
    story: &mut Story,
    stopped: &mut impl FnMut() -> bool,
) -> Result<bool> {
    while !stopped() {
        story.go_on(group)?;
        if group.members.iter().all(|it| it.pid().is_some()) && group.is_whole() {
            story.say(clock::instant(), "one master, and everybody else follows it");
            return Ok(true);
        }
        if clock::instant().ms_since(story.killed) > PATIENCE_MS {
            bail!("the group does not come together again");
        }
        story.break_silence();
        sys::thread::sleep(Duration::from_millis(20));
    }
    Ok(false)
}

/// What happens, told line by line.
struct Story {
    out: Out,
    killed: Instant,
    /// The port of the one that was killed.
    victim: u16,
    is_back: bool,
    listener: Events,
    /// What was told already: most of it is said by every Sentinel.
    told: Vec<(String, String)>,
    /// The Sentinel that leads the failover.
    leader: Option<u16>,
    /// Who gave up while no leader was known. It is no step of what happens where another was elected.
    held: Vec<(Instant, Event)>,
    last: Instant,
    /// It was said what we wait for, since the last line.
    is_explained: bool,
}

impl Story {
    fn new(out: Out) -> Story {
        let now = clock::instant();
        Story {
            out,
            killed: now,
            victim: 0,
            is_back: false,
            listener: Events::default(),
            told: Vec::new(),
            leader: None,
            held: Vec::new(),
            last: now,
            is_explained: false,
        }
    }

    fn say(&mut self, at: Instant, what: &str) {
        self.out.say(&format!("{:>7} ms  {what}", at.ms_since(self.killed)));
        self.last = clock::instant();
        self.is_explained = false;
    }

    /// Looks after the members and prints what the Sentinels have announced since.
    fn go_on(&mut self, group: &mut Group) -> Result<()> {
        for at in 0..group.members.len() {
            let member = &mut group.members[at];
            let called = member.called();
            match member.look(true)? {
                Some(Change::Restarted) => {
                    self.is_back |= member.port == self.victim;
                    self.say(clock::instant(), &format!("{called} is started again"));
                }
                Some(Change::Died(status)) if member.port != self.victim || self.is_back => {
                    self.say(clock::instant(), &format!("{called} has died ({status})"));
                }
                _ => {}
            }
        }
        for event in self.listener.take(group) {
            match event.channel.as_str() {
                "+elected-leader" => self.leader = Some(event.sentinel),
                GIVES_UP => {
                    self.held.push((clock::instant(), event));
                    continue;
                }
                _ => {}
            }
            self.tell(event);
        }
        if let Some(leader) = self.leader {
            self.held.retain(|(_, event)| event.sentinel == leader);
        }
        let is_due = |(at, _): &mut (Instant, Event)| clock::instant().ms_since(*at) > SILENCE_MS;
        let due: Vec<(Instant, Event)> = self.held.extract_if(.., is_due).collect();
        due.into_iter().for_each(|(_, event)| self.tell(event));
        Ok(())
    }

    fn tell(&mut self, event: Event) {
        let is_said = (event.channel, event.message);
        if self.told.contains(&is_said) {
            return;
        }
        let what = format!("Sentinel {}  {} {}", event.sentinel, is_said.0, is_said.1);
        self.told.push(is_said);
        self.say(clock::instant(), &what);
    }

    /// A pause without a line looks like an end.
    fn break_silence(&mut self) {
        let now = clock::instant();
        if self.is_explained || now.ms_since(self.last) < SILENCE_MS {
            return;
        }
        let what = match self.is_back {
            true => {
                "(the old master is back; Sentinels watch it for some seconds, then make it a replica)"
            }
            false => "(the old master is started again soon)",
        };
        self.say(now, what);
        self.is_explained = true;
    }
}
