//! The matrices of the literature on role mining, which lie next to the repository.
#![expect(
    clippy::unwrap_used,
    reason = "a test may panic, and clippy exempts only test functions"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use scopetrim::analysis::role_mining::{Needs, Proposal};
use scopetrim::model::{ClientName, Term};

/// The nine matrices of Ene et al., SACMAT 2008, each with the fewest roles that are known and the
/// complexity that other methods reach.
pub(crate) const MATRICES: [(&str, usize, usize); 9] = [
    ("hc", 14, 264),
    ("domino", 20, 745),
    ("emea", 34, 7_280),
    ("apj", 453, 4_834),
    ("fire1", 64, 2_017),
    ("fire2", 10, 1_120),
    ("customer", 276, 41_986),
    ("americas_small", 178, 10_593),
    ("americas_large", 398, 75_153),
];

/// Matrices that were made from roles.
pub(crate) const PLANTED: [&str; 4] = [
    "20_200_40_2_5",
    "40_400_80_4_5",
    "80_800_160_8_5",
    "100_1000_200_10_5",
];

/// Where the data are, if they are there.
pub(crate) fn folder() -> Option<PathBuf> {
    let places = [
        "../shared/data/role-mining",
        "../../shared/data/role-mining",
    ];
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    places
        .iter()
        .map(|place| root.join(place))
        .find(|path| path.is_dir())
}

fn pairs(path: &Path) -> Vec<(String, String)> {
    let mut text = String::new();
    let file = File::open(path).unwrap();
    MultiGzDecoder::new(file).read_to_string(&mut text).unwrap();
    let words = |line: &str| {
        let mut words = line.split_whitespace().map(str::to_owned);
        Some((words.next()?, words.next()?))
    };
    text.lines().filter_map(words).collect()
}

/// Who needs what.
pub(crate) fn matrix(path: &Path) -> Needs {
    let mut needs = Needs::new();
    for (client, term) in pairs(path) {
        let own = needs.entry(ClientName::new(&client)).or_default();
        own.insert(Term::new(&term));
    }
    needs
}

/// A matrix, and the terms of the roles that it was made from and that somebody has.
pub(crate) fn planted(folder: &Path, name: &str) -> (Needs, Vec<BTreeSet<Term>>) {
    let folder = folder.join("synthetic");
    let needs = matrix(&folder.join(format!("upa_{name}.txt.gz")));
    let mut roles: BTreeMap<String, BTreeSet<Term>> = BTreeMap::new();
    for (role, term) in pairs(&folder.join(format!("roles_{name}.txt.gz"))) {
        roles.entry(role).or_default().insert(Term::new(&term));
    }
    (needs, roles.into_values().collect())
}

/// The proposal gives exactly what is needed, and nothing twice under one name.
pub(crate) fn check(needs: &Needs, found: &Proposal) {
    let mut given = Needs::new();
    for role in &found.roles {
        for client in &role.members {
            given
                .entry(client.clone())
                .or_default()
                .extend(role.terms.iter().cloned());
        }
    }
    assert!(
        &given == needs,
        "the roles do not give exactly what is needed"
    );
    let names: BTreeSet<&str> = found.roles.iter().map(|role| role.name.as_str()).collect();
    assert_eq!(names.len(), found.roles.len(), "a name is there twice");
}
