//! A topology for people: branches, colours where the terminal has them.

use super::member::{Address, Facts, Opinion, Server, State, Topology, View, written};
use crate::screen;

/// The whole drawing.
pub(super) fn draw(topology: &Topology, has_colors: bool) -> String {
    let pen = Pen { has_colors };
    let mut text = String::new();
    for (at, tree) in topology.trees.iter().enumerate() {
        if at > 0 {
            text.push('\n');
        }
        pen.branch(&mut text, tree, "", "");
    }
    let mut names: Vec<&str> = topology.views.iter().map(|view| view.name.as_str()).collect();
    names.dedup();
    for name in names {
        let views: Vec<&View> = topology.views.iter().filter(|view| view.name == name).collect();
        pen.sentinels(&mut text, name, &views);
    }
    text
}

struct Pen {
    has_colors: bool,
}

const GOOD: &str = "32";
const BAD: &str = "31";
const FAIR: &str = "33";
const FAINT: &str = "90";
const STRONG: &str = "1";

impl Pen {
    fn paint(&self, color: &str, text: &str) -> String {
        match self.has_colors {
            true => format!("\x1b[{color}m{text}\x1b[0m"),
            false => text.to_owned(),
        }
    }

    /// A server behind `sign`, and what is below it behind `margin`.
    fn branch(&self, text: &mut String, server: &Server, sign: &str, margin: &str) {
        *text += &format!("{}{}\n", self.paint(FAINT, sign), self.line(server));
        for (at, replica) in server.replicas.iter().enumerate() {
            let is_last = at + 1 == server.replicas.len();
            let (branch, below) = if is_last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            self.branch(text, replica, &format!("{margin}{branch}"), &format!("{margin}{below}"));
        }
    }

    fn line(&self, server: &Server) -> String {
        let mut parts = vec![self.paint(STRONG, &written(&server.address))];
        match &server.state {
            State::Reached(facts) => self.push_facts(&mut parts, server.role(), facts),
            State::Unreachable(reason) => {
                parts.push(self.paint(BAD, &format!("unreachable: {reason}")));
            }
        }
        if let Some(report) = &server.report {
            let is_online = report.state == "online";
            parts.push(self.paint(if is_online { GOOD } else { FAIR }, &report.state));
            let lag = screen::bytes(report.lag_bytes);
            let lag = format!("lag {lag} {}s", report.lag_secs);
            let is_close = report.lag_secs <= 1;
            parts.push(if is_close { lag } else { self.paint(FAIR, &lag) });
        }
        parts.join("  ")
    }

    fn push_facts(&self, parts: &mut Vec<String>, role: &str, facts: &Facts) {
        let color = if facts.upstream.is_none() { GOOD } else { "36" };
        parts.push(self.paint(color, role));
        if let Some(upstream) = &facts.upstream {
            parts.push(match (upstream.is_up, upstream.is_syncing) {
                (true, _) => "link up".to_owned(),
                (false, true) => self.paint(FAIR, "link down, synchronizing"),
                (false, false) => self.paint(BAD, "link down"),
            });
        }
        parts.push(format!("offset {}", facts.offset));
        parts.push(self.paint(FAINT, &facts.version));
    }

    fn sentinels(&self, text: &mut String, name: &str, views: &[&View]) {
        let opinions: Vec<&Opinion> =
            views.iter().filter_map(|view| view.opinion.as_ref().ok()).collect();
        let quorum = opinions.iter().map(|it| it.quorum).max().unwrap_or_default();
        *text += &format!("\nSentinels of {}, quorum {quorum}\n", self.paint(STRONG, name));
        for view in views {
            let line = match &view.opinion {
                Ok(opinion) => self.opinion(opinion),
                Err(reason) => self.paint(BAD, &format!("unreachable: {reason}")),
            };
            *text += &format!("  {}  {line}\n", written(&view.sentinel));
        }
        let mut primaries: Vec<&Address> = opinions.iter().map(|it| &it.primary).collect();
        primaries.sort();
        primaries.dedup();
        if primaries.len() > 1 {
            let primaries: Vec<String> = primaries.into_iter().map(written).collect();
            let verdict = format!("  they disagree: {}", primaries.join(" or "));
            *text += &format!("{}\n", self.paint(BAD, &verdict));
        }
    }

    fn opinion(&self, opinion: &Opinion) -> String {
        let down = opinion.flags.iter().filter(|flag| *flag != "master");
        let down: Vec<&str> = down.map(String::as_str).collect();
        let state = match &down[..] {
            [] => self.paint(GOOD, "up"),
            flags => self.paint(BAD, &flags.join(",")),
        };
        let mut text = format!(
            "sees {} {state}, epoch {}, {}, {}",
            written(&opinion.primary),
            opinion.epoch,
            counted(opinion.replicas.len() as i64, "replica"),
            counted(opinion.other_sentinels, "other Sentinel"),
        );
        if let Some(failover) = &opinion.failover {
            text += &self.paint(FAIR, &format!(", failover: {failover}"));
        }
        for (address, flags) in &opinion.replicas {
            let flags: Vec<&str> =
                flags.iter().map(String::as_str).filter(|flag| *flag != "slave").collect();
            if !flags.is_empty() {
                let replica = format!(", {} {}", written(address), flags.join(","));
                text += &self.paint(FAIR, &replica);
            }
        }
        text
    }
}

fn counted(count: i64, what: &str) -> String {
    let end = if count == 1 { "" } else { "s" };
    format!("{count} {what}{end}")
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::member::{Report, Upstream};
    use super::*;

    fn place(port: u16) -> Address {
        ("h".to_owned(), port)
    }

    fn server(port: u16, above: Option<u16>, replicas: Vec<Server>) -> Server {
        let upstream =
            above.map(|port| Upstream { address: place(port), is_up: true, is_syncing: false });
        let facts = Facts { version: "7.2.6".to_owned(), offset: 9, upstream, ..Facts::default() };
        let report = above.map(|_| Report {
            address: place(port),
            state: "online".to_owned(),
            lag_bytes: 5,
            lag_secs: 0,
        });
        Server { address: place(port), state: State::Reached(facts), report, replicas }
    }

    /// A chain of three beside a replica that is gone, and two Sentinels of different minds.
    pub(in super::super) fn example() -> Topology {
        let mut gone = server(4, Some(1), vec![]);
        gone.state = State::Unreachable("Connection refused".to_owned());
        let chain = server(2, Some(1), vec![server(3, Some(2), vec![])]);
        let opinion = |port| Opinion {
            primary: place(port),
            flags: vec!["master".to_owned()],
            epoch: 1,
            quorum: 2,
            other_sentinels: 1,
            failover: None,
            replicas: vec![(place(4), vec!["slave".to_owned(), "s_down".to_owned()])],
        };
        let view = |at, port| View {
            sentinel: place(at),
            name: "m".to_owned(),
            opinion: Ok(opinion(port)),
        };
        Topology {
            trees: vec![server(1, None, vec![chain, gone])],
            views: vec![view(91, 1), view(92, 2)],
        }
    }

    #[test]
    fn trees_have_branches_and_sentinels_opinions() {
        let want = "\
h:1  primary  offset 9  7.2.6
├─ h:2  replica  link up  offset 9  7.2.6  online  lag 5B 0s
│  └─ h:3  replica  link up  offset 9  7.2.6  online  lag 5B 0s
└─ h:4  unreachable: Connection refused  online  lag 5B 0s

Sentinels of m, quorum 2
  h:91  sees h:1 up, epoch 1, 1 replica, 1 other Sentinel, h:4 s_down
  h:92  sees h:2 up, epoch 1, 1 replica, 1 other Sentinel, h:4 s_down
  they disagree: h:1 or h:2
";
        assert_eq!(draw(&example(), false), want);
        assert!(draw(&example(), true).contains("\x1b[32mprimary\x1b[0m"));
    }
}
