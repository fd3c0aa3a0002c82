//! How often it is looked whether what follows from a request has come about.

use std::time::Duration;

/// So often in vain, each time after a pause twice as long.
const MOST: u32 = 6;
const PAUSE: Duration = Duration::from_millis(40);

/// How long what was expected has to stay so: what is late on two servers is on neither when it is looked first.
const SETTLED: Duration = Duration::from_millis(250);

/// The looks at one case.
#[derive(Debug, Default)]
pub(crate) struct Looks {
    vain: u32,
    expected: bool,
}

impl Looks {
    /// False if it has been looked enough: what is expected was seen twice in a row, or was not seen too often. Otherwise waits for the
    /// next look.
    pub(crate) async fn go_on(&mut self, expected: bool) -> bool {
        let before = std::mem::replace(&mut self.expected, expected);
        if expected {
            if before {
                return false;
            }
            tokio::time::sleep(SETTLED).await;
            return true;
        }
        if self.vain == MOST {
            return false;
        }
        tokio::time::sleep(PAUSE * 2_u32.pow(self.vain)).await;
        self.vain += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many looks are made if this is seen, and then the last of it.
    async fn looks(seen: &[bool]) -> usize {
        let mut looks = Looks::default();
        let mut made = 1;
        while looks.go_on(seen[(made - 1).min(seen.len() - 1)]).await {
            made += 1;
        }
        made
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_expected_is_seen_twice_in_a_row() {
        assert_eq!(looks(&[true]).await, 2);
        assert_eq!(looks(&[false, true]).await, 3);
        assert_eq!(looks(&[true, false, true]).await, 4);
        assert_eq!(looks(&[false]).await, 7);
        assert_eq!(looks(&[true, false]).await, 8);
    }
}
