#!/usr/bin/env python3
"""A cluster against one machine on the same cores: `ingest --engine spark` against `ingest`, what the difference is
made of, and both against `spark.read.json` with `groupBy` on the same logs. Prints two Markdown tables.

A standalone master and one worker with the cores that one machine has are started on loopback, from the `pyspark` of
this Python (with `pyarrow` and `pandas`), and ended again. Runs alternate; medians.

usage: cluster.py --scopetrim PATH --genlog PATH [--mb 1000] [--files 40] [--clients 1000] [--cores 2] [--runs 3]
                  [--work DIR]
Exit: 0 done, 1 the ledgers or the counts differ, 2 something could not be run.
"""

import argparse
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LINE = 465
# What people write: the groups of the ledger, without its matching of paths, its checks and its safety.
GROUP_BY = """
import sys
from pyspark.sql import SparkSession, functions as F
spark = SparkSession.builder.getOrCreate()
frame = spark.read.schema("start_time string, time string, client_id string, method string, path string, status int, response_code int").json(sys.argv[1])
when = F.coalesce(frame.start_time, frame.time)
path = F.regexp_replace(frame.path, "[?].*", "")
path = F.regexp_replace(path, "/[0-9a-f-]*[0-9][0-9a-f-]*", "/{}")
status = F.coalesce(frame.status, frame.response_code)
groups = frame.groupBy(when.substr(1, 10).alias("day"), "client_id", "method", path.alias("path")).agg(
    F.count(F.lit(1)).alias("count"), F.sum((status == 403).cast("int")).alias("denied"),
    F.min(when).alias("first"), F.max(when).alias("last"))
groups.write.mode("overwrite").option("compression", "none").parquet(sys.argv[2])
print("counted", spark.read.parquet(sys.argv[2]).agg(F.sum("count")).first()[0])
"""
NOTHING = "from pyspark.sql import SparkSession\nSparkSession.builder.getOrCreate().range(1).count()\n"
TASKS = """
import sys
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
n = int(sys.argv[1])
spark.range(0, n, 1, n).mapInArrow(lambda batches: batches, "id long").count()
"""


def main():
    args = arguments()
    with tempfile.TemporaryDirectory(dir=args.work) as root:
        folder = Path(root)
        make(args, folder)
        spark = Spark(args, folder)
        try:
            agreed = compare(args, folder, spark)
        finally:
            spark.end()
    sys.exit(0 if agreed else 1)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scopetrim", type=Path, required=True)
    parser.add_argument("--genlog", type=Path, required=True)
    parser.add_argument("--mb", type=int, default=1000)
    parser.add_argument("--files", type=int, default=40)
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--work", type=Path)
    args = parser.parse_args()
    args.scopetrim, args.genlog = str(args.scopetrim.resolve()), str(args.genlog.resolve())
    return args


def make(args, folder):
    """Logs of equal size, each of other requests."""
    (folder / "logs").mkdir()
    for at in range(args.files):
        requests = max(1, args.mb * 1_000_000 // LINE // args.files)
        more = ["--openapi", "openapi.json"] if at == 0 else []
        command = [args.genlog, "--format", "flat", "--requests", str(requests), "--seed", str(at + 1)]
        command += ["--clients", str(args.clients), *more]
        with open(folder / "logs" / f"{at:04}.ndjson", "wb") as file:
            subprocess.run(command, cwd=folder, stdout=file, check=True)


class Spark:
    """A master and one worker on loopback."""

    def __init__(self, args, folder):
        try:
            import pandas, pyarrow, pyspark  # noqa: F401, E401
        except ImportError as error:
            print(f"no Spark here: {error}", file=sys.stderr)
            sys.exit(2)
        self.home, self.daemons = Path(pyspark.__path__[0]), []
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.master = f"spark://127.0.0.1:{port}"
        settings = {"spark.ui.enabled": "false", "spark.driver.host": "127.0.0.1", "spark.executor.memory": "2g"}
        # So that both use what the machine has, and no more.
        settings |= {"spark.sql.shuffle.partitions": str(4 * args.cores)}
        (folder / "spark-defaults.conf").write_text("".join(f"{key} {value}\n" for key, value in settings.items()))
        own = {"SPARK_HOME": str(self.home), "SPARK_CONF_DIR": str(folder), "SPARK_LOCAL_IP": "127.0.0.1"}
        self.env = os.environ | own | {"PYSPARK_PYTHON": sys.executable}
        place = ["--host", "127.0.0.1", "--webui-port", "0"]
        self.daemon(folder, "master.Master", [*place, "--port", str(port)], "elected leader")
        size = ["-c", str(args.cores), "-m", "3g", "-d", str(folder / "worker"), self.master]
        self.daemon(folder, "worker.Worker", [*place, *size], "Successfully registered")

    def daemon(self, folder, name, more, ready):
        log = folder / f"{name}.log"
        command = [self.home / "bin/spark-class", f"org.apache.spark.deploy.{name}", *more]
        with open(log, "wb") as file:
            daemon = subprocess.Popen(command, env=self.env, stdout=file, stderr=file, start_new_session=True)
        self.daemons.append(daemon)
        for _ in range(600):
            if ready in log.read_text(errors="replace"):
                return
            time.sleep(0.2)
        self.end()
        print(f"Spark's {name} does not start: {log.read_text(errors='replace')[-2000:]}", file=sys.stderr)
        sys.exit(2)

    def end(self):
        for daemon in reversed(self.daemons):
            os.killpg(daemon.pid, signal.SIGKILL)
            daemon.wait()
        self.daemons = []

    def submit(self, script, *more):
        return [str(self.home / "bin/spark-submit"), "--master", self.master, script, *more]


def timed(command, folder, env=None):
    started = time.monotonic()
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - started
    if done.returncode not in (0, 3):
        print(f"{' '.join(command)}: exit code {done.returncode}\n{done.stderr[-3000:]}", file=sys.stderr)
        sys.exit(2)
    return seconds, done.stdout


def contents(root):
    """Every file of a ledger but the lock."""
    return {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file() and path.name != "lock"}


def compare(args, folder, spark):
    for name, text in [("group.py", GROUP_BY), ("nothing.py", NOTHING), ("tasks.py", TASKS)]:
        (folder / name).write_text(text)
    ingest = [args.scopetrim, "ingest", "logs", "--catalog", "openapi.json", "--quiet"]
    threads = ["--threads", str(args.cores)]
    shares = min(args.files, 4 * args.cores)
    found = {}

    def run(name, command, env=None):
        seconds, said = timed(command, folder, env)
        found.setdefault(name, []).append(seconds)
        return said

    differ = set()
    for _ in range(args.runs):
        for name in ("local", "spark", "parts", "merged"):
            shutil.rmtree(folder / name, ignore_errors=True)
        run("one machine", [*ingest, "--ledger", "local", *threads])
        engine = ["--engine", spark.master, "--spark-submit", str(spark.home / "bin/spark-submit")]
        run("Spark", [*ingest, "--ledger", "spark", *engine], spark.env)
        if contents(folder / "local") != contents(folder / "spark"):
            differ.add("the ledgers differ")
        said = run("groupBy", spark.submit("group.py", "logs", "groups"), spark.env)
        run("start", spark.submit("nothing.py"), spark.env)
        run("tasks", spark.submit("tasks.py", str(shares)), spark.env)
        split = 'seq N | xargs -P CORES -I{} "$0" "$@" --threads 1 --shard {}/N --partial parts/{}'
        split = split.replace("N |", f"{shares} |").replace("}/N", "}/" + str(shares)).replace("CORES", str(args.cores))
        run("shares", ["/bin/sh", "-c", split, *ingest])
        run("merge", [args.scopetrim, "ledger", "merge", "parts", "--into", "merged"])
        counted = int(said.split("counted")[-1])
        lines = sum(path.read_bytes().count(b"\n") for path in (folder / "logs").iterdir())
        if counted != lines:
            differ.add(f"groupBy counted {counted} of {lines} lines")
    size = sum(path.stat().st_size for path in (folder / "logs").iterdir()) / 1e6
    median = {name: statistics.median(times) for name, times in found.items()}
    print(f"{size:,.0f} MB in {args.files} files, {args.cores} cores, {shares} shares, medians of {args.runs}\n")
    print("| run | s | MB/s |\n|---|---|---|")
    for name, what in [("one machine", "`ingest`"), ("Spark", "`ingest --engine spark`"), ("groupBy", "`spark.read.json` and `groupBy`")]:
        print(f"| {what} | {median[name]:.2f} | {size / median[name]:,.0f} |")
    print("\n| of the run on Spark | s |\n|---|---|")
    for what, seconds in [
        ("a driver and an executor that do nothing", median["start"]),
        ("as many tasks with Python that hand on a number", median["tasks"] - median["start"]),
        ("the shares as processes, without Spark", median["shares"]),
        ("merging them, without Spark", median["merge"]),
        ("all else: results through Arrow, their shuffle, and what overlaps", median["Spark"] - median["tasks"] - median["shares"] - median["merge"]),
    ]:
        print(f"| {what} | {seconds:.2f} |")
    if differ:
        print("; ".join(sorted(differ)), file=sys.stderr)
    return not differ


if __name__ == "__main__":
    main()
