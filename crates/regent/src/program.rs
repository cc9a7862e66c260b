//! Which part of the program runs: told by the name it is called by, as links in packages do, or by the first word.

/// What can run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    Server,
    Sentinel,
    CheckRdb,
    Cli,
    Benchmark,
    Up,
    Version,
    Help,
    /// Known by name, and not there yet.
    Absent(&'static str),
    /// A first word that means nothing.
    Unknown(String),
}

pub(crate) const HELP: &str = "\
Regent, a server that speaks Redis.

Usage: regent <program> [arguments]

  server      a server; arguments as those of redis-server
  sentinel    watches servers and fails over; as redis-sentinel
  cli         a command line client; as redis-cli, and --topology draws who replicates whom
  benchmark   how fast a server answers; as redis-benchmark
  check-rdb   is this snapshot sound?
  up          a self-healing group on this machine: a master, two replicas and three Sentinels with data arriving, to
              look at (and with --dir to keep); up --demo kills the master and shows the failover

  <program> --help    what a program does, and all that may be said to it
  --version, --help

Called by the name redis-server, redis-sentinel, redis-cli, redis-benchmark or redis-check-rdb, it is that program.
";

/// What follows a complaint.
pub(crate) const USAGE: &str =
    "Usage: regent <program> [arguments]   (regent --help lists the programs)";

/// The program, the name to speak of it by, and its arguments.
pub(crate) fn choose(words: &[Vec<u8>]) -> (Program, String, Vec<Vec<u8>>) {
    let path = words.first().map(|word| String::from_utf8_lossy(word).into_owned());
    let path = path.unwrap_or_else(|| "regent".to_owned());
    let name = path.rsplit('/').next().unwrap_or_default();
    let rest = words.get(1..).unwrap_or_default();
    // A name may carry more than the program: redis-server-7.2, old-redis-server.
    let by_name = [
        ("check-rdb", Program::CheckRdb),
        ("check-aof", Program::Absent("check-aof")),
        ("sentinel", Program::Sentinel),
        ("benchmark", Program::Benchmark),
        ("-cli", Program::Cli),
        ("-server", Program::Server),
    ];
    if let Some((_, program)) = by_name.into_iter().find(|(part, _)| name.contains(part)) {
        return (program, path, rest.to_vec());
    }
    let word = rest.first().map(|word| String::from_utf8_lossy(word).into_owned());
    let program = match word.as_deref() {
        Some("server") => Program::Server,
        Some("check-rdb") => Program::CheckRdb,
        Some("up") => Program::Up,
        Some("--version" | "-v" | "version") => Program::Version,
        None | Some("--help" | "-h" | "help") => Program::Help,
        Some("cli") => Program::Cli,
        Some("sentinel") => Program::Sentinel,
        Some("benchmark") => Program::Benchmark,
        Some("check-aof") => Program::Absent("check-aof"),
        Some(word) => Program::Unknown(word.to_owned()),
    };
    let name = match &word {
        Some(word) if !matches!(program, Program::Unknown(_)) => format!("{path} {word}"),
        _ => path,
    };
    (program, name, rest.get(1..).unwrap_or_default().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_first_words_choose_the_program() {
        for (line, want, arguments) in [
            ("redis-server", Program::Server, 0),
            ("/usr/bin/redis-server a.conf --port 1", Program::Server, 3),
            ("./regent-server --version", Program::Server, 1),
            ("redis-check-rdb dump.rdb", Program::CheckRdb, 1),
            ("redis-cli -p 1 get k", Program::Cli, 4),
            ("regent cli get k", Program::Cli, 2),
            ("redis-sentinel s.conf", Program::Sentinel, 1),
            ("redis-benchmark -q -t set", Program::Benchmark, 3),
            ("regent benchmark -q", Program::Benchmark, 1),
            ("redis-check-aof x", Program::Absent("check-aof"), 1),
            ("regent", Program::Help, 0),
            ("regent --version", Program::Version, 0),
            ("regent server a.conf", Program::Server, 1),
            ("regent up --keys 10", Program::Up, 2),
            ("target/release/regent check-rdb x", Program::CheckRdb, 1),
            ("regent dance", Program::Unknown("dance".to_owned()), 0),
        ] {
            let words: Vec<Vec<u8>> = line.split(' ').map(|word| word.into()).collect();
            let (program, _, rest) = choose(&words);
            assert_eq!((program, rest.len()), (want, arguments), "{line}");
        }
    }
}
