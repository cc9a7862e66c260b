//! CONFIG REWRITE of a file that includes another one: the next start comes to the values of now.

use crate::host::Files;
use config::{Config, Source};

fn load(main: &[u8], included: &str, options: &[&str]) -> Result<Config, String> {
    let mut files = Files::with(&[("b.conf", included)]);
    files.files.insert("a.conf".to_owned(), main.to_vec());
    files.folders.push("/data".to_owned());
    files.load(&[&["a.conf"], options].concat()).map_err(|error| error.to_string())
}

#[test]
fn what_is_rewritten_means_the_same_at_the_next_start() {
    for (main, included, changes) in [
        ("include b.conf\n", "save 900 1\nsave 300 10\n", &[][..]),
        ("save 60 1\ninclude b.conf\n", "save 900 1\n", &[]),
        ("save 60 1\ninclude b.conf\n", "save 900 1\n", &[("save", &["5", "5"][..])]),
        ("save 60 1\ninclude b.conf\nsave 1 1\n", "save 900 1\n", &[("save", &[""])]),
        ("save 60 1\ninclude b.conf\n", "save \"\"\n", &[("save", &["5", "5"])]),
        ("include b.conf\n", "maxmemory 2gb\n", &[("maxmemory", &["0"])]),
        ("maxmemory 1gb\ninclude b.conf\n", "maxmemory 2gb\n", &[("maxmemory", &["3gb"])]),
        ("maxmemory 1gb\ninclude b.conf\n", "maxmemory 2gb\n", &[]),
        ("include b.conf\n", "requirepass x\n", &[("requirepass", &[""])]),
        ("include b.conf\n", "bind 127.0.0.1\n", &[("bind", &["*", "-::*"])]),
        ("include b.conf\n", "bind 127.0.0.1\n", &[("bind", &[""])]),
        (
            "client-output-buffer-limit pubsub 1mb 0 0\ninclude b.conf\n",
            "client-output-buffer-limit normal 2mb 1mb 5\n",
            &[("client-output-buffer-limit", &["normal", "0", "0", "0"])],
        ),
        ("include b.conf\n", "latency-tracking-info-percentiles 50\n", &[]),
    ] {
        let mut config = load(main.as_bytes(), included, &[]).expect("a good file");
        for (name, words) in changes {
            config.values.set(name, words).expect("a value");
        }
        let new = config.rewrite(main.as_bytes(), &[], false);
        let text = String::from_utf8_lossy(&new);
        let again = load(&new, included, &[]).expect("our own file is good");
        assert_eq!(
            again.get(&[b"*"]),
            config.get(&[b"*"]),
            "{main} {included} {changes:?}:\n{text}"
        );
        let newer = again.rewrite(&new, &[], false);
        assert_eq!(String::from_utf8_lossy(&newer), text, "the second time nothing changes");
    }
}

#[test]
fn a_primary_of_an_included_file_stays_away_once_it_is_gone() {
    let included = "replicaof 10.0.0.1 7000\n";
    for (main, now) in [
        ("include b.conf\n", None),
        ("replicaof 10.0.0.9 1\ninclude b.conf\n", None),
        ("include b.conf\nslaveof 10.0.0.9 1\n", None),
        ("include b.conf\n", Some(Source { host: "10.0.0.2".into(), port: 7000 })),
        ("slaveof 10.0.0.9 1\ninclude b.conf\n", Some(Source { host: "h".into(), port: 1 })),
    ] {
        let mut config = load(main.as_bytes(), included, &[]).expect("a good file");
        config.values.set_source(now.clone());
        let new = config.rewrite(main.as_bytes(), &[], false);
        let again = load(&new, included, &[]).expect("our own file is good");
        assert_eq!(again.values.source(), now.as_ref(), "{}", String::from_utf8_lossy(&new));
    }
}

#[test]
fn a_user_is_declared_once_in_each_place_and_the_later_place_wins() {
    let words = |line: &str| line.split(' ').map(Vec::from).collect::<Vec<Vec<u8>>>();
    let said = |config: Config| config.users;
    let (early, late) = ("user bob on\ninclude b.conf\n", "include b.conf\nuser bob on\n");
    for main in [early, late] {
        let config = load(main.as_bytes(), "user eve off\nuser bob off\n", &[]);
        let mut users = said(config.expect("the file wins over what it includes"));
        users.sort();
        assert_eq!(users, [words("bob on"), words("eve off")], "{main}");
        let options = ["--user", "bob", "nopass"];
        let config = load(main.as_bytes(), "", &options).expect("options win over the file");
        assert_eq!(said(config), [words("bob nopass")]);
    }
    for (main, included) in [
        ("user bob on\nuser bob on\n", ""),
        ("user bob on\ninclude b.conf\nuser bob off", ""),
        ("include b.conf\n", "user bob on\nuser bob on\n"),
        ("include b.conf\ninclude b.conf\n", "user bob on\n"),
    ] {
        let error = load(main.as_bytes(), included, &[]).expect_err("twice in one place");
        assert!(error.contains("Duplicate user found. A user can only be defined once"), "{error}");
    }
}
