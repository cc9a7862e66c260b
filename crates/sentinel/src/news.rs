//! What a Sentinel tells the world: events, on channels of their name and in the log; and scripts.

use crate::address::{Address, Names};
use crate::group::{Group, GroupId, Instance};
use crate::ledger::Ledger;
use crate::links::Links;
use crate::me::Me;
use std::collections::VecDeque;
use stdx::{Instant, Prng, WallTime};
use world::{Exit, Level};

/// One thing to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// Logged, published, and where it is a warning told to the notification script of its group.
    Event { level: Level, name: &'static str, text: String, group: Option<GroupId> },
    /// Logged only.
    Line { level: Level, text: String },
    /// The client reconfiguration script of a group runs with these arguments.
    Reconfigure { group: GroupId, arguments: Vec<String> },
    /// SENTINEL SIMULATE-FAILURE: the process ends here.
    Crash,
    /// The process ends when the disk has the state.
    Exit(Exit),
}

/// What the decisions about a group may use.
pub(crate) struct Cx<'a> {
    pub(crate) now: Instant,
    pub(crate) wall: WallTime,
    pub(crate) me: &'a mut Me,
    pub(crate) links: &'a mut Links,
    pub(crate) ledger: &'a mut Ledger,
    pub(crate) names: &'a mut Names,
    pub(crate) news: &'a mut VecDeque<News>,
    pub(crate) prng: &'a mut Prng,
}

impl Cx<'_> {
    /// The state that has to survive has changed: what is told from now on waits for the disk.
    pub(crate) fn changed(&mut self) {
        self.ledger.change();
    }

    /// An event about an instance of a group: `slave 10.0.0.2:6379 10.0.0.2 6379 @ name 10.0.0.1 6379` and `more`.
    pub(crate) fn event(
        &mut self,
        level: Level,
        name: &'static str,
        group: &Group,
        about: &Instance,
        more: &str,
    ) {
        let text = format!("{}{more}", describe(group, about, self.names));
        self.plain(level, name, Some(group.id), text);
    }

    /// An event in words of its own.
    pub(crate) fn plain(
        &mut self,
        level: Level,
        name: &'static str,
        group: Option<GroupId>,
        text: String,
    ) {
        self.news.push_back(News::Event { level, name, text, group });
    }

    /// A line for the log.
    pub(crate) fn log(&mut self, level: Level, text: String) {
        self.news.push_back(News::Line { level, text });
    }

    /// The client reconfiguration script is told, if there is one.
    pub(crate) fn reconfigure_clients(
        &mut self,
        group: &Group,
        role: &str,
        from: &Address,
        to: &Address,
    ) {
        if group.settings.client_reconfig_script.is_empty() {
            return;
        }
        let arguments = vec![
            group.name.clone(),
            role.to_owned(),
            "start".to_owned(),
            self.names.announced(&from.host),
            from.port.to_string(),
            self.names.announced(&to.host),
            to.port.to_string(),
        ];
        self.news.push_back(News::Reconfigure { group: group.id, arguments });
    }

    /// A number that no instance or group had before.
    pub(crate) fn fresh_id(&mut self) -> u64 {
        self.me.made += 1;
        self.me.made
    }
}

/// What Redis calls an instance in an event.
pub(crate) fn describe(group: &Group, about: &Instance, names: &Names) -> String {
    let place = |address: &Address| format!("{} {}", names.announced(&address.host), address.port);
    let primary = &group.primary;
    if about.id == primary.id {
        return format!("master {} {}", group.name, place(&primary.address));
    }
    let kind = match group.replica(about.id) {
        Some(_) => "slave",
        None => "sentinel",
    };
    format!(
        "{kind} {} {} @ {} {}",
        about.name,
        place(&about.address),
        group.name,
        place(&primary.address)
    )
}
