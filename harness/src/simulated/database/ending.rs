//! The end of a case: whatever is on its way or undecided is decided.

use super::{Database, State, micros};
use rand::RngExt as _;
use resurgam_cassandra::{Batch, Columns, Condition, Head as Row, HeldId, ScriptedCommit};
use resurgam_formats::recording::What;
use std::time::Duration;

/// The name in the head row of whoever settles partitions at the end of a case.
const SETTLER: &str = "settler";

impl Database {
    /// After the faults: what is still on its way arrives, or is lost for ever.
    pub(in crate::simulated) fn calm(&self, now: Duration) {
        let mut state = self.state();
        state.late.clear();
        let held: Vec<HeldId> = state.cassandra.held().map(|(id, _)| id).collect();
        for id in held {
            if state.draws.random_bool(0.5) {
                state.release(now, id);
            } else if let Some(outcome) = state.cassandra.drop_held(id) {
                state.record(None, "", &[outcome]);
            }
        }
    }

    /// Fences every partition: whatever was undecided is decided now, and no owner's tenure survives. Records who owned
    /// what until then.
    pub(in crate::simulated) fn settle(&self, now: Duration) {
        let mut state = self.state();
        let heads: Vec<(String, Row)> = state
            .cassandra
            .audit()
            .filter_map(|(name, partition)| Some((name.to_owned(), partition.head()?.clone())))
            .collect();
        let State { cassandra, draws, .. } = &mut *state;
        let mut outcomes = cassandra.settle(&mut |_| draws.random_bool(0.5));
        for (name, head) in heads {
            let condition = Condition::Equal { range: Some(head.range), sequence: None };
            let head = Row { range: head.range + 1, owner: SETTLER.to_owned(), ..head };
            let batch = Batch { condition, head, columns: Columns::Tenure, rows: Vec::new(), deleted: Vec::new() };
            let done = cassandra.commit(micros(now), u8::MAX, &name, batch, ScriptedCommit::Answered, &mut |_| false);
            outcomes.extend(done.outcomes);
        }
        state.record(None, "", &outcomes);
        let truth = state.cassandra.audit().map(|(name, partition)| (name, partition.decided()));
        let tenures = state.ledger.close(state.began, truth, SETTLER);
        if let Some(session) = &state.session {
            session.recorder.record(What::Tenures(Box::new(tenures)));
        }
    }
}
