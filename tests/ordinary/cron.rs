//! Cron schedules of workflows: which are refused, and when the first run is due.

use crate::server::Server;
use resurgam_api::temporal::history::v1::history_event::Attributes;
use resurgam_api::temporal::workflowservice::v1 as api;

/// None of them is due within hours, unless at midnight of some days of the year.
const SCHEDULES: [&str; 36] = [
    "@yearly",
    "@annually",
    "0 0 1 1 *",
    "  0 0  1 1 * ",
    "0 0 1 JAN *",
    "0 0 1 january *",
    "0 0 1 jan,,feb *",
    "0 0 13 * fri",
    "0 0 13 */5 fri",
    "0 0 1 1 */2",
    "0 0 1 1 */1",
    "0 0 1 1 ?",
    "0 0 ?/9 2 *",
    "0 0 1-31/9,5 feb *",
    "0 0 29 2 *",
    "0 0 31 2 *",
    "0 0 1 1 7",
    "0 0 1 1 sun-sat",
    "*-5 0 1 1 *",
    "5/0 0 1 1 *",
    "5/300 0 1 1 *",
    "60 0 1 1 *",
    "0 0 1 1",
    "0 0 0 1 1 *",
    "0 0 1 1 * # at times",
    " @yearly",
    "@yearly ",
    "@often",
    "@every 5",
    "@every 1d",
    "@every  5h",
    "CRON_TZ=Asia/Tokyo 30 9 1 1 *",
    "TZ=America/New_York 0 12 29 2 *",
    "CRON_TZ=Europe/Berlin 30 2 28 3 *",
    "TZ=UTC   @yearly",
    "TZ=Nowhere/City @yearly",
];

/// A workflow is started with each of them.
pub(crate) async fn schedules(server: &mut Server) {
    for (number, schedule) in SCHEDULES.into_iter().enumerate() {
        let id = format!("cron {number}");
        let request = api::StartWorkflowExecutionRequest { cron_schedule: schedule.into(), ..server.start(&id) };
        if let refused @ Err(_) = server.client.start_workflow_execution(request).await {
            server.see(schedule, refused);
            continue;
        }
        let first = server.history(&id).await.remove(0);
        let Some(Attributes::WorkflowExecutionStartedEventAttributes(started)) = first.attributes else {
            panic!("{schedule} does not begin with its start");
        };
        // Whole seconds that begin at the start are rounded up; so this is the second that the schedule names.
        let wait = started.first_workflow_task_backoff.unwrap().seconds;
        let due = first.event_time.unwrap().seconds + wait;
        server.lines.push(format!("{schedule} is due at {due}"));
    }
}
