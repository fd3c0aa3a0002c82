//! Plans that once showed something wrong, in our orchestrator or in the suite: they must hold for ever.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use resurgam_formats::plan::Plan;
use resurgam_formats::verdict::Outcome;
use resurgam_harness::SimulatedRun;
use std::path::Path;

#[test]
fn what_was_mended_stays_mended() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions");
    let mut paths: Vec<_> = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    assert!(!paths.is_empty(), "there is nothing to look at");
    let target = resurgam_builtin::subject(None);
    for path in paths {
        let plan: Plan = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let simulated = SimulatedRun::of(&plan, &target, "case-");
        let (_, verdict) = simulated.judged.unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        let violated: Vec<_> = verdict.violated().map(|rule| rule.rule.clone()).collect();
        assert!(verdict.worst() < Outcome::Violated, "{}: {violated:?}", path.display());
    }
}
