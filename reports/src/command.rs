//! The commands that a report offers to repeat what it shows. They are quoted for a shell.

use resurgam_models::summary::Summary;

/// Executes the case with this seed again on the same target.
#[must_use]
pub fn repeat(summary: &Summary, seed: u64) -> String {
    let origin = &summary.origin;
    let address = origin.command.split_whitespace().skip_while(|word| *word != "--address").nth(1);
    let address = address.map(|address| format!(" --address {address}")).unwrap_or_default();
    format!("resurgam run --target {}{address} --seed {seed} --cases 1", quote(&origin.target))
}

/// Executes a kept plan again in the simulation, with the bug that was planted.
#[must_use]
pub fn replay(summary: &Summary, plan: &str) -> String {
    let bug = summary.origin.command.split_whitespace().skip_while(|word| *word != "--bug").nth(1);
    let bug = bug.map(|bug| format!(" --bug {bug}")).unwrap_or_default();
    format!("resurgam replay {}{bug}", quote(plan))
}

/// Judges a kept case again without a server.
#[must_use]
pub fn check(path: &str) -> String {
    format!("resurgam check {}", quote(path))
}

/// Shows a kept case in the terminal.
#[must_use]
pub fn show(path: &str, workflow: Option<&str>) -> String {
    let workflow = workflow.map(|id| format!(" --workflow {}", quote(id))).unwrap_or_default();
    format!("resurgam show {}{workflow}", quote(path))
}

/// Quotes a word for a POSIX shell if it needs that.
#[must_use]
pub fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use resurgam_models::summary::Origin;

    #[test]
    fn commands_can_be_pasted() {
        let command = "resurgam run --target address --address localhost:7233 --cases 9".to_owned();
        let summary = Summary::new(Origin { target: "address".into(), command, ..Origin::default() });
        let expected = "resurgam run --target address --address localhost:7233 --seed 7 --cases 1";
        assert_eq!(repeat(&summary, 7), expected);
        assert_eq!(check("a b/it's"), r"resurgam check 'a b/it'\''s'");
        assert_eq!(show("cases/7", Some("c-w0/1")), "resurgam show cases/7 --workflow c-w0/1");
        assert_eq!(quote("$(rm)"), "'$(rm)'");
    }
}
