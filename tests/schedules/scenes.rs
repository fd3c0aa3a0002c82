//! What is asked of both servers, one after the other.

use crate::server::{Server, queue};
use prost_wkt_types::{Duration, Timestamp};
use resurgam_api::temporal::command::v1 as command;
use resurgam_api::temporal::command::v1::command::Attributes;
use resurgam_api::temporal::common::v1::{Memo, Payload, Payloads, WorkflowExecution, WorkflowType};
use resurgam_api::temporal::enums::v1::{CommandType, ScheduleOverlapPolicy as Overlap};
use resurgam_api::temporal::failure::v1::Failure;
use resurgam_api::temporal::schedule::v1::schedule_action::Action;
use resurgam_api::temporal::schedule::v1::{
    BackfillRequest, CalendarSpec, IntervalSpec, Range, Schedule, ScheduleAction, SchedulePatch, SchedulePolicies,
    ScheduleSpec, ScheduleState, StructuredCalendarSpec, TriggerImmediatelyRequest,
};
use resurgam_api::temporal::sdk::v1::UserMetadata;
use resurgam_api::temporal::workflow::v1::NewWorkflowExecutionInfo;
use resurgam_api::temporal::workflowservice::v1 as api;

/// 2024-03-01 and 2024-12-01.
const YEAR: (i64, i64) = (1_709_251_200, 1_733_011_200);

fn payload(text: &str) -> Payload {
    let metadata = [("encoding".to_owned(), b"json/plain".to_vec())].into();
    Payload { metadata, data: format!("{text:?}").into_bytes(), ..Payload::default() }
}

fn span(seconds: i64) -> Option<Duration> {
    Some(Duration { seconds, nanos: 0 })
}

pub(crate) fn at(seconds: i64) -> Option<Timestamp> {
    Some(Timestamp { seconds, nanos: 0 })
}

/// A schedule that starts workflows of this id.
pub(crate) fn starting(id: &str, spec: ScheduleSpec) -> Schedule {
    let action = NewWorkflowExecutionInfo {
        workflow_id: id.into(),
        workflow_type: Some(WorkflowType { name: "kind".into() }),
        task_queue: queue(id),
        input: Some(Payloads { payloads: vec![payload("input")] }),
        memo: Some(Memo { fields: [("m".to_owned(), payload("memo"))].into() }),
        user_metadata: Some(UserMetadata { summary: Some(payload("summary")), details: None }),
        ..Default::default()
    };
    Schedule {
        spec: Some(spec),
        action: Some(ScheduleAction { action: Some(Action::StartWorkflow(action)) }),
        ..Default::default()
    }
}

fn policy(id: &str, overlap: Overlap) -> Schedule {
    let policies = SchedulePolicies { overlap_policy: overlap.into(), pause_on_failure: true, ..Default::default() };
    Schedule { policies: Some(policies), ..starting(id, ScheduleSpec::default()) }
}

fn cron(texts: &[&str]) -> ScheduleSpec {
    ScheduleSpec { cron_string: texts.iter().map(|text| (*text).to_owned()).collect(), ..ScheduleSpec::default() }
}

fn every(seconds: i64, phase: i64) -> ScheduleSpec {
    let interval = vec![IntervalSpec { interval: span(seconds), phase: span(phase) }];
    ScheduleSpec { interval, ..ScheduleSpec::default() }
}

fn calendar() -> CalendarSpec {
    CalendarSpec { hour: "2,4".into(), day_of_week: "thu-7".into(), comment: "c".into(), ..CalendarSpec::default() }
}

/// Specifications of all forms: what is kept and shown of them, and which times they name.
pub(crate) async fn specifications(server: &mut Server) {
    let zone = |zone: &str, spec| ScheduleSpec { timezone_name: zone.to_owned(), ..spec };
    let range = |start, end, step| vec![Range { start, end, step }];
    let structured = StructuredCalendarSpec {
        second: range(0, 0, 0),
        minute: range(0, 59, 30),
        hour: range(1, 3, 0),
        day_of_month: range(1, 31, 9),
        month: range(1, 12, 1),
        day_of_week: range(0, 6, 0),
        ..Default::default()
    };
    let with = |structured: &StructuredCalendarSpec| ScheduleSpec {
        structured_calendar: vec![structured.clone()],
        ..ScheduleSpec::default()
    };
    let specs = [
        ScheduleSpec::default(),
        cron(&["30 9 * * mon-fri # at work", "@daily"]),
        cron(&["CRON_TZ=America/New_York 30 1 * * *", "TZ=America/New_York 0 2 10 3 *"]),
        cron(&["0 */6 1/7 * * 2024", "15 0 12 * jan,oct sun,7 2024-2026", "@every 40d/3h"]),
        cron(&["@monthly"]),
        every(86_400 * 30, 7200),
        ScheduleSpec { calendar: vec![calendar()], ..ScheduleSpec::default() },
        zone("Australia/Lord_Howe", with(&structured)),
        zone("Europe/Berlin", ScheduleSpec { jitter: span(0), ..cron(&["30 2 31 3 *", "30 4 27 10 *"]) }),
        ScheduleSpec { exclude_structured_calendar: vec![structured], ..cron(&["*/30 * * * *"]) },
        ScheduleSpec { start_time: at(1_720_000_000), end_time: at(1_725_000_000), ..every(86_400, 0) },
    ];
    for (number, spec) in specs.into_iter().enumerate() {
        let id = format!("spec-{number}");
        let paused = Some(ScheduleState { paused: true, notes: "n".into(), ..Default::default() });
        server.create(&id, Schedule { state: paused, ..starting(&id, spec) }).await;
        server.described(&id, |_| true).await;
        server.matching(&id, YEAR.0, YEAR.1).await;
    }
    let twice = zone("Europe/Berlin", cron(&["30 2 27 10 *"]));
    server.create("twice-east", starting("twice-east", twice)).await;
    server.describe("twice-east").await;
    server.matching("twice-east", YEAR.0, YEAR.1).await;
}

/// What makes the workflow of a schedule another one.
type Change = fn(&mut NewWorkflowExecutionInfo);

/// What makes no sense, and what is not there.
pub(crate) async fn refusals(server: &mut Server) {
    let wrong = [
        cron(&["* * *"]),
        cron(&["61 25 * * *"]),
        cron(&["@every"]),
        cron(&["@every 5"]),
        cron(&["@every 5q"]),
        cron(&["@every 500ms"]),
        cron(&["5/x * * * *"]),
        cron(&["1-2-3 * * * *"]),
        cron(&["TZ=Nowhere/City @daily"]),
        cron(&["TZ=Asia/Tokyo @daily", "@hourly"]),
        every(0, 0),
        every(10, 10),
        every(10, -1),
        ScheduleSpec { timezone_name: "../etc".into(), ..ScheduleSpec::default() },
        ScheduleSpec { timezone_data: b"x".to_vec(), ..ScheduleSpec::default() },
        ScheduleSpec {
            structured_calendar: vec![StructuredCalendarSpec {
                hour: vec![Range { start: 24, end: 7, step: -1 }],
                comment: "c".repeat(201),
                ..Default::default()
            }],
            ..ScheduleSpec::default()
        },
    ];
    for spec in wrong {
        server.create("wrong", starting("wrong", spec)).await;
    }
    let changes: [(&str, Change); 9] = [
        ("no id", |it| it.workflow_id.clear()),
        ("long id", |it| it.workflow_id = "i".repeat(990)),
        ("no type", |it| it.workflow_type = None),
        ("long type", |it| it.workflow_type = Some(WorkflowType { name: "t".repeat(1001) })),
        ("no queue", |it| it.task_queue = None),
        ("unnamed queue", |it| it.task_queue = queue("")),
        ("queue of the system", |it| it.task_queue = queue("temporal-sys-per-ns-tq")),
        ("cron", |it| it.cron_schedule = "@daily".into()),
        ("reuse", |it| it.workflow_id_reuse_policy = 2),
    ];
    for (what, change) in changes {
        let mut schedule = starting("wrong", ScheduleSpec::default());
        if let Some(Action::StartWorkflow(it)) = schedule.action.as_mut().and_then(|it| it.action.as_mut()) {
            change(it);
        }
        let request = server.creation(what, schedule);
        let created = server.client.create_schedule(request).await;
        server.see(what, created);
        server.delete(what).await;
    }
    let request = api::CreateScheduleRequest { request_id: String::new(), ..server.creation("s", Schedule::default()) };
    let created = server.client.create_schedule(request).await;
    server.see("no request id", created);
    let request = server.creation(&"i".repeat(990), Schedule::default());
    let created = server.client.create_schedule(request).await;
    server.see("long schedule id", created);
    nobody(server, "nobody").await;
    server.create("gone", starting("gone", ScheduleSpec::default())).await;
    server.delete("gone").await;
    nobody(server, "gone").await;
}

/// Calls about a schedule that is not there.
async fn nobody(server: &mut Server, id: &str) {
    server.describe(id).await;
    server.patch(id, SchedulePatch { pause: "p".into(), ..Default::default() }).await;
    server.patch(id, SchedulePatch { pause: "p".repeat(1001), ..Default::default() }).await;
    server.delete(id).await;
    let request = update(server, id, Schedule::default(), 0);
    let updated = server.client.update_schedule(request).await;
    server.see("update", updated);
}

fn update(server: &Server, id: &str, schedule: Schedule, token: i64) -> api::UpdateScheduleRequest {
    api::UpdateScheduleRequest {
        namespace: server.namespace.clone(),
        schedule_id: id.into(),
        schedule: Some(schedule),
        conflict_token: if token == 0 { Vec::new() } else { token.to_be_bytes().into() },
        ..Default::default()
    }
}

/// Starts by hand: what is started, what overlaps, and what the next one hears of the last one.
pub(crate) async fn actions(server: &mut Server) {
    let actions = |count: i64| {
        move |it: &api::DescribeScheduleResponse| it.info.as_ref().is_some_and(|info| info.action_count == count)
    };
    server.create("acts", policy("acts", Overlap::BufferAll)).await;
    for second in 1..=4 {
        server.patch("acts", trigger(second, Overlap::Unspecified)).await;
        server.met("acts", second).await;
    }
    let buffered = |it: &api::DescribeScheduleResponse| it.info.as_ref().is_some_and(|info| info.buffer_size == 3);
    server.described("acts", buffered).await;
    let done = command::CompleteWorkflowExecutionCommandAttributes {
        result: Some(Payloads { payloads: vec![payload("done")] }),
    };
    work(server, "acts", Attributes::CompleteWorkflowExecutionCommandAttributes(done.clone())).await;
    server.described("acts", actions(2)).await;
    work(server, "acts", Attributes::CancelWorkflowExecutionCommandAttributes(Default::default())).await;
    server.described("acts", actions(3)).await;
    let no = Failure { message: "no".into(), ..Default::default() };
    let failed = command::FailWorkflowExecutionCommandAttributes { failure: Some(no) };
    work(server, "acts", Attributes::FailWorkflowExecutionCommandAttributes(failed)).await;
    server.described("acts", actions(4)).await;
    work(server, "acts", Attributes::CompleteWorkflowExecutionCommandAttributes(done)).await;
    server.patch("acts", trigger(5, Overlap::AllowAll)).await;
    server.described("acts", actions(5)).await;
    for second in 1..=5 {
        started(server, &format!("acts-1970-01-01T00:00:0{second}Z")).await;
    }

    server.create("skips", policy("skips", Overlap::Unspecified)).await;
    for second in 1..=3 {
        server.patch("skips", trigger(second, Overlap::Unspecified)).await;
        server.met("skips", second).await;
    }
    let skipped = |it: &api::DescribeScheduleResponse| it.info.as_ref().is_some_and(|info| info.overlap_skipped == 2);
    server.described("skips", skipped).await;
    server.patch("skips", trigger(4, Overlap::TerminateOther)).await;
    server.described("skips", actions(2)).await;
    let ended = last(server, "skips-1970-01-01T00:00:01Z").await;
    server.see_event("terminated", &ended);

    let backfill = BackfillRequest { start_time: at(86_400), end_time: at(86_400 * 4), overlap_policy: 6 };
    server.create("past", starting("past", every(86_400, 0))).await;
    server.patch("past", SchedulePatch { backfill_request: vec![backfill], ..Default::default() }).await;
    server.described("past", actions(4)).await;
}

fn trigger(second: i64, overlap: Overlap) -> SchedulePatch {
    let trigger = TriggerImmediatelyRequest { overlap_policy: overlap.into(), scheduled_time: at(second) };
    SchedulePatch { trigger_immediately: Some(trigger), ..Default::default() }
}

async fn work(server: &mut Server, queue: &str, how: Attributes) {
    let task = server.task(queue).await;
    let kind = match &how {
        Attributes::CompleteWorkflowExecutionCommandAttributes(_) => CommandType::CompleteWorkflowExecution,
        Attributes::FailWorkflowExecutionCommandAttributes(_) => CommandType::FailWorkflowExecution,
        _ => CommandType::CancelWorkflowExecution,
    };
    let command = command::Command { command_type: kind.into(), attributes: Some(how), ..Default::default() };
    let request = api::RespondWorkflowTaskCompletedRequest {
        namespace: server.namespace.clone(),
        task_token: task.task_token,
        commands: vec![command],
        ..Default::default()
    };
    server.client.respond_workflow_task_completed(request).await.unwrap();
}

async fn history(server: &mut Server, id: &str) -> Vec<resurgam_api::temporal::history::v1::HistoryEvent> {
    let request = api::GetWorkflowExecutionHistoryRequest {
        namespace: server.namespace.clone(),
        execution: Some(WorkflowExecution { workflow_id: id.into(), run_id: String::new() }),
        ..Default::default()
    };
    server.client.get_workflow_execution_history(request).await.unwrap().into_inner().history.unwrap().events
}

async fn last(server: &mut Server, id: &str) -> resurgam_api::temporal::history::v1::HistoryEvent {
    history(server, id).await.pop().unwrap()
}

async fn started(server: &mut Server, id: &str) {
    let events = history(server, id).await;
    server.see_event("started", &events[0]);
}

/// A schedule is paused, updated, listed and counted.
pub(crate) async fn changes(server: &mut Server) {
    let id = "changes";
    let mut request = server.creation(id, starting(id, every(86_400 * 365, 0)));
    request.memo = Some(Memo { fields: [("of".to_owned(), payload("schedule"))].into() });
    let created = server.client.create_schedule(request.clone()).await;
    server.see("create", created);
    let again = server.client.create_schedule(request.clone()).await;
    server.see("again", again);
    let other = server.client.create_schedule(api::CreateScheduleRequest { request_id: "o".into(), ..request }).await;
    server.see("other", other);
    server.describe(id).await;
    let noted = |text: &'static str| {
        move |it: &api::DescribeScheduleResponse| {
            it.schedule.as_ref().and_then(|it| it.state.as_ref()).is_some_and(|state| state.notes == text)
        }
    };
    server.patch(id, SchedulePatch { pause: "stop".into(), ..Default::default() }).await;
    server.described(id, noted("stop")).await;
    server.patch(id, SchedulePatch { unpause: "go".into(), ..Default::default() }).await;
    server.described(id, noted("go")).await;
    for (token, notes) in [(1, "too late"), (3, "in time"), (0, "whenever")] {
        let state =
            Some(ScheduleState { notes: notes.into(), limited_actions: true, remaining_actions: 3, paused: false });
        let schedule = Schedule { state, ..starting(id, every(86_400 * 400, 5)) };
        let request = update(server, id, schedule, token);
        let updated = server.client.update_schedule(request).await;
        server.see("update", updated);
        if notes != "too late" {
            server.described(id, noted(notes)).await;
        }
    }
    let mut request = update(server, id, Schedule::default(), 0);
    request.memo = Some(Memo::default());
    let updated = server.client.update_schedule(request).await;
    server.see("memo", updated);
    let questions = [
        "ScheduleId = 'changes'",
        "ScheduleId = 'nobody'",
        "TemporalSchedulePaused = true AND ScheduleId = 'changes'",
        "WorkflowId = 'x'",
        "ExecutionStatus = 'Running'",
        "TemporalScheduledById = 'x'",
        "TemporalNamespaceDivision = 'x'",
        "Nothing = 1",
        "ScheduleId = ",
        "ScheduleId = 'changes' ORDER BY ScheduleId",
    ];
    // Lists of the real server come later than what they are of.
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    for query in questions {
        let (namespace, query) = (server.namespace.clone(), query.to_owned());
        let request = api::ListSchedulesRequest { namespace, query: query.clone(), ..Default::default() };
        let listed = server.client.list_schedules(request).await;
        server.see(&format!("list {query}"), listed);
        let request = api::CountSchedulesRequest { namespace: server.namespace.clone(), query: query.clone() };
        let counted = server.client.count_schedules(request).await;
        server.see(&format!("count {query}"), counted);
    }
    server.delete(id).await;
    server.delete(id).await;
}
