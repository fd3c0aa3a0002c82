//! What is done after the first request: a workflow's own life goes on, its worker polls and answers, and its clients ask again. What
//! a request leaves behind is often seen only then.

use crate::request::{COMPLETED, Drawn, of};
use crate::values::one;
use rand::RngExt as _;
use rand::rngs::SmallRng;

/// How many requests follow the first one.
const LENGTHS: [usize; 10] = [0, 0, 0, 0, 1, 2, 2, 3, 4, 5];
/// What follows, the more often the more often it stands here.
const NEXT: [&str; 22] = [
    "PollWorkflowTaskQueue",
    "PollWorkflowTaskQueue",
    "PollWorkflowTaskQueue",
    "PollWorkflowTaskQueue",
    "PollActivityTaskQueue",
    "PollActivityTaskQueue",
    COMPLETED,
    COMPLETED,
    "RespondWorkflowTaskFailed",
    "RespondActivityTaskCompleted",
    "RespondActivityTaskFailed",
    "RecordActivityTaskHeartbeat",
    "SignalWorkflowExecution",
    "SignalWorkflowExecution",
    "RequestCancelWorkflowExecution",
    "TerminateWorkflowExecution",
    "StartWorkflowExecution",
    "SignalWithStartWorkflowExecution",
    "ResetWorkflowExecution",
    "UnpauseActivity",
    "ResetActivity",
    "DescribeTaskQueue",
];
const AFTER_TASK: [&str; 4] = [COMPLETED, COMPLETED, COMPLETED, "RespondWorkflowTaskFailed"];
const AFTER_ATTEMPT: [&str; 5] = [
    "RespondActivityTaskCompleted",
    "RespondActivityTaskCompleted",
    "RespondActivityTaskFailed",
    "RespondActivityTaskCanceled",
    "RecordActivityTaskHeartbeat",
];

/// The requests that follow these.
pub(crate) fn follow(random: &mut SmallRng, first: &str) -> Vec<Drawn> {
    let mut course: Vec<Drawn> = Vec::new();
    for _ in 0..*one(random, &LENGTHS).unwrap_or(&0) {
        let last = course.last().map_or(first, |last| last.call.as_str());
        let from: &[&str] = match last {
            "PollWorkflowTaskQueue" if random.random_bool(0.8) => &AFTER_TASK,
            "PollActivityTaskQueue" if random.random_bool(0.8) => &AFTER_ATTEMPT,
            _ => &NEXT,
        };
        let Some(call) = one(random, from) else { break };
        let changes = usize::from(random.random_bool(0.25));
        course.push(of(random, call, changes));
    }
    course
}
