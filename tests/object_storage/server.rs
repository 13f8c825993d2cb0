//! A store on loopback that can be made to fail at any request: as much of S3's protocol, and of
//! Google's XML, as is asked for here, over HTTP/1.1.

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::fmt::Write as _;
use std::hash::Hasher as _;
use std::io::{BufRead, BufReader, Read as _, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What is done with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// This status in place of an answer.
    Status(u16),
    /// The head and half of the body, then nothing more.
    Truncated,
    /// The answer comes late.
    Slow,
    /// It is done, and the connection ends without an answer.
    Unanswered,
    /// It is not done, and the connection ends.
    Dropped,
    /// It is done whatever its conditions say.
    Unconditional,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Bucket and key, decoded.
    pub(crate) path: String,
    query: BTreeMap<String, String>,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// The step that makes a new state of a ledger.
    pub(crate) fn is_commit(&self) -> bool {
        self.method == "PUT" && self.path.ends_with("/manifest.json")
    }

    /// Whether it asks for a page of a listing.
    pub(crate) fn is_listing(&self) -> bool {
        self.method == "GET" && self.query.contains_key("list-type")
    }

    /// Whether objects are removed by it.
    pub(crate) fn is_removal(&self) -> bool {
        self.method == "DELETE" || self.method == "POST" && self.query.contains_key("delete")
    }
}

/// An object, and how many changes there were before it.
#[derive(Clone, Debug)]
struct Object {
    bytes: Vec<u8>,
    generation: u64,
}

type Plan = Box<dyn FnMut(&Request) -> Fault + Send>;

/// The store.
pub(crate) struct Server {
    pub(crate) port: u16,
    objects: Mutex<BTreeMap<String, Object>>,
    changes: AtomicU64,
    plan: Mutex<Plan>,
}

impl Server {
    pub(crate) fn start() -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Arc::new(Self {
            port: listener.local_addr().unwrap().port(),
            objects: Mutex::default(),
            changes: AtomicU64::new(1),
            plan: Mutex::new(Box::new(|_| Fault::None)),
        });
        let own = Arc::clone(&server);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let own = Arc::clone(&own);
                thread::spawn(move || own.serve(&stream));
            }
        });
        server
    }

    /// What is done with the requests from now on.
    pub(crate) fn plan(&self, plan: impl FnMut(&Request) -> Fault + Send + 'static) {
        *self.plan.lock().unwrap() = Box::new(plan);
    }

    pub(crate) fn put(&self, path: &str, bytes: &[u8]) {
        let mut objects = self.objects.lock().unwrap();
        objects.insert(path.to_owned(), self.object(bytes));
    }

    fn object(&self, bytes: &[u8]) -> Object {
        Object {
            bytes: bytes.to_vec(),
            generation: self.changes.fetch_add(1, Ordering::Relaxed),
        }
    }

    /// Everything below a prefix, without the prefix.
    pub(crate) fn below(&self, prefix: &str) -> BTreeMap<String, Vec<u8>> {
        let objects = self.objects.lock().unwrap();
        let below = objects.range(prefix.to_owned()..);
        let below = below.map_while(|(path, object)| {
            Some((path.strip_prefix(prefix)?.to_owned(), object.bytes.clone()))
        });
        below.collect()
    }

    /// Puts back what was below a prefix.
    pub(crate) fn restore(&self, prefix: &str, content: &BTreeMap<String, Vec<u8>>) {
        let mut objects = self.objects.lock().unwrap();
        objects.retain(|path, _| !path.starts_with(prefix));
        for (name, bytes) in content {
            objects.insert(format!("{prefix}{name}"), self.object(bytes));
        }
    }

    fn serve(&self, stream: &TcpStream) {
        let mut reader = BufReader::new(stream);
        let mut writer = stream;
        while let Some(request) = read(&mut reader) {
            let fault = {
                let mut plan = self.plan.lock().unwrap();
                plan(&request)
            };
            if fault == Fault::Slow {
                thread::sleep(Duration::from_millis(300));
            }
            let (status, headers, body) = match fault {
                Fault::Dropped => return,
                Fault::Status(status) => (
                    status,
                    String::new(),
                    b"<Error><Code>SlowDown</Code></Error>".to_vec(),
                ),
                _ => self.answer(&request, fault),
            };
            if fault == Fault::Unanswered {
                return;
            }
            let size = body.len();
            let length = if headers.contains("Content-Length") {
                String::new()
            } else {
                format!("Content-Length: {size}\r\n")
            };
            let head = format!("HTTP/1.1 {status} x\r\n{headers}{length}\r\n");
            if writer.write_all(head.as_bytes()).is_err() {
                return;
            }
            if fault == Fault::Truncated && size > 1 {
                let _ = writer.write_all(&body[..size / 2]);
                return;
            }
            if writer.write_all(&body).is_err() {
                return;
            }
        }
    }

    fn answer(&self, request: &Request, fault: Fault) -> (u16, String, Vec<u8>) {
        let mut objects = self.objects.lock().unwrap();
        match request.method.as_str() {
            "GET" if request.is_listing() => {
                (200, String::new(), list(&objects, request).into_bytes())
            }
            "PUT" => {
                let fits = fits(objects.get(&request.path), request);
                if !fits && fault != Fault::Unconditional {
                    return (412, String::new(), Vec::new());
                }
                let object = self.object(&request.body);
                let headers = state(&object);
                objects.insert(request.path.clone(), object);
                (200, headers, Vec::new())
            }
            "DELETE" => {
                let status = objects.remove(&request.path).map_or(404, |_| 204);
                (status, String::new(), Vec::new())
            }
            "POST" if request.query.contains_key("delete") => {
                let body = String::from_utf8(request.body.clone()).unwrap();
                let keys = body.split("<Key>").skip(1);
                let mut answer = String::from("<DeleteResult>");
                for (key, _) in keys.filter_map(|rest| rest.split_once("</Key>")) {
                    let bucket = request.path.trim_end_matches('/');
                    objects.remove(&format!("{bucket}/{key}"));
                    write!(answer, "<Deleted><Key>{key}</Key></Deleted>").unwrap();
                }
                answer.push_str("</DeleteResult>");
                (200, String::new(), answer.into_bytes())
            }
            "GET" | "HEAD" => match objects.get(&request.path) {
                Some(object) => got(object, request),
                None => (404, String::new(), Vec::new()),
            },
            _ => (405, String::new(), Vec::new()),
        }
    }
}

/// Whether the conditions of a put hold: those of S3, and that of Google.
fn fits(now: Option<&Object>, request: &Request) -> bool {
    let condition = |name: &str| request.headers.get(name);
    let tag = now.map(|object| tag(&object.bytes));
    let generation = now.map_or(0, |object| object.generation);
    let new = condition("if-none-match").is_none_or(|_| now.is_none());
    let same = condition("if-match").is_none_or(|wanted| Some(wanted) == tag.as_ref());
    let counted = condition("x-goog-if-generation-match");
    new && same && counted.is_none_or(|wanted| *wanted == generation.to_string())
}

/// The headers that say which state of an object it is.
fn state(object: &Object) -> String {
    format!(
        "ETag: {}\r\nx-goog-generation: {}\r\nLast-Modified: Mon, 30 Nov 2026 00:00:00 GMT\r\n",
        tag(&object.bytes),
        object.generation
    )
}

fn got(object: &Object, request: &Request) -> (u16, String, Vec<u8>) {
    let (bytes, headers) = (&object.bytes, state(object));
    let wanted = request.headers.get("if-match");
    if wanted.is_some_and(|wanted| *wanted != tag(bytes)) {
        return (412, String::new(), Vec::new());
    }
    let size = bytes.len();
    if request.method == "HEAD" {
        let headers = format!("{headers}Content-Length: {size}\r\n");
        return (200, headers, Vec::new());
    }
    let Some(range) = request.headers.get("range") else {
        return (200, headers, bytes.clone());
    };
    let (from, to) = range["bytes=".len()..].split_once('-').unwrap();
    let from: usize = from.parse().unwrap();
    let to = to.parse::<usize>().map_or(size, |to| size.min(to + 1));
    if from >= size {
        return (416, String::new(), Vec::new());
    }
    let headers = format!("{headers}Content-Range: bytes {from}-{}/{size}\r\n", to - 1);
    (206, headers, bytes[from..to].to_vec())
}

fn tag(bytes: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    format!("\"{:016x}\"", hasher.finish())
}

/// A thousand keys at a time.
fn list(objects: &BTreeMap<String, Object>, request: &Request) -> String {
    let bucket = format!("{}/", request.path.trim_end_matches('/'));
    let prefix = request.query.get("prefix").cloned().unwrap_or_default();
    // A token is the last key; in a range it stands for what comes after it.
    let after = request.query.get("continuation-token");
    let after = after.or_else(|| request.query.get("start-after"));
    let from = format!("{bucket}{}", after.unwrap_or(&prefix));
    let whole = format!("{bucket}{prefix}");
    let mut keys = objects
        .range(from..)
        .take_while(|(path, _)| path.starts_with(&whole))
        .filter(|(path, _)| after.is_none_or(|after| path[bucket.len()..] > **after))
        .map(|(path, object)| (&path[bucket.len()..], &object.bytes));
    let page: Vec<_> = keys.by_ref().take(1000).collect();
    let mut text = String::from("<ListBucketResult>");
    if keys.next().is_some() {
        let last = page.last().unwrap().0;
        write!(
            text,
            "<NextContinuationToken>{last}</NextContinuationToken>"
        )
        .unwrap();
    }
    for (key, bytes) in page {
        write!(
            text,
            "<Contents><Key>{key}</Key><Size>{}</Size><LastModified>2026-11-30T00:00:00Z</LastModified><ETag>{}</ETag></Contents>",
            bytes.len(),
            tag(bytes).replace('"', "&quot;"),
        )
        .unwrap();
    }
    text + "</ListBucketResult>"
}

fn read(reader: &mut BufReader<&TcpStream>) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let length = headers
        .get("content-length")
        .and_then(|text| text.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (name.to_owned(), decoded(value))
    });
    Some(Request {
        method,
        path: decoded(path.trim_start_matches('/')),
        query: pairs.collect(),
        headers,
        body,
    })
}

fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut plain = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'%' {
            plain.push(u8::from_str_radix(&text[at + 1..at + 3], 16).unwrap());
            at += 3;
        } else {
            plain.push(if bytes[at] == b'+' { b' ' } else { bytes[at] });
            at += 1;
        }
    }
    String::from_utf8(plain).unwrap()
}
