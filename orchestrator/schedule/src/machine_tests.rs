use super::*;
use crate::{End, LastOutcome, describe};
use prost_wkt_types::{Duration, Timestamp};
use resurgam_api::temporal::common::v1::WorkflowExecution;
use resurgam_api::temporal::history::v1::history_event::Attributes;
use resurgam_api::temporal::schedule::v1::{
    BackfillRequest, IntervalSpec, ScheduleAction, SchedulePatch, ScheduleSpec, TriggerImmediatelyRequest,
};
use resurgam_api::temporal::workflow::v1::NewWorkflowExecutionInfo;

/// When all of these begin: a whole day.
const START: Millis = 20_000 * DAY;

fn span(seconds: i64) -> Option<Duration> {
    Some(Duration { seconds, nanos: 0 })
}

/// A schedule that meets a time every so many seconds.
fn definition(interval: i64, overlap: Overlap) -> Definition {
    let action = Action::StartWorkflow(NewWorkflowExecutionInfo { workflow_id: "w".into(), ..Default::default() });
    let interval = vec![IntervalSpec { interval: span(interval), phase: None }];
    Definition {
        spec: Some(ScheduleSpec { interval, ..Default::default() }),
        action: Some(ScheduleAction { action: Some(action) }),
        policies: Some(SchedulePolicies { overlap_policy: overlap.into(), ..Default::default() }),
        state: None,
    }
}

/// A schedule that things happen to.
struct Play {
    stored: Schedule,
    definition: Definition,
}

impl Play {
    fn new(definition: Definition) -> Self {
        let (stored, definition) = begin(definition, START);
        Self { stored, definition }
    }

    /// So many seconds after the beginning something happens; what follows.
    fn at(&mut self, seconds: i64, happens: impl FnOnce(&mut Machine<'_>)) -> Vec<Order> {
        let clock = Clock::new(&self.definition, "n", "s");
        let now = START + seconds * SECOND;
        let mut machine = Machine { stored: &mut self.stored, definition: &self.definition, clock: &clock, now };
        machine.catch_up();
        happens(&mut machine);
        machine.settle()
    }

    /// A start is answered.
    fn started(&mut self, seconds: i64, number: i64) -> Vec<Order> {
        let execution = WorkflowExecution { workflow_id: format!("w-{number}"), run_id: "r".into() };
        self.at(seconds, |machine| machine.started(number, Some(execution)))
    }
}

fn nothing(_: &mut Machine<'_>) {}

#[test]
fn it_wakes_when_the_next_time_comes_and_meets_each_once() {
    let mut play = Play::new(definition(60, Overlap::AllowAll));
    assert_eq!((play.at(0, nothing), play.stored.wakes), (vec![], START + 60 * SECOND));
    assert_eq!(play.at(60, nothing), [Order::Start(1)]);
    assert_eq!((play.at(61, nothing), play.stored.wakes), (vec![], START + 120 * SECOND));
    assert_eq!(play.at(240, nothing), [Order::Start(2), Order::Start(3), Order::Start(4)]);
    assert!(play.at(200, nothing).is_empty(), "a clock that goes back meets nothing again");
    let starts: Vec<Millis> = play.stored.starting.iter().map(|it| it.start.nominal - START).collect();
    assert_eq!(starts, [60 * SECOND, 120 * SECOND, 180 * SECOND, 240 * SECOND]);
}

#[test]
fn what_is_met_too_late_is_counted_and_what_passes_while_it_is_paused_is_not() {
    let mut late = definition(60, Overlap::BufferAll);
    late.policies.as_mut().unwrap().catchup_window = span(1);
    let mut play = Play::new(late);
    assert_eq!(play.definition.policies.as_ref().unwrap().catchup_window, span(10), "ten seconds at least");
    assert_eq!(play.at(185, nothing), [Order::Start(1)]);
    assert_eq!((play.stored.missed, play.stored.starting[0].start.nominal), (2, START + 180 * SECOND));

    let mut play = Play::new(definition(60, Overlap::AllowAll));
    let patch = |pause: &str, unpause: &str| SchedulePatch {
        pause: pause.into(),
        unpause: unpause.into(),
        ..Default::default()
    };
    play.at(30, |machine| machine.patch(&patch("p", "")));
    assert_eq!(play.stored.wakes, 0, "nothing is to be done until somebody says so");
    assert!(play.at(150, |machine| machine.patch(&patch("", "u"))).is_empty());
    assert_eq!((play.stored.wakes, play.stored.missed), (START + 180 * SECOND, 0));
    assert_eq!((play.stored.token, play.stored.state.notes.as_str()), (3, "u"));
}

#[test]
fn one_step_passes_a_limited_number_of_times_and_the_next_one_follows_at_once() {
    let mut play = Play::new(definition(1, Overlap::Skip));
    let behind = i64::try_from(STEP).unwrap() + 7;
    assert_eq!(play.at(behind, nothing), [Order::Start(1)]);
    assert!(play.stored.wakes <= START + behind * SECOND, "it goes on at once");
    assert_eq!((play.at(behind, nothing), play.stored.skipped), (vec![], behind - 1));
    assert_eq!(play.stored.wakes, START + (behind + 1) * SECOND);
}

#[test]
fn there_is_room_for_so_many_starts() {
    let mut play = Play::new(definition(1, Overlap::BufferAll));
    let most = i64::try_from(BUFFER).unwrap();
    play.at(most, nothing);
    assert_eq!((play.stored.buffered.len(), play.stored.dropped), (BUFFER - 1, 0));
    play.at(most + 3, nothing);
    assert_eq!((play.stored.buffered.len(), play.stored.dropped), (BUFFER - 1, 3));
}

#[test]
fn a_backfill_takes_some_at_a_time_and_waits_as_the_policy_says() {
    let mut play = Play::new(definition(86_400, Overlap::AllowAll));
    let day = |day: i64| Some(Timestamp { seconds: day * 86_400, nanos: 0 });
    let request = BackfillRequest { start_time: day(1), end_time: day(25), overlap_policy: 0 };
    let patch = SchedulePatch { backfill_request: vec![request], ..Default::default() };
    assert_eq!(play.at(1, |machine| machine.patch(&patch)).len(), BACKFILLED);
    assert_eq!(play.stored.wakes, START + 2 * SECOND);
    assert_eq!((play.at(2, nothing).len(), play.at(3, nothing).len()), (10, 5), "both ends are included");
    assert_eq!((play.at(4, nothing).len(), play.stored.backfills.len()), (0, 0));
    assert_eq!(play.stored.wakes, START + 86_400 * SECOND);
}

#[test]
fn a_start_that_is_refused_is_over_and_the_next_one_has_its_turn() {
    let mut play = Play::new(definition(60, Overlap::BufferAll));
    assert_eq!(play.at(120, nothing), [Order::Start(1)]);
    assert_eq!(play.at(121, |machine| machine.started(1, None)), [Order::Start(2)]);
    assert_eq!((play.started(122, 2), play.stored.actions), (vec![], 1));
    let end = End::of(Attributes::WorkflowExecutionTerminatedEventAttributes(Default::default()), 2048).unwrap();
    let execution = WorkflowExecution { workflow_id: "w-2".into(), run_id: "r".into() };
    let again = (execution.clone(), end.clone());
    play.at(123, |machine| {
        assert_eq!(machine.ended(2, execution, end, LastOutcome::default()), Some(LastOutcome::default()));
    });
    play.at(124, |machine| assert_eq!(machine.ended(2, again.0, again.1, LastOutcome::default()), None));
}

#[test]
fn one_that_is_told_of_its_end_before_its_start_is_counted_once() {
    let mut play = Play::new(definition(60, Overlap::Skip));
    play.at(60, nothing);
    let execution = WorkflowExecution { workflow_id: "w-1".into(), run_id: "r".into() };
    let end = End::of(Attributes::WorkflowExecutionCompletedEventAttributes(Default::default()), 2048).unwrap();
    play.at(61, |machine| assert!(machine.ended(1, execution, end, LastOutcome::default()).is_some()));
    play.started(62, 1);
    assert_eq!((play.stored.actions, play.stored.running.len(), play.stored.recent.len()), (1, 0, 1));
}

#[test]
fn what_has_nothing_more_to_do_is_over_after_a_week() {
    let mut once = definition(60, Overlap::Skip);
    once.spec.as_mut().unwrap().end_time = Some(Timestamp { seconds: (START + 60 * SECOND) / SECOND, nanos: 0 });
    let mut play = Play::new(once);
    assert_eq!(play.at(60, nothing), [Order::Start(1)]);
    assert_eq!(play.stored.wakes, 0, "something of it starts");
    play.at(61, |machine| machine.started(1, None));
    assert_eq!(play.stored.wakes, START + RETENTION);
    assert_eq!(play.at(RETENTION / SECOND, nothing), [Order::Complete]);
}

#[test]
fn who_looks_sees_what_is_to_come_and_no_more_than_is_left() {
    let mut limited = definition(60, Overlap::Skip);
    limited.state = Some(ScheduleState { limited_actions: true, remaining_actions: 2, ..Default::default() });
    let mut play = Play::new(limited);
    let trigger = TriggerImmediatelyRequest::default();
    let patch = SchedulePatch { trigger_immediately: Some(trigger), ..Default::default() };
    play.at(1, |machine| {
        machine.patch(&patch);
        let (shown, info) = describe(machine);
        assert_eq!((info.buffer_size, info.future_action_times.len()), (1, 2));
        assert_eq!(shown.state.unwrap().remaining_actions, 2);
    });
    assert_eq!(play.stored.state.remaining_actions, 2, "what is asked for does not count");
    play.at(2, |machine| machine.started(1, None));
    play.at(60, nothing);
    assert_eq!((play.stored.state.remaining_actions, play.stored.token), (1, 2));
}
