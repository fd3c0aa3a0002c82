//! Plans that once showed something wrong, in our orchestrator or in the suite: they must hold for ever.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use resurgam_formats::case::Judgement;
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
        let run = SimulatedRun::of(&plan, &target);
        let (_, verdict) = run.judged.unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        // What could not be decided did not hold.
        assert_eq!(verdict.worst(), Outcome::Ok, "{}: {}", path.display(), Judgement::of(&verdict));
    }
}
