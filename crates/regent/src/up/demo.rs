//! The demonstration: a counter is written, the master is killed, and what follows is shown.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use client::Client;
use resp::Value;
use stdx::Instant;
use sys::clock;

use super::group::{Group, NAME};
use super::member::Member;
use super::say;

/// How long the counter is written before and after the master's death.
const WRITE_MS: u64 = 2000;
/// How long the group may take to heal.
const PATIENCE_MS: u64 = 60_000;
const KEY: &str = "regent-up:counter";

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
        let found = group.servers().find(|it| it.port == port).and_then(|it| it.connect());
        if found.is_some() {
            return found;
        }
    }
    None
}

/// Runs it. Everything is up.
pub(super) fn run(group: &mut Group, stopped: &mut impl FnMut() -> bool) -> Result<()> {
    let mut events = subscribe(group)?;
    let mut writer = Writer { client: None, acknowledged: 0, writes: 0 };
    say("A counter is incremented, one write after the other:");
    let until = clock::instant().after_ms(WRITE_MS);
    while clock::instant() < until && !stopped() {
        if let Some(value) = writer.write(group) {
            writer.acknowledged = value;
        }
    }
    let before = writer.acknowledged;
    say(&format!("  {} writes acknowledged, the counter is at {before}\n", writer.writes));
    let master = group.master().context("nobody is the master")?;
    say(&format!("The master, 127.0.0.1:{}, is killed:", group.members[master].port));
    let killed = clock::instant();
    group.members[master].kill();
    let resumed = write_again(group, &mut writer, &mut events, killed, stopped)?;
    let Some((first, at)) = resumed else { return Ok(()) };
    // The first increment that succeeded says what the new master had.
    let lost = (before - (first - 1)).max(0);
    say(&format!("{:>7} ms  the first write is accepted again", at.ms_since(killed)));
    let until = clock::instant().after_ms(WRITE_MS);
    while clock::instant() < until && !stopped() {
        writer.write(group);
        show_events(&mut events, killed);
    }
    wait_until_whole(group, &mut events, killed, stopped)?;
    say(&format!(
        "\nWrites were refused for {} ms. Of {before} acknowledged writes {lost} were lost.",
        at.ms_since(killed)
    ));
    Ok(())
}

/// Writes until a write is accepted; its value, and when it was.
fn write_again(
    group: &mut Group,
    writer: &mut Writer,
    events: &mut Client,
    killed: Instant,
    stopped: &mut impl FnMut() -> bool,
) -> Result<Option<(i64, Instant)>> {
    writer.client = None;
    while !stopped() {
        show_events(events, killed);
        if let Some(value) = writer.write(group) {
            return Ok(Some((value, clock::instant())));
        }
        if clock::instant().ms_since(killed) > PATIENCE_MS {
            bail!("nobody has become the master");
        }
        sys::thread::sleep(Duration::from_millis(5));
    }
    Ok(None)
}

/// The killed one is started again and follows.
fn wait_until_whole(
    group: &mut Group,
    events: &mut Client,
    killed: Instant,
    stopped: &mut impl FnMut() -> bool,
) -> Result<()> {
    while !stopped() {
        for at in 0..group.members.len() {
            if group.members[at].look(true)? == Some(super::member::Change::Restarted) {
                let port = group.members[at].port;
                let ms = clock::instant().ms_since(killed);
                say(&format!("{ms:>7} ms  127.0.0.1:{port} is started again"));
            }
        }
        show_events(events, killed);
        if group.members.iter().all(|it| it.pid().is_some()) && group.is_whole() {
            let ms = clock::instant().ms_since(killed);
            say(&format!("{ms:>7} ms  one master, and everybody else follows it"));
            return Ok(());
        }
        if clock::instant().ms_since(killed) > PATIENCE_MS {
            bail!("the group does not come together again");
        }
        sys::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// Listens to what a Sentinel says.
fn subscribe(group: &mut Group) -> Result<Client> {
    let sentinel: &mut Member = group.sentinels().next().context("--demo needs Sentinels")?;
    let mut client = sentinel.connect().context("the first Sentinel does not answer")?;
    client.command(&["PSUBSCRIBE", "*"]).context("the first Sentinel does not answer")?;
    Ok(client)
}

/// Prints what it has said since.
fn show_events(events: &mut Client, killed: Instant) {
    while let Ok(Some(Value::Array(items))) = events.receive_within(Duration::from_millis(1)) {
        if let [_, _, channel, message] = items.as_slice() {
            let ms = clock::instant().ms_since(killed);
            say(&format!("{ms:>7} ms  {} {}", channel.text(), message.text()));
        }
    }
}
