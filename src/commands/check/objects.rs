//! Histories of operations on objects: with `--model`, instead of histories of workflows.

use resurgam_formats::notes::Problem;
use resurgam_formats::objects::{Model, Operations, Term, read};
use resurgam_formats::verdict::{self, Finding, Outcome, RuleVerdict, Verdict};
use resurgam_formats::wire;
use resurgam_judge::objects;
use resurgam_reports::processes;
use std::fs::File;
use std::path::Path;

/// What operations are judged by.
pub(super) struct Sought {
    pub(super) model: Model,
    pub(super) initial: Option<Term>,
}

/// Judges a file; the verdict, and the page that shows where the longest order got stuck.
pub(super) fn check(path: &Path, sought: &Sought, max: u64) -> Result<(Verdict, Option<String>), Problem> {
    let (name, text) = if path == Path::new("-") {
        ("standard input".to_owned(), wire::text("standard input", std::io::stdin().lock(), max)?)
    } else {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|e| Problem::of(&name, &e.to_string()))?;
        let text = wire::text(&name, file, max)?;
        (name, text)
    };
    let operations = read(&name, &text)?;
    let found = objects::check(&operations, sought.model, sought.initial.as_ref())
        .map_err(|what| Problem::of(&name, &format!("is no history of a {}: {what}", sought.model)))?;
    let picture = found.stuck.map(|stuck| processes::html(&name, &operations, &found.order, stuck));
    let findings = found.stuck.map(|stuck| finding(&operations, &found.order, stuck));
    let rule = RuleVerdict {
        rule: format!("linearizable-{}", sought.model).into(),
        outcome: found.outcome,
        findings: findings.into_iter().collect(),
        why: found.why,
        examined: found.examined as u64,
        known: Vec::new(),
    };
    let mut notes = Vec::new();
    let left = operations.all.len() - found.examined;
    if left > 0 && found.outcome != Outcome::NotApplicable {
        notes.push(format!("{left} operations did not happen, or say nothing (reads of unknown outcome)"));
    }
    Ok((Verdict { version: verdict::VERSION, subject: name, rules: vec![rule], notes }, picture))
}

fn finding(operations: &Operations, order: &[usize], stuck: usize) -> Finding {
    let said = processes::said(&operations.all[stuck]);
    let number = |index: usize| u32::try_from(index).unwrap_or(u32::MAX);
    let message = format!(
        "event {}: {said} by process {} fits nowhere: at most {} operations of its key can be put in order before it",
        operations.all[stuck].line,
        operations.all[stuck].process,
        order.len()
    );
    let tail = order.iter().rev().take(8).rev().copied().chain([stuck]).map(number).collect();
    Finding { operations: tail, message, ..Finding::default() }
}
