//! The proposal as Markdown, for a pull request or a page.

use std::io::{self, Write};

use super::{basis, past_sentence, result, share, verdict};
use crate::analysis::role_mining::RoleProposal;
use crate::report::escape;

/// Tables of the roles that are proposed, of those that there are, and of what became of them.
pub(crate) fn markdown(found: &RoleProposal, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "# Roles\n\nMade {}.\n{}.", basis(found), result(found))?;
    for text in &found.incomplete {
        writeln!(out, "\nIncomplete: {}", escape::markdown(text))?;
    }
    let proposal = &found.proposal;
    writeln!(
        out,
        "\n| role | there is one | members | terms |\n| --- | --- | --- | --- |"
    )?;
    for role in &proposal.roles {
        let exists = match (role.exists, role.narrows) {
            (true, _) => "yes",
            (_, true) => "wider",
            _ => "no",
        };
        let members = cell(role.members.iter());
        let terms = cell(role.terms.iter());
        let name = escape::markdown(role.name.as_str());
        writeln!(out, "| {name} | {exists} | {members} | {terms} |")?;
    }
    if !proposal.direct.is_empty() {
        writeln!(out, "\n| client | granted directly |\n| --- | --- |")?;
        for (client, terms) in &proposal.direct {
            let client = escape::markdown(client.as_str());
            writeln!(out, "| {client} | {} |", cell(terms.iter()))?;
        }
    }
    if !proposal.existing.is_empty() {
        writeln!(
            out,
            "\n| role as it is | members | terms | what it looks like |\n| --- | ---: | ---: | --- |"
        )?;
        for judged in &proposal.existing {
            writeln!(
                out,
                "| {} | {} | {} | {} |",
                escape::markdown(judged.role.name.as_str()),
                judged.role.members.len(),
                judged.role.terms.len(),
                escape::markdown(&verdict(judged))
            )?;
        }
    }
    if let Some(past) = &found.over_time {
        let head =
            "| role | members | uses permitted | grants not used |\n| --- | ---: | ---: | ---: |";
        writeln!(out, "\n{}.\n\n{head}", past_sentence(past))?;
        for role in &past.roles {
            let as_is = if role.exists { " (as it is)" } else { "" };
            writeln!(
                out,
                "| {}{as_is} | {} | {} | {} |",
                escape::markdown(role.name.as_str()),
                role.members,
                share(role.covered, role.uses),
                share(role.grants - role.used, role.grants)
            )?;
        }
    }
    Ok(())
}

fn cell<'n, N: AsRef<str> + 'n>(names: impl Iterator<Item = &'n N>) -> String {
    let names: Vec<String> = names
        .map(|name| escape::markdown(name.as_ref()).into_owned())
        .collect();
    names.join(", ")
}
