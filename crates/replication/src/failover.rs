//! FAILOVER: a primary hands over to a replica that has everything.
//!
//! ```text
//!   no failover --request--> waiting for sync --caught up--> in progress --PSYNC taken--> no failover (a replica now)
//!                                   |                            |
//!                                   +--abort, time out           +--PSYNC refused, abort: a primary again
//! ```
//! While it waits, commands that write are held, so the stream ends and a replica can reach its end. Then the roles
//! change places: this server becomes a replica of its replica, and asks it by `PSYNC ... FAILOVER` to become the
//! primary.

use crate::Action;
use crate::machine::{Replication, TICK_FAILOVER_MS};
use crate::shared::address;
use resp::Words;
use stdx::integer::parse_i64;
use stdx::{Instant, Now};

/// What FAILOVER was asked to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FailoverRequest {
    /// Which replica, by the address and port that INFO shows; any that is first to catch up otherwise.
    pub target: Option<(String, u16)>,
    /// After the time out, hand over even to a replica that has not caught up.
    pub force: bool,
    /// How long to wait.
    pub timeout_ms: Option<u64>,
}

/// The words of FAILOVER.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FailoverCommand {
    /// Begin.
    Start(FailoverRequest),
    /// Stop.
    Abort,
}

impl FailoverCommand {
    /// Reads `FAILOVER [TO host port [FORCE]] [ABORT] [TIMEOUT ms]`, the name first. An error is the text of the
    /// reply, with its code.
    pub fn parse(words: Words<'_>) -> Result<FailoverCommand, String> {
        if words.len() == 2 && words[1].eq_ignore_ascii_case(b"abort") {
            return Ok(FailoverCommand::Abort);
        }
        let number = |word: &[u8]| {
            parse_i64(word).ok_or_else(|| "ERR value is not an integer or out of range".to_string())
        };
        let mut request = FailoverRequest::default();
        let mut at = 1;
        while at < words.len() {
            let left = words.len() - at - 1;
            let option = &words[at];
            if option.eq_ignore_ascii_case(b"timeout") && left >= 1 && request.timeout_ms.is_none()
            {
                let ms = number(&words[at + 1])?;
                if ms <= 0 {
                    return Err("ERR FAILOVER timeout must be greater than 0".to_string());
                }
                request.timeout_ms = Some(ms as u64);
                at += 2;
            } else if option.eq_ignore_ascii_case(b"to") && left >= 2 && request.target.is_none() {
                let host = String::from_utf8_lossy(&words[at + 1]).into_owned();
                let port = number(&words[at + 2])?;
                // A port that is none finds no replica, which is what is answered then.
                request.target = Some((host, u16::try_from(port).unwrap_or(0)));
                at += 3;
            } else if option.eq_ignore_ascii_case(b"force") && !request.force {
                request.force = true;
                at += 1;
            } else {
                return Err("ERR syntax error".to_string());
            }
        }
        Ok(FailoverCommand::Start(request))
    }
}

/// Where a hand-over stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Failover {
    #[default]
    None,
    /// For a replica to catch up.
    Waiting { request: FailoverRequest, deadline: Option<Instant> },
    /// For the replica's answer.
    InProgress { host: String, port: u16 },
}

impl Failover {
    /// As INFO spells it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Failover::None => "no-failover",
            Failover::Waiting { .. } => "waiting-for-sync",
            Failover::InProgress { .. } => "failover-in-progress",
        }
    }

    /// To whom, for the log.
    pub(crate) fn target(&self) -> String {
        match self {
            Failover::Waiting {
                request: FailoverRequest { target: Some((host, port)), .. },
                ..
            }
            | Failover::InProgress { host, port } => address(host, *port),
            _ => "any replica".to_string(),
        }
    }
}

impl Replication {
    /// FAILOVER. An error is the text of the reply, with its code.
    pub fn failover(&mut self, now: Now, command: FailoverCommand) -> Result<(), String> {
        let request = match command {
            FailoverCommand::Start(request) => request,
            FailoverCommand::Abort if self.is_failing_over() => {
                self.abort_failover(now, "Failover manually aborted");
                return Ok(());
            }
            FailoverCommand::Abort => return Err("ERR No failover in progress.".to_string()),
        };
        self.may_fail_over(&request)?;
        self.shared.notice(match &request.target {
            Some((host, port)) => format!("FAILOVER requested to {host}:{port}."),
            None => "FAILOVER requested to any replica.".to_string(),
        });
        let deadline = request.timeout_ms.map(|ms| now.instant.after_ms(ms));
        self.failover = Failover::Waiting { request, deadline };
        self.next_failover_tick = now.instant.after_ms(TICK_FAILOVER_MS);
        self.shared.act(Action::PauseWrites(true));
        Ok(())
    }

    fn may_fail_over(&self, request: &FailoverRequest) -> Result<(), String> {
        let refuse = |why: &str| Err(format!("ERR {why}"));
        if self.is_failing_over() {
            return refuse("FAILOVER already in progress.");
        }
        if !self.is_primary() {
            return refuse("FAILOVER is not valid when server is a replica.");
        }
        if self.primary.replicas.is_empty() {
            return refuse("FAILOVER requires connected replicas.");
        }
        if request.force && (request.timeout_ms.is_none() || request.target.is_none()) {
            return refuse(
                "FAILOVER with force option requires both a timeout and target HOST and IP.",
            );
        }
        if let Some((host, port)) = &request.target {
            let Some(replica) = self.primary.find(host, *port) else {
                return refuse("FAILOVER target HOST and PORT is not a replica.");
            };
            if !replica.is_online() {
                return refuse("FAILOVER target replica is not online.");
            }
        }
        Ok(())
    }

    pub(crate) fn clear_failover(&mut self) {
        if self.is_failing_over() {
            self.failover = Failover::None;
            self.shared.act(Action::PauseWrites(false));
        }
    }

    pub(crate) fn abort_failover(&mut self, now: Now, why: &str) {
        let target = self.failover.target();
        self.shared.notice(format!("FAILOVER to {target} aborted: {why}"));
        if matches!(self.failover, Failover::InProgress { .. }) {
            self.become_primary(now);
        }
        self.clear_failover();
    }

    pub(crate) fn failover_tick(&mut self, now: Now) {
        let Failover::Waiting { request, deadline } = &self.failover else { return };
        if deadline.is_some_and(|deadline| deadline <= now.instant) {
            let (true, Some((host, port))) = (request.force, request.target.clone()) else {
                return self.abort_failover(now, "Replica never caught up before timeout");
            };
            self.shared
                .notice(format!("FAILOVER to {host}:{port} time out exceeded, failing over."));
            return self.hand_over(now, host, port);
        }
        let end = self.shared.log.end();
        let caught_up = match &request.target {
            Some((host, port)) => {
                self.primary.find(host, *port).filter(|replica| replica.ack == end)
            }
            None => self.primary.replicas.iter().find(|r| r.is_online() && r.ack == end),
        };
        if let Some(replica) = caught_up {
            let (host, port) = (replica.host().to_string(), replica.greeting.listening_port);
            self.shared.notice(format!("Failover target {host}:{port} is synced, failing over."));
            self.hand_over(now, host, port);
        }
    }

    fn hand_over(&mut self, now: Now, host: String, port: u16) {
        self.failover = Failover::InProgress { host: host.clone(), port };
        self.become_replica(now, &host, port);
        if let Some(link) = &mut self.link {
            link.failover = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use resp::Owned;

    #[test]
    fn the_words() {
        let start = |target: Option<(&str, u16)>, force, timeout_ms| {
            let target = target.map(|(host, port)| (host.to_string(), port));
            Ok(FailoverCommand::Start(FailoverRequest { target, force, timeout_ms }))
        };
        let error = |text: &str| Err(text.to_string());
        for (line, want) in [
            ("FAILOVER", start(None, false, None)),
            ("failover abort", Ok(FailoverCommand::Abort)),
            ("FAILOVER to h 7 force timeout 5", start(Some(("h", 7)), true, Some(5))),
            ("FAILOVER TIMEOUT 5 TO h 7", start(Some(("h", 7)), false, Some(5))),
            ("FAILOVER TO h", error("ERR syntax error")),
            ("FAILOVER TO h 7 TO h 7", error("ERR syntax error")),
            ("FAILOVER TIMEOUT 0", error("ERR FAILOVER timeout must be greater than 0")),
            ("FAILOVER TIMEOUT x", error("ERR value is not an integer or out of range")),
            ("FAILOVER ABORT FORCE", error("ERR syntax error")),
        ] {
            let words = Owned::new(line.split(' '));
            assert_eq!(FailoverCommand::parse(words.words()), want, "{line}");
        }
    }
}
