#!/usr/bin/env python3
"""Makes a year of usage ledger and measures what reads it: time and peak memory of each command.

2,000 clients, a catalogue of 400 operations with about 140 scopes; each client uses 10 to 60 operations, each in
its own rhythm (daily, on some days, weekly, monthly, quarterly, until it stopped, once). --dense is the other
extreme: nearly everything on nearly every day. Logs are written day by day, taken by `scopetrim ingest`, and
removed. Equal options give equal ledgers. What came out: README.md beside this.

usage: year.py --scopetrim PATH [--out DIR] [--dense] [--clients 2000] [--operations 400] [--days 365] [--only COMMAND,...]
An existing folder is measured again without being made again.
Exit: 0 done, 2 something could not be run.
"""

import argparse
import datetime
import os
import random
import subprocess
import sys
import time
from pathlib import Path

FIRST = datetime.date(2025, 11, 1)
# Operations of one resource: list, read, create, change, replace, delete.
ACTIONS = [
    ("GET", "", "read"),
    ("GET", "/{id}", "read"),
    ("POST", "", "write"),
    ("PATCH", "/{id}", "write"),
    ("PUT", "/{id}", "write"),
    ("DELETE", "/{id}", "admin"),
]
STATUS = [403] * 5 + [429] * 10 + [500] * 5 + [404] * 40 + [200] * 940
COMMANDS = {
    "analyze": ["analyze", "--json"],
    "explain": ["explain", "client-0007"],
    "windows": ["windows", "--csv"],
    "usage": ["usage", "--csv"],
    "backtest": ["backtest"],
    "report": ["report", "--month", "2026-10", "--out", "report"],
}


def main():
    args = arguments()
    program = args.scopetrim.resolve()
    if not (args.out / "ledger" / "manifest.json").exists():
        started = time.monotonic()
        make(args, program)
        print(f"made in {time.monotonic() - started:.0f} s", file=sys.stderr)
    status = subprocess.run([program, "ledger", "status", "ledger"], cwd=args.out, capture_output=True, text=True)
    print(status.stdout, file=sys.stderr)
    print("| command | seconds | CPU seconds | peak MiB |\n|---|---|---|---|")
    for name in args.only or COMMANDS:
        seconds, cpu, peak = measure(program, COMMANDS[name], args.out)
        print(f"| `{' '.join(COMMANDS[name])}` | {seconds:.1f} | {cpu:.1f} | {peak:.0f} |", flush=True)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scopetrim", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("year"))
    parser.add_argument("--dense", action="store_true")
    parser.add_argument("--clients", type=int, default=2000)
    parser.add_argument("--operations", type=int, default=400)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--only", type=lambda text: text.split(","))
    return parser.parse_args()


def measure(program, command, folder):
    """Seconds, seconds of all processors, and the peak resident set of one child."""
    arguments = [str(program), *command, "--quiet", "--ledger", "ledger", "--catalog", "routes.csv"]
    if command[0] != "usage":
        arguments += ["--grants", "grants.csv", "--no-blame"]
    with open(folder / "out", "wb") as out:
        started = time.monotonic()
        child = subprocess.Popen(arguments, cwd=folder, stdout=out)
        _, status, used = os.wait4(child.pid, 0)
        seconds = time.monotonic() - started
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in (0, 1, 3):
        print(f"{' '.join(arguments)}: exit code {child.returncode}", file=sys.stderr)
        sys.exit(2)
    return seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def operation(number):
    """Method, path of the resource, rest of the path, scope."""
    resource, action = divmod(number, len(ACTIONS))
    method, rest, kind = ACTIONS[action]
    # Two resources share their scope for reading, as real scopes are coarser than paths.
    area = resource // 2 * 2 if kind == "read" else resource
    return method, f"/v1/r{resource}", rest, f"r{area}:{kind}"


def rhythm(dense, days, rng):
    """What tells whether an operation is called on a day."""
    start, end = rng.randrange(days), rng.randrange(days)
    share = rng.random()
    if dense:
        return lambda day, draw: draw < 0.85
    if share < 0.35:
        return lambda day, draw: draw < 0.9
    if share < 0.60:
        return lambda day, draw: draw < 0.35
    for limit, every in ((0.75, 7), (0.85, 30), (0.90, 91)):
        if share < limit:
            return lambda day, draw, every=every: day % every == start % every
    if share < 0.95:
        return lambda day, draw: day < end and draw < 0.6
    return lambda day, draw: day == start


def clients(args):
    """For each client: its name, whether it works at weekends, its calls, the scopes it holds."""
    rng = random.Random(1)
    for number in range(args.clients):
        count = min(rng.randint(10, 60), args.operations)
        # Some operations are everybody's, most are few clients'.
        picks = set()
        while len(picks) < count:
            pick = rng.randrange(args.operations)
            picks.add(pick if rng.random() < 0.5 else int(pick * rng.random()))
        calls = [(operation(pick)[:3], rhythm(args.dense, args.days, rng)) for pick in sorted(picks)]
        scopes = {operation(pick)[3] for pick in picks}
        # A third more than what is called.
        for _ in range(-(-len(scopes) // 3)):
            scopes.add(operation(rng.randrange(args.operations))[3])
        yield f"client-{number:04}", args.dense or rng.random() < 0.7, calls, sorted(scopes)


def make(args, program):
    args.out.mkdir(parents=True, exist_ok=True)
    plan = list(clients(args))
    with open(args.out / "routes.csv", "w") as file:
        file.write("method,path,scopes\n")
        for number in range(args.operations):
            method, path, rest, scope = operation(number)
            file.write(f"{method},{path}{rest},{scope}\n")
    with open(args.out / "grants.csv", "w") as file:
        file.write("client,scope,since\n")
        for name, _, _, scopes in plan:
            file.writelines(f"{name},{scope},2024-01-15\n" for scope in scopes)
    waiting, ingest = [], None
    for day in range(args.days):
        waiting.append(write_day(args, plan, day))
        # Some days at a time, while the next ones are written.
        if len(waiting) == 16 or day + 1 == args.days:
            finish(ingest, args.out)
            command = [program, "ingest", *waiting, "--ledger", "ledger", "--catalog", "routes.csv", "--quiet"]
            ingest = subprocess.Popen(command, cwd=args.out, stdout=subprocess.DEVNULL), waiting
            waiting = []
    finish(ingest, args.out)


def finish(ingest, folder):
    if ingest:
        child, names = ingest
        if child.wait() != 0:
            print(f"ingest: exit code {child.returncode}", file=sys.stderr)
            sys.exit(2)
        for name in names:
            (folder / name).unlink()


def write_day(args, plan, day):
    rng = random.Random(day + 1_000)
    date = FIRST + datetime.timedelta(days=day)
    weekend = date.weekday() >= 5
    draw, bits = rng.random, rng.getrandbits
    name = f"day-{date}.ndjson"
    with open(args.out / name, "w") as file:
        for client, weekends, calls, _ in plan:
            if weekend and not weekends:
                continue
            lines = []
            for (method, path, rest), runs in calls:
                if not runs(day, draw()):
                    continue
                for _ in range(1 + (bits(2) == 0)):
                    second = int(draw() * 86_400)
                    target = f"{path}/{bits(20)}" if rest else path
                    lines.append(
                        f'{{"time":"{date}T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}.{bits(9):03}Z",'
                        f'"request_id":"{bits(128):032x}","client_id":"{client}","method":"{method}",'
                        f'"path":"{target}","status":{STATUS[bits(10) % 1000]}}}\n'
                    )
            file.writelines(lines)
    return name


if __name__ == "__main__":
    main()
