//! The code of docs/enforce.md that reads `table.json` within a service: that for Express in a
//! service of Node, and that for Spring in Java, on the requests that were written beside the table.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::enforced::{Caller, Enforcer, product, world, written};
use crate::gateway::{self, Places};

pub(crate) static EXPRESS: Enforcer = Enforcer {
    product: product("node", "--version", express),
    caller: Caller::Header,
};

/// The block of the page in this language.
fn block(language: &str) -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/enforce.md");
    let page = std::fs::read_to_string(page).unwrap();
    let fence = format!("```{language}\n");
    let mut blocks = page.split(&fence).skip(1);
    let block = blocks.next().unwrap().split("```\n").next().unwrap();
    assert!(blocks.next().is_none(), "one block of {language}");
    block.to_owned()
}

fn express(places: &Places<'_>) -> Vec<String> {
    written(places, "table", "table.json");
    let version = "try { console.log(require('express/package.json').version) } catch {}";
    let asked = Command::new("node").args(["-e", version]).output().unwrap();
    match String::from_utf8(asked.stdout).unwrap().trim() {
        "" => println!("live: enforce table, Express: not found by NODE_PATH, so a stand-in"),
        version => println!("live: enforce table, Express: {version}"),
    }
    let service = SERVICE.replace("<code>", &block("js"));
    vec![places.put("service.js", &service)]
}

/// Express where Node finds it (`NODE_PATH`), or what stands for the little of it that is used here.
const SERVICE: &str = r#"
const http = require("http");
let express;
try {
  express = require("express");
} catch {
  express = () => {
    const all = [];
    const app = (req, res) => {
      req.originalUrl = req.url;
      req.get = (name) => req.headers[name];
      res.sendStatus = (status) => { res.statusCode = status; res.end(); };
      const run = (at) => all[at](req, res, () => run(at + 1));
      run(0);
    };
    app.use = (one) => all.push(one);
    return app;
  };
}
const app = express();
app.use((req, res, next) => {
  // Node reads the bytes of a header as Latin-1.
  const name = req.get("x-client");
  if (name !== undefined) req.auth = { payload: { azp: Buffer.from(name, "latin1").toString() } };
  next();
});
<code>
app.use((req, res) => res.sendStatus(200));
for (const port of [<port>, <h2>]) http.createServer(app).listen(port, "127.0.0.1");
"#;

/// Has Java decide about everything.
pub(crate) fn spring() {
    let Some(java) = gateway::find("java") else {
        println!("live: enforce table, Java: skipped, no `java` on this machine");
        return;
    };
    let jackson = ["annotations", "core", "databind"].map(|part| format!("jackson-{part}.jar"));
    let jackson = jackson.map(|name| Path::new("/usr/share/java").join(name));
    if let Some(missing) = jackson.iter().find(|path| !path.is_file()) {
        println!(
            "live: enforce table, Java: skipped, no {}",
            missing.display()
        );
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    world::write(folder.path(), &world::OPERATIONS, &world::CLIENTS);
    world::enforce(folder.path(), "table");
    let code = DECIDE.replace("<code>", &block("java"));
    std::fs::write(folder.path().join("Decide.java"), code).unwrap();
    let decided = run(&java, folder.path(), &jackson);
    let requests = world::requests(folder.path());
    let mut allowed = 0;
    assert_eq!(decided.lines().count(), requests.len(), "{decided}");
    for (decided, request) in decided.lines().zip(&requests) {
        assert_eq!(
            Value::Bool(decided == "true"),
            request["allowed"],
            "{request}"
        );
        allowed += usize::from(decided == "true");
    }
    let asked = requests.len();
    println!("live: enforce table, Java: {asked} requests, {allowed} allowed");
    assert!(allowed > 50 && asked > 2 * allowed, "{allowed} of {asked}");
}

fn run(java: &Path, folder: &Path, jackson: &[PathBuf]) -> String {
    let ran = Command::new(java)
        .current_dir(folder)
        .arg("-cp")
        .arg(std::env::join_paths(jackson).unwrap())
        .arg("Decide.java")
        .output()
        .unwrap();
    assert!(
        ran.status.success(),
        "{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    String::from_utf8(ran.stdout).unwrap()
}

const DECIDE: &str = r#"
import com.fasterxml.jackson.annotation.*;
import com.fasterxml.jackson.databind.*;
import java.io.File;
import java.nio.file.*;
import java.util.*;
import java.util.regex.Pattern;

class Decide {
    public static void main(String[] none) throws Exception {
        ObjectMapper mapper = new ObjectMapper();
        Table table = mapper.readValue(new File("table.json"), Table.class);
        for (String line : Files.readAllLines(Path.of("scopetrim-requests.ndjson"))) {
            JsonNode request = mapper.readTree(line);
            String client = request.get("client").textValue();
            String path = request.get("target").textValue().split("[?]", 2)[0];
            System.out.println(table.allows(client, request.get("method").textValue(), path));
        }
    }
}

<code>
"#;
