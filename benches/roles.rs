//! How few roles are found in the matrices of the literature, and how long that takes:
//!
//!     cargo bench --bench roles
//!
//! The data lie next to the repository (`../shared/data/role-mining`) and are not part of it. A table
//! in Markdown is printed (docs/roles.md): for each matrix both objectives beside the fewest roles that are
//! known (Ene et al., SACMAT 2008) and the complexity that other methods reach, then the planted roles
//! that are found again.
#![expect(clippy::print_stdout, reason = "the table is what this program is for")]

#[path = "../tests/support/role_data.rs"]
mod role_data;

use std::time::Instant;

use role_data::{MATRICES, PLANTED, check, folder, matrix, planted};
use scopetrim::analysis::role_mining::{Aim, Meanings, RoleOptions, propose};

fn main() {
    let Some(folder) = folder() else {
        println!("skipped: ../shared/data/role-mining is absent");
        return;
    };
    println!(
        "| matrix | clients | grants | fewest roles | known | proven | complexity then | s | least complexity | others | roles then | s |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |");
    for (name, known_roles, known_complexity) in MATRICES {
        let needs = matrix(&folder.join("hp").join(format!("{name}.txt.gz")));
        let grants: usize = needs.values().map(std::collections::BTreeSet::len).sum();
        print!("| {name} | {} | {grants} |", needs.len());
        for aim in [Aim::Roles, Aim::Complexity] {
            let options = RoleOptions {
                aim,
                ..RoleOptions::default()
            };
            let begin = Instant::now();
            let found = propose(&needs, &[], &Meanings::default(), &options);
            let seconds = begin.elapsed().as_secs_f64();
            check(&needs, &found);
            let (roles, complexity) = (found.roles.len(), found.complexity);
            match aim {
                Aim::Roles => {
                    let proven = if found.is_fewest() { "yes" } else { "no" };
                    print!(" {roles} | {known_roles} | {proven} | {complexity} | {seconds:.1} |");
                }
                Aim::Complexity => {
                    println!(" {complexity} | {known_complexity} | {roles} | {seconds:.1} |");
                }
            }
        }
    }
    println!(
        "\n| planted | roles | found with the fewest roles | found with the least complexity |"
    );
    println!("| --- | ---: | ---: | ---: |");
    for name in PLANTED {
        let (needs, roles) = planted(&folder, name);
        let counts = [Aim::Roles, Aim::Complexity].map(|aim| {
            let options = RoleOptions {
                aim,
                ..RoleOptions::default()
            };
            let found = propose(&needs, &[], &Meanings::default(), &options);
            check(&needs, &found);
            let same = |own: &&std::collections::BTreeSet<_>| {
                found.roles.iter().any(|role| role.terms == **own)
            };
            roles.iter().filter(same).count()
        });
        println!(
            "| {name} | {} | {} | {} |",
            roles.len(),
            counts[0],
            counts[1]
        );
    }
}
