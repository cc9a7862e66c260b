//! The program: from its words to its exit status.

use std::io::{self, Read};

use crate::chance::Chance;
use crate::compare::{self, ROUNDS};
use crate::failure::Failure;
use crate::load::{Measured, Pace, Plan, measure};
use crate::options::{self, Asked, Format, Options};
use crate::output::{complain, say};
use crate::report::{self, Report, Side, Status};
use crate::request::{Letters, Request};
use crate::server::{self, Greeting, Server};
use crate::suite::{self, Test};

/// Requests per test unless told otherwise.
const REQUESTS: u64 = 100_000;

/// Files beside the sockets of clients.
const FILES_BESIDE: u64 = 64;

/// Runs the program with the words behind its name. `version` is that of Redis whose program this stands in for. Gives
/// the exit status.
pub fn run(version: &str, words: &[Vec<u8>]) -> u8 {
    let options = match options::parse(words) {
        Asked::Run(options) => *options,
        Asked::Version => {
            say(&format!("redis-benchmark {version}\n"));
            return 0;
        }
        Asked::Help => {
            say(options::HELP);
            return 0;
        }
        Asked::Invalid(word) => {
            let usage = options::HELP.lines().next().unwrap_or_default();
            say(&format!("Invalid option \"{word}\" or option argument missing\n\n{usage}\n"));
            return 1;
        }
        Asked::Wrong(why) => {
            complain(&why);
            return 1;
        }
    };
    options.warnings.iter().for_each(|warning| complain(warning));
    match Program::start(options).and_then(|(program, mut carried)| program.work(&mut carried)) {
        Ok(()) => 0,
        Err(failure) => {
            complain(&failure.to_string());
            1
        }
    }
}

struct Program {
    options: Options,
    server: Server,
    /// With `--compare`: the one to measure against.
    other: Option<Server>,
    greeting: Greeting,
    pace: Pace,
}

/// What goes on from one test to the next.
struct Carried {
    chance: Chance,
    letters: Letters,
    status: Status,
}

impl Program {
    /// Finds the servers and says what is to be said before.
    fn start(options: Options) -> Result<(Program, Carried), Failure> {
        // If it fails, a terminal that goes takes us with it: no worse than before.
        let _ = sys::signal::ignore_hangup();
        if options.cluster {
            return Err(server::ask_cluster(&options.place(), &options));
        }
        let clients = u64::try_from(options.clients).unwrap_or(0);
        sys::limits::raise_open_files(clients + FILES_BESIDE);
        let server = Server::find(options.place(), &options)?;
        let other = options.compare.clone().map(|place| Server::find(place, &options));
        let other = other.transpose()?;
        if server.settings.is_none() || other.as_ref().is_some_and(|other| other.settings.is_none())
        {
            complain("WARNING: Could not fetch server CONFIG");
        }
        if options.keepalive == 0 {
            complain(
                "WARNING: Keepalive disabled. You probably need \
                 'echo 1 > /proc/sys/net/ipv4/tcp_tw_reuse' for Linux and \
                 'sudo sysctl -w net.inet.tcp.msl=1000' for Mac OS X in order \
                 to use a lot of clients/requests",
            );
        }
        if !options.command.is_empty() && options.tests.is_some() {
            complain("WARNING: Option -t is ignored.");
        }
        let seed = options.seed.unwrap_or_else(|| sys::facts::entropy() as u32);
        let pace = match options.rate {
            _ if options.idle => Pace::Idle,
            Some(rate) => Pace::Open(rate),
            None => Pace::Closed,
        };
        let carried = Carried {
            chance: Chance::new(seed),
            letters: Letters::default(),
            status: Status::new(&options),
        };
        Ok((Program { server, other, greeting: Greeting::new(&options), pace, options }, carried))
    }

    fn work(&self, carried: &mut Carried) -> Result<(), Failure> {
        if self.options.idle {
            return self.idle(carried);
        }
        report::begin(&self.options);
        if self.options.command.is_empty() {
            return self.run_suite(carried);
        }
        let stdin = if self.options.reads_stdin { Some(read_stdin()?) } else { None };
        let data = carried.letters.take(self.options.data_bytes);
        let test = suite::custom(&self.options.command, stdin, &data);
        loop {
            self.test(&test, test.encoded.len(), carried)?;
            if !self.options.repeats {
                return Ok(());
            }
        }
    }

    fn run_suite(&self, carried: &mut Carried) -> Result<(), Failure> {
        loop {
            let data = carried.letters.take(self.options.data_bytes);
            let chosen = self.options.tests.as_deref();
            let tests = suite::tests(chosen, &data, self.options.keyspace.is_some());
            for test in &tests {
                match self.test(test, self.options.data_bytes, carried) {
                    // The suite has commands that not every server has. What was not asked for by name is passed over,
                    // visibly, instead of taking the results of the others with it.
                    Err(Failure::Refused(text))
                        if chosen.is_none() && text.starts_with("ERR unknown command") =>
                    {
                        self.pass_over(&test.title, &mut carried.status);
                    }
                    result => result?,
                }
            }
            if matches!(self.options.format, Format::Text | Format::Quiet) {
                say("\n");
            }
            if !self.options.repeats {
                return Ok(());
            }
        }
    }

    fn pass_over(&self, title: &str, status: &mut Status) {
        let line = format!("{title}: not known to this server, passed over");
        match self.options.format {
            Format::Text | Format::Quiet => say(&format!("{}{line}\n", status.clear())),
            Format::Csv | Format::Json => complain(&line),
        }
    }

    fn idle(&self, carried: &mut Carried) -> Result<(), Failure> {
        say(&format!(
            "Creating {} idle connections and waiting forever (Ctrl+C when done)\n",
            self.options.clients
        ));
        let nothing = Request::new(b"", 1, None);
        let plan = self.plan("", &self.server, &nothing, u64::MAX);
        measure(&plan, &mut carried.chance, &mut carried.status).map(drop)
    }

    /// Measures and reports one test, on one server or two.
    fn test(&self, test: &Test, payload: usize, carried: &mut Carried) -> Result<(), Failure> {
        let request = Request::new(&test.encoded, self.options.pipeline, self.options.keyspace);
        let requests = match (self.options.requests, self.options.duration) {
            (Some(requests), _) => u64::try_from(requests).unwrap_or(0),
            (None, Some(_)) => u64::MAX,
            (None, None) => REQUESTS,
        };
        let server = &self.server;
        let report = |side| Report {
            title: &test.title,
            options: &self.options,
            payload,
            pace: self.pace,
            side,
        };
        let Some(other) = &self.other else {
            let plan = self.plan(&test.title, server, &request, requests);
            let (measured, cpu_us) = self.turn(0, &plan, carried)?;
            let side = Side { server, measured: &measured, cpu_us };
            report::show(&report(side), &mut carried.status);
            return Ok(());
        };
        let servers = [server, other];
        let share = if requests == u64::MAX { requests } else { requests.div_ceil(ROUNDS) };
        let sums = compare::alternate(self.options.precision, self.pace, |at| {
            let plan = self.plan(&test.title, servers[at], &request, share);
            let duration = plan.duration.map(|duration| duration / ROUNDS as u32);
            self.turn(at, &Plan { duration, ..plan }, carried)
        })?;
        let [first, second] = [0, 1].map(|at| Side {
            server: servers[at],
            measured: &sums[at].0,
            cpu_us: sums[at].1,
        });
        report::show_pair(&report(first), &second, &mut carried.status);
        Ok(())
    }

    /// One measurement of the server with this number, and the processor time that it took.
    fn turn(
        &self,
        at: usize,
        plan: &Plan<'_>,
        carried: &mut Carried,
    ) -> Result<(Measured, Option<u64>), Failure> {
        let pid = self.options.server_cpu.get(at).copied();
        let spent = |pid: u32| {
            let failed = |error| Failure::system("read the processor time of the server", &error);
            sys::facts::cpu_time_of(pid).map_err(failed)
        };
        let before = pid.map(spent).transpose()?;
        let measured = measure(plan, &mut carried.chance, &mut carried.status)?;
        let after = pid.map(spent).transpose()?;
        Ok((measured, after.zip(before).map(|(after, before)| after - before)))
    }

    fn plan<'a>(
        &'a self,
        title: &'a str,
        server: &'a Server,
        request: &'a Request,
        requests: u64,
    ) -> Plan<'a> {
        Plan {
            title,
            address: &server.address,
            greeting: &self.greeting,
            request,
            clients: usize::try_from(self.options.clients).unwrap_or(0),
            threads: self.options.threads,
            requests,
            duration: self.options.duration,
            pace: self.pace,
            keepalive: self.options.keepalive != 0,
            precision: self.options.precision,
        }
    }
}

fn read_stdin() -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = io::stdin().read_to_end(&mut bytes);
    read.map_err(|error| {
        Failure::Said(format!("Reading from standard input: {}", sys::error_text(&error)))
    })?;
    Ok(bytes)
}
