"""What a write costs a master with two replicas, and a replica that applies it."""

import time

import load
from server import Server

COMMAND = ["SET", "key:__rand_int__", "x" * 64]


def run(peers, options):
    """For each peer CPU microseconds per write: alone, with two replicas, and of a replica."""
    return {peer.name: _measure(peer, options) for peer in peers}


def _measure(peer, options):
    keys = options.scaled(1_000_000)
    with Server(peer, options.server_core) as master:
        load.fill_strings(master.client, keys, 64)
        requests = options.scaled(4_000_000)
        alone = _cost(master, [], requests, keys, options)
        link = ("replicaof", f"127.0.0.1 {master.port}")
        with Server(peer, options.load_core, link) as one, Server(peer, options.load_core, link) as two:
            replicas = [one, two]
            for replica in replicas:
                while _field(replica, "master_link_status") != "up":
                    time.sleep(0.05)
            with_two = _cost(master, replicas, requests, keys, options)
    found = {"alone_us": alone[0], "master_us": with_two[0], "replica_us": with_two[1], "rate": with_two[2]}
    options.say(f"replicas {peer.name}: {found}")
    return found


def _cost(master, replicas, requests, keys, options):
    """CPU per write of the master and of a replica, until the replicas have everything; writes per second."""
    # One run to warm up, so that the backlog's memory is there.
    load.benchmark(master.port, options.load_core, 50_000, 50, 16, keys, COMMAND)
    before, theirs = master.cpu_seconds(), sum(replica.cpu_seconds() for replica in replicas)
    result = load.benchmark(master.port, options.load_core, requests, 50, 16, keys, COMMAND)
    for replica in replicas:
        while int(_field(replica, "slave_repl_offset")) < int(_field(master, "master_repl_offset")):
            time.sleep(0.02)
    spent = master.cpu_seconds() - before
    theirs = sum(replica.cpu_seconds() for replica in replicas) - theirs
    return spent / requests * 1e6, theirs / max(1, len(replicas)) / requests * 1e6, result["rate"]


def _field(server, name):
    return server.client.info("replication")[name]
