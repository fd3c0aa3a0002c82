//! What a task queue looks like, in the words of the public API.

use super::pace::MOST;
use prost_wkt_types::{Duration, Timestamp};
use resurgam_api::temporal::enums::v1::{RateLimitSource, TaskQueueType};
use resurgam_api::temporal::taskqueue::v1::{
    PollerInfo, TaskQueueConfig, TaskQueueStats, TaskQueueStatus, TaskQueueVersioningInfo,
};
use resurgam_api::temporal::workflowservice::v1::describe_task_queue_response::EffectiveRateLimit;
use resurgam_api::temporal::workflowservice::v1::{DescribeTaskQueueRequest, DescribeTaskQueueResponse};

/// So many tasks a second a worker can bear who names no limit.
const BEARABLE: f64 = 100_000.0;
/// What is told of tasks stands under this priority.
const PRIORITY: i32 = 3;

/// What a task queue looks like.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Description {
    /// Identities, and when each polled last, in milliseconds since 1970.
    pub(super) pollers: Vec<(String, i64)>,
    /// Unfinished tasks in memory.
    pub(super) backlog: usize,
    /// Tasks a second that came lately, and that left.
    pub(super) rates: [f32; 2],
    /// Tasks a second that its workers can bear together, if one has named a limit; and that it is configured to give away.
    pub(super) limits: [Option<f64>; 2],
    /// How it is configured.
    pub(super) config: TaskQueueConfig,
    /// It is one worker's own.
    pub(super) sticky: bool,
}

impl Description {
    fn without_tasks(self) -> Self {
        Self { pollers: Vec::new(), backlog: 0, rates: [0.0; 2], ..self }
    }

    /// As far as it is asked for.
    #[allow(deprecated, reason = "clients may still ask for it")]
    pub(super) fn answer(self, asked: &DescribeTaskQueueRequest) -> DescribeTaskQueueResponse {
        // Of other kinds there are no tasks, so nobody polls for them.
        let kinds = [TaskQueueType::Unspecified, TaskQueueType::Workflow, TaskQueueType::Activity];
        let has_tasks = kinds.iter().any(|kind| i32::from(*kind) == asked.task_queue_type);
        let Self { pollers, backlog, rates, limits: [limit, configured], config, sticky } =
            if has_tasks { self } else { self.without_tasks() };
        let [tasks_add_rate, tasks_dispatch_rate] = rates;
        let pollers = pollers.into_iter().map(|(identity, last)| PollerInfo {
            identity,
            last_access_time: Some(Timestamp {
                seconds: last.div_euclid(1000),
                nanos: (last.rem_euclid(1000) * 1_000_000) as i32,
            }),
            rate_per_second: limit.filter(|limit| *limit > 0.0).unwrap_or(BEARABLE),
            ..Default::default()
        });
        let approximate_backlog_count = i64::try_from(backlog).unwrap_or(i64::MAX);
        let stats = asked.report_stats.then(|| TaskQueueStats {
            approximate_backlog_count,
            approximate_backlog_age: Some(Duration::default()),
            tasks_add_rate,
            tasks_dispatch_rate,
            ..Default::default()
        });
        let asked_for = configured.map(|limit| (limit, RateLimitSource::Api));
        let asked_for = asked_for.or(limit.map(|limit| (limit, RateLimitSource::Worker)));
        let (rate, source) = asked_for.filter(|(limit, _)| *limit < MOST).unwrap_or((MOST, RateLimitSource::System));
        let versioning =
            TaskQueueVersioningInfo { current_version: "__unversioned__".to_owned(), ..Default::default() };
        let status = asked.include_task_queue_status.then(|| TaskQueueStatus {
            backlog_count_hint: approximate_backlog_count,
            rate_per_second: rate,
            ..Default::default()
        });
        DescribeTaskQueueResponse {
            pollers: pollers.collect(),
            stats_by_priority_key: stats.iter().map(|stats| (PRIORITY, *stats)).collect(),
            stats,
            versioning_info: (!sticky).then_some(versioning),
            task_queue_status: status,
            config: Some(config).filter(|config| asked.report_config && *config != TaskQueueConfig::default()),
            effective_rate_limit: Some(EffectiveRateLimit {
                requests_per_second: rate as f32,
                rate_limit_source: source.into(),
            }),
            ..Default::default()
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn polled() -> Description {
        Description {
            pollers: vec![("w".into(), 1_500)],
            backlog: 2,
            rates: [4.0, 3.0],
            limits: [None, None],
            config: TaskQueueConfig::default(),
            sticky: false,
        }
    }

    #[test]
    fn a_kind_without_tasks_has_no_pollers_and_no_backlog() {
        let asked = |kind: TaskQueueType| DescribeTaskQueueRequest {
            task_queue_type: kind.into(),
            report_stats: true,
            ..Default::default()
        };
        let activity = polled().answer(&asked(TaskQueueType::Activity));
        assert_eq!((activity.pollers.len(), activity.stats.unwrap().approximate_backlog_count), (1, 2));
        let nexus = polled().answer(&asked(TaskQueueType::Nexus));
        let stats = nexus.stats.unwrap();
        assert_eq!((nexus.pollers.len(), stats.approximate_backlog_count, stats.tasks_add_rate), (0, 0, 0.0));
    }

    #[test]
    fn what_is_not_asked_for_is_not_told() {
        let found = polled();
        let plain = found.clone().answer(&DescribeTaskQueueRequest::default());
        assert_eq!((plain.stats, plain.stats_by_priority_key.len()), (None, 0));
        assert_eq!(plain.effective_rate_limit.map(|it| it.requests_per_second), Some(1_000.0));
        assert_eq!((plain.pollers[0].rate_per_second, plain.versioning_info.is_some()), (BEARABLE, true));
        let asked = DescribeTaskQueueRequest { report_stats: true, ..Default::default() };
        let whole = Description { limits: [Some(5.0), None], sticky: true, ..found }.answer(&asked);
        assert_eq!(whole.stats.map(|it| (it.approximate_backlog_count, it.tasks_add_rate)), Some((2, 4.0)));
        assert_eq!(whole.stats_by_priority_key.get(&PRIORITY).copied(), whole.stats);
        let limit = whole.effective_rate_limit.map(|it| (it.requests_per_second, it.rate_limit_source()));
        assert_eq!(limit, Some((5.0, RateLimitSource::Worker)));
        assert_eq!((whole.pollers[0].rate_per_second, whole.versioning_info), (5.0, None));
    }
}
