//! The program as the operating system sees it: daemon, title, signals, scheduling.

use super::check;
use crate::Param;
use crate::param::{INT_MAX, Kind};

const SHUTDOWN_WORDS: &[&str] = &["default", "save", "nosave", "now", "force"];

pub(super) const TABLE: &[Param] = &[
    Param::flag("daemonize", "no").immutable().doc("Go to the background after starting."),
    Param::optional_text("pidfile")
        .immutable()
        .doc("File that holds the process id; a daemon without one writes /var/run/redis.pid."),
    Param::choice("supervised", &["upstart", "systemd", "auto", "no"], "no")
        .immutable()
        .doc("The supervisor that is told when the server is ready."),
    Param::flag("set-proc-title", "yes").immutable().doc("Show address and mode in `ps`."),
    Param::text("proc-title-template", "{title} {listen-addr} {server-mode}")
        .check(check::title_template)
        .doc("What `ps` shows, with variables in braces."),
    Param::flag("always-show-logo", "no")
        .immutable()
        .doc("Log the banner even where the log is not a terminal."),
    Param::integer("databases", 1, INT_MAX, "16")
        .immutable()
        .doc("Databases, numbered from 0, that SELECT can choose."),
    Param::new("hz", Kind::Clamped { min: 1, max: 500 }, "10")
        .doc("How many times a second background work looks around."),
    Param::flag("dynamic-hz", "yes").doc("Raise the rate of background work with many clients."),
    Param::flag("activerehashing", "yes").doc("Grow and shrink tables in idle time too."),
    Param::integer("shutdown-timeout", 0, INT_MAX, "10")
        .doc("Seconds that a shutdown waits for replicas to catch up."),
    Param::new("shutdown-on-sigint", Kind::Choices { words: SHUTDOWN_WORDS }, "default")
        .check(check::shutdown_words)
        .doc("How SIGINT shuts down: save, nosave, now, force."),
    Param::new("shutdown-on-sigterm", Kind::Choices { words: SHUTDOWN_WORDS }, "default")
        .check(check::shutdown_words)
        .doc("How SIGTERM shuts down: save, nosave, now, force."),
    Param::flag("crash-log-enabled", "yes").doc("Log what is known when the program crashes."),
    Param::flag("crash-memcheck-enabled", "yes")
        .doc("Test the machine's memory after a crash; kept for files, Regent does not."),
    Param::flag("use-exit-on-panic", "no")
        .hidden()
        .doc("End with exit instead of abort on a broken invariant."),
    Param::integer("watchdog-period", 0, INT_MAX, "0")
        .hidden()
        .doc("Milliseconds after which a stuck loop logs where it is; 0 never."),
    Param::new(
        "oom-score-adj",
        Kind::Choice {
            words: &["no", "yes", "relative", "absolute"],
            same: &[("relative", "yes")],
        },
        "no",
    )
    .doc("Whether the out-of-memory killer is told whom to prefer."),
    Param::new("oom-score-adj-values", Kind::OomScores, "0 200 800")
        .doc("Scores of the out-of-memory killer for masters, replicas and background work."),
    Param::flag("disable-thp", "yes")
        .immutable()
        .doc("Ask the system not to use huge pages for this process."),
    Param::optional_text("server_cpulist")
        .immutable()
        .doc("Processors that the executing thread may use."),
    Param::optional_text("bio_cpulist")
        .immutable()
        .doc("Processors that background threads may use."),
    Param::optional_text("aof_rewrite_cpulist")
        .immutable()
        .later("append-only file")
        .doc("Processors that rewriting the append-only file may use."),
    Param::optional_text("bgsave_cpulist")
        .immutable()
        .doc("Processors that saving a snapshot may use."),
    Param::integer("io-threads", 1, 128, "1")
        .immutable()
        .later("I/O threads")
        .doc("Threads that read, parse and write; 1 leaves it to the executing thread."),
    Param::flag("io-threads-do-reads", "no")
        .immutable()
        .doc("Let the I/O threads read and parse as well."),
    Param::text("ignore-warnings", "").doc("Names of startup checks whose warnings are known."),
    Param::text("locale-collate", "").doc("Locale by which SORT ALPHA compares; only C is known."),
    Param::integer("busy-reply-threshold", 0, i64::MAX, "5000")
        .alias("lua-time-limit")
        .doc("Milliseconds after which a running script lets others be answered BUSY."),
];
