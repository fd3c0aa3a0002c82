//! The commands that a report offers to repeat what it shows. They are quoted for a shell.

use resurgam_campaign::summary::Summary;

/// Executes the case with this seed again, under the options of its run: the command of the run, but for which cases it
/// was about and how long it took.
#[must_use]
pub fn repeat(summary: &Summary, seed: u64) -> String {
    let origin = &summary.origin;
    let words = words(summary);
    let mut words = words.iter().map(String::as_str);
    let mut command: Vec<String> = words.by_ref().take(2).map(quote).collect();
    if command.is_empty() {
        command = vec!["resurgam run --target".to_owned(), quote(&origin.target)];
    }
    while let Some(word) = words.next() {
        match word {
            "--seed" | "--cases" | "--for" => drop(words.next()),
            "--campaign" => {}
            word => command.push(quote(word)),
        }
    }
    format!("{} --seed {seed} --cases 1", command.join(" "))
}

/// Executes a kept plan again in the simulation, with the bug that was planted.
#[must_use]
pub fn replay(summary: &Summary, plan: &str) -> String {
    let bug = words(summary).into_iter().skip_while(|word| word != "--bug").nth(1);
    let bug = bug.map(|bug| format!(" --bug {}", quote(&bug))).unwrap_or_default();
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
    // No shell can be given a NUL, and no path or name has one.
    shlex::try_quote(word).map(Into::into).unwrap_or_default()
}

/// The words of the command of a run; none if it is not one.
fn words(summary: &Summary) -> Vec<String> {
    shlex::split(&summary.origin.command).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use resurgam_campaign::summary::Origin;

    #[test]
    fn commands_can_be_pasted() {
        let of = |command: &str| {
            let origin = Origin { target: "temporal".into(), command: command.into(), ..Origin::default() };
            repeat(&Summary::new(origin), 7)
        };
        let address = "resurgam run --seed 5 --address localhost:7233 --namespace n --cases 9";
        assert_eq!(of(address), "resurgam run --address localhost:7233 --namespace n --seed 7 --cases 1");
        let planted = "resurgam run --seed 5 --target builtin --world process --faults node,clock --bug cache-kept";
        let rest = planted.replace(" --seed 5", "").replace("node,clock", "'node,clock'");
        assert_eq!(of(&format!("{planted} --campaign --for 60s")), format!("{rest} --seed 7 --cases 1"));
        assert_eq!(of("resurgam run --bug $(rm)"), "resurgam run --bug '$(rm)' --seed 7 --cases 1");
        assert_eq!(of(""), "resurgam run --target temporal --seed 7 --cases 1");
        assert_eq!(check("a b/it's"), r#"resurgam check "a b/it's""#);
        assert_eq!(show("cases/7", Some("c-w0/1")), "resurgam show cases/7 --workflow c-w0/1");
        assert_eq!(quote("$(rm)"), "'$(rm)'");
        let named = "resurgam run --address h:1 --namespace 'a b' --cases 9";
        assert_eq!(of(named), "resurgam run --address h:1 --namespace 'a b' --seed 7 --cases 1");
    }
}
