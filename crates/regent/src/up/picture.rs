//! The group as it is now: who is master, how far everybody is, what the Sentinels think.

use client::field;
use resp::Value;
use stdx::Instant;
use sys::{clock, process};

use super::group::{Group, NAME};
use super::member::{Change, Member, Program};
use super::say;

/// How often the picture is drawn anew.
const DRAW_MS: u64 = 500;

/// The live picture: drawn over itself on a terminal; elsewhere a line for each thing that changes.
pub(super) struct Picture {
    in_place: bool,
    drawn: Option<Instant>,
    /// How many lines the last one took.
    height: usize,
    /// What was said of each member last, where lines are printed.
    said: Vec<String>,
    events: Vec<String>,
}

impl Picture {
    pub(super) fn new() -> Picture {
        let in_place = process::stdout_is_terminal();
        Picture { in_place, drawn: None, height: 0, said: Vec::new(), events: Vec::new() }
    }

    /// Something happened to a member.
    pub(super) fn note(&mut self, member: &Member, change: Change) {
        let what = match change {
            Change::Died => "has died",
            Change::Restarted => "was started again",
        };
        let line =
            format!("{}  the {} on port {} {what}", time(), member.program.word(), member.port);
        match self.in_place {
            true => self.events.push(line),
            false => say(&line),
        }
    }

    /// Looks, and shows what is to be shown.
    pub(super) fn show(&mut self, group: &mut Group) {
        let now = clock::instant();
        if self.drawn.is_some_and(|at| now.ms_since(at) < DRAW_MS) {
            return;
        }
        self.drawn = Some(now);
        let lines: Vec<(String, String)> = group.members.iter_mut().map(describe).collect();
        if self.in_place {
            self.draw(&lines);
        } else {
            self.print_changes(&lines);
        }
    }

    fn draw(&mut self, lines: &[(String, String)]) {
        let mut text = String::new();
        if self.height > 0 {
            // Back to the first line of the last picture, and everything below it away.
            text.push_str(&format!("\x1b[{}A\x1b[J", self.height));
        }
        let mut shown: Vec<String> =
            lines.iter().map(|(what, detail)| format!("  {what}{detail}")).collect();
        let events = self.events.iter().rev().take(5).rev();
        shown.extend(std::iter::once(String::new()).chain(events.map(|it| format!("  {it}"))));
        self.height = shown.len();
        text.push_str(&shown.join("\n"));
        say(&text);
    }

    /// Offsets grow all the time; what they belong to is worth a line when it changes.
    fn print_changes(&mut self, lines: &[(String, String)]) {
        self.said.resize(lines.len(), String::new());
        for ((what, detail), said) in lines.iter().zip(&mut self.said) {
            if what != said {
                say(&format!("{}  {what}{detail}", time()));
                said.clone_from(what);
            }
        }
    }
}

/// The time of day, as logs have it.
pub(super) fn time() -> String {
    let at = clock::local(clock::wall());
    format!("{:02}:{:02}:{:02}.{:03}", at.hour, at.minute, at.second, at.ms)
}

/// What a member is, and details that change all the time.
fn describe(member: &mut Member) -> (String, String) {
    let head = format!("{:<9} 127.0.0.1:{:<6}", member.program.word(), member.port);
    let Some(pid) = member.pid() else { return (format!("{head} dead"), String::new()) };
    let (what, detail) = match member.program {
        Program::Server => describe_server(member),
        Program::Sentinel => describe_sentinel(member),
    };
    (format!("{head} {what}"), format!("{detail}  pid {pid}"))
}

fn describe_server(member: &mut Member) -> (String, String) {
    let Some(info) = member.ask(&["INFO", "replication"]).map(|it| it.text()) else {
        return ("does not answer".to_owned(), String::new());
    };
    let get = |name: &str| field(&info, name).unwrap_or_default().to_owned();
    let offset = format!("  offset {}", get("master_repl_offset"));
    if get("role") == "master" {
        let lag = (0..50).map_while(|at| {
            let line = field(&info, &format!("slave{at}"))?;
            let of = |name: &str| line.split(',').find_map(|it| it.strip_prefix(name));
            Some(format!("{} lag {}", of("port=")?, of("lag=")?))
        });
        let lag: Vec<String> = lag.collect();
        let detail = format!("{offset}  [{}]", lag.join(", "));
        return (format!("MASTER   replicas {}", get("connected_slaves")), detail);
    }
    let what = format!("replica  of {}, link {}", get("master_port"), get("master_link_status"));
    (what, offset)
}

fn describe_sentinel(member: &mut Member) -> (String, String) {
    let text = |value: Option<Value>| value.map(|it| it.text()).unwrap_or_default();
    let address = member.ask(&["SENTINEL", "get-master-addr-by-name", NAME]);
    let port = match address {
        Some(Value::Array(items)) => items.get(1).map(Value::text).unwrap_or_default(),
        _ => return ("does not answer".to_owned(), String::new()),
    };
    let info = text(member.ask(&["INFO", "sentinel"]));
    let line = field(&info, "master0").unwrap_or_default();
    let of = |name: &str| line.split(',').find_map(|it| it.strip_prefix(name)).unwrap_or("?");
    let status = of("status=");
    let what = format!("watches  {port}: {status}");
    (what, format!("  replicas {}, Sentinels {}", of("slaves="), of("sentinels=")))
}
