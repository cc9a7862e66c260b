#!/usr/bin/env python3
"""Measures failover: three Sentinels of each program, by turns, over a master and two replicas, whose master is killed.

What is told of each run: how long after SIGKILL the master was suspected, agreed to be down, and replaced; when a client
that asks Sentinel could write again; whether there was a second failover that nothing had caused; and how many
acknowledged writes are not in the dataset in the end. The table goes into docs/performance.md.
"""

import argparse
import collections
import json
import os
import pathlib
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import report
from client import Client, ReplyError
from compare import machine
from server import Peer

HERE = pathlib.Path(__file__).resolve().parent
RESULTS = HERE / "out" / "failover.json"
DOCUMENT = HERE.parent / "docs" / "performance.md"
NAME = "mymaster"
# A write each millisecond, so that the load itself takes no core.
PAUSE_SECONDS = 0.001
# How long to watch after the first failover for one that nobody asked for.
WATCH_SECONDS = 4.0
DEADLINE_SECONDS = 40.0


def ports():
    """Ports outside the range from which the system takes those of clients: a dead master's must stay free."""
    number = 21000 + random.randrange(5000)
    while True:
        number += 1
        try:
            Client(number, timeout=1).close()
        except OSError:
            yield number


class Process:
    """A server or Sentinel with a folder and a configuration file of its own."""

    def __init__(self, peer, port, lines):
        self.peer, self.port = peer, port
        # A program that sees another root than we do has its files under that.
        root = peer.command[1] if peer.command[0] == "chroot" else ""
        self.home = tempfile.mkdtemp(prefix="bench-", dir=f"{root}/tmp" if root else None)
        seen = self.home[len(root):]
        path = os.path.join(self.home, "conf")
        with open(path, "w") as file:
            file.write("\n".join([f"port {port}", f"dir {seen}", "bind 127.0.0.1", "protected-mode no", *lines]) + "\n")
        self.log = open(os.path.join(self.home, "log"), "wb")
        command = [*peer.command, os.path.join(seen, "conf")]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        self.client = self.connect()

    def connect(self):
        deadline = time.monotonic() + 20
        while True:
            try:
                client = Client(self.port, timeout=20)
                client.call("PING")
                return client
            except (OSError, ReplyError):
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"{self.peer.name} did not start:\n{self.said()}")
                time.sleep(0.02)

    def said(self):
        with open(self.log.name, errors="replace") as log:
            return log.read()

    def kill(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def end(self):
        self.client.close()
        self.kill()
        self.log.close()
        shutil.rmtree(self.home, ignore_errors=True)


class Listener(threading.Thread):
    """Everything that one Sentinel publishes, with the instant at which it came."""

    def __init__(self, sentinel):
        super().__init__(daemon=True)
        self.events = []
        self.client = Client(sentinel.port, timeout=None)
        self.client.call("PSUBSCRIBE", "*")
        self.start()

    def run(self):
        try:
            while True:
                _, _, event, text = self.client.read()
                self.events.append((time.monotonic(), event.decode(), text.decode()))
        except (OSError, ValueError, ConnectionError):
            # The Sentinel has ended, and so does this.
            pass

    def first(self, event, text, after):
        return next((at for at, name, said in list(self.events) if at >= after and name == event and text in said), None)


class Writer(threading.Thread):
    """A client that knows Sentinels: writes to the master that they name, and asks them again when that fails."""

    def __init__(self, sentinels):
        super().__init__(daemon=True)
        self.sentinels = [sentinel.port for sentinel in sentinels]
        self.acknowledged = []
        self.stopped = threading.Event()
        self.start()

    def master(self):
        """A connection to a server that says itself that it is the master."""
        for at, port in enumerate(self.sentinels):
            try:
                sentinel = Client(port, timeout=1)
                address = sentinel.call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME)
                sentinel.close()
                client = Client(int(address[1]), timeout=1)
                if client.call("ROLE")[0] == b"master":
                    # Whoever answered is asked first next time.
                    self.sentinels.insert(0, self.sentinels.pop(at))
                    return client
                client.close()
            except (OSError, ReplyError, ValueError, TypeError):
                continue
        return None

    def run(self):
        client, number = None, 0
        while not self.stopped.is_set():
            client = client or self.master()
            try:
                if client is None:
                    time.sleep(0.005)
                    continue
                client.call("SET", f"w:{number}", number)
                self.acknowledged.append((time.monotonic(), number))
                number += 1
                time.sleep(PAUSE_SECONDS)
            except (OSError, ReplyError, ValueError):
                # Whether it was written is not known: the next write has another number.
                number += 1
                client.close()
                client = None

    def finish(self):
        self.stopped.set()
        self.join()


def wait(what, holds, processes):
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not holds():
        if time.monotonic() > deadline:
            for process in processes:
                print(f"--- {process.peer.name} at {process.port}\n{process.said()[-1500:]}", file=sys.stderr)
            raise TimeoutError(what)
        time.sleep(0.01)


def fields(reply):
    return dict(zip(reply[::2], reply[1::2]))


def is_known(sentinel, replicas, peers):
    master = fields(sentinel.client.call("SENTINEL", "MASTER", NAME))
    if (int(master[b"num-slaves"]), int(master[b"num-other-sentinels"])) != (replicas, peers):
        return False
    known = sentinel.client.call("SENTINEL", "REPLICAS", NAME) + sentinel.client.call("SENTINEL", "SENTINELS", NAME)
    return all(fields(one)[b"flags"] in (b"slave", b"sentinel") for one in known)


def run(sentinel_peer, server_peer, options, free):
    """One group, from its start to its end; what was measured."""
    processes, listeners = [], []
    try:
        servers = []
        for at in range(3):
            lines = ['save ""', "repl-diskless-sync-delay 0", "loglevel notice"]
            lines += [f"replicaof 127.0.0.1 {servers[0].port}"] if at else []
            servers.append(Process(server_peer, next(free), lines))
            processes.append(servers[-1])
        for server in servers[1:]:
            wait("a link", lambda: server.client.info("replication").get("master_link_status") == "up", processes)
        lines = [
            f"sentinel monitor {NAME} 127.0.0.1 {servers[0].port} 2",
            f"sentinel down-after-milliseconds {NAME} {options.down_after}",
            f"sentinel failover-timeout {NAME} 10000",
        ]
        sentinels = [Process(sentinel_peer, next(free), lines) for _ in range(3)]
        processes += sentinels
        for sentinel in sentinels:
            wait("Sentinels that know all", lambda: is_known(sentinel, 2, 2), processes)
        listeners = [Listener(sentinel) for sentinel in sentinels]
        writer = Writer(sentinels)
        # At no special moment of anybody's periods.
        time.sleep(1.0 + 2.0 * random.random())
        return measure(servers, sentinels, listeners, writer, processes)
    finally:
        for process in processes:
            process.end()


def measure(servers, sentinels, listeners, writer, processes):
    old = servers[0].port
    killed = time.monotonic()
    servers[0].kill()

    def first(event, text):
        times = [listener.first(event, text, killed) for listener in listeners]
        return [at for at in times if at is not None]

    wait("a new master", lambda: len(first("+switch-master", "")) == len(listeners), processes)
    wait("a write", lambda: writer.acknowledged and writer.acknowledged[-1][0] > killed + 0.01, processes)
    time.sleep(WATCH_SECONDS)
    writer.finish()
    written = next(at for at, _ in writer.acknowledged if at > killed + 0.01)
    # The one who led saw the agreement, and then the switch.
    leader = next((one for one in listeners if one.first("+promoted-slave", "", killed)), None)
    agreed = leader and leader.first("+odown", f"master {NAME}", killed)
    switched = leader and leader.first("+switch-master", "", killed)
    # A failover is one new address, whoever tells it.
    switches = {text for one in listeners for at, event, text in one.events if event == "+switch-master"}
    known = collections.Counter(
        int(sentinel.client.call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME)[1]) for sentinel in sentinels
    )
    master = next(server for server in servers if server.port == known.most_common(1)[0][0])
    lost = [(at, number) for (at, number), value in zip(writer.acknowledged, values(master, writer)) if value is None]
    return {
        "suspected_ms": (min(first("+sdown", f"127.0.0.1 {old}")) - killed) * 1000,
        "agreed_ms": (min(first("+odown", f"127.0.0.1 {old}")) - killed) * 1000,
        "switched_ms": (min(first("+switch-master", "")) - killed) * 1000,
        "failover_ms": (switched - agreed) * 1000 if agreed and switched else None,
        "written_ms": (written - killed) * 1000,
        "again": len(switches) - 1,
        "writes": len(writer.acknowledged),
        "lost_before": sum(at <= killed for at, _ in lost),
        "lost_after": sum(at > killed for at, _ in lost),
    }


def values(master, writer):
    client = master.connect()
    for start in range(0, len(writer.acknowledged), 500):
        numbers = [number for _, number in writer.acknowledged[start:start + 500]]
        yield from client.call("MGET", *[f"w:{number}" for number in numbers])
    client.close()


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share / 100))]


def spread(runs, name):
    times = [one[name] for one in runs if one.get(name) is not None]
    if not times:
        return ["-"] * 4
    return [f"{value:,.0f}" for value in (
        statistics.median(times), percentile(times, 90), percentile(times, 99), max(times))]


def table(kept):
    low, high = kept["load"]
    rows = []
    for name, title in (
        ("suspected_ms", "SIGKILL to `+sdown`"),
        ("agreed_ms", "SIGKILL to `+odown`"),
        ("failover_ms", "`+odown` to `+switch-master`"),
        ("switched_ms", "SIGKILL to `+switch-master`"),
        ("written_ms", "SIGKILL to the first accepted write"),
    ):
        for peer, runs in kept["runs"].items():
            rows.append([title, peer, *spread(runs, name)])
    counts = [
        [
            peer,
            str(len(runs)),
            str(kept["failed"].get(peer, 0)),
            str(sum(one["again"] > 0 for one in runs)),
            f"{sum(one['writes'] for one in runs):,}",
            f"{sum(one['lost_before'] for one in runs):,}",
            f"{sum(one['lost_after'] for one in runs):,}",
        ]
        for peer, runs in kept["runs"].items()
    ]
    machine_of = kept["machine"]
    return "\n\n".join([
        f"{machine_of['cpu']}, {machine_of['cores']} cores, Linux {machine_of['kernel']}; {kept['when']}, in {kept['seconds']} s; "
        f"load average {low} when it began and {high} when it ended. `down-after-milliseconds` {kept['down_after']}, "
        f"quorum 2 of three Sentinels, two replicas; servers: {kept['server']}.",
        "Milliseconds; programs took turns.",
        report.table(["", "Sentinels", "median", "p90", "p99", "longest"], rows, words=2),
        "A failed run is one without a new master within 40 s. A second failover is one within 4 s after the first, of a "
        "master that nobody had killed. Writes lost before the kill are those that no replica had yet; after it, "
        "those that a second failover threw away.",
        report.table(["Sentinels", "runs", "failed", "with a second failover", "acknowledged writes",
                      "lost, from before the kill", "lost, from after it"], counts),
    ])


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--regent", default=str(HERE.parent / "target/release/regent"), help="the binary to measure")
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=CMD",
                        help="further Sentinels, as a command line to which a file is appended")
    parser.add_argument("--no-debian", action="store_true", help="without the redis-sentinel that is installed")
    parser.add_argument("--no-regent", action="store_true", help="without our Sentinels")
    parser.add_argument("--server", metavar="NAME=CMD", help="the servers they watch; ours unless said")
    parser.add_argument("--runs", type=int, default=50, help="failovers of each program")
    parser.add_argument("--down-after", type=int, default=1000, help="milliseconds")
    parser.add_argument("--render", action="store_true", help="only write the document from the kept figures")
    return parser.parse_args()


def peer_of(text):
    name, equals, command = text.partition("=")
    if not equals:
        sys.exit(f"NAME=COMMAND is wanted, not {text}")
    return Peer(name, command)


def measure_all(options):
    peers = [] if options.no_regent else [Peer("regent", f"{options.regent} sentinel")]
    if not options.no_debian and shutil.which("redis-sentinel"):
        peers.append(Peer("redis-7.0", shutil.which("redis-sentinel")))
    peers += [peer_of(text) for text in options.peer]
    server = peer_of(options.server) if options.server else Peer("regent", f"{options.regent} server")
    runs, failed, free = {peer.name: [] for peer in peers}, collections.Counter(), ports()
    load, begun = [round(os.getloadavg()[0], 1)], time.monotonic()
    for at in range(options.runs):
        # The other way round every second time.
        for peer in peers if at % 2 == 0 else peers[::-1]:
            try:
                one = run(peer, server, options, free)
            except TimeoutError as error:
                failed[peer.name] += 1
                print(f"{peer.name} {at}: {error} did not come", flush=True)
                continue
            runs[peer.name].append(one)
            shown = " ".join(f"{name}={value:.0f}" for name, value in one.items() if value is not None)
            print(f"[{time.strftime('%H:%M:%S')}] {peer.name} {at}: {shown}", flush=True)
    return {
        "machine": machine(),
        "when": time.strftime("%Y-%m-%d"),
        "seconds": round(time.monotonic() - begun),
        "load": load + [round(os.getloadavg()[0], 1)],
        "down_after": options.down_after,
        "server": server.name,
        "runs": runs,
        "failed": failed,
    }


def main():
    options = arguments()
    if not options.render:
        kept = measure_all(options)
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(kept, indent=1))
    report.replace(DOCUMENT, "failover", table(json.loads(RESULTS.read_text())))


if __name__ == "__main__":
    main()
