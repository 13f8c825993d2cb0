//! The requests of an enforced policy: written for a tool, or asked of a running gateway.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::Args;
use crate::cli::diagnostics::{self, say_incomplete, say_possible};
use crate::cli::settings::settings;
use crate::cli::{ExitStatus, analyze};
use crate::enforce::gateway::{CheckOptions, Identity};
use crate::enforce::policy::Purpose;
use crate::enforce::policy::requests::{self, Request};
use crate::enforce::{Checks, Tool};
use crate::input;
use crate::report::answers::Asked;
use crate::report::{escape, json_text};
use crate::run::ask::{self, Address};
use crate::run::enforced::enforced;
use crate::run::{Advised, analyse, atomic_file, prove};

/// Most that is read of requests and tokens.
const MAX_BYTES: u64 = 64 << 20;

/// Flags about a gateway that enforces the policy.
#[derive(Debug, clap::Args)]
pub(super) struct GatewayArgs {
    /// Requests of what `enforce --for` writes, in place of those about removals
    #[arg(long = "for", value_name = "granted|needed", value_parser = ["granted", "needed"], conflicts_with_all = ["requests", "limit"])]
    purpose: Option<String>,
    /// Take them from the scopetrim-requests.ndjson that `enforce` wrote
    #[arg(long, value_name = "FILE", conflicts_with_all = ["limit", "dir", "flag", "logs", "ledger", "catalog", "grants"])]
    requests: Option<PathBuf>,
    /// Ask the gateway at this address, and compare its answers with the policy
    #[arg(long, value_name = "URL", conflicts_with_all = ["limit", "out", "tool"])]
    ask: Option<String>,
    /// Header in which the gateway is told the client's name; default: a bearer token for each client
    #[arg(long, value_name = "NAME", conflicts_with = "tokens")]
    client_header: Option<String>,
    /// File of tokens as for Hurl (`token_billing=...`); default: variables of the environment (`TOKEN_BILLING`)
    #[arg(long, value_name = "FILE", requires = "ask")]
    tokens: Option<PathBuf>,
    /// Exactly these statuses count as refusals; default: 403, for callers without a right name also 401,
    /// and what servers answer to paths and methods that they do not read
    #[arg(long, value_name = "STATUS", value_delimiter = ',', value_parser = clap::value_parser!(u16).range(400..=499), conflicts_with = "accept_404")]
    refused: Vec<u16>,
}

impl GatewayArgs {
    /// Whether it is about a gateway, and not about removals.
    pub(super) fn is_asked_for(&self) -> anyhow::Result<bool> {
        let asked = self.purpose.is_some() || self.requests.is_some() || self.ask.is_some();
        if !asked && (self.client_header.is_some() || !self.refused.is_empty()) {
            return Err(Advised::new(
                "--client-header and --refused are about a gateway that `enforce` has configured",
                "add --for granted, --requests FILE or --ask URL",
            ));
        }
        Ok(asked)
    }
}

pub(super) fn run(args: &Args, tool: &dyn Tool, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let gateway = &args.gateway;
    let options = CheckOptions {
        identity: match &gateway.client_header {
            Some(name) => Identity::Header(header(name)?),
            None => Identity::Token,
        },
        unsafe_methods: args.include_unsafe,
        accept_404: args.accept_404,
        refused: gateway.refused.iter().copied().collect(),
    };
    // What is wrong with these is said before the long work.
    let address = gateway.ask.as_deref().map(Address::parse).transpose()?;
    let tokens = gateway.tokens.as_deref().map(read_tokens).transpose()?;
    let (all, status) = match &gateway.requests {
        Some(file) => (read_requests(file)?, ExitStatus::Done),
        None => of_policy(args)?,
    };
    let mut checks = Checks::new(chosen(args, all)?, options);
    if let Some(address) = address {
        let tokens = tokens.unwrap_or_default();
        let token = |name: &str| token(name, &tokens);
        if checks.options.identity == Identity::Token
            && !checks.tokens.values().any(|name| token(name).is_some())
        {
            return Err(nobody_calls(&checks));
        }
        let answers = ask::ask(&address, &mut checks, &token)?;
        let asked = Asked {
            gateway: address.to_string(),
            checks: &checks,
            answers: &answers,
        };
        if args.json {
            out.write_all(asked.json()?.as_bytes())?;
        } else {
            asked.table(out, analyze::width())?;
        }
        return Ok(if asked.is_wrong() {
            ExitStatus::Found
        } else if asked.is_incomplete() && status == ExitStatus::Done {
            ExitStatus::Incomplete
        } else {
            status
        });
    }
    let quiet = args.inputs.quiet;
    if args.json {
        let gaps = checks.gaps();
        writeln!(out, "{}", json_text::pretty(&checks.requests)?)?;
        for gap in &gaps {
            diagnostics::note(quiet, gap);
        }
        return Ok(status);
    }
    let checks = checks.for_tools();
    let text = tool.render_checks(&checks);
    if let Some(folder) = &args.out {
        super::folder(folder)?;
        let path = folder.join(format!("gateway.{}", tool.extension()));
        atomic_file::write_text(&path, &text)?;
        writeln!(out, "{}", escape::terminal(&path.display().to_string()))?;
    } else {
        out.write_all(text.as_bytes())?;
    }
    for gap in checks.gaps() {
        diagnostics::note(quiet, &gap);
    }
    Ok(status)
}

/// The requests of the policy after the removals.
fn of_policy(args: &Args) -> anyhow::Result<(Vec<Request>, ExitStatus)> {
    let run = analyse(settings(&args.inputs, &args.policy)?)?;
    super::check_clients(args, &run)?;
    let proved = prove(&run)?;
    let purpose = match args.gateway.purpose.as_deref() {
        Some("needed") => Purpose::Needed,
        _ => Purpose::Granted,
    };
    let model = enforced(&run, &proved, purpose)?;
    for (client, why) in &proved.refused {
        diagnostics::note(
            false,
            &format!("no edit for `{client}`, so its grants are as they were: {why}"),
        );
    }
    say_possible(&run);
    say_incomplete(&run);
    Ok((requests::sampled(&model), analyze::status(&run, &proved)))
}

/// The requests of the clients that are named.
fn chosen(args: &Args, mut all: Vec<Request>) -> anyhow::Result<Vec<Request>> {
    if args.client.is_empty() {
        return Ok(all);
    }
    let known: BTreeSet<String> = all
        .iter()
        .filter_map(|request| request.client.clone())
        .collect();
    if let Some(name) = args.client.iter().find(|name| !known.contains(*name)) {
        return Err(Advised::new(
            format!("no request is by the client `{name}`"),
            "name a client of the policy, or leave --client out",
        ));
    }
    all.retain(|request| {
        let name = request.client.as_ref();
        name.is_some_and(|name| args.client.contains(name))
    });
    Ok(all)
}

fn nobody_calls(checks: &Checks) -> anyhow::Error {
    let first = checks.tokens.values().next();
    let first = first.map_or("token_client", |name| name);
    Advised::new(
        "nothing says who calls",
        format!(
            "name the header in which the gateway is told the client with --client-header, or give tokens with --tokens FILE ({first}=...) or in the environment ({})",
            first.to_uppercase()
        ),
    )
}

/// A token of the file, else of the environment.
fn token(name: &str, tokens: &BTreeMap<String, String>) -> Option<String> {
    let of_environment = || {
        std::env::var(name.to_uppercase())
            .ok()
            .filter(|token| is_sendable(token))
    };
    tokens.get(name).cloned().or_else(of_environment)
}

/// Whether a header can carry it as it is.
fn is_sendable(token: &str) -> bool {
    !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A header's name is a token (RFC 9110 section 5.1).
fn header(name: &str) -> anyhow::Result<String> {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if !name.is_empty() && name.bytes().all(letter) {
        return Ok(name.to_owned());
    }
    Err(Advised::new(
        format!("`{name}` is not the name of a header"),
        "write for example --client-header X-Client",
    ))
}

fn read(path: &Path, what: &str) -> anyhow::Result<String> {
    let bytes = input::read_whole(path, MAX_BYTES);
    let text = bytes
        .map_err(|error| error.to_string())
        .and_then(|bytes| String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned()));
    text.map_err(|error| {
        Advised::new(
            format!("cannot read `{}`: {error}", path.display()),
            what.to_owned(),
        )
    })
}

/// Lines `name=token`. What is wrong with one is said without it.
fn read_tokens(path: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let text = read(
        path,
        "name a file of tokens, one `token_CLIENT=TOKEN` to a line",
    )?;
    let mut tokens = BTreeMap::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let wrong = |why: &str| {
            Advised::new(
                format!("{}:{}: {why}", path.display(), at + 1),
                "write one `token_CLIENT=TOKEN` to a line, as in a file of variables for Hurl",
            )
        };
        let (name, token) = line
            .split_once('=')
            .ok_or_else(|| wrong("no name and token"))?;
        if !is_sendable(token.trim()) {
            return Err(wrong(
                "the token has a character that no header carries, or is empty",
            ));
        }
        let known = tokens.insert(name.trim().to_owned(), token.trim().to_owned());
        if known.is_some() {
            return Err(wrong("the second token of this name"));
        }
    }
    Ok(tokens)
}

/// The requests that `enforce` wrote.
fn read_requests(path: &Path) -> anyhow::Result<Vec<Request>> {
    let text = read(
        path,
        "name the scopetrim-requests.ndjson that `enforce` wrote",
    )?;
    let request = |(at, line): (usize, &str)| -> anyhow::Result<Request> {
        let read: Result<Request, _> = serde_json::from_str(line);
        // Nothing of it may end a line of the request that is made of it.
        let fits = |request: &Request| {
            request.target.starts_with('/')
                && request.target.bytes().all(|byte| byte.is_ascii_graphic())
                && !request.method.is_empty()
                && request
                    .method
                    .bytes()
                    .all(|byte| byte.is_ascii_alphabetic())
        };
        read.ok().filter(fits).ok_or_else(|| {
            Advised::new(
                format!(
                    "{}:{}: this is no request of `enforce`",
                    path.display(),
                    at + 1
                ),
                "name the scopetrim-requests.ndjson that this version of `enforce` wrote",
            )
        })
    };
    let lines = text.lines().enumerate();
    lines
        .filter(|(_, line)| !line.trim().is_empty())
        .map(request)
        .collect()
}
