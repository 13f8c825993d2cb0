#!/usr/bin/env python3
"""What grows with what? Runs the program on inputs of which one measure at a time grows tenfold, and prints a
Markdown table: seconds, seconds of all processors, and the peak resident set.

    lines    `ingest -` of logs that come through a pipe, of one set of clients, operations and days
    rows     `ingest` of one request for each client, operation and day: nearly every line is a row of the ledger
    grants   `analyze` of one log, with policies of more and more grants
    files    `ingest` of a folder of tiny logs
    listed   `ingest --shard 1/FILES` of the same folder: all are listed, one is read

usage: growth.py --scopetrim PATH --genlog PATH [--only lines,files] [--scale 1.0] [--runs 3] [--work DIR]
                 [--spark MASTER --spark-submit PATH]
--scale 0.001 tries the script itself. With --spark, rows and files are read by that cluster as well.
Equal options give equal inputs; medians of the runs. Exit: 0 done, 2 something could not be run.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CATALOG = ["--catalog", "routes.json"]
LEDGER = ["--ledger", "usage"]
# Lines; clients, operations and days; grants; files.
LINES = [1_000_000, 10_000_000, 100_000_000]
ROWS = [(100, 100, 10), (1000, 100, 10), (1000, 1000, 10)]
GRANTS = [1_000, 10_000, 100_000]
FILES = [1_000, 10_000, 100_000]
LISTED = [*FILES, 1_000_000]


def main():
    args = arguments()
    print("| what | how many | where | s | CPU s | peak MiB |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(dir=args.work) as root:
        for name in args.only:
            for size in {"lines": LINES, "rows": ROWS, "grants": GRANTS, "files": FILES, "listed": LISTED}[name]:
                folder = Path(root) / "case"
                folder.mkdir()
                size = scaled(size, args.scale)
                commands = {"lines": lines, "rows": rows, "grants": grants, "files": files, "listed": listed}[name](
                    args, folder, size
                )
                for where, command, feed in commands:
                    found = [measure(command, folder, feed) for _ in range(args.runs)]
                    wall, processor, memory = (statistics.median(column) for column in zip(*found))
                    many = " x ".join(f"{part:,}" for part in (size if isinstance(size, tuple) else (size,)))
                    print(f"| {name} | {many} | {where} | {wall:.2f} | {processor:.2f} | {memory:.0f} |", flush=True)
                shutil.rmtree(folder)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scopetrim", type=Path, required=True)
    parser.add_argument("--genlog", type=Path, required=True)
    names = ["lines", "rows", "grants", "files", "listed"]
    parser.add_argument("--only", type=lambda text: text.split(","), default=names)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--work", type=Path)
    parser.add_argument("--spark")
    parser.add_argument("--spark-submit", default="spark-submit")
    args = parser.parse_args()
    args.scopetrim, args.genlog = str(args.scopetrim.resolve()), str(args.genlog.resolve())
    if unknown := set(args.only) - set(names):
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    return args


def scaled(size, scale):
    """A size, or its first measure, in another scale."""
    if isinstance(size, tuple):
        return (max(1, round(size[0] * scale)), *size[1:])
    return max(1, round(size * scale))


def lines(args, folder, count):
    feed = [args.genlog, "--format", "flat", "--openapi", "routes.json", "--requests"]
    # Once for the operations alone.
    subprocess.run([*feed, "1"], cwd=folder, stdout=subprocess.DEVNULL, check=True)
    feed.append(str(count))
    return [("one machine", [args.scopetrim, "ingest", "-", *LEDGER, *CATALOG, "--quiet"], feed)]


def request(day, client, operation, number):
    return (
        f'{{"time":"2026-{1 + day // 28:02}-{1 + day % 28:02}T{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}Z",'
        f'"client_id":"c{client}","method":"GET","path":"/o{operation}","status":200,"request_id":"{number:032x}"}}\n'
    )


def routes(folder, count):
    operations = [{"method": "GET", "path": f"/o{at}", "any_of": [[f"s{at}"]]} for at in range(count)]
    (folder / "routes.json").write_text(json.dumps({"operations": operations}))


def rows(args, folder, size):
    clients, operations, days = size
    routes(folder, operations)
    (folder / "logs").mkdir()
    for day in range(days):
        with open(folder / "logs" / f"{day:03}.ndjson", "w") as file:
            for client in range(clients):
                first = (day * clients + client) * operations
                file.writelines(request(day, client, at, first + at) for at in range(operations))
    return everywhere(args)


def everywhere(args):
    ingest = [args.scopetrim, "ingest", "logs", *LEDGER, *CATALOG, "--quiet"]
    found = [("one machine", ingest, None)]
    if args.spark:
        found.append(("Spark", [*ingest, "--engine", args.spark, "--spark-submit", args.spark_submit], None))
    return found


def grants(args, folder, count):
    held = 20
    clients, operations = max(1, count // held), 500
    routes(folder, operations)
    with open(folder / "log.ndjson", "w") as file:
        file.writelines(request(at % 300, at * 7 % clients, at * 11 % operations, at) for at in range(100_000))
    policy = {f"c{client}": [f"s{(client + at * 17) % operations}" for at in range(held)] for client in range(clients)}
    (folder / "grants.json").write_text(json.dumps(policy))
    analyze = [args.scopetrim, "analyze", "--json", "--logs", "log.ndjson", "--grants", "grants.json", "--no-blame"]
    return [("one machine", [*analyze, *CATALOG, "--quiet"], None)]


def tiny(folder, count):
    routes(folder, 10)
    for at in range(count):
        inner = folder / "logs" / f"{at // 1000:04}"
        inner.mkdir(parents=True, exist_ok=True)
        with open(inner / f"{at:07}.ndjson", "w") as file:
            file.writelines(request(at % 28, line, at % 10, at * 3 + line) for line in range(3))


def files(args, folder, count):
    tiny(folder, count)
    return everywhere(args)


def listed(args, folder, count):
    tiny(folder, count)
    share = ["--shard", f"1/{min(count, 100_000)}", "--partial", "usage", "--quiet"]
    return [("one machine", [args.scopetrim, "ingest", "logs", *CATALOG, *share], None)]


def measure(command, folder, feed):
    """Seconds, seconds of all processors, and the peak resident set of one child, with a pipe into it."""
    shutil.rmtree(folder / "usage", ignore_errors=True)
    before = os.times()
    source = subprocess.Popen(feed, cwd=folder, stdout=subprocess.PIPE) if feed else None
    with open(folder / "out", "wb") as out:
        started = time.monotonic()
        child = subprocess.Popen(command, cwd=folder, stdin=source.stdout if source else subprocess.DEVNULL, stdout=out)
        if source:
            source.stdout.close()
        _, status, used = os.wait4(child.pid, 0)
        seconds = time.monotonic() - started
    child.returncode = os.waitstatus_to_exitcode(status)
    if source:
        source.wait()
    if child.returncode not in (0, 1, 3) or source and source.returncode != 0:
        print(f"{' '.join(command)}: exit code {child.returncode}", file=sys.stderr)
        sys.exit(2)
    after = os.times()
    # Of a cluster that runs already, this is the driver alone.
    processor = after.children_user + after.children_system - before.children_user - before.children_system
    if not source:
        processor = used.ru_utime + used.ru_stime
    return seconds, processor, used.ru_maxrss / 1024


if __name__ == "__main__":
    main()
