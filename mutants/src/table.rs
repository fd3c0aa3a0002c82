//! The score as Markdown, for `docs/mutation.md`.

use crate::campaign::Results;
use crate::mutant::Mutant;
use crate::score::{Score, by};
use crate::trials::{Status, Tried};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// How long a piece of code in a table may be.
const SHORT: usize = 90;

/// Tables by file and by kind of mistake, which rules kill, and the survivors whose recordings differ.
#[must_use]
pub fn table(results: &Results, command: &str) -> String {
    let total = results.total();
    let mut text = format!(
        "# The mutation score of the suite\n\nWritten by `{command}`.\n\nMechanical mistakes in our orchestrator, one at a time, \
         each in cases that reach it, until a rule is violated, and then in recorded ones, until an answer is not the real server's. \
         No unit test is run.\n\n**{} of {} mutants that a case reaches are killed by a rule: {:.1} %.** {} more change an answer: \
         together {:.1} %. Of {} mutants, {} were not reached by any of {} cases, and {} \
         recordings that differ in nothing in at least 500 cases count as equivalent; {} more proposals do not compile.\n\n",
        total.killed,
        total.reached(),
        total.percent(),
        total.answered,
        total.percent_seen(),
        total.all(),
        total.not_reached,
        results.cases,
        total.equivalent,
        results.refused,
    );
    text += "- *killed*: a rule is violated.\n- *answered*: no rule is, but some answer is not the one that the real server gave.\n- *survived*: recordings differ, and all rules hold.\n- *unseen*: every recording is, byte for \
             byte, the one without the mutant, in fewer than 500 cases.\n- *not judged*: the suite noticed that something is wrong, but no \
             rule says what.\n- *endless*: it would not have ended.\n\n";
    let files = by(&results.mutants, &results.tried, Mutant::place);
    section(&mut text, "By file", "file", &files);
    let operators = by(&results.mutants, &results.tried, |mutant| mutant.operator.as_ref().to_owned());
    section(&mut text, "By kind of mistake", "kind", &operators);
    rules(&mut text, results);
    survivors(&mut text, results);
    text
}

fn section(text: &mut String, title: &str, what: &str, rows: &BTreeMap<String, Score>) {
    let _ = writeln!(
        text,
        "## {title}\n\n| {what} | killed | answered | of reached | survived | unseen | not judged | endless | not reached |"
    );
    text.push_str("|---|---|---|---|---|---|---|---|---|\n");
    for (name, score) in rows {
        let _ = writeln!(
            text,
            "| {name} | {} | {} | {:.0} % | {} | {} | {} | {} | {} |",
            score.killed,
            score.answered,
            score.percent_seen(),
            score.survived,
            score.unseen,
            score.not_judged,
            score.timed_out,
            score.not_reached
        );
    }
    text.push('\n');
}

fn rules(text: &mut String, results: &Results) {
    let (mut any, mut alone): (BTreeMap<&str, usize>, BTreeMap<&str, usize>) = Default::default();
    for tried in results.mutants.iter().filter_map(|mutant| results.tried.get(&mutant.id)) {
        let Status::Killed { rules, .. } = &tried.status else { continue };
        for rule in rules {
            *any.entry(rule.as_str()).or_default() += 1;
        }
        if let [only] = rules.as_slice() {
            *alone.entry(only.as_str()).or_default() += 1;
        }
    }
    text.push_str("## By rule\n\nThe first case that shows a mutant may violate several rules.\n\n| rule | kills | alone |\n|---|---|---|\n");
    for (rule, count) in any {
        let _ = writeln!(text, "| {rule} | {count} | {} |", alone.get(rule).copied().unwrap_or(0));
    }
    text.push('\n');
}

fn survivors(text: &mut String, results: &Results) {
    text.push_str(
        "## Survivors whose recordings differ\n\n| where | kind | was | becomes | cases |\n|---|---|---|---|---|\n",
    );
    for (mutant, tried) in survived(results) {
        let Mutant { line, operator, was, becomes, .. } = mutant;
        let file = mutant.place();
        let (kind, was, becomes) = (operator.as_ref(), short(was), short(becomes));
        let _ = writeln!(text, "| {file}:{line} | {kind} | {was} | {becomes} | {} |", tried.cases);
    }
}

/// The mutants that survived though their recordings differ, with what became of them.
pub fn survived(results: &Results) -> impl Iterator<Item = (&Mutant, &Tried)> {
    let all = results.mutants.iter().filter_map(|mutant| Some((mutant, results.tried.get(&mutant.id)?)));
    all.filter(|(_, tried)| Score::of(tried).survived == 1)
}

/// A piece of code for a cell.
fn short(code: &str) -> String {
    if code.is_empty() {
        return "nothing".into();
    }
    let cut: String = code.chars().take(SHORT).collect();
    let dots = if cut.len() < code.len() { " …" } else { "" };
    format!("`{}{dots}`", cut.replace('|', "¦"))
}
