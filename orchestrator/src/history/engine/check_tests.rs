//! A sound run passes, and each thing that cannot be is named.

use super::*;
use crate::history::engine::{PendingQuery, PendingUpdate, Waiter};
use resurgam_api::temporal::common::v1::RetryPolicy;
use resurgam_api::temporal::history::v1::history_event::Attributes;
use resurgam_api::temporal::history::v1::{
    ActivityTaskCompletedEventAttributes, HistoryEvent, RequestCancelExternalWorkflowExecutionInitiatedEventAttributes,
    SignalExternalWorkflowExecutionInitiatedEventAttributes, StartChildWorkflowExecutionInitiatedEventAttributes,
    WorkflowExecutionCompletedEventAttributes, WorkflowExecutionSignaledEventAttributes,
    WorkflowExecutionStartedEventAttributes,
};
use resurgam_api::temporal::taskqueue::v1::TaskQueue;
use resurgam_api::temporal::update::v1::{Meta, Outcome, Request};
use resurgam_state::{
    Activity, Child, Current, EventId, External, State, Sticky, Tail, Timer, Update, WorkflowTask, WorkflowTaskType,
    kind,
};

fn event(event_id: EventId, attributes: Attributes) -> HistoryEvent {
    let event_type = kind::event_type(&attributes) as i32;
    HistoryEvent { event_id, event_type, attributes: Some(attributes), ..HistoryEvent::default() }
}

fn signal() -> Attributes {
    Attributes::WorkflowExecutionSignaledEventAttributes(WorkflowExecutionSignaledEventAttributes::default())
}

fn request(id: &str) -> Request {
    let meta = Meta { update_id: id.to_owned(), ..Meta::default() };
    Request { meta: Some(meta), ..Request::default() }
}

fn started() -> WorkflowExecutionStartedEventAttributes {
    let task_queue = Some(TaskQueue { name: "q".into(), ..TaskQueue::default() });
    WorkflowExecutionStartedEventAttributes { task_queue, ..WorkflowExecutionStartedEventAttributes::default() }
}

/// A run of 11 events with one of everything pending, and a worker who has its workflow task.
fn open() -> Run {
    use Attributes as A;
    let child = event(
        7,
        A::StartChildWorkflowExecutionInitiatedEventAttributes(
            StartChildWorkflowExecutionInitiatedEventAttributes::default(),
        ),
    );
    let message = event(
        8,
        A::SignalExternalWorkflowExecutionInitiatedEventAttributes(
            SignalExternalWorkflowExecutionInitiatedEventAttributes::default(),
        ),
    );
    let cancel = event(
        9,
        A::RequestCancelExternalWorkflowExecutionInitiatedEventAttributes(
            RequestCancelExternalWorkflowExecutionInitiatedEventAttributes::default(),
        ),
    );
    let external = |event| External { initiated: Some(event), request_id: "x".into() };
    let activity = Activity {
        scheduled_event_id: 5,
        activity_id: "a".into(),
        retry: Some(RetryPolicy { maximum_attempts: 2, ..RetryPolicy::default() }),
        attempt: 1,
        start_to_close: 100,
        ..Activity::default()
    };
    let state = State {
        workflow_id: "w".into(),
        run_id: "r".into(),
        status: Status::Running.into(),
        next_event_id: 12,
        next_attempt: 1,
        started: started().into(),
        completed_tasks: 1,
        previous_started_event_id: 3,
        transaction: 9,
        tail: Some(Tail { first_event_id: 10, transaction: 9 }),
        workflow_task: Some(WorkflowTask {
            scheduled_event_id: 10,
            started_event_id: 11,
            attempt: 1,
            started_time: 50,
            request_id: "p".into(),
            sticky_queue: "s".into(),
            ..WorkflowTask::default()
        }),
        sticky: Some(Sticky { queue: "s".into(), timeout: 5 }),
        buffered: [(1, event(0, signal()))].into(),
        activities: [(5, activity)].into(),
        timers: [("t".into(), Timer { started_event_id: 6, due: 70 })].into(),
        children: [(7, Child { initiated: Some(child), request_id: "c".into(), ..Child::default() })].into(),
        signals: [(8, external(message))].into(),
        cancels: [(9, external(cancel))].into(),
        updates: [("u".into(), Update { accepted_event_id: 4, request: Some(request("u")), ..Update::default() })]
            .into(),
        ..State::default()
    };
    let mut run = Run { state, ..Run::default() };
    let query = PendingQuery { query: Default::default(), waiter: Waiter::nobody(), sent: 11 };
    run.volatile.queries.insert("q".into(), query);
    let update =
        |id: &str, sent, accepted| PendingUpdate { request: request(id).into(), sent, accepted, waiters: Vec::new() };
    run.volatile.updates = vec![update("u", 3, true), update("v", 11, false)];
    run
}

fn closed() -> Run {
    let end =
        Attributes::WorkflowExecutionCompletedEventAttributes(WorkflowExecutionCompletedEventAttributes::default());
    let state = State {
        workflow_id: "w".into(),
        run_id: "r".into(),
        status: Status::Completed.into(),
        next_event_id: 5,
        next_attempt: 1,
        started: started().into(),
        close_time: 9,
        close_event: Some(event(4, end)),
        ..State::default()
    };
    Run { state, ..Run::default() }
}

/// A change of a sound run, and a part of what is said of it.
type Change = (fn(&mut Run), &'static str);

/// Makes each change, and hears what is said.
fn flaws(sound: fn() -> Run, changes: Vec<Change>) {
    sound().check().expect("it is sound");
    for (change, said) in changes {
        let mut run = sound();
        change(&mut run);
        let flaw = run.check().expect_err(said);
        assert!(flaw.contains(said), "{said}: {flaw}");
        let (old, new) = State::apart(&sound().state, &run.state);
        let touched = run.state.check_since(&old, &new).and_then(|()| run.check_memory());
        assert_eq!(touched, Err(flaw), "what was touched is enough to see it");
    }
}

fn task(run: &mut Run) -> &mut WorkflowTask {
    run.state.workflow_task.as_mut().expect("there is one")
}

fn activity(run: &mut Run) -> &mut Activity {
    run.state.activities.get_mut(&5).expect("there is one")
}

fn child(run: &mut Run) -> &mut Child {
    run.state.children.get_mut(&7).expect("there is one")
}

#[test]
fn what_an_open_run_cannot_be() {
    flaws(
        open,
        vec![
            (|run| run.state.run_id.clear(), "no name"),
            (|run| run.state.next_event_id = 1, "no event"),
            (|run| run.state.started.task_queue = None, "its task queue"),
            (|run| run.state.status = 77, "status is 77"),
            (|run| run.state.status = Status::Completed.into(), "closed by event None"),
            (|run| run.state.next_attempt = 0, "attempt 0"),
            (|run| run.state.completed_tasks = 0, "miscounted"),
            (|run| run.state.previous_started_event_id = 12, "to come"),
            (|run| run.state.tail = Some(Tail { first_event_id: 12, transaction: 1 }), "begins at event 12"),
            (|run| run.state.tail = Some(Tail { first_event_id: 10, transaction: 10 }), "younger"),
            (|run| run.state.close_time = 1, "knows how it closed"),
            (|run| run.state.successor = "s".into(), "has a successor"),
            (|run| run.state.first_task_at = 9, "before its first one is due"),
            (|run| run.state.awaits_parent = true, "before its first one is due"),
            (|run| run.state.buffered.change(|event| event.event_id = 12), "has an id"),
            (|run| run.state.buffered.change(|event| event.event_type = 1), "another's type"),
            (|run| run.state.buffered.change(|event| event.attributes = None), "says nothing"),
            (
                |run| {
                    let close = closed().state.close_event.map(|event| HistoryEvent { event_id: 0, ..event });
                    run.state.buffered.push(close.expect("it closed"));
                },
                "must not",
            ),
            (
                |run| {
                    let end = ActivityTaskCompletedEventAttributes { scheduled_event_id: 5, ..Default::default() };
                    run.state.buffered.push(event(0, Attributes::ActivityTaskCompletedEventAttributes(end)));
                },
                "its activity is pending",
            ),
            (|run| run.state.timers.change(|timer| timer.started_event_id = 12), "never started"),
            (|run| run.state.timers.change(|timer| timer.due = 0), "no time"),
            (|run| run.state.signals.change(|it| it.initiated = None), "never asked for"),
            (|run| run.state.cancels.change(|it| it.request_id.clear()), "no request id"),
            (|run| std::mem::swap(&mut run.state.signals, &mut run.state.cancels), "never asked for"),
            (|run| run.state.updates.change(|it| it.accepted_event_id = 0), "never accepted"),
            (|run| run.state.updates.change(|it| it.completed_event_id = 2), "before it was accepted"),
            (|run| run.state.updates.change(|it| it.outcome = Some(Outcome::default())), "an end without"),
            (|run| run.state.updates.change(|it| it.request = None), "nobody knows what"),
        ],
    );
}

#[test]
fn what_pending_things_cannot_be() {
    flaws(
        open,
        vec![
            (|run| task(run).attempt = 2, "Normal in attempt 2"),
            (|run| task(run).request_id.clear(), "nobody knows who"),
            (|run| task(run).started_time = 0, "no time of it"),
            (|run| task(run).scheduled_event_id = 12, "never scheduled"),
            (|run| task(run).started_event_id = 12, "never written"),
            (|run| task(run).started_event_id = 9, "before it was scheduled"),
            (|run| task(run).task_type = 9, "task_type 9"),
            (|run| task(run).set_task_type(WorkflowTaskType::Speculative), "are taken"),
            (|run| task(run).sticky_queue = "other".into(), "another sticky queue"),
            (|run| run.state.workflow_task = None, "a workflow task that nobody has"),
            (|run| activity(run).scheduled_event_id = 4, "another's id"),
            (|run| activity(run).attempt = 3, "attempt 3 of 2"),
            (|run| activity(run).request_id = "p".into(), "somebody started it"),
            (|run| activity(run).last_heartbeat = 1, "how far it is"),
            (|run| activity(run).started_event_id = 9, "its start is written"),
            (|run| activity(run).start_to_close = 0, "nothing limits"),
            (|run| activity(run).cancel_requested_event_id = 9, "goes on"),
            (|run| activity(run).retry = None, "no retry policy"),
            (
                |run| {
                    let twin = Activity { scheduled_event_id: 4, ..activity(run).clone() };
                    run.state.activities.insert(4, twin);
                },
                "the same activity id",
            ),
            (|run| child(run).initiated = None, "never asked for"),
            (|run| child(run).request_id.clear(), "no request id"),
            (|run| child(run).started_event_id = 5, "no later event"),
            (|run| child(run).started_event_id = 9, "its start without its run"),
            (|run| child(run).run_id = "known".into(), "without its start"),
            (|run| run.volatile.queries.values_mut().for_each(|it| it.sent = 3), "a query is with"),
            (|run| run.volatile.updates[1].sent = 3, "update v is with"),
            (|run| run.volatile.updates[1].accepted = true, "accepted here"),
            (|run| run.volatile.updates[1].request = Request::default().into(), "one has none"),
            (
                |run| {
                    let update = run.state.updates.get_mut("u").expect("there is one");
                    (update.completed_event_id, update.outcome) = (10, Some(Outcome::default()));
                    run.state.completed_updates = 1;
                },
                "has ended",
            ),
            (|run| run.state.completed_updates = 1, "updates have ended"),
            (
                |run| {
                    let update = run.state.updates.get_mut("u").expect("there is one");
                    (update.completed_event_id, update.outcome) = (10, Some(Outcome::default()));
                },
                "updates have ended",
            ),
        ],
    );
}

#[test]
fn what_a_closed_run_cannot_be() {
    flaws(
        closed,
        vec![
            (|run| run.state.close_event = None, "closed by event None"),
            (|run| run.state.next_event_id = 6, "closed by event Some(4) of 5"),
            (|run| run.state.close_time = 0, "at no time"),
            (|run| run.state.workflow_task = Some(WorkflowTask::default()), "has a workflow task"),
            (|run| run.state.sticky = open().state.sticky, "has a sticky queue"),
            (|run| run.state.buffered = open().state.buffered, "events wait"),
            (|run| run.state.activities = open().state.activities, "pending activities"),
            (|run| run.state.timers = open().state.timers, "pending timers"),
            (|run| run.state.signals = open().state.signals, "messages to send"),
            (|run| run.state.cancels = open().state.cancels, "messages to send"),
            (|run| run.state.successor = "s".into(), "does not go with its end"),
            (|run| run.state.status = Status::ContinuedAsNew.into(), "does not go with its end"),
            (|run| run.volatile.updates = open().volatile.updates, "updates wait"),
            (|run| run.volatile.queries = open().volatile.queries, "queries wait"),
        ],
    );
    let mut run = closed();
    run.state.children = open().state.children;
    run.check().expect("a child whose start is not answered stays");
    child(&mut run).started_event_id = 3;
    assert!(run.check().is_err());
}

#[test]
fn what_runs_of_one_workflow_cannot_be() {
    let current = |status: Status| Current {
        run_id: "r".into(),
        status: status.into(),
        request_ids: vec!["q".into()],
        ..Current::default()
    };
    let workflow = |current, runs: Vec<(&str, Run)>| Workflow {
        current,
        runs: runs.into_iter().map(|(id, run)| (id.to_owned(), run)).collect(),
    };
    let said = |workflow: Workflow| workflow.check().err().unwrap_or_default();
    assert_eq!(said(workflow(None, vec![])), "");
    assert_eq!(said(workflow(None, vec![("r", closed())])), "", "the current run was deleted");
    let named = |mut run: Run, id: &str| {
        run.state.run_id = id.to_owned();
        run
    };
    let old = named(closed(), "old");
    assert_eq!(said(workflow(Some(current(Status::Running)), vec![("r", open()), ("old", old)])), "");
    assert!(
        said(workflow(Some(current(Status::Running)), vec![("r", open()), ("old", closed())])).contains("kept as old")
    );
    assert!(said(workflow(None, vec![("r", open())])).contains("not the current one"));
    assert!(said(workflow(Some(current(Status::Running)), vec![])).contains("is not there"));
    assert!(said(workflow(Some(current(Status::Running)), vec![("r", closed())])).contains("its row says 1"));
    let two = workflow(Some(current(Status::Completed)), vec![("r", closed()), ("old", named(open(), "old"))]);
    assert!(said(two).contains("run old is open"));
    let nobody = Current { request_ids: Vec::new(), ..current(Status::Running) };
    assert!(said(workflow(Some(nobody), vec![("r", open())])).contains("nobody asked"));
}
