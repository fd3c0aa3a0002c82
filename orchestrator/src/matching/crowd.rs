//! How many task queues a node has open, and how long an unused one stays when there are many.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// After this long without a message a queue that nobody polls is closed.
const IDLE: Duration = Duration::from_secs(300);
/// The same while there are more than [`MOST`].
pub(crate) const CROWDED: Duration = Duration::from_secs(5);
/// So many are open for longer than [`CROWDED`] though nobody uses them.
pub(crate) const MOST: usize = 10_000;

/// The open queues of one node, counted. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Crowd(Arc<AtomicUsize>);

/// A queue among them; dropped, it has closed.
#[derive(Debug)]
pub(super) struct Member(Crowd);

impl Crowd {
    /// A queue is opened.
    pub(super) fn enter(&self) -> Member {
        self.0.fetch_add(1, Ordering::Relaxed);
        Member(self.clone())
    }
}

impl Member {
    /// For how long a queue that nobody uses stays open.
    pub(super) fn idle(&self) -> Duration {
        if self.0.0.load(Ordering::Relaxed) > MOST { CROWDED } else { IDLE }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unused_queues_make_room_when_there_are_many() {
        let crowd = Crowd::default();
        let mut members: Vec<_> = (0..MOST).map(|_| crowd.enter()).collect();
        assert_eq!(members[0].idle(), IDLE);
        members.push(crowd.enter());
        assert_eq!(members[0].idle(), CROWDED);
        members.pop();
        assert_eq!(members[0].idle(), IDLE, "one has closed");
    }
}
