//! What `--help` prints.

/// The options, and examples.
pub(crate) fn text() -> String {
    let version = node::REDIS_VERSION;
    format!(
        "redis-cli {version}: sends commands to a server and shows its replies\n\n{USAGE}\n\n{OPTIONS}{EXAMPLES}"
    )
}

/// What follows a complaint about an option.
pub(crate) const USAGE: &str = "Usage: redis-cli [OPTIONS] [cmd [arg [arg ...]]]";

const OPTIONS: &str = "\
Where:
  -h <hostname>      The server's host (127.0.0.1 unless given).
  -p <port>          The server's port (6379 unless given).
  -s <socket>        A Unix socket, instead of host and port.
  -u <uri>           All of it: redis://user:password@host:port/db
  -n <db>            The database.
  -c                 Follow a cluster's redirections.
  --sentinel <name>  Host and port are those of any Sentinel: connect to the
                     primary that it knows by this name, also after failovers.

Who:
  -a, --pass <password>  The password. Safer in the variable REDISCLI_AUTH,
                     which counts where this option is not given.
  --user <username>  The user whose password it is.
  --askpass          Ask for the password, and show stars for it.
  --no-auth-warning  Do not warn of passwords on the command line.

What is sent:
  -r <repeat>        Send the command so many times; -1: for ever.
  -i <interval>      Wait so many seconds between two times (0.1 is fine). Also
                     between the steps of --scan and --stat, every 100 steps of
                     --bigkeys, --memkeys and --hotkeys, and between two
                     drawings of --topology.
  -x                 The last argument is what standard input says.
  -X <tag>           The argument that is <tag> is what standard input says.
  --quoted-input     Arguments have quotes and escapes of their own.
  -2, -3             Speak RESP2, or RESP3.

What is printed:
  --raw, --no-raw    Bytes alone, as to a pipe; or with types, as to a terminal.
  --csv              Values with commas between them.
  --json             JSON, asking for RESP3 unless -2 is given.
  --quoted-json      JSON in ASCII.
  -d <delimiter>     Between the items of a raw reply (a line end unless given).
  -D <delimiter>     After each raw reply (a line end unless given).
  -e                 Fail with status 1 where a command does.
  --show-pushes <yn> Show pushes of RESP3 (yes on a terminal unless given).
  --verbose          Say more.

Instead of one command:
  --stat             A line of figures each second: memory, clients and so on.
  --latency          Sample the time of PING and show it; to a pipe or with
                     --raw, --csv or --json for one second (or -i), then end.
  --latency-history  As above, with a new line every 15 seconds (or -i).
  --latency-dist     As a spectrum of colours, every second (or -i).
  --mono             The spectrum in grey.
  --intrinsic-latency <sec>  How long the system makes a busy program wait; no
                     server is needed.
  --lru-test <keys>  Traffic of which 80 percent want 20 percent of the keys.
  --scan             All keys.
  --bigkeys          The largest key of each type, by elements.
  --memkeys          The same by memory.
  --memkeys-samples <n>  The same, estimated from so many elements of each key.
  --hotkeys          The keys that are used most, where maxmemory-policy has LFU.
  --pattern <pat>    Only such keys, in the five modes above.
  --quoted-pattern <pat>  The same with escapes.
  --count <count>    How many keys a step looks at (10 unless given).
  --pipe             Send standard input, which is raw protocol, and count replies.
  --pipe-timeout <n> Fail if after the last byte no reply comes for so many
                     seconds (30 unless given); 0: wait for ever.
  --replica          Play a replica, and show what it is sent.
  --rdb <filename>   Fetch a snapshot into a file; -: to standard output.
  --functions-rdb <filename>  The same with functions only.
  --eval <file>      Run the script in the file; arguments are keys, a comma and
                     other arguments.
  --ldb              Debug that script; its changes are taken back.
  --ldb-sync-mode    The same, but the server stands still and changes are kept.
  --topology         Draw the tree of replication that the server belongs to, and
                     the view of Sentinels; with -i again and again.
  --dot              The drawing as a graph for Graphviz; --json does what it says.
  --cluster <command> ...  Manage a cluster (not in this version).
  --help             This text.
  --version          The version.

";

const EXAMPLES: &str = "\
Examples:
  redis-cli -x set page < index.html
  redis-cli -D \"\" --raw dump key | redis-cli -X value restore copy 0 value
  redis-cli -r 5 -i 1 info stats
  redis-cli --quoted-input set '\"zero\\x00inside\"' 1
  redis-cli --scan --pattern 'user:*' --count 1000
  redis-cli --eval script.lua key1 key2 , argument
  redis-cli -p 26379 --sentinel mymaster
  redis-cli --topology -i 1

Without a command it prompts for commands; type help there.
";
