//! What an instance says of itself: the fields of INFO that Sentinel reads.

use crate::address::Address;

/// The role that an instance says it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Master,
    Replica,
    /// It did not say.
    Unknown,
}

impl Role {
    /// The word of INFO and of SENTINEL MASTER.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Role::Master => "master",
            _ => "slave",
        }
    }
}

/// An INFO reply, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) run_id: Option<String>,
    pub(crate) role: Role,
    pub(crate) loading: bool,
    /// The replicas that it lists.
    pub(crate) replicas: Vec<Address>,
    /// How many keys it has in all databases; none where it does not tell.
    pub(crate) keys: Option<u64>,
    /// The history that it has, and how much of it.
    pub(crate) history: History,
    /// What only a replica says.
    pub(crate) replica: ReplicaReport,
}

/// A place in a replication history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct History {
    pub(crate) id: String,
    pub(crate) id2: String,
    pub(crate) offset: u64,
}

/// What a replica says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReplicaReport {
    /// Whom it follows.
    pub(crate) master: Option<Address>,
    pub(crate) link_up: bool,
    /// How long its link has been down; zero while it is up. None: it was never up in the life of the process.
    pub(crate) link_down_ms: Option<u64>,
    pub(crate) sync_in_progress: bool,
    pub(crate) priority: u32,
    pub(crate) offset: u64,
    /// False: clients are not to be told about it.
    pub(crate) announced: bool,
}

impl Default for ReplicaReport {
    fn default() -> ReplicaReport {
        ReplicaReport {
            master: None,
            link_up: false,
            link_down_ms: Some(0),
            sync_in_progress: false,
            priority: 100,
            offset: 0,
            announced: true,
        }
    }
}

impl Report {
    /// Reads an INFO reply of any version; what is not there has its default.
    pub(crate) fn parse(text: &[u8]) -> Report {
        let mut report = Report {
            run_id: None,
            role: Role::Unknown,
            loading: false,
            replicas: Vec::new(),
            keys: None,
            history: History::default(),
            replica: ReplicaReport::default(),
        };
        let (mut host, mut port) = (None, None);
        for line in text.split(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let Ok(line) = std::str::from_utf8(line) else { continue };
            if line == "# Keyspace" {
                // Databases without keys have no line.
                report.keys = Some(0);
            }
            let Some((name, value)) = line.split_once(':') else { continue };
            let replica = &mut report.replica;
            match name {
                "run_id" if value.len() >= 40 && value.is_char_boundary(40) => {
                    report.run_id = Some(value[..40].to_owned());
                }
                "role" if value == "master" => report.role = Role::Master,
                "role" if value == "slave" => report.role = Role::Replica,
                "loading" => report.loading = value == "1",
                "master_replid" => report.history.id = value.to_owned(),
                "master_replid2" => report.history.id2 = value.to_owned(),
                "master_repl_offset" => report.history.offset = number(value),
                "master_host" => host = Some(value.to_owned()),
                "master_port" => port = value.parse().ok(),
                "master_link_status" => replica.link_up = value.eq_ignore_ascii_case("up"),
                "master_link_down_since_seconds" => {
                    replica.link_down_ms =
                        value.parse::<u64>().ok().map(|secs| secs.saturating_mul(1000));
                }
                "master_sync_in_progress" => replica.sync_in_progress = value == "1",
                "slave_priority" => {
                    replica.priority = u32::try_from(number(value)).unwrap_or(u32::MAX)
                }
                "slave_repl_offset" => replica.offset = number(value),
                "replica_announced" => replica.announced = value != "0",
                _ => {
                    report.replicas.extend(replica_line(name, value));
                    let more = keys_of(name, value).unwrap_or(0);
                    report.keys = report.keys.map(|keys| keys.saturating_add(more));
                }
            }
        }
        report.replica.master = host.zip(port).map(|(host, port)| Address { host, port });
        report
    }
}

fn number(text: &str) -> u64 {
    text.parse().unwrap_or(0)
}

/// `db0:keys=7,expires=0,...`
fn keys_of(name: &str, value: &str) -> Option<u64> {
    name.strip_prefix("db")?.parse::<u32>().ok()?;
    value.split(',').next()?.strip_prefix("keys=")?.parse().ok()
}

/// `slave0:ip=...,port=...,...`, or before Redis 2.8 `slave0:ip,port,state`.
fn replica_line(name: &str, value: &str) -> Option<Address> {
    let digits = name.strip_prefix("slave")?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    if !value.contains("ip=") {
        let mut words = value.split(',');
        return Some(Address::new(words.next()?, words.next()?.parse().ok()?));
    }
    let field = |wanted| {
        let of = |pair: &'_ str| pair.split_once('=').map(|(a, b)| (a.to_owned(), b.to_owned()));
        value.split(',').filter_map(of).find(|(name, _)| name == wanted).map(|(_, value)| value)
    };
    Some(Address::new(field("ip")?, field("port")?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_master_is_read() {
        let report = Report::parse(
            b"# Server\r\nrun_id:239033187f3fd756c470f7f31b5e49efbf7c603d\r\nloading:0\r\n# Replication\r\n\
              role:master\r\nconnected_slaves:2\r\nslave0:ip=10.0.0.2,port=6380,state=online,offset=1,lag=0\r\n\
              slave1:10.0.0.3,6381,online\r\nslave_read_only:1\r\nmaster_replid:abc\r\nmaster_repl_offset:99\r\n",
        );
        assert_eq!(report.role, Role::Master);
        assert_eq!(report.run_id.as_deref(), Some("239033187f3fd756c470f7f31b5e49efbf7c603d"));
        assert_eq!(
            report.replicas,
            [Address::new("10.0.0.2", 6380), Address::new("10.0.0.3", 6381)]
        );
        assert_eq!((report.history.id.as_str(), report.history.offset), ("abc", 99));
        assert_eq!(report.keys, None);
    }

    #[test]
    fn keys_are_counted() {
        for (text, keys) in [
            ("# Keyspace\r\n", Some(0)),
            ("# Keyspace\r\ndb0:keys=7,expires=1,avg_ttl=0\r\ndb12:keys=5,expires=0\r\n", Some(12)),
            ("db0:keys=7,expires=1\r\n", None),
            ("# Keyspace\r\ndb0:keys=x\r\ndbx:keys=1\r\n", Some(0)),
        ] {
            assert_eq!(Report::parse(text.as_bytes()).keys, keys, "{text}");
        }
    }

    #[test]
    fn a_replica_is_read() {
        let text = "role:slave\r\nmaster_host:10.0.0.1\r\nmaster_port:6379\r\nmaster_link_status:down\r\n\
                    master_link_down_since_seconds:7\r\nslave_priority:90\r\nslave_repl_offset:43672\r\n\
                    master_sync_in_progress:1\r\nreplica_announced:0\r\n";
        let replica = Report::parse(text.as_bytes()).replica;
        assert_eq!(
            replica,
            ReplicaReport {
                master: Some(Address::new("10.0.0.1", 6379)),
                link_up: false,
                link_down_ms: Some(7000),
                sync_in_progress: true,
                priority: 90,
                offset: 43672,
                announced: false,
            }
        );
        let never = text.replace("seconds:7", "seconds:-1");
        assert_eq!(Report::parse(never.as_bytes()).replica.link_down_ms, None);
    }

    #[test]
    fn bytes_that_are_no_info_say_nothing() {
        let report = Report::parse(
            b"\xff\xfe:1\r\nslaves:x\r\nslave:1\r\nslave0:ip=,port=x\r\nrun_id:short",
        );
        assert_eq!((report.role, report.run_id, report.replicas.len()), (Role::Unknown, None, 0));
    }
}
