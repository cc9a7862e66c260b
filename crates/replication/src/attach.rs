//! REPLCONF, SYNC and PSYNC: how a session becomes a replica of ours, or is told why not.

use crate::machine::{Replconf, Replication};
use crate::primary::{self, FullReason, Request, Resync, Said, read_replconf};
use crate::replica::LinkPhase;
use crate::{History, ReplicationId};
use resp::Words;
use stdx::Now;
use stdx::integer::parse_i64;
use world::ConnId;

impl Replication {
    /// REPLCONF on a session that called from `ip`, or (`from_primary`) in the stream of our primary.
    pub fn handle_replconf(
        &mut self,
        now: Now,
        conn: ConnId,
        from_primary: bool,
        words: Words<'_>,
    ) -> Replconf {
        let mut greeting = self.primary.greeting(conn);
        let said = if from_primary {
            read_replconf(&mut greeting, words)
        } else {
            read_replconf(self.primary.greeting_mut(conn), words)
        };
        match said {
            Ok(Said::Greeting) => Replconf::Ok,
            Ok(Said::Ack { offset, on_disk }) => {
                self.primary.acked_by(now.instant, &mut self.shared, conn, offset, on_disk);
                Replconf::Silent
            }
            Ok(Said::GetAck) => {
                if from_primary {
                    self.with_link(now, |link, cx| link.send_ack(cx.shared));
                }
                Replconf::Silent
            }
            Ok(Said::Ignored) => Replconf::Silent,
            Err(text) => Replconf::Error(text),
        }
    }

    /// SYNC or PSYNC, the name first, on a session that called from `ip`. What was written to the session before
    /// must have been sent. `Ok`: it is a replica now. An error is the text of the reply, with its code.
    pub fn handle_sync(
        &mut self,
        now: Now,
        conn: ConnId,
        ip: &str,
        words: Words<'_>,
    ) -> Result<(), String> {
        if self.is_replica(conn) {
            return Ok(());
        }
        let partial = words.len() > 2 && words[0].eq_ignore_ascii_case(b"psync");
        if partial && words.get(3).is_some_and(|word| word.eq_ignore_ascii_case(b"failover")) {
            self.take_over(now, &words[1], ip)?;
        }
        if self.is_failing_over() {
            return Err("NOMASTERLINK Can't SYNC while failing over".to_string());
        }
        if self.link_phase().is_some_and(|phase| phase != LinkPhase::Following) {
            return Err("NOMASTERLINK Can't SYNC while not connected with my master".to_string());
        }
        let greeting = self.primary.greeting(conn);
        if greeting.filter != crate::Filter::default() && !greeting.capa_eof {
            return Err("ERR Filtered replica requires EOF capability".to_string());
        }
        let name = self.primary.caller_name(conn, ip);
        self.shared.notice(format!("Replica {name} asks for synchronization"));
        let verdict = if partial {
            let Some(first_byte) = parse_i64(&words[2]) else {
                self.shared.warning(format!(
                    "Replica {name} asks for synchronization but with a wrong offset"
                ));
                return Err("ERR value is not an integer or out of range".to_string());
            };
            let request = Request { id: &words[1], first_byte };
            let verdict = primary::decide(request, &self.shared.history, &self.shared.log);
            // A replica that is ahead of another in one history is put off, not wiped: the other is on its way there,
            // or is about to be told a new history. Redis would send it a snapshot of the past.
            if verdict == Resync::Full(FullReason::AheadOfUs) && !self.is_primary() {
                self.shared.notice(format!(
                    "Replica {name} is ahead of me in the history that we share (it asks for byte \
                     {first_byte}, I am at {}); it is put off until I have caught up",
                    self.shared.log.end()
                ));
                return Err("NOMASTERLINK Can't SYNC while behind the replica".to_string());
            }
            self.log_verdict(&name, request, verdict);
            verdict
        } else {
            Resync::Full(FullReason::OldProtocol)
        };
        match verdict {
            Resync::Partial { from } => {
                self.primary.attach_partial(now.instant, &mut self.shared, conn, ip, from);
            }
            Resync::Full(reason) => {
                if partial && reason != FullReason::Requested {
                    self.shared.stats.partial_err += 1;
                }
                self.begin_history();
                self.primary.attach_full(now.instant, &mut self.shared, conn, ip, reason);
            }
        }
        Ok(())
    }

    /// A primary that hands over to us by FAILOVER asks us to be one.
    fn take_over(&mut self, now: Now, id: &[u8], ip: &str) -> Result<(), String> {
        self.shared.notice(format!(
            "Failover request received for replid {}.",
            String::from_utf8_lossy(id).escape_debug()
        ));
        if self.is_primary() {
            return Err("ERR PSYNC FAILOVER can't be sent to a master.".to_string());
        }
        if !self.shared.history.id.is(id) {
            return Err("ERR PSYNC FAILOVER replid must match my replid.".to_string());
        }
        self.become_primary(now);
        self.shared.notice(format!("MASTER MODE enabled (failover request from '{ip}')"));
        Ok(())
    }

    /// The first replica opens the log; a history that nobody recorded must not share a name with this one.
    fn begin_history(&mut self) {
        if self.shared.log.is_open() {
            return;
        }
        let id = ReplicationId::fresh(&mut self.shared.secrets);
        self.shared.history.adopt(id);
        self.shared.log.open();
        let History { id, id2, .. } = self.shared.history;
        self.shared.notice(format!(
            "Replication backlog created, my new replication IDs are '{id}' and '{id2}'"
        ));
    }

    fn log_verdict(&mut self, name: &str, request: Request<'_>, verdict: Resync) {
        let Resync::Full(reason) = verdict else { return };
        let History { id, id2, .. } = self.shared.history;
        let asked = String::from_utf8_lossy(request.id).escape_debug().to_string();
        let at = request.first_byte;
        let lack = format!(
            "Unable to partial resync with replica {name} for lack of backlog (Replica request \
             was: {at})."
        );
        match reason {
            FullReason::Requested => {
                self.shared.notice(format!("Full resync requested by replica {name}"));
            }
            FullReason::UnknownHistory => self.shared.notice(format!(
                "Partial resynchronization not accepted: Replication ID mismatch (Replica asked \
                 for '{asked}', my replication IDs are '{id}' and '{id2}')"
            )),
            FullReason::PartedHistory => {
                let up_to = self.shared.history.second_offset();
                self.shared.notice(format!(
                    "Partial resynchronization not accepted: Requested offset for second ID was \
                     {at}, but I can reply up to {up_to}"
                ));
            }
            FullReason::AheadOfUs => {
                self.shared.notice(lack);
                self.shared.warning(format!(
                    "Warning: replica {name} tried to PSYNC with an offset that is greater than \
                     the master replication offset."
                ));
            }
            FullReason::NoBacklog | FullReason::TooOld => self.shared.notice(lack),
            FullReason::OldProtocol => {}
        }
    }
}
