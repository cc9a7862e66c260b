//! The group as it is now: which server is the master, how far each one is, what the Sentinels think, what happened.

use client::field;
use resp::Value;
use stdx::Instant;
use sys::clock;

use super::Introduction;
use super::events::{Event, Events};
use super::group::{Group, NAME};
use super::member::{Change, Member, Program};
use super::out::Out;
use super::screen::{self, Line, Screen, Tone};

/// How often the picture is drawn anew.
const DRAW_MS: u64 = 500;
/// The same sentence within this time is the same event, told by another Sentinel.
const SAME_MS: u64 = 15_000;
/// How many events are kept.
const EVENTS_MAX: usize = 200;

/// The live picture: drawn over itself on a terminal; elsewhere a line for each thing that changes.
pub(super) struct Picture {
    out: Out,
    screen: Option<Screen>,
    introduction: Introduction,
    drawn: Option<Instant>,
    /// What was said of each member last, where lines are printed.
    said: Vec<String>,
    listener: Events,
    events: Vec<(Instant, String, String)>,
}

/// What is known of a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    program: Program,
    port: u16,
    pid: Option<u32>,
    state: State,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Dead,
    Silent,
    Master { replicas: String, offset: u64 },
    Replica { of: String, is_linked: bool, offset: u64 },
    Sentinel { master: u16, status: String, replicas: String, sentinels: String },
}

impl Picture {
    pub(super) fn new(out: Out, introduction: Introduction) -> Picture {
        let screen = screen::can_draw().then(|| Screen::begin(out.clone()));
        let (listener, events) = (Events::default(), Vec::new());
        Picture { out, screen, introduction, drawn: None, said: Vec::new(), listener, events }
    }

    /// Something happened to a member.
    pub(super) fn note(&mut self, member: &Member, change: &Change) {
        let what = match change {
            Change::Died(how) => format!("has died ({how})"),
            Change::Restarted => "was started again".to_owned(),
        };
        self.add(format!("{} {what}", member.called()));
    }

    fn add(&mut self, sentence: String) {
        let now = clock::instant();
        let is_known = |(at, _, it): &(Instant, String, String)| {
            now.ms_since(*at) < SAME_MS && *it == sentence
        };
        if self.events.iter().any(is_known) {
            return;
        }
        if self.screen.is_none() {
            self.out.say(&format!("{}  {sentence}", time()));
        }
        self.events.push((now, time(), sentence));
        if self.events.len() > EVENTS_MAX {
            self.events.remove(0);
        }
    }

    /// Looks, and shows what is to be shown.
    pub(super) fn show(&mut self, group: &mut Group) {
        let events = self.listener.take(group);
        events.iter().filter_map(Event::sentence).for_each(|sentence| self.add(sentence));
        let now = clock::instant();
        if self.drawn.is_some_and(|at| now.ms_since(at) < DRAW_MS) {
            return;
        }
        self.drawn = Some(now);
        let rows: Vec<Row> = group.members.iter_mut().map(look).collect();
        if let Some(screen) = &mut self.screen {
            let events: Vec<String> =
                self.events.iter().map(|(_, time, what)| format!("{time}  {what}")).collect();
            screen.draw(lines(&rows, &self.introduction, &events, screen::size()));
        } else {
            self.print_changes(&rows);
        }
    }

    /// Offsets grow all the time; what they belong to is worth a line when it changes.
    fn print_changes(&mut self, rows: &[Row]) {
        self.said.resize(rows.len(), String::new());
        let leader = leader(rows);
        for (row, said) in rows.iter().zip(&mut self.said) {
            let (state, _) = row.state(leader);
            if state != *said {
                let head = format!("{:<9} 127.0.0.1:{:<6}", row.program.word(), row.port);
                let detail = row.detail();
                self.out.say(&format!("{}  {head} {state}{detail}", time()));
                *said = state;
            }
        }
    }
}

/// The time of day, as logs have it.
fn time() -> String {
    let at = clock::local(clock::wall());
    format!("{:02}:{:02}:{:02}.{:03}", at.hour, at.minute, at.second, at.ms)
}

/// The port of the master: what most Sentinels say, or what the servers say where there are none.
fn leader(rows: &[Row]) -> Option<u16> {
    let named: Vec<u16> = (rows.iter())
        .filter_map(|row| match &row.state {
            State::Sentinel { master, .. } => Some(*master),
            _ => None,
        })
        .collect();
    let votes = |port: u16| named.iter().filter(|it| **it == port).count();
    let most = named.iter().copied().max_by_key(|port| votes(*port));
    most.or_else(|| {
        rows.iter().find(|it| matches!(it.state, State::Master { .. })).map(|it| it.port)
    })
}

impl Row {
    /// What it is in words, and how that is to be taken.
    fn state(&self, leader: Option<u16>) -> (String, Tone) {
        match &self.state {
            State::Dead => ("dead".to_owned(), Tone::Bad),
            State::Silent => ("does not answer".to_owned(), Tone::Bad),
            State::Master { .. } if leader.is_some_and(|it| it != self.port) => {
                let master = leader.unwrap_or_default();
                (format!("stale MASTER, now it is {master}"), Tone::Bad)
            }
            State::Master { replicas, .. } => {
                let plural = if replicas == "1" { "" } else { "s" };
                (format!("MASTER, {replicas} replica{plural}"), Tone::Good)
            }
            State::Replica { of, is_linked: true, .. } => (format!("replica of {of}"), Tone::Plain),
            State::Replica { of, .. } => (format!("replica of {of}, link down"), Tone::Bad),
            State::Sentinel { master, status, .. } if status == "ok" => {
                (format!("watches {master}: ok"), Tone::Plain)
            }
            State::Sentinel { master, status, .. } => {
                (format!("watches {master}: {status}"), Tone::Bad)
            }
        }
    }

    /// What changes all the time, behind the state in a line.
    fn detail(&self) -> String {
        let pid = self.pid.map(|pid| format!("  pid {pid}")).unwrap_or_default();
        match &self.state {
            State::Master { offset, .. } | State::Replica { offset, .. } => {
                format!("  offset {offset}{pid}")
            }
            State::Sentinel { replicas, sentinels, .. } => {
                format!("  replicas {replicas}, Sentinels {sentinels}{pid}")
            }
            State::Dead | State::Silent => pid,
        }
    }

    fn offset(&self) -> Option<u64> {
        match self.state {
            State::Master { offset, .. } | State::Replica { offset, .. } => Some(offset),
            _ => None,
        }
    }
}

/// The whole picture for a screen of these columns and rows.
fn lines(
    rows: &[Row],
    introduction: &Introduction,
    events: &[String],
    size: (u16, u16),
) -> Vec<Line> {
    let (columns, height) = (usize::from(size.0), usize::from(size.1));
    // The column of states takes what the others leave, up to what is ever said.
    let width = columns.saturating_sub(50).clamp(29, 36);
    let title = |name: &str, what: &str, a: &str, b: &str| {
        let text = format!(" {name:<9} {:>5}  {what:<width$} {a:>13} {b:>9} {:>7}", "PORT", "PID");
        Line::of(Tone::Strong, text)
    };
    let leader = leader(rows);
    let ahead = rows.iter().find(|it| Some(it.port) == leader).and_then(Row::offset);
    let mut shown = Vec::new();
    for (program, head) in [
        (Program::Server, title("SERVER", "STATE", "OFFSET", "BEHIND")),
        (Program::Sentinel, title("SENTINEL", "STATE", "REPLICAS", "SENTINELS")),
    ] {
        let rows: Vec<&Row> = rows.iter().filter(|it| it.program == program).collect();
        if rows.is_empty() {
            continue;
        }
        shown.push(head);
        shown.extend(rows.into_iter().map(|row| table_row(row, leader, ahead, width)));
        shown.push(Line::default());
    }
    let master = rows.iter().find(|it| Some(it.port) == leader).map(|it| (it.port, it.pid));
    let introduction = introduction.lines(master);
    shown.extend(introduction.iter().map(|it| Line::of(Tone::Plain, format!(" {it}"))));
    let room = height.saturating_sub(shown.len() + 1);
    if room > 0 && !events.is_empty() {
        shown.push(Line::default());
        let first = events.len().saturating_sub(room);
        shown.extend(events[first..].iter().map(|it| Line::of(Tone::Plain, format!(" {it}"))));
    }
    shown
}

fn table_row(row: &Row, leader: Option<u16>, ahead: Option<u64>, width: usize) -> Line {
    let (state, tone) = row.state(leader);
    let (a, b) = match &row.state {
        State::Master { offset, .. } => (offset.to_string(), String::new()),
        State::Replica { offset, .. } => {
            let behind = ahead.map(|it| it.saturating_sub(*offset).to_string());
            (offset.to_string(), behind.unwrap_or_default())
        }
        State::Sentinel { replicas, sentinels, .. } => (replicas.clone(), sentinels.clone()),
        State::Dead | State::Silent => (String::new(), String::new()),
    };
    let pid = row.pid.map(|pid| pid.to_string()).unwrap_or_default();
    Line::of(Tone::Plain, format!(" {:<9} {:>5}  ", row.program.word(), row.port))
        .with(tone, format!("{state:<width$}"))
        .with(Tone::Plain, format!(" {a:>13} {b:>9} {pid:>7}"))
}

fn look(member: &mut Member) -> Row {
    let (program, port, pid) = (member.program, member.port, member.pid());
    let state = match (pid, program) {
        (None, _) => State::Dead,
        (_, Program::Server) => look_at_server(member),
        (_, Program::Sentinel) => look_at_sentinel(member).unwrap_or(State::Silent),
    };
    Row { program, port, pid, state }
}

fn look_at_server(member: &mut Member) -> State {
    let Some(info) = member.ask(&["INFO", "replication"]).map(|it| it.text()) else {
        return State::Silent;
    };
    let get = |name: &str| field(&info, name).unwrap_or_default().to_owned();
    let offset = get("master_repl_offset").parse().unwrap_or(0);
    if get("role") == "master" {
        return State::Master { replicas: get("connected_slaves"), offset };
    }
    let is_linked = get("master_link_status") == "up";
    State::Replica { of: get("master_port"), is_linked, offset }
}

fn look_at_sentinel(member: &mut Member) -> Option<State> {
    let address = member.ask(&["SENTINEL", "get-master-addr-by-name", NAME]);
    let Some(Value::Array(items)) = address else { return None };
    let master = items.get(1)?.text().parse().ok()?;
    let info = member.ask(&["INFO", "sentinel"])?.text();
    let line = field(&info, "master0").unwrap_or_default();
    let of =
        |name: &str| line.split(',').find_map(|it| it.strip_prefix(name)).unwrap_or("?").to_owned();
    let (status, replicas, sentinels) = (of("status="), of("slaves="), of("sentinels="));
    Some(State::Sentinel { master, status, replicas, sentinels })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Row> {
        let row = |program, port, state| Row { program, port, pid: Some(1_234_567), state };
        let master = |offset| State::Master { replicas: "2".to_owned(), offset };
        let replica = |is_linked| State::Replica { of: "47002".to_owned(), is_linked, offset: 40 };
        let sentinel = || State::Sentinel {
            master: 47_002,
            status: "ok".to_owned(),
            replicas: "2".to_owned(),
            sentinels: "3".to_owned(),
        };
        vec![
            row(Program::Server, 47_001, master(90)),
            row(Program::Server, 47_002, master(50)),
            row(Program::Server, 47_003, replica(true)),
            row(Program::Server, 47_004, replica(false)),
            row(Program::Server, 47_005, State::Silent),
            row(Program::Sentinel, 57_001, sentinel()),
            row(Program::Sentinel, 57_002, sentinel()),
        ]
    }

    #[test]
    fn a_master_that_the_sentinels_left_is_stale() {
        let rows = rows();
        let leader = leader(&rows);
        let states: Vec<String> = rows.iter().map(|row| row.state(leader).0).collect();
        let want = [
            "stale MASTER, now it is 47002",
            "MASTER, 2 replicas",
            "replica of 47002",
            "replica of 47002, link down",
            "does not answer",
            "watches 47002: ok",
            "watches 47002: ok",
        ];
        assert_eq!(states, want);
    }

    #[test]
    fn the_table_fits_into_80_columns_and_events_into_what_is_left() {
        let introduction = Introduction::default();
        let events: Vec<String> = (0..100).map(|n| format!("event {n}")).collect();
        for size in [(80, 24), (100, 40), (200, 50)] {
            let lines = lines(&rows(), &introduction, &events, size);
            assert_eq!(lines.len(), usize::from(size.1), "{size:?}");
            let table = &lines[..9];
            let widths: Vec<usize> = table.iter().map(|line| line.text().chars().count()).collect();
            assert!(widths.iter().all(|width| *width <= 80 || size.0 > 80), "{widths:?}");
            assert_eq!(widths.iter().filter(|it| **it > 0).min(), widths.iter().max(), "{size:?}");
            assert_eq!(lines.last().map(Line::text).as_deref(), Some(" event 99"));
            assert!(lines[3].text().contains("replica of 47002 "), "{:?}", lines[3]);
            assert!(lines[3].text().contains(" 10 "), "it is ten bytes behind: {:?}", lines[3]);
        }
        assert!(lines(&rows(), &introduction, &events, (80, 5)).len() >= 9, "the screen cuts");
    }
}
