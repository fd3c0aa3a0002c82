use super::*;
use crate::sample::{PASSING, VIOLATING, judged};
use resurgam_testing::notation::parse;
use std::fmt::Write as _;

/// A timeline in lines: lane, begin and end in milliseconds, look, label, marks.
fn text(timeline: &Timeline) -> String {
    let ms = |time: Time| format!("{:.1}", time as f64 / 1e6);
    let mut out = format!("{} {:?}\n", timeline.workflow, timeline.clock);
    let lanes = timeline.lanes.iter().map(|lane| (format!("{} {}", lane.group, lane.name), &lane.items));
    for (name, items) in lanes.chain([("faults".to_owned(), &timeline.faults)]) {
        writeln!(out, "{name}").unwrap();
        for item in items {
            let to = item.to.map_or(String::new(), |to| format!("–{}", ms(to)));
            let marks = [(item.bad, " BAD"), (item.open, " open"), (item.worker_faults, " worker fault")];
            let marks: String = marks.iter().filter(|(holds, _)| *holds).map(|(_, mark)| *mark).collect();
            writeln!(out, "  {}{to} [{}] {}{marks} | {}", ms(item.from), item.class, item.label, item.detail).unwrap();
        }
    }
    out
}

#[test]
fn a_violating_case() {
    let (evidence, verdict) = judged(VIOLATING);
    let findings: Vec<&Finding> =
        verdict.rules.iter().filter(|rule| rule.rule == "H8-buffering").flat_map(|rule| &rule.findings).collect();
    let timeline = Timeline::of(&evidence, "s1207-w0", &findings);
    assert!(timeline.is_bad());
    let bad: Vec<i64> = timeline.runs[0].rows.iter().filter(|row| row.bad).map(|row| row.id).collect();
    assert_eq!(bad, [9, 10, 11]);
    insta::assert_snapshot!(text(&timeline));
    assert!(!Timeline::of(&evidence, "s1207-w1", &findings).is_bad());
}

#[test]
fn events_stand_between_the_calls_that_cause_and_see_them() {
    let (evidence, _) = judged(PASSING);
    let clock = Clock::of(&evidence);
    assert!(clock.error.is_some_and(|error| (0..5_000_000).contains(&error)), "{clock:?}");
    let timeline = Timeline::of(&evidence, "s42-w0", &[]);
    let started = timeline.runs[0].rows[0].at.unwrap();
    assert!((1_000_000..9_000_000).contains(&started), "{started}");
}

#[test]
fn a_bare_history_begins_at_zero() {
    let evidence = parse("1 WorkflowExecutionStarted @100\n2 WorkflowTaskScheduled @100.5").unwrap();
    let timeline = Timeline::of(&evidence, "w", &[]);
    assert_eq!(timeline.runs[0].rows.iter().map(|row| row.at).collect::<Vec<_>>(), [Some(0), Some(500_000_000)]);
    assert_eq!(timeline.clock.error, None);
}

#[test]
fn long_histories_keep_both_ends_and_what_is_wrong() {
    let lines: Vec<String> = (1..=5_000).map(|id| format!("{id} TimerStarted timerId={id} @{id}")).collect();
    let evidence = parse(&lines.join("\n")).unwrap();
    let finding = Finding { workflow_id: "w".into(), run_id: "r".into(), events: vec![2_500], ..Finding::default() };
    let timeline = Timeline::of(&evidence, "w", &[&finding]);
    let run = &timeline.runs[0];
    assert_eq!((run.rows.len(), run.hidden), (401, 4_599));
    assert!(run.rows.iter().any(|row| row.id == 2_500 && row.bad));
}

#[test]
fn findings_lead_to_workflows_by_events_and_by_operations() {
    let (evidence, _) = judged(PASSING);
    let of = |workflow: &str, operations: &[u32], events: &[i64]| {
        let (operations, events) = (operations.to_vec(), events.to_vec());
        let finding = Finding { workflow_id: workflow.into(), operations, events, ..Finding::default() };
        concerned(&finding, &evidence).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(of("", &[2], &[]), ["s42-w1"]);
    assert_eq!(of("s42-w0", &[2], &[1]), ["s42-w0", "s42-w1"]);
    assert_eq!(of("", &[], &[]), Vec::<String>::new());
}
