//! Who watches the histories of runs: they are told when one grows, and read it by themselves.

use std::collections::BTreeMap;
use tokio::sync::watch;

/// After so many new watchers those are forgotten who have gone.
const SWEEP: u64 = 1024;

/// The watchers, by run id.
#[derive(Debug, Default)]
pub(super) struct Watches {
    runs: BTreeMap<String, watch::Sender<()>>,
    begun: u64,
}

impl Watches {
    /// Somebody begins to watch a run.
    pub(super) fn begin(&mut self, run_id: &str) -> watch::Receiver<()> {
        self.begun += 1;
        if self.begun.is_multiple_of(SWEEP) {
            self.runs.retain(|_, run| run.receiver_count() > 0);
        }
        self.runs.entry(run_id.to_owned()).or_insert_with(|| watch::Sender::new(())).subscribe()
    }

    /// The history of a run has grown.
    pub(super) fn tell(&self, run_id: &str) {
        if let Some(run) = self.runs.get(run_id) {
            run.send_replace(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn watchers_are_told_and_then_forgotten() {
        let mut watches = Watches::default();
        let watcher = watches.begin("r");
        watches.tell("other");
        assert!(!watcher.has_changed().expect("it lasts"));
        watches.tell("r");
        assert!(watcher.has_changed().expect("it lasts"));
        for number in 0..SWEEP {
            watches.begin(&number.to_string());
        }
        assert!(watches.runs.len() < 5 && watches.runs.contains_key("r"), "{}", watches.runs.len());
    }
}
