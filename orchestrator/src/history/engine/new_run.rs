//! How a run comes into being, whoever wants it: its first event, its timeouts, and its first workflow task, now or later.

use super::signal::Arrival;
use super::system::System;
use super::transaction::{Transaction, timestamp};
use super::{Context, Handout, Run, build_id, handout, signal, span, task};
use resurgam_api::temporal::common::v1::{Link, WorkflowExecution};
use resurgam_api::temporal::enums::v1::WorkflowExecutionStatus;
use resurgam_api::temporal::history::v1::history_event::Attributes;
use resurgam_api::temporal::history::v1::{HistoryEvent, WorkflowExecutionStartedEventAttributes};
use resurgam_api::temporal::sdk::v1::UserMetadata;
use resurgam_schedule::Watcher;
use resurgam_state::attached::attach;
use resurgam_state::task::{RunKey, TimerKind, TimerTask, TransferTask};
use resurgam_state::{Millis, State};

/// All that a run is created with.
pub(super) struct NewRun {
    /// Its namespace, workflow id and run id.
    pub(super) key: RunKey,
    /// Its first event. Timeouts and back-off are made consistent here; ids of the chain are filled in if empty.
    pub(super) started: WorkflowExecutionStartedEventAttributes,
    /// When the chain times out; 0: never.
    pub(super) execution_expires: Millis,
    /// Its first workflow task waits for the parent.
    pub(super) awaits_parent: bool,
    /// A signal that it finds.
    pub(super) signal: Option<Arrival>,
    /// Id of the request that makes it.
    pub(super) request_id: String,
    /// User metadata of the first event.
    pub(super) metadata: Option<UserMetadata>,
    /// Links of the first event.
    pub(super) links: Vec<Link>,
    /// Who wants the first workflow task with the start, if there is one then: request id and identity.
    pub(super) eager: Option<(String, String)>,
    /// The schedule that waits for the end of its chain.
    pub(super) watcher: Option<Watcher>,
    /// No worker is to decide for it.
    pub(super) system: Option<Box<System>>,
}

/// A run that was created, and what it ordered.
pub(super) struct Created {
    pub(super) run: Run,
    pub(super) events: Vec<HistoryEvent>,
    pub(super) transfers: Vec<TransferTask>,
    pub(super) timers: Vec<TimerTask>,
    /// The first workflow task, if it was wanted with the start.
    pub(super) eager: Option<Handout>,
}

/// Makes the run.
pub(super) fn create(new_run: NewRun, context: &mut Context<'_>) -> Created {
    let NewRun { key, mut started, execution_expires, awaits_parent, signal, request_id, .. } = new_run;
    let NewRun { metadata, links, eager, watcher, system, .. } = new_run;
    let now = context.now;
    let limits = context.limits;
    for id in [&mut started.first_execution_run_id, &mut started.original_execution_run_id] {
        if id.is_empty() {
            id.clone_from(&key.run_id);
        }
    }
    // Only who has a parent is told its root, as in Temporal 1.31.
    let itself = WorkflowExecution { workflow_id: key.workflow_id.clone(), run_id: key.run_id.clone() };
    let root = started.root_workflow_execution.clone().unwrap_or(itself);
    started.workflow_id.clone_from(&key.workflow_id);
    started.attempt = started.attempt.max(1);
    for span in [
        &mut started.workflow_execution_timeout,
        &mut started.workflow_run_timeout,
        &mut started.workflow_task_timeout,
        &mut started.first_workflow_task_backoff,
    ] {
        *span = span::cut(*span);
    }

    let run_timeout = span::capped(
        span::millis(started.workflow_run_timeout.as_ref()),
        span::millis(started.workflow_execution_timeout.as_ref()),
    );
    let asked = match span::millis(started.workflow_task_timeout.as_ref()) {
        0 => limits.task_timeout,
        asked => asked,
    };
    let task_timeout = span::capped(asked.min(limits.task_timeout_max), run_timeout);
    let backoff = span::millis(started.first_workflow_task_backoff.as_ref());
    // What is given is kept as it is given, to the nanosecond.
    if span::millis(started.workflow_run_timeout.as_ref()) != run_timeout {
        let whole = started.workflow_execution_timeout.filter(|it| span::millis(Some(it)) == run_timeout);
        started.workflow_run_timeout = whole.or(Some(span::duration(run_timeout)));
    }
    if span::millis(started.workflow_task_timeout.as_ref()) != task_timeout {
        started.workflow_task_timeout = Some(span::duration(task_timeout));
    }
    started.workflow_execution_expiration_time = (execution_expires > 0).then(|| timestamp(execution_expires));
    let run_expires = match run_timeout {
        0 => 0,
        timeout => now.saturating_add(backoff).saturating_add(timeout),
    };
    let run_expires = span::capped(run_expires, execution_expires);

    let mut run = Run {
        state: State {
            namespace_id: key.namespace_id,
            workflow_id: key.workflow_id,
            run_id: key.run_id,
            status: WorkflowExecutionStatus::Running.into(),
            next_event_id: 1,
            start_time: now,
            first_task_at: if backoff > 0 { now.saturating_add(backoff) } else { 0 },
            next_attempt: 1,
            memo: started.memo.clone().unwrap_or_default().fields.into_iter().collect(),
            search_attributes: started
                .search_attributes
                .clone()
                .unwrap_or_default()
                .indexed_fields
                .into_iter()
                .collect(),
            awaits_parent,
            task_timeout,
            run_expires,
            execution_expires,
            root: Some(root),
            reset_points: build_id::inherited(started.prev_auto_reset_points.as_ref(), now),
            started: started.clone().into(),
            metadata: metadata.clone(),
            watcher,
            ..State::default()
        },
        ..Run::default()
    };
    let mut tx = Transaction::new(&mut run, context);
    let mut event = tx.event(Attributes::WorkflowExecutionStartedEventAttributes(started));
    event.user_metadata = metadata;
    event.links = links;
    let (event_type, first) = (event.event_type(), tx.write(event));
    attach(&mut tx.run.state.requests, &request_id, event_type, Some(first));
    if let Some(system) = system {
        system.begin(&mut tx);
    }
    if let Some(signal) = signal {
        signal::write(&mut tx, signal);
    }
    if backoff > 0 {
        tx.timer(now.saturating_add(backoff), TimerKind::FirstWorkflowTask(true));
    }
    if execution_expires > 0 {
        tx.timer(execution_expires, TimerKind::ExecutionTimeout(true));
    }
    if run_expires > 0 && run_expires != execution_expires {
        tx.timer(run_expires, TimerKind::RunTimeout(true));
    }
    tx.wake();
    let eager = eager.filter(|_| !task::is_held(&tx.run.state)).map(|(request_id, identity)| {
        task::schedule(&mut tx, task::Dispatch::Inline);
        task::begin(&mut tx, &request_id, &identity);
        handout::task(&mut tx)
    });
    task::settle(&mut tx);
    let Transaction { events, transfers, timers, .. } = tx;
    Created { run, events, transfers, timers, eager }
}
