//! What answers that write nothing show: descriptions, histories, queries, and starts that found a run there. Each
//! shows a state of the run that was the current one: how much of its history was there, and what was not yet. Nothing
//! is judged here.

use super::bound::{By, Point};
use super::bounds::Bounds;
use super::line::Line;
use super::timeline::Timeline;
use crate::rules::index::Asked;
use crate::rules::index::Index;
use resurgam_formats::event::Body;
use resurgam_formats::evidence::{Attempt, Run};
use resurgam_formats::plan::{Action, IdConflict, IdReuse, Start};
use resurgam_formats::recording::{Description, OperationId, QueryAnswer, Reply};
use resurgam_formats::time::At;
use rustc_hash::FxHashMap;

/// An answer that fits no state at all that the run ever had.
#[derive(Clone, Debug)]
pub(crate) struct Strange {
    pub(crate) run: usize,
    pub(crate) operation: OperationId,
    pub(crate) message: String,
}

/// What all reads show.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    pub(crate) bounds: Bounds,
    pub(crate) strange: Vec<Strange>,
    /// How many answers were looked at.
    pub(crate) looked: u64,
}

/// One answer about one run.
struct Answered<'a, 'b> {
    line: &'b Line<'a>,
    run: usize,
    operation: OperationId,
    from: At,
    until: At,
}

impl Shown {
    /// Everything up to this event was there.
    fn there(&mut self, of: &Answered<'_, '_>, event: usize) {
        self.bounds.there(of.run, Point::Written(event), of.until, By::Operation(of.operation));
    }
    /// This event was not written yet (one more than there are: no other run was current yet).
    fn not_yet(&mut self, of: &Answered<'_, '_>, event: usize) {
        self.bounds.not_before(of.run, Point::Written(event), of.from, By::Operation(of.operation));
    }
    /// The run was the current one.
    fn current(&mut self, of: &Answered<'_, '_>) {
        self.there(of, 1);
        self.not_yet(of, of.line.len() + 1);
    }
    fn strange(&mut self, of: &Answered<'_, '_>, message: String) {
        self.strange.push(Strange { run: of.run, operation: of.operation, message });
    }
}

/// All that reads show.
pub(crate) fn reads(evidence: &Index<'_>, timeline: &Timeline<'_>) -> Shown {
    let mut shown = Shown::default();
    let mut histories: FxHashMap<(&str, &str, usize), Vec<&Run>> = FxHashMap::default();
    for read in evidence.reads.iter().filter(|read| read.read.1 > 0) {
        histories.entry((&read.workflow_id, &read.run_id, read.events.len())).or_default().push(read);
    }
    for call in evidence.asked() {
        for (attempt, reply) in call.operation.replies() {
            let Some(until) = attempt.returned else { continue };
            let Some(run) = named(reply).and_then(|run_id| timeline.find(call.workflow_id, run_id)) else { continue };
            let Some(line) = timeline.line(run) else { continue };
            // What ended after the final read of the history may show what is not in it.
            if line.run.read.0 > 0 && until > line.run.read.0 {
                continue;
            }
            let of = Answered { line, run, operation: call.operation.id, from: attempt.invoked, until };
            shown.looked += 1;
            match reply {
                Reply::Description(description) => described(&of, description, &mut shown),
                Reply::Query(answer) => queried(&of, answer, &mut shown),
                Reply::History { run_id, events } => {
                    let key = (call.workflow_id, run_id.as_str(), *events as usize);
                    let inside = |read: &&&Run| attempt.invoked <= read.read.0 && read.read.1 <= until;
                    let read = histories.get(&key).and_then(|reads| reads.iter().find(inside));
                    shown.current(&of);
                    if let Some(read) = read {
                        history(&of, read, &mut shown);
                    }
                }
                Reply::AlreadyStarted { .. } => taken(&of, &call, &mut shown),
                Reply::Run { started, .. } => found(&of, &call, attempt, *started, &mut shown),
                Reply::Update { .. } => shown.current(&of),
                _ => {}
            }
        }
    }
    shown
}

/// The run that an answer is about.
fn named(reply: &Reply) -> Option<&str> {
    match reply {
        Reply::Description(Description { run_id, .. })
        | Reply::Query(QueryAnswer { run_id, .. })
        | Reply::History { run_id, .. }
        | Reply::AlreadyStarted { run_id }
        | Reply::Run { run_id, .. }
        | Reply::Update { run_id, .. } => Some(run_id),
        _ => None,
    }
}

fn described(of: &Answered<'_, '_>, description: &Description, shown: &mut Shown) {
    shown.current(of);
    let length = usize::try_from(description.history_length).unwrap_or(0);
    if length == 0 {
        return;
    }
    if length > of.line.len() {
        let message = format!("described with {length} events, the history has {}", of.line.len());
        return shown.strange(of, message);
    }
    let closed = of.line.close() == Some(length);
    if closed == matches!(description.status.as_str(), "RUNNING" | "PAUSED") {
        let message = format!("described as {} with {length} events, which it never was", description.status);
        return shown.strange(of, message);
    }
    shown.there(of, length);
    shown.not_yet(of, length.saturating_add(1));
}

fn history(of: &Answered<'_, '_>, read: &Run, shown: &mut Shown) {
    let of = Answered { from: read.read.0, until: read.read.1, ..*of };
    // A workflow task that is pending at the end may not be written yet; what is written there later is another event.
    let same = of.line.run.events.iter().zip(&read.events).take_while(|(a, b)| a.id == b.id && a.body == b.body);
    let same = same.count();
    let mut settled = read.events.len();
    for pending in [
        |body: &Body| matches!(body, Body::WorkflowTaskStarted(_)),
        |body: &Body| matches!(body, Body::WorkflowTaskScheduled(_)),
    ] {
        if settled.checked_sub(1).and_then(|last| read.events.get(last)).is_some_and(|event| pending(&event.body)) {
            settled -= 1;
        }
    }
    // H4 judges reads that differ.
    shown.there(&of, settled.min(same));
    shown.not_yet(&of, same + 1);
}

/// A query may be answered from a pending workflow task of two events that is dropped afterwards.
const DROPPED: i64 = 2;

fn queried(of: &Answered<'_, '_>, answer: &QueryAnswer, shown: &mut Shown) {
    shown.current(of);
    let seen = usize::try_from(answer.seen).unwrap_or(0);
    shown.there(of, usize::try_from(answer.seen.saturating_sub(DROPPED)).unwrap_or(0).min(of.line.len()));
    let mut signals = 0;
    let mut unseen = None;
    for (number, event) in (1..).zip(&of.line.run.events) {
        if matches!(event.body, Body::WorkflowExecutionSignaled(_)) {
            signals += 1;
            if signals == answer.signals {
                shown.there(of, number);
            }
        }
        if number > seen && unseen.is_none() && wakes(&event.body) {
            unseen = Some(number);
        }
    }
    if let Some(number) = unseen {
        shown.bounds.not_before(of.run, Point::Accepted(number), of.from, By::Operation(of.operation));
    }
}

/// True for what a workflow is told at once: a query that is asked afterwards reflects it.
fn wakes(body: &Body) -> bool {
    body.is_completion()
        || matches!(
            body,
            Body::WorkflowExecutionSignaled(_) | Body::WorkflowExecutionCancelRequested(_) | Body::TimerFired(_)
        )
}

/// ALREADY_EXISTS: the run has the id.
fn taken(of: &Answered<'_, '_>, call: &Asked<'_>, shown: &mut Shown) {
    shown.current(of);
    let (Action::Start(start) | Action::SignalWithStart { start, .. }) = call.action else { return };
    match (refused_if_open(start), refused_if_closed(of, start)) {
        (true, false) => still_open(of, shown),
        (false, true) => {
            if let Some(close) = of.line.close() {
                shown.there(of, close);
            } else {
                let message = "the call is refused only by a run that is closed, and this one never was".to_owned();
                shown.strange(of, message);
            }
        }
        (false, false) => shown.strange(of, "the policies of this call do not let this run refuse it".into()),
        (true, true) => {}
    }
}

fn refused_if_open(start: &Start) -> bool {
    start.conflict == IdConflict::Fail
}

fn refused_if_closed(of: &Answered<'_, '_>, start: &Start) -> bool {
    match start.reuse {
        IdReuse::AllowDuplicate => false,
        IdReuse::RejectDuplicate => true,
        IdReuse::AllowDuplicateFailedOnly => {
            let close = of.line.close().and_then(|close| of.line.event(close));
            matches!(close, Some(Body::WorkflowExecutionCompleted(_) | Body::WorkflowExecutionContinuedAsNew(_)))
        }
    }
}

fn still_open(of: &Answered<'_, '_>, shown: &mut Shown) {
    if let Some(close) = of.line.close() {
        shown.not_yet(of, close);
    }
}

/// A start was answered with a run. If another call started it, it was open.
fn found(of: &Answered<'_, '_>, call: &Asked<'_>, attempt: &Attempt, started: Option<bool>, shown: &mut Shown) {
    // If it started the run itself, that is an effect and not a read.
    if started == Some(true) {
        return shown.not_yet(of, of.line.len() + 1);
    }
    shown.current(of);
    // A repeated attempt finds the run that an earlier one found, open or not.
    let alone = call.operation.attempts.iter().all(|other| other.number == attempt.number);
    if started == Some(false) && alone {
        still_open(of, shown);
    }
}
