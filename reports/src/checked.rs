//! Many files that were judged: what they come to together, as lines, as JUnit XML, as a page.

use crate::explained::{Line, around, why_not};
use crate::{Error, text};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use resurgam_formats::evidence::Evidence;
use resurgam_formats::notes::plain;
use resurgam_formats::rule::About;
use resurgam_formats::verdict::{Outcome, RuleVerdict, Verdict};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Files that were judged, and those that could not be read.
#[derive(Default)]
pub struct Checked {
    verdicts: Vec<Verdict>,
    shown: Vec<Vec<Shown>>,
    refused: Vec<String>,
    notes: BTreeMap<String, u64>,
    strict: bool,
}

/// A violation as the page shows it.
#[derive(Serialize)]
struct Shown {
    rule: String,
    message: String,
    events: Vec<Line>,
}

impl Checked {
    /// Nothing yet. Who is strict takes what could not be decided for a failure.
    #[must_use]
    pub fn new(strict: bool) -> Self {
        Self { strict, ..Self::default() }
    }

    /// Adds a verdict; with its evidence, the events of violations are kept for the page.
    pub fn add(&mut self, verdict: Verdict, evidence: Option<&Evidence>) {
        for note in &verdict.notes {
            *self.notes.entry(note.clone()).or_default() += 1;
        }
        let shown = |rule: &RuleVerdict, evidence| {
            let of = rule.findings.iter();
            let rule = rule.rule.to_string();
            let of = of.map(move |it| Shown {
                rule: rule.clone(),
                message: it.message.clone(),
                events: around(it, evidence),
            });
            of.collect::<Vec<_>>()
        };
        let shown = evidence.map(|evidence| verdict.rules.iter().flat_map(|rule| shown(rule, evidence)).collect());
        self.shown.push(shown.unwrap_or_default());
        self.verdicts.push(verdict);
    }

    /// Adds a file that could not be read, and why.
    pub fn refuse(&mut self, why: String) {
        self.refused.push(why);
    }

    /// What was judged.
    pub fn verdicts(&self) -> impl Iterator<Item = &Verdict> {
        self.verdicts.iter()
    }

    /// True if a file could not be read.
    #[must_use]
    pub fn has_refused(&self) -> bool {
        !self.refused.is_empty()
    }

    /// True if what could not be decided counts as a failure.
    #[must_use]
    pub fn is_strict(&self) -> bool {
        self.strict
    }

    /// The verdict without notes that earlier ones had too; [`Self::totals`] counts them.
    #[must_use]
    pub fn unrepeated(&self, verdict: &Verdict) -> Verdict {
        let mut verdict = verdict.clone();
        verdict.notes.retain(|note| !self.notes.contains_key(note));
        verdict
    }

    /// What several files come to: by outcome, by rule, and the notes that repeat; nothing for a single one.
    #[must_use]
    pub fn totals(&self) -> String {
        let mut out = String::new();
        if self.verdicts.len() + self.refused.len() < 2 {
            return out;
        }
        // Writing to a string cannot fail.
        for (note, files) in self.notes.iter().filter(|(_, files)| **files > 1) {
            let _ = writeln!(out, "total: note in {}: {}", text::count(*files, "file"), plain(note, 400));
        }
        for outcome in [Outcome::Violated, Outcome::Unknown] {
            let mut rules: BTreeMap<&str, u64> = BTreeMap::new();
            let all = self.verdicts.iter().flat_map(|verdict| &verdict.rules);
            all.filter(|rule| rule.outcome == outcome)
                .for_each(|rule| *rules.entry(rule.rule.as_str()).or_default() += 1);
            for (rule, files) in rules {
                let _ = writeln!(out, "total: {} {rule}: in {files} of {}", outcome.word(), self.verdicts.len());
            }
        }
        let count = |outcome| self.verdicts.iter().filter(|verdict| verdict.worst() == outcome).count();
        let mut parts = vec![format!("{} ok", count(Outcome::Ok))];
        for (outcome, word) in [
            (Outcome::Violated, "violated"),
            (Outcome::Unknown, "unknown"),
            (Outcome::NotApplicable, "with nothing to judge"),
        ] {
            if count(outcome) > 0 {
                parts.push(format!("{} {word}", count(outcome)));
            }
        }
        if self.has_refused() {
            parts.push(format!("{} not read", self.refused.len()));
        }
        let _ = writeln!(out, "total: {} judged: {}", self.verdicts.len(), parts.join(", "));
        out
    }
}

/// `junit.xml`: a suite per file, a test case per rule that had something to say, and one per file that could not be read.
///
/// # Errors
/// If the XML cannot be written.
pub fn junit(all: &Checked, rules: &[&About]) -> Result<String, Error> {
    let mut report = Report::new("resurgam check");
    for verdict in &all.verdicts {
        let mut suite = TestSuite::new(plain(&verdict.subject, 300));
        for rule in &verdict.rules {
            let mut case = TestCase::new(rule.rule.as_str(), status(rule, all.strict, About::find(rules, &rule.rule)));
            case.set_classname("resurgam.check");
            suite.add_test_case(case);
        }
        report.add_test_suite(suite);
    }
    if all.has_refused() {
        let mut suite = TestSuite::new("files that could not be read");
        for why in &all.refused {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_message(why.clone()).set_type("unreadable");
            suite.add_test_case(TestCase::new(why.split(": ").next().unwrap_or("file"), status));
        }
        report.add_test_suite(suite);
    }
    Ok(report.to_string()?)
}

fn status(rule: &RuleVerdict, strict: bool, about: Option<&About>) -> TestCaseStatus {
    let failed = |kind, of: &str, message: String, body: String| {
        let mut status = TestCaseStatus::non_success(kind);
        status.set_message(message).set_type(of).set_description(body);
        status
    };
    match rule.outcome {
        Outcome::Ok => TestCaseStatus::success(),
        Outcome::NotApplicable => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(why_not(rule));
            status
        }
        Outcome::Unknown => {
            let kind = if strict { NonSuccessKind::Failure } else { NonSuccessKind::Error };
            failed(kind, "unknown", rule.why.clone(), String::new())
        }
        Outcome::Violated => {
            let lines: Vec<&str> = rule.findings.iter().map(|finding| finding.message.as_str()).collect();
            let body = lines.join("\n");
            failed(
                NonSuccessKind::Failure,
                "violated",
                about.map_or(rule.rule.as_str(), |it| it.title).to_owned(),
                body,
            )
        }
    }
}

/// One self-contained page.
///
/// # Errors
/// A mistake in a template, which no evidence can cause.
pub fn html(all: &Checked, rules: &[&About]) -> Result<String, Error> {
    let mut engine = Environment::new();
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    engine.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    for (name, source) in [
        ("checked.html", include_str!("../templates/checked.html")),
        ("style.css", include_str!("../templates/style.css")),
        ("dark.css", include_str!("../templates/dark.css")),
    ] {
        engine.add_template(name, source)?;
    }
    let files: Vec<_> =
        all.verdicts.iter().zip(&all.shown).map(|(verdict, shown)| file(verdict, shown, rules)).collect();
    let worst = all.verdicts.iter().map(Verdict::worst).max().unwrap_or_default().word();
    let word = if all.has_refused() { "not everything could be read" } else { worst };
    Ok(engine
        .get_template("checked.html")?
        .render(Serde(json!({"word": word, "files": files, "refused": all.refused})))?)
}

fn file(verdict: &Verdict, shown: &[Shown], rules: &[&About]) -> Value {
    let of = |outcome: Outcome| verdict.rules.iter().filter(move |rule| rule.outcome == outcome);
    let violated: Vec<Value> = of(Outcome::Violated)
        .map(|rule| {
            let found: Vec<&Shown> = shown.iter().filter(|it| it.rule == rule.rule.as_str()).collect();
            let (title, reason) = About::find(rules, &rule.rule).map_or(("", ""), |about| (about.title, about.reason));
            json!({"rule": rule.rule, "title": title, "reason": reason, "found": found})
        })
        .collect();
    let pairs = |outcome: Outcome, say: fn(&RuleVerdict) -> String| {
        of(outcome).map(|rule| json!({"rule": rule.rule, "said": say(rule)})).collect::<Vec<_>>()
    };
    json!({
        "subject": verdict.subject,
        "word": verdict.worst().word(),
        "notes": verdict.notes,
        "violated": violated,
        "unknown": pairs(Outcome::Unknown, |rule| rule.why.clone()),
        "held": pairs(Outcome::Ok, |rule| format!("{} looked at", rule.examined)),
        "idle": pairs(Outcome::NotApplicable, |rule| why_not(rule).to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{VIOLATING, judged};
    use resurgam_judge::rules::abouts;

    fn all() -> Checked {
        let (evidence, mut verdict) = judged(VIOLATING);
        verdict.subject = "a <b>.json".into();
        verdict.notes.push("seen".into());
        let mut all = Checked::new(false);
        all.add(verdict.clone(), Some(&evidence));
        assert!(all.unrepeated(&verdict).notes.iter().all(|note| note != "seen"));
        all.add(verdict, Some(&evidence));
        all.refuse("c.json: is empty".into());
        all
    }

    #[test]
    fn totals_count_files_rules_and_notes() {
        let totals = all().totals();
        assert!(totals.contains("total: note in 2 files: seen\n"), "{totals}");
        assert!(totals.contains("total: violated H8-buffering: in 2 of 2\n"), "{totals}");
        assert!(totals.ends_with("total: 2 judged: 0 ok, 2 violated, 1 not read\n"), "{totals}");
        let (evidence, verdict) = judged(VIOLATING);
        let mut one = Checked::new(false);
        one.add(verdict, Some(&evidence));
        assert_eq!(one.totals(), "");
    }

    #[test]
    fn junit_has_a_suite_per_file() {
        let xml = junit(&all(), &abouts()).unwrap();
        assert_eq!(xml.matches("<testsuite name=\"a &lt;b&gt;.json\"").count(), 2, "{xml}");
        assert_eq!(xml.matches("<failure message=\"between WorkflowTaskStarted").count(), 2, "{xml}");
        assert!(xml.contains("c.json: is empty"), "{xml}");
    }

    #[test]
    fn the_page_shows_the_events_and_escapes_names() {
        let page = html(&all(), &abouts()).unwrap();
        assert!(page.contains("a &lt;b&gt;.json") && !page.contains("<b>.json"), "{page}");
        assert!(
            page.contains("WorkflowExecutionSignaled")
                && page.contains("H8-buffering")
                && page.contains("c.json: is empty")
        );
        assert!(page.contains("default-src 'none'") && !page.contains("http://"), "it loads nothing");
    }
}
