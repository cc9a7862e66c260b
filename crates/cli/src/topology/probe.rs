//! Asking one server what it is.

use std::time::Duration;

use client::{Client, Value, field};

use super::member::{Address, Facts, Report, Upstream};
use crate::number;
use crate::session::reason;

/// How long a server may take to be connected to, and to answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);

/// Who we are to all servers.
#[derive(Clone, Debug)]
pub(super) struct Prober {
    pub(super) user: Option<Vec<u8>>,
    pub(super) password: Option<Vec<u8>>,
}

/// Why a server tells nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It cannot be reached, or is gone.
    Silent(String),
    /// It answers, with an error.
    Refuses(String),
}

impl Trouble {
    pub(super) fn reason(self) -> String {
        let (Trouble::Silent(reason) | Trouble::Refuses(reason)) = self;
        reason
    }
}

impl From<std::io::Error> for Trouble {
    fn from(error: std::io::Error) -> Trouble {
        Trouble::Silent(reason(&error))
    }
}

/// What was found at an address.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    Server(Facts, Vec<Report>),
    Sentinel,
}

impl Prober {
    pub(super) fn connect(&self, (host, port): &Address) -> Result<Client, Trouble> {
        let mut client = Client::connect_within((host.as_str(), *port), PATIENCE)?;
        if let Some(password) = &self.password {
            let words = [Some(b"AUTH".to_vec()), self.user.clone(), Some(password.clone())];
            let words: Vec<Vec<u8>> = words.into_iter().flatten().collect();
            // A server without passwords refuses it and needs none. Of the others the first refusal tells more than
            // that of the next question, which only says that the client is nobody yet.
            if let Value::Error(text) = client.command(&words)?
                && client.command(&["PING"])?.is_error()
            {
                return Err(Trouble::Refuses(String::from_utf8_lossy(&text).into_owned()));
            }
        }
        Ok(client)
    }

    /// Asks the server at `address`.
    pub(super) fn ask(&self, address: &Address) -> Result<Found, Trouble> {
        let mut client = self.connect(address)?;
        match client.command(&["INFO"])? {
            Value::Error(text) => {
                Err(Trouble::Refuses(String::from_utf8_lossy(&text).into_owned()))
            }
            reply => Ok(read(&reply.text())),
        }
    }
}

/// What a text of INFO tells.
fn read(info: &str) -> Found {
    if field(info, "redis_mode") == Some("sentinel") {
        return Found::Sentinel;
    }
    let text = |name: &str| field(info, name).unwrap_or_default().to_owned();
    let integer = |name: &str| number::integer(text(name).as_bytes());
    let upstream = (text("role") == "slave").then(|| Upstream {
        address: (text("master_host"), integer("master_port") as u16),
        is_up: text("master_link_status") == "up",
        is_syncing: text("master_sync_in_progress") == "1",
    });
    let offset = match upstream {
        Some(_) => integer("slave_repl_offset"),
        None => integer("master_repl_offset"),
    };
    let history = text("master_replid");
    let facts =
        Facts { run_id: text("run_id"), version: text("redis_version"), history, offset, upstream };
    let own = integer("master_repl_offset");
    let reports = (0..integer("connected_slaves"))
        .filter_map(|at| report(field(info, &format!("slave{at}"))?, own))
        .collect();
    Found::Server(facts, reports)
}

/// `ip=127.0.0.1,port=6380,state=online,offset=42,lag=0`
fn report(line: &str, own_offset: i64) -> Option<Report> {
    let part =
        |name: &str| line.split(',').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
    let integer = |name: &str| number::integer(part(name).unwrap_or_default().as_bytes());
    Some(Report {
        address: (part("ip")?.to_owned(), part("port")?.parse().ok()?),
        state: part("state")?.to_owned(),
        lag_bytes: (own_offset - integer("offset")).max(0),
        lag_secs: integer("lag"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn info_tells_the_role_and_what_is_below() {
        let info = "redis_version:7.2.6\r\nrun_id:abc\r\nrole:slave\r\nmaster_host:h\r\n\
                    master_port:1\r\nmaster_link_status:up\r\nmaster_sync_in_progress:0\r\n\
                    slave_repl_offset:90\r\nmaster_repl_offset:90\r\nmaster_replid:r\r\n\
                    connected_slaves:1\r\n\
                    slave0:ip=10.0.0.1,port=6380,state=online,offset=80,lag=1\r\n";
        let Found::Server(facts, reports) = read(info) else { panic!("it is a server") };
        let upstream = Upstream { address: ("h".to_owned(), 1), is_up: true, is_syncing: false };
        assert_eq!((facts.offset, facts.upstream), (90, Some(upstream)));
        let state = "online".to_owned();
        let address = ("10.0.0.1".to_owned(), 6380);
        assert_eq!(reports, [Report { address, state, lag_bytes: 10, lag_secs: 1 }]);
        assert_eq!(read("redis_mode:sentinel\r\n"), Found::Sentinel);
    }
}
