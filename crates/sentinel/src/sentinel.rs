//! The Sentinel as a whole: its groups, its links, its clients, and what it owes the disk.

use crate::address::{Address, Names};
use crate::clients::Clients;
use crate::clock::Clock;
use crate::failover;
use crate::group::{Group, GroupId, Hold, Instance, InstanceId, Settings};
use crate::keep::Keeper;
use crate::ledger::{Held, Ledger};
use crate::links::{Kind, LinkKey, Links, User};
use crate::me::{Me, PeerAccess, Rules};
use crate::meet;
use crate::news::{Cx, News};
use crate::periods::Periods;
use crate::report::Role;
use crate::scripts::Scripts;
use crate::state::{Saved, SavedGroup};
use crate::vote::Ballot;
use crate::watch;
use config::Config;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use stdx::{Instant, Now, Prng};
use world::{Effect, Level, Secrets, Senses, Ticket};

/// What a Sentinel begins with.
pub struct Options {
    /// The parameters that it shares with servers, and where its file is.
    pub config: Config,
    /// The contents of the file.
    pub file: Vec<u8>,
    /// What the file's `sentinel` lines say.
    pub saved: Saved,
    /// Seeds chance.
    pub seed: u64,
    /// What its id is made of.
    pub secrets: Secrets,
    pub senses: Senses,
    pub now: Now,
    /// Seconds between local time and Greenwich, for dates in the log.
    pub east_secs: i64,
    /// All of them, unless a test wants to see that one is needed.
    pub rules: Rules,
}

/// See the crate.
pub struct Sentinel {
    pub(crate) config: Config,
    pub(crate) senses: Senses,
    pub(crate) started: Now,
    pub(crate) clock: Clock,
    pub(crate) me: Me,
    pub(crate) groups: BTreeMap<GroupId, Group>,
    pub(crate) by_name: BTreeMap<String, GroupId>,
    /// When each group has something to decide.
    due: BTreeSet<(Instant, GroupId)>,
    pub(crate) links: Links,
    pub(crate) names: Names,
    /// Hosts that are being looked up.
    pub(crate) lookups: BTreeMap<Ticket, String>,
    pub(crate) ledger: Ledger,
    pub(crate) keeper: Keeper,
    pub(crate) clients: Clients,
    pub(crate) scripts: Scripts,
    pub(crate) news: VecDeque<News>,
    pub(crate) prng: Prng,
    pub(crate) effects: VecDeque<Effect>,
    /// What waits for the disk before it is told.
    pub(crate) held: Held<Effect>,
    tickets: u64,
}

impl Sentinel {
    /// A Sentinel that has not begun; see [`Sentinel::start`].
    pub fn new(options: Options) -> Sentinel {
        let Options { config, file, saved, seed, mut secrets, senses, now, east_secs, rules } =
            options;
        let id = saved.my_id.clone().unwrap_or_else(|| secrets.hex(20));
        let requirepass = config.values.text("requirepass");
        let password = match saved.sentinel_pass.is_empty() {
            true => requirepass,
            false => saved.sentinel_pass.clone(),
        };
        let me = Me {
            id,
            current_epoch: saved.current_epoch,
            port: config.values.count("port") as u16,
            announce_ip: saved.announce_ip.clone(),
            announce_port: saved.announce_port,
            resolve_hostnames: saved.resolve_hostnames,
            deny_scripts_reconfig: saved.deny_scripts_reconfig,
            access: PeerAccess { user: saved.sentinel_user.clone(), password },
            crash_after_election: false,
            crash_after_promotion: false,
            periods: Periods::default(),
            rules,
            doubt_said: None,
            made: 0,
            disk_us: 0,
            disk_fails: false,
            east_secs,
        };
        let mut links = Links::default();
        links.client_name = me.client_name();
        links.source = config.values.text("bind-source-addr");
        let mut names = Names::default();
        names.announce = saved.announce_hostnames;
        let mut sentinel = Sentinel {
            keeper: Keeper::new(&config, &file, &saved),
            clients: Clients::new(&config),
            config,
            senses,
            started: now,
            clock: Clock::new(now),
            me,
            groups: BTreeMap::new(),
            by_name: BTreeMap::new(),
            due: BTreeSet::new(),
            links,
            names,
            lookups: BTreeMap::new(),
            ledger: Ledger::default(),
            scripts: Scripts::default(),
            news: VecDeque::new(),
            prng: Prng::new(seed),
            effects: VecDeque::new(),
            held: Held::default(),
            tickets: 0,
        };
        for group in &saved.groups {
            sentinel.add_group(group);
        }
        sentinel
    }

    /// Begins: listens, writes its id down if it is new, and says what it watches. To be called once, before the
    /// first turn.
    pub fn start(&mut self, now: Now) {
        self.clock.look(now);
        self.effects.push_back(Effect::LogRole('X'));
        self.listen();
        // Its id must be on disk before anybody hears it.
        self.ledger.change();
        let id = self.me.id.clone();
        self.log(Level::Notice, format!("Sentinel ID is {id}"));
        let all: Vec<GroupId> = self.groups.keys().copied().collect();
        for id in all {
            self.say_monitored(id);
            self.look_at(id);
        }
        self.settle();
    }

    /// `+monitor`: this is watched from now on.
    pub(crate) fn say_monitored(&mut self, id: GroupId) {
        self.with(id, |group, cx| {
            let more = format!(" quorum {}", group.settings.quorum);
            cx.event(Level::Warning, "+monitor", group, &group.primary, &more);
        });
    }

    /// Watches a group from now on. Its name must be free.
    pub(crate) fn add_group(&mut self, saved: &SavedGroup) -> GroupId {
        let now = self.clock.now();
        let mut cx = cx!(self);
        let id = GroupId(cx.fresh_id());
        let settings = settings(saved);
        let address = Address::new(saved.host.clone(), saved.port);
        let instance = InstanceId(cx.fresh_id());
        let key = LinkKey {
            kind: Kind::Server,
            address: address.clone(),
            user: settings.auth_user.clone(),
            password: settings.auth_pass.clone(),
            renamed: settings.renamed.clone(),
        };
        let user = User {
            group: id,
            instance,
            down_after_ms: settings.down_after_ms,
            info_ms: Some(cx.me.periods.info_ms),
            ping_ms: settings.down_after_ms.min(cx.me.periods.ping_ms),
        };
        let link = cx.links.attach(key, user, now);
        let primary = Instance::new(instance, saved.name.clone(), address, link, Role::Master, now);
        let mut group = Group {
            id,
            name: saved.name.clone(),
            settings,
            config_epoch: saved.config_epoch,
            primary,
            replicas: Vec::new(),
            peers: Vec::new(),
            objectively_down: None,
            ballot: Ballot { leader: None, epoch: saved.leader_epoch },
            failover: None,
            hold: Hold::None,
            held_until: None,
            delay_said: false,
            lost_elections: 0,
            fruitless: 0,
            said_to_follow: None,
            timelines: VecDeque::new(),
            scheduled: now,
        };
        for (host, port) in &saved.replicas {
            failover::add_replica(&mut group, &mut cx, Address::new(host.clone(), *port), true);
        }
        for peer in &saved.peers {
            // Without an id it has to introduce itself first.
            if let Some(run_id) = &peer.run_id {
                let address = Address::new(peer.host.clone(), peer.port);
                meet::add(&mut group, &mut cx, run_id, address);
            }
        }
        self.by_name.insert(group.name.clone(), id);
        self.groups.insert(id, group);
        self.due.insert((now, id));
        id
    }

    /// Watches a group no more.
    pub(crate) fn remove_group(&mut self, id: GroupId) {
        let group = self.groups.remove(&id).expect("a group that is watched");
        self.by_name.remove(&group.name);
        self.due.remove(&(group.scheduled, id));
        for it in group.instances() {
            self.links.detach(it.link, it.id);
        }
        self.ledger.change();
    }

    /// The group of this name.
    pub(crate) fn group(&self, name: &[u8]) -> Option<&Group> {
        let id = self.by_name.get(std::str::from_utf8(name).ok()?)?;
        self.groups.get(id)
    }

    /// Does something with a group and what its decisions may use; none where it is not watched any more.
    pub(crate) fn with<R>(
        &mut self,
        id: GroupId,
        act: impl FnOnce(&mut Group, &mut Cx<'_>) -> R,
    ) -> Option<R> {
        let mut cx = cx!(self);
        let group = self.groups.get_mut(&id)?;
        Some(act(group, &mut cx))
    }

    /// Makes the round of a group now.
    pub(crate) fn look_at(&mut self, id: GroupId) {
        let tilted = self.clock.is_tilted();
        let Some(next) = self.with(id, |group, cx| watch::round(group, cx, tilted)) else { return };
        // A deadline that has just been met is not met twice in one moment.
        let next = next.max(self.clock.now().after_ms(1));
        let group = self.groups.get_mut(&id).expect("it is watched");
        self.due.remove(&(group.scheduled, id));
        group.scheduled = next;
        self.due.insert((next, id));
    }

    /// Makes the rounds that are due.
    pub(crate) fn make_rounds(&mut self) {
        let now = self.clock.now();
        while let Some(&(at, id)) = self.due.first() {
            if at > now {
                break;
            }
            self.look_at(id);
        }
    }

    /// When the next round is due, by our clock.
    pub(crate) fn next_round(&self) -> Option<Instant> {
        self.due.first().map(|(at, _)| *at)
    }

    /// A number for an effect that will be answered.
    pub(crate) fn ticket(&mut self) -> Ticket {
        self.tickets += 1;
        Ticket(self.tickets)
    }

    /// A line for the log, which waits for the disk as all news does.
    pub(crate) fn log(&mut self, level: Level, text: String) {
        self.news.push_back(News::Line { level, text });
    }
}

/// What decisions may use, borrowed from a Sentinel's fields.
macro_rules! cx {
    ($sentinel:expr) => {
        $crate::news::Cx {
            now: $sentinel.clock.now(),
            wall: $sentinel.clock.wall(),
            me: &mut $sentinel.me,
            links: &mut $sentinel.links,
            ledger: &mut $sentinel.ledger,
            names: &mut $sentinel.names,
            news: &mut $sentinel.news,
            prng: &mut $sentinel.prng,
        }
    };
}
use cx;

/// What the operator says about a group, as the file has it.
pub(crate) fn settings(saved: &SavedGroup) -> Settings {
    Settings {
        quorum: saved.quorum as usize,
        down_after_ms: saved.down_after_ms,
        failover_timeout_ms: saved.failover_timeout_ms,
        parallel_syncs: saved.parallel_syncs as usize,
        auth_user: saved.auth_user.clone().unwrap_or_default(),
        auth_pass: saved.auth_pass.clone().unwrap_or_default(),
        notification_script: saved.notification_script.clone().unwrap_or_default(),
        client_reconfig_script: saved.client_reconfig_script.clone().unwrap_or_default(),
        reboot_down_after_ms: saved.reboot_down_after_ms,
        reboot_policy: saved.reboot_policy,
        renamed: saved.renamed_commands.clone(),
    }
}
