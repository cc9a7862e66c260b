#!/usr/bin/env python3
"""Measures the programs that measure: `regent benchmark` and others of its kind, by turns, on one server.

What is told of each case: the processor time of the program per request, and the time of the server per request
meanwhile, which should not depend on who asks. Both hardly mind what else the machine does; throughput does, and is
shown while it runs only. The table goes into docs/performance.md.
"""

import argparse
import csv
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import time
from statistics import median

import report
from compare import machine
from server import Peer, Server

HERE = pathlib.Path(__file__).resolve().parent
RESULTS = HERE / "out" / "clients.json"
DOCUMENT = HERE.parent / "docs" / "performance.md"

# Name, options, command or tests. The first case is also the warm-up of both.
CASES = [
    ("GET, 50 connections", "-c 50 -t get", 1),
    ("SET of random keys, 50 connections", "-c 50 -r 100000 -t set", 1),
    ("GET, 1 connection", "-c 1 -t get", 0.3),
    ("GET, 1000 connections", "-c 1000 -t get", 1),
    ("SET of random keys, pipeline of 16", "-c 50 -P 16 -r 100000 -t set", 8),
    ("GET of random keys, pipeline of 100", "-c 20 -P 100 -r 100000 -t get", 15),
    ("MSET of 10 random keys, pipeline of 16", "-c 50 -P 16 -r 100000 -t mset", 1.5),
    ("SET of 4 KiB", "-c 50 -d 4096 -t set", 0.8),
    ("GET of 4 KiB", "-c 50 -d 4096 get key:__rand_int__", 0.8),
    ("LRANGE of 100, pipeline of 4", "-c 50 -P 4 lrange range 0 99", 0.6),
]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--regent", default=str(HERE.parent / "target/release/regent"), help="the binary to measure")
    parser.add_argument("--server", help="the server to ask, as a command line; by default the binary's")
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=CMD", help="a further benchmark program")
    parser.add_argument("--requests", type=int, default=150_000, help="of a case without pipeline")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--server-core", type=int, default=0)
    parser.add_argument("--load-core", type=int, default=1)
    parser.add_argument("--render", action="store_true", help="only write the document from the kept figures")
    return parser.parse_args()


def measure_all(options):
    programs = {"regent": [options.regent, "benchmark"]}
    if shutil.which("redis-benchmark"):
        programs["redis-benchmark"] = ["redis-benchmark"]
    for text in options.peer:
        name, _, command = text.partition("=")
        programs[name] = shlex.split(command)
    load, begun = [round(os.getloadavg()[0], 1)], time.monotonic()
    cases = []
    with Server(Peer("server", options.server or f"{options.regent} server"), options.server_core) as server:
        server.client.call("RPUSH", "range", *[f"element:{n:08d}" for n in range(100)])
        for name, words, share in CASES:
            samples = {program: [] for program in programs}
            requests = int(options.requests * share)
            for turn in range(options.rounds):
                # The other way round every second time, so that nobody always runs after the same neighbour.
                order = list(programs) if turn % 2 == 0 else list(programs)[::-1]
                for program in order:
                    samples[program].append(one(programs[program], server, words, requests, options))
            figures = {
                program: {field: median(sample[field] for sample in several) for field in several[0]}
                for program, several in samples.items()
            }
            cases.append({"name": name, "programs": figures})
            shown = ", ".join(f"{p}: {f['client_us']:.2f} us, {f['rate']:,.0f}/s" for p, f in figures.items())
            print(f"[{time.strftime('%H:%M:%S')}] {name}: {shown}", flush=True)
        version = Peer("server", options.server or f"{options.regent} server").version()
    return {
        "machine": machine(),
        "when": time.strftime("%Y-%m-%d"),
        "seconds": round(time.monotonic() - begun),
        "load": load + [round(os.getloadavg()[0], 1)],
        "rounds": options.rounds,
        "server": version,
        "versions": {name: " ".join(Peer(name, shlex.join(command)).version().split()) for name, command in programs.items()},
        "cases": cases,
    }


def one(program, server, words, requests, options):
    """A run: processor time of both sides in microseconds per request, and requests per second."""
    line = ["taskset", "-c", str(options.load_core), *program, "-p", str(server.port), "-n", str(requests), "--csv"]
    served = server.cpu_seconds()
    process = subprocess.Popen(line + words.split(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    # Its output fits the pipe, so it need not be read before it ends.
    _, status, usage = os.wait4(process.pid, 0)
    text, error = process.stdout.read(), process.stderr.read()
    if status != 0:
        raise SystemExit(f"{shlex.join(line)} failed:\n{text}{error}")
    rows = [row for row in csv.DictReader(text.splitlines())]
    return {
        "client_us": (usage.ru_utime + usage.ru_stime) / requests * 1e6,
        "user_us": usage.ru_utime / requests * 1e6,
        "server_us": (server.cpu_seconds() - served) / requests * 1e6,
        "rate": float(rows[-1]["rps"]),
    }


def table(kept):
    programs = list(kept["versions"])
    low, high = kept["load"]
    rows = []
    for case in kept["cases"]:
        of = case["programs"]
        others = [program for program in programs if program != "regent"]
        best = min((of[program]["client_us"] for program in others), default=float("nan"))
        rows.append([
            case["name"],
            *[f"{of[p]['client_us']:.2f} ({of[p]['user_us']:.2f})" for p in programs],
            f"{of['regent']['client_us'] / best:.2f}",
            *[f"{1000 / of[p]['client_us']:,.0f}" for p in programs],
            *[f"{of[p]['server_us']:.2f}" for p in programs],
        ])
    head = ["", *programs, "ratio"]
    head += [f"{what} {program}" for what in ("thousand requests per CPU second,", "server's time under") for program in programs]
    names = ", ".join(f"{name} is {version}" for name, version in kept["versions"].items())
    return "\n".join([
        f"{kept['when']}, in {kept['seconds']} s; load average {low} when it began and {high} when it ended. "
        f"One server ({kept['server']}) on one core, the program on the other. {names}.",
        "",
        "Microseconds of processor time per request, in brackets the part outside the kernel; the median of "
        f"{kept['rounds']} runs. The bar is a ratio of 1.",
        "",
        report.table(head, rows),
    ])


def main():
    options = arguments()
    if not options.render:
        kept = measure_all(options)
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(kept, indent=1))
    report.replace(DOCUMENT, "clients", table(json.loads(RESULTS.read_text())))


if __name__ == "__main__":
    main()
