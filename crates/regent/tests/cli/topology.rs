//! A chain of four servers with three Sentinels, drawn from every member: before, during and after a failover; and a
//! client that follows the primary.

use serde_json::Value;
use testkit::{Program, Sentinel, Server, poll, until};

use crate::run::{Cli, Left, Run};
use crate::terminal::Terminal;
use crate::{PROGRAM, regent};

const NAME: &str = "mymaster";

struct Stage {
    servers: Vec<Server>,
    sentinels: Vec<Sentinel>,
}

impl Stage {
    /// Each server is a replica of the one before it.
    fn set(program: &Program, servers: usize, down_after_ms: u32) -> Stage {
        let mut chain: Vec<Server> = Vec::new();
        for _ in 0..servers {
            let above = chain.last().map(|above| format!("replicaof 127.0.0.1 {}", above.port()));
            let lines: Vec<&str> = above.iter().map(String::as_str).collect();
            chain.push(Server::start(&regent(), &lines));
            if chain.len() > 1 {
                chain[chain.len() - 1].wait_link("up");
            }
        }
        let lines = [
            format!("sentinel monitor {NAME} 127.0.0.1 {} 2", chain[0].port()),
            format!("sentinel down-after-milliseconds {NAME} {down_after_ms}"),
            format!("sentinel failover-timeout {NAME} 6000"),
        ];
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let sentinels: Vec<_> = (0..3).map(|_| Sentinel::start(program, &lines)).collect();
        for sentinel in &sentinels {
            // Redis's Sentinel may wait so long before it looks at a new primary that it takes it for dead.
            sentinel.say("SENTINEL DEBUG PING-PERIOD 250");
        }
        for sentinel in &sentinels {
            until("Sentinels that know each other and the replica", || {
                let master = sentinel.fields(&format!("master {NAME}"));
                master.number("num-other-sentinels") == 2 && master.number("num-slaves") == 1
            });
        }
        Stage { servers: chain, sentinels }
    }

    fn draw(&self, port: u16, arguments: &[&str]) -> Left {
        let mut run = Run::new(port, self.servers[0].folder());
        run.arguments = [&["--topology"], arguments].concat();
        run.of(Cli::Ours)
    }

    fn json(&self, port: u16) -> Value {
        let left = self.draw(port, &["--json"]);
        assert_eq!(left.status, Some(0), "{left:?}");
        // The port that was asked at is not shown.
        let text = left.out.replace("PORT", &port.to_string());
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    fn members(&self) -> Vec<u16> {
        let servers = self.servers.iter().map(|server| server.port());
        servers.chain(self.sentinels.iter().map(|sentinel| sentinel.port())).collect()
    }
}

/// `role:port` from the root down, where each has at most one replica.
fn chain(tree: &Value) -> Vec<(String, u16)> {
    let mut found = Vec::new();
    let mut at = Some(tree);
    while let Some(server) = at {
        let address = server["address"].as_str().unwrap_or_default();
        let port = address.rsplit(':').next().and_then(|port| port.parse().ok());
        let role = server["role"].as_str().unwrap_or_default().to_owned();
        found.push((role, port.unwrap_or_default()));
        at = server["replicas"].get(0);
    }
    found
}

#[test]
fn a_chain_is_drawn_from_any_member_before_during_and_after_a_failover() {
    draw_a_failover(&Program::regent_sentinel(PROGRAM));
}

#[test]
fn sentinels_of_redis_are_drawn_as_ours() {
    if let Some(program) = Program::redis_sentinel() {
        draw_a_failover(&program);
    }
}

fn draw_a_failover(program: &Program) {
    let mut stage = Stage::set(program, 4, 3000);
    let [a, b, c, d] = [0, 1, 2, 3].map(|at: usize| stage.servers[at].port());
    let role = |role: &str, port: u16| (role.to_owned(), port);

    let before = [role("primary", a), role("replica", b), role("replica", c), role("replica", d)];
    let primary = format!("127.0.0.1:{a}");
    for member in stage.members() {
        // Sentinels are known by what they say every two seconds; one that has no time to speak may be missed once.
        poll("the whole chain and three Sentinels", || {
            let drawing = stage.json(member);
            let (trees, views) = (drawing["trees"].as_array()?, drawing["sentinels"].as_array()?);
            let is_whole = trees.len() == 1 && chain(&trees[0]) == before;
            let is_known =
                views.len() == 3 && views.iter().all(|view| view["primary"] == primary.as_str());
            (is_whole && is_known).then_some(())
        });
    }
    let text = stage.draw(d, &[]).out;
    let line = format!("   └─ 127.0.0.1:{c}  replica  link up  offset ");
    assert!(text.contains(&line), "{text}");
    assert!(text.contains(&format!("Sentinels of {NAME}, quorum 2\n")), "{text}");
    let dot = stage.draw(d, &["--dot"]).out;
    assert!(
        dot.contains(&format!("\"127.0.0.1:{a}\" -> \"127.0.0.1:{b}\" [label=\"online, ")),
        "{dot}"
    );

    // The primary is gone, and nobody has done anything about it yet.
    stage.servers[0].kill();
    let drawing = stage.json(d);
    let during =
        [role("unreachable", a), role("replica", b), role("replica", c), role("replica", d)];
    assert_eq!(chain(&drawing["trees"][0]), during, "{drawing:#}");

    let after = [role("primary", b), role("replica", c), role("replica", d)];
    poll("the others in their new order", || {
        let drawing = stage.json(d);
        let views = drawing["sentinels"].as_array()?;
        let primary = format!("127.0.0.1:{b}");
        let is_known = views.len() == 3 && views.iter().all(|it| it["primary"] == primary.as_str());
        (chain(&drawing["trees"][0]) == after && is_known).then_some(())
    });
    // The old one is down, and only Sentinels know that it belongs here.
    let drawing = stage.json(stage.sentinels[0].port());
    let gone = drawing["trees"].as_array().expect("it is a list");
    assert!(gone.iter().any(|tree| chain(tree) == [role("unreachable", a)]), "{drawing:#}");

    stage.servers[0].start_again();
    poll("the old primary as a replica", || {
        let drawing = stage.json(a);
        let trees = drawing["trees"].as_array()?;
        let replicas = trees[0]["replicas"].as_array()?;
        let is_back = replicas.iter().any(|it| chain(it) == [role("replica", a)]);
        (trees.len() == 1 && is_back).then_some(())
    });
}

#[test]
fn a_live_drawing_goes_on_and_a_dead_end_is_told() {
    let servers = [(); 2].map(|()| Server::start(&regent(), &[]));
    servers[1].follow(servers[0].port());
    let mut run = Run::new(servers[1].port(), servers[0].folder());
    run.arguments = vec!["--topology", "-i", "0.01", "-r", "3"];
    let left = run.of(Cli::Ours);
    assert_eq!(left.out.matches("  primary  ").count(), 3, "{left:?}");
    run.arguments.push("--json");
    let left = run.of(Cli::Ours);
    assert_eq!(left.out.lines().count(), 3, "{left:?}");
    run.port = testkit::free_port();
    let left = run.of(Cli::Ours);
    assert_eq!(left.status, Some(1));
    let want = "Could not connect to Redis at 127.0.0.1:PORT: Connection refused\n";
    assert_eq!(left.err, want);
}

#[test]
fn a_client_follows_the_primary_that_sentinels_name() {
    let mut stage = Stage::set(&Program::regent_sentinel(PROGRAM), 2, 500);
    let asked = stage.sentinels[2].port();
    let mut run = Run::new(asked, stage.servers[0].folder());
    run.arguments = vec!["--sentinel", NAME, "set", "k", "before"];
    assert_eq!(run.of(Cli::Ours).out, "OK\n");
    let home = tempfile::tempdir().expect("a folder");
    let asked = asked.to_string();
    let mut terminal = Terminal::start(&["-p", &asked, "--sentinel", NAME], home.path(), &[]);
    let [old, new] = [0, 1].map(|at: usize| format!("127.0.0.1:{}> ", stage.servers[at].port()));
    terminal.wait(&old);
    terminal.line("get k");
    terminal.wait("\"before\"");
    terminal.wait(&old);
    stage.servers[0].kill();
    // The Sentinel that was asked first may go too: the client has heard of the others.
    drop(stage.sentinels.pop());
    let master = stage.servers[1].port();
    until("another primary", || {
        stage.sentinels.iter().all(|sentinel| sentinel.master_port(NAME) == master)
    });
    terminal.line("set k after");
    terminal.wait("not connected> ");
    terminal.line("set k after");
    terminal.wait("OK");
    terminal.wait(&new);
    terminal.line("get k");
    terminal.wait("\"after\"");
    let mut run = Run::new(stage.sentinels[0].port(), home.path());
    run.arguments = vec!["--sentinel", "nobody", "get", "k"];
    let left = run.of(Cli::Ours);
    let want = format!("it knows no nobody, but {NAME}");
    assert!(left.err.contains(&want), "{left:?}");
    assert_eq!(left.status, Some(1));
}

#[test]
fn a_live_drawing_outlives_the_server_that_it_began_with() {
    let home = tempfile::tempdir().expect("a folder");
    let mut servers = [(); 2].map(|()| Server::start(&regent(), &[]));
    let (first, second) = (servers[0].port(), servers[1].port());
    servers[1].follow(first);
    let asked = first.to_string();
    let arguments = ["-p", &asked, "--topology", "-i", "0.05", "--json"];
    let mut terminal = Terminal::start(&arguments, home.path(), &[]);
    terminal.wait("\r\n");
    terminal.wait("\r\n");
    servers[0].kill();
    // The other is drawn on its own, and later as what it has become.
    terminal.wait("unreachable");
    servers[1].say("replicaof no one");
    let want = "\"role\":\"primary\"";
    poll("the new primary", || {
        let line = terminal.wait("\r\n");
        (line.contains(&second.to_string()) && line.contains(want)).then_some(())
    });
    terminal.press(&[crate::terminal::CTRL_C]);
    assert_eq!(terminal.end(), Some(0));
}

#[test]
fn a_drawing_tells_why_a_server_tells_nothing() {
    let server = Server::start(&regent(), &["requirepass pw"]);
    let mut run = Run::new(server.port(), server.folder());
    let base = vec!["--no-auth-warning", "--topology"];
    for (password, want) in [
        (None, "Redis at 127.0.0.1:PORT refuses: NOAUTH Authentication required."),
        (Some("bad"), "Redis at 127.0.0.1:PORT refuses: WRONGPASS invalid username-password pair"),
    ] {
        run.arguments = base.clone();
        run.arguments.extend(password.iter().flat_map(|word| ["-a", *word]));
        let left = run.of(Cli::Ours);
        assert_eq!(left.status, Some(1), "{left:?}");
        assert!(left.err.contains(want), "{left:?}");
    }
    run.arguments = [&base[..], &["-a", "pw"]].concat();
    assert_eq!(run.of(Cli::Ours).status, Some(0));
    // One that needs no password is not offended by one.
    let open = Server::start(&regent(), &[]);
    run.port = open.port();
    assert_eq!(run.of(Cli::Ours).status, Some(0));
}
