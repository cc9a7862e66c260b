//! What a group does not start with, and the sentence that says why.

use std::io::Read;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::PROGRAM;
use crate::run::{Up, assert_all_have, folder, once, run, servers, text};

#[test]
fn a_port_that_somebody_holds_is_refused_with_who_holds_it() {
    let folder = folder();
    let held = (21_000..45_000).find_map(|port| TcpListener::bind(("127.0.0.1", port)).ok());
    let held = held.expect("a port is free");
    let port = held.local_addr().expect("it is bound").port();
    for first in [port, port - 1] {
        let output = run(folder.path(), &["--once", "--port", &first.to_string()]);
        let why = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{why}");
        let holder = format!("port {port} is held by process {}", std::process::id());
        assert!(why.contains(&holder), "{why}");
        assert_eq!(text(&output.stdout), "");
        assert!(!folder.path().join("group").exists(), "nothing was begun");
    }
}

/// A connection that goes out from `port`, with both its ends.
fn connection_from(port: u16) -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let to = listener.local_addr().expect("it is bound");
    let out = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None);
    let out = out.expect("there are sockets");
    let from = SocketAddr::from(([127, 0, 0, 1], port));
    // What is left of the group's own connections does not matter; afterwards the port is ours alone.
    out.set_reuse_address(true).expect("it is a socket");
    out.bind(&from.into()).expect("the port is free");
    out.set_reuse_address(false).expect("it is a socket");
    out.connect(&to.into()).expect("somebody listens");
    (out.into(), listener.accept().expect("it has come").0)
}

#[test]
fn a_port_that_a_connection_goes_out_from_is_waited_for() {
    let folder = folder();
    once(folder.path(), &[]);
    let port = servers(folder.path())[1];
    let (out, accepted) = connection_from(port);
    let mut up = Up::begin(folder.path(), &[]);
    up.said(folder.path(), &format!("Waiting for port {port}, which the server needs"));
    // The end that closes first is left with the port for a minute.
    drop(accepted);
    let mut end = Vec::new();
    (&out).read_to_end(&mut end).expect("it was closed");
    drop(out);
    up.said(folder.path(), "Ctrl-C stops them all");
    up.signal("TERM");
    assert!(up.end().0.success());
    assert_all_have(folder.path(), 500);
}

#[test]
fn a_port_that_is_waited_for_can_be_given_up() {
    let folder = folder();
    once(folder.path(), &[]);
    let _both = connection_from(servers(folder.path())[0]);
    let mut up = Up::begin(folder.path(), &[]);
    up.said(folder.path(), "Waiting for port");
    up.signal("INT");
    let (status, why) = up.end();
    assert_eq!(status.code(), Some(1), "{why}");
    assert!(why.contains("stopped before port"), "{why}");
}

#[test]
fn a_group_that_runs_is_not_started_again() {
    let folder = folder();
    let mut up = Up::start(folder.path(), &[]);
    let output = run(folder.path(), &["--once"]);
    let why = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{why}");
    assert!(why.contains("runs already: the server on port"), "{why}");
    up.signal("TERM");
    // Its servers save into the folder, which has to be there until then.
    assert!(up.end().0.success());
}

#[test]
fn a_password_is_kept_from_others_and_asked_for() {
    let folder = folder();
    let folder = folder.path();
    let word = "se \"cret";
    let said = once(folder, &["--password", word]);
    assert!(said.contains("--askpass") && !said.contains(word), "{said}");
    let mode = |path: &Path| {
        let metadata = std::fs::metadata(path).expect("it is there");
        metadata.permissions().mode() & 0o777
    };
    let group = folder.join("group");
    let file = group.join(format!("server-{}/regent.conf", servers(folder)[0]));
    assert_eq!((mode(&group), mode(&file)), (0o700, 0o600));
    let wrong = run(folder, &["--once", "--password", "other"]);
    let why = text(&wrong.stderr);
    assert_eq!(wrong.status.code(), Some(1), "{why}");
    assert!(why.contains("has another password"), "{why}");
    // An older file may be open to all.
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).expect("it is ours");
    let said = once(folder, &[]);
    assert!(said.contains("Its password is taken from its files."), "{said}");
    assert!(said.contains("1 files with the password could be read"), "{said}");
    assert_eq!(mode(&file), 0o600);
}

#[test]
fn what_a_group_that_is_there_does_not_obey_is_said() {
    let folder = folder();
    let folder = folder.path();
    once(folder, &[]);
    let said = once(folder, &["--replicas", "5", "--port", "6379"]);
    let want = "Not obeyed, since the group is there already: --replicas, --port, --keys\n";
    assert!(said.contains(want), "{said}");
    let wrong = run(folder, &["--password", "x", "--once"]);
    assert!(text(&wrong.stderr).contains("has no password"), "{}", text(&wrong.stderr));
}

#[test]
fn a_wrong_argument_is_one_line_and_help_is_no_error() {
    let up = |argument: &str| {
        let output = Command::new(PROGRAM).args(["up", argument]).output().expect("it starts");
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let (status, said, errors) = up("--bogus");
    assert_eq!((status, said.as_str()), (Some(1), ""));
    assert_eq!(errors.lines().count(), 2, "{errors}");
    let (status, said, errors) = up("--help");
    assert_eq!((status, errors.as_str()), (Some(0), ""));
    assert!(said.contains("self-healing"), "{said}");
}
