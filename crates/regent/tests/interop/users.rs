//! The same rules make the same users: what they may do is asked of both servers, request by request.

use testkit::{Program, Server, Value, print, words};

use crate::regent;
use stdx::Prng;

/// Rules, some of them wrong, some of them without effect where others come before.
const RULES: &[&str] = &[
    "+@all",
    "-@all",
    "+get",
    "-get",
    "+@read",
    "-@read",
    "+@write",
    "-@write",
    "+@string",
    "+@keyspace",
    "-@slow",
    "+@fast",
    "-@dangerous",
    "+@connection",
    "+@pubsub",
    "+@transaction",
    "-@blocking",
    "+config",
    "-config",
    "+config|get",
    "-config|set",
    "+client|id",
    "+select|0",
    "+select|1",
    "-select",
    "+SORT",
    "+@nothing",
    "-nothing",
    "+config|nothing",
    "+get|a|b",
    "~*",
    "allkeys",
    "resetkeys",
    "~a*",
    "%R~b*",
    "%W~c*",
    "%RW~d",
    "%~x",
    "%W~a*",
    "&*",
    "allchannels",
    "resetchannels",
    "&a",
    "&b*",
    "&c[12]",
    "(+get ~b*)",
    "(+@all %R~a* %W~b*)",
    "(~*",
    ")",
    "(+publish &*)",
    "( +mget ~a* ~b* )",
    "clearselectors",
    "nocommands",
    "allcommands",
    "on",
    "off",
    "nopass",
    "resetpass",
    ">secret",
    "<secret",
    "#zz",
    "reset",
];

/// Requests whose commands both have.
const REQUESTS: &[&str] = &[
    "GET a1",
    "GET b1",
    "GET c1",
    "GET d",
    "SET a1 x",
    "SET c1 x",
    "SET c1 x GET",
    "SET c1 get",
    "MGET a1 b1",
    "MGET b1 a1 c1",
    "DEL a1",
    "DEL b1 c1",
    "COPY a1 c1",
    "COPY b1 a1",
    "RENAME a1 b1",
    "EXISTS c1",
    "TYPE a1",
    "LPUSH c1 x",
    "RPOPLPUSH b1 c1",
    "BLPOP b1 a1 0",
    "LMPOP 2 a1 b1 LEFT",
    "ZUNIONSTORE c1 2 a1 b1",
    "ZUNIONSTORE c1 3 a1",
    "SINTERCARD 2 a1 b1",
    "SORT a1",
    "SORT a1 STORE c1",
    "SORT b1 BY store STORE a1",
    "SORT a1 GET store",
    "MIGRATE h 1 a1 0 5",
    "MIGRATE h 1 \"\" 0 5 KEYS a1 b1",
    "MIGRATE h 1 \"\" 0 5 AUTH keys KEYS c1 keys a1",
    "CONFIG GET x",
    "CONFIG SET x y",
    "CLIENT ID",
    "CLIENT LIST",
    "SELECT 0",
    "SELECT 1",
    "PING",
    "AUTH x",
    "HELLO 2",
    "PUBLISH a x",
    "PUBLISH b1 x",
    "PUBLISH c3 x",
    "SUBSCRIBE a b1",
    "PSUBSCRIBE b*",
    "PSUBSCRIBE b1",
    "UNSUBSCRIBE z",
    "SSUBSCRIBE c2",
    "SPUBLISH c2 x",
    "OBJECT ENCODING a1",
    "MEMORY USAGE b1",
    "KEYS *",
    "FLUSHALL",
    "MULTI",
    "EXEC",
    "WATCH a1 b1",
    "DUMP c1",
    "RESTORE c1 0 x",
    "GETEX a1",
    "GETDEL b1",
    "HSET c1 f v",
    "HGETALL b1",
    "EXPIRE a1 1",
    "WAIT 0 0",
    "REPLICAOF no one",
    "LCS a1 b1",
    "SCAN 0",
    "SWAPDB 0 1",
    "BITFIELD a1 GET u4 0",
    "BITFIELD c1 SET u4 0 1",
    "BITFIELD b1 GET u4 0 INCRBY u4 0 1",
    "BITFIELD_RO b1 GET u4 0",
    "BITOP AND c1 a1 b1",
    "SETBIT c1 0 1",
    "EVAL x 1 a1",
    "EVAL x 0 b1",
    "EVAL x -1 a1",
    "EVAL x 3 a1",
    "EVAL_RO x 2 a1 b1",
    "EVALSHA x 1 c1",
    "FCALL f 2 a1 b1",
    "FCALL_RO f 1 b1",
    "SCRIPT LOAD x",
    "FUNCTION LIST",
];

#[test]
fn rules_mean_the_same() {
    let Some(redis) = Program::redis() else { return };
    let servers = [Server::start(&redis, &[]), Server::start(&regent(), &[])];
    let mut clients = servers.each_ref().map(Server::client);
    let mut prng = Prng::new(7);
    let mut say = |line: &str| -> [Value; 2] {
        let request = words(line);
        clients.each_mut().map(|client| client.command(&request).expect("it answers"))
    };
    let mut denied = 0;
    for round in 0..60 {
        let mut told = Vec::new();
        for _ in 0..prng.below(10) {
            let rule = RULES[prng.below(RULES.len() as u64) as usize];
            told.push(format!("ACL SETUSER u \"{rule}\""));
        }
        say("ACL SETUSER u reset");
        for line in &told {
            let [theirs, ours] = say(line);
            assert_eq!(print(&theirs), print(&ours), "{line}, round {round}: {told:?}");
        }
        for request in REQUESTS {
            let [theirs, ours] = say(&format!("ACL DRYRUN u {request}"));
            assert_eq!(verdict(&theirs), verdict(&ours), "{request}, round {round}: {told:?}");
            denied += usize::from(matches!(ours, Value::Bulk(_)));
        }
        let [theirs, ours] = say("ACL GETUSER u").map(|reply| fields(&reply));
        assert_eq!(theirs, ours, "round {round}: {told:?}");
    }
    assert!(denied > 500, "only {denied} were denied");
}

/// What ACL DRYRUN says, without the user, whom Redis 7.0 does not name.
fn verdict(reply: &Value) -> String {
    let text = print(reply);
    text.find(" no permissions").map_or(text.clone(), |at| text[at..].to_owned())
}

/// What ACL GETUSER says, without the commands: Redis 7.0 makes rules of its own of them.
fn fields(reply: &Value) -> Vec<String> {
    let Value::Array(values) = reply else { panic!("ACL GETUSER answers with an array") };
    let known = ["flags", "passwords", "keys", "channels"];
    let is_known = |pair: &&[Value]| known.contains(&print(&pair[0]).trim_matches('"'));
    values.chunks(2).filter(is_known).map(|pair| print(&pair[1])).collect()
}

#[test]
fn users_go_from_one_file_to_the_other() {
    let Some(redis) = Program::redis() else { return };
    let rules = [
        "alice on >secret ~a* &b* +@all -@dangerous (+get ~c*) (%R~d* &* +mget)",
        "bob off nopass resetchannels allkeys +select|0 +config|get",
    ];
    for [first, second] in [[&redis, &regent()], [&regent(), &redis]] {
        let server = Server::start(first, &[]);
        let mut client = server.client();
        for rule in rules {
            let reply = client.command(&words(&format!("ACL SETUSER {rule}"))).expect("it answers");
            assert!(!reply.is_error(), "{rule}");
        }
        let list = |client: &mut testkit::Client| {
            let reply = client.command(&["ACL", "LIST"]).expect("it answers");
            let Value::Array(lines) = reply else { panic!("ACL LIST answers with an array") };
            lines.iter().map(|line| line.text().to_string()).collect::<Vec<_>>()
        };
        let lines = list(&mut client);
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let other = Server::start(second, &lines);
        let mut heir = other.client();
        for request in REQUESTS {
            let line = |user: &str| words(&format!("ACL DRYRUN {user} {request}"));
            for user in ["alice", "bob"] {
                let [one, two] = [&mut client, &mut heir]
                    .map(|client| client.command(&line(user)).expect("it answers"));
                assert_eq!(verdict(&one), verdict(&two), "{user}: {request}");
            }
        }
    }
}

#[test]
fn a_replica_may_be_a_user_who_may_do_nothing_else() {
    crate::for_both_ways(|first, second| {
        let user = "user follower on >secret resetchannels -@all +psync +replconf +ping";
        let everybody = "user default on nopass ~* &* +@all";
        let master = Server::start(first, &[user, everybody]);
        let names = ["masteruser follower", "masterauth secret"];
        let replica = Server::start(second, &names);
        master.say("set before sync");
        replica.follow(master.port());
        master.say("set after sync");
        master.assert_same(&[&replica]);
        // Whoever is removed has to go, and comes back only under a name that is known.
        master.say("acl deluser follower");
        replica.wait_link("down");
        master.say("acl setuser follower on >secret +psync +replconf +ping");
        replica.wait_link("up");
        master.assert_same(&[&replica]);
    });
}
