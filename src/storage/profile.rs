//! Profiles of AWS: what `~/.aws/config` and `~/.aws/credentials` say, as the provider's own tools
//! read them.
//!
//! In: the environment and the two files. Out: a client's configuration with the region, the
//! endpoint and the credentials of the profile, where the environment does not say them.
//!
//! Invariants: a profile whose credentials cannot be had here is an error with the way out, never
//! a silent step to those of the machine; no error holds a line of a file, which may be a secret.
//!
//! The format: <https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html>.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use object_store::StaticCredentialProvider;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey, AwsCredential};

use super::credential_process::Process;
use super::ini::{File, Settings};

/// What a variable of the environment says.
type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Settings of credentials that only the provider's own tools can use, with what they are.
const ELSEWHERE: [(&str, &str); 6] = [
    ("sso_session", "IAM Identity Center"),
    ("sso_start_url", "IAM Identity Center"),
    ("sso_account_id", "IAM Identity Center"),
    ("login_session", "a login in the browser"),
    ("role_arn", "a role that is assumed"),
    ("credential_source", "a role that is assumed"),
];

/// Takes over what the profile says and the environment does not.
pub(super) fn apply(builder: AmazonS3Builder) -> io::Result<AmazonS3Builder> {
    let env = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    match Profile::chosen(&env)? {
        Some(profile) => profile.apply(builder, &env),
        None => Ok(builder),
    }
}

/// The profile of this run.
struct Profile {
    name: String,
    settings: Settings,
    /// The endpoint of its section for services.
    endpoint: Option<String>,
}

/// Where the credentials of a profile come from.
#[derive(Debug, PartialEq, Eq)]
enum Source {
    Keys {
        id: String,
        secret: String,
        token: Option<String>,
    },
    Process(String),
    /// A role, and the file with the token for it.
    WebIdentity {
        role: String,
        token_file: String,
        session: Option<String>,
    },
}

impl Profile {
    /// The one that `AWS_PROFILE` names, or `default`; `None` where there is none.
    fn chosen(env: Env<'_>) -> io::Result<Option<Self>> {
        let named = env("AWS_PROFILE");
        let name = named.clone().unwrap_or_else(|| "default".to_owned());
        let paths = [
            path(env, "AWS_CONFIG_FILE", "config"),
            path(env, "AWS_SHARED_CREDENTIALS_FILE", "credentials"),
        ];
        let [config, credentials] = &paths;
        let config = read(config.as_deref())?;
        let credentials = read(credentials.as_deref())?;
        let of_config = config.profile(&name, true);
        let of_credentials = credentials.profile(&name, false);
        if of_config.is_none() && of_credentials.is_none() {
            if named.is_none() || has_credentials(env) {
                return Ok(None);
            }
            let places: Vec<String> = paths
                .iter()
                .flatten()
                .map(|path| format!("`{}`", path.display()))
                .collect();
            return Err(wrong(format!(
                "the profile `{name}` that AWS_PROFILE names is not in {}",
                places.join(" and not in ")
            )));
        }
        let mut settings = of_config.unwrap_or_default();
        // What both say, the file for credentials decides.
        settings.extend(of_credentials.unwrap_or_default());
        let services = settings.get("services").map(|name| config.services(name));
        let endpoint = services.and_then(|mut found| found.remove("s3.endpoint_url"));
        Ok(Some(Self {
            name,
            settings,
            endpoint,
        }))
    }

    fn setting(&self, name: &str) -> Option<&str> {
        let value = self.settings.get(name).map(String::as_str);
        value.filter(|value| !value.is_empty())
    }

    fn apply(&self, builder: AmazonS3Builder, env: Env<'_>) -> io::Result<AmazonS3Builder> {
        let mut builder = builder;
        if let Some(region) = self.setting("region")
            && ["AWS_REGION", "AWS_DEFAULT_REGION"]
                .iter()
                .all(|name| env(name).is_none())
        {
            builder = builder.with_region(region);
        }
        if let Some(endpoint) = self.endpoint(env) {
            builder = builder.with_endpoint(endpoint);
        }
        if has_credentials(env) {
            return Ok(builder);
        }
        Ok(match self.source()? {
            None => builder,
            Some(Source::Keys { id, secret, token }) => {
                let credential = AwsCredential {
                    key_id: id,
                    secret_key: secret,
                    token,
                };
                builder.with_credentials(Arc::new(StaticCredentialProvider::new(credential)))
            }
            Some(Source::Process(command)) => {
                builder.with_credentials(Arc::new(Process::start(&self.name, &command)?))
            }
            Some(Source::WebIdentity {
                role,
                token_file,
                session,
            }) => {
                builder = builder
                    .with_config(AmazonS3ConfigKey::RoleArn, role)
                    .with_config(AmazonS3ConfigKey::WebIdentityTokenFile, token_file);
                match session {
                    Some(name) => builder.with_config(AmazonS3ConfigKey::RoleSessionName, name),
                    None => builder,
                }
            }
        })
    }

    /// The endpoint, where the environment names none.
    fn endpoint(&self, env: Env<'_>) -> Option<&str> {
        let ignored = env("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
        let ignored = ignored
            .as_deref()
            .or(self.setting("ignore_configured_endpoint_urls"));
        let stated = ["AWS_ENDPOINT", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"];
        if ignored.is_some_and(|text| text.eq_ignore_ascii_case("true"))
            || stated.iter().any(|name| env(name).is_some())
        {
            return None;
        }
        let of_service = self.endpoint.as_deref().filter(|text| !text.is_empty());
        of_service.or(self.setting("endpoint_url"))
    }

    /// Where its credentials come from; `None` where it has none, and those of the machine count.
    fn source(&self) -> io::Result<Option<Source>> {
        let text = |name: &str| self.setting(name).map(str::to_owned);
        if let (Some(role), Some(token_file)) = (text("role_arn"), text("web_identity_token_file"))
        {
            return Ok(Some(Source::WebIdentity {
                role,
                token_file,
                session: text("role_session_name"),
            }));
        }
        if let Some((setting, what)) = ELSEWHERE
            .iter()
            .find(|(setting, _)| self.setting(setting).is_some())
        {
            let name = &self.name;
            return Err(wrong(format!(
                "the profile `{name}` has its credentials from {what} (`{setting}`), which is not known here: `eval \"$(aws configure export-credentials --profile {name} --format env)\"` puts them into the environment"
            )));
        }
        match (text("aws_access_key_id"), text("aws_secret_access_key")) {
            (Some(id), Some(secret)) => Ok(Some(Source::Keys {
                id,
                secret,
                token: text("aws_session_token"),
            })),
            (None, None) => Ok(text("credential_process").map(Source::Process)),
            (id, _) => {
                let [has, lacks] = ["aws_access_key_id", "aws_secret_access_key"];
                let (has, lacks) = if id.is_some() {
                    (has, lacks)
                } else {
                    (lacks, has)
                };
                let name = &self.name;
                Err(wrong(format!(
                    "the profile `{name}` has `{has}` and no `{lacks}`"
                )))
            }
        }
    }
}

/// Whether the environment says what requests are signed with, or that they are not.
fn has_credentials(env: Env<'_>) -> bool {
    let web_identity = ["AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN"];
    let unsigned = env("AWS_SKIP_SIGNATURE");
    ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
        .iter()
        .any(|name| env(name).is_some())
        || unsigned.is_some_and(|text| text == "1" || text.eq_ignore_ascii_case("true"))
        // A profile that is named goes before what a cluster sets for all its programs.
        || env("AWS_PROFILE").is_none() && web_identity.iter().all(|name| env(name).is_some())
}

/// A file that a variable names, or that lies in `~/.aws`.
fn path(env: Env<'_>, variable: &str, name: &str) -> Option<PathBuf> {
    let home = env("HOME").or_else(|| env("USERPROFILE"));
    match env(variable) {
        Some(named) => Some(match (named.strip_prefix("~/"), home) {
            (Some(rest), Some(home)) => Path::new(&home).join(rest),
            _ => PathBuf::from(named),
        }),
        None => Some(Path::new(&home?).join(".aws").join(name)),
    }
}

/// What is in a file; of one that is not there, nothing.
fn read(path: Option<&Path>) -> io::Result<File> {
    let Some(path) = path else {
        return Ok(File::default());
    };
    let named =
        |error: io::Error| io::Error::new(error.kind(), format!("`{}`: {error}", path.display()));
    match std::fs::read_to_string(path) {
        Ok(text) => File::parse(&text)
            .map_err(|(line, error)| wrong(format!("`{}`:{line}: {error}", path.display()))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(File::default()),
        Err(error) => Err(named(error)),
    }
}

fn wrong(text: String) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, text)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// The profile of two files, with more of the environment.
    fn chosen(
        config: &str,
        credentials: &str,
        more: &[(&str, &str)],
    ) -> io::Result<(Option<Profile>, bool)> {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join(".aws")).unwrap();
        std::fs::write(home.path().join(".aws/config"), config).unwrap();
        std::fs::write(home.path().join(".aws/credentials"), credentials).unwrap();
        let mut all: BTreeMap<String, String> = more
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        all.insert("HOME".to_owned(), home.path().display().to_string());
        let env = |name: &str| all.get(name).cloned();
        Ok((Profile::chosen(&env)?, has_credentials(&env)))
    }

    fn source(config: &str, credentials: &str, named: &str) -> Result<Option<Source>, String> {
        let found = chosen(config, credentials, &[("AWS_PROFILE", named)]);
        let (profile, _) = found.map_err(|error| error.to_string())?;
        profile.unwrap().source().map_err(|error| error.to_string())
    }

    fn keys(id: &str, secret: &str, token: Option<&str>) -> Source {
        Source::Keys {
            id: id.to_owned(),
            secret: secret.to_owned(),
            token: token.map(str::to_owned),
        }
    }

    #[test]
    fn keys_come_from_the_profile_and_the_file_for_credentials_decides() {
        let config = "[default]\nregion = eu-west-1\n[profile work]\naws_access_key_id = A\naws_secret_access_key = B\n[work2]\nregion = x\n";
        let credentials =
            "[work]\naws_access_key_id=C\naws_secret_access_key=D+/=\naws_session_token=E\n";
        assert_eq!(
            source(config, credentials, "work"),
            Ok(Some(keys("C", "D+/=", Some("E"))))
        );
        assert_eq!(source(config, "", "work"), Ok(Some(keys("A", "B", None))));
        // A profile with a region alone leaves the credentials to the machine.
        assert_eq!(source(config, credentials, "default"), Ok(None));
        // In this file a profile is called one.
        let told = source(config, credentials, "work2").unwrap_err();
        assert!(
            told.contains("the profile `work2` that AWS_PROFILE names is not in `"),
            "{told}"
        );
        let half = source("", "[w]\naws_secret_access_key = hunter2\n", "w").unwrap_err();
        assert_eq!(
            half,
            "the profile `w` has `aws_secret_access_key` and no `aws_access_key_id`"
        );
    }

    #[test]
    fn what_only_other_tools_can_use_is_an_error_with_the_way_out() {
        for (setting, what) in [
            (
                "sso_session = corp\nsso_account_id = 1",
                "IAM Identity Center",
            ),
            (
                "sso_start_url = https://x\nsso_account_id = 1",
                "IAM Identity Center",
            ),
            (
                "role_arn = arn:aws:iam::1:role/r\nsource_profile = default",
                "a role that is assumed",
            ),
            (
                "login_session = arn:aws:iam::1:user/u",
                "a login in the browser",
            ),
        ] {
            // Also where keys are beside it: the provider's tools do not take those.
            let keys = "aws_access_key_id = A\naws_secret_access_key = hunter2";
            let told = source(&format!("[profile p]\n{setting}\n{keys}\n"), "", "p").unwrap_err();
            assert!(told.contains(what) && !told.contains("hunter2"), "{told}");
            assert!(
                told.contains("aws configure export-credentials --profile p --format env"),
                "{told}"
            );
        }
        let web = "[profile p]\nrole_arn = r\nweb_identity_token_file = /t\n";
        let expected = Source::WebIdentity {
            role: "r".to_owned(),
            token_file: "/t".to_owned(),
            session: None,
        };
        assert_eq!(source(web, "", "p"), Ok(Some(expected)));
    }

    #[test]
    fn the_environment_goes_before_a_profile() {
        let of = |more: &[(&str, &str)]| chosen("", "", more).map(|found| found.1);
        assert!(of(&[("AWS_ACCESS_KEY_ID", "A"), ("AWS_PROFILE", "gone")]).unwrap());
        assert!(of(&[("AWS_SKIP_SIGNATURE", "true")]).unwrap());
        let web = [("AWS_WEB_IDENTITY_TOKEN_FILE", "/t"), ("AWS_ROLE_ARN", "r")];
        assert!(of(&web).unwrap());
        assert!(!of(&[]).unwrap());
        assert!(of(&[("AWS_PROFILE", "gone")]).is_err());
        let config = "[default]\nendpoint_url = http://all\nservices = s\n[services s]\ns3 =\n  endpoint_url = http://s3\ndynamodb =\n  endpoint_url = http://d\n";
        let endpoint = |more: &[(&str, &str)]| {
            let (profile, _) = chosen(config, "", more).unwrap();
            let env = |name: &str| {
                let found = more.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            profile.unwrap().endpoint(&env).map(str::to_owned)
        };
        assert_eq!(endpoint(&[]).as_deref(), Some("http://s3"));
        assert_eq!(endpoint(&[("AWS_ENDPOINT_URL", "http://x")]), None);
        assert_eq!(
            endpoint(&[("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")]),
            None
        );
    }
}
