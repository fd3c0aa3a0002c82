//! A verdict on one case or one file, as lines of text: the one way in which every command shows it.

use resurgam_formats::notes::plain;
use resurgam_formats::verdict::{Finding, Outcome, Verdict};
use std::fmt::Write as _;

/// The longest line, in characters.
const LONGEST: usize = 2000;

/// So many violations of a rule are enough where little is to be said.
const FEW: usize = 3;

/// A line per violation, known difference, undecided rule and note, and one that sums up; each begins with the subject.
#[must_use]
pub fn lines(verdict: &Verdict) -> String {
    with_at_most(verdict, usize::MAX)
}

/// The same with the first few violations of each rule, and how many there are more.
#[must_use]
pub fn few_lines(verdict: &Verdict) -> String {
    with_at_most(verdict, FEW)
}

fn with_at_most(verdict: &Verdict, most: usize) -> String {
    let mut out = String::new();
    let mut line = |text: &str| {
        // Text of the evidence is part of it. Writing to a string cannot fail.
        let _ = writeln!(out, "{}", plain(&format!("{}: {text}", verdict.subject), LONGEST));
    };
    for rule in &verdict.rules {
        for finding in rule.findings.iter().take(most) {
            line(&format!("violated {}: {}", rule.rule, place(finding)));
        }
        if rule.findings.len() > most {
            line(&format!("violated {}: {} more", rule.rule, rule.findings.len() - most));
        }
        for known in &rule.known {
            line(&format!("known {} {}: {}", known.issue, rule.rule, place(&known.finding)));
        }
    }
    for (why, rules) in undecided(verdict) {
        line(&format!("unknown {}: {why}", rules.join(", ")));
    }
    for note in &verdict.notes {
        line(&format!("note: {note}"));
    }
    line(&sum(verdict));
    out
}

/// The rules that could not be decided, those together that give the same reason.
fn undecided(verdict: &Verdict) -> Vec<(&str, Vec<&str>)> {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for rule in verdict.rules.iter().filter(|rule| rule.outcome == Outcome::Unknown) {
        match reasons.iter_mut().find(|(why, _)| *why == rule.why) {
            Some((_, rules)) => rules.push(rule.rule.as_str()),
            None => reasons.push((&rule.why, vec![rule.rule.as_str()])),
        }
    }
    reasons
}

/// `violated (1 rule violated, 30 held, 20 not applicable)`.
fn sum(verdict: &Verdict) -> String {
    let count = |outcome: Outcome| verdict.rules.iter().filter(|rule| rule.outcome == outcome).count();
    let rules = |n: usize| if n == 1 { "1 rule".to_owned() } else { format!("{n} rules") };
    let mut parts = Vec::new();
    if count(Outcome::Violated) > 0 {
        parts.push(format!("{} violated", rules(count(Outcome::Violated))));
    }
    parts.push(format!("{} held", rules(count(Outcome::Ok))));
    if count(Outcome::Unknown) > 0 {
        parts.push(format!("{} unknown", count(Outcome::Unknown)));
    }
    parts.push(format!("{} not applicable", count(Outcome::NotApplicable)));
    let word = match verdict.worst() {
        Outcome::NotApplicable => "nothing to judge",
        outcome => outcome.word(),
    };
    format!("{word} ({})", parts.join(", "))
}

/// Where to look and what is wrong.
fn place(finding: &Finding) -> String {
    let list = |numbers: Vec<String>| numbers.join(", ");
    let mut words = Vec::new();
    match (finding.workflow_id.is_empty(), finding.run_id.is_empty()) {
        (false, false) => words.push(format!("{}/{}", finding.workflow_id, finding.run_id)),
        (false, true) => words.push(finding.workflow_id.clone()),
        (true, false) => words.push(finding.run_id.clone()),
        (true, true) => {}
    }
    if !finding.events.is_empty() {
        words.push(format!("events {}", list(finding.events.iter().map(i64::to_string).collect())));
    }
    if !finding.operations.is_empty() {
        words.push(format!("operations {}", list(finding.operations.iter().map(u32::to_string).collect())));
    }
    if words.is_empty() { finding.message.clone() } else { format!("{}: {}", words.join(" "), finding.message) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{VIOLATING, judged};

    #[test]
    fn every_violation_has_a_line_and_the_last_one_sums_up() {
        let (_, verdict) = judged(VIOLATING);
        let shown = lines(&verdict);
        let shown: Vec<&str> = shown.lines().collect();
        assert!(shown[0].starts_with("1: violated H8-buffering: "), "{shown:?}");
        let last = shown.last().unwrap();
        assert!(last.starts_with("1: violated (1 rule violated, 1 rule held"), "{last}");
    }

    #[test]
    fn rules_that_are_undecided_for_one_reason_have_one_line() {
        let (_, mut verdict) = judged(VIOLATING);
        for rule in &mut verdict.rules {
            (rule.outcome, rule.why) = (Outcome::Unknown, "event 4 is not known".into());
            rule.findings.clear();
        }
        let shown = lines(&verdict);
        assert!(shown.contains("1: unknown H3-close, H8-buffering: event 4 is not known\n"), "{shown}");
    }

    #[test]
    fn few_lines_say_how_many_there_are_more() {
        let (_, mut verdict) = judged(VIOLATING);
        assert_eq!(few_lines(&verdict), lines(&verdict), "there is one violation");
        let rule = verdict.rules.iter_mut().find(|rule| rule.outcome == Outcome::Violated).unwrap();
        rule.findings = vec![rule.findings[0].clone(); FEW + 2];
        let shown = few_lines(&verdict);
        assert_eq!(shown.matches("violated H8-buffering: ").count(), FEW + 1, "{shown}");
        assert!(shown.contains("1: violated H8-buffering: 2 more\n"), "{shown}");
    }
}
