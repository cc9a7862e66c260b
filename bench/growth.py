"""The longest pause while the keyspace grows: batches of SETs, and what each cost the executing thread."""

import time

import load
from server import Server

KEYS = 20_000_000
BATCH = 50


def run(peers, options):
    """For each peer the longest batches, in time on the core and on the wall."""
    return {peer.name: _measure(peer, options) for peer in peers}


def _measure(peer, options):
    keys = options.scaled(KEYS)
    template = load.set_template(load.letters(8)) * BATCH
    with Server(peer, options.server_core) as server:
        replies = b"+OK\r\n" * BATCH
        connection, wall, core = server.client.socket, [], []
        spent = server.main_thread_cpu_ns()
        for start in range(0, keys, BATCH):
            data = template % tuple(range(start, start + BATCH))
            begin = time.perf_counter_ns()
            connection.sendall(data)
            left = len(replies)
            while left:
                left -= len(connection.recv(left))
            wall.append(time.perf_counter_ns() - begin)
            # What the thread does between the reply and its sleep shows with the next batch: it delays that one.
            now = server.main_thread_cpu_ns()
            core.append(now - spent)
            spent = now
        found = {
            "keys": keys,
            "core_us": {f"{p}": load.percentile(core, p) / 1e3 for p in (50, 99.9, 99.99, 100)},
            "wall_us": {f"{p}": load.percentile(wall, p) / 1e3 for p in (50, 99.9, 99.99, 100)},
            "over_1ms": sum(ns > 1_000_000 for ns in core),
        }
        options.say(f"growth {peer.name}: {found}")
        return found
