//! Evidence: a recording, or bare histories, arranged for rules to read. Nothing is judged here.

mod ending;
mod operation;

pub use ending::{End, Panic, Unfit};
pub use operation::{Attempt, Handed, Operation};

use crate::audit::Audit;
use crate::cost::Costs;
use crate::event::{Body, Event, EventId, Execution};
use crate::kept::{Kept, Sought};
use crate::notes::{Notes, Problem};
use crate::plan::Namespace;
use crate::recording::{
    Answer, Description, Entry, Header, HistoryRead, Injected, OperationId, Registered, TaskId, What,
};
use crate::store::StoreEvent;
use crate::tenure::Tenures;
use crate::time::At;
use std::collections::BTreeMap;

/// All that is known about one case or one file.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// The first line of the recording; `None` for bare histories.
    pub header: Option<Header>,
    /// The namespaces of the case, as each node described them before it began.
    pub namespaces: Vec<Registered>,
    /// The final history of every run, in the order of their reading.
    pub runs: Vec<Run>,
    /// Histories read during the case, not final.
    pub reads: Vec<Run>,
    /// Histories in the other namespace of the case, of which no rule but one takes notice.
    pub elsewhere: Vec<Run>,
    /// Logical operations by number.
    pub operations: BTreeMap<OperationId, Operation>,
    /// Tasks that workers were handed, by number.
    pub tasks: BTreeMap<TaskId, Handed>,
    /// Descriptions read at the end of the case.
    pub descriptions: Vec<(At, Description)>,
    /// Lists of workflows read at the end of the case, and when.
    pub listed: Vec<(At, crate::listed::Listed)>,
    /// Faults in the order in which they began.
    pub faults: Vec<InjectedFault>,
    /// What happened in the simulated store out of the ordinary: when, in whose call, on which partition.
    pub store: Vec<(At, Option<u8>, String, StoreEvent)>,
    /// What the rows of the simulated store meant, and when.
    pub audits: Vec<(At, Audit)>,
    /// Who owned which partition of the simulated store.
    pub tenures: Option<Tenures>,
    /// What the simulated store held of closed runs whose time might be over, and when.
    pub kept: Vec<(At, Kept)>,
    /// What readers were told of such runs, and when.
    pub sought: Vec<(At, Sought)>,
    /// What calls cost in the simulated store, beside few and beside many.
    pub costs: Vec<Costs>,
    /// Nodes that panicked.
    pub panics: Vec<Panic>,
    /// Nodes that do not do what every node has to do.
    pub unfit: Vec<Unfit>,
    /// The last line of the recording.
    pub end: Option<End>,
    /// Content that this version does not know.
    pub notes: Notes,
}

/// A fault that was injected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InjectedFault {
    /// The fault, as the plan or the target names it.
    pub fault: Injected,
    /// When it began.
    pub from: At,
    /// When it ended; `None` if it never did.
    pub until: Option<At>,
    /// How often it made a difference, if that was counted.
    pub hits: Option<u32>,
}

/// One run of a workflow.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run {
    /// The workflow id; empty if the evidence does not say.
    pub workflow_id: String,
    /// The run id; empty if the evidence does not say.
    pub run_id: String,
    /// The events in the order of the evidence.
    pub events: Vec<Event>,
    /// The evidence is a part of a longer history: its beginning is not there, or events in between. Only files that
    /// anyone may have cut are taken for that; what a recording of ours does not have, its server did not have.
    pub partial: bool,
    /// When the read began and ended; 0 for bare histories.
    pub read: (At, At),
}

impl Run {
    /// The close event, if the run is closed.
    #[must_use]
    pub fn close(&self) -> Option<&Event> {
        self.events.iter().rev().find(|event| event.body.is_close())
    }
    /// True if nothing is missing before the first event of the evidence.
    #[must_use]
    pub fn has_beginning(&self) -> bool {
        !self.partial || self.events.first().is_some_and(|event| event.id.0 == 1)
    }
    /// The first event of a kind that is not known.
    #[must_use]
    pub fn unknown(&self) -> Option<&Event> {
        self.events.iter().find(|event| matches!(event.body, Body::Unrecognised { .. }))
    }
    /// The event with this id, if it is in the evidence, in its place.
    #[must_use]
    pub fn event(&self, id: EventId) -> Option<&Event> {
        self.events.binary_search_by_key(&id, |event| event.id).ok().and_then(|place| self.events.get(place))
    }
    /// Event 1, if it is a start.
    #[must_use]
    pub fn started(&self) -> Option<&crate::event::WorkflowExecutionStarted> {
        match &self.events.first()?.body {
            Body::WorkflowExecutionStarted(started) => Some(started),
            _ => None,
        }
    }
    /// The run that follows this one, as its close event names it; empty if none.
    #[must_use]
    pub fn successor(&self) -> &str {
        match self.close().map(|event| &event.body) {
            Some(Body::WorkflowExecutionCompleted(close)) => &close.new_run,
            Some(Body::WorkflowExecutionFailed(close)) => &close.new_run,
            Some(Body::WorkflowExecutionTimedOut(close)) => &close.new_run,
            Some(Body::WorkflowExecutionContinuedAsNew(close)) => &close.new_run,
            _ => "",
        }
    }
    /// Workflow id and run id.
    #[must_use]
    pub fn execution(&self) -> Execution {
        Execution { workflow_id: self.workflow_id.clone(), run_id: self.run_id.clone() }
    }
}

/// Which of the histories in a recording one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReadKind {
    /// Read at the end of the case.
    Final,
    /// Read in the course of it.
    Passing,
    /// Read in the other namespace.
    Elsewhere,
}

impl ReadKind {
    pub(crate) fn of(is_final: bool, namespace: Namespace) -> Self {
        match (namespace, is_final) {
            (Namespace::Other, _) => Self::Elsewhere,
            (Namespace::Own, true) => Self::Final,
            (Namespace::Own, false) => Self::Passing,
        }
    }
}

impl Evidence {
    /// Arranges the lines of a recording.
    ///
    /// # Errors
    /// One line that names the number of the entry (from 1) whose history cannot be read, or that contradicts earlier ones.
    pub fn from_recording(entries: impl IntoIterator<Item = Entry>) -> Result<Self, Problem> {
        let mut all = Self::default();
        for (index, entry) in entries.into_iter().enumerate() {
            all.add(entry).map_err(|problem| Problem(format!("line {}: {problem}", index + 1)))?;
        }
        Ok(all)
    }

    /// Adds one line.
    ///
    /// # Errors
    /// One line that says what is wrong with it.
    pub fn add(&mut self, entry: Entry) -> Result<(), Problem> {
        let at = entry.at;
        match entry.what {
            What::Header(header) => self.header = Some(*header),
            What::Namespace(registered) => self.namespaces.push(*registered),
            What::Invoke { operation, attempt, by, call } => {
                let record = self.operations.entry(operation).or_insert_with(|| Operation {
                    id: operation,
                    by,
                    call: *call,
                    attempts: Vec::new(),
                });
                let answer = Answer::Info { error: "no answer".into() };
                record.attempts.push(Attempt { number: attempt, invoked: at, returned: None, answer });
            }
            What::Return { operation, attempt, answer } => {
                let found = self.operations.get_mut(&operation);
                let found = found.and_then(|op| op.attempts.iter_mut().find(|a| a.number == attempt));
                let found = found.ok_or_else(|| {
                    Problem(format!("operation {operation} attempt {attempt} returns but was never invoked"))
                })?;
                found.returned = Some(at);
                found.answer = answer;
            }
            What::Task(task) => {
                self.tasks.insert(task.task, Handed { at, task: *task, worker_faults: Vec::new() });
            }
            What::WorkerFault { task, worker_fault } => {
                if let Some(handed) = self.tasks.get_mut(&task) {
                    handed.worker_faults.push(worker_fault);
                }
            }
            What::Fault { fault, active: true, hits } => {
                self.faults.push(InjectedFault { fault, from: at, until: None, hits });
            }
            What::Fault { fault, active: false, hits } => {
                if let Some(open) = self.faults.iter_mut().find(|f| f.until.is_none() && f.fault.is_begin_of(&fault)) {
                    open.until = Some(at);
                    open.hits = hits;
                }
            }
            What::Store { node, partition, outcome } => self.store.push((at, node, partition, outcome)),
            What::Audit(audit) => self.audits.push((at, *audit)),
            What::Tenures(tenures) => self.tenures = Some(*tenures),
            What::Kept(kept) => self.kept.push((at, *kept)),
            What::Sought(sought) => self.sought.push((at, *sought)),
            What::Costs(costs) => self.costs.push(*costs),
            What::Panic { node, message } => self.panics.push(Panic { at, node, message }),
            What::Unfit { node, why } => self.unfit.push(Unfit { node, why }),
            What::History(read) => self.add_history(*read, at)?,
            What::Description(description) => self.descriptions.push((at, *description)),
            What::Listed(listed) => self.listed.push((at, *listed)),
            What::End { quiescent, deadline, open, suite } => {
                self.end = Some(End { at, quiescent, deadline, open, suite });
            }
        }
        Ok(())
    }

    fn add_history(&mut self, read: HistoryRead, until: At) -> Result<(), Problem> {
        let mut events = Vec::with_capacity(read.events.len());
        for value in read.events {
            events.push(crate::event::decode(value, &mut self.notes)?);
        }
        let (workflow_id, run_id) = (read.workflow_id, read.run_id);
        let kind = ReadKind::of(read.is_final, read.namespace);
        self.add_run(kind, Run { workflow_id, run_id, events, partial: false, read: (read.from, until) });
        Ok(())
    }

    /// Adds a history that is decoded already.
    pub(crate) fn add_run(&mut self, kind: ReadKind, run: Run) {
        match kind {
            ReadKind::Final => self.runs.push(run),
            ReadKind::Passing => self.reads.push(run),
            ReadKind::Elsewhere => self.elsewhere.push(run),
        }
    }

    /// The final history of a run.
    #[must_use]
    pub fn run(&self, workflow_id: &str, run_id: &str) -> Option<&Run> {
        self.runs.iter().find(|run| run.run_id == run_id && run.workflow_id == workflow_id)
    }

    /// True if this is the recording of a whole case that ended: what is not in it did not happen.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.header.is_some() && self.end.is_some()
    }
}
