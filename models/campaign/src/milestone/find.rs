//! What detectors count in the evidence of a case: events, tasks, answered calls.

use resurgam_formats::event::{Body, Event, EventId};
use resurgam_formats::evidence::{Evidence, Handed, Run};
use resurgam_formats::plan::TaskKind;
use resurgam_formats::recording::{Call, Reply};

/// How many events of all final histories fit.
pub(super) fn events(evidence: &Evidence, fits: impl Fn(&Run, &Event) -> bool) -> u64 {
    let fits = &fits;
    evidence.runs.iter().flat_map(|run| run.events.iter().filter(move |event| fits(run, event))).count() as u64
}

/// How many tasks of a kind fit.
pub(super) fn tasks(evidence: &Evidence, kind: TaskKind, fits: impl Fn(&Handed) -> bool) -> u64 {
    evidence.tasks.values().filter(|handed| handed.task.kind == kind && fits(handed)).count() as u64
}

/// How many calls have an answer that fits.
pub(super) fn calls(evidence: &Evidence, fits: impl Fn(&Call, &Reply) -> bool) -> u64 {
    let operations = evidence.operations.values();
    operations.filter(|operation| operation.replies().any(|(_, reply)| fits(&operation.call, reply))).count() as u64
}

/// The event of a run that another refers to.
pub(super) fn at(run: &Run, id: EventId) -> Option<&Body> {
    let place = usize::try_from(id.0.checked_sub(1)?).ok()?;
    Some(&run.events.get(place)?.body)
}
