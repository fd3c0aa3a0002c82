//! Fresh random cases on the real Temporal server: no rule fires.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use resurgam_formats::verdict::Outcome;
use resurgam_harness::real;
use resurgam_harness::run::{self, Ended, Keep, Options, World};
use resurgam_harness::target::{Options as ServerOptions, Temporal};
use std::sync::atomic::AtomicU64;

const CASES: u64 = 24;

#[tokio::test(flavor = "multi_thread")]
async fn random_cases_hold() {
    if !real::wanted("random cases on the real Temporal server") {
        return;
    }
    let server = Temporal::start(&ServerOptions::default()).await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let options = Options {
        seed: 7_000,
        cases: Some(CASES),
        limit: None,
        jobs: 6,
        out: directory.path().to_owned(),
        keep: Keep::Failing,
        prefix: "case-".into(),
        shrink: None,
    };
    let mut held = 0;
    let mut complaints = Vec::new();
    let done = |ended| match ended {
        Ended::Broken { seed, why } => complaints.push(format!("seed {seed}: {why}")),
        Ended::Judged(case) if case.verdict.worst() > Outcome::Ok => {
            let rules = case.verdict.rules.iter().filter(|rule| rule.outcome > Outcome::Ok);
            complaints.push(format!("seed {}: {:?}", case.seed, rules.collect::<Vec<_>>()));
        }
        Ended::Judged(_) => held += 1,
    };
    run::run(&options, &World::Real(server.endpoint().clone()), &AtomicU64::new(0), done).await.unwrap();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    assert_eq!(held, CASES);
}
