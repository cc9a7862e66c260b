//! Sessions at a terminal: what is shown while one types, and what remains.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use testkit::{Server, peer_tool};

use crate::regent;
use crate::run::Cli;
use crate::terminal::{CTRL_C, CTRL_D, CTRL_U, ENTER, TAB, Terminal, UP};

struct Scene {
    server: Server,
    home: tempfile::TempDir,
}

impl Scene {
    fn new(lines: &[&str]) -> Scene {
        let home = tempfile::tempdir().expect("a folder");
        Scene { server: Server::start(&regent(), lines), home }
    }

    fn prompt(&self) -> String {
        format!("127.0.0.1:{}> ", self.server.port())
    }

    /// A client with its first prompt on the screen.
    fn client(&self, arguments: &[&str]) -> Terminal {
        let mut terminal = self.start(arguments, &[]);
        terminal.wait(&self.prompt());
        terminal
    }

    fn start(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Terminal {
        let port = self.server.port().to_string();
        let arguments = [&["-p", &port][..], arguments].concat();
        Terminal::start(&arguments, self.home.path(), variables)
    }

    fn history(&self) -> String {
        read(&self.home.path().join(".rediscli_history"))
    }
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

#[test]
fn a_command_shows_the_same_at_a_real_terminal() {
    if peer_tool("redis-cli").is_none() {
        return;
    }
    let scene = Scene::new(&[]);
    scene.server.say("RPUSH l a b c");
    scene.server.say("HSET h f v");
    let port = scene.server.port().to_string();
    for line in [
        "get absent",
        "set k v",
        "lrange l 0 -1",
        "-3 hgetall h",
        "-3 debug protocol push",
        "-3 debug protocol bignum",
        "--raw lrange l 0 -1",
        "--csv lrange l 0 -1",
        "nosuch",
        "info cluster",
        "--scan",
        "--bigkeys",
        "--memkeys",
        "--hotkeys",
        "-a x ping",
    ] {
        let words: Vec<&str> = ["-p", &port].into_iter().chain(line.split(' ')).collect();
        let [got, want] = [Cli::Ours, Cli::Theirs]
            .map(|cli| Terminal::of(cli, &words, scene.home.path(), &[]).rest());
        assert_eq!(got, want, "{line}");
    }
}

#[test]
fn hints_follow_what_is_typed_and_can_be_turned_off() {
    let scene = Scene::new(&[]);
    let mut terminal = scene.client(&[]);
    terminal.press(&["set k v "]);
    terminal.wait("\x1b[0;90m[NX|XX] [GET] [EX seconds|PX milliseconds");
    terminal.press(&["ex "]);
    terminal.wait("\x1b[0;90mseconds [NX|XX] [GET]");
    terminal.press(&[CTRL_U, "config set dir"]);
    terminal.press(&[" "]);
    terminal.wait("\x1b[0;90mvalue [parameter value ...]");
    terminal.press(&[CTRL_U]);
    terminal.line(":set nohints");
    terminal.wait(&scene.prompt());
    terminal.press(&["get "]);
    terminal.line("x");
    let shown = terminal.wait("(nil)");
    assert!(!shown.contains("\x1b[0;90m"), "{shown:?}");
    terminal.wait(&scene.prompt());
    terminal.press(&[CTRL_D]);
    assert_eq!(terminal.end(), Some(0));
}

#[test]
fn preferences_come_from_a_file_and_colours_can_be_refused() {
    let scene = Scene::new(&[]);
    std::fs::write(scene.home.path().join(".redisclirc"), ":set nope\n:set nohints\n")
        .expect("it is writable");
    let mut terminal = scene.start(&[], &[]);
    terminal.wait(".redisclirc: unknown redis-cli preference 'nope'");
    terminal.wait(&scene.prompt());
    terminal.line("get k");
    assert!(!terminal.wait("(nil)").contains("\x1b[0;90m"));
    let rc = [("REDISCLI_RCFILE", "/dev/null"), ("NO_COLOR", "1")];
    let mut terminal = scene.start(&[], &rc);
    terminal.wait(&scene.prompt());
    terminal.press(&["mget "]);
    assert!(!terminal.wait("key [key ...]").contains("\x1b[0;90m"));
    terminal.press(&[CTRL_U]);
    terminal.line("help dbsize");
    terminal.wait("  DBSIZE \r");
    terminal.wait("  group: server");
}

#[test]
fn tab_goes_through_the_names_that_fit() {
    let scene = Scene::new(&[]);
    let mut terminal = scene.client(&[]);
    terminal.press(&["decr", TAB]);
    terminal.wait("DECR");
    terminal.press(&[TAB]);
    terminal.wait("DECRBY");
    terminal.press(&[" n 5", ENTER]);
    terminal.wait("(integer) -5");
    terminal.wait(&scene.prompt());
    terminal.press(&["help @tra", TAB]);
    terminal.wait("help @transactions");
    terminal.press(&[ENTER]);
    terminal.wait("\x1b[1mDISCARD\x1b[0m");
    terminal.wait("\x1b[1mWATCH\x1b[0m \x1b[90mkey [key ...]\x1b[0m");
    terminal.wait(&scene.prompt());
    terminal.line("help config set");
    terminal.wait("\x1b[33mgroup:\x1b[0m server");
    // What the server does not have is not offered.
    terminal.line("help xadd");
    let shown = terminal.wait(&scene.prompt());
    assert!(!shown.contains("summary"), "{shown:?}");
}

#[test]
fn lines_are_remembered_over_sessions_and_passwords_are_not() {
    let scene = Scene::new(&["requirepass pw"]);
    let mut terminal = scene.client(&[]);
    terminal.line("ping");
    terminal.wait("(error) NOAUTH Authentication required.");
    terminal.line("auth pw");
    terminal.wait("OK");
    terminal.line("config set requirepass pw");
    terminal.wait("OK");
    terminal.line("hello 3 auth default pw");
    terminal.wait("\"version\"");
    for line in ["sentinel config set sentinel-pass pw", "sentinel set m auth-pass pw", "auth \"pw"]
    {
        terminal.wait(&scene.prompt());
        terminal.line(line);
    }
    terminal.wait("Invalid argument(s)");
    terminal.wait(&scene.prompt());
    terminal.line("set remembered 1");
    terminal.wait("OK");
    terminal.line("exit");
    assert_eq!(terminal.end(), Some(0));
    // The file is one that redis-cli reads and writes.
    assert_eq!(scene.history(), "ping\nset remembered 1\nexit\n");
    // It is private, even if it came from elsewhere.
    let path = scene.home.path().join(".rediscli_history");
    let open = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(&path, open).expect("it is ours");
    let mut terminal = scene.start(&["-a", "pw", "--no-auth-warning"], &[]);
    terminal.wait(&scene.prompt());
    terminal.press(&[UP, UP]);
    terminal.wait("set remembered 1");
    terminal.press(&[ENTER]);
    terminal.wait("OK");
    terminal.wait(&scene.prompt());
    terminal.press(&[UP, UP, UP, UP]);
    terminal.wait("ping");
    assert!(!scene.history().contains("pw"));
    let mode = std::fs::metadata(&path).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn what_a_pipe_tells_does_not_go_on_in_the_line_of_its_progress() {
    let scene = Scene::new(&[]);
    let mut terminal = scene.start(&["--pipe"], &[]);
    terminal.line("ping");
    // The line is shown when some time has passed since the one before.
    terminal.quiet(Duration::from_millis(300));
    terminal.press(&[CTRL_D]);
    let (shown, status) = terminal.rest();
    assert_eq!(status, Some(0), "{shown}");
    assert!(shown.contains("Last reply received from server."), "{shown}");
    for text in ["All data", "Last reply", "errors:"] {
        assert!(!shown.contains(&format!(" replies\x1b[K{text}")), "{text} in {shown}");
    }
}

#[test]
fn pasted_lines_are_commands_one_by_one() {
    let scene = Scene::new(&[]);
    let mut terminal = scene.client(&[]);
    let pasted = "set a 1\rauth default secret\reval \"local it = 2\rreturn it\" 0\rget a";
    terminal.press(&["\x1b[200~", pasted, "\x1b[201~", ENTER]);
    // Each is shown with its prompt before its reply.
    for text in
        ["\r\nOK\r\n", "> auth default secret\r\nOK\r\n", "> eval", "(integer) 2", "> get a\r\n"]
    {
        terminal.wait(text);
    }
    terminal.wait("\"1\"");
    terminal.wait(&scene.prompt());
    // What is no text is told, and the client goes on.
    terminal.press_bytes(b"echo \xff\xfe");
    terminal.wait("not UTF-8");
    terminal.wait(&scene.prompt());
    terminal.line("exit");
    assert_eq!(terminal.end(), Some(0));
    assert_eq!(scene.history(), "set a 1\neval \"local it = 2 return it\" 0\nget a\nexit\n");
}

#[test]
fn a_password_that_is_asked_for_is_not_shown() {
    let scene = Scene::new(&["requirepass secret-word"]);
    let mut terminal = scene.start(&["--askpass"], &[]);
    terminal.wait("Please input password: ");
    terminal.line("secret-word");
    let shown = terminal.wait(&scene.prompt());
    assert!(shown.starts_with("***********\r\n"), "{shown:?}");
    assert!(!shown.contains("secret"), "{shown:?}");
    terminal.line("ping");
    terminal.wait("PONG");
    assert_eq!(scene.history(), "ping\n");
}

#[test]
fn the_prompt_tells_the_state_and_a_lost_server_is_found_again() {
    let mut scene = Scene::new(&[]);
    let place = format!("127.0.0.1:{}", scene.server.port());
    let mut terminal = scene.client(&[]);
    terminal.line("select 3");
    terminal.wait(&format!("{place}[3]> "));
    terminal.line("multi");
    terminal.wait(&format!("{place}[3](TX)> "));
    terminal.line("set k v");
    terminal.wait("QUEUED");
    terminal.line("exec");
    terminal.wait("1) OK");
    terminal.wait(&format!("{place}[3]> "));
    scene.server.kill();
    terminal.line("get k");
    terminal.wait("Error: Server closed the connection");
    terminal.wait("not connected> ");
    terminal.line("get k");
    terminal.wait(&format!("Could not connect to Redis at {place}: Connection refused"));
    terminal.wait("not connected> ");
    scene.server.start_again();
    terminal.line("dbsize");
    terminal.wait("(integer) 0");
    terminal.wait(&format!("{place}[3]> "));
    terminal.line("connect 127.0.0.1 1");
    terminal.wait("not connected> ");
    terminal.line("debug sleep 0.6");
    terminal.wait("Could not connect");
    terminal.line(&format!("connect 127.0.0.1 {}", scene.server.port()));
    terminal.wait(&format!("{place}[3]> "));
    terminal.line("debug sleep 0.6");
    terminal.wait("OK\r\n(0.6");
    terminal.wait(&format!("{place}[3]> "));
    terminal.line("quit");
    assert_eq!(terminal.end(), Some(0));
}

#[test]
fn messages_are_shown_until_a_key_or_ctrl_c() {
    let scene = Scene::new(&[]);
    let mut terminal = scene.client(&[]);
    const READING: &str = "Reading messages... (press Ctrl-C to quit or any key to type command)";
    terminal.line("subscribe ch");
    terminal.wait("1) \"subscribe\"");
    terminal.wait(READING);
    scene.server.say("PUBLISH ch hello");
    terminal.wait("3) \"hello\"");
    terminal.wait(READING);
    // A key brings the prompt back and is its first letter.
    terminal.press(&["p"]);
    terminal.wait("(subscribed mode)> ");
    terminal.line("ing");
    terminal.wait("\"pong\"");
    terminal.wait(READING);
    terminal.press(&["unsubscribe ch", ENTER]);
    terminal.wait("1) \"unsubscribe\"");
    terminal.wait(READING);
    terminal.press(&[CTRL_C]);
    terminal.wait(&scene.prompt());
    terminal.line("ping");
    terminal.wait("PONG");
    terminal.line("monitor");
    terminal.wait("OK");
    scene.server.say("SET watched 1");
    terminal.wait("\"SET\" \"watched\" \"1\"");
    terminal.press(&[CTRL_C]);
    terminal.wait(&scene.prompt());
    terminal.line("get watched");
    terminal.wait("\"1\"");
    terminal.wait(&scene.prompt());
    // At the prompt of that mode, Ctrl-C leaves the mode, then the program.
    terminal.line("subscribe ch");
    terminal.wait(READING);
    terminal.press(&["x"]);
    terminal.wait("(subscribed mode)> ");
    terminal.press(&[CTRL_C]);
    terminal.wait(&scene.prompt());
    terminal.press(&[CTRL_C]);
    assert_eq!(terminal.end(), Some(0));
}

#[test]
fn ctrl_c_ends_what_waits_for_a_reply() {
    let scene = Scene::new(&[]);
    let mut terminal = scene.client(&[]);
    terminal.line("blpop nothing 0");
    scene.server.wait_field("clients", "blocked_clients", "1");
    terminal.press(&[CTRL_C]);
    assert_eq!(terminal.end(), Some(1));
    let mut terminal = scene.start(&["--latency"], &[]);
    terminal.wait(" samples)");
    terminal.press(&[CTRL_C]);
    assert_eq!(terminal.end(), None);
}

#[test]
fn after_a_lost_connection_the_same_database_is_selected() {
    for begin in [&["-n", "5"][..], &[]] {
        let scene = Scene::new(&[]);
        let port = scene.server.port();
        let prompt = format!("127.0.0.1:{port}[5]> ");
        let mut terminal = scene.start(begin, &[]);
        if begin.is_empty() {
            terminal.wait(&scene.prompt());
            terminal.line("select 5");
        }
        terminal.wait(&prompt);
        scene.server.say("client kill type normal");
        terminal.line("ping");
        terminal.wait("not connected> ");
        terminal.line("set k v");
        terminal.wait("OK");
        terminal.wait(&prompt);
        assert!(scene.server.info("keyspace").contains("db5:keys=1,"), "{begin:?}");
        assert!(!scene.server.info("keyspace").contains("db0"), "{begin:?}");
        // What a transaction would have selected was never selected.
        terminal.line("multi");
        terminal.wait("(TX)> ");
        terminal.line("select 7");
        terminal.wait("QUEUED");
        scene.server.say("client kill type normal");
        terminal.line("ping");
        terminal.wait("not connected> ");
        terminal.line("set k w");
        terminal.wait("OK");
        terminal.wait(&prompt);
        assert!(!scene.server.info("keyspace").contains("db7"), "{begin:?}");
    }
}

#[test]
fn hints_end_with_their_row_and_come_back_after_tab() {
    let scene = Scene::new(&[]);
    let mut terminal = scene.client(&[]);
    terminal.press(&["config s", TAB]);
    terminal.wait("CONFIG SET");
    terminal.wait("\x1b[0;90m parameter value [parameter value ...]\x1b[0m");
    terminal.press(&[CTRL_U, "set k v "]);
    terminal.wait("set k v \x1b[0;90m");
    let hint = terminal.wait("\x1b[0m");
    // The terminal has 100 columns, of which the last stays free.
    let shown = scene.prompt().len() + "set k v ".len() + hint.len();
    assert_eq!(shown, 99, "{hint:?}");
    assert!(hint.starts_with("[NX|XX] [GET] [EX seconds|"), "{hint:?}");
}
