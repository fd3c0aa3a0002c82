//! The options of a pending activity, as the API shows and changes them.

use super::activity::Timeouts;
use super::retry;
use super::span::{duration, millis};
use resurgam_api::temporal::activity::v1::ActivityOptions;
use resurgam_api::temporal::command::v1::ScheduleActivityTaskCommandAttributes;
use resurgam_api::temporal::taskqueue::v1::TaskQueue;
use resurgam_state::{Activity, Millis};

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

/// Options of which those fields that `paths` name are as in `given`, made consistent as when an activity is scheduled in a
/// run with the timeout `run`.
///
/// # Errors
/// They make no sense.
pub(super) fn merged(
    mut options: ActivityOptions,
    given: &ActivityOptions,
    paths: &[String],
    run: Millis,
) -> Result<ActivityOptions, String> {
    if paths.is_empty() {
        return Err("UpdateMask is not provided".to_owned());
    }
    for path in paths {
        let lack = |what: &str| format!("{what} is not provided");
        let policy = || given.retry_policy.as_ref().ok_or_else(|| lack("RetryPolicy"));
        let priority = || given.priority.as_ref().ok_or_else(|| lack("Priority"));
        match path.replace('_', "").to_lowercase().as_str() {
            "taskqueue.name" => {
                let name = given.task_queue.as_ref().ok_or_else(|| lack("TaskQueue"))?.name.clone();
                options.task_queue.get_or_insert_default().name = name;
            }
            "scheduletoclosetimeout" => options.schedule_to_close_timeout = given.schedule_to_close_timeout,
            "scheduletostarttimeout" => options.schedule_to_start_timeout = given.schedule_to_start_timeout,
            "starttoclosetimeout" => options.start_to_close_timeout = given.start_to_close_timeout,
            "heartbeattimeout" => options.heartbeat_timeout = given.heartbeat_timeout,
            "priority" => options.priority.clone_from(&given.priority),
            "priority.prioritykey" => options.priority.get_or_insert_default().priority_key = priority()?.priority_key,
            "priority.fairnesskey" => {
                options.priority.get_or_insert_default().fairness_key.clone_from(&priority()?.fairness_key);
            }
            "priority.fairnessweight" => {
                options.priority.get_or_insert_default().fairness_weight = priority()?.fairness_weight;
            }
            "retrypolicy" => options.retry_policy.clone_from(&given.retry_policy),
            "retrypolicy.initialinterval" => {
                options.retry_policy.get_or_insert_default().initial_interval = policy()?.initial_interval;
            }
            "retrypolicy.backoffcoefficient" => {
                options.retry_policy.get_or_insert_default().backoff_coefficient = policy()?.backoff_coefficient;
            }
            "retrypolicy.maximuminterval" => {
                options.retry_policy.get_or_insert_default().maximum_interval = policy()?.maximum_interval;
            }
            "retrypolicy.maximumattempts" => {
                options.retry_policy.get_or_insert_default().maximum_attempts = policy()?.maximum_attempts;
            }
            // As in Temporal, what is no field changes nothing.
            _ => {}
        }
    }
    let attributes = ScheduleActivityTaskCommandAttributes {
        schedule_to_close_timeout: options.schedule_to_close_timeout,
        schedule_to_start_timeout: options.schedule_to_start_timeout,
        start_to_close_timeout: options.start_to_close_timeout,
        heartbeat_timeout: options.heartbeat_timeout,
        ..Default::default()
    };
    let timeouts = Timeouts::of(&attributes, run)?;
    options.schedule_to_close_timeout = Some(duration(timeouts.schedule_to_close));
    options.schedule_to_start_timeout = Some(duration(timeouts.schedule_to_start));
    options.start_to_close_timeout = Some(duration(timeouts.start_to_close));
    options.heartbeat_timeout = Some(duration(timeouts.heartbeat));
    let policy = retry::with_defaults(options.retry_policy.as_ref(), 1_000);
    retry::validate(&policy)?;
    options.retry_policy = Some(policy);
    match &options.task_queue {
        Some(queue) if !queue.name.is_empty() => Ok(options),
        _ => Err("TaskQueue is not provided".to_owned()),
    }
}

/// Gives an activity other options.
pub(super) fn set(activity: &mut Activity, options: &ActivityOptions) {
    if let Some(queue) = &options.task_queue {
        activity.task_queue.clone_from(&queue.name);
    }
    activity.schedule_to_close = millis(options.schedule_to_close_timeout.as_ref());
    activity.schedule_to_start = millis(options.schedule_to_start_timeout.as_ref());
    activity.start_to_close = millis(options.start_to_close_timeout.as_ref());
    activity.heartbeat = millis(options.heartbeat_timeout.as_ref());
    activity.retry.clone_from(&options.retry_policy);
    activity.priority.clone_from(&options.priority);
}
