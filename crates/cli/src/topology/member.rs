//! What a topology is made of.

/// A host and a port.
pub(super) type Address = (String, u16);

/// As people write it.
pub(super) fn written((host, port): &Address) -> String {
    match host.contains(':') {
        true => format!("[{host}]:{port}"),
        false => format!("{host}:{port}"),
    }
}

/// Everything that was found.
#[derive(Clone, Debug, Default)]
pub(super) struct Topology {
    /// Usually one; more while servers disagree about who the primary is.
    pub(super) trees: Vec<Server>,
    pub(super) views: Vec<View>,
}

/// A server with the replicas below it.
#[derive(Clone, Debug)]
pub(super) struct Server {
    pub(super) address: Address,
    pub(super) state: State,
    /// What the server above says of it; none for a root, and for one that is not listed there.
    pub(super) report: Option<Report>,
    pub(super) replicas: Vec<Server>,
}

/// What a server says of itself.
#[derive(Clone, Debug)]
pub(super) enum State {
    Reached(Facts),
    /// It was not reached, for this reason.
    Unreachable(String),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Facts {
    /// Unique for the life of a process.
    pub(super) run_id: String,
    pub(super) version: String,
    pub(super) history: String,
    pub(super) offset: i64,
    /// For a replica: above it, and how that goes.
    pub(super) upstream: Option<Upstream>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Upstream {
    pub(super) address: Address,
    pub(super) is_up: bool,
    pub(super) is_syncing: bool,
}

/// How a server sees one of its replicas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Report {
    pub(super) address: Address,
    /// `online`, `wait_bgsave`, `send_bulk`.
    pub(super) state: String,
    /// How many bytes of the stream it has not acknowledged.
    pub(super) lag_bytes: i64,
    /// How many seconds ago it was heard of.
    pub(super) lag_secs: i64,
}

impl Server {
    pub(super) fn facts(&self) -> Option<&Facts> {
        match &self.state {
            State::Reached(facts) => Some(facts),
            State::Unreachable(_) => None,
        }
    }

    /// `primary`, `replica`, or that it is not known.
    pub(super) fn role(&self) -> &'static str {
        match self.facts() {
            Some(Facts { upstream: None, .. }) => "primary",
            Some(_) => "replica",
            None => "unreachable",
        }
    }

    /// This server and all below it.
    pub(super) fn all(&self) -> Vec<&Server> {
        let below = self.replicas.iter().flat_map(Server::all);
        [self].into_iter().chain(below).collect()
    }
}

/// What one Sentinel thinks of one primary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct View {
    pub(super) sentinel: Address,
    pub(super) name: String,
    pub(super) opinion: Result<Opinion, String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Opinion {
    pub(super) primary: Address,
    /// As Sentinels write them: `master`, `s_down`, `o_down`, `failover_in_progress`.
    pub(super) flags: Vec<String>,
    pub(super) epoch: i64,
    pub(super) quorum: i64,
    pub(super) other_sentinels: i64,
    /// The state of a failover that it leads.
    pub(super) failover: Option<String>,
    /// The replicas it knows, with their flags.
    pub(super) replicas: Vec<(Address, Vec<String>)>,
}
