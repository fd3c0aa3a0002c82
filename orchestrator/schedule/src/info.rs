//! What a schedule says of itself: to whoever asks for it, and in lists.

use crate::machine::{Clock, Machine};
use crate::stored::Schedule;
use crate::timestamp;
use crate::{SHOWN, moment};
use prost_wkt_types::Timestamp;
use resurgam_api::temporal::schedule::v1::schedule_action::Action;
use resurgam_api::temporal::schedule::v1::{Schedule as Definition, ScheduleInfo, ScheduleListInfo};

/// Actions in lists, of the past and of the future.
const LISTED: usize = 5;
/// Calendars, exclusions and intervals in lists, each.
const PARTS: usize = 10;
/// Times that match at most in one answer.
const MATCHING: usize = 1000;

/// A schedule and its state, as clients are told.
pub fn describe(machine: &Machine<'_>) -> (Definition, ScheduleInfo) {
    let stored = &*machine.stored;
    let mut definition = machine.definition.clone();
    definition.state = Some(stored.state.clone());
    if let Some(spec) = &mut definition.spec {
        resurgam_calendar::fill(spec);
    }
    let info = ScheduleInfo {
        action_count: stored.actions,
        missed_catchup_window: stored.missed,
        overlap_skipped: stored.skipped,
        buffer_dropped: stored.dropped,
        buffer_size: i64::try_from(stored.buffered.len()).unwrap_or(i64::MAX),
        running_workflows: stored.running.iter().map(|it| it.execution.clone()).collect(),
        recent_actions: stored.recent.iter().map(|it| it.action.clone()).collect(),
        future_action_times: future(machine, SHOWN),
        create_time: Some(timestamp(stored.created)),
        update_time: (stored.updated != 0).then(|| timestamp(stored.updated)),
        ..ScheduleInfo::default()
    };
    (definition, info)
}

/// What lists show of a schedule.
pub fn listed(machine: &Machine<'_>) -> ScheduleListInfo {
    let Schedule { state, recent, .. } = &*machine.stored;
    let mut spec = machine.definition.spec.clone().unwrap_or_default();
    spec.timezone_data.clear();
    spec.structured_calendar.truncate(PARTS);
    spec.exclude_structured_calendar.truncate(PARTS);
    spec.interval.truncate(PARTS);
    let action = machine.definition.action.as_ref().and_then(|it| it.action.as_ref());
    let workflow_type = action.and_then(|Action::StartWorkflow(it)| it.workflow_type.clone());
    ScheduleListInfo {
        spec: Some(spec),
        workflow_type,
        notes: state.notes.clone(),
        paused: state.paused,
        recent_actions: recent.iter().skip(recent.len().saturating_sub(LISTED)).map(|it| it.action.clone()).collect(),
        future_action_times: future(machine, LISTED),
        ..ScheduleListInfo::default()
    }
}

/// When it will act next, as often as it may.
fn future(machine: &Machine<'_>, most: usize) -> Vec<Timestamp> {
    let state = &machine.stored.state;
    let left = if state.limited_actions { usize::try_from(state.remaining_actions).unwrap_or(0) } else { most };
    machine.upcoming().take(most.min(left)).map(timestamp).collect()
}

/// The times behind the first one up to the second one.
pub fn matching(clock: &Clock, from: &Timestamp, until: &Timestamp) -> Vec<Timestamp> {
    let (mut at, until) = (moment(Some(from)), moment(Some(until)));
    let times = std::iter::from_fn(|| {
        (_, at) = clock.next(at)?;
        Some(at)
    });
    times.take_while(|at| *at <= until).take(MATCHING).map(timestamp).collect()
}
