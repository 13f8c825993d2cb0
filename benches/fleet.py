#!/usr/bin/env python3
"""Does the analysis grow with the fleet and no faster? Makes fleets of two sizes, one ten times the other, and prints
time and peak memory of `analyze` on each, as JSON and as text with the diff.

Each client holds about 40 of 300 scopes, all granted long ago, uses up to 15 of them, and makes 100 requests in 400
days. Equal options give equal bytes. What came out: README.md beside this.

usage: fleet.py --scopetrim PATH [--out DIR] [--clients 2000] [--once]
--once leaves the larger fleet out. An existing folder is measured again without being made again.
Exit: 0 done, 2 something could not be run.
"""

import argparse
import datetime
import json
import os
import random
import sys
import time
from pathlib import Path

OPERATIONS = 300
HELD, USED, REQUESTS, DAYS = 40, 15, 100, 400
FIRST = datetime.datetime(2025, 1, 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scopetrim", type=Path, required=True, help="the program")
    parser.add_argument("--out", type=Path, default=Path("fleet"), help="folder for the fleets")
    parser.add_argument("--clients", type=int, default=2000, help="clients of the smaller fleet")
    parser.add_argument("--once", action="store_true", help="the smaller fleet alone")
    args = parser.parse_args()
    program = args.scopetrim.resolve()
    print("| clients | output | s | CPU s | peak MiB |\n|---|---|---|---|---|")
    for clients in [args.clients] if args.once else [args.clients, 10 * args.clients]:
        folder = args.out / str(clients)
        if not folder.exists():
            make(clients, folder)
        for name, more in [("JSON", ["--json"]), ("text and diff", [])]:
            wall, processor, memory = measure(program, folder, more)
            print(f"| {clients:,} | {name} | {wall:.1f} | {processor:.1f} | {memory:.0f} |", flush=True)


def make(clients, folder):
    rng = random.Random(clients)
    folder.mkdir(parents=True)
    with open(folder / "routes.csv", "w") as file:
        file.write("method,path,scopes\n")
        file.writelines(f"GET,/r{number},s{number}\n" for number in range(OPERATIONS))
    grants = {f"client-{number}": sorted({f"s{rng.randrange(OPERATIONS)}" for _ in range(HELD)}) for number in range(clients)}
    (folder / "grants.json").write_text(json.dumps(grants, indent=1))
    with open(folder / "since.csv", "w") as file:
        for name, scopes in grants.items():
            file.writelines(f"{name},{scope},2024-01-01\n" for scope in scopes)
    count = clients * REQUESTS
    with open(folder / "log.ndjson", "w") as file:
        for number in range(count):
            name = f"client-{rng.randrange(clients)}"
            scope = rng.choice(grants[name][:USED])
            at = FIRST + datetime.timedelta(seconds=number * DAYS * 86_400 / count)
            file.write(
                f'{{"time":"{at:%Y-%m-%dT%H:%M:%SZ}","client_id":"{name}","method":"GET",'
                f'"path":"/r{scope[1:]}","status":200,"request_id":"{number}"}}\n'
            )


def measure(program, folder, more):
    """Wall clock and processor seconds, and peak MiB, of one run."""
    inputs = ["--logs", "log.ndjson", "--catalog", "routes.csv", "--grants", "grants.json", "--granted-since", "since.csv"]
    command = [str(program), "analyze", *inputs, "--no-blame", "--quiet", *more]
    start = time.monotonic()
    child = os.fork()
    if child == 0:
        os.chdir(folder)
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)
        os.execv(command[0], command)
    _, status, usage = os.wait4(child, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        print(f"{' '.join(command)}: exit code {os.waitstatus_to_exitcode(status)}", file=sys.stderr)
        sys.exit(2)
    return time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


if __name__ == "__main__":
    main()
