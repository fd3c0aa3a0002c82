//! After the cases of a simulated run: the first case of each violated rule is made as small as it gets, beside it.
//!
//! Which case that is follows from the seeds alone, and not from which one happened to end first.

use super::request::Event;
use crate::case_directory::Error;
use crate::run_directory::RunDirectory;
use crate::shrink::{Budget, beside};
use crate::stop::Stop;
use crate::subject::Subject;
use resurgam_campaign::summary::Summary;
use resurgam_formats::rule_id::RuleId;
use std::collections::BTreeSet;

/// Shrinks them, so many at the same time. Who is asked to stop keeps the best so far.
pub(super) async fn all(
    summary: &Summary,
    directory: &RunDirectory,
    target: &Subject,
    budget: Budget,
    jobs: usize,
    stop: &Stop,
    watch: &mut impl FnMut(Event<'_>),
) -> Result<(), Error> {
    let mut left = wanted(summary).into_iter();
    let mut running = tokio::task::JoinSet::new();
    let mut ended = Ok(());
    loop {
        while running.len() < jobs.max(1)
            && stop.requested().is_none()
            && let Some((seed, rule)) = left.next()
        {
            let (target, stop, kept) = (target.clone(), stop.clone(), directory.case(seed));
            running.spawn_blocking(move || beside(&kept, &rule, &target, budget, &stop, |_| ()));
        }
        watch(Event::Shrinking(running.len() + left.len()));
        match running.join_next().await {
            None => return ended,
            Some(Ok(written)) => ended = ended.and(written),
            // A panic of the suite while it shrinks: the case that was drawn is kept and shown as it is.
            Some(Err(_)) => {}
        }
    }
}

/// The first kept case of each violated rule; one that violates several that are new is shrunk for the first of them.
fn wanted(summary: &Summary) -> Vec<(u64, RuleId)> {
    let mut known = BTreeSet::new();
    let kept = summary.cases.iter().filter(|case| case.path.is_some());
    let new = kept.filter_map(|case| {
        let new = case.violated.iter().filter(|rule| known.insert((*rule).clone())).min().cloned();
        new.map(|rule| (case.seed, rule))
    });
    new.collect()
}
