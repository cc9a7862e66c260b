//! What `--help` says; its first line also follows an option that there is not.

/// The options, the ones of `redis-benchmark` first.
pub(crate) const TEXT: &str = r#"Usage: redis-benchmark [OPTIONS] [COMMAND ARGS...]

Measures how many requests per second a server answers, and how long each takes: of a suite of commands, or of one
command of your own.

Where to:
 -h <host>          The server's name or address (127.0.0.1).
 -p <port>          Its port (6379).
 -s <path>          Its Unix socket, instead of host and port.
 -u <uri>           All in one: redis://user:password@host:port/database.
 -a <password>      Authenticates every connection.
 --user <name>      As this user; needs -a.
 --dbnum <db>       Selects this database (0).
 -3                 Speaks RESP3.
 --enable-tracking  Says CLIENT TRACKING on before the first request.
 --cluster          Not in this version.

How much:
 -c <clients>       Connections that ask at the same time (50).
 -n <requests>      Requests per test (100000).
 --duration <secs>  Stops each test after this time, however many requests it made.
 -P <requests>      Requests sent at once on each connection (1).
 -d <bytes>         The size of values (3).
 -r <range>         Writes a number below <range> over each __rand_int__, a new one every time: twelve digits.
                    The tests of the suite then use random keys, members and scores; without it, one of each.
 --seed <number>    Where the random numbers begin; by default elsewhere every time.
 -k <0|1>           0 connects anew for every request (1).
 --threads <n>      Shares the connections out among so many threads.
 --rate <n>         Sends <n> requests per second whether or not replies come, and counts latencies from the moment
                    at which a request was due. Without it, each connection waits for its reply before it asks again,
                    and a server that stalls delays the very requests that would have shown it.
 -l                 Begins again and again, until Ctrl-C.
 -I                 Opens the connections and asks nothing, until Ctrl-C.

What:
 -t <tests>         Only these tests of the suite, by name, with commas between; no effect on a command of your own.
 -x                 Reads the last argument of the command from standard input.
 COMMAND ARGS...    Measures this command. In its arguments __rand_int__ is as for -r, and __data__ is a value of the
                    size given by -d.

What to say:
 -q                 One line per test.
 --csv              Comma-separated values, with a line of names.
 --json             One JSON object per test and line.
 --precision <n>    Significant digits of latencies, up to 4 (3).
 --server-cpu <pid>[,<pid>]
                    Also the processor time that the server, a process of this machine, spent per request. With
                    --compare, that of both.
 --compare <host:port>
                    Measures two servers in turns, in one run, and how they compare.
 --help, --version

Examples:

   $ redis-benchmark -h 192.168.1.1 -c 20 -n 100000
   $ redis-benchmark -t set,get -n 1000000 -r 100000000 -P 16 --csv
   $ redis-benchmark -r 10000 lpush mylist __rand_int__
   $ redis-benchmark -t get --rate 20000 --duration 30
   $ redis-benchmark -p 6379 --compare 127.0.0.1:6380 -t set,get -q
"#;
