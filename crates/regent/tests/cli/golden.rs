//! The same bytes as `redis-cli` prints, for the same commands and options.
//!
//! Each client has a server of its own, both in the same state, since most commands cannot be sent twice.

use testkit::{Server, free_port, peer_tool};

use crate::regent;
use crate::run::{Cli, Left, Run, Screen};

/// Lines of which each shows something: types, errors, binary data, nesting, texts that are shown as they are.
const LINES: &[&str] = &[
    // Strings and their bytes.
    "set k v",
    "get k",
    "get absent",
    "set k \"a b\\tc\\n\"",
    "get k",
    "set bin \"\\x00\\xff\\x7f\\\\\\\"\"",
    "get bin",
    "set utf \"gr\u{fc}n \u{20ac}\"",
    "get utf",
    "append k xyz",
    "strlen k",
    "getrange k 0 2",
    "set empty \"\"",
    "get empty",
    "set esc \"\\a\\b\\r\\n\"",
    "get esc",
    "setrange k 3 'it''s'",
    "set k 'single \\'quoted\\''",
    "get k",
    "mset a 1 b 2 c 3",
    "mget a b nope c",
    "incr a",
    "incrby a -10",
    "incrbyfloat a 1.25",
    "getdel b",
    "getex c ex 100",
    "lcs utf utf",
    "lcs k k len",
    "substr c 0 0",
    "setnx a x",
    "msetnx a 1 z 1",
    "getset a old",
    "psetex p 100000 v",
    // Errors.
    "get",
    "nosuchcommand a b",
    "incr utf",
    "lpush utf x",
    "set k v ex nope",
    "set k v nx xx",
    "hset h f",
    "eval",
    "client nope",
    "config set nope 1",
    "object help",
    "config get",
    "zadd z nan a",
    "zadd z 1",
    "select 99",
    "auth x",
    "select nope",
    "debug",
    "exec",
    "discard",
    "unlink",
    "copy",
    "type",
    "expire k",
    "expire k nope",
    // Lists.
    "rpush l a b c",
    "lrange l 0 -1",
    "lrange absent 0 -1",
    "llen l",
    "lpop l",
    "lpop l 5",
    "lpop absent",
    "lpop absent 2",
    "rpush l 1 2 3 4 5 6 7 8 9 10 11 12",
    "lrange l 0 -1",
    "lpos l 5",
    "lpos l x",
    "lpos l 5 count 0",
    "lindex l 0",
    "lindex l 99",
    "linsert l before 3 x",
    "lset l 0 z",
    "lset l 99 z",
    "lmpop 1 l left count 2",
    "lmpop 1 absent left",
    "lmove l l2 left right",
    "blpop l2 1",
    "blpop absent 0.01",
    "ltrim l 0 3",
    "lrem l 0 x",
    "lpushx absent a",
    // Hashes.
    "hset h f1 v1 f2 v2",
    "hgetall h",
    "hget h f1",
    "hget h nope",
    "hmget h f1 nope f2",
    "hkeys h",
    "hvals h",
    "hlen h",
    "hgetall absent",
    "hincrby h n 5",
    "hincrbyfloat h n 0.5",
    "hexists h f1",
    "hdel h f1 nope",
    "hstrlen h f2",
    "hset single f v",
    "hrandfield single",
    "hrandfield single 1 withvalues",
    "hscan single 0",
    "hset bh \"\\x01\" \"\\xfe\"",
    "hgetall bh",
    "hsetnx h f2 x",
    // Sets.
    "sadd s one",
    "smembers s",
    "smembers absent",
    "sismember s one",
    "smismember s one two",
    "scard s",
    "sadd s2 one two",
    "sinter s s2",
    "sunion s absent",
    "sdiff s s2",
    "sintercard 2 s s2",
    "spop s",
    "spop s",
    "srandmember absent",
    "srandmember absent 3",
    "sscan s2 0 match o*",
    "smove s2 s one",
    "sinterstore d s s2",
    "sadd i 1 2 3",
    "smembers i",
    // Sorted sets: doubles, pairs.
    "zadd z 1 a 2.5 b -inf c 1e30 d",
    "zscore z a",
    "zscore z b",
    "zscore z c",
    "zscore z nope",
    "zmscore z a nope b",
    "zrange z 0 -1",
    "zrange z 0 -1 withscores",
    "zrangebyscore z -inf +inf withscores limit 0 2",
    "zincrby z 0.1 a",
    "zrank z b",
    "zrank z nope",
    "zrank z b withscore",
    "zpopmin z",
    "zpopmax z 2",
    "zpopmin absent",
    "zcard z",
    "zadd z incr 1 a",
    "zadd z nx incr 1 a",
    "zadd z xx ch 7 a",
    "zmpop 1 z min",
    "zmpop 1 absent max",
    "zadd z 1 x 2 y",
    "bzpopmin z 1",
    "bzpopmax absent 0.01",
    "zrandmember z",
    "zrandmember z 1 withscores",
    "zdiff 2 z absent",
    "zunion 2 z z withscores",
    "zinter 2 z absent",
    "zlexcount z - +",
    "zscan z 0",
    "zrevrange z 0 -1",
    "zremrangebyrank z 0 0",
    // Keys.
    "type l",
    "type absent",
    "exists k l absent",
    "del absent",
    "del k l",
    "ttl c",
    "ttl a",
    "pttl absent",
    "expire a 100",
    "persist a",
    "rename a a2",
    "rename absent x",
    "renamenx a2 a3",
    "object encoding a3",
    "object encoding absent",
    "object refcount a3",
    "dump absent",
    "dump p",
    "restore r 0 nonsense",
    "copy a3 a4",
    "touch a3 absent",
    "dbsize",
    "sort i desc",
    "sort absent",
    "expiretime a3",
    "randomkey x",
    "keys a3",
    "scan 0 match a3 count 1000",
    "wait 0 1",
    // Transactions: nested replies, errors inside.
    "multi",
    "set t 1",
    "incr t",
    "lrange i 0 -1",
    "hgetall single",
    "exec",
    "multi",
    "nosuch",
    "exec",
    "multi",
    "discard",
    "multi",
    "zadd zz 1 m",
    "zrange zz 0 -1 withscores",
    "smembers i",
    "get absent",
    "exec",
    "multi",
    "select 3",
    "set q 1",
    "exec",
    "get q",
    "select 0",
    "multi",
    "exec",
    "watch k",
    "unwatch",
    // The server.
    "ping",
    "ping \"a b\"",
    "echo \"\\x01\"",
    "config get maxmemory",
    "config get nothing*",
    "config get save",
    "config set maxmemory 100mb",
    "config get maxmemory maxmemory-policy",
    "command count",
    "command info get",
    "command info get nosuch config",
    "command getkeys mset a 1 b 2",
    "command getkeys get",
    "command docs get",
    "command list filterby pattern xlo*",
    "client getname",
    "client setname me",
    "client getname",
    "client no-evict on",
    "client reply",
    "latency latest",
    "latency history x",
    "latency doctor",
    "memory usage p",
    "memory doctor",
    "memory usage absent",
    "slowlog reset",
    "slowlog get 0",
    "pubsub channels",
    "pubsub numsub a b",
    "pubsub numpat",
    "publish ch hello",
    "object freq p",
    "module list",
    "lastsave x",
    "role",
    "swapdb 0 1",
    "swapdb 1 0",
    "debug sleep 0",
    "client trackinginfo",
    "readonly",
    "replicaof no one",
    "hello 9",
    "hello x",
    "reset",
    "info cluster",
    "debug protocol string",
    "debug protocol integer",
    "debug protocol double",
    "debug protocol null",
    "debug protocol array",
    "debug protocol set",
    "debug protocol map",
    "debug protocol verbatim",
    "debug protocol true",
    "debug protocol false",
    "debug protocol push",
    // What the client itself understands.
    "2 incr t",
    "0 incr t",
    "-1 incr t",
    "+2 incr t",
    "x2 incr t",
    "get \"open",
    "get 'open",
    "get \"a\"b",
    "   ",
    "",
    ":set nohints",
    ":set hints",
    ":set nope",
    ":nope",
    "restart",
    "SELECT 2",
    "dbsize",
    "GET \"\"",
    "  get   k  ",
    "flushall",
];

fn servers() -> Option<[Server; 2]> {
    peer_tool("redis-cli")?;
    Some([(); 2].map(|()| Server::start(&regent(), &[])))
}

/// Runs both clients and compares what they leave.
#[track_caller]
fn compare(servers: &[Server; 2], screen: Screen, arguments: &[&str], input: &[u8]) {
    compare_with(servers, screen, arguments, input, &[]);
}

#[track_caller]
fn compare_with(
    [ours, theirs]: &[Server; 2],
    screen: Screen,
    arguments: &[&str],
    input: &[u8],
    variables: &[(&str, &str)],
) {
    let run = |server: &Server, cli| {
        let mut run = Run::new(server.port(), server.folder());
        (run.arguments, run.input, run.screen) = (arguments.to_vec(), input, screen);
        run.variables = variables.to_vec();
        run.of(cli)
    };
    let (mut got, want) = (run(ours, Cli::Ours), run(theirs, Cli::Theirs));
    // What follows an unknown option is ours.
    let usage = "\nUsage: redis-cli [OPTIONS] [cmd [arg [arg ...]]]   (--help tells all)\n";
    got.err = got.err.replace(usage, "\n");
    for (name, got, want) in [("out", &got.out, &want.out), ("err", &got.err, &want.err)] {
        let different = got.split('\n').zip(want.split('\n')).position(|(got, want)| got != want);
        if let Some(at) = different {
            let around = |text: &str| {
                let lines: Vec<&str> =
                    text.split('\n').skip(at.saturating_sub(3)).take(6).collect();
                lines.join("\n")
            };
            let (got, want) = (around(got), around(want));
            panic!(
                "{arguments:?} {screen:?}: {name}, line {at}\n--- ours\n{got}\n--- theirs\n{want}"
            );
        }
        assert_eq!(got, want, "{arguments:?} {screen:?}: {name}");
    }
    assert_eq!(got.status, want.status, "{arguments:?} {screen:?}: status");
}

#[test]
fn typed_lines_leave_the_same_bytes_in_every_layout_and_protocol() {
    let Some(servers) = servers() else { return };
    let input: String = LINES.iter().map(|line| format!("{line}\n")).collect();
    for screen in [Screen::Pipe, Screen::Terminal] {
        for arguments in [
            &[][..],
            &["-3"],
            &["--raw"],
            &["--no-raw", "-3"],
            &["--csv"],
            &["--csv", "-3"],
            &["--json"],
            &["--quoted-json"],
            &["-d", "|", "-D", "##\n"],
            &["--raw", "-d", "", "-D", "", "-3"],
        ] {
            compare(&servers, screen, arguments, input.as_bytes());
        }
    }
}

#[test]
fn commands_on_the_command_line_leave_the_same_bytes_and_status() {
    let Some(servers) = servers() else { return };
    let ask = |arguments: &str| {
        let words: Vec<&str> = arguments.split(' ').collect();
        for screen in [Screen::Pipe, Screen::Terminal] {
            compare(&servers, screen, &words, b"");
        }
    };
    for line in [
        "set k v",
        "get k",
        "get absent",
        "incr k",
        "-e incr k",
        "-e get k",
        "-3 -e incr k",
        "-n 3 set in3 x",
        "-n 3 get in3",
        "get in3",
        "-n 99 get k",
        "-r 3 incr n",
        "-r 0 incr n",
        "-r 3 -i 0.01 incr n",
        "rpush l a b c",
        "lrange l 0 -1",
        "-d , lrange l 0 -1",
        "-D ; -r 2 lrange l 0 -1",
        "--csv lrange l 0 -1",
        "--json lrange l 0 -1",
        "--json -3 config get maxmemory",
        "-3 config get maxmemory",
        "--quoted-json get absent",
        "--no-raw lrange l 0 -1",
        "--raw lrange l 0 -1",
        "-3 debug protocol bignum",
        "debug protocol bignum",
        "-3 debug protocol attrib",
        "debug protocol attrib",
        "-3 debug protocol verbatim",
        "-3 debug protocol push",
        "-3 --show-pushes no debug protocol push",
        "-3 --show-pushes y debug protocol push",
        "--show-pushes maybe get k",
        "-3 --raw debug protocol push",
        "--csv -3 debug protocol double",
        "--quoted-input get \"\\x6b\"",
        "--quoted-input get \"open",
        "get \"k\"",
        "hset h f v",
        "-3 hgetall h",
        "-3 --json hgetall h",
        "-3 --csv hgetall h",
        "eval return 0",
        "info nosection",
        "client getname",
        "--user default get k",
        "-a wrong --no-auth-warning ping",
        "-a wrong ping",
        "--user nobody --pass x --no-auth-warning ping",
        "-u redis://127.0.0.1/3 echo x",
        "-u nope://x ping",
        "-u redis://a%4 ping",
        "-u redis://%zz@h ping",
        "-u redis://a%4@h ping",
        "-u redis://a%@h ping",
        "--rdb a --functions-rdb b",
        "--rdb /nowhere/a --rdb /nowhere/b",
        "-h localhost -3 client kill addr 127.0.0.1:1",
        "--nope",
        "-X",
        "-x -X t get k",
        "-p 1 ping",
        "-h nosuchhost.invalid ping",
        "-s /nosuch.sock ping",
        "-c -s /x get k",
        "--ldb",
        "--version",
        "-v",
        "--rdb",
        "--pattern",
        "--quoted-pattern \"x ping",
        "--cluster",
        "-c get k",
        "monitor x",
        "quit",
        "shutdown nope",
        "select 5",
        "multi",
        "exec",
        "-3 hello 9",
        "hello x",
        "--eval /nosuch.lua",
        "type l",
        "object encoding l",
        "-3 zadd z incr 1.5 m",
        "-3 zscore z m",
        "zscore z m",
        "-3 --json zscore z m",
        "-3 --json smembers absent",
        "sadd s a",
        "-3 smembers s",
        "-3 --raw smembers s",
        "-3 --json smembers s",
        "--json debug protocol null",
        "--json debug protocol true",
        "--csv debug protocol true",
        "-r 2 --csv get k",
        "-r 2 --json get k",
        "-r 2 --raw get k",
        "-3 client list id 99999",
        "-3 lolwut version 1 0 0 0",
        "auth a b c",
        "-n 2 -r 2 incr n2",
        "-n 2 get n2",
        "flushall",
    ] {
        // Their version is another, and their text of a cluster manager is not ours.
        if !["--version", "-v", "--cluster"].contains(&line) {
            ask(line);
        }
    }
}

#[test]
fn arguments_from_standard_input_are_the_same_bytes() {
    let Some(servers) = servers() else { return };
    for (arguments, input) in [
        (&["-x", "set", "k"][..], &b"from\0input\n"[..]),
        (&["get", "k"], b""),
        (&["--no-raw", "get", "k"], b""),
        (&["-X", "tag", "set", "k", "tag"], b"tagged"),
        (&["get", "k"], b""),
        (&["-X", "tag", "set", "k", "other"], b"tagged"),
        (&["-x", "echo"], b""),
        (&["-x", "append", "k"], b"\xff\xfe"),
        (&["--json", "get", "k"], b""),
        (&["--quoted-json", "get", "k"], b""),
        (&["-D", "", "--raw", "dump", "k"], b""),
    ] {
        compare(&servers, Screen::Pipe, arguments, input);
    }
}

#[test]
fn passwords_come_from_options_uris_and_the_environment() {
    if peer_tool("redis-cli").is_none() {
        return;
    }
    let servers = [(); 2].map(|()| Server::start(&regent(), &["requirepass pw"]));
    for (arguments, variables) in [
        (&["ping"][..], &[][..]),
        (&["-n", "2", "ping"], &[]),
        (&["-3", "ping"], &[]),
        (&["--json", "ping"], &[]),
        (&["-a", "pw", "ping"], &[]),
        (&["-a", "pw", "--no-auth-warning", "ping"], &[]),
        (&["--pass", "pw", "--user", "default", "--no-auth-warning", "get", "k"], &[]),
        (&["-a", "wrong", "--no-auth-warning", "-e", "ping"], &[]),
        (&["-a", "wrong", "--no-auth-warning", "-3", "-n", "1", "ping"], &[]),
        (&["ping"], &[("REDISCLI_AUTH", "pw")]),
        (&["-n", "3", "-3", "echo", "x"], &[("REDISCLI_AUTH", "pw")]),
        (&["ping"], &[("REDISCLI_AUTH", "wrong")]),
        // No password comes.
        (&["--askpass", "ping"], &[]),
        (&["--replica"], &[]),
        (&["--rdb", "-"], &[]),
        (&["-a", "pw", "--no-auth-warning", "ping"], &[("REDISCLI_AUTH", "wrong")]),
    ] {
        compare_with(&servers, Screen::Pipe, arguments, b"", variables);
    }
    let typed =
        b"get k\nselect 3\nauth pw\nget k\nselect 4\nauth nope\nauth default pw\nset k v\nget k\n";
    compare(&servers, Screen::Terminal, &[], typed);
    compare(&servers, Screen::Terminal, &["-n", "5"], typed);
}

#[test]
fn a_server_that_goes_away_is_told_the_same_way() {
    if peer_tool("redis-cli").is_none() {
        return;
    }
    for typed in ["shutdown nosave\nping\nset a b\n", "client kill type normal skipme no\nping\n"] {
        let [got, want] = [Cli::Ours, Cli::Theirs].map(|cli| {
            let server = Server::start(&regent(), &[]);
            let mut run = Run::new(server.port(), server.folder());
            (run.input, run.screen) = (typed.as_bytes(), Screen::Terminal);
            let left = run.of(cli);
            // Which of the two the system says depends on the moment.
            let err = left.err.replace("Connection reset by peer", "Server closed the connection");
            Left { err, ..left }
        });
        assert_eq!(got, want, "{typed}");
    }
    let nobody = free_port();
    let folder = std::env::temp_dir();
    let mut run = Run::new(nobody, &folder);
    run.input = b"ping\nhelp\nget a\n";
    let (got, want) = (run.of(Cli::Ours), run.of(Cli::Theirs));
    assert_eq!(got.err, want.err);
    for mode in ["--scan", "--bigkeys", "--stat", "--latency", "--pipe", "--replica", "--hotkeys"] {
        run.arguments = vec![mode];
        assert_eq!(run.of(Cli::Ours), run.of(Cli::Theirs), "{mode}");
    }
}
