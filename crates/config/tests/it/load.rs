//! Files and options as users write them, from 3.0 to today, and what is said about those that are wrong.

use crate::host::Files;
use config::{Config, LoadError, OutputLimit, SavePoint};
use proptest::prelude::*;

const OF_3_0: &str = include_str!("samples/of-3.0.conf");
const OF_7_2: &str = include_str!("samples/of-7.2.conf");

fn load(text: &str) -> Result<Config, LoadError> {
    Files::with(&[("a.conf", text)]).load(&["a.conf"])
}

fn show(config: &Config, name: &str) -> String {
    let shown = config.get(&[name.as_bytes()]);
    String::from_utf8(shown.into_iter().next().expect("a parameter").1).expect("text")
}

#[test]
fn a_file_of_3_0_means_what_it_meant() {
    let config = load(OF_3_0).expect("a good file");
    let values = &config.values;
    assert_eq!(values.integer("port"), 6380);
    let source = values.source().expect("a master");
    assert_eq!((source.host.as_str(), source.port), ("127.0.0.1", 6379));
    assert_eq!(values.integer("replica-priority"), 90);
    assert_eq!(values.integer("min-replicas-to-write"), 2);
    assert_eq!(values.memory("maxmemory"), 200_000_000);
    assert_eq!(values.save_points().len(), 3, "lines add up, and the defaults are gone");
    assert_eq!(values.text("dir"), "/data");
    assert_eq!(values.integer("busy-reply-threshold"), 5000);
    assert_eq!(config.warning(), None, "nothing is switched on that we do not have");
}

#[test]
fn a_file_of_7_2_means_what_it_means() {
    let config = load(OF_7_2).expect("a good file");
    let values = &config.values;
    assert_eq!(values.addresses(), ["127.0.0.1", "-::1"]);
    assert_eq!(values.bytes("requirepass"), b"with \"quotes\" \x01");
    assert_eq!(values.memory("maxmemory-clients"), (1 << 30) / 20);
    assert_eq!(config.renames, [(b"CONFIG".to_vec(), Vec::new())]);
    assert_eq!(show(&config, "shutdown-on-sigterm"), "save now");
    assert!(values.chooses("shutdown-on-sigterm", "now"));
    assert_eq!(values.integer("unixsocketperm"), 0o700);
    let limits = values.output_limits();
    let replica = OutputLimit { hard_bytes: 512 << 20, soft_bytes: 128 << 20, soft_seconds: 30 };
    assert_eq!(limits.replica, replica);
    assert_eq!(limits.pubsub.hard_bytes, 32 << 20, "a class that is not named keeps its limits");
}

#[test]
fn later_words_win() {
    let mut files = Files::with(&[("a.conf", "port 1\nsave 900 1\nloglevel debug\n")]);
    files.stdin = b"port 2\ntimeout 7".to_vec();
    let args = ["a.conf", "--loglevel", "verbose", "--port 3", "--save", "100", "100", "-"];
    let config = files.load(&args).expect("good options");
    assert_eq!(config.values.integer("port"), 3);
    assert_eq!(config.values.integer("timeout"), 7);
    assert_eq!(config.values.choice("loglevel"), "verbose");
    let points = [(900, 1), (100, 100)].map(|(seconds, changes)| SavePoint { seconds, changes });
    assert_eq!(config.values.save_points(), points);
    assert_eq!(config.file.as_deref(), Some("a.conf"));

    for args in
        [&["a.conf", "--save", ""][..], &["a.conf", "--save"], &["a.conf", "--save", "--hz", "9"]]
    {
        let config = Files::with(&[("a.conf", "save 900 1\n")]).load(args).expect("good options");
        assert_eq!(config.values.save_points(), [], "{args:?}");
    }
    let args = ["--save", "", "--port", "6380", "--slaveof", "localhost", "6379"];
    let config = Files::default().load(&args).expect("good options");
    assert_eq!(show(&config, "slaveof"), "localhost 6379");
    let args = ["--shutdown-on-sigint", "nosave force", "--shutdown-on-sigterm", "now", "force"];
    let config = Files::default().load(&args).expect("good options");
    assert_eq!(show(&config, "shutdown-on-sigint"), "nosave force");
    assert_eq!(show(&config, "shutdown-on-sigterm"), "now force");
}

#[test]
fn the_spelling_that_comes_last_decides() {
    let config = load("hash-max-ziplist-entries 20\nhash-max-listpack-entries 21\n");
    assert_eq!(config.expect("good").values.count("hash-max-listpack-entries"), 21);
    let config = load("hash-max-listpack-entries 20\nhash-max-ziplist-entries 21\n");
    assert_eq!(config.expect("good").values.count("hash-max-ziplist-entries"), 21);
}

#[test]
fn files_include_others() {
    let mut files = Files::with(&[
        ("a.conf", "include none*.conf\nport 1\ninclude conf.d/*.conf\ninclude b.conf\n"),
        ("b.conf", "timeout 5\n"),
        ("conf.d/1.conf", "port 2\nhz 20"),
        ("conf.d/2.conf", "\nport 3\n"),
        ("loop.conf", "include loop.conf\n"),
        ("bad.conf", "include b.conf\n\ninclude worse.conf\n"),
        ("worse.conf", "\nport x\n"),
        ("missing.conf", "include nowhere.conf\n"),
    ]);
    let config = files.load(&["a.conf"]).expect("good files");
    assert_eq!(config.values.integer("port"), 3);
    assert_eq!(config.values.integer("timeout"), 5);
    let error = files.load(&["loop.conf"]).expect_err("a loop").to_string();
    assert!(error.contains("too deeply"), "{error}");
    let error = files.load(&["bad.conf"]).expect_err("a bad line").to_string();
    assert!(error.contains("at line 2\n>>> 'port x'\n"), "the line of the file it is in: {error}");
    let error = files.load(&["missing.conf"]).expect_err("no such file").to_string();
    assert_eq!(
        error,
        "Fatal error, can't open config file 'nowhere.conf': No such file or directory"
    );
}

#[test]
fn the_error_block_is_redis_s() {
    let error = load("# one\n\n  port abc  \n").expect_err("no number").to_string();
    assert_eq!(
        error,
        "\n*** FATAL CONFIG FILE ERROR (Redis 7.2.6) ***\n\
         Reading the configuration file, at line 3\n\
         >>> 'port abc'\n\
         argument couldn't be parsed into an integer\n"
    );
    let mut files = Files::with(&[("a.conf", "logfile /nowhere/x\n")]);
    files.unwritable.push("/nowhere/x".to_owned());
    assert_eq!(
        files.load(&["a.conf"]).expect_err("no such folder").to_string(),
        "\n*** FATAL CONFIG FILE ERROR (Redis 7.2.6) ***\n\
         Can't open the log file: No such file or directory\n"
    );
}

#[test]
fn modules_and_foreign_lines_are_refused_not_ignored() {
    for line in [
        "loadmodule /usr/lib/redisearch.so",
        "redisearch.timeout 5",
        "sentinel monitor a 127.0.0.1 1 2",
    ] {
        assert!(load(line).is_err(), "{line}");
    }
    let sentinel = Files::with(&[("s.conf", "port 1\nsentinel monitor a 127.0.0.1 1 2\n")])
        .load(&["s.conf", "--sentinel"])
        .expect("a Sentinel's file");
    assert_eq!(sentinel.sentinel[0].number, 2);
    assert_eq!(sentinel.sentinel[0].words.len(), 5);
}

#[test]
fn users_are_declared_in_order() {
    let config = load("user default off\nrequirepass x\nuser bob on (+get ~a)\n").expect("users");
    let words = |words: &[&str]| words.iter().map(|word| word.as_bytes().to_vec()).collect();
    let want: [Vec<Vec<u8>>; 2] =
        [words(&["default", "off"]), words(&["bob", "on", "(+get", "~a)"])];
    assert_eq!(config.users, want);
    assert!(load("user").is_err());
}

/// The files that Redis shipped are not ours to ship; where they are at hand, every one of them must load.
#[test]
fn stock_files_load_unmodified() {
    let Ok(folder) = std::env::var("REGENT_COMPAT_DIR") else {
        eprintln!("skipped: REGENT_COMPAT_DIR is not set");
        return;
    };
    let mut count = 0;
    for entry in std::fs::read_dir(format!("{folder}/conf")).expect("the folder of stock files") {
        let path = entry.expect("an entry").path().to_string_lossy().into_owned();
        let text = std::fs::read(&path).expect("a file");
        let mut files = Files { folders: vec!["/tmp".to_owned()], ..Files::default() };
        files.files.insert("a.conf".to_owned(), text);
        let is_sentinel = path.contains("sentinel");
        let args: &[&str] = if is_sentinel { &["a.conf", "--sentinel"] } else { &["a.conf"] };
        let config = files.load(args).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert_eq!(config.sentinel.is_empty(), !is_sentinel, "{path}");
        assert_eq!(config.warning(), None, "{path}");
        count += 1;
    }
    assert!(count >= 12, "all versions are there");
}

#[test]
fn names_and_defaults_are_those_of_7_2() {
    let Ok(folder) = std::env::var("REGENT_COMPAT_DIR") else {
        eprintln!("skipped: REGENT_COMPAT_DIR is not set");
        return;
    };
    let recorded = std::fs::read(format!("{folder}/config-redis-7.2.6.json")).expect("a record");
    let recorded: serde_json::Value = serde_json::from_slice(&recorded).expect("JSON");
    let config = Config::default();
    let recorded = recorded.as_object().expect("names and values");
    for (name, value) in recorded {
        let shown = config.get(&[name.as_bytes()]);
        assert_eq!(shown.len(), 1, "{name} is missing");
        assert_eq!(shown[0].1, value.as_str().expect("a string").as_bytes(), "{name}");
    }
    // Those that were set where the record was made.
    const NOT_RECORDED: &[&str] = &[
        "bind",
        "port",
        "protected-mode",
        "daemonize",
        "pidfile",
        "save",
        "dir",
        "dbfilename",
        "logfile",
        "loglevel",
    ];
    for (name, _) in config.get(&[b"*"]) {
        let name = String::from_utf8(name).expect("text");
        let is_known = recorded.contains_key(&name) || NOT_RECORDED.contains(&name.as_str());
        assert!(is_known, "{name} is not a parameter of 7.2");
    }
}

proptest! {
    #[test]
    fn no_file_panics(text: Vec<u8>) {
        let mut files = Files::default();
        files.files.insert("a.conf".to_owned(), text);
        let _ = files.load(&["a.conf"]);
    }

    #[test]
    fn no_line_of_a_known_parameter_panics(at: prop::sample::Index, rest in "[ -~]{0,40}") {
        let params: Vec<_> = config::params().collect();
        let _ = load(&format!("{} {rest}", at.get(&params).name));
    }

    #[test]
    fn no_arguments_panic(args in prop::collection::vec("(--)?[a-z\" -]{0,12}", 0..6)) {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let _ = Files::default().load(&args);
    }
}

#[test]
fn a_name_that_is_nearly_one_is_told_what_it_may_mean() {
    let error = load("maxmemroy 1mb\n").expect_err("no such directive").to_string();
    assert!(
        error.ends_with(
            "\n>>> 'maxmemroy 1mb'\nBad directive or wrong number of arguments (did you mean 'maxmemory'?)\n"
        ),
        "{error}"
    );
}

#[test]
fn a_server_is_no_replica_of_itself() {
    for (text, is_fine) in [
        ("replicaof 127.0.0.1 6379", false),
        ("slaveof localhost 7000\nport 7000", false),
        ("port 7000\nbind 10.0.0.1\nreplicaof 10.0.0.1 7000", false),
        ("replicaof 127.0.0.1 7000", true),
        ("bind 10.0.0.1\nreplicaof 127.0.0.1 6379", true),
        ("replicaof 127.0.0.1 6379\nreplicaof 10.0.0.7 6379", true),
    ] {
        let result = load(text);
        assert_eq!(result.is_ok(), is_fine, "{text}");
        if let Err(error) = result {
            assert!(error.to_string().contains("replica of itself"), "{error}");
        }
    }
}

#[test]
fn a_password_may_hold_any_bytes() {
    for name in ["requirepass", "masterauth"] {
        let text = format!("{name} \"a\\x00\\xff\\nb\"\n");
        let mut config = load(&text).expect("a password");
        assert_eq!(config.values.bytes(name), b"a\0\xff\nb", "{name}");
        let pair = [(name.as_bytes(), &b"\0"[..])];
        config.set(&pair, config::Asker::default(), |_, _| Ok(())).expect("a password");
        assert_eq!(config.values.bytes(name), b"\0", "{name}");
    }
}

#[test]
fn no_name_of_a_file_holds_a_nul() {
    for name in ["dir", "dbfilename", "logfile", "pidfile", "aclfile", "unixsocket"] {
        let text = format!("{name} \"a\\x00b\"\n");
        let error = load(&text).expect_err("a NUL").to_string();
        assert!(error.contains("argument must not contain a NUL byte"), "{name}: {error}");
        let mut config = Config::default();
        config.values.set("enable-protected-configs", &["yes"]).expect("a word");
        let pair = [(name.as_bytes(), &b"a\0b"[..])];
        assert!(config.set(&pair, config::Asker::default(), |_, _| Ok(())).is_err(), "{name}");
    }
}
