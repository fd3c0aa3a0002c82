//! L5: every timer was asked for by the program, for as long as it runs.

use crate::rules::Indexed;
use crate::rules::proof::{acknowledged, possible, shows};
use crate::rules::whole::whole;
use crate::rules::{About, Findings, Rule};
use resurgam_formats::command::Command;
use resurgam_formats::event::{Body, Span};
use resurgam_formats::evidence::Run;
use rustc_hash::{FxHashMap, FxHashSet};

/// Balances commands and timers in histories.
pub(super) struct Timers;

static ABOUT: About = About {
    id: "L5",
    slug: "timers",
    title: "a timer in a history was commanded with that duration, and an acknowledged command started its timer",
    reason: "A program sleeps by timers, and waits with timers for what may never come. A timer that was commanded and \
             does not exist leaves the workflow asleep for ever; one with another duration wakes it too early or too \
             late; one that was cancelled though nobody asked for it is a deadline that never comes.",
    source: "docs/temporal-semantics.md: “Timers”, “Events and what they refer to”",
    violating: whole!(
        r#"
        {"at":1,"type":"task","task":1,"worker":"worker-1","kind":"workflow","workflow_id":"w","run_id":"r","attempt":1,"started":3}
        {"at":2,"type":"invoke","operation":1,"attempt":1,"by":"worker-1","call":{"of":"complete_workflow_task","task":1,"commands":[{"command":"start_timer","seq":1,"ms":250}]}}
        {"at":3,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"done"}}}
        run w/r
        1 WorkflowExecutionStarted
        2 WorkflowTaskScheduled
        3 WorkflowTaskStarted scheduledEventId=2
        4 WorkflowTaskCompleted scheduledEventId=2 startedEventId=3
        5 TimerStarted timerId=1 startToFireTimeout=0.5s"#
    ),
    allowed: whole!(
        r#"
        {"at":1,"type":"task","task":1,"worker":"worker-1","kind":"workflow","workflow_id":"w","run_id":"r","attempt":1,"started":3}
        {"at":2,"type":"invoke","operation":1,"attempt":1,"by":"worker-1","call":{"of":"complete_workflow_task","task":1,"commands":[{"command":"start_timer","seq":1,"ms":250}]}}
        {"at":3,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"done"}}}
        run w/r
        1 WorkflowExecutionStarted
        2 WorkflowTaskScheduled
        3 WorkflowTaskStarted scheduledEventId=2
        4 WorkflowTaskCompleted scheduledEventId=2 startedEventId=3
        5 TimerStarted timerId=1 startToFireTimeout=0.250s"#
    ),
};

impl Rule for Timers {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        if !evidence.is_whole() {
            return;
        }
        let started = evidence.commanded(|command| match command {
            Command::StartTimer { seq, ms } => Some((*seq, *ms)),
            _ => None,
        });
        let cancelled = evidence.commanded(|command| match command {
            Command::CancelTimer { seq } => Some(*seq),
            _ => None,
        });
        let known = evidence.by_execution();
        for run in evidence.runs.iter().filter(|run| !run.partial) {
            findings.look_at(run);
            let key = (run.workflow_id.as_str(), run.run_id.as_str());
            let starts = started.get(&key).into_iter().flatten().filter(|(operation, _)| possible(operation));
            let mut lengths: FxHashMap<String, Vec<Span>> = FxHashMap::default();
            for (_, (seq, ms)) in starts {
                lengths.entry(seq.to_string()).or_default().push(Span::millis(i64::from(*ms)));
            }
            let cancels = cancelled.get(&key).into_iter().flatten().filter(|(operation, _)| possible(operation));
            let cancels: FxHashSet<String> = cancels.map(|(_, seq)| seq.to_string()).collect();
            commanded_here(run, &lengths, &cancels, findings);
        }
        let mut started: Vec<_> = started.into_iter().collect();
        started.sort_unstable_by_key(|(key, _)| *key);
        for (key, commands) in started {
            let Some(run) = known.get(&key) else { continue };
            findings.look_at(run);
            let there: FxHashSet<&str> = timers(run).collect();
            for (operation, (seq, ms)) in commands {
                if acknowledged(operation).is_some_and(|at| shows(run, at)) {
                    findings.examine();
                    if !there.contains(seq.to_string().as_str()) {
                        let message =
                            format!("the command for timer {seq} of {ms} ms was acknowledged, but none started");
                        findings.violated_by(&[operation.id], &[], message);
                    }
                }
            }
        }
    }
}

fn timers(run: &Run) -> impl Iterator<Item = &str> {
    run.events.iter().filter_map(|event| match &event.body {
        Body::TimerStarted(timer) => Some(timer.timer_id.as_str()),
        _ => None,
    })
}

/// `lengths` are those of all commands that may have been applied: a workflow task whose answer was lost is decided
/// again, perhaps otherwise.
fn commanded_here(
    run: &Run,
    lengths: &FxHashMap<String, Vec<Span>>,
    cancels: &FxHashSet<String>,
    findings: &mut Findings,
) {
    for event in &run.events {
        match &event.body {
            Body::TimerStarted(timer) => {
                findings.examine();
                match lengths.get(&timer.timer_id) {
                    None => findings.violated(&[event.id], format!("no worker commanded timer {}", timer.timer_id)),
                    Some(lengths) if !lengths.contains(&timer.timeout) => {
                        let ms = |span: &Span| span.0 / 1_000_000;
                        let (runs, commanded) = (ms(&timer.timeout), lengths.first().map_or(0, ms));
                        let message =
                            format!("timer {} was commanded for {commanded} ms, and runs {runs} ms", timer.timer_id);
                        findings.violated(&[event.id], message);
                    }
                    Some(_) => {}
                }
            }
            Body::TimerCanceled(timer) if !cancels.contains(&timer.timer_id) => {
                let message = format!("no worker cancelled timer {}", timer.timer_id);
                findings.violated(&[timer.started, event.id], message);
            }
            _ => {}
        }
    }
}
