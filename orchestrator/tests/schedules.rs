//! Schedules, by the calls that clients make: what each says of itself, when it starts what, and what becomes of starts that
//! overlap.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use prost_wkt_types::Timestamp;
use resurgam_api::WorkflowServiceClient;
use resurgam_api::temporal::command::v1::command::Attributes;
use resurgam_api::temporal::command::v1::{
    CompleteWorkflowExecutionCommandAttributes, FailWorkflowExecutionCommandAttributes,
};
use resurgam_api::temporal::common::v1::{Memo, Payload, Payloads, WorkflowType};
use resurgam_api::temporal::enums::v1::{ScheduleOverlapPolicy as Overlap, WorkflowExecutionStatus as Status};
use resurgam_api::temporal::failure::v1::Failure;
use resurgam_api::temporal::history::v1::WorkflowExecutionStartedEventAttributes;
use resurgam_api::temporal::history::v1::history_event::Attributes as Event;
use resurgam_api::temporal::schedule::v1::schedule_action::Action;
use resurgam_api::temporal::schedule::v1::{
    BackfillRequest, IntervalSpec, Schedule, ScheduleAction, SchedulePatch, SchedulePolicies, ScheduleSpec,
    ScheduleState, TriggerImmediatelyRequest,
};
use resurgam_api::temporal::workflow::v1::NewWorkflowExecutionInfo;
use resurgam_api::temporal::workflowservice::v1 as api;
use support::{Cluster, cluster, decision, history, queue, seconds, task, until};
use tonic::Code;
use tonic::transport::Channel;

type Client = WorkflowServiceClient<Channel>;

fn payload(text: &str) -> Payload {
    let metadata = [("encoding".to_owned(), b"json/plain".to_vec())].into();
    Payload { metadata, data: format!("{text:?}").into_bytes(), ..Payload::default() }
}

/// A schedule that starts the workflow `w` every so many seconds.
fn every(interval: i64, overlap: Overlap) -> Schedule {
    let action = NewWorkflowExecutionInfo {
        workflow_id: "w".into(),
        workflow_type: Some(WorkflowType { name: "kind".into() }),
        task_queue: queue("q"),
        input: Some(Payloads { payloads: vec![payload("input")] }),
        ..Default::default()
    };
    Schedule {
        spec: Some(ScheduleSpec {
            interval: vec![IntervalSpec { interval: seconds(interval), phase: None }],
            ..Default::default()
        }),
        action: Some(ScheduleAction { action: Some(Action::StartWorkflow(action)) }),
        policies: Some(SchedulePolicies { overlap_policy: overlap.into(), ..Default::default() }),
        state: None,
    }
}

/// One that never starts anything by itself.
fn idle(overlap: Overlap) -> Schedule {
    Schedule { spec: None, ..every(1, overlap) }
}

fn creation(id: &str, schedule: Schedule) -> api::CreateScheduleRequest {
    api::CreateScheduleRequest {
        namespace: "tests".into(),
        schedule_id: id.into(),
        schedule: Some(schedule),
        request_id: format!("create {id}"),
        memo: Some(Memo { fields: [("note".to_owned(), payload("m"))].into() }),
        ..Default::default()
    }
}

async fn create(client: &mut Client, id: &str, schedule: Schedule) {
    client.create_schedule(creation(id, schedule)).await.unwrap();
}

async fn describe(client: &mut Client, id: &str) -> api::DescribeScheduleResponse {
    let request = api::DescribeScheduleRequest { namespace: "tests".into(), schedule_id: id.into() };
    client.describe_schedule(request).await.unwrap().into_inner()
}

async fn patch(client: &mut Client, id: &str, request_id: &str, patch: SchedulePatch) {
    let request = api::PatchScheduleRequest {
        namespace: "tests".into(),
        schedule_id: id.into(),
        patch: Some(patch),
        request_id: request_id.into(),
        ..Default::default()
    };
    client.patch_schedule(request).await.unwrap();
}

/// A trigger for a time, in seconds since 1970.
fn trigger(at: i64) -> SchedulePatch {
    let at = Some(Timestamp { seconds: at, nanos: 0 });
    let trigger = TriggerImmediatelyRequest { overlap_policy: 0, scheduled_time: at };
    SchedulePatch { trigger_immediately: Some(trigger), ..Default::default() }
}

async fn started(client: &mut Client, id: &str) -> WorkflowExecutionStartedEventAttributes {
    let events = history(client, id).await;
    match events[0].attributes.clone().unwrap() {
        Event::WorkflowExecutionStartedEventAttributes(it) => it,
        other => panic!("{other:?}"),
    }
}

/// A worker takes the next workflow and ends it; its id.
async fn work(client: &mut Client, how: Attributes) -> String {
    let task = task(client).await;
    client.respond_workflow_task_completed(decision(&task, vec![how])).await.unwrap();
    task.workflow_execution.unwrap().workflow_id
}

fn done(text: &str) -> Attributes {
    let result = Some(Payloads { payloads: vec![payload(text)] });
    Attributes::CompleteWorkflowExecutionCommandAttributes(CompleteWorkflowExecutionCommandAttributes { result })
}

fn failed(message: &str) -> Attributes {
    let failure = Some(Failure { message: message.into(), ..Default::default() });
    Attributes::FailWorkflowExecutionCommandAttributes(FailWorkflowExecutionCommandAttributes { failure })
}

/// Waits until as many actions were taken.
async fn acted(client: &mut Client, id: &str, actions: i64) {
    until(|| {
        let mut client = client.clone();
        async move { describe(&mut client, id).await.info.unwrap().action_count >= actions }
    })
    .await;
}

async fn one() -> (Cluster, Client) {
    let cluster = cluster(1).await;
    let client = cluster.client(0);
    (cluster, client)
}

#[tokio::test]
async fn a_schedule_says_what_it_is_and_is_there_until_it_is_deleted() {
    let (_cluster, mut client) = one().await;
    let request = creation("s", every(3600, Overlap::Unspecified));
    let created = client.create_schedule(request.clone()).await.unwrap().into_inner();
    assert_eq!(created.conflict_token, 1_i64.to_be_bytes());
    // The same request again is the same schedule, another one is too much.
    client.create_schedule(request.clone()).await.unwrap();
    let again = client.create_schedule(api::CreateScheduleRequest { request_id: "other".into(), ..request }).await;
    let again = again.unwrap_err();
    assert_eq!((again.code(), again.message()), (Code::AlreadyExists, "schedule \"s\" is already registered"));

    let found = describe(&mut client, "s").await;
    let (schedule, info) = (found.schedule.unwrap(), found.info.unwrap());
    let policies = schedule.policies.unwrap();
    assert_eq!((policies.overlap_policy(), policies.catchup_window), (Overlap::Skip, seconds(365 * 86_400)));
    assert_eq!((info.action_count, info.future_action_times.len(), info.update_time), (0, 10, None));
    assert!(info.future_action_times.windows(2).all(|two| two[1].seconds - two[0].seconds == 3600));
    assert_eq!(found.memo.unwrap().fields.keys().collect::<Vec<_>>(), ["note"]);
    assert_eq!(found.search_attributes, None);

    let list = api::ListSchedulesRequest { namespace: "tests".into(), ..Default::default() };
    let listed = client.list_schedules(list.clone()).await.unwrap().into_inner().schedules;
    assert_eq!(listed.len(), 1);
    let (entry, shown) = (&listed[0], listed[0].info.clone().unwrap());
    assert_eq!((entry.schedule_id.as_str(), shown.future_action_times.len()), ("s", 5));
    assert_eq!((shown.workflow_type.unwrap().name.as_str(), shown.paused), ("kind", false));
    let count = api::CountSchedulesRequest { namespace: "tests".into(), query: "SchedulePaused = false".into() };
    assert_eq!(client.count_schedules(count).await.unwrap().into_inner().count, 1);
    let workflows = api::ListWorkflowExecutionsRequest { namespace: "tests".into(), ..Default::default() };
    assert!(client.list_workflow_executions(workflows).await.unwrap().into_inner().executions.is_empty());

    let delete =
        api::DeleteScheduleRequest { namespace: "tests".into(), schedule_id: "s".into(), ..Default::default() };
    client.delete_schedule(delete.clone()).await.unwrap();
    assert_eq!(client.delete_schedule(delete).await.unwrap_err().code(), Code::NotFound);
    let request = api::DescribeScheduleRequest { namespace: "tests".into(), schedule_id: "s".into() };
    let gone = client.describe_schedule(request).await.unwrap_err();
    assert_eq!((gone.code(), gone.message()), (Code::NotFound, "schedule not found"));
    assert!(client.list_schedules(list).await.unwrap().into_inner().schedules.is_empty());
    create(&mut client, "s", idle(Overlap::Skip)).await;
}

#[tokio::test]
async fn each_time_starts_one_workflow_and_says_so_in_its_id_and_attributes() {
    let (_cluster, mut client) = one().await;
    create(&mut client, "s", every(1, Overlap::AllowAll)).await;
    acted(&mut client, "s", 3).await;
    patch(&mut client, "s", "stop", SchedulePatch { pause: "enough".into(), ..Default::default() }).await;
    let found = describe(&mut client, "s").await;
    assert!(found.schedule.unwrap().state.unwrap().paused);
    let info = found.info.unwrap();
    assert!(info.running_workflows.is_empty(), "what may overlap is not waited for");
    let recent = info.recent_actions;
    assert!(recent.windows(2).all(|two| {
        let at = |it: usize| two[it].schedule_time.unwrap().seconds;
        at(1) == at(0) + 1
    }));
    for action in recent {
        let id = action.start_workflow_result.unwrap().workflow_id;
        let at = id.strip_prefix("w-").unwrap().to_owned();
        let started = started(&mut client, &id).await;
        assert_eq!(started.identity, "temporal-scheduler-tests-s");
        assert_eq!((started.parent_workflow_execution, started.input.unwrap().payloads.len()), (None, 1));
        let attributes = started.search_attributes.unwrap().indexed_fields;
        assert_eq!(attributes["TemporalScheduledStartTime"].data, format!("{at:?}").into_bytes());
        assert_eq!(attributes["TemporalScheduledById"].data, b"\"s\"");
    }
}

#[tokio::test]
async fn one_after_the_other_hears_what_the_last_one_came_to() {
    let (_cluster, mut client) = one().await;
    create(&mut client, "s", idle(Overlap::BufferAll)).await;
    for at in 1..=4 {
        patch(&mut client, "s", &at.to_string(), trigger(at)).await;
        // Once more is the same request.
        patch(&mut client, "s", &at.to_string(), trigger(at)).await;
    }
    acted(&mut client, "s", 1).await;
    let info = describe(&mut client, "s").await.info.unwrap();
    assert_eq!((info.action_count, info.buffer_size, info.running_workflows.len()), (1, 3, 1));
    let ids: Vec<String> = (1..=4).map(|at| format!("w-1970-01-01T00:00:0{at}Z")).collect();
    assert_eq!(work(&mut client, done("first")).await, ids[0]);
    assert_eq!(work(&mut client, failed("second")).await, ids[1]);
    assert_eq!(work(&mut client, done("third")).await, ids[2]);
    acted(&mut client, "s", 4).await;
    let result = |it: WorkflowExecutionStartedEventAttributes| {
        let result = it.last_completion_result.map(|it| it.payloads[0].data.clone());
        (result, it.continued_failure.map(|it| it.message))
    };
    let heard = |text: &str| Some(format!("{text:?}").into_bytes());
    assert_eq!(result(started(&mut client, &ids[0]).await), (None, None));
    assert_eq!(result(started(&mut client, &ids[1]).await), (heard("first"), None));
    assert_eq!(result(started(&mut client, &ids[2]).await), (heard("first"), Some("second".into())));
    assert_eq!(result(started(&mut client, &ids[3]).await), (heard("third"), None));
    let recent = describe(&mut client, "s").await.info.unwrap().recent_actions;
    let ends: Vec<Status> = recent.iter().map(|it| it.start_workflow_status()).collect();
    assert_eq!(ends, [Status::Completed, Status::Failed, Status::Completed, Status::Running]);
}

#[tokio::test]
async fn what_runs_gives_way_or_not_as_the_policy_says() {
    let (_cluster, mut client) = one().await;
    create(&mut client, "s", idle(Overlap::Skip)).await;
    patch(&mut client, "s", "1", trigger(1)).await;
    acted(&mut client, "s", 1).await;
    patch(&mut client, "s", "2", trigger(2)).await;
    let info = describe(&mut client, "s").await.info.unwrap();
    assert_eq!((info.action_count, info.overlap_skipped), (1, 1));
    let mut other = trigger(3);
    other.trigger_immediately.as_mut().unwrap().overlap_policy = Overlap::TerminateOther.into();
    patch(&mut client, "s", "3", other).await;
    acted(&mut client, "s", 2).await;
    let ended = history(&mut client, "w-1970-01-01T00:00:01Z").await;
    let Some(Event::WorkflowExecutionTerminatedEventAttributes(end)) = ended.last().unwrap().attributes.clone() else {
        panic!("{ended:?}")
    };
    assert_eq!(end.reason, "terminated by schedule overlap policy");
    let mut other = trigger(4);
    other.trigger_immediately.as_mut().unwrap().overlap_policy = Overlap::CancelOther.into();
    patch(&mut client, "s", "4", other).await;
    let id = "w-1970-01-01T00:00:03Z";
    until(|| {
        let mut client = client.clone();
        async move {
            let events = history(&mut client, id).await;
            let asked = |it: &Event| matches!(it, Event::WorkflowExecutionCancelRequestedEventAttributes(_));
            events.iter().any(|event| event.attributes.as_ref().is_some_and(asked))
        }
    })
    .await;
    assert_eq!(describe(&mut client, "s").await.info.unwrap().action_count, 2, "it is only asked to");
    while work(&mut client, done("at last")).await != id {}
    acted(&mut client, "s", 3).await;
}

#[tokio::test]
async fn a_failure_pauses_and_limited_actions_come_to_an_end() {
    let (_cluster, mut client) = one().await;
    let mut schedule = idle(Overlap::Skip);
    schedule.policies.as_mut().unwrap().pause_on_failure = true;
    create(&mut client, "s", schedule).await;
    patch(&mut client, "s", "1", trigger(1)).await;
    work(&mut client, failed("no")).await;
    until(|| {
        let mut client = client.clone();
        async move { describe(&mut client, "s").await.schedule.unwrap().state.unwrap().paused }
    })
    .await;
    let found = describe(&mut client, "s").await;
    let notes = found.schedule.unwrap().state.unwrap().notes;
    assert_eq!(notes, "paused due to workflow failure: w-1970-01-01T00:00:01Z: no");
    assert_eq!(found.conflict_token, 2_i64.to_be_bytes());

    let mut schedule = every(1, Overlap::AllowAll);
    schedule.state = Some(ScheduleState { limited_actions: true, remaining_actions: 2, ..Default::default() });
    create(&mut client, "limited", schedule).await;
    let before = describe(&mut client, "limited").await.info.unwrap();
    assert!(before.future_action_times.len() <= 2);
    acted(&mut client, "limited", 2).await;
    let found = describe(&mut client, "limited").await;
    assert_eq!(found.schedule.unwrap().state.unwrap().remaining_actions, 0);
    assert!(found.info.unwrap().future_action_times.is_empty());
}

#[tokio::test]
async fn an_update_is_for_what_comes_and_only_for_those_who_know_what_they_change() {
    let (_cluster, mut client) = one().await;
    create(&mut client, "s", every(3600, Overlap::Skip)).await;
    let update = |token: i64, interval: i64| api::UpdateScheduleRequest {
        namespace: "tests".into(),
        schedule_id: "s".into(),
        schedule: Some(every(interval, Overlap::BufferOne)),
        conflict_token: token.to_be_bytes().into(),
        ..Default::default()
    };
    client.update_schedule(update(7, 60)).await.unwrap();
    assert_eq!(describe(&mut client, "s").await.info.unwrap().update_time, None, "it came too late");
    client.update_schedule(update(1, 60)).await.unwrap();
    let found = describe(&mut client, "s").await;
    let info = found.info.unwrap();
    let (first, second) = (info.future_action_times[0].seconds, info.future_action_times[1].seconds);
    assert_eq!((second - first, found.conflict_token), (60, 2_i64.to_be_bytes().into()));
    assert!(info.update_time.unwrap().seconds <= first);
    assert_eq!(found.schedule.unwrap().policies.unwrap().overlap_policy(), Overlap::BufferOne);
    let mut memo = update(0, 60);
    memo.memo = Some(Memo::default());
    assert_eq!(client.update_schedule(memo).await.unwrap_err().code(), Code::FailedPrecondition);
}

#[tokio::test]
async fn the_past_can_be_made_up_for() {
    let (_cluster, mut client) = one().await;
    create(&mut client, "s", Schedule { state: None, ..every(86_400 * 365, Overlap::AllowAll) }).await;
    let request = api::ListScheduleMatchingTimesRequest {
        namespace: "tests".into(),
        schedule_id: "s".into(),
        start_time: Some(Timestamp { seconds: 0, nanos: 0 }),
        end_time: Some(Timestamp { seconds: 86_400 * 365 * 12, nanos: 0 }),
    };
    let times = client.list_schedule_matching_times(request.clone()).await.unwrap().into_inner().start_time;
    assert_eq!(times.len(), 12);
    let backfill = BackfillRequest { start_time: Some(times[0]), end_time: Some(times[11]), overlap_policy: 0 };
    patch(&mut client, "s", "b", SchedulePatch { backfill_request: vec![backfill], ..Default::default() }).await;
    acted(&mut client, "s", 12).await;
    let info = describe(&mut client, "s").await.info.unwrap();
    assert_eq!((info.action_count, info.recent_actions.len()), (12, 10));
    assert_eq!(info.recent_actions[9].schedule_time, Some(times[11]));
    let open = api::ListScheduleMatchingTimesRequest { end_time: None, ..request };
    let refused = client.list_schedule_matching_times(open).await.unwrap_err();
    assert_eq!((refused.code(), refused.message()), (Code::InvalidArgument, "missing or invalid query"));
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let (_cluster, mut client) = one().await;
    let mut refused = async |change: &dyn Fn(&mut api::CreateScheduleRequest)| {
        let mut request = creation("s", every(1, Overlap::Skip));
        change(&mut request);
        let status = client.create_schedule(request).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
        status.message().to_owned()
    };
    fn action(request: &mut api::CreateScheduleRequest) -> &mut NewWorkflowExecutionInfo {
        let action = request.schedule.as_mut().unwrap().action.as_mut().unwrap();
        let Some(Action::StartWorkflow(it)) = action.action.as_mut() else { panic!() };
        it
    }
    assert_eq!(refused(&|it| it.request_id.clear()).await, "RequestId is not set on request.");
    assert_eq!(refused(&|it| it.schedule_id = "i".repeat(1000)).await, "WorkflowId length exceeds limit.");
    let cron = |it: &mut api::CreateScheduleRequest| {
        let spec = it.schedule.as_mut().unwrap().spec.as_mut().unwrap();
        spec.cron_string = vec!["* * *".into()];
    };
    assert_eq!(refused(&cron).await, "Invalid schedule spec: CronString does not have 5-7 fields");
    let cron = |it: &mut api::CreateScheduleRequest| action(it).cron_schedule = "@daily".into();
    assert_eq!(refused(&cron).await, "Scheduled workflow must not contain CronSchedule");
    assert_eq!(refused(&|it| action(it).task_queue = None).await, "taskQueue is not set");
    let reuse = |it: &mut api::CreateScheduleRequest| action(it).workflow_id_reuse_policy = 3;
    assert_eq!(refused(&reuse).await, "Scheduled workflow must not contain WorkflowIDReusePolicy");
    let list = |query: &str| api::ListSchedulesRequest {
        namespace: "tests".into(),
        query: query.into(),
        ..Default::default()
    };
    let status = client.list_schedules(list("WorkflowId = 'x'")).await.unwrap_err();
    assert_eq!(status.message(), "invalid query filter for schedules: cannot filter on \"WorkflowId\"");
    let nobody = api::DescribeScheduleRequest { namespace: "tests".into(), schedule_id: "nobody".into() };
    assert_eq!(client.describe_schedule(nobody).await.unwrap_err().code(), Code::NotFound);
}
