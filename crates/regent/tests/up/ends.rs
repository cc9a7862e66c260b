//! Stopping a group and going on with it: nothing that a server had is lost.

use std::process::{Command, Stdio};

use testkit::until;

use crate::PROGRAM;
use crate::run::{Up, ask, assert_all_have, folder, keys, once, run, servers, snapshot, text};

#[test]
fn every_way_to_end_a_group_saves_its_data() {
    for name in ["INT", "TERM", "HUP"] {
        let folder = folder();
        let mut up = Up::start(folder.path(), &[]);
        up.signal(name);
        let (status, errors) = up.end();
        assert!(status.success(), "{name}: {status} {errors}");
        assert_all_have(folder.path(), 500);
        for port in servers(folder.path()) {
            assert!(ask(port, &["PING"]).is_none(), "{name}: the server on port {port} is left");
        }
    }
}

#[test]
fn a_group_goes_on_from_the_server_that_has_the_most() {
    let folder = folder();
    let folder = folder.path();
    let said = once(folder, &[]);
    assert!(said.contains("replica of"), "{said}");
    assert_all_have(folder, 500);
    let ports = servers(folder);
    // The first master has lost its file, and the first replica has one of nothing, with a history of its own.
    std::fs::remove_file(snapshot(folder, ports[0])).expect("it was there");
    let empty = tempfile::tempdir().expect("the temporary folder is writable");
    make_empty_snapshot(empty.path());
    std::fs::copy(empty.path().join("dump.rdb"), snapshot(folder, ports[1])).expect("it is there");
    assert_eq!(keys(folder, ports[1]), Some(0));
    let said = run(folder, &["--once"]);
    let said = text(&said.stdout);
    let want = format!("The server on port {} begins as the master", ports[2]);
    assert!(said.contains(&want), "{said}");
    assert!(said.contains(&format!("watches {}: ok", ports[2])), "{said}");
    assert_all_have(folder, 500);
    // And what was chosen stays so.
    let said = text(&run(folder, &["--once"]).stdout);
    assert!(!said.contains("begins as the master"), "{said}");
    assert!(said.contains(&format!("127.0.0.1:{}  MASTER", ports[2])), "{said}");
    assert_all_have(folder, 500);
}

/// What a server saves that never had anything.
fn make_empty_snapshot(folder: &std::path::Path) {
    let port = sys::net::free_port().expect("a port is free");
    let mut command = Command::new(PROGRAM);
    command.args(["server", "--port", &port.to_string(), "--dir"]).arg(folder);
    sys::process::ends_with_parent(&mut command);
    let child = command.stdout(Stdio::null()).spawn();
    let mut child = child.expect("it starts");
    until("an answer", || ask(port, &["PING"]).is_some_and(|it| !it.is_error()));
    ask(port, &["SHUTDOWN", "SAVE"]);
    child.wait().expect("it ends");
}

#[test]
fn a_server_that_cannot_save_is_named_and_left_running() {
    let folder = folder();
    let folder = folder.path();
    let mut up = Up::start(folder, &[]);
    let ports = servers(folder);
    let obstacle = snapshot(folder, ports[0]);
    // Nothing can be renamed over a folder that is not empty.
    std::fs::create_dir_all(obstacle.join("inside")).expect("it can be created");
    up.signal("TERM");
    let (status, errors) = up.end();
    let said = up.said(folder, "is left running");
    assert_eq!(status.code(), Some(1), "{said} {errors}");
    let named = format!("The server on port {} (process ", ports[0]);
    assert!(said.contains(&named) && said.contains("cannot save: "), "{said}");
    assert!(said.contains("is asked again"), "{said}");
    // It is there with all it has, and says so to the next start.
    let size = ask(ports[0], &["DBSIZE"]).map(|it| it.text());
    assert_eq!(size.as_deref(), Some("500"), "{said}");
    let refused = run(folder, &["--once"]);
    let why = text(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1));
    assert!(why.contains(&format!("runs already: the server on port {}", ports[0])), "{why}");
    std::fs::remove_dir_all(&obstacle).expect("it is ours");
    ask(ports[0], &["SHUTDOWN"]);
    until("its end", || ask(ports[0], &["PING"]).is_none());
    assert_all_have(folder, 500);
}

#[test]
fn a_group_ends_with_the_reader_of_its_output() {
    let folder = folder();
    let mut command = Command::new(PROGRAM);
    command.arg("up").arg("--dir").arg(folder.path().join("group"));
    command.args(["--keys", "500"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    // It is told by the first line that cannot be written.
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stderr), "");
}
