use super::*;
use resurgam_testing::notation::parse;
use std::collections::BTreeSet;

fn evidence() -> Evidence {
    parse(
        r#"
        {"at":10,"type":"invoke","operation":1,"attempt":1,"by":"client-0","call":{"of":"client","workflow_id":"w","action":{"call":"signal","name":"s","value":1}}}
        {"at":20,"type":"invoke","operation":2,"attempt":1,"by":"client-1","call":{"of":"client","workflow_id":"w","action":{"call":"cancel"}}}
        {"at":20,"type":"invoke","operation":3,"attempt":1,"by":"client-1","call":{"of":"client","workflow_id":"v","action":{"call":"terminate"}}}
        {"at":30,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"done"}}}
        {"at":30,"type":"invoke","operation":1,"attempt":2,"by":"client-0","call":{"of":"client","workflow_id":"w","action":{"call":"signal","name":"s","value":1}}}
        {"at":40,"type":"return","operation":2,"attempt":1,"answer":{"answer":"info","error":"UNAVAILABLE"}}
        {"at":50,"type":"invoke","operation":4,"attempt":1,"by":"client-2","call":{"of":"client","workflow_id":"w","action":{"call":"describe"}}}
        {"at":60,"type":"task","task":1,"worker":"worker-0","kind":"workflow","workflow_id":"w","run_id":"r","attempt":2,"started":3,"sticky":true}
        {"at":61,"type":"worker_fault","task":1,"what":{"late":5}}
        {"at":62,"type":"fault","fault":"partition a|b","active":true}
        1 WorkflowExecutionStarted input={"payloads":[{"program":{"version":1,"variables":1,"body":[{"do":"timer","ms":1},{"do":"timer","ms":2},{"do":"parallel","until":"first","branches":[[{"do":"scope","body":[]}]]}],"result":{"const":0}}}]}
        2 WorkflowTaskScheduled
        3 WorkflowTaskStarted scheduledEventId=2
        "#,
    )
    .unwrap()
}

#[test]
fn faults_of_the_plan_are_counted_by_kind_and_those_in_vain_apart() {
    let all = parse(
        r#"
        {"at":1,"type":"fault","fault":{"at_ms":5,"for_ms":9,"fault":"kill","node":1},"active":true}
        {"at":2,"type":"fault","fault":{"at_ms":5,"for_ms":9,"moment":{"after":"commit","nth":2},"fault":"kill","node":2},"active":true}
        {"at":3,"type":"fault","fault":{"at_ms":7,"fault":"store","calls":2,"outcome":"append_lost"},"active":true}
        {"at":4,"type":"fault","fault":{"at_ms":5,"for_ms":9,"fault":"kill","node":2},"active":false,"hits":3}
        {"at":5,"type":"fault","fault":{"at_ms":7,"fault":"store","calls":2,"outcome":"append_lost"},"active":false,"hits":0}
        "#,
    )
    .unwrap();
    assert_eq!(
        all.faults.iter().map(|fault| (fault.from, fault.until)).collect::<Vec<_>>(),
        [(1, None), (2, Some(4)), (3, Some(5))]
    );
    assert_eq!(all.faults[1].fault.to_string(), "node 2 killed");
    let coverage = Coverage::of(&all);
    assert_eq!(coverage.faults, counts(&[("after_commit", 1), ("kill", 2), ("append_lost in vain", 1)]));
    let missing = coverage.missing().faults;
    assert!(missing.contains(&"append_lost".to_owned()) && !missing.contains(&"kill".to_owned()));
    assert_eq!(missing.len(), FaultKind::NAMES.len() + Happening::NAMES.len() - 2);
    assert!(Coverage::default().missing().faults.is_empty(), "nothing is asked of what stands no faults");
}

#[test]
fn what_happened_in_the_store_is_counted() {
    let all = parse(
        r#"
        {"at":1,"type":"store","node":2,"partition":"shard/1","outcome":"limbo_opened"}
        {"at":2,"type":"store","partition":"shard/1","outcome":"held_applied"}
        {"at":3,"type":"store","partition":"shard/1","outcome":"held_applied"}
        "#,
    )
    .unwrap();
    let mut coverage = Coverage::of(&all);
    assert_eq!(coverage.store, counts(&[("limbo_opened", 1), ("held_applied", 2)]));
    coverage.merge(&coverage.clone());
    assert_eq!(coverage.store["held_applied"], 4);
}

fn counts(of: &[(&str, u64)]) -> Counts {
    of.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
}

#[test]
fn a_case_is_counted_by_kind_and_pair() {
    let all = Coverage::of(&evidence());
    assert_eq!(all.runs, counts(&[("open", 1)]));
    assert_eq!(all.statements, counts(&[("program", 1), ("timer", 2), ("parallel_first", 1), ("scope", 1)]));
    assert_eq!(all.inside["program"], counts(&[("timer", 2), ("parallel_first", 1)]));
    assert_eq!(all.inside["parallel_first"], counts(&[("scope", 1)]));
    assert_eq!(all.then["timer"], counts(&[("timer", 1), ("parallel_first", 1)]));
    assert_eq!(all.next["WorkflowTaskScheduled"], counts(&[("WorkflowTaskStarted", 1)]));
    assert_eq!(all.operations["signal"], counts(&[("ok", 1), ("no answer", 1)]));
    assert_eq!(all.operations["cancel"], counts(&[("info", 1)]));
    assert_eq!(all.tasks, counts(&[("workflow", 1), ("workflow sticky", 1), ("workflow retried", 1)]));
    assert_eq!(all.worker_faults, counts(&[("workflow late", 1)]));
    assert_eq!(all.faults, counts(&[("partition", 1)]));
}

#[test]
fn only_overlapping_calls_on_one_workflow_are_beside_each_other() {
    let beside = Coverage::of(&evidence()).beside;
    // Signal [10, 30] and again [30, ∞) overlaps cancel [20, 40] twice, but as one begins where the other ends, the
    // second attempt counts anew. Describe begins when only the signal is under way. Terminate is on another workflow.
    assert_eq!(beside["cancel"], counts(&[("signal", 2)]));
    assert_eq!(beside["describe"], counts(&[("signal", 1)]));
    assert_eq!(beside.len(), 2);
}

#[test]
fn merging_adds_up() {
    let one = Coverage::of(&evidence());
    let mut two = one.clone();
    two.merge(&one);
    assert_eq!(two.cases, 2);
    assert_eq!(two.then["timer"]["timer"], 2);
    assert_eq!(two.operations["signal"]["ok"], 2);
    let mut none = Coverage::default();
    none.merge(&one);
    assert_eq!(none, one);
}

#[test]
fn what_was_reached_is_not_missing() {
    let all = Coverage::of(&evidence());
    let missing = all.missing();
    assert!(!missing.statements.contains(&"timer".to_owned()) && missing.statements.contains(&"child".to_owned()));
    assert!(
        missing.worker_faults.contains(&"activity drop".to_owned())
            && !missing.worker_faults.contains(&"workflow late".to_owned())
    );
    let (known, reached) = (kinds::EVENTS.len(), all.events.len());
    assert_eq!(missing.events.len(), known - reached);
    assert_eq!(Coverage::default().missing().operations.len(), kinds::OPERATIONS.len());
}

#[test]
fn lists_name_what_exists() {
    for name in kinds::EVENTS {
        assert!(resurgam_formats::event::KINDS.contains(name), "{name}");
    }
    for list in
        [FaultKind::NAMES, kinds::STATEMENTS, kinds::OPERATIONS, kinds::WORKER_FAULTS, kinds::TASKS, kinds::EVENTS]
    {
        assert_eq!(list.iter().collect::<BTreeSet<_>>().len(), list.len());
    }
    let all = Coverage::of(&evidence());
    assert!(all.statements.keys().all(|name| kinds::STATEMENTS.contains(&name.as_str())));
    assert!(all.operations.keys().all(|name| kinds::OPERATIONS.contains(&name.as_str())));
    assert!(all.tasks.keys().all(|name| kinds::TASKS.contains(&name.as_str())));
}

#[test]
fn a_fault_ends_although_its_first_line_did_not_know_how_long_it_would_last() {
    let of = |node: u8| {
        let begin = r#"{"at":1,"type":"fault","fault":{"at_ms":5,"fault":"kill","node":2},"active":true}"#;
        let end = format!(
            r#"{{"at":9,"type":"fault","fault":{{"at_ms":5,"for_ms":4,"fault":"kill","node":{node}}},"active":false,"hits":0}}"#
        );
        let evidence = parse(&format!("{begin}\n{end}")).unwrap();
        (evidence.faults[0].until, evidence.faults[0].hits)
    };
    assert_eq!(of(2), (Some(9), Some(0)));
    assert_eq!(of(1), (None, None), "another node's");
}
