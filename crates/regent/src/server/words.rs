//! Arguments that are answered at once, instead of starting a server.

/// The status to exit with, where the first argument is such a word.
pub(crate) fn answer(arguments: &[Vec<u8>]) -> Option<u8> {
    match arguments.first()?.as_slice() {
        b"-v" | b"--version" => {
            println!("{}", version());
            Some(0)
        }
        b"-h" | b"--help" => {
            eprint!("{USAGE}");
            Some(1)
        }
        b"--test-memory" => {
            eprintln!("Regent does not test memory; use memtest86 or a tool of your system.");
            Some(1)
        }
        b"--check-system" => {
            println!("[fork] Not used: snapshots are taken without it.");
            Some(0)
        }
        _ => None,
    }
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

const USAGE: &str = "\
Usage: redis-server [/path/to/redis.conf] [options] [-]
       redis-server - (read the configuration from standard input)
       redis-server -v or --version
       redis-server -h or --help
       redis-server --check-system

Examples:
       redis-server (everything by default)
       echo 'maxmemory 128mb' | redis-server -
       redis-server /etc/redis/6379.conf
       redis-server --port 7777
       redis-server --port 7777 --replicaof 127.0.0.1 8888
       redis-server /etc/myredis.conf --loglevel verbose -
       redis-server /etc/sentinel.conf --sentinel (a Sentinel)
";
