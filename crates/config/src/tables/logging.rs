//! What is logged, and where to.

use crate::Param;

pub(super) const TABLE: &[Param] = &[
    Param::choice("loglevel", &["debug", "verbose", "notice", "warning", "nothing"], "notice")
        .doc("The quietest kind of message that is still logged."),
    Param::text("logfile", "").immutable().doc("File to log to; empty logs to standard output."),
    Param::flag("syslog-enabled", "no").immutable().doc("Log to the system's log as well."),
    Param::text("syslog-ident", "redis")
        .immutable()
        .doc("Name that the lines in the system's log begin with."),
    Param::choice(
        "syslog-facility",
        &["user", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"],
        "local0",
    )
    .immutable()
    .doc("Facility of the system's log to use."),
];
