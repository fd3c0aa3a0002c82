//! Which histories belong together: a run and the one that it continues, a parent and its children.
//!
//! They are told by run ids, which are unique everywhere. Two histories of one workflow id may come from two clusters, and
//! prove nothing about each other.

use resurgam_formats::event::Body;
use resurgam_formats::evidence::{Evidence, Run};
use resurgam_formats::notes::Notes;
use std::collections::HashMap;

/// Evidence that is judged apart, each piece with a name: recordings by themselves, bare histories with those to which they
/// refer. What was noted of a file is noted of the first that is in it.
#[must_use]
pub fn families(files: Vec<(String, Evidence)>) -> Vec<(String, Evidence)> {
    let (mut out, mut runs) = (Vec::new(), Vec::new());
    for (name, evidence) in files {
        if evidence.header.is_some() {
            out.push((name, evidence));
            continue;
        }
        let cadence = Notes { cadence: evidence.notes.cadence, ..Notes::default() };
        let mut notes = Some(evidence.notes);
        for run in evidence.runs {
            runs.push((name.clone(), run, notes.take().unwrap_or_else(|| cadence.clone())));
        }
    }
    let kin = kin(&runs.iter().map(|(_, run, _)| run).collect::<Vec<_>>());
    let mut groups: Vec<(Vec<String>, String, Evidence)> = Vec::new();
    let mut places: HashMap<usize, usize> = HashMap::new();
    for (of, (name, run, notes)) in kin.into_iter().zip(runs) {
        let place = *places.entry(of).or_insert(groups.len());
        if place == groups.len() {
            groups.push((Vec::new(), run.run_id.clone(), Evidence::default()));
        }
        let (names, _, evidence) = &mut groups[place];
        if !names.contains(&name) {
            names.push(name);
        }
        evidence.runs.push(run);
        evidence.notes.cadence |= notes.cadence;
        evidence.notes.remarks.extend(notes.remarks);
        evidence.notes.unrecognised.extend(notes.unrecognised);
    }
    // A file of which several pieces are judged apart.
    let mut pieces: HashMap<String, usize> = HashMap::new();
    groups.iter().flat_map(|group| &group.0).for_each(|name| *pieces.entry(name.clone()).or_default() += 1);
    out.extend(groups.into_iter().map(|(names, run, evidence)| {
        let several = names.iter().any(|name| pieces[name] > 1);
        let names = names.join(" + ");
        (if several { format!("{names} run {run}") } else { names }, evidence)
    }));
    out
}

/// For every run the number of the first one of its family.
fn kin(runs: &[&Run]) -> Vec<usize> {
    let mut of: Vec<usize> = (0..runs.len()).collect();
    let known: HashMap<&str, usize> =
        runs.iter().enumerate().map(|(place, run)| (run.run_id.as_str(), place)).collect();
    for (place, run) in runs.iter().enumerate() {
        for other in related(run).into_iter().filter(|id| !id.is_empty()).filter_map(|id| known.get(id)) {
            let (one, two) = (root(&mut of, place), root(&mut of, *other));
            of[one.max(two)] = one.min(two);
        }
    }
    (0..runs.len()).map(|place| root(&mut of, place)).collect()
}

/// The first of a family. The way there is made shorter for whoever comes next.
fn root(of: &mut [usize], mut place: usize) -> usize {
    while of[place] != place {
        of[place] = of[of[place]];
        place = of[place];
    }
    place
}

/// The runs that a history names as its kin.
fn related(run: &Run) -> Vec<&str> {
    let mut ids = vec![run.successor()];
    for event in &run.events {
        match &event.body {
            Body::WorkflowExecutionStarted(it) => ids.extend([&*it.parent.run_id, &it.continued_run, &it.first_run]),
            Body::ChildWorkflowExecutionStarted(it) => ids.push(&it.child.run_id),
            _ => {}
        }
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;
    use resurgam_formats::wire::{MAX_BYTES, read};

    fn file(name: &str, run: &str, continued: &str) -> (String, Evidence) {
        let text = format!(
            r#"[{{"eventId":1,"eventType":"WorkflowExecutionStarted","workflowExecutionStartedEventAttributes":
            {{"workflowId":"w","originalExecutionRunId":"{run}","continuedExecutionRunId":"{continued}"}}}}]"#
        );
        (name.to_owned(), read(name, text.as_bytes(), MAX_BYTES).unwrap().evidence)
    }

    fn names(files: Vec<(String, Evidence)>) -> Vec<(String, usize)> {
        families(files).into_iter().map(|(name, evidence)| (name, evidence.runs.len())).collect()
    }

    #[test]
    fn a_chain_is_one_family_and_strangers_are_not() {
        let mut several = file("all", "a", "");
        several.1.runs.extend([file("", "b", "a").1, file("", "x", "").1].into_iter().flat_map(|it| it.runs));
        assert_eq!(names(vec![several]), [("all run a".to_owned(), 2), ("all run x".to_owned(), 1)]);
        assert_eq!(names(vec![file("one", "a", "")]), [("one".to_owned(), 1)]);
    }
}
