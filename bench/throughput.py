"""CPU per operation, throughput and latency of single commands under redis-benchmark, servers alternating per case."""

import time
from dataclasses import dataclass
from statistics import median

import load
from server import Server

KEY = "key:__rand_int__"
VALUE = "x" * 64


@dataclass
class Case:
    """A command under a load, and the highest ratio of CPU per operation to the best peer that is good enough."""

    name: str
    command: list
    clients: int
    pipeline: int
    bar: float
    keyspace: int = 1_000_000
    # What must be there before each run: "keys", "list" (as many elements as requests), "no list", "range", or nothing.
    needs: str = ""


CASES = [
    Case("SET", ["SET", KEY, VALUE], 50, 1, 0.9, needs="keys"),
    Case("GET", ["GET", KEY], 50, 1, 0.9, needs="keys"),
    Case("SET", ["SET", KEY, VALUE], 50, 16, 0.7, needs="keys"),
    Case("GET", ["GET", KEY], 50, 16, 0.7, needs="keys"),
    Case("SET", ["SET", KEY, VALUE], 20, 100, 0.55, needs="keys"),
    Case("GET", ["GET", KEY], 20, 100, 0.55, needs="keys"),
    Case("INCR", ["INCR", "counter:__rand_int__"], 50, 16, 0.75, 100_000),
    Case("LPUSH", ["LPUSH", "list", VALUE], 50, 16, 0.75, needs="no list"),
    Case("RPOP", ["RPOP", "list"], 50, 16, 0.75, needs="list"),
    Case("HSET", ["HSET", "hash", "field:__rand_int__", VALUE], 50, 16, 0.75, 100_000),
    Case("SADD", ["SADD", "set", "member:__rand_int__"], 50, 16, 0.75, 100_000),
    Case("ZADD", ["ZADD", "zset", "__rand_int__", "member:__rand_int__"], 50, 16, 0.75, 100_000),
    Case("MSET of 10", ["MSET", *[KEY, VALUE] * 10], 50, 16, 0.75, needs="keys"),
    Case("LRANGE of 100", ["LRANGE", "range", "0", "99"], 50, 4, 0.75, needs="range"),
]


def run(peers, options):
    """One entry per case: for each peer the medians over the rounds."""
    servers = [Server(peer, options.server_core) for peer in peers]
    try:
        return [_measure(case, servers, options) for case in CASES]
    finally:
        for server in servers:
            server.__exit__()


def _measure(case, servers, options):
    samples = {server.peer.name: [] for server in servers}
    keyspace = options.scaled(case.keyspace)
    requests = {}
    for server in servers:
        # Also the warm-up; the first requests of a run are slow everywhere.
        _prepare(case, server, 100_000, keyspace)
        trial = _benchmark(case, server, 5_000 * min(case.pipeline, 20), keyspace, options)
        requests[server] = max(10_000, int(trial["rate"] * options.seconds))
    for turn in range(options.rounds):
        # The other way round every second time, so that nobody always runs after the same neighbour.
        for server in servers if turn % 2 == 0 else reversed(servers):
            _prepare(case, server, requests[server], keyspace)
            commands = int(server.client.info("stats")["total_commands_processed"])
            cpu = server.cpu_seconds()
            sample = _benchmark(case, server, requests[server], keyspace, options)
            cpu = server.cpu_seconds() - cpu
            commands = int(server.client.info("stats")["total_commands_processed"]) - commands
            sample["cpu_us"] = cpu / commands * 1e6
            samples[server.peer.name].append(sample)
            options.say(f"{case.name} P{case.pipeline} {server.peer.name}: {sample['cpu_us']:.2f} us, {sample['rate']:.0f}/s")
    for server in servers:
        if case.needs != "keys":
            server.client.call("FLUSHALL")
    middle = {
        name: {field: median(sample[field] for sample in several) for field in several[0]}
        for name, several in samples.items()
    }
    return {"name": case.name, "clients": case.clients, "pipeline": case.pipeline, "bar": case.bar, "peers": middle}


def _prepare(case, server, requests, keyspace):
    client = server.client
    if case.needs == "keys" and client.call("DBSIZE") != keyspace:
        client.call("FLUSHALL")
        load.fill_strings(client, keyspace, len(VALUE))
    elif case.needs == "list":
        client.call("DEL", "list")
        each = 100
        line = load.encode("RPUSH", "list", *[VALUE] * each)
        client.stream((line, 1) for _ in range(requests // each + 1))
    elif case.needs == "no list":
        client.call("DEL", "list")
        # Who frees in the background shall be done with it.
        time.sleep(0.3)
    elif case.needs == "range":
        client.call("DEL", "range")
        client.call("RPUSH", "range", *[f"element:{n:08d}" for n in range(100)])


def _benchmark(case, server, requests, keyspace, options):
    return load.benchmark(
        server.port, options.load_core, requests, case.clients, case.pipeline, keyspace, case.command
    )
