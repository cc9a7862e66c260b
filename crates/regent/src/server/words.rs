//! Arguments that are answered at once, instead of starting a server.

/// The status to exit with, where the first argument is such a word. `help` is what the program says of itself, where
/// `NAME` stands for the name that it was called by.
pub(crate) fn answer(name: &str, help: &str, arguments: &[Vec<u8>]) -> Option<u8> {
    match arguments.first()?.as_slice() {
        b"-v" | b"--version" => sys::say!("{}", version()),
        b"-h" | b"--help" => sys::output::say(help.replace("NAME", name)),
        b"--test-memory" => {
            sys::complain!("Regent does not test memory; use memtest86 or a tool of your system.");
            return Some(1);
        }
        b"--check-system" => sys::say!("[fork] Not used: snapshots are taken without it."),
        _ => return None,
    }
    Some(0)
}

fn version() -> String {
    format!(
        "Redis server v={} sha=00000000:0 malloc={} bits={} build=0 regent={}",
        node::REDIS_VERSION,
        sys::memory::NAME,
        usize::BITS,
        crate::VERSION,
    )
}

/// What `redis-server --help` says.
pub(crate) const SERVER: &str = "\
A server of the Redis protocol: data in memory, snapshots on disk, replicas.

Usage: NAME [/path/to/redis.conf] [options] [-]
       NAME - (read the configuration from standard input)
       NAME -v or --version
       NAME -h or --help
       NAME --check-system

An option is a line of the configuration with -- before its name; options win over the file.

Examples:
       NAME (everything by default)
       echo 'maxmemory 128mb' | NAME -
       NAME /etc/redis/6379.conf
       NAME --port 7777
       NAME --port 7777 --replicaof 127.0.0.1 8888
       NAME /etc/myredis.conf --loglevel verbose -
       NAME /etc/sentinel.conf --sentinel (a Sentinel)
";

/// What `redis-sentinel --help` says.
pub(crate) const SENTINEL: &str = "\
A Sentinel: watches masters and their replicas, agrees with other Sentinels that a master is down, and promotes a
replica. It keeps what it knows in its configuration file, which it must be able to write.

Usage: NAME /path/to/sentinel.conf [options] [-]
       NAME -v or --version
       NAME -h or --help

A file needs a line like this, where 2 Sentinels have to agree:
       sentinel monitor mymaster 127.0.0.1 6379 2

Examples:
       NAME /etc/redis/sentinel.conf
       NAME /etc/redis/sentinel.conf --port 26380
";
