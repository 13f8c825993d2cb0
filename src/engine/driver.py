"""Reads access logs on a Spark cluster: the driver that `scopetrim ingest --engine spark` starts.

    spark-submit --files JOB/f0,...,JOB/scopetrim,JOB/inputs.ndjson,JOB/job.json JOB/spark_job.py [--out OUT]
    spark-submit JOB/spark_job.py --job JOB [--out OUT]

In: what `scopetrim` wrote into the folder JOB, shipped with the job, or in a folder that all machines see.
Out: the logs in the ledger that the job names, in one commit; or partial results, as folders in OUT, for
`scopetrim ledger merge`. Nothing is parsed or counted here: tasks run `scopetrim ingest` on their share of the
logs, and `scopetrim ledger merge` on what others gave. A task that runs twice gives the same, and merging it
twice changes nothing, so that Spark may repeat what it likes.

Rows of a table are logs as well: which share a row is in, and where, follows from its bytes alone, so
that a share is the same whoever reads it, however often, and however the table is stored.

It needs Spark 3.3 or newer with pyarrow and pandas, which Spark asks for before it hands Arrow to Python,
and no more than DataFrames: no RDD.
"""

import argparse
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager

# How many partial results one task merges, about: each level of the tree reads and writes everything again. So
# many are left for `scopetrim` where Spark's driver runs, which merges them in the one commit.
FAN_IN = 32
# Bytes of the result that Spark's driver is handed at a time, about, and how many pieces of them at most.
PIECE, PIECES = 32 << 20, 1000
# Bytes of a file in one row, and rows of one Arrow batch: 16 MiB, or so many lines of a table.
CHUNK, ROWS = 1 << 14, 1 << 10
# Bytes of logs in a share, about, where their number is not said: a second or two of reading, and for each share
# Spark takes half a second more.
SHARE_BYTES = 512 << 20
# Rows of a table in a share, about, where their number is not said: it must not depend on the cluster.
SHARE_ROWS = 250_000
SETTINGS = {
    "spark.sql.execution.arrow.maxRecordsPerBatch": str(ROWS),
    "spark.sql.adaptive.enabled": "true",
    "spark.sql.adaptive.coalescePartitions.enabled": "true",
    "spark.sql.adaptive.coalescePartitions.initialPartitionNum": str(PIECES),
    "spark.sql.adaptive.coalescePartitions.parallelismFirst": "false",
    "spark.sql.adaptive.advisoryPartitionSizeInBytes": str(PIECE),
}
SCHEMA = "part long, name string, at long, bytes binary"
# Begins what a failed task says; the rest of the line is JSON.
MARK = "scopetrim-failed:"
# What to do without the packages.
NEEDS = "install pyarrow and pandas for the Python that Spark uses (PYSPARK_PYTHON), here and on the executors"
# The end of what a child says that is kept.
SAID = 8192


# The folder of the job, where one is named.
JOB = None


def places():
    """Where the files of the job may be: Spark has a folder for them, YARN puts them in the current one."""
    if JOB:
        yield JOB
        return
    from pyspark import SparkFiles

    yield SparkFiles.getRootDirectory()
    yield os.getcwd()


def shipped(name):
    for folder in places():
        # Children run elsewhere, and Spark's folder may be `.`.
        path = os.path.abspath(os.path.join(folder, name))
        if os.path.exists(path):
            return path
    raise RuntimeError(MARK + json.dumps(f"`{name}` did not come with the job"))


def job_of():
    with open(shipped("job.json"), encoding="utf-8") as file:
        return json.load(file)


@contextmanager
def workplace():
    """A folder of this attempt alone."""
    local = os.environ.get("SPARK_LOCAL_DIRS", "").split(",")[0]
    root = tempfile.mkdtemp(prefix="scopetrim-", dir=local if os.path.isdir(local) else None)
    try:
        yield root
    finally:
        shutil.rmtree(root, ignore_errors=True)


def program(root):
    """The binary, so that it can be executed."""
    path = shipped("scopetrim")
    if not os.access(path, os.X_OK):
        own = os.path.join(root, "scopetrim")
        shutil.copyfile(path, own)
        os.chmod(own, 0o755)
        path = own
    return path


def run(command, cwd, what):
    with tempfile.TemporaryFile(dir=os.path.dirname(os.path.abspath(cwd))) as said:
        try:
            done = subprocess.run(
                command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said, check=False
            )
        except OSError as error:
            raise RuntimeError(MARK + json.dumps(f"{what}: `{command[0]}` cannot be started: {error}")) from None
        # 3 is "done, but some input was incomplete": the partial result says which.
        if done.returncode in (0, 3):
            return
        size = said.seek(0, os.SEEK_END)
        said.seek(max(0, size - SAID))
        text = said.read().decode("utf-8", "replace").strip()
    if done.returncode < 0:
        text = f"{text}\nended by signal {-done.returncode}".strip()
    raise RuntimeError(MARK + json.dumps(f"{what} ended with {done.returncode}: {text}"))


def rows(part, folder):
    """The files below a folder, as batches of their pieces."""
    import pyarrow as pa

    pieces = []

    def batch():
        columns = [list(column) for column in zip(*pieces)]
        kinds = [pa.int64(), pa.string(), pa.int64(), pa.binary()]
        arrays = [pa.array(column, kind) for column, kind in zip(columns, kinds)]
        pieces.clear()
        return pa.RecordBatch.from_arrays(arrays, ["part", "name", "at", "bytes"])

    for above, _, names in sorted(os.walk(folder)):
        for name in sorted(names):
            path = os.path.join(above, name)
            if name == "lock":
                continue
            at = 0
            with open(path, "rb") as file:
                while True:
                    piece = file.read(CHUNK)
                    if piece or at == 0:
                        pieces.append((part, os.path.relpath(path, folder), at, piece))
                    at += len(piece)
                    if len(pieces) == ROWS:
                        yield batch()
                    if not piece:
                        break
    if pieces:
        yield batch()


def keep(folder, part, name, at, piece):
    """Puts one piece in its place, in whatever order they come."""
    path = os.path.normpath(os.path.join(folder, str(part), name))
    if not path.startswith(os.path.join(folder, "")):
        raise RuntimeError(MARK + json.dumps(f"`{name}` leads out of its folder"))
    try:
        file = open(path, "r+b")
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        file = open(path, "w+b")
    with file:
        file.seek(at)
        file.write(piece)


def place(job, root):
    """Lays the files that say how logs are read, and gives the folder to run in."""
    here = os.path.join(root, "job")
    cwd = os.path.join(here, job["cwd"])
    os.makedirs(cwd, exist_ok=True)
    for file in job["files"]:
        path = os.path.join(here, file["at"])
        os.makedirs(os.path.dirname(path), exist_ok=True)
        shutil.copyfile(shipped(file["ship"]), path)
    return cwd


def share(job, root, listed, index, shares, threads):
    """Reads one share of a list into a partial result, and gives its pieces."""
    partial = os.path.join(root, f"partial-{index}")
    command = [program(root), "ingest", *job["args"], "--listed", listed]
    command += ["--shard", f"{index + 1}/{shares}", "--partial", partial, "--threads", str(threads)]
    run(command, place(job, root), f"share {index + 1} of {shares}")
    yield from rows(index, partial)
    shutil.rmtree(partial)


def reading(shares, threads):
    """Turns numbers of shares into partial results."""

    def read(batches):
        job = job_of()
        for batch in batches:
            for index in batch.column(0).to_pylist():
                with workplace() as root:
                    yield from share(job, root, shipped("inputs.ndjson"), index, shares, threads)

    return read


def logs(batches, path):
    """Writes the lines of each share into this file, and gives its number when it is whole."""
    now, file = None, None
    for batch in batches:
        for index, line in zip(*(column.to_pylist() for column in batch.columns)):
            if index != now:
                if file is not None:
                    file.close()
                    yield now
                now, file = index, open(path, "wb")
            # One row is one line: what ends a line within it would begin another record.
            file.write(line.rstrip(b"\r\n").replace(b"\n", b" ") + b"\n")
    if file is None:
        # Also a share without rows has to be known as one that is there.
        from pyspark import TaskContext

        now, file = TaskContext.get().partitionId(), open(path, "wb")
    file.close()
    yield now


def reading_rows(shares, threads, table):
    """Turns the lines of shares, which come one share after the other, into partial results."""

    def read(batches):
        job = job_of()
        with workplace() as root:
            path, listed = os.path.join(root, "lines"), os.path.join(root, "inputs.ndjson")
            with open(listed, "w", encoding="utf-8") as file:
                # All shares name the same list, in which the sizes of the others are not known.
                for index in range(shares):
                    name = f"{table}#{index + 1:0{len(str(shares))}}-of-{shares}"
                    file.write(json.dumps({"path": path, "shown": name, "size": 0}) + "\n")
            for index in logs(batches, path):
                yield from share(job, root, listed, index, shares, threads)

    return read


def lines_of(frame, column, shares):
    """Number of the share and bytes of the line of each row of a DataFrame, share by share."""
    from pyspark.sql.functions import coalesce, col, expr, lit

    found = frame.select(col(column).alias("line"))
    kind = found.schema.fields[0].dataType.typeName()
    if kind not in ("string", "binary", "varchar", "char"):
        said = f"the column `{column}` holds no text, but {kind}"
        raise RuntimeError(MARK + json.dumps(said))
    # A row without text is a record without a request: it is counted as one that could not be read.
    line = coalesce(col("line").cast("binary"), lit("{}").cast("binary"))
    found = found.select(line.alias("line"))
    found = found.select(expr(f"CAST(pmod(hash(line), {shares}) AS LONG) AS share"), "line")
    # Spark puts a row by the same hash into the partition of this number. Within a share the order is
    # a mixed one, so that its first lines show the format as any others would.
    found = found.repartition(shares, "line")
    return found.sortWithinPartitions("share", expr("xxhash64(line)"), "line")


def merging(batches):
    """Turns the partial results of one group into one."""
    from pyspark import TaskContext

    with workplace() as root:
        parts = os.path.join(root, "parts")
        found = set()
        for batch in batches:
            for part, name, at, piece in zip(*(column.to_pylist() for column in batch.columns)):
                keep(parts, part, name, at, piece)
                found.add(part)
        if not found:
            return
        whole = os.path.join(root, "whole")
        if len(found) == 1:
            whole = os.path.join(parts, str(found.pop()))
        else:
            run([program(root), "ledger", "merge", parts, "--into", whole], root, "merging")
        yield from rows(TaskContext.get().partitionId(), whole)


def say(**event):
    print("scopetrim-event:" + json.dumps(event), flush=True)


def set_where_possible(spark, settings):
    for key, value in settings.items():
        try:
            spark.conf.set(key, value)
        except Exception:  # some services fix theirs: slower, and the same result
            pass


def setting(spark, key, default):
    try:
        return spark.conf.get(key, default)
    except Exception:  # not every service shows its settings
        return default


def watch(spark, shares, over):
    """Says how many shares are read, where Spark tells."""
    try:
        tracker = spark.sparkContext.statusTracker()
    except Exception:  # Spark Connect has no such object, and its own progress
        return
    first, told = None, -1
    while not over.wait(0.5):
        active = sorted(tracker.getActiveStageIds())
        if first is None and active:
            first = active[0]
        stage = None if first is None else tracker.getStageInfo(first)
        if stage is None:
            continue
        read = shares if active and first not in active else min(stage.numCompletedTasks, shares)
        if read > told:
            told = read
            say(read=read, of=shares)


def tasks(spark, job):
    """How many shares: some for each core, so that none waits long for the last one."""
    if job["tasks"]:
        return job["tasks"]
    try:
        cores = spark.sparkContext.defaultParallelism
    except Exception:
        cores = 8
    by_size = job["bytes"] // SHARE_BYTES
    return max(1, min(job["inputs"], max(4 * cores, by_size), 10000))


def hand_over(parts, job, out):
    """Puts the results as folders into OUT, or into the ledger of the job."""
    # Beside OUT, which never has half a result.
    above = os.path.dirname(os.path.abspath(out)) if out else None
    with tempfile.TemporaryDirectory(prefix="scopetrim-", dir=above) as root:
        half = os.path.join(root, "parts")
        for row in parts.toLocalIterator(prefetchPartitions=True):
            keep(half, row["part"], row["name"], row["at"], row["bytes"])
        if out is None:
            run([program(root), "ledger", "merge", half, "--into", job["into"]], root, "merging")
            return
        os.makedirs(out, exist_ok=True)
        for name in sorted(os.listdir(half)):
            os.rename(os.path.join(half, name), os.path.join(out, name))


def main(out):
    for package in ("pyarrow", "pandas"):
        if importlib.util.find_spec(package) is None:
            say(failed=f"the Python of Spark has no {package}", help=NEEDS)
            return 1
    from pyspark.sql import SparkSession
    from pyspark.sql.functions import col

    spark = SparkSession.builder.appName("scopetrim ingest").getOrCreate()
    over = threading.Event()
    try:
        set_where_possible(spark, SETTINGS)
        job = job_of()
        threads = job["threads"] or int(setting(spark, "spark.task.cpus", "1"))
        if job["table"]:
            frame = spark.sql("SELECT * FROM " + job["table"])
            count = frame.count()
            shares = job["tasks"] or max(1, min(count // SHARE_ROWS, 10000))
            say(rows=count, of=shares)
            parts = lines_of(frame, job["column"], shares)
            parts = parts.mapInArrow(reading_rows(shares, threads, job["table"]), SCHEMA)
        else:
            shares = tasks(spark, job)
            threading.Thread(target=watch, args=(spark, shares, over), daemon=True).start()
            parts = spark.range(0, shares, 1, shares).mapInArrow(reading(shares, threads), SCHEMA)
        groups = shares
        while groups > FAN_IN:
            groups = (groups + FAN_IN - 1) // FAN_IN
            parts = parts.repartition(groups, col("part")).mapInArrow(merging, SCHEMA)
        # What one task gives has to fit several times into the memory of Spark's driver. How large the result
        # is shows only now: from small pieces Spark makes some of the right size, as SETTINGS say.
        parts = parts.repartition(col("name"), col("at"))
        hand_over(parts, job, out)
        say(done=shares)
        return 0
    except Exception as error:
        found = re.search(re.escape(MARK) + r'("(?:[^"\\]|\\.)*")', str(error))
        say(failed=json.loads(found.group(1)) if found else f"{type(error).__name__}: {str(error)[:SAID]}")
        return 1
    finally:
        over.set()
        spark.stop()


def arguments():
    parser = argparse.ArgumentParser(description="Reads access logs on a Spark cluster, as `scopetrim ingest` says.")
    parser.add_argument("--job", help="the folder of the job, where its files did not come along with it")
    parser.add_argument("--out", help="a folder for partial results; default: the ledger that the job names")
    return parser.parse_args()


if __name__ == "__main__":
    ARGS = arguments()
    JOB = ARGS.job and os.path.abspath(ARGS.job)
    sys.exit(main(ARGS.out))
