"""Bytes per key: `used_memory` and resident size, each dataset in a fresh process, less what the empty server took."""

import load
from server import Server

STRING_BYTES = [8, 32, 64, 128]


def _members(kind, count):
    """The command that makes one collection of `count` members, and its arguments after the key."""
    if kind == "hash":
        flat = [b"field:%06d" % n if part == 0 else b"value-of-%07d" % n for n in range(count) for part in (0, 1)]
        return b"HSET", flat
    if kind == "zset":
        return b"ZADD", [b"%d" % (n * 7) if part == 0 else b"member:%06d" % n for n in range(count) for part in (0, 1)]
    return {"list": b"RPUSH", "set": b"SADD"}[kind], [b"member:%06d" % n for n in range(count)]


def run(peers, options):
    """One entry per dataset: for each peer bytes per key, by both measures."""
    rows = []
    keys = options.scaled(5_000_000)
    for size in STRING_BYTES:
        rows.append(_measure(f"string of {size}", 0.85, keys, peers, options,
                             lambda client: load.fill_strings(client, keys, size)))
    for kind in ("hash", "list", "set", "zset"):
        for count in (10, 1000):
            command, members = _members(kind, count)
            keys_here = options.scaled(2_000_000) // count
            rows.append(_measure(f"{kind} of {count}", 1.0, keys_here, peers, options,
                                 lambda client: load.fill_collections(client, command, keys_here, members)))
    return rows


def _measure(name, bar, keys, peers, options, fill):
    row = {"name": name, "bar": bar, "keys": keys, "peers": {}}
    for peer in peers:
        with Server(peer, options.server_core) as server:
            used, rss = server.used_memory(), server.rss_bytes()
            fill(server.client)
            assert server.client.call("DBSIZE") == keys
            used, rss = server.used_memory() - used, server.rss_bytes() - rss
            row["peers"][peer.name] = {"used": used / keys, "rss": rss / keys}
            options.say(f"{name} {peer.name}: used {used / keys:.1f}, rss {rss / keys:.1f} bytes per key")
    return row
