//! Every milestone is reached by its example and not by its near miss, nor by a case in which nothing happens.

use super::*;
use resurgam_testing::notation::parse;
use std::collections::BTreeSet;

fn evidence(text: &str, id: &str) -> Evidence {
    parse(text).unwrap_or_else(|problem| panic!("{id}: {problem}\n{text}"))
}

#[test]
fn examples_are_reached_and_near_misses_are_not() {
    for one in all() {
        assert!(one.count(&evidence(&one.seen, &one.id)) > 0, "{} is not reached", one.id);
        assert_eq!(one.count(&evidence(&one.near, &one.id)), 0, "{} is reached by its near miss", one.id);
    }
}

#[test]
fn a_plain_case_reaches_only_its_end() {
    let plain = "run w/r
        1 WorkflowExecutionStarted
        2 WorkflowTaskScheduled attempt=1
        3 WorkflowTaskStarted scheduledEventId=2
        4 WorkflowTaskCompleted scheduledEventId=2 startedEventId=3
        5 WorkflowExecutionCompleted workflowTaskCompletedEventId=4";
    let reached = Milestones::of(&evidence(plain, "plain")).reached;
    assert_eq!(reached.into_keys().collect::<Vec<_>>(), ["run-completed"]);
    assert!(Milestones::of(&Evidence::default()).reached.is_empty());
}

#[test]
fn there_are_enough_and_each_has_a_name() {
    let ids: BTreeSet<String> = all().into_iter().map(|one| one.id).collect();
    assert_eq!(ids.len(), all().len());
    assert!(ids.len() >= 40, "{}", ids.len());
    for one in all() {
        assert!(one.title.len() > 10 && one.id.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{one:?}");
    }
}

#[test]
fn counts_add_up() {
    let fired = evidence("1 TimerFired\n2 TimerFired", "timer");
    let mut sum = Milestones::of(&fired);
    sum.merge(&Milestones::of(&fired));
    sum.merge(&Milestones::of(&Evidence::default()));
    assert_eq!((sum.cases, sum.reached["timer-fired"]), (3, Reached { cases: 2, times: 4 }));
    let missing = |with| sum.missing(with).into_iter().map(|one| one.id).collect::<BTreeSet<_>>();
    let (plans, faults) = (missing(Needs::Plans), missing(Needs::Faults));
    assert!(!faults.contains("timer-fired") && plans.contains("timer-cancelled") && plans.is_subset(&faults));
    assert!(faults.contains("store-limbo-opened") && !plans.contains("store-limbo-opened"));
    let text = serde_json::to_string(&sum).unwrap();
    assert_eq!(serde_json::from_str::<Milestones>(&text).unwrap(), sum);
}
