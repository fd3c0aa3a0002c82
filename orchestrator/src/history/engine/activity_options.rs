//! The options of a pending activity, as the API shows and changes them.

use super::span::duration;
use crate::history::state::Activity;
use resurgam_api::temporal::activity::v1::ActivityOptions;
use resurgam_api::temporal::taskqueue::v1::TaskQueue;

/// The options that an activity has now.
pub(super) fn of(activity: &Activity) -> ActivityOptions {
    let name = activity.task_queue.clone();
    ActivityOptions {
        task_queue: Some(TaskQueue { normal_name: name.clone(), name, ..TaskQueue::default() }),
        schedule_to_close_timeout: Some(duration(activity.schedule_to_close)),
        schedule_to_start_timeout: Some(duration(activity.schedule_to_start)),
        start_to_close_timeout: Some(duration(activity.start_to_close)),
        heartbeat_timeout: Some(duration(activity.heartbeat)),
        retry_policy: activity.retry.clone(),
        priority: activity.priority.clone(),
        ..ActivityOptions::default()
    }
}
