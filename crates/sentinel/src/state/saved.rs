//! The state as a value: what the configuration file says, or will say next.

/// How long an instance may be silent before it counts as down, unless the file says otherwise.
pub const DOWN_AFTER_MS: u64 = 30_000;
/// What every phase of a failover is measured by, unless the file says otherwise.
pub const FAILOVER_TIMEOUT_MS: u64 = 180_000;
/// How many replicas follow a new primary at the same time, unless the file says otherwise.
pub const PARALLEL_SYNCS: u32 = 1;

/// Everything that `sentinel` lines say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// Our run id, 40 characters; none until one has been drawn.
    pub my_id: Option<String>,
    /// The highest epoch that we have seen.
    pub current_epoch: u64,
    /// What is watched, in the order of the file.
    pub groups: Vec<SavedGroup>,
    /// The address that we tell others; empty for the one that they see.
    pub announce_ip: String,
    /// The port that we tell others; zero for the one that we listen at.
    pub announce_port: u16,
    /// Whether hosts may be names.
    pub resolve_hostnames: bool,
    /// Whether names are shown as names rather than as the addresses behind them.
    pub announce_hostnames: bool,
    /// Who we are to other Sentinels; empty for their default user.
    pub sentinel_user: String,
    /// Our password with other Sentinels; empty for `requirepass`.
    pub sentinel_pass: String,
    /// Whether SENTINEL SET leaves the scripts alone.
    pub deny_scripts_reconfig: bool,
    /// Our own users: `user` lines, each as [`acl::Users::lines`] writes it.
    pub users: Vec<Vec<u8>>,
}

impl Default for Saved {
    fn default() -> Saved {
        Saved {
            my_id: None,
            current_epoch: 0,
            groups: Vec::new(),
            announce_ip: String::new(),
            announce_port: 0,
            resolve_hostnames: false,
            announce_hostnames: false,
            sentinel_user: String::new(),
            sentinel_pass: String::new(),
            deny_scripts_reconfig: true,
            users: Vec::new(),
        }
    }
}

/// One watched name. In the middle of a failover, once the chosen replica has been promoted, `host` and `port` are
/// already those of the promoted one, and the old primary's stand among `replicas` instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedGroup {
    pub name: String,
    /// An address, or a name where these are allowed; as written.
    pub host: String,
    pub port: u16,
    /// At least 1.
    pub quorum: u32,
    /// At least 1.
    pub down_after_ms: u64,
    /// At least 1.
    pub failover_timeout_ms: u64,
    pub parallel_syncs: u32,
    pub auth_user: Option<String>,
    pub auth_pass: Option<String>,
    /// The path of an executable file.
    pub notification_script: Option<String>,
    /// The path of an executable file.
    pub client_reconfig_script: Option<String>,
    /// How long a primary that has started again may be silent; zero for no rule of its own.
    pub reboot_down_after_ms: u64,
    pub reboot_policy: RebootPolicy,
    /// Commands and what the instances call them. No command twice, whatever its case.
    pub renamed_commands: Vec<(Vec<u8>, Vec<u8>)>,
    /// The epoch of the failover that made `host` and `port` what they are.
    pub config_epoch: u64,
    /// The last epoch in which we voted here.
    pub leader_epoch: u64,
    /// Addresses, none twice.
    pub replicas: Vec<(String, u16)>,
    /// The other Sentinels, no run id twice.
    pub peers: Vec<SavedPeer>,
}

impl SavedGroup {
    /// A name that is watched from now on, with the defaults.
    pub fn new(name: &str, host: &str, port: u16, quorum: u32) -> SavedGroup {
        SavedGroup {
            name: name.to_owned(),
            host: host.to_owned(),
            port,
            quorum,
            down_after_ms: DOWN_AFTER_MS,
            failover_timeout_ms: FAILOVER_TIMEOUT_MS,
            parallel_syncs: PARALLEL_SYNCS,
            auth_user: None,
            auth_pass: None,
            notification_script: None,
            client_reconfig_script: None,
            reboot_down_after_ms: 0,
            reboot_policy: RebootPolicy::default(),
            renamed_commands: Vec::new(),
            config_epoch: 0,
            leader_epoch: 0,
            replicas: Vec::new(),
            peers: Vec::new(),
        }
    }
}

/// Another Sentinel that watches the same name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedPeer {
    pub host: String,
    pub port: u16,
    /// None in a line of Redis 2.8, which knew addresses only. Such a peer has to introduce itself.
    pub run_id: Option<String>,
}

/// What to think of a primary that comes back under another run id before it counts as down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RebootPolicy {
    /// As Redis: it answers, so it is well, even if it came back empty.
    Compatible,
    /// It has lost what its replicas still have, so it has failed.
    #[default]
    Protect,
}

impl RebootPolicy {
    /// The word in the file.
    pub fn word(self) -> &'static str {
        match self {
            RebootPolicy::Compatible => "compatible",
            RebootPolicy::Protect => "protect",
        }
    }

    /// The policy that a word stands for.
    pub fn parse(word: &str) -> Option<RebootPolicy> {
        [RebootPolicy::Compatible, RebootPolicy::Protect]
            .into_iter()
            .find(|policy| word.eq_ignore_ascii_case(policy.word()))
    }
}
