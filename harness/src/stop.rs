//! A wish to end early, made once by somebody and looked at by everybody who works for long.

use std::sync::{Arc, OnceLock};
use tokio_util::sync::CancellationToken;

/// Whether work should end, and who says so. Clones are the same wish.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    token: CancellationToken,
    by: Arc<OnceLock<String>>,
}

impl Stop {
    /// Asks all who look to end; `by` says who asks, such as `SIGTERM`. The first one who asks is remembered.
    pub fn request(&self, by: &str) {
        self.by.get_or_init(|| by.to_owned());
        self.token.cancel();
    }

    /// Who has asked, if anybody has.
    #[must_use]
    pub fn requested(&self) -> Option<&str> {
        if self.token.is_cancelled() { self.by.get().map(String::as_str) } else { None }
    }

    /// Waits until somebody asks, and says who.
    pub async fn wait(&self) -> String {
        self.token.cancelled().await;
        self.by.get().cloned().unwrap_or_default()
    }
}
