//! `junit.xml`: one test case per scenario and rule, with names that stay the same from run to run.
//!
//! `violated` is a failure that names the seeds and the commands to repeat them; `not applicable` is skipped; `unknown`
//! is an error, or a failure if the run is strict; it is never a success. Two more test cases say whether all cases could
//! be judged and whether the run did what was asked.

use crate::{Error, command, text};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use resurgam_campaign::rule_summary::{Example, RuleSummary};
use resurgam_campaign::summary::Summary;
use resurgam_formats::rule::About;
use resurgam_formats::verdict::Outcome;
use std::fmt::Write as _;
use std::time::Duration;

/// The test case that says whether all cases could be judged.
const JUDGED: &str = "cases-judged";
/// The test case that says whether the run did what was asked.
const COMPLETE: &str = "run-complete";

/// The content of `junit.xml`; `directory` is that of the run, and `rules` is what is written of each rule.
///
/// # Errors
/// If the XML cannot be written.
pub fn render(summary: &Summary, directory: &str, rules: &[&About]) -> Result<String, Error> {
    let origin = &summary.origin;
    let class = format!("resurgam.{}.{}", origin.target, origin.scenario);
    let mut suite = TestSuite::new(&class);
    suite.set_time(Duration::try_from_secs_f64(summary.times.wall_seconds).unwrap_or_default());
    let properties = [
        ("command", origin.command.clone()),
        ("state", summary.state.clone()),
        ("seed", origin.seed.to_string()),
        ("cases", summary.cases.len().to_string()),
        ("target-version", origin.target_version.clone()),
        ("recording-hash", summary.recording_hash.clone()),
    ];
    for property in properties {
        suite.add_property((property.0, property.1.as_str()));
    }
    let statuses = summary
        .rules
        .iter()
        .map(|rule| (rule.rule.as_str(), status(summary, rule, directory, About::find(rules, &rule.rule))));
    for (name, status) in statuses.chain([(JUDGED, judged(summary)), (COMPLETE, complete(summary))]) {
        let mut case = TestCase::new(name, status);
        case.set_classname(&class);
        suite.add_test_case(case);
    }
    let mut report = Report::new("resurgam");
    report.add_test_suite(suite);
    Ok(report.to_string()?)
}

fn status(summary: &Summary, rule: &RuleSummary, directory: &str, about: Option<&About>) -> TestCaseStatus {
    let all = summary.cases.len();
    match rule.worst() {
        Outcome::Ok => TestCaseStatus::success(),
        Outcome::NotApplicable => skipped("no case had anything that this rule is about"),
        Outcome::Unknown => {
            let message = format!("could not be decided in {} of {}", rule.unknown, text::count(all as u64, "case"));
            let mut status = TestCaseStatus::non_success(undecided(summary));
            let body = body(summary, about, &rule.undecided, directory);
            status.set_message(message).set_type("unknown").set_description(body);
            status
        }
        Outcome::Violated => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            let message = format!("violated in {} of {}", rule.violated, text::count(all as u64, "case"));
            let body = body(summary, about, &rule.failing, directory);
            status.set_message(message).set_type("violated").set_description(body);
            status
        }
    }
}

fn skipped(why: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(why);
    status
}

/// What is not decided is not held. Whether it is as bad as a violation is for whoever ran it to say.
fn undecided(summary: &Summary) -> NonSuccessKind {
    if summary.origin.options.strict { NonSuccessKind::Failure } else { NonSuccessKind::Error }
}

fn judged(summary: &Summary) -> TestCaseStatus {
    let Some(first) = summary.not_judged.first() else { return TestCaseStatus::success() };
    let mut status = TestCaseStatus::non_success(undecided(summary));
    let message = format!("{} could not be judged", text::count(summary.not_judged.len() as u64, "case"));
    status.set_message(message).set_type("not-judged");
    let repeat = command::again(&summary.origin, first.seed);
    status.set_description(format!("seed {}: {}\n{repeat}", first.seed, first.why));
    status
}

fn complete(summary: &Summary) -> TestCaseStatus {
    let Some(first) = summary.shortfalls.first() else { return TestCaseStatus::success() };
    let machine = first.is_of_target_or_machine();
    let mut status = TestCaseStatus::non_success(if machine { NonSuccessKind::Error } else { undecided(summary) });
    let all: Vec<String> = summary.shortfalls.iter().map(ToString::to_string).collect();
    status.set_message(first.to_string()).set_type(first.word()).set_description(all.join("\n"));
    status
}

fn body(summary: &Summary, about: Option<&About>, examples: &[Example], directory: &str) -> String {
    let mut body = String::new();
    // Writing to a string cannot fail.
    if let Some(about) = about {
        let _ = writeln!(body, "{}\n{}\nsource: {}\n", about.title, about.reason, about.source);
    }
    for example in examples {
        let _ = writeln!(body, "seed {}: {}", example.seed, example.message);
        let _ = writeln!(body, "  {}", command::again(&summary.origin, example.seed));
        let path = summary.cases.iter().find(|case| case.seed == example.seed).and_then(|case| case.path.as_deref());
        if let Some(path) = path {
            let _ = writeln!(body, "  {}", command::check(&text::inside(directory, path)));
        }
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{mixed, not_judged};
    use resurgam_campaign::results::Shortfall;
    use resurgam_judge::rules::abouts;

    const RUN: &str = "resurgam-runs/r";

    #[test]
    fn one_test_case_per_rule() {
        insta::assert_snapshot!(render(&mixed(), RUN, &abouts()).unwrap());
    }

    #[test]
    fn what_is_undecided_is_an_error_and_a_failure_if_strict() {
        let mut summary = mixed();
        let lax = render(&summary, RUN, &abouts()).unwrap();
        summary.origin.options.strict = true;
        let strict = render(&summary, RUN, &abouts()).unwrap();
        assert!(lax.contains("<error message=\"could not be decided in 3 of 3 cases\""));
        assert!(
            strict.contains("errors=\"0\"") && strict.contains("<failure message=\"could not be decided in 3 of 3")
        );
    }

    #[test]
    fn names_do_not_depend_on_what_happened() {
        let mut broken = mixed();
        broken.add(&not_judged(3, "no server"));
        broken.conclude(vec![Shortfall::TargetLost { why: "it ended".into() }]);
        let names = |xml: &str| -> Vec<String> {
            xml.lines().filter(|line| line.contains("<testcase")).map(|line| line.replace("/>", ">")).collect()
        };
        let [one, two] = [mixed(), broken].map(|summary| render(&summary, RUN, &abouts()).unwrap());
        assert_eq!(names(&one), names(&two));
        assert!(two.contains("no server") && two.contains("<error message=\"target lost: it ended\""), "{two}");
        assert!(two.contains("name=\"state\" value=\"target lost\""));
    }
}
