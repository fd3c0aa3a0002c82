//! One verdict, explained: what was judged, what was not and why, and each violation beside the rule and the events that show it.

use resurgam_formats::event::Event;
use resurgam_formats::evidence::{Evidence, Run};
use resurgam_formats::notes::plain;
use resurgam_formats::rule::About;
use resurgam_formats::verdict::{Finding, Outcome, RuleVerdict, Verdict};
use serde::Serialize;
use serde_json::Value;
use std::fmt::Write as _;

/// Events before and behind those that show a violation.
const AROUND: usize = 2;
/// Characters of the attributes of an event.
const LONGEST: usize = 160;
/// Violations of one rule that are shown with their events.
const FEW: usize = 5;

/// One line of a history.
#[derive(Serialize)]
pub(crate) struct Line {
    /// It shows the violation; the others stand around it.
    pub(crate) shows: bool,
    pub(crate) id: i64,
    pub(crate) kind: String,
    pub(crate) attributes: String,
}

/// The text for one piece of evidence.
#[must_use]
pub fn explain(verdict: &Verdict, evidence: &Evidence, rules: &[&About]) -> String {
    // Writing to a string cannot fail.
    let mut out = String::new();
    let _ = writeln!(out, "{}: {}", plain(&verdict.subject, 300), verdict.worst().word());
    for run in &evidence.runs {
        let _ = writeln!(out, "  {}", described(run));
    }
    for rule in verdict.rules.iter().filter(|rule| rule.outcome == Outcome::Violated) {
        let about = About::find(rules, &rule.rule);
        let _ = writeln!(out, "\n  violated {}: {}", rule.rule, about.map_or("", |about| about.title));
        for finding in rule.findings.iter().take(FEW) {
            let _ = writeln!(out, "    found: {}", plain(&finding.message, 600));
            for line in around(finding, evidence) {
                let mark = if line.shows { '>' } else { ' ' };
                let _ = writeln!(out, "    {mark} {:>5} {} {}", line.id, line.kind, line.attributes);
            }
        }
        if rule.findings.len() > FEW {
            let _ = writeln!(out, "    and {} more", rule.findings.len() - FEW);
        }
        if let Some(about) = about {
            let _ = writeln!(out, "    why: {}\n    source: {}", about.reason, about.source);
        }
    }
    let of = |outcome: Outcome| verdict.rules.iter().filter(move |rule| rule.outcome == outcome);
    list(
        &mut out,
        "could not be decided",
        of(Outcome::Unknown).map(|rule| format!("{}: {}", rule.rule, plain(&rule.why, 400))),
    );
    list(&mut out, "held", of(Outcome::Ok).map(|rule| format!("{} ({} looked at)", rule.rule, rule.examined)));
    list(&mut out, "did not apply", of(Outcome::NotApplicable).map(|rule| format!("{}: {}", rule.rule, why_not(rule))));
    list(&mut out, "notes", verdict.notes.iter().map(|note| plain(note, 400)));
    out.push('\n');
    out
}

fn list(out: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    for (place, line) in lines.enumerate() {
        if place == 0 {
            let _ = writeln!(out, "\n  {title}:");
        }
        let _ = writeln!(out, "    {line}");
    }
}

/// Why a rule had nothing to say.
pub(crate) fn why_not(rule: &RuleVerdict) -> &str {
    if rule.why.is_empty() { "there is nothing here that it is about" } else { &rule.why }
}

fn described(run: &Run) -> String {
    let name = match (run.workflow_id.is_empty(), run.run_id.is_empty()) {
        (true, true) => "a run without a name".to_owned(),
        (true, false) => format!("run {}", run.run_id),
        _ => format!("run {}/{}", run.workflow_id, run.run_id),
    };
    let (Some(first), Some(last)) = (run.events.first(), run.events.last()) else {
        return format!("{name}: no events");
    };
    let end = run.close().map_or("open", |close| close.body.name());
    let part = if run.partial { ", a part" } else { "" };
    plain(&format!("{name}: events {} to {}{part}, {end}", first.id, last.id), 300)
}

/// The events that show a violation, and those around them.
pub(crate) fn around(finding: &Finding, evidence: &Evidence) -> Vec<Line> {
    let all = evidence.runs.iter().chain(&evidence.reads).chain(&evidence.elsewhere);
    let mut of = all.filter(|run| run.run_id == finding.run_id && run.workflow_id == finding.workflow_id);
    let Some(run) = of.next() else { return Vec::new() };
    let shows = |event: &Event| finding.events.contains(&event.id.0);
    let places: Vec<usize> =
        run.events.iter().enumerate().filter(|(_, it)| shows(it)).map(|(place, _)| place).collect();
    let near = |place: usize| places.iter().any(|shown| shown.abs_diff(place) <= AROUND);
    let lines = run.events.iter().enumerate().filter(|(place, _)| near(*place));
    lines.map(|(_, event)| line(event, shows(event))).collect()
}

fn line(event: &Event, shows: bool) -> Line {
    let (_, attributes) = event.body.write();
    let words: Vec<String> = attributes.iter().map(|(name, value)| format!("{name}={}", short(value))).collect();
    Line { shows, id: event.id.0, kind: plain(event.body.name(), 80), attributes: plain(&words.join(" "), LONGEST) }
}

fn short(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{VIOLATING, judged};
    use resurgam_judge::judge;
    use resurgam_judge::profile::Profile;
    use resurgam_judge::rules::abouts;

    #[test]
    fn a_violation_stands_beside_its_rule_and_its_events() {
        let (evidence, _) = judged(VIOLATING);
        let verdict = judge("1", &evidence, &Profile::default());
        let text = explain(&verdict, &evidence, &abouts());
        for expected in [
            "violated H8-buffering: between WorkflowTaskStarted and its end there is no event",
            "    found: ",
            "    >    10 ActivityTaskStarted attempt=2",
            "    why: While a worker decides",
            "  held:\n",
            "  did not apply:\n",
            ": there is nothing here that it is about",
        ] {
            assert!(text.contains(expected), "{expected:?} is missing in\n{text}");
        }
    }
}
