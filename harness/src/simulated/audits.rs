//! What the rows of a case mean, from time to time: the auditor is asked, and its answer is left out where it says nothing new.

use crate::subject::{Partitions, Subject};
use resurgam_cassandra::Cassandra;
use resurgam_formats::audit::Audit;
use resurgam_node::store::Partition;
use std::collections::BTreeSet;

/// The last audit of a case, and what it need not say again.
#[derive(Default)]
pub(super) struct Audits {
    last: Audit,
    /// The runs that were closed and had nothing to do in it or before.
    closed: BTreeSet<String>,
    /// The last audit was taken.
    finished: bool,
}

impl Audits {
    /// Asks the auditor what the rows mean; `None` if it is as before. Of what is undecided, a read that has shown it has been
    /// believed, so it is in; nobody can have acted on the rest, so it is out. All partitions are of one moment. What has
    /// closed before stands again only in the audit that is the `last`; none follows it.
    pub(super) fn take(&mut self, cassandra: &Cassandra, subject: &Subject, last: bool) -> Option<Audit> {
        if self.finished {
            return None;
        }
        self.finished = last;
        let mut audit = decided(cassandra, |rows| subject.audit(rows))?;
        if !last {
            self.forget(&mut audit);
        }
        (last || audit != self.last).then(|| {
            self.last = audit.clone();
            audit
        })
    }

    /// Leaves out what had closed and had nothing to do any more at an earlier audit, except children that are pending in
    /// their parents.
    fn forget(&mut self, audit: &mut Audit) {
        let closed = std::mem::take(&mut self.closed);
        let over = audit.runs.iter().filter(|run| !run.open && run.tasks.is_empty());
        self.closed.extend(over.map(|run| run.run_id.clone()));
        let children = audit.runs.iter().flat_map(|run| &run.pending.children);
        let children: BTreeSet<String> = children.map(|child| child.workflow_id.clone()).collect();
        let kept = |workflow_id: &String, run_id: &String| !closed.contains(run_id) || children.contains(workflow_id);
        audit.runs.retain(|run| kept(&run.workflow_id, &run.run_id));
        audit.current.retain(|row| kept(&row.workflow_id, &row.run_id));
    }
}

/// What somebody says of the rows of all partitions, without what is undecided unless a read has shown it.
pub(super) fn decided<T>(cassandra: &Cassandra, say: impl FnOnce(&Partitions<'_>) -> T) -> T {
    let mut decided = cassandra.clone();
    decided.settle(&mut |_| false);
    let rows = decided.audit().map(|(name, partition)| (named(name), partition.cells().iter().collect()));
    say(&rows.collect())
}

/// The partition of a name in the model of the store, which has names only.
pub(super) fn named(name: &str) -> Partition {
    name.parse().unwrap_or_else(|problem| unreachable!("only partitions are written to: {problem}"))
}
