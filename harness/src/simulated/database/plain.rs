//! Plain writes of nodes as they arrive: appends and deletes, which a fault of the plan may spoil alike.

use super::{Database, State, whole};
use rand::RngExt as _;
use resurgam_cassandra::{Rows, ScriptedAppend, Spoiled, Stamp, WriteAnswer as Told};
use resurgam_formats::plan::StoreCall;
use resurgam_formats::time::Millis;
use std::ops::Range;
use std::time::Duration;

impl Database {
    /// A plain write of a node arrives, with the timestamp that it carries: what the node is told.
    pub(in crate::simulated) fn append(
        &self,
        now: Duration,
        number: u8,
        partition: &str,
        rows: Rows,
        stamp: Duration,
    ) -> Told {
        let mut state = self.state();
        state.asked.append(&rows);
        let (scripted, late) = state.plain(number, self.0.cluster.node_count(), partition);
        let State { cassandra, draws, .. } = &mut *state;
        let done = cassandra.append(partition, rows, whole(stamp), scripted, &mut |_| draws.random_bool(0.5));
        state.done(now, number, partition, done, late)
    }

    /// A plain delete of a node arrives, with the timestamp that it carries: what the node is told.
    pub(in crate::simulated) fn delete(
        &self,
        now: Duration,
        number: u8,
        partition: &str,
        range: &Range<String>,
        stamp: Stamp,
    ) -> Told {
        let mut state = self.state();
        state.asked.delete();
        let (scripted, late) = state.plain(number, self.0.cluster.node_count(), partition);
        let State { cassandra, draws, .. } = &mut *state;
        let done = cassandra.delete(partition, range, stamp, scripted, &mut |_| draws.random_bool(0.5));
        state.done(now, number, partition, done, late)
    }
}

impl State {
    /// How a plain write of a node on a partition ends.
    fn plain(&mut self, number: u8, nodes: u8, partition: &str) -> (ScriptedAppend, Option<Millis>) {
        match self.spoiled(number, nodes, partition, StoreCall::Append) {
            Some(Spoiled::Append(scripted, late)) => (scripted, late),
            Some(Spoiled::Commit(..) | Spoiled::Read) | None => (ScriptedAppend::Answered, None),
        }
    }
}
