//! The loop over real sockets: TCP and Unix, large and slow, many and broken.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{self, Receiver};
use std::thread::JoinHandle;
use std::time::Duration;

use shell::{CpuLists, Log, LogTarget, Options};
use support::Echo;
use sys::net::free_port;
use world::{Dial, Effect, Event, Exit, Ticket};

fn options() -> Options {
    Options {
        log: Log::new(LogTarget { file: Some("/dev/null".into()), syslog: false }),
        signals: false,
        supervised: false,
        cpus: CpuLists::default(),
    }
}

struct Running {
    port: u16,
    events: Receiver<Event>,
    thread: JoinHandle<(Exit, Echo)>,
}

fn start(prepare: impl FnOnce(Echo, u16) -> Echo) -> Running {
    let port = free_port().expect("a port is free");
    let (send, events) = mpsc::channel();
    let mut machine = prepare(Echo::new(send), port);
    let thread = std::thread::spawn(move || {
        let exit = shell::run(&mut machine, options()).expect("the loop runs");
        (exit, machine)
    });
    Running { port, events, thread }
}

fn start_tcp() -> Running {
    let running = start(|echo, port| echo.listen(&["127.0.0.1"], port, None));
    running.listened().expect("the port was free a moment ago");
    running
}

impl Running {
    fn event(&self) -> Event {
        self.events.recv_timeout(Duration::from_secs(10)).expect("the loop says something")
    }

    fn listened(&self) -> Result<(), String> {
        match self.event() {
            Event::Listened { result, .. } => result,
            other => panic!("{other:?}"),
        }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("the time is sane");
        stream
    }

    fn stop(self) -> Echo {
        self.connect().write_all(b"?").expect("it reads");
        let (exit, machine) = self.thread.join().expect("the loop does not panic");
        assert_eq!(exit, Exit::Status(7));
        machine
    }
}

fn echo(stream: &mut (impl Read + Write), bytes: &[u8]) {
    stream.write_all(bytes).expect("it reads");
    let mut got = vec![0; bytes.len()];
    stream.read_exact(&mut got).expect("it answers");
    assert_eq!(got, bytes);
}

#[test]
fn many_connections_are_echoed() {
    let running = start_tcp();
    let mut streams: Vec<TcpStream> = (0..200).map(|_| running.connect()).collect();
    for round in 0..5u8 {
        for stream in &mut streams {
            stream.write_all(&[b'a' + round; 100]).expect("it reads");
        }
        for stream in &mut streams {
            let mut got = [0; 100];
            stream.read_exact(&mut got).expect("it answers");
            assert_eq!(got, [b'a' + round; 100]);
        }
    }
    streams.truncate(100);
    for stream in &mut streams {
        echo(stream, b"still here");
    }
    let machine = running.stop();
    assert!(machine.closed >= 100, "{} of 100 were seen to go", machine.closed);
}

#[test]
fn a_unix_socket_is_as_good_and_goes_away_in_the_end() {
    let path = std::env::temp_dir().join(format!("regent-shell-{}.sock", std::process::id()));
    let name = path.to_string_lossy().into_owned();
    let running = start(|echo, port| echo.listen(&["127.0.0.1", "-::1"], port, Some(&name)));
    running.listened().expect("the port was free a moment ago");
    let mut stream = UnixStream::connect(&path).expect("it listens");
    echo(&mut stream, b"by path");
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(&path).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    running.stop();
    assert!(!path.exists());
}

#[test]
fn large_payloads_meet_slow_readers() {
    let running = start_tcp();
    // Letters: a piece that begins with a mark would be an order to the machine.
    let big: Vec<u8> = (0..30_000_000u32).map(|i| b'a' + (i / 7 % 26) as u8).collect();
    let mut stream = running.connect();
    let mut writer = stream.try_clone().expect("a second handle");
    let sent = big.clone();
    let feeder = std::thread::spawn(move || writer.write_all(&sent).expect("it reads"));
    // Nobody reads for a while: the loop must not be held by that.
    std::thread::sleep(Duration::from_millis(200));
    echo(&mut running.connect(), b"others go on");
    let mut got = vec![0; big.len()];
    stream.read_exact(&mut got).expect("it answers");
    feeder.join().expect("all was sent");
    assert!(got == big, "30 MB came back changed");
    running.stop();
}

#[test]
fn a_hangup_waits_for_what_was_to_be_sent() {
    let running = start_tcp();
    let mut stream = running.connect();
    stream.write_all(b"!last words").expect("it reads");
    let mut got = String::new();
    stream.read_to_string(&mut got).expect("it answers and closes");
    assert_eq!(got, "last words");
    // The number was free again: the next one with it is a stranger.
    echo(&mut running.connect(), b"next");
    running.stop();
}

#[test]
fn what_came_before_the_end_is_read() {
    let running = start_tcp();
    let mut stream = running.connect();
    stream.write_all(&[b'x'; 300_000]).expect("it reads");
    stream.shutdown(std::net::Shutdown::Write).expect("it is open");
    // The echo machine drops what is unsent when the peer ends; the loop itself must have read all of it.
    let mut got = Vec::new();
    let _ = stream.read_to_end(&mut got);
    assert!(got.iter().all(|byte| *byte == b'x'));
    assert!(running.stop().closed >= 1);
}

#[test]
fn a_port_that_is_taken_is_refused_in_redis_words() {
    let first = start_tcp();
    let port = first.port;
    let second = start(|mut echo, own| {
        echo = echo.listen(&["127.0.0.1"], own, None);
        echo.listen(&["127.0.0.1"], port, None)
    });
    second.listened().expect("its own port was free");
    let text = second.listened().expect_err("the other is taken");
    assert_eq!(text, format!("Failed listening on port {port} (tcp), aborting."));
    // And what was open before is open still.
    echo(&mut second.connect(), b"here");
    second.stop();
    first.stop();
}

#[test]
fn what_cannot_be_listened_at_is_told_in_redis_words() {
    let long = format!("/tmp/{}", "x".repeat(103));
    let folder = std::env::temp_dir().to_string_lossy().into_owned();
    for (addresses, path, want) in [
        // A block of addresses that nobody has.
        (&["-192.0.2.1"][..], None, "Configured to not listen anywhere, exiting."),
        (
            &["127.0.0.1"],
            Some(long.as_str()),
            "Failed opening Unix socket: unix socket path too long (108), must be under 108",
        ),
        (
            &["127.0.0.1"],
            Some("/nowhere/at/all.sock"),
            "Failed opening Unix socket: bind: No such file or directory",
        ),
        // What is there and is no socket stays.
        (
            &["127.0.0.1"],
            Some(folder.as_str()),
            "Failed opening Unix socket: bind: Address already in use",
        ),
    ] {
        let running = start(|mut echo, port| {
            echo = echo.listen(&["127.0.0.1"], port, None);
            echo.listen(addresses, port, path)
        });
        running.listened().expect("the port was free a moment ago");
        assert_eq!(running.listened(), Err(want.to_owned()));
        running.stop();
    }
}

#[test]
fn dials_end_one_way_or_the_other() {
    let target = start_tcp();
    let dial = |ticket, host: &str, port| {
        let (host, source) = (host.to_owned(), String::new());
        Effect::Dial(Dial { ticket: Ticket(ticket), host, port, source })
    };
    let dead = free_port().expect("a port is free");
    let running = start(|mut echo, port| {
        echo.effects.push_back(dial(5, "127.0.0.1", dead));
        echo.effects.push_back(dial(6, "127.0.0.1", target.port));
        echo.effects.push_back(dial(7, "localhost", target.port));
        echo.effects.push_back(dial(8, "localhost", target.port));
        echo.effects.push_back(Effect::CancelDial(Ticket(8)));
        echo.listen(&["127.0.0.1"], port, None)
    });
    let mut seen = Vec::new();
    while seen.len() < 3 {
        match running.event() {
            Event::DialFailed { ticket, reason } => seen.push((ticket.0, reason)),
            Event::Dialed { ticket, .. } => seen.push((ticket.0, "yes".to_owned())),
            Event::Listened { .. } => {}
            other => panic!("{other:?}"),
        }
    }
    seen.sort();
    let want = [(5, "Connection refused"), (6, "yes"), (7, "yes")];
    assert_eq!(seen, want.map(|(ticket, text)| (ticket, text.to_owned())));
    running.stop();
    target.stop();
}

#[test]
fn deadlines_and_idle_work_come_without_any_client() {
    let running = start(|mut echo, _| {
        echo.idle_left = 1000;
        echo.timeout = Some(sys::clock::instant().after_ms(50));
        echo
    });
    let (exit, machine) = running.thread.join().expect("the loop does not panic");
    assert_eq!((exit, machine.timeouts, machine.idle_left), (Exit::Status(3), 1, 0));
}
