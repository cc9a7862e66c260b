//! Where the server listens, and how long connections live.

use crate::Param;
use crate::param::{INT_MAX, Kind};

pub(super) const TABLE: &[Param] = &[
    Param::new("bind", Kind::Addresses, "* -::*")
        .doc("Addresses to listen at; one with a leading `-` may be missing on this machine."),
    Param::integer("port", 0, 65535, "6379").doc("TCP port for clients; 0 listens on none."),
    Param::flag("protected-mode", "yes")
        .doc("Without a password, answer clients of this machine only."),
    Param::optional_text("bind-source-addr")
        .doc("Local address that outgoing connections are made from."),
    Param::integer("tcp-backlog", 0, INT_MAX, "511")
        .immutable()
        .doc("Connections that may wait to be accepted."),
    Param::integer("tcp-keepalive", 0, INT_MAX, "300")
        .doc("Seconds of silence before a connection is probed; 0 never probes."),
    Param::integer("timeout", 0, INT_MAX, "0")
        .doc("Seconds after which an idle client is closed; 0 never closes."),
    Param::optional_text("unixsocket").immutable().doc("Path of a Unix socket to listen at."),
    Param::new("unixsocketperm", Kind::Octal { max: 0o777 }, "0")
        .immutable()
        .doc("Permissions of the Unix socket in octal; 0 leaves what the umask gives."),
    Param::integer("maxclients", 1, u32::MAX as i64, "10000")
        .doc("Clients that may be connected at a time."),
    Param::integer("socket-mark-id", 0, u32::MAX as i64, "0")
        .immutable()
        .later("socket marks")
        .doc("Mark that the system's packet filter sees on our sockets; 0 for none."),
];
