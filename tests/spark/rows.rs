//! Lines that are rows of a table: the ledger of files in which the same lines lie as the
//! documentation says.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::case::{Case, Run, ended, lines};
use crate::cluster::Cluster;

const SHARES: usize = 4;

/// Writes the lines of a JSON list as a table of so many files, in this order.
const STORE: &str = "
import json, os, sys
import pyarrow as pa, pyarrow.parquet as pq
lines = json.load(open(sys.argv[1]))
for at in range(int(sys.argv[3])):
    own = pa.table({'n': pa.array(range(len(lines[at::int(sys.argv[3])]))),
                    'value': pa.array(lines[at::int(sys.argv[3])], pa.string())})
    pq.write_table(own, os.path.join(sys.argv[2], f'{at}.parquet'), compression='none')
";
/// Writes the lines of each share into a file, by the statement of the documentation.
const SHARE: &str = "
import os, sys
from pyspark.sql import SparkSession
spark = (SparkSession.builder.master('local[1]').config('spark.sql.shuffle.partitions', '1').getOrCreate())
rows = spark.sql(f'''
    SELECT pmod(hash(line), {sys.argv[3]}) AS share, line
    FROM (SELECT CAST(coalesce(value, '{{}}') AS BINARY) AS line FROM parquet.`{sys.argv[1]}`)
    ORDER BY share, xxhash64(line), line''').collect()
files = [open(os.path.join(sys.argv[2], str(at)), 'wb') for at in range(int(sys.argv[3]))]
for row in rows:
    files[row['share']].write(bytes(row['line']).replace(b'\\n', b' ') + b'\\n')
";

/// Rows of several days: equal ones, one that is no record, one without text, and one of several lines.
fn values() -> Vec<Value> {
    let mut values: Vec<Value> = (0..4)
        .flat_map(|seed| lines(seed).lines().map(Value::from).collect::<Vec<_>>())
        .collect();
    let twice = values[7].clone();
    values.extend([twice.clone(), twice, Value::Null, "not a line".into()]);
    let first = lines(9).lines().next().unwrap().to_owned();
    values.push(first.replace(',', ",\n").into());
    values
}

struct Table<'a> {
    case: &'a Case,
    cluster: &'a Cluster,
    /// As Spark's SQL names it.
    name: String,
}

impl Table<'_> {
    fn store(&self, values: &[Value], files: usize) {
        let folder = self.case.path("table");
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir(&folder).unwrap();
        let list = self.case.path("values.json");
        fs::write(&list, Value::from(values).to_string()).unwrap();
        let files = files.to_string();
        self.cluster
            .script(STORE, &[&list, &folder, Path::new(&files)]);
    }

    fn ingest(&self, more: &[&str]) -> Run {
        let mut command = Command::new(env!("CARGO_BIN_EXE_scopetrim"));
        command
            .args([
                "ingest",
                "--json",
                "--ledger",
                "usage",
                "--catalog",
                "routes.json",
            ])
            .args(["--engine", &self.cluster.master, "--table", &self.name])
            .arg("--engine-binary")
            .arg(self.case.path("program"))
            .args(more)
            .current_dir(self.case.path(""));
        self.cluster.set(&mut command);
        ended(&mut command)
    }

    /// The ledger `local`, of a file for each share.
    fn by_one_machine(&self) {
        let folder = self.case.path("shares");
        fs::create_dir(&folder).unwrap();
        let shares = SHARES.to_string();
        let args = [&self.case.path("table"), &folder, &PathBuf::from(shares)];
        self.cluster.script(SHARE, &args.map(PathBuf::as_path));
        let list: Vec<String> = (0..SHARES)
            .map(|at| {
                let shown = format!("{}#{}-of-{SHARES}", self.name, at + 1);
                let path = folder.join(at.to_string());
                let size = fs::metadata(&path).unwrap().len();
                serde_json::json!({"path": path, "shown": shown, "size": size}).to_string()
            })
            .collect();
        fs::write(self.case.path("list"), list.join("\n")).unwrap();
        let args = ["ingest", "--listed", "list", "--shard", "1/1"];
        let more = ["--catalog", "routes.json", "--partial", "whole"];
        let run = self.case.run(&[&args[..], &more].concat());
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        let merge = ["ledger", "merge", "whole", "--into", "local"];
        assert_eq!(self.case.run(&merge).code, Some(0));
    }

    fn compacted(&self) -> std::collections::BTreeMap<PathBuf, String> {
        assert_eq!(self.case.run(&["ledger", "compact", "usage"]).code, Some(0));
        self.case.bytes("usage")
    }
}

pub(crate) fn of_a_table(cluster: &Cluster) {
    let case = Case::new();
    let table = Table {
        name: format!("parquet.`{}`", case.path("table").display()),
        case: &case,
        cluster,
    };
    let mut values = values();
    table.store(&values, 5);
    table.by_one_machine();
    // One share is read, and its result is lost: Spark gives it to another attempt.
    case.program(
        "\"$REAL\" \"$@\"; code=$?\n\
         if test $share = 2/4 && mkdir \"$MARKS.lost\" 2>/dev/null; then kill -9 $$; fi; exit $code",
    );
    let run = table.ingest(&["--tasks", "4"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let rows = format!("Spark: {} rows in 4 shares", values.len());
    assert!(run.stderr.contains(&rows), "{rows}: {}", run.stderr);
    let shares = case.lines("start ");
    let of = |share: &str| shares.iter().filter(|start| start.ends_with(share)).count();
    assert_eq!(
        ["1/4", "2/4", "3/4", "4/4"].map(of),
        [1, 2, 1, 1],
        "{shares:?}"
    );
    let done: Value = serde_json::from_str(&run.stdout).unwrap();
    let sum = |key: &str| -> u64 {
        let inputs = done["inputs"].as_array().unwrap().iter();
        inputs.map(|input| input[key].as_u64().unwrap()).sum()
    };
    assert_eq!(sum("records"), values.len() as u64, "{}", run.stdout);
    assert_eq!(sum("rejected"), 1, "what has no text");
    // Two that came again, one that is no record, and the one without text.
    assert_eq!(sum("counted") + 4, values.len() as u64, "{}", run.stdout);
    let usage = table.compacted();
    assert_eq!(usage, case.bytes("local"));

    // Stored in another way, these are the same shares.
    values.reverse();
    table.store(&values, 2);
    case.program("\"$REAL\" \"$@\"");
    let again = table.ingest(&["--tasks", "4"]);
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    assert_eq!(again.stdout.matches("\"known already\"").count(), SHARES);
    assert_eq!(case.bytes("usage"), usage);

    // With a row more, they are others.
    values.push(values[0].clone());
    table.store(&values, 2);
    let more = table.ingest(&["--tasks", "4"]);
    assert_eq!(more.code, Some(2), "{}", more.stdout);
    assert!(
        more.stderr.contains("the ledger has other rows of"),
        "{}",
        more.stderr
    );
    assert_eq!(case.bytes("usage"), usage);

    let wrong = table.ingest(&["--column", "n", "--quiet"]);
    assert_eq!(wrong.code, Some(2), "{}", wrong.stdout);
    let said = "the column `n` holds no text, but long";
    assert!(wrong.stderr.contains(said), "{}", wrong.stderr);
}
