"""A server process under measurement: started on one core, and what the system says about it."""

import os
import resource
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from client import Client, ReplyError

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = resource.getpagesize()

# What every server gets, so that nothing but the work is measured.
COMMON = [
    ("save", ""),
    ("appendonly", "no"),
    ("daemonize", "no"),
    ("loglevel", "warning"),
    ("protected-mode", "no"),
    ("repl-diskless-sync-delay", "0"),
    # Large enough that a replica never needs a second full sync because the stream ran ahead of it.
    ("client-output-buffer-limit", "replica 0 0 0"),
    ("repl-backlog-size", "64mb"),
]


class Peer:
    """A program that can be measured: its name in the tables and its command line."""

    def __init__(self, name, command):
        self.name = name
        self.command = shlex.split(command)

    def _program(self):
        """The command line without settings: servers look for `-v` in the first place only."""
        first = next((at for at, word in enumerate(self.command) if word.startswith("--")), len(self.command))
        return self.command[:first]

    def version(self):
        """What it calls itself."""
        try:
            answer = subprocess.run([*self._program(), "-v"], capture_output=True, text=True, timeout=20)
        except (OSError, subprocess.TimeoutExpired):
            return "unknown"
        text = answer.stdout or answer.stderr
        return " ".join(word for word in text.split() if not word.startswith(("malloc=", "bits=", "build=", "sha=")))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A running peer. Ends with the `with` block, without saving."""

    def __init__(self, peer, core, *settings):
        self.peer, self.port = peer, free_port()
        self.home = tempfile.mkdtemp(prefix="bench-")
        command = ["taskset", "-c", str(core), *peer.command, "--port", str(self.port)]
        for name, value in [*COMMON, ("dbfilename", f"bench-{self.port}.rdb"), *settings]:
            command += [f"--{name}", *(value.split() or [""])]
        if "--dir" not in peer.command:
            command += ["--dir", self.home]
        self.log = open(os.path.join(self.home, "log"), "wb")
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log)
        self.pid = self.process.pid
        self.client = self._connect()

    def _connect(self):
        deadline = time.monotonic() + 30
        while True:
            try:
                client = Client(self.port)
                client.call("PING")
                return client
            except (OSError, ReplyError):
                if self.process.poll() is not None or time.monotonic() > deadline:
                    with open(self.log.name, errors="replace") as log:
                        raise SystemExit(f"{self.peer.name} did not start:\n{log.read()}")
                time.sleep(0.05)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.close()
        self.remove_snapshot()
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.log.close()
        shutil.rmtree(self.home, ignore_errors=True)

    def remove_snapshot(self):
        """Deletes the file that BGSAVE left, wherever the server's root is."""
        path = os.path.join(f"/proc/{self.pid}/cwd", f"bench-{self.port}.rdb")
        size = os.path.getsize(path) if os.path.exists(path) else 0
        if size:
            os.unlink(path)
        return size

    def cpu_seconds(self):
        """User and system time of all threads, without forked children."""
        with open(f"/proc/{self.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND

    def children_cpu_seconds(self):
        """The same of children that have ended."""
        with open(f"/proc/{self.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[13]) + int(fields[14])) / TICKS_PER_SECOND

    def main_thread_cpu_ns(self):
        """Time on a core of the thread that executes, to the nanosecond once it sleeps."""
        with open(f"/proc/{self.pid}/task/{self.pid}/schedstat") as stat:
            return int(stat.read().split()[0])

    def rss_bytes(self):
        with open(f"/proc/{self.pid}/statm") as statm:
            return int(statm.read().split()[1]) * PAGE_BYTES

    def children_own_bytes(self):
        """Pages that forked children share with nobody: what copy-on-write has cost so far.

        Not asked of INFO, which knows it only where /proc is mounted, and says it when all is over.
        """
        total = 0
        with open(f"/proc/{self.pid}/task/{self.pid}/children") as children:
            for child in children.read().split():
                try:
                    with open(f"/proc/{child}/smaps_rollup") as lines:
                        total += sum(int(line.split()[1]) for line in lines if line.startswith("Private_Dirty"))
                except (FileNotFoundError, ProcessLookupError):
                    # It ended meanwhile.
                    pass
        return total * 1024

    def used_memory(self):
        return int(self.client.info("memory")["used_memory"])
