//! The scripts run: an archive holds what the README needs, a changed archive is refused, descriptions have the
//! right checksums, and a pipeline ends as `check` does.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use sha2::{Digest as _, Sha256};

use crate::{BINARY, ROOT, read};

const LINUX: &str = "x86_64-unknown-linux-musl";

#[test]
fn an_archive_has_what_the_readme_needs_and_equal_files_give_equal_bytes() {
    let Some(folder) = folder() else { return };
    let [one, two] = ["one", "two"].map(|out| {
        archive(folder.path(), out);
        fs::read(
            folder
                .path()
                .join(out)
                .join(format!("scopetrim-9.9.9-{LINUX}.tar.gz")),
        )
        .unwrap()
    });
    if gnu_tar() {
        assert!(one == two, "two archives of the same files differ");
    }
    let unpacked = folder.path().join("unpacked");
    fs::create_dir(&unpacked).unwrap();
    let packed = format!("one/scopetrim-9.9.9-{LINUX}.tar.gz");
    assert!(
        sh(
            folder.path(),
            &format!("tar -xzf {packed} -C unpacked --strip-components=1")
        )
        .status
        .success()
    );
    for name in [
        "README.md",
        "LICENSE-MIT",
        "LICENSE-APACHE",
        "docs/README.md",
        "samples/nginx/clients.yaml",
        "man/scopetrim.1",
        "completions/scopetrim.zsh",
    ] {
        assert!(unpacked.join(name).exists(), "{name}");
    }
    // The first command of somebody who downloaded it.
    let ran = sh(&unpacked, "./scopetrim analyze samples/gateway --quiet");
    assert!(ran.status.success(), "{ran:?}");
}

#[test]
fn a_downloaded_program_must_have_its_checksum() {
    let Some(folder) = folder() else { return };
    archive(folder.path(), "dist");
    let get = format!("{ROOT}/packaging/get.sh dist 9.9.9 got");
    let name = format!("scopetrim-9.9.9-{LINUX}.tar.gz");
    let packed = fs::read(folder.path().join("dist").join(&name)).unwrap();
    fs::write(
        folder.path().join("dist/SHA256SUMS"),
        format!("{}  {name}\n", hash(&packed)),
    )
    .unwrap();
    let ran = sh(folder.path(), &get);
    assert!(ran.status.success(), "{ran:?}");
    assert!(
        sh(folder.path(), "got/scopetrim --version")
            .status
            .success()
    );

    fs::write(
        folder.path().join("dist/SHA256SUMS"),
        format!("{}  {name}\n", hash(b"another")),
    )
    .unwrap();
    let ran = sh(folder.path(), &format!("rm -r got && {get}"));
    assert!(!ran.status.success(), "{ran:?}");
    assert!(!folder.path().join("got/scopetrim").exists());
    // A list without the archive is no permission.
    fs::write(folder.path().join("dist/SHA256SUMS"), "").unwrap();
    assert!(!sh(folder.path(), &get).status.success());
}

#[test]
fn the_descriptions_of_a_release_have_its_version_addresses_and_checksums() {
    let Some(folder) = folder() else { return };
    let targets = [
        (LINUX, "tar.gz"),
        ("aarch64-apple-darwin", "tar.gz"),
        ("x86_64-apple-darwin", "tar.gz"),
        ("x86_64-pc-windows-msvc", "zip"),
    ];
    let sums: String = targets
        .iter()
        .map(|(target, end)| {
            format!(
                "{}  scopetrim-1.2.3-{target}.{end}\n",
                hash(target.as_bytes())
            )
        })
        .collect();
    fs::write(folder.path().join("SHA256SUMS"), &sums).unwrap();
    let make = format!(
        "{ROOT}/packaging/make.sh 1.2.3 SHA256SUMS https://git.example.com/team/scopetrim https://git.example.com/files out"
    );
    let ran = sh(folder.path(), &make);
    assert!(ran.status.success(), "{ran:?}");
    let formula = fs::read_to_string(folder.path().join("out/scopetrim.rb")).unwrap();
    let control = fs::read_to_string(folder.path().join("out/debian/control")).unwrap();
    for (target, end) in &targets[..3] {
        // Each address has the checksum of its own archive on the line below.
        let url = format!("url \"https://git.example.com/files/scopetrim-1.2.3-{target}.{end}\"\n");
        let (_, rest) = formula.split_once(&url).unwrap_or_else(|| panic!("{url}"));
        assert_eq!(
            rest.lines().next().unwrap().trim(),
            format!("sha256 \"{}\"", hash(target.as_bytes()))
        );
    }
    assert!(formula.contains("homepage \"https://git.example.com/team/scopetrim\""));
    assert!(control.contains("\nVersion: 1.2.3\n") && control.starts_with("Package: scopetrim\n"));
    for text in [&formula, &control] {
        assert!(
            !text.contains('@')
                || text
                    .lines()
                    .filter(|line| line.contains('@'))
                    .all(|line| line.starts_with("Maintainer: ")),
            "{text}"
        );
    }
    // What is not there is not made up.
    fs::write(
        folder.path().join("SHA256SUMS"),
        sums.replace("aarch64", "riscv64"),
    )
    .unwrap();
    let ran = sh(folder.path(), &make.replace(" out", " none"));
    assert_eq!(ran.status.code(), Some(2), "{ran:?}");
    assert!(
        String::from_utf8_lossy(&ran.stderr)
            .contains("has no checksum of scopetrim-1.2.3-aarch64-apple-darwin.tar.gz")
    );
    assert!(!folder.path().join("none").exists());
    let ran = sh(folder.path(), &make.replace("1.2.3", "'1|2'"));
    assert_eq!(ran.status.code(), Some(2), "{ran:?}");
}

#[test]
fn a_debian_package_holds_the_program_and_its_pages() {
    let Some(folder) = folder() else { return };
    if !sh(folder.path(), "command -v dpkg-deb").status.success() {
        println!("skipped: there is no dpkg-deb");
        return;
    }
    archive(folder.path(), "dist");
    let control = read("packaging/debian-control.in")
        .replace("@VERSION@", "9.9.9")
        .replace("@HOMEPAGE@", "https://git.example.com");
    fs::write(folder.path().join("control"), control).unwrap();
    let ran = sh(
        folder.path(),
        &format!("{ROOT}/packaging/deb.sh . dist/scopetrim-9.9.9-{LINUX}.tar.gz out"),
    );
    assert!(ran.status.success(), "{ran:?}");
    let listed = sh(
        folder.path(),
        "dpkg-deb --contents out/scopetrim_9.9.9_amd64.deb",
    );
    let listed = String::from_utf8(listed.stdout).unwrap();
    for file in [
        "./usr/bin/scopetrim",
        "./usr/share/man/man1/scopetrim.1.gz",
        "./usr/share/bash-completion/completions/scopetrim",
        "./usr/share/doc/scopetrim/copyright",
    ] {
        assert!(
            listed.lines().any(|line| line.ends_with(file)),
            "{file}: {listed}"
        );
    }
}

#[test]
fn a_pipeline_ends_as_the_check_does_and_writes_the_report() {
    let Some(folder) = folder() else { return };
    let pipeline = |settings: &str, form: &str| {
        let line = format!(
            "SCOPETRIM={BINARY} {settings} {ROOT}/packaging/pipeline.sh {ROOT}/samples/shop {form} checked report.md"
        );
        sh(folder.path(), &line).status.code()
    };
    assert_eq!(pipeline("SCOPETRIM_MONTH=2026-10", "junit"), Some(1));
    let checked = fs::read_to_string(folder.path().join("checked")).unwrap();
    let report = fs::read_to_string(folder.path().join("report.md")).unwrap();
    roxmltree::Document::parse(&checked).unwrap();
    assert!(report.starts_with("# "), "{report}");
    fs::remove_file(folder.path().join("report.md")).unwrap();

    assert_eq!(
        pipeline("SCOPETRIM_MONTH=none SCOPETRIM_FAIL_ON=safe", "text"),
        Some(0)
    );
    assert!(!folder.path().join("report.md").exists());
    // A month without data makes no report, and no failure of its own.
    assert_eq!(
        pipeline(
            "SCOPETRIM_MONTH=2031-01 SCOPETRIM_FAIL_ON='safe critical'",
            "github"
        ),
        Some(0)
    );
    assert!(!folder.path().join("report.md").exists());
    assert_eq!(
        pipeline(
            "SCOPETRIM_MONTH=none SCOPETRIM_BASELINE=missing.json",
            "text"
        ),
        Some(2)
    );
}

/// A folder to work in, where there is a shell.
fn folder() -> Option<tempfile::TempDir> {
    if Command::new("sh").args(["-c", "exit 0"]).status().is_err() {
        println!("skipped: there is no `sh`");
        return None;
    }
    Some(tempfile::tempdir().unwrap())
}

fn sh(folder: &Path, line: &str) -> Output {
    Command::new("sh")
        .args(["-c", line])
        .current_dir(folder)
        .output()
        .unwrap()
}

/// Packs the program; a script that calls it stands in for it, because a build with symbols takes minutes to pack.
fn archive(folder: &Path, out: &str) {
    let script = format!("#!/bin/sh\nexec {BINARY} \"$@\"\n");
    fs::create_dir_all(folder.join("built")).unwrap();
    fs::write(folder.join("built/scopetrim"), script).unwrap();
    let line = format!(
        "chmod 755 built/scopetrim && {ROOT}/packaging/archive.sh 9.9.9 {LINUX} built {out}"
    );
    let ran = sh(folder, &line);
    assert!(ran.status.success(), "{ran:?}");
}

fn gnu_tar() -> bool {
    let said = Command::new("tar").arg("--version").output();
    said.is_ok_and(|said| String::from_utf8_lossy(&said.stdout).contains("GNU"))
}

fn hash(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    Sha256::digest(bytes)
        .iter()
        .fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}
