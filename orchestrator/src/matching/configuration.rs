//! How a task queue is configured by clients, as it is stored and as it is to be stored: in force is only what is stored. Nothing
//! here waits.

use prost_wkt_types::Timestamp;
use resurgam_api::temporal::taskqueue::v1::{ConfigMetadata, RateLimitConfig, TaskQueueConfig};
use resurgam_api::temporal::workflowservice::v1::UpdateTaskQueueConfigRequest;
use tokio::sync::oneshot;

/// Who waits until a configuration is in force.
type Waiting = Vec<oneshot::Sender<TaskQueueConfig>>;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Configuration {
    stored: TaskQueueConfig,
    /// What is being written.
    writing: Option<(TaskQueueConfig, Waiting)>,
    /// What is to be written after that.
    next: Option<(TaskQueueConfig, Waiting)>,
}

impl Configuration {
    /// What is in force.
    pub(super) fn config(&self) -> &TaskQueueConfig {
        &self.stored
    }

    /// So many tasks a second may go at most, if that is said.
    pub(super) fn rate(&self) -> Option<f64> {
        let limit = self.stored.queue_rate_limit.as_ref()?.rate_limit?;
        Some(f64::from(limit.requests_per_second))
    }

    /// Takes what was found in the store.
    pub(super) fn load(&mut self, stored: TaskQueueConfig) {
        self.stored = stored;
    }

    /// A client changes it at this time, in milliseconds since 1970.
    pub(super) fn change(
        &mut self,
        request: &UpdateTaskQueueConfigRequest,
        now: i64,
        reply: oneshot::Sender<TaskQueueConfig>,
    ) {
        let before = self.next.as_ref().or(self.writing.as_ref()).map_or(&self.stored, |(config, _)| config);
        let mut config = before.clone();
        if let Some(change) = &request.update_queue_rate_limit {
            let at = Timestamp { seconds: now.div_euclid(1000), nanos: (now.rem_euclid(1000) * 1_000_000) as i32 };
            let metadata = ConfigMetadata {
                reason: change.reason.clone(),
                update_identity: request.identity.clone(),
                update_time: Some(at),
            };
            config.queue_rate_limit = Some(RateLimitConfig { rate_limit: change.rate_limit, metadata: Some(metadata) });
        }
        let mut waiting = self.next.take().map(|(_, waiting)| waiting).unwrap_or_default();
        waiting.push(reply);
        self.next = Some((config, waiting));
    }

    /// What is to be written now, if nothing is being written.
    pub(super) fn unwritten(&mut self) -> Option<TaskQueueConfig> {
        if self.writing.is_some() {
            return None;
        }
        self.writing = self.next.take();
        self.writing.as_ref().map(|(config, _)| config.clone())
    }

    /// That is in force.
    pub(super) fn written(&mut self) {
        let Some((config, waiting)) = self.writing.take() else { return };
        self.stored = config;
        for reply in waiting {
            // Whoever asked may have gone.
            let _ = reply.send(self.stored.clone());
        }
    }

    /// What is not stored is forgotten: whoever wanted it asks again.
    pub(super) fn forget(&mut self) {
        (self.writing, self.next) = (None, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use resurgam_api::temporal::taskqueue::v1::RateLimit;
    use resurgam_api::temporal::workflowservice::v1::update_task_queue_config_request::RateLimitUpdate;

    fn change(rate: Option<f32>) -> UpdateTaskQueueConfigRequest {
        let rate_limit = rate.map(|requests_per_second| RateLimit { requests_per_second });
        let update_queue_rate_limit = Some(RateLimitUpdate { rate_limit, reason: "why".into() });
        UpdateTaskQueueConfigRequest { identity: "who".into(), update_queue_rate_limit, ..Default::default() }
    }

    #[test]
    fn what_is_stored_is_in_force_and_told() {
        let mut configuration = Configuration::default();
        let ask = |configuration: &mut Configuration, rate| {
            let (sender, receiver) = oneshot::channel();
            configuration.change(&change(rate), 1500, sender);
            receiver
        };
        let (mut one, mut other) = (ask(&mut configuration, Some(4.0)), ask(&mut configuration, Some(2.0)));
        assert!(configuration.unwritten().is_some() && configuration.unwritten().is_none());
        let mut third = ask(&mut configuration, None);
        assert_eq!(configuration.rate(), None);
        configuration.written();
        assert_eq!((configuration.rate(), third.try_recv().is_err()), (Some(2.0), true));
        let told = one.try_recv().unwrap();
        assert_eq!(told, other.try_recv().unwrap(), "the last one decides");
        let metadata = told.queue_rate_limit.unwrap().metadata.unwrap();
        assert_eq!((metadata.reason.as_str(), metadata.update_identity.as_str()), ("why", "who"));
        assert_eq!(metadata.update_time, Some(Timestamp { seconds: 1, nanos: 500_000_000 }));
        assert!(configuration.unwritten().is_some());
        configuration.written();
        assert_eq!((configuration.rate(), third.try_recv().is_ok()), (None, true));
    }

    #[test]
    fn what_is_not_stored_is_not_told() {
        let mut configuration = Configuration::default();
        let (sender, mut receiver) = oneshot::channel();
        configuration.change(&change(Some(1.0)), 0, sender);
        configuration.unwritten();
        configuration.forget();
        assert!(receiver.try_recv().is_err() && configuration.unwritten().is_none());
        assert_eq!(configuration.config(), &TaskQueueConfig::default());
    }
}
