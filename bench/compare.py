#!/usr/bin/env python3
"""Compares `regent server` with other servers of the same protocol, on this machine, in one run.

Every server is pinned to one core and the load to another. Sections can be run one by one: their figures are kept in
bench/out/results.json, and the tables in docs/performance.md are written anew from all of them.
"""

import argparse
import json
import os
import pathlib
import platform
import shutil
import sys
import time

import bulk
import growth
import memory
import replicas
import report
import throughput
from server import Peer

SECTIONS = {
    "throughput": throughput.run,
    "memory": memory.run,
    "replicas": replicas.run,
    "bulk": bulk.run,
    "growth": growth.run,
}
HERE = pathlib.Path(__file__).resolve().parent
RESULTS = HERE / "out" / "results.json"
DOCUMENT = HERE.parent / "docs" / "performance.md"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--regent", default=str(HERE.parent / "target/release/regent"), help="the binary to measure")
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=CMD",
                        help="a further server, as a command line to which --directives are appended")
    parser.add_argument("--no-debian", action="store_true", help="without the redis-server that is installed")
    parser.add_argument("--section", action="append", choices=SECTIONS, help="only this one (may be repeated)")
    parser.add_argument("--quick", action="store_true", help="a tenth of the data, shorter runs: some six minutes")
    parser.add_argument("--scale", type=float, help="datasets are this part of the full size")
    parser.add_argument("--rounds", type=int, help="how often each case of throughput is repeated")
    parser.add_argument("--seconds", type=float, help="how long each such run should take")
    parser.add_argument("--server-core", type=int, default=0)
    parser.add_argument("--load-core", type=int, default=1)
    parser.add_argument("--render", action="store_true", help="only write the document from the kept figures")
    options = parser.parse_args()
    options.scale = options.scale or (0.1 if options.quick else 1.0)
    options.rounds = options.rounds or (2 if options.quick else 5)
    options.seconds = options.seconds or (0.6 if options.quick else 2.0)
    options.scaled = lambda count: max(1000, int(count * options.scale) // 1000 * 1000)
    options.say = lambda text: print(f"[{time.strftime('%H:%M:%S')}] {text}", flush=True)
    return options


def peers_of(options):
    peers = [Peer("regent", f"{options.regent} server")]
    if not options.no_debian and shutil.which("redis-server"):
        peers.append(Peer("redis-7.0", shutil.which("redis-server")))
    for text in options.peer:
        name, equals, command = text.partition("=")
        if not equals:
            sys.exit(f"--peer wants NAME=COMMAND, not {text}")
        peers.append(Peer(name, command))
    return peers


def machine():
    model = "unknown"
    with open("/proc/cpuinfo") as lines:
        model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), model)
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "kernel": platform.release(),
    }


def main():
    options = arguments()
    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    if not options.render:
        # The load runs where the servers do not; what is started from here inherits it unless it is pinned itself.
        os.sched_setaffinity(0, {options.load_core})
        peers = peers_of(options)
        kept["machine"] = machine()
        for name in options.section or SECTIONS:
            loads, begun = [os.getloadavg()[0]], time.monotonic()
            figures = SECTIONS[name](peers, options)
            loads.append(os.getloadavg()[0])
            kept[name] = {
                "figures": figures,
                "when": time.strftime("%Y-%m-%d"),
                "seconds": round(time.monotonic() - begun),
                "load": [round(value, 1) for value in loads],
                "scale": options.scale,
                "rounds": options.rounds,
                "versions": {peer.name: peer.version() for peer in peers},
            }
            RESULTS.parent.mkdir(exist_ok=True)
            RESULTS.write_text(json.dumps(kept, indent=1))
    report.write(kept, DOCUMENT)


if __name__ == "__main__":
    main()
