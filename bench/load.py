"""Load: filling a server, redis-benchmark, and a writer with a steady rate whose latencies count from the schedule."""

import array
import gc
import multiprocessing
import os
import random
import re
import select
import subprocess
import time

from client import Client, encode

KEY = b"key:%012d"
KEY_BYTES = 16


def letters(count):
    """A value that is no number and does not compress to nothing."""
    return bytes(random.Random(count).choices(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", k=count))


def set_template(value):
    return b"*3\r\n$3\r\nSET\r\n$16\r\n" + KEY + b"\r\n$%d\r\n%s\r\n" % (len(value), value)


def fill_strings(client, count, value_bytes, batch=500):
    """`count` keys of 16 bytes with values of `value_bytes`."""
    template = set_template(letters(value_bytes))

    def batches():
        for start in range(0, count, batch):
            size = min(batch, count - start)
            yield (template * size) % tuple(range(start, start + size)), size

    client.stream(batches())


def fill_collections(client, command, key_count, members, batch=20):
    """`key_count` collections with the same `members` (a flat list of arguments), one command each."""
    head = b"*%d\r\n$%d\r\n%s\r\n$16\r\n" % (2 + len(members), len(command), command)
    tail = b"".join(b"$%d\r\n%s\r\n" % (len(member), member) for member in members)
    template = head + KEY + b"\r\n" + tail
    client.stream((template % n, 1) for n in range(key_count)) if len(members) > 100 else client.stream(
        ((template * size) % tuple(range(start, start + size)), size)
        for start in range(0, key_count, batch)
        for size in [min(batch, key_count - start)]
    )


def benchmark(port, core, requests, clients, pipeline, keyspace, command):
    """One run of redis-benchmark: throughput per second and latencies in milliseconds."""
    line = ["taskset", "-c", str(core), "redis-benchmark", "-p", str(port), "-c", str(clients)]
    line += ["-P", str(pipeline), "-n", str(requests), "-r", str(keyspace), "--precision", "3", *command]
    started = time.monotonic()
    done = subprocess.run(line, capture_output=True, text=True, errors="replace")
    elapsed = time.monotonic() - started
    text = done.stdout
    if done.returncode != 0 or "throughput summary" not in text:
        raise SystemExit(f"redis-benchmark failed: {' '.join(line)}\n{text[-500:]}\n{done.stderr[-500:]}")
    rate = float(re.search(r"throughput summary: ([\d.]+)", text).group(1))
    steps = re.findall(r"^([\d.]+)% <= ([\d.]+) milliseconds \(cumulative", text, re.M)
    steps = [(float(share), float(ms)) for share, ms in steps]

    def percentile(wanted):
        return next((ms for share, ms in steps if share >= wanted), steps[-1][1])

    return {
        "rate": rate,
        "seconds": elapsed,
        "p50_ms": percentile(50),
        "p99_ms": percentile(99),
        "p99.9_ms": percentile(99.9),
    }


class SteadyWriter:
    """A process that overwrites random keys at a rate, whether or not the server keeps up.

    Every millisecond each connection is due a few SETs; the latency of each such batch counts from the instant it was
    due, so that a server that stops for 100 ms shows a hundred late batches and not one.
    """

    CONNECTIONS = 10

    def __init__(self, port, core, keys, value_bytes, per_second):
        self.stop = multiprocessing.Event()
        self.mine, theirs = multiprocessing.Pipe(duplex=False)
        arguments = (port, core, keys, value_bytes, per_second, self.stop, theirs)
        self.process = multiprocessing.Process(target=_write_steadily, args=arguments)
        self.process.start()

    def finish(self):
        """Stops it; the batches as pairs of due time (monotonic seconds) and latency (seconds)."""
        self.stop.set()
        due = array.array("d", self.mine.recv_bytes())
        late = array.array("d", self.mine.recv_bytes())
        self.process.join()
        return list(zip(due, late))


def _write_steadily(port, core, keys, value_bytes, per_second, stop, pipe):
    os.sched_setaffinity(0, {core})
    gc.disable()
    sockets = [Client(port).socket for _ in range(SteadyWriter.CONNECTIONS)]
    template = set_template(letters(value_bytes))
    each = max(1, per_second // 1000 // len(sockets))
    batch = template * each
    reply_bytes = len(b"+OK\r\n") * each
    received = {s: 0 for s in sockets}
    waiting = {s: [] for s in sockets}
    due_times, latencies = array.array("d"), array.array("d")
    chance = random.random
    tick = time.monotonic() + 0.01
    while True:
        now = time.monotonic()
        if now >= tick:
            if stop.is_set():
                break
            for s in sockets:
                s.sendall(batch % tuple([int(chance() * keys) for _ in range(each)]))
                waiting[s].append(tick)
            tick += 0.001
        readable, _, _ = select.select(sockets, [], [], max(0.0, tick - time.monotonic()))
        for s in readable:
            received[s] += len(s.recv(65536))
            while received[s] >= reply_bytes:
                received[s] -= reply_bytes
                due = waiting[s].pop(0)
                due_times.append(due)
                latencies.append(time.monotonic() - due)
    pipe.send_bytes(due_times.tobytes())
    pipe.send_bytes(latencies.tobytes())


def percentile(values, wanted):
    """The value below which `wanted` percent lie; zero of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * wanted / 100))] if ordered else 0.0
