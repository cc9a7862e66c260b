//! What is ours alone: a rate, a duration, the server's own time, two servers in one run, JSON; and that exactly what
//! was asked for is sent.

use serde_json::Value;
use testkit::{Server, until};

use crate::{calls, ours, server, words};

/// What a run without errors prints.
#[track_caller]
fn prints(server: &Server, line: &str) -> String {
    let words = words(line, server);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let output = ours(&words, "");
    assert!(output.status.success(), "{line}: {output:?}");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.lines().all(|line| line.starts_with("WARNING: ")), "{line}: {error}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[track_caller]
fn object(server: &Server, line: &str) -> Value {
    let text = prints(server, line);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[track_caller]
fn number(object: &Value, name: &str) -> f64 {
    object[name].as_f64().unwrap_or_else(|| panic!("no {name} in {object}"))
}

#[test]
fn as_many_requests_are_sent_as_were_asked_for() {
    let server = server(&[]);
    for (line, want) in [
        ("-p PORT -q -n 1000 -t get", 1000),
        ("-p PORT -q -n 1000 -c 7 -P 7 -t get", 1001),
        ("-p PORT -q -n 10 -c 50 --threads 10 -t get", 10),
        ("-p PORT -q -n 777 -c 5 --threads 2 -t get", 777),
        ("-p PORT -q -n 60 -c 5 -k 0 -t get", 60),
        ("-p PORT -q -n 100 -c 100 -k 0 --threads 3 -t get", 100),
        ("-p PORT -q -n 500 --rate 5000 -t get", 500),
        ("-p PORT -q -n 500 --compare 127.0.0.1:PORT -t get", 1000),
    ] {
        server.ask(&["CONFIG", "RESETSTAT"]);
        prints(&server, line);
        // Requests beyond the last that was waited for may still be on their way.
        until(line, || calls(&server, "get") == Some(want));
    }
}

#[test]
fn large_values_and_replies_pass_whole() {
    let server = server(&[]);
    prints(&server, "-p PORT -q -n 30 -c 3 -P 4 -d 300000 -t set,get");
    assert_eq!(server.ask(&["STRLEN", "key:__rand_int__"]).text(), "300000");
    // Placeholders change while the request before is still being written.
    prints(&server, "-p PORT -q -n 30 -c 3 -d 3000000 -r 5 set big:__rand_int__ __data__");
    for at in 0..5 {
        let len = server.ask(&["STRLEN", &format!("big:{at:012}")]).text();
        assert!(["3000000", "0"].contains(&len.as_str()), "{len}");
    }
}

#[test]
fn placeholders_are_filled() {
    let server = server(&[]);
    prints(&server, "-p PORT -q -n 500 -r 10 -d 5 -P 3 set k:__rand_int__ <__data__>");
    assert_eq!(server.ask(&["DBSIZE"]).text(), "10");
    assert_eq!(server.ask(&["STRLEN", "k:000000000003"]).text(), "7");
    // The same seed gives the same keys, however often it is run.
    let digest = || {
        server.ask(&["FLUSHALL"]);
        prints(&server, "-p PORT -q -n 50 -c 1 -r 100000 --seed 7 -t set,sadd");
        server.ask(&["DEBUG", "DIGEST"]).text()
    };
    assert_eq!(digest(), digest());
}

#[test]
fn json_says_what_was_done_and_what_came_of_it() {
    let server = server(&[]);
    let line = format!("-p PORT -n 500 -c 5 -P 2 --json --server-cpu {} get a", server.pid());
    let object = object(&server, &line);
    assert_eq!(object["test"], "get a");
    assert_eq!((number(&object, "clients"), number(&object, "pipeline")), (5.0, 2.0));
    assert_eq!(number(&object, "requests"), 500.0);
    for name in ["rps", "p50_latency_ms", "max_latency_ms", "server_cpu_us", "client_cpu_us"] {
        assert!(number(&object, name) > 0.0, "{name}: {object}");
    }
    let last = object["percentiles"].as_array().and_then(|steps| steps.last());
    assert_eq!(last.map(|step| &step[2]), Some(&Value::from(500)));
    let lines = prints(&server, "-p PORT -n 10 --json -t get,set");
    assert_eq!(lines.lines().count(), 2, "{lines}");
}

#[test]
fn a_duration_ends_a_test() {
    let server = server(&[]);
    let object = object(&server, "-p PORT --duration 0.3 --json -t get");
    assert!(number(&object, "seconds") >= 0.3, "{object}");
    assert!(number(&object, "requests") > 0.0, "{object}");
}

#[test]
fn with_a_rate_a_stall_shows_in_all_requests_that_were_due() {
    let server = server(&[]);
    let port = server.port();
    let stall = std::thread::spawn(move || {
        let mut client = testkit::Client::connect(("127.0.0.1", port)).expect("it listens");
        until("requests", || {
            let stats = client.command(&["INFO", "commandstats"]).expect("it answers").text();
            stats.contains("cmdstat_get")
        });
        client.command(&["DEBUG", "SLEEP", "0.5"]).expect("it answers");
    });
    let object = object(&server, "-p PORT --rate 1000 --duration 1.2 -c 2 --json -t get");
    stall.join().expect("it answers");
    assert_eq!(number(&object, "rate"), 1000.0);
    assert!(number(&object, "requests") <= 1201.0, "{object}");
    // Some 500 requests were due meanwhile, and 250 of them for longer than 250 ms. Only the two that were on their way
    // would show it if each connection waited for its reply.
    assert!(number(&object, "p95_latency_ms") > 200.0, "{object}");
    assert!(number(&object, "max_latency_ms") > 400.0, "{object}");
}

#[test]
fn two_servers_are_measured_in_turns() {
    let (first, second) = (server(&[]), server(&["maxclients 1000"]));
    let base = format!(
        "-p PORT -n 500 --compare 127.0.0.1:{} --server-cpu {},{} -t get",
        second.port(),
        first.pid(),
        second.pid()
    );
    let object = object(&first, &format!("{base} --json"));
    assert_eq!(object["servers"][1]["server"], format!("127.0.0.1:{}", second.port()));
    assert_eq!(number(&object["servers"][1], "requests"), 500.0);
    let ratio = number(&object["servers"][0], "rps") / number(&object["servers"][1], "rps");
    assert!((number(&object["ratio"], "rps") - ratio).abs() < 1e-6, "{object}");
    assert!(number(&object["ratio"], "server_cpu_us") > 0.0, "{object}");
    let csv = prints(&first, &format!("{base} --csv"));
    let columns: Vec<usize> = csv.lines().map(|line| line.split(',').count()).collect();
    assert_eq!(columns, [10; 4], "{csv}");
    let text = prints(&first, &base);
    for want in ["ratio", "requests/s", "p99 msec", "server cpu usec"] {
        assert!(text.contains(want), "{want}: {text}");
    }
    assert!(prints(&first, &format!("{base} -q")).contains(" against "));
}

#[test]
fn what_is_not_there_is_said() {
    let server = server(&[]);
    for (line, status, want) in [
        ("-p PORT --cluster", 1, "Failed to fetch cluster configuration from 127.0.0.1:PORT"),
        ("-p PORT --server-cpu 1,2,3", 1, "--server-cpu wants the number of a process"),
        ("-u rediss://127.0.0.1:PORT", 1, "rediss:// is only supported"),
        ("-p 70000", 1, "Invalid server port."),
        ("-h 127.0.0.1 -p 1", 1, "Could not connect to Redis at 127.0.0.1:1: Connection refused"),
    ] {
        let words = words(line, &server);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let output = ours(&words, "");
        let error = String::from_utf8_lossy(&output.stderr);
        let want = want.replace("PORT", &server.port().to_string());
        assert_eq!(output.status.code(), Some(status), "{line}: {output:?}");
        assert!(error.contains(&want), "{line}: {error}");
    }
    assert!(prints(&server, "--help").starts_with("Usage: redis-benchmark "));
    assert!(prints(&server, "--version").starts_with("redis-benchmark 7.2."));
}
