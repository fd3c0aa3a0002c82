//! How often it is looked whether what follows from a request has come about.

use std::time::Duration;

/// So often, each time after a pause twice as long.
const MOST: u32 = 6;
const PAUSE: Duration = Duration::from_millis(40);

/// The looks at one case.
#[derive(Debug, Default)]
pub(crate) struct Looks(u32);

impl Looks {
    /// Waits for the next look; false if there is none any more.
    pub(crate) async fn again(&mut self) -> bool {
        if self.0 == MOST {
            return false;
        }
        tokio::time::sleep(PAUSE * 2_u32.pow(self.0)).await;
        self.0 += 1;
        true
    }
}
