//! What is simulated and judged: an orchestrator, and whoever can say what its rows mean.

use resurgam_formats::audit::{Audit, CurrentRow};
use resurgam_formats::kept::KeptRun;
use resurgam_judge::profile::{HandOver, Profile, Promises};
use resurgam_node::store::Partition;
use resurgam_node::{HandOver as Given, Orchestrator, Promises as Promised};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Rows by their keys, by their partition. Head rows are not among them.
pub type Partitions<'a> = BTreeMap<Partition, BTreeMap<&'a str, &'a [u8]>>;

/// Says what the rows of an orchestrator mean, so that more rules apply to it: P1, P2, P6, P7 and H27.
pub trait Auditor: Send + Sync + 'static {
    /// What the rows of all partitions mean, at one moment, those of other namespaces than
    /// [`NAMESPACE`](crate::target::NAMESPACE) left out: workflows in them may have the same ids. It is asked several times in a case. It must be computed from
    /// the rows alone, whatever is in them, and not by the code that wrote them: that may be what is wrong.
    fn audit(&self, rows: &Partitions<'_>) -> Audit;

    /// What the rows hold of runs, closed or not, and the current-run rows, under the same conditions. Whoever promises nothing of
    /// retention is not asked.
    fn kept(&self, _: &Partitions<'_>) -> (Vec<KeptRun>, Vec<CurrentRow>) {
        (Vec::new(), Vec::new())
    }
}

/// See the module. Every [`Orchestrator`] is one, without an auditor.
#[derive(Clone)]
pub struct Subject {
    orchestrator: Arc<dyn Orchestrator>,
    auditor: Option<Arc<dyn Auditor>>,
}

impl<O: Orchestrator> From<O> for Subject {
    fn from(orchestrator: O) -> Self {
        Self { orchestrator: Arc::new(orchestrator), auditor: None }
    }
}

impl Subject {
    /// The same with somebody who can say what its rows mean.
    #[must_use]
    pub fn audited_by(self, auditor: impl Auditor) -> Self {
        Self { auditor: Some(Arc::new(auditor)), ..self }
    }

    /// The orchestrator that is tested.
    #[must_use]
    pub fn orchestrator(&self) -> &Arc<dyn Orchestrator> {
        &self.orchestrator
    }

    /// What the rows mean, if somebody can say it.
    #[must_use]
    pub fn audit(&self, rows: &Partitions<'_>) -> Option<Audit> {
        self.auditor.as_ref().map(|auditor| auditor.audit(rows))
    }

    /// What the rows hold of runs, and the current-run rows, if somebody can say it.
    #[must_use]
    pub fn kept(&self, rows: &Partitions<'_>) -> Option<(Vec<KeptRun>, Vec<CurrentRow>)> {
        self.auditor.as_ref().map(|auditor| auditor.kept(rows))
    }

    /// By what it is judged beside the contract: by what it promises.
    #[must_use]
    pub fn profile(&self) -> Profile {
        let promised = self.orchestrator.promises();
        let hand_over = match promised.hand_over {
            Given::Unspecified => HandOver::Unspecified,
            Given::Once => HandOver::Once,
            Given::UntilTaken => HandOver::UntilTaken,
        };
        let Promised { linearizable_reads, narrow_batches, retention, availability, lists, .. } = promised;
        Profile::promising(Promises { linearizable_reads, hand_over, narrow_batches, retention, availability, lists })
    }
}
