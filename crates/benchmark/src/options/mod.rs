//! What was asked for: the words of the command line as a value.

mod help;
mod number;

use std::time::Duration;

use client::Uri;
pub(crate) use help::TEXT as HELP;
use number::{integer, positive};

use crate::server::Place;

/// More threads than this are not started.
const THREADS_MAX: i32 = 500;

/// Values are no larger than a server takes them by default.
const DATA_BYTES_MAX: i32 = 1 << 30;

/// Digits beyond these the histogram has no room for.
const PRECISION_MAX: i32 = 4;

const PRECISION: i32 = 3;

/// A run.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Options {
    pub(crate) host: String,
    pub(crate) port: i32,
    /// The Unix socket that goes before host and port.
    pub(crate) socket: Option<String>,
    pub(crate) user: Option<Vec<u8>>,
    pub(crate) password: Option<Vec<u8>>,
    pub(crate) database: i32,
    pub(crate) resp3: bool,
    pub(crate) tracking: bool,
    pub(crate) cluster: bool,
    /// Connections, as given: reports repeat it.
    pub(crate) clients: i32,
    /// Requests per test; as given, or as many as fit into the duration.
    pub(crate) requests: Option<i32>,
    pub(crate) duration: Option<Duration>,
    pub(crate) pipeline: u32,
    pub(crate) data_bytes: usize,
    /// Random numbers lie below this; zero makes them all zero, none leaves their placeholders alone.
    pub(crate) keyspace: Option<u32>,
    pub(crate) seed: Option<u32>,
    /// As given: zero connects anew for every request.
    pub(crate) keepalive: i32,
    pub(crate) threads: usize,
    /// Requests per second.
    pub(crate) rate: Option<f64>,
    pub(crate) repeats: bool,
    pub(crate) idle: bool,
    /// The tests to run, in lower case with a comma before and behind each.
    pub(crate) tests: Option<Vec<u8>>,
    pub(crate) reads_stdin: bool,
    pub(crate) format: Format,
    pub(crate) precision: u8,
    /// Processes whose time is looked at.
    pub(crate) server_cpu: Vec<u32>,
    pub(crate) compare: Option<Place>,
    /// The command to measure in place of the suite.
    pub(crate) command: Vec<Vec<u8>>,
    /// What is to be said on standard error before anything else.
    pub(crate) warnings: Vec<String>,
}

/// How results are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Text,
    Quiet,
    Csv,
    Json,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            host: "127.0.0.1".to_owned(),
            port: 6379,
            socket: None,
            user: None,
            password: None,
            database: 0,
            resp3: false,
            tracking: false,
            cluster: false,
            clients: 50,
            requests: None,
            duration: None,
            pipeline: 1,
            data_bytes: 3,
            keyspace: None,
            seed: None,
            keepalive: 1,
            threads: 0,
            rate: None,
            repeats: false,
            idle: false,
            tests: None,
            reads_stdin: false,
            format: Format::Text,
            precision: PRECISION as u8,
            server_cpu: Vec::new(),
            compare: None,
            command: Vec::new(),
            warnings: Vec::new(),
        }
    }
}

impl Options {
    /// Where the server is.
    pub(crate) fn place(&self) -> Place {
        match &self.socket {
            Some(path) => Place::Unix(path.clone()),
            None => Place::Tcp(self.host.clone(), self.port),
        }
    }
}

/// What the words amount to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Asked {
    Run(Box<Options>),
    Version,
    Help,
    /// This word is no option, or its argument is missing.
    Invalid(String),
    /// An argument makes no sense, and why.
    Wrong(String),
}

/// Reads the words behind the program's name. The first that is neither an option nor an option's argument begins the
/// command.
pub(crate) fn parse(words: &[Vec<u8>]) -> Asked {
    let mut options = Options::default();
    let (mut quiet, mut csv, mut json) = (false, false, false);
    let mut rest = words;
    while let Some((word, behind)) = rest.split_first() {
        if word.first() != Some(&b'-') {
            options.command = rest.to_vec();
            break;
        }
        rest = behind;
        match word.as_slice() {
            b"-v" | b"--version" => return Asked::Version,
            b"--help" => return Asked::Help,
            b"-x" => options.reads_stdin = true,
            b"-3" => options.resp3 = true,
            b"-q" => quiet = true,
            b"--csv" => csv = true,
            b"--json" => json = true,
            b"-l" => options.repeats = true,
            b"-I" => options.idle = true,
            b"--cluster" => options.cluster = true,
            b"--enable-tracking" => options.tracking = true,
            b"-e" => options.warnings.push(
                "WARNING: -e option has no effect. We now immediately exit on error to avoid false \
                 results."
                    .to_owned(),
            ),
            name => {
                let invalid = |word: &[u8]| Asked::Invalid(text(word));
                let Some((argument, behind)) = rest.split_first() else { return invalid(name) };
                rest = behind;
                match valued(&mut options, name, argument) {
                    Valued::Taken => {}
                    Valued::Unknown => return invalid(name),
                    Valued::Invalid => return invalid(argument),
                    Valued::Wrong(why) => return Asked::Wrong(why),
                }
            }
        }
    }
    options.format = match () {
        () if json => Format::Json,
        () if csv => Format::Csv,
        () if quiet => Format::Quiet,
        () => Format::Text,
    };
    Asked::Run(Box::new(options))
}

/// What became of an option with an argument.
enum Valued {
    Taken,
    Unknown,
    /// The argument looks like another option.
    Invalid,
    Wrong(String),
}

/// The options whose argument is a whole number.
const NUMBERS: &[&[u8]] = &[
    b"-c",
    b"-n",
    b"-k",
    b"-p",
    b"-d",
    b"-P",
    b"-r",
    b"--seed",
    b"--dbnum",
    b"--precision",
    b"--threads",
];

fn valued(options: &mut Options, name: &[u8], argument: &[u8]) -> Valued {
    let integer = match integer(argument) {
        Some(integer) => integer,
        // Where a number is wanted and another option stands, the number was forgotten.
        None if name == b"-r" && argument.first() == Some(&b'-') => return Valued::Invalid,
        None if NUMBERS.contains(&name) => {
            let (name, argument) = (text(name), text(argument));
            return Valued::Wrong(format!("{name} wants a whole number, not \"{argument}\""));
        }
        None => 0,
    };
    match name {
        b"-c" => options.clients = integer,
        b"-n" => options.requests = Some(integer),
        b"-k" => options.keepalive = integer,
        b"-h" => options.host = text(argument),
        b"-p" => return port(options, integer),
        b"-s" => options.socket = Some(text(argument)),
        b"-a" => options.password = Some(argument.to_vec()),
        b"--user" => options.user = Some(argument.to_vec()),
        b"-u" => return uri(options, argument),
        b"-d" => options.data_bytes = integer.clamp(1, DATA_BYTES_MAX) as usize,
        b"-P" => options.pipeline = integer.max(1) as u32,
        b"-r" => options.keyspace = Some(integer.max(0) as u32),
        b"--seed" => options.seed = Some(integer as u32),
        b"-t" => {
            let names = [b",", argument, b","].concat();
            options.tests = Some(names.to_ascii_lowercase());
        }
        b"--dbnum" => options.database = integer,
        b"--precision" => {
            let digits = if integer < 0 { PRECISION } else { integer };
            options.precision = digits.min(PRECISION_MAX) as u8;
        }
        b"--threads" => {
            if integer > THREADS_MAX {
                options
                    .warnings
                    .push(format!("WARNING: Too many threads, limiting threads to {THREADS_MAX}."));
            }
            options.threads = integer.clamp(0, THREADS_MAX) as usize;
        }
        _ => return ours(options, name, argument),
    }
    Valued::Taken
}

/// The options that `redis-benchmark` does not have.
fn ours(options: &mut Options, name: &[u8], argument: &[u8]) -> Valued {
    let wrong = |want: &str| {
        Valued::Wrong(format!("{} wants {want}, not \"{}\"", text(name), text(argument)))
    };
    match name {
        b"--rate" => match positive(argument) {
            Some(rate) => options.rate = Some(rate),
            None => return wrong("requests per second"),
        },
        b"--duration" => match positive(argument).and_then(|s| Duration::try_from_secs_f64(s).ok())
        {
            Some(duration) => options.duration = Some(duration),
            None => return wrong("seconds"),
        },
        b"--server-cpu" => {
            let pids = argument.split(|byte| *byte == b',').map(stdx::integer::parse_u64);
            let pids: Option<Vec<u32>> =
                pids.map(|pid| pid.and_then(|pid| u32::try_from(pid).ok())).collect();
            match pids {
                Some(pids) if pids.len() <= 2 => options.server_cpu = pids,
                _ => return wrong("the number of a process, or two with a comma"),
            }
        }
        b"--compare" => {
            let place = text(argument);
            let parts = place.rsplit_once(':');
            match parts.and_then(|(host, port)| Some((host, port.parse::<u16>().ok()?))) {
                Some((host, port)) => {
                    let host = host.trim_start_matches('[').trim_end_matches(']');
                    options.compare = Some(Place::Tcp(host.to_owned(), port.into()));
                }
                None if place.contains('/') => options.compare = Some(Place::Unix(place)),
                None => return wrong("host:port or the path of a socket"),
            }
        }
        _ => return Valued::Unknown,
    }
    Valued::Taken
}

fn port(options: &mut Options, port: i32) -> Valued {
    if !(0..=65535).contains(&port) {
        return Valued::Wrong("Invalid server port.".to_owned());
    }
    options.port = port;
    Valued::Taken
}

fn uri(options: &mut Options, argument: &[u8]) -> Valued {
    let uri = match Uri::parse(argument) {
        Ok(uri) if uri.is_tls => {
            let why = "rediss:// is only supported when redis-benchmark is compiled with OpenSSL";
            return Valued::Wrong(why.to_owned());
        }
        Ok(uri) => uri,
        Err(error) => return Valued::Wrong(error.to_string()),
    };
    options.user = uri.user.or(options.user.take());
    options.password = uri.password.or(options.password.take());
    options.host = uri.host.unwrap_or(std::mem::take(&mut options.host));
    options.database = uri.database.map_or(options.database, |database| database as i32);
    port(options, uri.port.map_or(options.port, |port| port as i32))
}

fn text(word: &[u8]) -> String {
    String::from_utf8_lossy(word).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(line: &str) -> Asked {
        parse(&line.split_whitespace().map(Vec::from).collect::<Vec<_>>())
    }

    #[track_caller]
    fn run(line: &str) -> Options {
        match asked(line) {
            Asked::Run(options) => *options,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn options_end_where_the_command_begins() {
        let options = run("-c 5 -q -P 0 -d 0 lpush -q __rand_int__");
        assert_eq!((options.clients, options.pipeline, options.data_bytes), (5, 1, 1));
        assert_eq!(options.format, Format::Quiet);
        assert_eq!(options.command, ["lpush", "-q", "__rand_int__"].map(Vec::from));
        assert_eq!(run(""), Options::default());
    }

    #[test]
    fn an_address_is_taken_apart() {
        let options = run("-u redis://u:p@h:7/3");
        assert_eq!(options.place().to_string(), "h:7");
        assert_eq!(options.user.as_deref(), Some(&b"u"[..]));
        assert_eq!((options.password.as_deref(), options.database), (Some(&b"p"[..]), 3));
        assert_eq!(run("-p 1 -u redis://h").place().to_string(), "h:1");
        assert_eq!(run("-h x -s /tmp/s").place().to_string(), "/tmp/s");
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        let invalid = |word: &str| Asked::Invalid(word.to_owned());
        let wrong = |why: &str| Asked::Wrong(why.to_owned());
        for (line, want) in [
            ("--bogus", invalid("--bogus")),
            ("--bogus x", invalid("--bogus")),
            ("-q -p", invalid("-p")),
            ("-r -x", invalid("-x")),
            ("-p 70000", wrong("Invalid server port.")),
            ("-n abc", wrong("-n wants a whole number, not \"abc\"")),
            ("-c 5x", wrong("-c wants a whole number, not \"5x\"")),
            ("-n 99999999999", wrong("-n wants a whole number, not \"99999999999\"")),
            ("--dbnum one", wrong("--dbnum wants a whole number, not \"one\"")),
            ("-u http://x", wrong("Invalid URI scheme")),
            ("--rate fast", wrong("--rate wants requests per second, not \"fast\"")),
            ("--version --bogus", Asked::Version),
            ("-q --help", Asked::Help),
        ] {
            assert_eq!(asked(line), want, "{line}");
        }
        assert_eq!(run("-r -5").keyspace, Some(0));
        assert_eq!(run("--threads 1000").threads, 500);
        assert_eq!(run("--threads 1000 -e").warnings.len(), 2);
    }

    #[test]
    fn the_other_server_has_an_address_too() {
        for (line, want) in [
            ("--compare h:1", "h:1"),
            ("--compare [::1]:2", "::1:2"),
            ("--compare /tmp/s", "/tmp/s"),
        ] {
            assert_eq!(run(line).compare.map(|place| place.to_string()).as_deref(), Some(want));
        }
        assert_eq!(run("--server-cpu 1,2").server_cpu, [1, 2]);
    }
}
