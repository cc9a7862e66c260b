//! Data into the master, and the sight of it on the replicas.

use anyhow::{Context, Result, bail};
use client::{Client, field};
use sys::{clock, thread};

use super::group::Group;
use super::out::Out;
use super::screen;

/// Keys per round trip.
const BATCH: u64 = 1000;
/// How long the last replica may take after the last write.
const PATIENCE_MS: u64 = 60_000;
const BAR: u64 = 24;
/// How long an answer may take while everybody is busy.
const ANSWER: std::time::Duration = std::time::Duration::from_secs(30);

/// Loads `keys` keys while showing how many each server has, and waits until all have all.
pub(super) fn run(group: &mut Group, keys: u64, stopped: &mut impl FnMut() -> bool) -> Result<()> {
    // The group is new: its first server is its master.
    let (ports, clients): (Vec<u16>, Vec<Option<Client>>) =
        group.servers().map(|it| (it.port, it.connect().ok())).unzip();
    let clients: Option<Vec<Client>> = clients.into_iter().collect();
    let clients = &mut clients.context("a server does not answer")?;
    clients.iter().try_for_each(|client| client.set_timeout(Some(ANSWER)))?;
    let out = group.out.clone();
    out.say(&format!("Loading {keys} keys into the master:"));
    let started = clock::instant();
    let in_place = screen::can_draw();
    let mut progress = Progress { out: out.clone(), ports, keys, shown: None, in_place };
    let mut done = 0;
    while done < keys && !stopped() {
        let upto = keys.min(done + BATCH);
        let requests: Vec<Vec<Vec<u8>>> = (done..upto).map(request).collect();
        let replies = clients[0].pipeline(&requests).context("the master does not answer")?;
        if let Some(error) = replies.iter().find(|reply| reply.is_error()) {
            bail!("the master refuses a write: {}", error.text());
        }
        done = upto;
        progress.show(clients, done)?;
    }
    let loaded = clock::instant();
    let deadline = loaded.after_ms(PATIENCE_MS);
    while !stopped() && !have_caught_up(clients)? {
        if clock::instant() > deadline {
            bail!("the replicas do not catch up");
        }
        thread::sleep(std::time::Duration::from_millis(5));
    }
    progress.shown = None;
    progress.show(clients, done)?;
    if in_place {
        out.say("");
    }
    out.say(&format!(
        "Written in {} ms; the last replica had everything {} ms later.\n",
        loaded.ms_since(started),
        clock::instant().ms_since(loaded),
    ));
    Ok(())
}

/// The n-th write: mostly strings, and some of the other types.
fn request(n: u64) -> Vec<Vec<u8>> {
    let words = match n % 10 {
        7 => vec!["HSET".to_owned(), format!("user:{n}"), "name".to_owned(), format!("user {n}")],
        8 => vec!["RPUSH".to_owned(), format!("queue:{n}"), n.to_string(), "last".to_owned()],
        9 => vec!["ZADD".to_owned(), format!("board:{n}"), n.to_string(), "player".to_owned()],
        _ => vec!["SET".to_owned(), format!("key:{n}"), format!("{n:032}")],
    };
    words.into_iter().map(String::into_bytes).collect()
}

/// True once every replica is where the master is.
fn have_caught_up(clients: &mut [Client]) -> Result<bool> {
    let mut offsets = Vec::new();
    for client in clients.iter_mut() {
        let info = client.command(&["INFO", "replication"])?.text();
        offsets.push(field(&info, "master_repl_offset").map(str::to_owned));
    }
    // The master's offset grows by its pings too; the keys are what counts in the end.
    let sizes = sizes(clients)?;
    let same_offsets = offsets.windows(2).all(|pair| pair[0] == pair[1]);
    Ok(same_offsets && sizes.windows(2).all(|pair| pair[0] == pair[1]))
}

fn sizes(clients: &mut [Client]) -> Result<Vec<String>> {
    let size = |client: &mut Client| Ok(client.command(&["DBSIZE"])?.text());
    clients.iter_mut().map(size).collect()
}

/// A bar that moves, or a line per quarter where nobody watches.
struct Progress {
    out: Out,
    ports: Vec<u16>,
    keys: u64,
    /// The step that is on the screen.
    shown: Option<u64>,
    in_place: bool,
}

impl Progress {
    fn show(&mut self, clients: &mut [Client], done: u64) -> Result<()> {
        let steps = if self.in_place { BAR } else { 4 };
        let step = done * steps / self.keys.max(1);
        if self.shown == Some(step) {
            return Ok(());
        }
        self.shown = Some(step);
        let filled = (done * BAR / self.keys.max(1)) as usize;
        let mut line = format!("  [{:<width$}]", "#".repeat(filled), width = BAR as usize);
        for (at, (port, size)) in self.ports.iter().zip(sizes(clients)?).enumerate() {
            let role = if at == 0 { "master" } else { "replica" };
            line.push_str(&format!("  {role} {port}: {size:>8}"));
        }
        if self.in_place {
            // A line that fills its row would begin the next one.
            let columns = usize::from(screen::size().0).saturating_sub(1);
            let line: String = line.chars().take(columns).collect();
            self.out.write(format!("\r{line}\x1b[K").as_bytes());
        } else {
            self.out.say(&line);
        }
        Ok(())
    }
}
