//! How often it is looked whether what follows from a request has come about.

use std::time::Duration;

/// So often, each time after a pause twice as long.
const MOST: u32 = 6;
const PAUSE: Duration = Duration::from_millis(40);

/// How long what was seen has to stay so: what is late on two servers is on neither when it is looked first.
const SETTLED: Duration = Duration::from_millis(250);

/// The looks at one case.
#[derive(Debug, Default)]
pub(crate) struct Looks {
    made: u32,
    settled: bool,
}

impl Looks {
    /// True if what was expected is seen for the second time; waits before the second look.
    pub(crate) async fn settled(&mut self) -> bool {
        if !self.settled {
            tokio::time::sleep(SETTLED).await;
            self.settled = true;
            return false;
        }
        true
    }

    /// Waits for the next look; false if there is none any more.
    pub(crate) async fn again(&mut self) -> bool {
        if self.made == MOST {
            return false;
        }
        tokio::time::sleep(PAUSE * 2_u32.pow(self.made)).await;
        self.made += 1;
        true
    }
}
