//! `junit.xml`: one test case per scenario and rule, with names that stay the same from run to run.
//!
//! `violated` is a failure that names the seeds and the commands to repeat them; `not applicable` is skipped; `unknown`
//! is skipped, or an error if the run is strict; it is never a success. One more test case, `cases-executed`, is an
//! error if cases could not be executed at all.

use crate::{Error, command, text};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use resurgam_campaign::summary::{Example, RuleSummary, Summary};
use resurgam_formats::verdict::Outcome;
use resurgam_judge::rules;
use std::fmt::Write as _;
use std::time::Duration;

/// The test case that says whether all cases could be executed.
const EXECUTED: &str = "cases-executed";

/// The content of `junit.xml`.
///
/// # Errors
/// If the XML cannot be written.
pub fn render(summary: &Summary, strict: bool) -> Result<String, Error> {
    let origin = &summary.origin;
    let class = format!("resurgam.{}.{}", origin.target, origin.scenario);
    let mut suite = TestSuite::new(&class);
    suite.set_time(Duration::try_from_secs_f64(summary.wall_seconds).unwrap_or_default());
    let properties = [
        ("command", origin.command.clone()),
        ("seed", origin.seed.to_string()),
        ("cases", summary.cases.len().to_string()),
        ("target-version", origin.target_version.clone()),
        ("trace-hash", summary.trace_hash.clone()),
    ];
    for property in properties {
        suite.add_property((property.0, property.1.as_str()));
    }
    let statuses = summary.rules.iter().map(|rule| (rule.rule.as_str(), status(summary, rule, strict)));
    for (name, status) in statuses.chain([(EXECUTED, executed(summary))]) {
        let mut case = TestCase::new(name, status);
        case.set_classname(&class);
        suite.add_test_case(case);
    }
    let mut report = Report::new("resurgam");
    report.add_test_suite(suite);
    Ok(report.to_string()?)
}

fn status(summary: &Summary, rule: &RuleSummary, strict: bool) -> TestCaseStatus {
    let all = summary.cases.len();
    match rule.worst() {
        Outcome::Ok => TestCaseStatus::success(),
        Outcome::NotApplicable => skipped("no case had anything that this rule is about"),
        Outcome::Unknown => {
            let message = format!("could not be decided in {} of {}", rule.unknown, text::count(all as u64, "case"));
            let mut status =
                if strict { TestCaseStatus::non_success(NonSuccessKind::Error) } else { TestCaseStatus::skipped() };
            status.set_message(message).set_type("unknown").set_description(body(summary, rule, &rule.undecided));
            status
        }
        Outcome::Violated => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            let message = format!("violated in {} of {}", rule.violated, text::count(all as u64, "case"));
            status.set_message(message).set_type("violated").set_description(body(summary, rule, &rule.failing));
            status
        }
    }
}

fn skipped(why: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(why);
    status
}

fn executed(summary: &Summary) -> TestCaseStatus {
    let Some(first) = summary.broken.first() else { return TestCaseStatus::success() };
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    let message = format!("{} could not be executed", text::count(summary.broken.len() as u64, "case"));
    status.set_message(message).set_type("not-executed");
    status.set_description(format!("seed {}: {}\n{}", first.seed, first.message, command::repeat(summary, first.seed)));
    status
}

fn body(summary: &Summary, rule: &RuleSummary, examples: &[Example]) -> String {
    let mut body = String::new();
    // Writing to a string cannot fail.
    if let Some(known) = rules::find(&rule.rule) {
        let about = known.about();
        let _ = writeln!(body, "{}\n{}\nsource: {}\n", about.title, about.reason, about.source);
    }
    for example in examples {
        let _ = writeln!(body, "seed {}: {}", example.seed, example.message);
        let _ = writeln!(body, "  {}", command::repeat(summary, example.seed));
        let path = summary.cases.iter().find(|case| case.seed == example.seed).and_then(|case| case.path.as_deref());
        if let Some(path) = path {
            let _ = writeln!(body, "  {}", command::check(path));
        }
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::mixed;

    #[test]
    fn one_test_case_per_rule() {
        insta::assert_snapshot!(render(&mixed(), false).unwrap());
    }

    #[test]
    fn what_is_undecided_is_an_error_only_if_strict() {
        let [lax, strict] = [false, true].map(|strict| render(&mixed(), strict).unwrap());
        assert!(lax.contains("errors=\"0\"") && !lax.contains("<error"));
        assert!(
            strict.contains("errors=\"1\"")
                && strict.contains("<error message=\"could not be decided in 3 of 3 cases\"")
        );
    }

    #[test]
    fn names_do_not_depend_on_what_happened() {
        let mut broken = mixed();
        broken.add_broken(3, "no server");
        let names = |xml: &str| -> Vec<String> {
            xml.lines().filter(|line| line.contains("<testcase")).map(|line| line.replace("/>", ">")).collect()
        };
        let [one, two] = [mixed(), broken].map(|summary| render(&summary, false).unwrap());
        assert_eq!(names(&one), names(&two));
        assert!(two.contains("no server") && two.contains("errors=\"1\""));
    }
}
