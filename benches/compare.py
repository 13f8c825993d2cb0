#!/usr/bin/env python3
"""Measures `scopetrim usage` against DuckDB on generated logs and prints a Markdown table.

Both do the same work on the same file with the same number of threads: read the log, find the route of each
request, count per day, client and operation (number, first, last, denied), write the groups to a CSV file.
Runs alternate, so that a slow minute of the machine hits both. Then the whole `scopetrim analyze --json` of the same
log runs, with 40 grants for each client, against the same DuckDB time. What is measured, and how: README.md here.

usage: compare.py [--mb 1000] [--runs 5] [--inputs flat,kong,...] [--threads 2] [--work DIR]
                  [--scopetrim PATH] [--genlog PATH] [--python PATH]
Exit: 0 done, 1 the two counted differently, 2 something could not be run.
"""

import argparse
import csv
import importlib.util
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# What the project promises: DuckDB's time over ours. 6,000 routes are held against 200 instead.
BARS = {"flat": 3, "kong": 2.8, "combined": 4, "flat.gz": 2, "kong.gz": 2, "spread": 1}
# Inputs of which the whole analysis is measured as well, and what DuckDB's time over ours should be.
ANALYZED = {"flat": 3, "kong": 2.8, "combined": 4}
# Average bytes a line, to turn --mb into a number of requests; the table shows the real size.
LINE = {"flat": 465, "kong": 1660, "combined": 220}
INPUTS = {
    "flat": ("flat", []),
    "kong": ("kong", []),
    "combined": ("combined", []),
    "flat.gz": ("flat", []),
    "kong.gz": ("kong", []),
    "flat6000": ("flat", ["--routes", "6000"]),
    "spread": ("flat", ["--spread", "--clients", "20000", "--routes", "2000"]),
}


def main():
    args = arguments()
    args.work.mkdir(parents=True, exist_ok=True)
    genlog = args.genlog or build_genlog(args.work)
    scopetrim = args.scopetrim or build_scopetrim()
    python = duckdb_python(args.python)
    agreed, rows = True, []
    for name in args.inputs:
        log, catalog, text_bytes = generate(name, args, genlog)
        with open(log, "rb") as file:  # into the page cache
            while file.read(1 << 24):
                pass
        ours, theirs = [], []
        for _ in range(args.runs):
            if scopetrim:
                ours.append(run_scopetrim(scopetrim, log, catalog, args))
            if python:
                theirs.append(run_duckdb(python, name, log, catalog, args))
        if ours and theirs:
            agreed &= compare(name, ours[-1], theirs[-1])
        whole = [run_analyze(scopetrim, ours[-1]["csv"], log, catalog, args) for _ in ours if name in ANALYZED]
        rows.append((name, log.stat().st_size, text_bytes, ours, theirs, whole))
        if not args.keep:
            log.unlink()
    print_table(rows, args, python)
    return 0 if agreed else 1


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--mb", type=float, default=1000, help="size of each generated log before compression")
    parser.add_argument("--runs", type=int, default=5, help="runs of each program, alternating")
    parser.add_argument("--inputs", default=",".join(INPUTS), help="some of: " + ", ".join(INPUTS))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--work", type=Path, help="folder for logs and results (default: a temporary one)")
    parser.add_argument("--keep", action="store_true", help="keep the generated logs, and use those that are there")
    parser.add_argument("--scopetrim", type=Path, help="release binary (default: built by cargo)")
    parser.add_argument("--genlog", type=Path, help="log generator with the flags of examples/genlog.rs")
    parser.add_argument("--python", type=Path, help="interpreter that has the duckdb module")
    parser.add_argument("--duckdb-job", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.duckdb_job:
        duckdb_job(json.loads(args.duckdb_job))
        sys.exit(0)
    args.inputs = args.inputs.split(",")
    unknown = [name for name in args.inputs if name not in INPUTS]
    if unknown or args.runs < 1:
        parser.error(f"unknown input `{unknown[0]}`" if unknown else "--runs must be at least 1")
    if args.work is None:
        folder = tempfile.TemporaryDirectory(prefix="scopetrim-compare-")
        args.work, args.folder = Path(folder.name), folder  # removed with the arguments
    return args


def talk(text):
    print(text, file=sys.stderr, flush=True)


def fail(text):
    talk(f"error: {text}")
    sys.exit(2)


def build_genlog(folder):
    """The generator needs the standard library alone; cargo would build everything that the tests need first."""
    binary = folder / "genlog"
    command = ["rustc", "--edition", "2024", "-O", "-o", binary, ROOT / "examples" / "genlog.rs"]
    if subprocess.run(command, cwd=ROOT).returncode != 0:
        fail("cannot build `examples/genlog.rs`")
    return binary


def build_scopetrim():
    done = subprocess.run(["cargo", "build", "--release", "--locked", "--bin", "scopetrim"], cwd=ROOT)
    binary = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "scopetrim"
    if done.returncode == 0 and binary.exists():
        return binary
    talk("note: `scopetrim` could not be built; only DuckDB is measured")
    return None


def duckdb_python(path):
    """The interpreter that runs DuckDB, or None when there is none."""
    if path is None:
        found = importlib.util.find_spec("duckdb")
        if not found:
            talk("note: this Python has no duckdb (see --python); scopetrim is measured alone")
        return Path(sys.executable) if found else None
    if subprocess.run([path, "-c", "import duckdb"], capture_output=True).returncode != 0:
        fail(f"`{path}` cannot import duckdb")
    return path


# ---- inputs -------------------------------------------------------------------------------------


def generate(name, args, genlog):
    """Writes the log and its catalogue; returns both and the size of the text."""
    fmt, flags = INPUTS[name]
    catalog, log = args.work / f"{name}.openapi.json", args.work / f"{name.removesuffix('.gz')}.log"
    packed = name.endswith(".gz")
    size_note = args.work / f"{name}.bytes"
    final = Path(f"{log}.gz") if packed else log
    if args.keep and final.exists() and catalog.exists() and size_note.exists():
        return final, catalog, int(size_note.read_text())
    # Many groups need many lines: ten million at the usual size.
    requests = int(args.mb * 10_000) if name == "spread" else int(args.mb * 1e6 / LINE[fmt])
    talk(f"{name}: writing {requests} requests")
    command = [genlog, "--format", fmt, "--requests", str(requests), "--openapi", catalog, *flags]
    with open(log, "wb") as out:
        if subprocess.run(command, stdout=out).returncode != 0:
            fail(f"`{genlog}` failed")
    text_bytes = log.stat().st_size
    if packed:
        with open(log, "rb") as source, open(final, "wb") as out:
            if shutil.which("gzip"):
                subprocess.run(["gzip", "-6"], stdin=source, stdout=out, check=True)
            else:
                import gzip

                with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=6) as packer:
                    shutil.copyfileobj(source, packer, 1 << 20)
        log.unlink()
    size_note.write_text(str(text_bytes))
    return final, catalog, text_bytes


# ---- the two programs ---------------------------------------------------------------------------


def run(command, what):
    """Runs to the end; returns standard output, wall seconds and the child's own peak memory in bytes."""
    start = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.PIPE)
    output = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    # scopetrim ends with 3 when an input was incomplete; a generated log never is.
    if child.returncode != 0:
        fail(f"{what} ended with {child.returncode}")
    unit = 1 if sys.platform == "darwin" else 1024
    return output, seconds, usage.ru_maxrss * unit


def run_scopetrim(binary, log, catalog, args):
    out = args.work / "scopetrim.csv"
    out.unlink(missing_ok=True)
    command = [binary, "usage", "--logs", log, "--catalog", catalog, "--csv", "--out", out]
    _, seconds, memory = run([*command, "--threads", str(args.threads), "--quiet"], "scopetrim")
    talk(f"  scopetrim {seconds:.2f} s")
    return {"seconds": seconds, "memory": memory, "csv": out}


def run_analyze(binary, counted, log, catalog, args):
    """The main job on the same log: each operation needs a scope of its own, each client holds 40 and what it used."""
    grants, routes = args.work / "grants.json", args.work / "routes.csv"
    paths = json.loads(catalog.read_text())["paths"]
    scopes = {(verb.upper(), path): f"s{n}" for n, (verb, path) in enumerate((v, p) for p, o in paths.items() for v in o)}
    with open(routes, "w", newline="") as file:
        csv.writer(file).writerows([("method", "path", "scopes"), *((*key, scope) for key, scope in scopes.items())])
    held = {}
    with open(counted, newline="") as file:
        for row in csv.DictReader(file):
            name, key = row["client"], (row["method"], row["template"])
            if name and key in scopes:
                first = 7 * len(held)
                more = {f"s{(first + 3 * n) % len(scopes)}" for n in range(40)}
                held.setdefault(name, more).add(scopes[key])
    grants.write_text(json.dumps({name: sorted(own) for name, own in sorted(held.items())}, indent=1))
    command = [binary, "analyze", "--logs", log, "--catalog", routes, "--grants", grants, "--no-blame", "--json"]
    _, seconds, memory = run([*command, "--threads", str(args.threads), "--quiet"], "scopetrim analyze")
    talk(f"  analyze   {seconds:.2f} s")
    return {"seconds": seconds, "memory": memory}


def run_duckdb(python, name, log, catalog, args):
    out = args.work / "duckdb.csv"
    out.unlink(missing_ok=True)
    job = {"format": INPUTS[name][0], "log": str(log), "catalog": str(catalog), "out": str(out), "threads": args.threads}
    output, _, memory = run([python, __file__, "--duckdb-job", json.dumps(job)], "duckdb")
    # Its own clock: starting Python and loading the module is not DuckDB's work.
    seconds = float(output)
    talk(f"  duckdb    {seconds:.2f} s")
    return {"seconds": seconds, "memory": memory, "csv": out}


SOURCE = {
    "flat": """
        select left("time", 10) as day, client_id as client, "method" as verb, split_part("path", '?', 1) as route_path,
               status as code, "time" as moment
        from read_json({log}, format = 'newline_delimited', columns = {{
            "time": 'VARCHAR', client_id: 'VARCHAR', "method": 'VARCHAR', "path": 'VARCHAR', status: 'INTEGER'}})""",
    "kong": """
        select started_at // 86400000 as day, coalesce(consumer.custom_id, consumer.username, '-') as client,
               request."method" as verb, split_part(request.uri, '?', 1) as route_path, response.status as code, started_at as moment
        from read_json({log}, format = 'newline_delimited', columns = {{
            started_at: 'BIGINT', request: 'STRUCT("method" VARCHAR, uri VARCHAR)', response: 'STRUCT(status INTEGER)',
            consumer: 'STRUCT(custom_id VARCHAR, username VARCHAR)'}})""",
    "combined": """
        select left(stamp, 12) as day, client, split_part(line, ' ', 1) as verb,
               split_part(split_part(line, ' ', 2), '?', 1) as route_path, code,
               strptime(stamp, '[%d/%b/%Y:%H:%M:%S') as moment
        from read_csv({log}, delim = ' ', quote = '"', escape = '\\', header = false, auto_detect = false, columns = {{
            address: 'VARCHAR', ident: 'VARCHAR', client: 'VARCHAR', stamp: 'VARCHAR', zone: 'VARCHAR', line: 'VARCHAR',
            code: 'INTEGER', bytes: 'VARCHAR', referrer: 'VARCHAR', agent: 'VARCHAR'}})""",
}

# A path with every segment that is no word of the catalogue replaced by {} is the key of its route: one hash
# join. Matching two hundred regular expressions a line would cost DuckDB many times as much.
USAGE = """
copy (
    select day, client, requests.verb as "method", coalesce(template, '') as template, count(*) as count,
           min(moment) as first, max(moment) as last, count(*) filter (code in (401, 403)) as denied,
           count(*) filter (code in (401, 403) and client <> '-') as denied_clients
    from (
        select *, array_to_string(list_transform(string_split(route_path, '/'),
               lambda segment: case when segment = '' or list_contains({words}, segment) then segment else '{{}}' end), '/') as key
        from ({source})
    ) as requests
    left join routes on requests.verb = routes.verb and requests.key = routes.key
    group by day, client, requests.verb, template
) to {out} (format csv, header true)"""


def duckdb_job(job):
    """One run of DuckDB, in a process of its own; prints the seconds."""
    import duckdb

    start = time.perf_counter()
    routes, words = [], set()
    for template, operations in json.loads(Path(job["catalog"]).read_text())["paths"].items():
        segments = ["{}" if part.startswith("{") else part for part in template.split("/")]
        words.update(part for part in segments if part not in ("", "{}"))
        routes += [(verb.upper(), "/".join(segments), template) for verb in operations]
    quoted = lambda text: "'" + text.replace("'", "''") + "'"
    database = duckdb.connect()
    database.execute(f"set threads = {int(job['threads'])}; set preserve_insertion_order = false")
    database.execute("create table routes (verb varchar, key varchar, template varchar)")
    values = ", ".join("(" + ", ".join(map(quoted, route)) + ")" for route in routes)
    database.execute(f"insert into routes values {values}")
    source = SOURCE[job["format"]].format(log=quoted(job["log"]))
    words = "[" + ", ".join(map(quoted, sorted(words))) + "]"
    database.execute(USAGE.format(source=source, words=words, out=quoted(job["out"])))
    print(time.perf_counter() - start)


# ---- agreement ----------------------------------------------------------------------------------


def totals(path):
    """Requests and denied requests on known operations, and the number of groups."""
    count = denied = denied_clients = groups = 0
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            if row.get("template", row.get("operation", "")) in ("", "-"):
                continue
            groups += 1
            number = int(row["count"])
            count += number
            if "denied" in row:
                denied += int(row["denied"])
                denied_clients += int(row.get("denied_clients", row["denied"]))
            else:  # one row for each outcome; a request without client was refused with 401 in these logs
                refused = row["outcome"].startswith("denied")
                denied_clients += number * refused
                denied += number * (refused or row["outcome"] == "unauthenticated")
    return {"count": count, "denied": denied, "denied_clients": denied_clients, "groups": groups}


def compare(name, ours, theirs):
    """Whether both counted the same. Who counts a 401 without client as denied is a matter of taste."""
    ours, theirs = totals(ours["csv"]), totals(theirs["csv"])
    talk(f"  scopetrim {ours}\n  duckdb    {theirs}")
    same = ours["count"] == theirs["count"] > 0 and ours["denied"] in (theirs["denied"], theirs["denied_clients"])
    if not same:
        talk(f"error: {name}: the two programs counted differently")
    return same


def print_table(rows, args, python):
    median = lambda runs: statistics.median(run["seconds"] for run in runs)
    memory = lambda runs: f"{max(run['memory'] for run in runs) / 2**20:.0f}" if runs else "-"
    seconds = lambda runs: f"{median(runs):.2f}" if runs else "-"
    print("| input | size MB | text MB | scopetrim s | DuckDB s | DuckDB / scopetrim | at least | scopetrim MB/s | scopetrim MiB | DuckDB MiB |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    lines = [(name, size, text, ours, theirs, BARS.get(name, "-")) for name, size, text, ours, theirs, _ in rows]
    lines += [(f"{name}, whole analyze", *sizes, whole, theirs, ANALYZED[name]) for name, *sizes, _, theirs, whole in rows if whole]
    for name, size, text, ours, theirs, least in lines:
        ratio = f"{median(theirs) / median(ours):.2f}" if ours and theirs else "-"
        speed = f"{text / 1e6 / median(ours):.0f}" if ours else "-"
        cells = [name, f"{size / 1e6:.0f}", f"{text / 1e6:.0f}", seconds(ours), seconds(theirs), ratio, str(least), speed]
        print("| " + " | ".join([*cells, memory(ours), memory(theirs)]) + " |")
    print(f"\n{args.runs} alternating runs, medians, {args.threads} threads, warm page cache; memory is the peak over the runs.")
    by_name = {name: (text, ours) for name, _, text, ours, _, _ in rows if ours}
    if "flat" in by_name and "flat6000" in by_name:
        pace = {name: median(by_name[name][1]) / by_name[name][0] for name in ("flat", "flat6000")}
        print(f"6,000 routes take {pace['flat6000'] / pace['flat']:.2f} times as long per byte as 200 (at most 1.25).")
    if python:
        version = subprocess.run([python, "-c", "import duckdb; print(duckdb.__version__)"], capture_output=True, text=True)
        print(f"DuckDB {version.stdout.strip()}, {os.cpu_count()} processors.")


if __name__ == "__main__":
    sys.exit(main())
