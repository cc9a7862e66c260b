"""A snapshot of a large dataset while writes go on, then a full sync of it to a replica of the same kind."""

import time

import load
from server import Server

VALUE_BYTES = 256
KEYS = 6_500_000
WRITES_PER_SECOND = 50_000


def run(peers, options):
    """For each peer the figures of both."""
    return {peer.name: _measure(peer, options) for peer in peers}


def _measure(peer, options):
    keys = options.scaled(KEYS)
    with Server(peer, options.server_core) as server:
        load.fill_strings(server.client, keys, VALUE_BYTES)
        found = {"used": server.used_memory(), "snapshot": _snapshot(server, keys, options)}
        found["sync"] = _sync(server, options)
        options.say(f"bulk {peer.name}: {found}")
        return found


def _snapshot(server, keys, options):
    quiet_seconds = 4 if options.quick else 10
    writer = load.SteadyWriter(server.port, options.load_core, keys, VALUE_BYTES, WRITES_PER_SECOND)
    time.sleep(1.5)
    quiet_from = time.monotonic()
    time.sleep(quiet_seconds)
    rss = peak = server.rss_bytes()
    cpu = server.cpu_seconds() + server.children_cpu_seconds()
    begin = time.monotonic()
    server.client.call("BGSAVE")
    copied, looks = 0, 0
    while server.client.info("persistence")["rdb_bgsave_in_progress"] != "0":
        peak = max(peak, server.rss_bytes())
        looks += 1
        if looks % 10 == 0:
            copied = max(copied, server.children_own_bytes())
        time.sleep(0.05)
        if time.monotonic() - begin > 300:
            break
    end = time.monotonic()
    cpu = server.cpu_seconds() + server.children_cpu_seconds() - cpu
    peak = max(peak, server.rss_bytes())
    batches = writer.finish()
    info = server.client.info("persistence")
    quiet = [late for due, late in batches if quiet_from <= due < begin]
    busy = [late for due, late in batches if begin <= due < end]
    per_batch = WRITES_PER_SECOND / 1000 / load.SteadyWriter.CONNECTIONS
    return {
        "status": info["rdb_last_bgsave_status"],
        "seconds": end - begin,
        "cpu_seconds": cpu,
        "file": server.remove_snapshot(),
        "rss": rss,
        # A forked child's pages that the parent has left belong to nobody's resident size but its own.
        "growth": peak - rss + copied,
        "quiet_rate": len(quiet) * per_batch / (begin - quiet_from),
        "busy_rate": len(busy) * per_batch / (end - begin),
        **{f"quiet_p{p}_ms": load.percentile(quiet, p) * 1e3 for p in (50, 99, 99.9, 100)},
        **{f"busy_p{p}_ms": load.percentile(busy, p) * 1e3 for p in (50, 99, 99.9, 100)},
    }


def _sync(server, options):
    rss = peak = server.rss_bytes()
    cpu = server.cpu_seconds() + server.children_cpu_seconds()
    # The replica loads on the other core: nothing else runs there now.
    with Server(server.peer, options.load_core) as replica:
        begin = time.monotonic()
        replica.client.call("REPLICAOF", "127.0.0.1", server.port)
        while replica.client.info("replication")["master_link_status"] != "up":
            peak = max(peak, server.rss_bytes())
            time.sleep(0.05)
            if time.monotonic() - begin > 300:
                return {"seconds": None}
        seconds = time.monotonic() - begin
        cpu = server.cpu_seconds() + server.children_cpu_seconds() - cpu
        assert replica.client.call("DBSIZE") == server.client.call("DBSIZE")
        return {
            "seconds": seconds,
            "master_cpu_seconds": cpu,
            "replica_cpu_seconds": replica.cpu_seconds(),
            "growth": peak - rss,
        }
