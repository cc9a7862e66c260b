//! Sessions that may go on with what they have sent: those that were woken, and those that had their share of the turn.
//!
//! # Design
//! A session is woken in the middle of something else: of a command that has pushed to its key, of the end of a pause.
//! It is only put into a queue then. The turn empties the queue when everything that arrived has run, so nothing runs
//! inside of something else, and a chain of sessions that wake each other needs no deeper stack than one of them.
//!
//! A session whose requests or replies are many stops after a share of them, and goes on in the next turn: the others
//! are served in between, and its replies are sent.

use crate::blocking::Waiting;
use crate::node::Node;
use crate::share::{SHARE_NS, TURN_NS};
use std::collections::VecDeque;
use world::ConnId;

/// The queues of sessions that may go on.
#[derive(Debug, Default)]
pub(crate) struct Waking {
    /// Woken sessions, the first to be woken first.
    woken: VecDeque<ConnId>,
    /// Sessions that had their share of a turn and have more to run.
    shared: VecDeque<ConnId>,
    /// The stream of the primary was held by a pause and may go on.
    stream: bool,
}

impl Waking {
    /// The session may go on with what it has sent.
    pub(crate) fn wake(&mut self, conn: ConnId) {
        self.woken.push_back(conn);
    }

    /// True where a session waits for the next turn only because this one has no time left.
    pub(crate) fn is_impatient(&self) -> bool {
        !self.shared.is_empty() || !self.woken.is_empty()
    }
}

impl Node {
    /// The session may go on with what it has sent, once what runs now has ended.
    pub(crate) fn wake(&mut self, conn: ConnId) {
        self.waking.wake(conn);
    }

    /// The stream of the primary may go on, once what runs now has ended.
    pub(crate) fn wake_stream(&mut self) {
        self.waking.stream = true;
    }

    /// The session has had its share of this turn; it goes on in the next.
    pub(crate) fn share_is_used(&mut self, conn: ConnId) {
        let Some(session) = self.sessions.get_mut(conn) else { return };
        if !std::mem::replace(&mut session.awaits_share, true) {
            self.waking.shared.push_back(conn);
        }
    }

    /// Lets woken sessions go on, in the order in which they were woken, as long as the turn has time for it. Sessions
    /// that these wake come after them.
    pub(crate) fn run_woken(&mut self) {
        self.run_woken_within(TURN_NS);
    }

    /// The same at the end of a turn, where those that it had no time for have as long as a session has. True if some
    /// are left.
    pub(crate) fn run_woken_late(&mut self) -> bool {
        if !self.waking.woken.is_empty() {
            self.run_woken_within(self.stats.turns.busy_ns() + SHARE_NS);
        }
        !self.waking.woken.is_empty()
    }

    fn run_woken_within(&mut self, busy_ns: u64) {
        if std::mem::take(&mut self.waking.stream) {
            self.resume_stream();
        }
        if self.waking.woken.is_empty() {
            return;
        }
        while self.stats.turns.busy_ns() < busy_ns {
            let Some(conn) = self.waking.woken.pop_front() else { break };
            if self.waits_for_pause(conn) {
                // Another pause may have begun since.
                if self.blocking.pause(self.now.instant).is_some() {
                    continue;
                }
                self.run_again(conn);
            }
            self.resume(conn);
        }
        self.thin_out();
        self.bury();
    }

    /// Gives sessions that had used up their shares another one, in turn, as long as this turn has time for it; one at
    /// the least. True if there was any.
    pub(crate) fn run_next_shares(&mut self) -> bool {
        if self.waking.shared.is_empty() {
            return false;
        }
        // Those that use up this share as well come behind all others.
        for _ in 0..self.waking.shared.len() {
            let Some(conn) = self.waking.shared.pop_front() else { break };
            if let Some(session) = self.sessions.get_mut(conn) {
                session.awaits_share = false;
            }
            self.resume(conn);
            if self.stats.turns.busy_ns() >= TURN_NS {
                break;
            }
        }
        self.thin_out();
        self.bury();
        true
    }

    fn waits_for_pause(&self, conn: ConnId) -> bool {
        let parked = self.sessions.get(conn).and_then(|it| it.parked.as_ref());
        parked.is_some_and(|it| matches!(it.what, Waiting::Pause))
    }
}

#[cfg(test)]
mod tests {
    use crate::check::Player;
    use crate::session::Session;
    use std::io::IoSlice;
    use stdx::{Instant, Now, WallTime};
    use world::{ConnId, Effect, Machine};

    fn words(text: &str) -> Vec<u8> {
        let words = config::words::split(text.as_bytes()).expect("quotes that close");
        let mut bytes = Vec::new();
        command::Owned::new(&words).words().encode(&mut bytes);
        bytes
    }

    fn pipeline(requests: &[&str]) -> Vec<u8> {
        requests.iter().flat_map(|it| words(it)).collect()
    }

    /// A server and a session with the number 0.
    fn player() -> Player {
        let mut player = Player::new(&[]);
        player.request("a", "PING");
        player
    }

    /// The same with limits of the output that may wait for a client.
    fn limited(limits: &str) -> Player {
        let mut player = player();
        let set = format!("CONFIG SET client-output-buffer-limit \"{limits}\"");
        assert_eq!(player.request("a", &set), "OK\n");
        player
    }

    fn session(player: &Player, number: u32) -> &Session {
        player.node.sessions.get(ConnId(number)).expect("a session")
    }

    /// Turns of a world whose peers take nothing; the most bytes that waited for session 0.
    fn turn_deaf(player: &mut Player, bytes: &[u8]) -> usize {
        let now = Now { instant: Instant(9_000_000), wall: WallTime::from_ms(1_700_000_008_000) };
        player.node.handle_input(now, ConnId(0), bytes);
        let mut most = 0;
        for _ in 0..10_000 {
            while player.node.poll_effect().is_some() {}
            while player.node.poll_ready().is_some() {}
            most = most.max(player.node.sessions.get(ConnId(0)).map_or(0, |it| it.out.len()));
            if !player.node.idle(now, 100) {
                return most;
            }
        }
        panic!("there is always more to do");
    }

    #[test]
    fn a_long_chain_of_blocked_clients_needs_no_deep_stack() {
        const CLIENTS: usize = 4000;
        let mut player = player();
        for number in 0..CLIENTS {
            let name = format!("c{number}");
            player.open(&name);
            let chain = [format!("BLPOP k{number} 0"), format!("LPUSH k{} x", number + 1)];
            player.input(&name, &pipeline(&[&chain[0], &chain[1]]));
        }
        player.request("a", "LPUSH k0 x");
        assert_eq!(player.request("a", &format!("LLEN k{CLIENTS}")), "(integer) 1\n");
        assert_eq!(player.node.blocking.count, 0);
    }

    #[test]
    fn the_next_waiter_is_served_before_what_a_served_client_has_pipelined() {
        let mut player = player();
        player.request("b", "PING");
        player.bytes("b", &pipeline(&["BLPOP q 0", "LPOP q"]));
        player.request("c", "BLPOP q 0");
        let heard = player.request("a", "RPUSH q 1 2");
        assert_eq!(
            heard,
            "(integer) 2\nb: 1) \"q\"\n   2) \"1\"\nb: (nil)\nc: 1) \"q\"\n   2) \"2\"\n"
        );
    }

    #[test]
    fn each_session_waits_for_what_it_has_written_itself() {
        let mut player = player();
        player.open("r");
        player.input("r", &words("PSYNC ? -1"));
        // It takes nothing and acknowledges nothing.
        player.forget("r");
        player.request("b", "PING");
        player.bytes("b", &pipeline(&["BLPOP q 0", "SET behind 1"]));
        player.request("c", "BLPOP other 0");
        let before = player.node.repl.offset();
        player.request("a", "RPUSH q 1");
        let (a, b) = (session(&player, 0).wrote_up_to, session(&player, 2).wrote_up_to);
        assert!(before < a && a < b, "{before:?} {a:?} {b:?}");
        player.request("a", "RPUSH other 1");
        let (a, c) = (session(&player, 0).wrote_up_to, session(&player, 3).wrote_up_to);
        assert!(b < a && a < c && c == player.node.repl.offset(), "{a:?} {c:?}");
        // No replica has acknowledged anything: both wait until their time is up.
        for name in ["a", "b", "c"] {
            assert_eq!(player.request(name, "WAIT 1 20"), "");
        }
        player.pass(50);
        let heard = player.request("d", "PING");
        assert_eq!(heard, "PONG\na: (integer) 0\nb: (integer) 0\nc: (integer) 0\n");
    }

    #[test]
    fn replies_to_one_pipeline_are_no_more_than_a_share_in_each_turn() {
        let mut player = limited("normal 20mb 10mb 2");
        player.request("a", "SETRANGE big 999999 x");
        let pipeline = pipeline(&["GET big"]).repeat(2500);
        let now = Now::default().after_ms(5000);
        player.node.handle_input(now, ConnId(0), &pipeline);
        assert!(session(&player, 0).out.len() < 3 << 20, "one turn");
        let most = turn_deaf(&mut player, &[]);
        assert!((18 << 20..24 << 20).contains(&most), "{most}");
        assert!(player.node.sessions.get(ConnId(0)).is_none(), "the limit closes it");
        assert_eq!(player.node.stats.output_limit_disconnections, 1);
    }

    /// A stopwatch by which each command takes a tenth of a millisecond.
    fn slow_clock() -> u64 {
        thread_local!(static NS: std::cell::Cell<u64> = const { std::cell::Cell::new(0) });
        NS.with(|ns| ns.replace(ns.get() + 100_000))
    }

    /// A turn in which these sessions have sent something.
    fn turn(player: &mut Player, sent: &[(u32, &[u8])]) -> Vec<Effect> {
        let now = Now::default().after_ms(5000);
        player.node.handle_timeout(now);
        for (conn, bytes) in sent {
            player.node.handle_input(now, ConnId(*conn), bytes);
        }
        let effects = std::iter::from_fn(|| player.node.poll_effect()).collect();
        player.node.idle(now, 0);
        effects
    }

    fn commands(player: &Player) -> u64 {
        player.node.stats.commands
    }

    #[test]
    fn a_pipeline_of_slow_commands_is_run_by_shares_and_the_others_in_between() {
        let mut player = player();
        (1..=11).for_each(|number| player.open(&format!("c{number}")));
        player.node.senses.stopwatch = slow_clock;
        let before = commands(&player);
        let heavy = words("APPEND heavy x").repeat(1000);
        let sent: Vec<(u32, &[u8])> = (1..=10).map(|conn| (conn, &heavy[..])).collect();
        turn(&mut player, &sent);
        // A millisecond for those that came first, one request for each of the others, and a share behind them.
        let first = commands(&player) - before;
        assert!((15..=25).contains(&first), "{first}");
        for _ in 1..10 {
            let calls = commands(&player);
            turn(&mut player, &[(11, &words("APPEND light x")[..])]);
            let calls = commands(&player) - calls;
            assert!((5..=15).contains(&calls), "{calls}");
        }
        while player.node.waking.is_impatient() {
            turn(&mut player, &[]);
        }
        assert_eq!(commands(&player) - before, 10_009);
    }

    #[test]
    fn what_is_sent_beyond_a_share_waits_for_the_next_and_is_not_read() {
        let mut player = player();
        player.open("b");
        player.node.senses.stopwatch = slow_clock;
        let before = commands(&player);
        let requests = words("APPEND k x").repeat(3000);
        let mut told = turn(&mut player, &[(1, &requests)]);
        told.extend(turn(&mut player, &[(1, &requests), (1, &requests)]));
        let calls = commands(&player) - before;
        assert!((10..=20).contains(&calls), "more bytes are no more shares: {calls}");
        while player.node.waking.is_impatient() {
            told.extend(turn(&mut player, &[]));
        }
        let reading = told.iter().filter_map(|effect| match effect {
            Effect::Reading { conn: ConnId(1), on } => Some(*on),
            _ => None,
        });
        assert_eq!(reading.collect::<Vec<_>>(), [false, true]);
        assert_eq!(commands(&player) - before, 9000);
    }

    #[test]
    fn a_long_chain_of_blocked_clients_is_served_over_many_turns() {
        const CLIENTS: usize = 100;
        let mut player = player();
        for number in 0..CLIENTS {
            let name = format!("c{number}");
            player.open(&name);
            let chain = [format!("BLPOP k{number} 0"), format!("LPUSH k{} x", number + 1)];
            player.input(&name, &pipeline(&[&chain[0], &chain[1]]));
        }
        player.node.senses.stopwatch = slow_clock;
        turn(&mut player, &[(0, &words("LPUSH k0 x"))]);
        let left = player.node.blocking.count;
        assert!((70..95).contains(&left), "{left}");
        for _ in 0..CLIENTS {
            turn(&mut player, &[]);
        }
        assert_eq!(player.node.blocking.count, 0);
        let heard = player.request("a", &format!("LLEN k{CLIENTS}"));
        assert!(heard.contains("c99: (integer) 1"), "{heard}");
    }

    #[test]
    fn the_room_that_messages_took_is_never_less_than_before() {
        for len in [100, 1000, 5000, 30_000, 49_000] {
            let mut player = player();
            player.request("b", "PING");
            player.request("b", "SUBSCRIBE news");
            let publish = words(&format!("PUBLISH news {}", "x".repeat(len)));
            let mut room = player.node.message_room;
            for _ in 0..100 {
                // Nothing is sent, so a buffer fills, and what it has too much is given back with its last message.
                player.node.handle_input(Now::default().after_ms(5000), ConnId(0), &publish);
                assert!(player.node.message_room >= room, "messages of {len} bytes");
                room = player.node.message_room;
            }
            assert!(room >= 100 * len, "{room} for messages of {len} bytes");
        }
    }

    #[test]
    fn replies_of_a_transaction_are_bounded_as_well() {
        let mut player = limited("normal 20mb 0 0");
        player.request("a", "SETRANGE big 999999 x");
        let requests = ["MULTI"].into_iter().chain(std::iter::repeat_n("GET big", 500));
        let requests: Vec<&str> = requests.chain(["SET after 1", "EXEC"]).collect();
        let most = turn_deaf(&mut player, &pipeline(&requests));
        assert!(most < 24 << 20, "{most}");
        assert!(player.node.sessions.get(ConnId(0)).is_none());
        // It runs to its end all the same.
        assert_eq!(player.request("b", "GET after"), "\"1\"\n");
    }

    #[test]
    fn a_peer_that_is_not_logged_in_may_be_owed_one_buffer() {
        let mut player = Player::new(&[("requirepass", "secret")]);
        player.request("a", "GET k");
        player.request("b", "GET k");
        let most = turn_deaf(&mut player, &words("GET k").repeat(5000));
        assert!(most <= 17 << 10, "{most}");
        assert!(player.node.sessions.get(ConnId(0)).is_none());
        assert_eq!(player.request("b", "AUTH secret"), "OK\n");
    }

    #[test]
    fn a_small_limit_closes_no_session_for_a_reply_of_some_kilobytes() {
        let mut player = limited("normal 1000 0 0");
        player.request("a", "SETRANGE k 9999 x");
        assert!(player.request("a", "GET k").len() > 10_000);
        assert_eq!(player.request("a", "PING"), "PONG\n");
    }

    #[test]
    fn a_reply_that_a_request_makes_as_long_as_it_likes_closes_its_session() {
        let mut player = limited("normal 100000 0 0 pubsub 0 0 0");
        for request in ["HSET h f v", "SADD s m", "ZADD z 1 m"] {
            player.request("a", request);
        }
        for (n, request) in
            ["HRANDFIELD h", "SRANDMEMBER s", "ZRANDMEMBER z"].into_iter().enumerate()
        {
            let (plain, queued) = (format!("plain {n}"), format!("queued {n}"));
            let reply = player.request(&plain, &format!("{request} -999999999"));
            assert_eq!(reply, format!("{plain}: (closed)\n"));
            player.request(&queued, "MULTI");
            player.request(&queued, &format!("{request} -999999999"));
            player.request(&queued, &format!("SET after{n} 1"));
            assert_eq!(player.request(&queued, "EXEC"), format!("{queued}: (closed)\n"));
            assert_eq!(player.request("a", &format!("GET after{n}")), "\"1\"\n");
            // What a script is told waits for nobody, and what a subscriber is told has limits of its own.
            let script = format!("return #redis.call('{}', -30000)", request.replace(' ', "', '"));
            assert_eq!(player.request("a", &format!("EVAL \"{script}\" 0")), "(integer) 30000\n");
        }
        player.request("b", "HELLO 3");
        player.request("b", "SUBSCRIBE c");
        let reply = player.request("b", "HRANDFIELD h -30000");
        assert_eq!(reply.lines().count(), 30_000, "{}", &reply[..200.min(reply.len())]);
    }

    #[test]
    fn requests_of_a_peer_that_takes_nothing_wait_without_a_limit_and_go_on_later() {
        let mut player = player();
        player.request("a", "SETRANGE big 999999 x");
        let most = turn_deaf(&mut player, &pipeline(&["GET big"]).repeat(300));
        assert!((64 << 20..66 << 20).contains(&most), "{most}");
        let mut taken = 0;
        for _ in 0..1000 {
            let now = Now::default().after_ms(9500);
            let mut slices = [IoSlice::new(&[]); 8];
            let count = player.node.pending(ConnId(0), &mut slices);
            let bytes = slices[..count].iter().map(|slice| slice.len()).sum();
            player.node.sent(now, ConnId(0), bytes);
            taken += bytes;
            while player.node.poll_effect().is_some() {}
            player.node.idle(now, 100);
        }
        assert_eq!(taken, 300 * (1_000_000 + "$1000000\r\n\r\n".len()));
        // What it asks while it takes nothing is no reason to let it wait for ever: beyond a megabyte it runs.
        let asks = pipeline(&["GET big"]).repeat(60_000);
        player.node.handle_input(Now::default().after_ms(9600), ConnId(0), &asks);
        for _ in 0..100 {
            while player.node.poll_effect().is_some() {}
            player.node.idle(Now::default().after_ms(9600), 100);
        }
        assert!(session(&player, 0).out.len() > 90 << 20);
    }

    #[test]
    fn a_killed_client_takes_nothing_that_is_pushed_behind_its_end() {
        let mut player = player();
        player.request("w", "BLPOP q 0");
        player.request("next", "PING");
        player.bytes("next", &words("BLPOP other 0"));
        player.bytes("next", &words("BLPOP q 0"));
        let heard = player.bytes(
            "a",
            &pipeline(&["CLIENT KILL ID 2", "RPUSH q a", "LRANGE q 0 -1", "CLIENT LIST ID 2"]),
        );
        assert_eq!(heard, "(integer) 1\n(integer) 1\n1) \"a\"\n\"\"\nw: (closed)\n");
        player.request("a", "DEL q");
        for setup in ["SUBSCRIBE news", "BLPOP q 0", "WATCH k", "MONITOR"] {
            player.request("v", "PING");
            player.request("v", setup);
            let id = player.node.sessions.iter().map(|it| it.id).max().expect("a session");
            let kill = format!("CLIENT KILL ID {id}");
            let heard = player
                .bytes("a", &pipeline(&["MULTI", &kill, "PUBLISH news x", "INFO clients", "EXEC"]));
            assert!(
                heard.contains("3) (integer) 0") || heard.contains("2) (integer) 0"),
                "{heard}"
            );
            assert!(heard.contains("connected_clients:2"), "{setup}: {heard}");
            assert!(!heard.contains("v: 1)") && heard.ends_with("v: (closed)\n"), "{heard}");
            player.forget("v");
        }
    }

    #[test]
    fn a_session_that_closes_after_its_replies_can_still_be_closed_at_once() {
        let mut player = player();
        let now = Now::default().after_ms(5000);
        player.node.handle_input(now, ConnId(0), &pipeline(&["PING", "QUIT"]));
        player.node.close(ConnId(0), crate::session::Closing::Now);
        player.node.bury();
        let mut hangups = 0;
        while let Some(effect) = player.node.poll_effect() {
            hangups += u32::from(matches!(effect, Effect::Hangup { conn: ConnId(0), .. }));
        }
        assert_eq!(hangups, 1);
    }

    #[test]
    fn a_client_that_was_served_after_a_long_wait_is_not_idle() {
        let mut player = Player::new(&[("timeout", "3")]);
        player.request("w", "BLPOP q 0");
        player.pass(7000);
        player.request("p", "RPUSH q v");
        player.pass(2000);
        assert!(player.request("p", "CLIENT LIST ID 1").contains(" idle=2 "));
        assert_eq!(player.request("w", "PING"), "PONG\n");
    }
}
