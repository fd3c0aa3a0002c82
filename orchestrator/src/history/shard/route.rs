//! Which workflow an input is about, and which run of it.

use crate::history::engine::Input;
use crate::history::task::RunKey;
use resurgam_api::internal::TaskToken;
use resurgam_api::temporal::common::v1::WorkflowExecution;

/// A workflow id in its namespace: what a shard keeps together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WorkflowKey {
    /// Id of the namespace.
    pub namespace_id: String,
    /// Workflow id.
    pub workflow_id: String,
}

/// What an input is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The workflow.
    pub workflow: WorkflowKey,
    /// The run; empty: the current one.
    pub run_id: String,
}

impl Target {
    /// A run of a workflow, or with an empty run id the current one.
    #[must_use]
    pub fn new(namespace_id: &str, workflow_id: &str, run_id: &str) -> Self {
        let workflow = WorkflowKey { namespace_id: namespace_id.to_owned(), workflow_id: workflow_id.to_owned() };
        Self { workflow, run_id: run_id.to_owned() }
    }

    fn execution(namespace_id: &str, execution: Option<&WorkflowExecution>) -> Self {
        let named = execution.map_or(("", ""), |execution| (&execution.workflow_id, &execution.run_id));
        Self::new(namespace_id, named.0, named.1)
    }

    fn task(token: Option<&TaskToken>) -> Self {
        token.map_or_else(|| Self::new("", "", ""), |it| Self::new(&it.namespace_id, &it.workflow_id, &it.run_id))
    }
}

impl From<&RunKey> for Target {
    fn from(key: &RunKey) -> Self {
        Self::new(&key.namespace_id, &key.workflow_id, &key.run_id)
    }
}

/// What `input` is about; none for answers to transfers, whose sender knows.
#[must_use]
pub fn target(input: &Input) -> Option<Target> {
    /// The target of a request that wraps one of the public API, which names the execution in this field.
    macro_rules! of {
        ($outer:expr, $field:ident) => {
            Target::execution(&$outer.namespace_id, $outer.request.as_ref().and_then(|request| request.$field.as_ref()))
        };
    }
    /// The target of a request that names the workflow id only.
    macro_rules! by_id {
        ($outer:expr) => {
            Target::new(&$outer.namespace_id, $outer.request.as_ref().map_or("", |request| &request.workflow_id), "")
        };
    }
    Some(match input {
        Input::Start(it) => by_id!(it),
        Input::SignalWithStart(it) => by_id!(it),
        Input::Signal(it) => of!(it, workflow_execution),
        Input::RequestCancel(it) => of!(it, workflow_execution),
        Input::Terminate(it) => of!(it, workflow_execution),
        Input::Query(it) => of!(it, execution),
        Input::Update(it) => of!(it, workflow_execution),
        Input::PollUpdate(it) => {
            let update = it.request.as_ref().and_then(|request| request.update_ref.as_ref());
            Target::execution(&it.namespace_id, update.and_then(|update| update.workflow_execution.as_ref()))
        }
        Input::Describe(it) => of!(it, execution),
        Input::ResetSticky(it) => of!(it, execution),
        Input::WorkflowTaskStarted(it) | Input::ActivityTaskStarted(it) => Target::task(it.task.as_ref()),
        Input::CompleteWorkflowTask(it) => Target::task(it.task.as_ref()),
        Input::FailWorkflowTask(it) => Target::task(it.task.as_ref()),
        Input::CompleteActivity(it) => Target::task(it.task.as_ref()),
        Input::FailActivity(it) => Target::task(it.task.as_ref()),
        Input::CancelActivity(it) => Target::task(it.task.as_ref()),
        Input::Heartbeat(it) => Target::task(it.task.as_ref()),
        Input::ScheduleFirstWorkflowTask(it) => Target::execution(&it.namespace_id, it.execution.as_ref()),
        Input::ChildClosed(it) => Target::execution(&it.namespace_id, it.parent.as_ref()),
        Input::TimerTask(task) => Target::from(&task.run),
        _ => return None,
    })
}
