//! The programs that come with Redis, used on our server.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use testkit::{Server, peer_tool};

use crate::{fill, regent};

fn run(program: &str, server: &Server, arguments: &[&str], input: &[u8]) -> Output {
    let mut command = Command::new(program);
    command.args(["-p", &server.port().to_string()]).args(arguments).current_dir(server.folder());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = command.spawn().expect("it is installed");
    let mut pipe = process.stdin.take().expect("it is piped");
    pipe.write_all(input).expect("it reads");
    drop(pipe);
    process.wait_with_output().expect("it ends")
}

#[test]
fn redis_cli_reads_writes_scans_and_copies() {
    let Some(cli) = peer_tool("redis-cli") else { return };
    let server = Server::start(&regent(), &[]);
    fill(&server);
    let cli = |arguments: &[&str], input: &str| {
        let output = run(cli, &server, arguments, input.as_bytes());
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert_eq!(cli(&["--scan", "--pattern", "list:*"], "").lines().count(), 3);
    let biggest = cli(&["--bigkeys"], "");
    for line in ["Biggest string found '\"huge\"'", "Biggest   list found '\"list:big\"'"] {
        assert!(biggest.contains(line), "{line}: {biggest}");
    }
    assert!(cli(&["--memkeys"], "").contains("Sampled"));
    let mass: String = (0..1000).map(|at| format!("SET mass:{at} {at}\r\n")).collect();
    let said = cli(&["--pipe"], &mass);
    assert!(said.contains("errors: 0, replies: 1000"), "{said}");
    assert_eq!(cli(&["-n", "1", "strlen", "huge"], ""), "100008\n");
    assert_eq!(cli(&["-x", "set", "stdin"], "from a pipe"), "OK\n");
    assert_eq!(cli(&["get", "stdin"], ""), "from a pipe\n");
    assert_eq!(cli(&["-r", "3", "incr", "n"], ""), "1\n2\n3\n");
    assert_eq!(cli(&["--csv", "lrange", "list:small", "0", "2"], ""), "\"a\",\"b\",\"c\"\n");
    assert_eq!(cli(&["--json", "hgetall", "hash:small"], "").trim(), r#"{"f":"v","g":"2","":""}"#);
    let typed = "multi\nset a 1\nget a\nexec\nselect 1\nget int\n";
    assert_eq!(cli(&[], typed), "OK\nQUEUED\nQUEUED\nOK\n1\nOK\n123456789012\n");
    // It takes a snapshot as a replica would.
    cli(&["--rdb", "copied.rdb"], "");
    let mut copy = Server::prepare(&regent(), &[]);
    std::fs::copy(server.file("copied.rdb"), copy.file("dump.rdb")).expect("both are there");
    copy.start_again();
    assert_eq!(copy.position().1, server.position().1);
}

#[test]
fn redis_benchmark_runs_to_the_end() {
    let Some(benchmark) = peer_tool("redis-benchmark") else { return };
    let server = Server::start(&regent(), &[]);
    for arguments in
        [&["-n", "1000", "-c", "20", "-q"][..], &["-n", "5000", "-P", "16", "-q", "-r", "100"]]
    {
        let output = run(benchmark, &server, arguments, b"");
        let text = String::from_utf8_lossy(&output.stdout).replace('\r', "\n");
        assert!(output.status.success(), "{text}");
        assert!(!text.to_lowercase().contains("error"), "{text}");
        for test in [
            "PING_INLINE",
            "PING_MBULK",
            "SET",
            "GET",
            "INCR",
            "LPUSH",
            "RPUSH",
            "LPOP",
            "RPOP",
            "SADD",
            "HSET",
            "SPOP",
            "ZADD",
            "ZPOPMIN",
            "LRANGE_100 ",
            "LRANGE_600 ",
            "MSET",
        ] {
            let is_result =
                |line: &str| line.starts_with(test) && line.contains("requests per second");
            assert!(text.lines().any(is_result), "{test} is not in\n{text}");
        }
    }
    assert_eq!(server.say("PING"), "PONG");
}
