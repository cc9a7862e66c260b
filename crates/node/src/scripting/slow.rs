//! Scripts that take long: left where they are, and gone on with between turns.

use super::{Ended, Kind, SCRIPT_CONN};
use crate::blocking::Waiting;
use crate::call::Context;
use crate::input::Incoming;
use crate::node::{Node, output_limit_of};
use crate::registry::CommandId;
use crate::session::{Closing, ReplyMode};
use command::{Error, Proto, Writer};
use resp::Owned;
use script::{Answer, Done};
use std::collections::VecDeque;
use world::{ConnId, Level};

/// How long a slow script goes on in one turn, in nanoseconds.
const SLICE_NS: u64 = 2_000_000;

/// What comes behind a script in its transaction.
#[derive(Debug)]
pub(crate) struct Rest {
    queue: VecDeque<(CommandId, Owned)>,
}

impl Node {
    /// True if the running script has to make way now: for others to be answered, or for the rest of the turn.
    pub(super) fn leave_script(&mut self) -> bool {
        let ns = (self.senses.stopwatch)();
        let threshold_ms = self.settings.busy_reply_threshold_ms;
        let running = self.running_script();
        let slice_ns = ns.saturating_sub(running.slice_ns);
        if self.cron.shutdown.is_some() && !self.cron.paused {
            self.end_script_for_shutdown();
        }
        let running = self.running_script();
        if running.slow {
            return slice_ns >= SLICE_NS;
        }
        // What the master wants done is not left half done: the stream could not go on.
        let may_wait = running.context != Context::Master;
        let elapsed_ms = ns.saturating_sub(running.started_ns) / 1_000_000;
        if !may_wait || threshold_ms == 0 || elapsed_ms < threshold_ms {
            return false;
        }
        running.slow = true;
        let (name, killer) = (running.name.clone(), running.kind.killer());
        self.log(
            Level::Warning,
            format!(
                "Slow script detected: still in execution after {elapsed_ms} milliseconds. You can try killing the \
                 script using the {killer} command. Script name is: {name}."
            ),
        );
        // A snapshot from the master would replace what the script works on.
        self.read_link(false);
        true
    }

    /// Goes on with a slow script for a while. True while there is one.
    pub(crate) fn go_on_with_script(&mut self) -> bool {
        if self.scripting.slow().is_none() {
            return false;
        }
        let ns = (self.senses.stopwatch)();
        if self.cron.shutdown.is_some() && !self.cron.paused {
            self.end_script_for_shutdown();
        }
        self.running_script().slice_ns = ns;
        let answer = self.go_or_die();
        let step = self.resume_script(answer);
        match self.drive_script(step) {
            Ended::Left => true,
            Ended::Done(done) => {
                self.slow_script_ended(done);
                // Its transaction may hold another.
                let more = self.scripting.slow().is_some();
                if !more {
                    self.read_link(true);
                    self.resume_stream();
                    if !self.cron.paused {
                        self.begin_asked_shutdown();
                    }
                }
                more
            }
        }
    }

    /// The dataset is about to be another: a slow script ends now, since what it works on is no more.
    pub(crate) fn end_slow_script(&mut self) {
        while self.scripting.slow().is_some() {
            const WHY: &str = "Script killed: the dataset was replaced";
            let running = self.running_script();
            running.killed = Some(WHY);
            running.slice_ns = 0;
            let step = self.resume_script(Answer::Kill(WHY));
            if let Ended::Done(done) = self.drive_script(step) {
                self.slow_script_ended(done);
            }
        }
    }

    /// The process is about to end, and a script is at work. One that has written nothing has to end now; one that has
    /// written is waited for as long as replicas would be.
    pub(crate) fn end_script_for_shutdown(&mut self) {
        let now = self.now.instant;
        let timeout_ms = self.settings.shutdown_timeout_secs.saturating_mul(1000);
        let running = self.running_script();
        if running.killed.is_some() || running.context == Context::Master {
            return;
        }
        let (name, killer) = (running.name.clone(), running.kind.killer());
        let line = if !running.dirty {
            format!("The script {name} is ended: the server shuts down, and it has not written.")
        } else if let Some(until) = running.waited_until {
            if now < until {
                return;
            }
            format!(
                "The script {name} is ended in the middle: the server shuts down, and shutdown-timeout has passed. \
                 What it has written stays."
            )
        } else {
            running.waited_until = Some(now.after_ms(timeout_ms));
            self.log(
                Level::Warning,
                format!(
                    "Waiting up to {} seconds for the script {name} before shutting down: it has written, so that \
                     {killer} cannot end it.",
                    timeout_ms / 1000
                ),
            );
            return;
        };
        running.killed = Some("Script killed: the server shuts down");
        self.log(Level::Warning, line);
    }

    fn slow_script_ended(&mut self, done: Done) {
        let running = self.end_script();
        if running.killed == Some(super::KILLED) {
            self.log(Level::Notice, "Lua script killed by user with SCRIPT KILL.");
        }
        self.count_script_errors(running.id, &done);
        let spent_ns = (self.senses.stopwatch)().saturating_sub(running.started_ns);
        let caller = self.sessions.get(running.conn).filter(|it| it.id == running.session);
        let waits = caller.and_then(|it| it.parked.as_ref());
        let waits = waits.is_some_and(|it| matches!(it.what, Waiting::Script));
        // Whoever has gone away cannot take the rest of a transaction with them.
        let conn = if waits { running.conn } else { SCRIPT_CONN };
        let parked = if waits { self.unpark(conn) } else { None };
        let behind = parked.map_or_else(Vec::new, |parked| parked.behind);
        let words = running.request.words();
        self.count(conn, running.id, self.registry.row(running.id).spec, &words, spent_ns);
        let mut out = self.sessions.get_mut(conn).map(|it| it.out.take()).unwrap_or_default();
        let mark = out.len();
        out.extend_from_slice(&done.reply);
        let finished = match running.rest {
            Some(rest) => self.finish_transaction(conn, rest.queue, &mut out),
            None => true,
        };
        if let Some(session) = self.sessions.get_mut(conn) {
            if session.reply_mode != ReplyMode::On {
                out.truncate(mark);
            }
            out.extend_from_slice(&behind);
            session.out.restore(out);
        }
        if !finished {
            // Another script of the transaction is left now; it runs in the same session, whoever waits for it.
            if conn != SCRIPT_CONN {
                self.announce(conn);
            }
            return;
        }
        if conn == SCRIPT_CONN {
            self.sessions.forget_script_session();
        }
        if self.wrote {
            self.flush_unit();
            self.set_write_offset(conn);
        }
        self.end_unit();
        self.announce(conn);
        self.wake(conn);
    }

    /// Runs what is queued in a transaction. False: a script among it takes long, and the rest waits for it.
    pub(crate) fn run_queue(
        &mut self,
        conn: ConnId,
        mut queue: VecDeque<(CommandId, Owned)>,
        out: &mut Vec<u8>,
        context: Context,
    ) -> bool {
        while let Some((id, words)) = queue.pop_front() {
            let request = Incoming { words: words.words(), found: None, raw: None };
            if let Err(error) = self.check_queued(conn, id, &request.words) {
                self.stats.count_error(error.code());
                Writer::new(out, Proto::Resp2).error(error.text());
                continue;
            }
            let waits = self.call(conn, id, request, out, context);
            self.bound_transaction(conn, out);
            if waits && let Some(running) = self.scripting.running.as_mut() {
                running.rest = Some(Rest { queue });
                return false;
            }
        }
        true
    }

    /// Replies of a transaction that are more than the session may be owed close it; what is left of the transaction
    /// runs for its effects alone.
    fn bound_transaction(&mut self, conn: ConnId, out: &mut Vec<u8>) {
        let Some(session) = self.sessions.get(conn) else { return out.clear() };
        let limit = output_limit_of(session, &self.settings.output).hard_bytes;
        let bytes = (session.out.len() + out.len()).saturating_sub(session::KEEP_BYTES) as u64;
        if session.closing == Some(Closing::Now) {
            out.clear();
        } else if limit > 0 && bytes >= limit {
            out.clear();
            self.close_for_output(conn);
        }
    }

    fn finish_transaction(
        &mut self,
        conn: ConnId,
        queue: VecDeque<(CommandId, Owned)>,
        out: &mut Vec<u8>,
    ) -> bool {
        let finished = self.run_queue(conn, queue, out, Context::Exec);
        if finished {
            self.unit.in_exec = false;
            if let Some(session) = self.sessions.get_mut(conn) {
                session.executing = None;
            }
        }
        finished
    }

    /// SCRIPT KILL and FUNCTION KILL.
    pub(crate) fn kill_script(&mut self, kind: Kind) -> Result<(), Error> {
        let Some(running) = self.scripting.running.as_mut() else {
            return Err(Error::fixed("NOTBUSY No scripts in execution right now."));
        };
        if running.context == Context::Master {
            return Err(Error::fixed(
                "UNKILLABLE The busy script was sent by a master instance in the context of replication and cannot be \
                 killed.",
            ));
        }
        if running.dirty {
            return Err(Error::fixed(
                "UNKILLABLE Sorry the script already executed write commands against the dataset. You can either wait \
                 the script termination or kill the server in a hard way using the SHUTDOWN NOSAVE command.",
            ));
        }
        if running.kind != kind {
            return Err(super::Scripting::busy(running.kind));
        }
        running.killed = Some(super::KILLED);
        Ok(())
    }

    /// What the running script is, for FUNCTION STATS: its name, its command, and for how many milliseconds.
    pub(crate) fn write_running_script(&self, w: &mut Writer<'_>) {
        let Some(running) = &self.scripting.running else { return w.null() };
        let spent_ns = (self.senses.stopwatch)().saturating_sub(running.started_ns);
        w.map(3);
        w.text("name");
        w.text(&running.name);
        w.text("command");
        let words = running.request.words();
        w.array(words.len());
        words.iter().for_each(|word| w.bulk(word));
        w.text("duration_ms");
        w.int((spent_ns / 1_000_000) as i64);
    }
}

#[cfg(test)]
mod tests {
    use crate::check::Player;
    use std::sync::atomic::{AtomicU64, Ordering};
    use world::{Event, Signal};

    /// A stopwatch by which a script is slow whenever it looks around.
    fn hasty() -> u64 {
        static NS: AtomicU64 = AtomicU64::new(0);
        NS.fetch_add(20_000_000, Ordering::Relaxed)
    }

    /// A server whose scripts take long at once, and are not gone on with.
    fn player() -> Player {
        let mut player = Player::new(&[("busy-reply-threshold", "10")]);
        player.node.senses.stopwatch = hasty;
        player.idle_stands = true;
        player
    }

    /// The loop turns until nothing is left to be done; what everybody hears then.
    fn turn(player: &mut Player) -> String {
        player.idle_stands = false;
        player.pass(0);
        player.request("turn", "PING").replace("PONG\n", "")
    }

    const LONG: &str =
        "redis.call('SET', KEYS[1], 1) for i = 1, 1e6 do end return redis.call('INCR', KEYS[1])";

    #[test]
    fn others_hear_busy_until_it_ends() {
        let mut player = player();
        assert_eq!(player.request("w", "BLPOP q 0"), "");
        assert_eq!(player.request("", &format!("EVAL \"{LONG}\" 1 a")), "");
        for (request, reply) in [
            ("GET a", "(error) BUSY"),
            ("PING", "(error) BUSY"),
            ("FCALL f 0", "(error) BUSY"),
            ("FUNCTION STATS", "(error) BUSY"),
            ("FUNCTION KILL", "(error) UNKILLABLE"),
            ("SCRIPT KILL", "(error) UNKILLABLE"),
            ("SHUTDOWN", "(error) BUSY"),
            ("MULTI", "OK"),
            ("GET a", "(error) BUSY"),
            ("DISCARD", "OK"),
        ] {
            let heard = player.request("b", request);
            assert!(heard.starts_with(reply), "{request}: {heard}");
        }
        // What is sent behind it waits for it.
        assert_eq!(player.request("", "GET a"), "");
        assert_eq!(turn(&mut player), ": (integer) 2\n: \"2\"\n");
        assert_eq!(player.request("b", "GET a"), "\"2\"\n");
    }

    #[test]
    fn its_transaction_goes_on_behind_it() {
        let mut player = player();
        for request in ["MULTI", "SET n 1", &format!("EVAL \"{LONG}\" 1 a"), "INCR n", "ECHO end"] {
            player.request("", request);
        }
        player.request("", "EXEC");
        assert!(player.request("b", "GET n").starts_with("(error) BUSY"));
        let replies = ": 1) OK\n  2) (integer) 2\n  3) (integer) 2\n  4) \"end\"\n";
        assert_eq!(turn(&mut player), replies);
        assert_eq!(player.request("b", "GET n"), "\"2\"\n");
    }

    #[test]
    fn a_transaction_may_hold_several() {
        let mut player = player();
        let long = format!("EVAL \"{LONG}\" 1 a");
        for request in ["MULTI", &long, "INCR a", &long, "EXEC"] {
            player.request("", request);
        }
        let replies = ": 1) (integer) 2\n  2) (integer) 3\n  3) (integer) 2\n";
        assert_eq!(turn(&mut player), replies);
        player.idle_stands = true;
        assert_eq!(player.request("", &long), "");
        player.node.end_slow_script();
        assert_eq!(
            player.request("b", "GET a"),
            "\"1\"\n: (error) ERR Script killed: the dataset was replaced script: 53a9cb41375d1f634b456ad99d40a0f2f80f1859, on @user_script:1.\n"
        );
    }

    #[test]
    fn it_is_killed_while_it_has_not_written() {
        let mut player = player();
        let forever = "while true do pcall(function() redis.call('GET', 'a') end) end";
        assert_eq!(player.request("", &format!("EVAL \"{forever}\" 0")), "");
        assert_eq!(player.request("b", "SCRIPT KILL"), "OK\n");
        let heard = turn(&mut player);
        assert!(
            heard.starts_with(": (error) ERR Script killed by user with SCRIPT KILL..."),
            "{heard}"
        );
        assert_eq!(
            player.request("b", "SCRIPT KILL"),
            "(error) NOTBUSY No scripts in execution right now.\n"
        );
    }

    #[test]
    fn it_ends_even_if_nobody_waits_for_it_any_more() {
        let mut player = player();
        let request = format!("EVAL \"{LONG}\" 1 a");
        for words in ["MULTI", &request, "INCR a"] {
            player.request("gone", words);
        }
        player.request("gone", "EXEC");
        player.hang_up("gone");
        turn(&mut player);
        assert_eq!(player.request("b", "GET a"), "\"3\"\n");
    }

    #[test]
    fn a_transaction_with_several_ends_even_if_nobody_waits_for_it_any_more() {
        let mut player = player();
        let long = format!("EVAL \"{LONG}\" 1 a");
        for words in ["MULTI", &long, &long, "INCR a", &long, "EXEC"] {
            player.request("gone", words);
        }
        player.hang_up("gone");
        turn(&mut player);
        assert_eq!(player.request("b", "GET a"), "\"2\"\n");
        player.idle_stands = true;
        for words in ["MULTI", &long, &long, "EXEC"] {
            player.request("gone", words);
        }
        // It leaves while the second is at work.
        player.idle_stands = false;
        player.pass(0);
        player.hang_up("gone");
        turn(&mut player);
        assert_eq!(player.request("b", "GET a"), "\"2\"\n");
    }

    #[test]
    fn its_clock_goes_on_once_it_takes_long() {
        let mut player = player();
        let waits = "local function now() return tonumber(redis.call('TIME')[1]) end \
                     local from = now() while now() < from + 3 do end return 1";
        let heard = player.request("", &format!("EVAL \"{waits}\" 0")) + &turn(&mut player);
        assert!(heard.ends_with("(integer) 1\n"), "{heard}");
        // Until then it stands still.
        player.request("", "CONFIG SET busy-reply-threshold 100000000");
        let stands = "local a = redis.call('TIME') for i = 1, 1e6 do end local b = redis.call('TIME') \
                      return a[1] == b[1] and a[2] == b[2]";
        assert_eq!(player.request("", &format!("EVAL \"{stands}\" 0")), "(integer) 1\n");
    }

    /// The lines of the log that tell of the end of a script.
    fn told(player: &Player) -> Vec<&str> {
        let lines = player.log.iter().map(|it| it.as_str());
        lines
            .filter(|it| it.contains("the script ") || it.starts_with("The script "))
            .filter(|it| !it.starts_with("Slow"))
            .collect()
    }

    #[test]
    fn a_signal_ends_one_that_has_not_written() {
        for body in [
            "while true do end",
            "while true do pcall(function() while true do end end) end",
            "xpcall(function() while true do end end, function() while true do end end)",
        ] {
            let mut player = player();
            player.request("", &format!("EVAL \"{body}\" 0"));
            player.idle_stands = false;
            let mut heard = player.event(Event::Signal(Signal::Terminate));
            heard += &player.play("~ 1 ms");
            heard += &player.take_events();
            assert!(heard.contains("Script killed: the server shuts down"), "{body}: {heard}");
            assert!(heard.contains("(exit Status(0))"), "{body}: {heard}");
            assert!(told(&player)[0].contains("it has not written"), "{:?}", player.log);
        }
    }

    #[test]
    fn a_signal_waits_for_one_that_has_written() {
        let mut player = player();
        player.request("", &format!("EVAL \"{LONG}\" 1 a"));
        assert_eq!(player.event(Event::Signal(Signal::Terminate)), "");
        assert!(told(&player)[0].contains("Waiting up to 10 seconds for the script"));
        player.idle_stands = false;
        let heard = player.play("~ 1 ms") + &player.take_events();
        assert!(heard.contains(": (integer) 2"), "{heard}");
        assert!(heard.contains("(exit Status(0))"), "{heard}");
    }

    #[test]
    fn a_signal_waits_no_longer_than_shutdown_timeout_says() {
        let mut player = player();
        let forever = "redis.call('SET', 'a', 1) while true do pcall(redis.call, 'INCR', 'a') end";
        player.request("", &format!("EVAL \"{forever}\" 0"));
        assert_eq!(player.event(Event::Signal(Signal::Terminate)), "");
        player.pass(9_000);
        assert!(player.node.scripting.slow().is_some());
        player.pass(2_000);
        player.idle_stands = false;
        let heard = player.play("~ 0 ms") + &player.take_events();
        assert!(heard.contains("Script killed: the server shuts down"), "{heard}");
        assert!(heard.contains("(exit Status(0))"), "{heard}");
        assert!(told(&player)[1].contains("is ended in the middle"), "{:?}", player.log);
    }

    #[test]
    fn a_second_interrupt_ends_the_process_at_once() {
        let mut player = player();
        player.request("", &format!("EVAL \"{LONG}\" 1 a"));
        assert_eq!(player.event(Event::Signal(Signal::Interrupt)), "");
        assert_eq!(player.event(Event::Signal(Signal::Interrupt)), "(exit Status(1))\n");
    }
}
