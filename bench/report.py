"""The tables of docs/performance.md, written between marks; the words around them are a person's."""


def write(results, document):
    """Replaces what stands between the marks of compare.py by tables of the kept figures."""
    parts = [_machine(results)]
    for name, tables in TABLES.items():
        if name in results:
            parts.append(tables(results[name]))
    replace(document, "measured", "\n\n".join(parts))


def replace(document, mark, body):
    """Replaces what stands between the two marks of that name, which are put at the end if they are not there."""
    begin, end = f"<!-- {mark}: begin -->", f"<!-- {mark}: end -->"
    text = document.read_text() if document.exists() else "# Performance\n"
    if begin not in text:
        text = f"{text.rstrip()}\n\n{begin}\n{end}\n"
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    document.write_text(f"{before}{begin}\n{body}\n{end}{after}")


def _machine(results):
    machine = results.get("machine", {})
    versions = {}
    for section in results.values():
        versions.update(section.get("versions", {}))
    lines = [
        f"Machine: {machine.get('cpu')}, {machine.get('cores')} cores, {machine.get('memory_gib')} GiB, "
        f"Linux {machine.get('kernel')}.",
        "",
        "| name here | is |",
        "| --- | --- |",
    ]
    return "\n".join(lines + [f"| {name} | {version} |" for name, version in versions.items()])


def _heading(title, section):
    low, high = section["load"]
    size = "full size" if section["scale"] == 1 else f"{section['scale']:g} of the full size"
    return (
        f"### {title}\n\n{section['when']}, {size}, in {section['seconds']} s; "
        f"load average {low} when it began and {high} when it ended.\n"
    )


def table(head, rows, words=1):
    """A table whose first columns are words and the others figures."""
    marks = ["---"] * words + ["---:"] * (len(head) - words)
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, marks, *rows])


def _others(peers):
    return [name for name in peers if name != "regent"]


def _verdict(ratio, bar):
    return f"{ratio:.2f}" if ratio <= bar else f"**{ratio:.2f}**"


def _throughput(section):
    cases = section["figures"]
    peers = list(cases[0]["peers"])
    cpu, speed, late = [], [], []
    for case in cases:
        name = case["name"] + ("" if case["pipeline"] == 1 else f", pipeline of {case['pipeline']}")
        of = case["peers"]
        best = min(of[peer]["cpu_us"] for peer in _others(peers))
        ratio = _verdict(of["regent"]["cpu_us"] / best, case["bar"])
        cpu.append([name, *[f"{of[peer]['cpu_us']:.2f}" for peer in peers], ratio, f"{case['bar']:g}"])
        speed.append([name, *[f"{of[peer]['rate'] / 1000:,.0f}" for peer in peers]])
        late.append([name, *[" / ".join(f"{of[peer][p]:.2f}" for p in ("p50_ms", "p99_ms", "p99.9_ms"))
                             for peer in peers]])
    return "\n\n".join([
        _heading("CPU per operation", section)
        + f"\nMicroseconds of the server's CPU time per command, the median of {section['rounds']} runs. "
        "The ratio is to the best peer; a missed bar is **bold**.",
        table(["", *peers, "ratio", "bar"], cpu),
        "Throughput, thousands of commands per second:",
        table(["", *peers], speed),
        "Latency as redis-benchmark sees it, p50 / p99 / p99.9 in milliseconds:",
        table(["", *peers], late),
    ])


def _memory(section):
    rows = []
    peers = list(section["figures"][0]["peers"])
    # The bar is Valkey; without it, the best that was there.
    rival = "valkey" if any("valkey" in peer for peer in peers) else ""
    for row in section["figures"]:
        of = row["peers"]
        ratios = []
        for measure in ("used", "rss"):
            best = min(of[peer][measure] for peer in _others(peers) if rival in peer)
            ratios.append(_verdict(of["regent"][measure] / best, row["bar"]))
        rows.append([row["name"], *[f"{of[peer]['used']:,.1f} / {of[peer]['rss']:,.1f}" for peer in peers],
                     " / ".join(ratios), f"{row['bar']:g}"])
    against = next((peer for peer in peers if rival and rival in peer), "the best peer")
    return "\n\n".join([
        _heading("Memory per key", section)
        + f"\nBytes per key by `used_memory` / by resident size; names of 16 bytes. The ratios are to {against}.",
        table(["", *peers, "ratios", "bar"], rows),
    ])


def _replicas(section):
    of = section["figures"]
    best = min(of[peer]["master_us"] for peer in _others(of))
    rows = [
        [peer, f"{f['alone_us']:.2f}", f"{f['master_us']:.2f}", f"{f['replica_us']:.2f}", f"{f['rate'] / 1000:,.0f}"]
        for peer, f in of.items()
    ]
    ratio = of["regent"]["master_us"] / best
    keeps = of["regent"]["replica_us"] / of["regent"]["master_us"]
    return "\n\n".join([
        _heading("A master with two replicas", section)
        + "\nSET of 64 bytes, pipeline of 16, 50 clients; CPU microseconds per write. The replicas share a core with the load.",
        table(["", "master alone", "master of two", "each replica", "thousand writes/s"], rows),
        f"Master of two against the best peer: {_verdict(ratio, 0.8)} (bar 0.8). "
        f"A replica's cost against its master's: {_verdict(keeps, 1.0)} (bar 1).",
    ])


def _bulk(section):
    of = section["figures"]

    def row(name, value):
        return [name, *[value(figures) for figures in of.values()]]

    def three(snapshot, when):
        return " / ".join(f"{snapshot[f'{when}_p{p}_ms']:.2f}" for p in (50, 99, "99.9"))

    def shots(value):
        return lambda figures: value(figures["snapshot"])

    def syncs(value):
        return lambda figures: value(figures["sync"]) if figures["sync"]["seconds"] else "not within 300 s"

    mib = 2**20
    snapshot = [
        row("dataset, `used_memory`, MiB", lambda f: f"{f['used'] / mib:,.0f}"),
        row("duration, s", shots(lambda s: f"{s['seconds']:.1f}")),
        row("CPU meanwhile, writes included, s", shots(lambda s: f"{s['cpu_seconds']:.1f}")),
        row("memory growth, MiB", shots(lambda s: f"{s['growth'] / mib:,.0f}")),
        row("growth, % of resident size", shots(lambda s: f"{s['growth'] / s['rss'] * 100:.1f}")),
        row("writes/s, quiet", shots(lambda s: f"{s['quiet_rate']:,.0f}")),
        row("writes/s, during", shots(lambda s: f"{s['busy_rate']:,.0f}")),
        row("quiet p50 / p99 / p99.9, ms", shots(lambda s: three(s, "quiet"))),
        row("during p50 / p99 / p99.9, ms", shots(lambda s: three(s, "busy"))),
        row("longest wait, quiet / during, ms", shots(lambda s: f"{s['quiet_p100_ms']:.1f} / {s['busy_p100_ms']:.1f}")),
        row("p99 during / quiet", shots(lambda s: f"{s['busy_p99_ms'] / s['quiet_p99_ms']:.1f}")),
    ]
    sync = [
        row("duration until the link is up, s", syncs(lambda s: f"{s['seconds']:.1f}")),
        row("CPU of the master, s", syncs(lambda s: f"{s['master_cpu_seconds']:.1f}")),
        row("CPU of the replica, s", syncs(lambda s: f"{s['replica_cpu_seconds']:.1f}")),
        row("growth of the master, MiB", syncs(lambda s: f"{s['growth'] / mib:,.0f}")),
    ]
    return "\n\n".join([
        _heading("A snapshot under 50,000 writes per second", section)
        + "\nRandom keys are overwritten while `BGSAVE` runs, on the server's one core, where a forked child runs as well. "
        "Growth is the rise of the resident size and, of those that fork, the pages copied.",
        table(["", *of], snapshot),
        "### A full sync of the same dataset\n\nTo a replica of the same kind on the other core, without other load.",
        table(["", *of], sync),
    ])


def _growth(section):
    of = section["figures"]
    keys = next(iter(of.values()))["keys"]

    def row(name, value):
        return [name, *[value(figures) for figures in of.values()]]

    rows = [
        row(f"{clock}, p{p}" if p != "100" else f"{clock}, longest", lambda f: f"{f[field][p]:,.0f}")
        for clock, field in (("time on the core", "core_us"), ("round trip", "wall_us"))
        for p in ("50", "99.9", "99.99", "100")
    ]
    rows.append(row("batches of more than 1 ms on the core", lambda f: str(f["over_1ms"])))
    return "\n\n".join([
        _heading(f"Pauses while growing to {keys / 1e6:g} million keys", section)
        + "\nMicroseconds per batch of 50 SETs, one connection. Time on the core is what the executing thread used since the "
        "batch before; the round trip also has whatever else the machine did.",
        table(["", *of], rows),
    ])


TABLES = {
    "throughput": _throughput,
    "memory": _memory,
    "replicas": _replicas,
    "bulk": _bulk,
    "growth": _growth,
}
