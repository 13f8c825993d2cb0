//! Credentials that a program of the user's own gives (`credential_process` of a profile of AWS).
//!
//! In: a command. Out: credentials, asked for again before they expire.
//!
//! What the program writes to standard output is never shown: it is the secret. What it says on
//! standard error it says to the user.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::process::{Command, Stdio};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use object_store::CredentialProvider;
use object_store::aws::AwsCredential;
use serde::Deserialize;
use tokio::sync::Mutex;

/// Credentials are asked for again so long before they expire.
const BEFORE: TimeDelta = TimeDelta::minutes(5);

/// A program, and what it gave last.
pub(super) struct Process {
    profile: String,
    command: Vec<String>,
    last: Mutex<Given>,
}

/// What a program gives.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    version: u32,
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
    expiration: Option<String>,
}

#[derive(Clone)]
struct Given {
    credential: Arc<AwsCredential>,
    expires: Option<DateTime<Utc>>,
}

impl fmt::Debug for Process {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "the credential_process of `{}`", self.profile)
    }
}

impl Process {
    /// Asks for the first time.
    pub(super) fn start(profile: &str, command: &str) -> io::Result<Self> {
        let command = words(command).ok_or_else(|| {
            let text =
                format!("the credential_process of `{profile}` has a quote that does not end");
            io::Error::other(text)
        })?;
        let given = ask(profile, &command)?;
        Ok(Self {
            profile: profile.to_owned(),
            command,
            last: Mutex::new(given),
        })
    }

    async fn current(&self) -> io::Result<Arc<AwsCredential>> {
        let mut last = self.last.lock().await;
        if is_old(last.expires) {
            let (profile, command) = (self.profile.clone(), self.command.clone());
            let asked = tokio::task::spawn_blocking(move || ask(&profile, &command)).await;
            *last = asked.map_err(io::Error::other)??;
        }
        Ok(Arc::clone(&last.credential))
    }
}

type Waiting<'a, T> = Pin<Box<dyn Future<Output = object_store::Result<T>> + Send + 'a>>;

impl CredentialProvider for Process {
    type Credential = AwsCredential;

    fn get_credential<'own, 'waits>(&'own self) -> Waiting<'waits, Arc<AwsCredential>>
    where
        'own: 'waits,
        Self: 'waits,
    {
        Box::pin(async move {
            let found = self.current().await;
            found.map_err(|error| object_store::Error::Generic {
                store: "S3",
                source: Box::new(error),
            })
        })
    }
}

fn is_old(expires: Option<DateTime<Utc>>) -> bool {
    #[expect(
        clippy::disallowed_methods,
        reason = "credentials expire by the clock; it reaches no result"
    )]
    let now = DateTime::<Utc>::from(std::time::SystemTime::now());
    expires.is_some_and(|expires| expires - BEFORE <= now)
}

fn ask(profile: &str, command: &[String]) -> io::Result<Given> {
    let failed =
        |text: &str| io::Error::other(format!("the credential_process of `{profile}` {text}"));
    let (program, args) = command.split_first().ok_or_else(|| failed("is empty"))?;
    let output = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output();
    let output = output.map_err(|error| failed(&format!("cannot be started: {error}")))?;
    if !output.status.success() {
        return Err(failed(&format!("failed ({})", output.status)));
    }
    // The parser's words may hold a piece of what it read.
    let answer: Answer = serde_json::from_slice(&output.stdout)
        .map_err(|_| failed("gave no JSON object with Version, AccessKeyId and SecretAccessKey"))?;
    if answer.version != 1 {
        return Err(failed("gave credentials of another version than 1"));
    }
    let expires = answer.expiration.map(|text| text.parse::<DateTime<Utc>>());
    let expires = expires.transpose();
    let expires = expires.map_err(|_| failed("gave an Expiration that is no time"))?;
    Ok(Given {
        credential: Arc::new(AwsCredential {
            key_id: answer.access_key_id,
            secret_key: answer.secret_access_key,
            token: answer.session_token,
        }),
        expires,
    })
}

/// The words of a command, as a shell takes quotes and, but on Windows, backslashes; nothing is
/// expanded. `None` when a quote does not end.
fn words(command: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = command.chars();
    while let Some(char) = chars.next() {
        match char {
            ' ' | '\t' => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next()? {
                        '\'' => break,
                        char => word.push(char),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next()? {
                        '"' => break,
                        '\\' if cfg!(unix) => match chars.next()? {
                            char @ ('"' | '\\') => word.push(char),
                            char => word.extend(['\\', char]),
                        },
                        char => word.push(char),
                    }
                }
            }
            '\\' if cfg!(unix) => word.get_or_insert_default().push(chars.next()?),
            char => word.get_or_insert_default().push(char),
        }
    }
    words.extend(word);
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn a_command_is_split_as_a_shell_splits_it_and_nothing_is_expanded() {
        let split = |text: &str| words(text).unwrap();
        assert_eq!(split(" /a/b  c\td "), ["/a/b", "c", "d"]);
        assert_eq!(
            split(r#""/my path/x" 'a "b"' c\ d "e\"f" $HOME"#),
            ["/my path/x", "a \"b\"", "c d", "e\"f", "$HOME"]
        );
        assert_eq!(split("x ''"), ["x", ""]);
        assert_eq!(words("x 'a"), None);
        assert_eq!(words("x \"a"), None);
    }

    #[test]
    #[cfg(unix)]
    fn what_goes_wrong_is_told_without_what_was_written() {
        let told = |script: &str| {
            let command = ["sh", "-c", script].map(str::to_owned);
            ask("p", &command).err().unwrap().to_string()
        };
        for script in [
            "echo hunter2; exit 7",
            "echo hunter2",
            "echo '{\"Version\":1,\"SecretAccessKey\":\"hunter2\"}'",
            "echo '{\"Version\":2,\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"hunter2\"}'",
        ] {
            let told = told(script);
            assert!(
                told.starts_with("the credential_process of `p` ") && !told.contains("hunter2"),
                "{told}"
            );
        }
        let gone = ask("p", &["/no/such/program".to_owned()]).err().unwrap();
        assert!(gone.to_string().contains("cannot be started"), "{gone}");
        assert!(Process::start("p", "").is_err());
    }

    #[test]
    fn credentials_are_old_some_minutes_before_they_expire() {
        let at = |text: &str| Some(text.parse::<DateTime<Utc>>().unwrap());
        assert!(is_old(at("2020-01-01T00:00:00Z")));
        assert!(!is_old(at("2999-01-01T00:00:00Z")));
        assert!(!is_old(None));
    }
}
