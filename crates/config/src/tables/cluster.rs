//! Redis Cluster. It comes in a later version; its parameters are read and kept.

use super::check;
use crate::Param;
use crate::param::INT_MAX;

pub(super) const TABLE: &[Param] = &[
    Param::flag("cluster-enabled", "no")
        .immutable()
        .later("cluster")
        .doc("Be a node of a cluster."),
    Param::text("cluster-config-file", "nodes.conf")
        .immutable()
        .doc("File in which a node keeps what it knows of the cluster."),
    Param::integer("cluster-port", 0, 65535, "0")
        .immutable()
        .doc("Port for other nodes; 0 for the client port plus 10000."),
    Param::integer("cluster-node-timeout", 0, i64::MAX, "15000")
        .doc("Milliseconds of silence after which a node counts as failing."),
    Param::integer("cluster-ping-interval", 0, i64::MAX, "0")
        .hidden()
        .doc("Milliseconds between pings of nodes, for tests; 0 for the usual."),
    Param::integer("cluster-replica-validity-factor", 0, INT_MAX, "10")
        .alias("cluster-slave-validity-factor")
        .doc("How old a replica's data may be, in node timeouts, for it to take over."),
    Param::integer("cluster-migration-barrier", 0, INT_MAX, "1")
        .doc("Replicas that stay with their master when others need one."),
    Param::flag("cluster-allow-replica-migration", "yes")
        .doc("Let replicas move to masters that have none."),
    Param::flag("cluster-require-full-coverage", "yes")
        .doc("Answer nothing while any slot has no node."),
    Param::flag("cluster-replica-no-failover", "no")
        .alias("cluster-slave-no-failover")
        .doc("Never take over by itself as a replica."),
    Param::flag("cluster-allow-reads-when-down", "no")
        .doc("Answer reads while the cluster is down."),
    Param::flag("cluster-allow-pubsubshard-when-down", "yes")
        .doc("Serve sharded channels while the cluster is down."),
    Param::memory("cluster-link-sendbuf-limit", 0, u64::MAX, "0")
        .doc("Bytes that may wait for one other node; 0 for no limit."),
    Param::optional_text("cluster-announce-ip").doc("Address that other nodes are told."),
    Param::integer("cluster-announce-port", 0, 65535, "0")
        .doc("Client port that other nodes are told; 0 for our own."),
    Param::integer("cluster-announce-tls-port", 0, 65535, "0")
        .doc("TLS port that other nodes are told; 0 for our own."),
    Param::integer("cluster-announce-bus-port", 0, 65535, "0")
        .doc("Node port that other nodes are told; 0 for our own."),
    Param::optional_text("cluster-announce-hostname")
        .check(check::host_name)
        .doc("Host name that clients are told."),
    Param::optional_text("cluster-announce-human-nodename")
        .check(check::node_name)
        .doc("Name of this node in logs."),
    Param::choice("cluster-preferred-endpoint-type", &["ip", "hostname", "unknown-endpoint"], "ip")
        .doc("What clients are told to connect to."),
];
