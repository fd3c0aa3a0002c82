//! Renders a page of evidence files: `cargo run -p resurgam-reports --example page -- OUT.html FILE…`.
//!
//! A file holds a recording, or evidence in the notation of `resurgam_testing::notation`.

use resurgam_campaign::coverage::Coverage;
use resurgam_campaign::origin::Origin;
use resurgam_campaign::results::{CaseResult, Judged, Said, milliseconds};
use resurgam_campaign::summary::Summary;
use resurgam_formats::evidence::Evidence;
use resurgam_formats::verdict::Verdict;
use resurgam_judge::judge;
use resurgam_judge::rules::abouts;
use resurgam_reports::{CaseView, Page, render};
use std::error::Error;
use std::time::{Duration, Instant};

/// At most this many cases are shown in full.
const SHOWN: usize = 8;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let out = arguments.next().ok_or("expected OUT.html FILE…")?;
    let mut origin =
        Origin { resurgam: env!("CARGO_PKG_VERSION").into(), scenario: "random".into(), ..Origin::default() };
    origin.command = format!("resurgam check {}", arguments.by_ref().collect::<Vec<_>>().join(" "));
    let mut cases: Vec<(u64, Evidence, Verdict, Coverage, String, Duration)> = Vec::new();
    for path in std::env::args().skip(2) {
        let evidence = resurgam_testing::notation::parse(&std::fs::read_to_string(&path)?)?;
        let header = evidence.header.as_ref().ok_or("no header")?;
        (origin.target, origin.target_version) = (header.target.clone(), header.target_version.clone());
        let seed = header.plan.seed;
        let begin = Instant::now();
        let verdict = judge(&seed.to_string(), &evidence, &header.profile);
        let coverage = Coverage::of(&evidence);
        cases.push((seed, evidence, verdict, coverage, path, begin.elapsed()));
    }
    let mut summary = Summary::new(origin);
    for (seed, evidence, verdict, coverage, path, judging) in &cases {
        let executing = Duration::from_nanos(evidence.end.as_ref().map_or(0, |end| end.at));
        summary.add(&CaseResult {
            seed: *seed,
            directory: Some(path.clone()),
            executing_ms: milliseconds(executing),
            judging_ms: milliseconds(*judging),
            said: Said::Judged(Box::new(Judged::of(verdict, 0, coverage.clone(), None))),
        });
    }
    summary.conclude(Vec::new());
    let mut views: Vec<CaseView<'_>> = cases
        .iter()
        .map(|(seed, evidence, verdict, ..)| CaseView { seed: *seed, evidence, verdict, shrunk: None })
        .collect();
    views.sort_by_key(|view| std::cmp::Reverse(view.verdict.worst()));
    views.truncate(SHOWN);
    std::fs::write(out, render(&Page { summary: &summary, directory: "", rules: &abouts(), cases: &views })?)?;
    Ok(())
}
