//! Profiles of AWS: what the files in `~/.aws` say is what requests are signed with.

use std::fs;
use std::process::Output;
use std::sync::{Arc, Mutex};

use crate::server::Fault;
use crate::{SECRET, World, log, text};

/// Key, region and session token that a request came with.
type Signed = (String, String, Option<String>);

/// A world whose environment has no credentials.
struct Home {
    world: World,
    /// What each request was signed with.
    signed: Arc<Mutex<Vec<Signed>>>,
    /// Paths of requests for credentials of the machine.
    asked: Arc<Mutex<Vec<String>>>,
}

impl Home {
    fn new() -> Self {
        let world = World::new();
        world.add("logs/a.log", &log("billing", 1..4, 3));
        fs::create_dir(world.path(".aws")).unwrap();
        let signed: Arc<Mutex<Vec<_>>> = Arc::default();
        let asked: Arc<Mutex<Vec<_>>> = Arc::default();
        let (of_request, machine) = (Arc::clone(&signed), Arc::clone(&asked));
        world.server.plan(move |request| {
            let header = |name: &str| request.headers.get(name).cloned();
            let Some(authorization) = header("authorization") else {
                machine.lock().unwrap().push(request.path.clone());
                return Fault::Status(404);
            };
            let credential = authorization.split_once("Credential=").unwrap().1;
            let parts: Vec<&str> = credential.split('/').collect();
            of_request.lock().unwrap().push((
                parts[0].to_owned(),
                parts[2].to_owned(),
                header("x-amz-security-token"),
            ));
            Fault::None
        });
        Self {
            world,
            signed,
            asked,
        }
    }

    fn write(&self, name: &str, content: &str) {
        let content = content.replace("SECRET", SECRET);
        fs::write(self.world.path(name), content).unwrap();
    }

    /// Reads the bucket with this environment. Out: what all requests were signed with.
    fn read(&self, env: &[(&str, &str)]) -> (Output, Vec<Signed>) {
        self.signed.lock().unwrap().clear();
        self.asked.lock().unwrap().clear();
        let mut command = self
            .world
            .command("ingest s3://b/logs --catalog openapi.yaml --partial p");
        for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"] {
            command.env_remove(name);
        }
        let machine = format!("http://127.0.0.1:{}/machine", self.world.server.port);
        command.env("AWS_METADATA_ENDPOINT", machine);
        for (name, value) in env {
            if value.is_empty() {
                command.env_remove(name);
            } else {
                command.env(name, value);
            }
        }
        let output = command.output().unwrap();
        let _ = fs::remove_dir_all(self.world.path("p"));
        assert!(!format!("{output:?}").contains(SECRET), "{output:?}");
        let mut signed = self.signed.lock().unwrap().clone();
        signed.dedup();
        (output, signed)
    }

    /// The one thing that all requests were signed with.
    fn signed(&self, env: &[(&str, &str)]) -> Signed {
        let (output, signed) = self.read(env);
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert_eq!(signed.len(), 1, "{signed:?}");
        signed[0].clone()
    }

    /// Nothing is asked for, not even of the machine.
    fn refused(&self, env: &[(&str, &str)]) -> String {
        let (output, signed) = self.read(env);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(signed.is_empty(), "{signed:?}");
        let asked = self.asked.lock().unwrap();
        assert!(asked.is_empty(), "{asked:?}");
        text(&output.stderr)
    }
}

fn with(id: &str, region: &str, token: Option<&str>) -> Signed {
    (id.to_owned(), region.to_owned(), token.map(str::to_owned))
}

#[test]
fn requests_are_signed_with_the_keys_of_the_profile() {
    let home = Home::new();
    home.write(
        ".aws/config",
        "[default]\nregion = eu-west-1\n\n[profile work]\nregion = eu-north-1\n",
    );
    home.write(
        ".aws/credentials",
        "[default]\naws_access_key_id = AKDEFAULT\naws_secret_access_key = SECRET\n\n\
         [work]\naws_access_key_id = AKWORK\naws_secret_access_key = SECRET\naws_session_token = TOKEN\n",
    );
    assert_eq!(home.signed(&[]), with("AKDEFAULT", "eu-west-1", None));
    let work = with("AKWORK", "eu-north-1", Some("TOKEN"));
    assert_eq!(home.signed(&[("AWS_PROFILE", "work")]), work);
    let region = [("AWS_PROFILE", "work"), ("AWS_REGION", "us-west-2")];
    assert_eq!(
        home.signed(&region),
        with("AKWORK", "us-west-2", Some("TOKEN"))
    );
    // The environment goes first.
    let env = [
        ("AWS_PROFILE", "work"),
        ("AWS_ACCESS_KEY_ID", "AKENV"),
        ("AWS_SECRET_ACCESS_KEY", SECRET),
    ];
    assert_eq!(home.signed(&env), with("AKENV", "eu-north-1", None));
    // Files at other places.
    home.write(
        "other",
        "[default]\naws_access_key_id=AKOTHER\naws_secret_access_key=SECRET\n",
    );
    home.write("config", "[default]\nregion=ap-east-1\n");
    let other = [
        ("AWS_SHARED_CREDENTIALS_FILE", "~/other"),
        ("AWS_CONFIG_FILE", "config"),
    ];
    assert_eq!(home.signed(&other), with("AKOTHER", "ap-east-1", None));
}

#[test]
fn the_endpoint_of_the_profile_is_asked() {
    let home = Home::new();
    let port = home.world.server.port;
    home.write(
        ".aws/config",
        &format!(
            "[profile near]\naws_access_key_id = AKNEAR\naws_secret_access_key = SECRET\nregion = x\n\
             endpoint_url = http://127.0.0.1:1\nservices = here\n\
             [services here]\ns3 =\n  endpoint_url = http://127.0.0.1:{port}\n"
        ),
    );
    let env = [("AWS_PROFILE", "near"), ("AWS_ENDPOINT", "")];
    let (output, signed) = home.read(&env);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(signed, [with("AKNEAR", "x", None)]);
}

#[test]
#[cfg(unix)]
fn a_program_gives_credentials_and_its_failure_shows_none() {
    let home = Home::new();
    home.write(
        "give me.sh",
        "echo asked >> asked\necho '{\"Version\":1,\"AccessKeyId\":\"AKPROC\",\"SecretAccessKey\":\"SECRET\",\"SessionToken\":\"T\",\"Expiration\":\"'$1'\"}'\nexit $2\n",
    );
    let process = |expires: &str, code: u8| {
        home.write(
            ".aws/config",
            &format!(
                "[default]\nregion = r\ncredential_process = sh \"give me.sh\" {expires} {code}\n"
            ),
        );
    };
    let asked = || {
        let asked = fs::read_to_string(home.world.path("asked")).unwrap();
        fs::remove_file(home.world.path("asked")).unwrap();
        asked.lines().count()
    };
    process("2999-01-01T00:00:00Z", 0);
    assert_eq!(home.signed(&[]), with("AKPROC", "r", Some("T")));
    assert_eq!(asked(), 1, "they are kept");
    process("2001-01-01T00:00:00Z", 0);
    assert_eq!(home.signed(&[]), with("AKPROC", "r", Some("T")));
    assert!(asked() > 1, "they are asked for again before they expire");
    process("2999-01-01T00:00:00Z", 3);
    let told = home.refused(&[]);
    assert!(
        told.contains("the credential_process of `default` failed (exit status: 3)"),
        "{told}"
    );
}

#[test]
fn what_cannot_be_used_is_said_and_the_machine_is_not_asked() {
    let home = Home::new();
    home.write(
        ".aws/config",
        "[profile sso]\nsso_session = corp\nsso_account_id = 1\nsso_role_name = r\n\
         [sso-session corp]\nsso_start_url = https://x\n\
         [profile role]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = base\n",
    );
    for (profile, what) in [
        ("sso", "IAM Identity Center"),
        ("role", "a role that is assumed"),
    ] {
        let told = home.refused(&[("AWS_PROFILE", profile)]);
        let way = format!("aws configure export-credentials --profile {profile} --format env");
        assert!(told.contains(what) && told.contains(&way), "{told}");
    }
    let told = home.refused(&[("AWS_PROFILE", "none")]);
    assert!(
        told.contains("the profile `none` that AWS_PROFILE names is not in"),
        "{told}"
    );
    home.write(".aws/credentials", "[default]\nSECRET\n");
    let told = home.refused(&[]);
    assert!(
        told.contains("credentials`:2: a setting has no `=`"),
        "{told}"
    );
}

#[test]
fn without_a_profile_the_machine_is_asked_as_before() {
    let home = Home::new();
    home.write(".aws/config", "[default]\nregion = eu-west-1\n");
    let (output, signed) = home.read(&[]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(signed.is_empty());
    assert!(!home.asked.lock().unwrap().is_empty());
}
