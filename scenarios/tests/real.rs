//! Fresh random cases on the real Temporal server: no rule fires.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use resurgam_campaign::origin::{Options, Origin};
use resurgam_campaign::summary::Conclusion;
use resurgam_formats::target::Choice;
use resurgam_harness::Stop;
use resurgam_harness::real;
use resurgam_harness::run::{Keep, Request, run};
use resurgam_harness::run_directory::RunDirectory;
use resurgam_harness::target;
use std::path::Path;

const CASES: u64 = 24;

#[tokio::test(flavor = "multi_thread")]
async fn random_cases_hold() {
    if !real::wanted("random cases on the real Temporal server") {
        return;
    }
    let target = target::open(&Choice::Temporal, Path::new("unused"), |_| None, None).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let directory = RunDirectory::create(Some(&folder.path().join("run")), "unused").unwrap();
    let options = Options { choice: Choice::Temporal, cases: Some(CASES), ..Options::default() };
    let origin =
        Origin { target: target.name(), target_version: target.version(), seed: 7_000, options, ..Origin::default() };
    let request = Request { origin, jobs: 6, keep: Keep::None, scenario: None, shrink: None };
    let summary = run(&request, target, directory, &Stop::default(), |_| ()).await;
    let complaints: Vec<_> = summary.rules.iter().flat_map(|rule| rule.failing.iter().chain(&rule.undecided)).collect();
    assert_eq!(
        summary.conclusion,
        Conclusion::Held,
        "{:?} {:?} {complaints:?}",
        summary.shortfalls,
        summary.not_judged
    );
    assert_eq!(summary.cases.len() as u64, CASES);
}
