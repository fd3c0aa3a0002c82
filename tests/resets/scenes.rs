//! What is played on both servers.

use super::play::{Play, seconds, text};
use resurgam_api::temporal::command::v1 as command;
use resurgam_api::temporal::command::v1::command::Attributes;
use resurgam_api::temporal::common::v1::{ActivityType, WorkflowType};
use resurgam_api::temporal::enums::v1::{CommandType, ResetReapplyExcludeType as Exclude, ResetReapplyType as Reapply};
use resurgam_harness::target::Endpoint;

type Decided = (CommandType, Attributes);

pub(crate) fn finish() -> Decided {
    let it = command::CompleteWorkflowExecutionCommandAttributes { result: text("result") };
    (CommandType::CompleteWorkflowExecution, Attributes::CompleteWorkflowExecutionCommandAttributes(it))
}

fn timer(id: &str, wait: i64) -> Decided {
    let it = command::StartTimerCommandAttributes { timer_id: id.into(), start_to_fire_timeout: seconds(wait) };
    (CommandType::StartTimer, Attributes::StartTimerCommandAttributes(it))
}

fn activity(play: &Play, id: &str) -> Decided {
    let it = command::ScheduleActivityTaskCommandAttributes {
        activity_id: id.into(),
        activity_type: Some(ActivityType { name: "a".into() }),
        task_queue: play.queue(),
        start_to_close_timeout: seconds(100),
        input: text("argument"),
        ..Default::default()
    };
    (CommandType::ScheduleActivityTask, Attributes::ScheduleActivityTaskCommandAttributes(it))
}

fn child(id: &str) -> Decided {
    let it = command::StartChildWorkflowExecutionCommandAttributes {
        workflow_id: id.into(),
        workflow_type: Some(WorkflowType { name: "child".into() }),
        task_queue: Some(resurgam_api::temporal::taskqueue::v1::TaskQueue {
            name: format!("queue of {id}"),
            kind: 1,
            ..Default::default()
        }),
        ..Default::default()
    };
    (CommandType::StartChildWorkflowExecution, Attributes::StartChildWorkflowExecutionCommandAttributes(it))
}

fn again() -> Decided {
    let it = command::ContinueAsNewWorkflowExecutionCommandAttributes::default();
    (CommandType::ContinueAsNewWorkflowExecution, Attributes::ContinueAsNewWorkflowExecutionCommandAttributes(it))
}

/// Plays all of them on a server.
pub(crate) async fn all(on: &Endpoint) -> Vec<(&'static str, Play)> {
    vec![
        ("signals and pending entities", signals(on, "signals", 0, &[]).await),
        ("signals excluded", signals(on, "excluded", 0, &[Exclude::Signal]).await),
        ("nothing again", signals(on, "nothing", Reapply::None as i32, &[]).await),
        ("the second task", second(on).await),
        ("refusals", refusals(on).await),
        ("closed", closed(on).await),
        ("chain", chain(on).await),
        ("update", updates(on).await),
        ("failed task", failed(on).await),
        ("child", children(on).await),
        ("timeouts", timeouts(on).await),
    ]
}

/// Signals before and after the point, an activity and timers of the decision that is forgotten.
async fn signals(on: &Endpoint, id: &str, reapply: i32, exclude: &[Exclude]) -> Play {
    let mut play = Play::start(on, id, |_| {}).await;
    play.signal("before").await;
    let task = play.task().await;
    let decided = vec![timer("t", 1000), activity(&play, "a")];
    play.complete(&task, decided).await;
    play.signal("after").await;
    let task = play.task().await;
    play.complete(&task, vec![]).await;
    play.signal("later").await;
    play.reset(0, 5, |it| {
        #[allow(deprecated, reason = "clients may still use it")]
        {
            it.reset_reapply_type = reapply;
        }
        it.reset_reapply_exclude_types = exclude.iter().map(|kind| *kind as i32).collect();
    })
    .await;
    play.everything().await;
    let task = play.task().await;
    play.complete(&task, vec![finish()]).await;
    play.everything().await;
    play
}

/// What is pending at the point stays pending; the point is a task that has only been scheduled; a second reset follows.
async fn second(on: &Endpoint) -> Play {
    let mut play = Play::start(on, "second", |_| {}).await;
    let task = play.task().await;
    let decided = vec![timer("t", 1000), activity(&play, "a"), activity(&play, "b")];
    play.complete(&task, decided).await;
    play.signal("one").await;
    let task = play.task().await;
    play.signal("two").await;
    play.complete(&task, vec![timer("u", 1000)]).await;
    play.reset(0, 10, |_| {}).await;
    play.everything().await;
    let task = play.task().await;
    play.signal("three").await;
    play.reset(1, 3, |_| {}).await;
    play.everything().await;
    play.complete_late(&task).await;
    let task = play.task().await;
    play.complete(&task, vec![finish()]).await;
    play.reset(0, 4, |_| {}).await;
    play.everything().await;
    play
}

async fn refusals(on: &Endpoint) -> Play {
    let mut play = Play::start(on, "refusals", |_| {}).await;
    let task = play.task().await;
    play.complete(&task, vec![timer("t", 1000), timer("u", 1000)]).await;
    for event in [-1, 0, 1, 2, 6, 7, 8, 100] {
        play.reset(0, event, |_| {}).await;
    }
    play.reset(0, 4, |it| it.request_id.clear()).await;
    play.reset(0, 4, |it| it.workflow_execution = None).await;
    play.reset(0, 4, |it| it.workflow_execution.as_mut().unwrap().workflow_id.clear()).await;
    play.reset(0, 4, |it| it.workflow_execution.as_mut().unwrap().run_id = "no run".into()).await;
    #[allow(deprecated, reason = "clients may still use it")]
    play.reset(0, 4, |it| it.reset_reapply_type = 77).await;
    play.in_other_words();
    play.reset(0, 4, |it| it.namespace = "no such".into()).await;
    let unknown = "11111111-2222-4333-8444-555555555555";
    play.reset(0, 4, |it| it.workflow_execution.as_mut().unwrap().run_id = unknown.into()).await;
    play.in_other_words();
    play.reset(0, 4, |it| it.workflow_execution.as_mut().unwrap().workflow_id = "nobody".into()).await;
    play.in_other_words();
    play.everything().await;
    play
}

/// A run that has closed is reset; so is the one that came of it, and then the first one again.
async fn closed(on: &Endpoint) -> Play {
    let mut play = Play::start(on, "closed", |_| {}).await;
    play.signal("one").await;
    let task = play.task().await;
    play.complete(&task, vec![finish()]).await;
    play.reset(usize::MAX, 5, |it| it.request_id = "again".into()).await;
    play.everything().await;
    let task = play.task().await;
    play.signal("two").await;
    play.complete(&task, vec![]).await;
    play.reset(0, 5, |_| {}).await;
    play.everything().await;
    play.terminate().await;
    play.reset(2, 4, |_| {}).await;
    play.everything().await;
    play
}

/// What came to the runs that follow by continue-as-new comes to the new one.
async fn chain(on: &Endpoint) -> Play {
    let mut play = Play::start(on, "chain", |_| {}).await;
    let task = play.task().await;
    play.signal("one").await;
    play.complete(&task, vec![]).await;
    let task = play.task().await;
    play.complete(&task, vec![again()]).await;
    play.signal("two").await;
    let task = play.task().await;
    play.complete(&task, vec![]).await;
    play.signal("three").await;
    play.reset(0, 4, |_| {}).await;
    play.everything().await;
    play
}

/// An update that was accepted is admitted again, and accepted again; one is excluded.
async fn updates(on: &Endpoint) -> Play {
    let mut play = Play::start(on, "update", |_| {}).await;
    let task = play.task().await;
    play.complete(&task, vec![]).await;
    play.update("u").await;
    play.reset(0, 4, |_| {}).await;
    play.everything().await;
    let task = play.task().await;
    play.lines.push(format!("{} messages", task.messages.len()));
    play.accept(&task, "u").await;
    play.everything().await;
    play.reset(1, 4, |_| {}).await;
    play.history(2).await;
    play.reset(0, 4, |it| it.reset_reapply_exclude_types = vec![Exclude::Update as i32]).await;
    play.everything().await;
    play
}

/// The point lies behind a workflow task that failed.
async fn failed(on: &Endpoint) -> Play {
    let mut play = Play::start(on, "failed", |_| {}).await;
    let task = play.task().await;
    play.signal("one").await;
    play.fail(&task).await;
    let task = play.task().await;
    play.complete(&task, vec![]).await;
    for event in [4, 5, 6, 7, 8] {
        play.reset(0, event, |_| {}).await;
    }
    play.everything().await;
    play
}

/// Children before the point are the new run's; what they did after it comes to it.
async fn children(on: &Endpoint) -> Play {
    let mut play = Play::start(on, "parent", |_| {}).await;
    let task = play.task().await;
    play.complete(&task, vec![child("one")]).await;
    play.until(0, 7).await;
    let task = play.task().await;
    play.complete(&task, vec![]).await;
    play.reset(0, 9, |_| {}).await;
    play.describe(0).await;
    play.describe(1).await;
    play.complete_child("one").await;
    play.until(1, 11).await;
    play.everything().await;
    let task = play.task().await;
    play.complete(&task, vec![]).await;
    // The end of the child stands in the history of the run that is reset now.
    play.reset(1, 9, |_| {}).await;
    play.everything().await;
    play.reset(0, 8, |_| {}).await;
    play.everything().await;
    play
}

/// The time of a workflow begins anew, and its events stay as they are.
async fn timeouts(on: &Endpoint) -> Play {
    let mut play = Play::start(on, "timeouts", |it| {
        it.workflow_execution_timeout = seconds(1000);
        it.workflow_run_timeout = seconds(500);
    })
    .await;
    let task = play.task().await;
    play.complete(&task, vec![timer("t", 1)]).await;
    play.until(0, 7).await;
    play.reset(0, 4, |_| {}).await;
    play.everything().await;
    play
}
