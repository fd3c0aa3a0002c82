//! The calls of clients: one request and what is kept of its answer, for each operation that a plan can ask for.

use crate::convert::{current, duration, first, label, payloads, queue, retry, workflow_type};
use crate::history;
use crate::session::{Session, within};
use crate::wire;
use resurgam_api::temporal::common::v1::{Header, Memo, RetryPolicy};
use resurgam_api::temporal::enums::v1::{
    UpdateWorkflowExecutionLifecycleStage as Stage, WorkflowExecutionStatus, WorkflowIdConflictPolicy,
    WorkflowIdReusePolicy,
};
use resurgam_api::temporal::query::v1::WorkflowQuery;
use resurgam_api::temporal::update::v1::{
    Input as UpdateInput, Meta, Outcome, Request, UpdateRef, WaitPolicy, outcome,
};
use resurgam_api::temporal::workflowservice::v1::{
    DescribeWorkflowExecutionRequest, DescribeWorkflowExecutionResponse, PollWorkflowExecutionUpdateRequest,
    QueryWorkflowRequest, RequestCancelWorkflowExecutionRequest, SignalWithStartWorkflowExecutionRequest,
    SignalWorkflowExecutionRequest, StartWorkflowExecutionRequest, TerminateWorkflowExecutionRequest,
    UpdateWorkflowExecutionRequest,
};
use resurgam_formats::plan::{IdConflict, IdReuse, Namespace, Start, UpdateStage};
use resurgam_formats::recording::{Description, HistoryRead, QueryAnswer, Reply, UpdateReached, What};
use std::time::Duration;
use tonic::Status;

/// How long one attempt may take. An update waits up to 20 s on the server.
pub(crate) const LIMIT: Duration = Duration::from_secs(10);
/// Codes of what may succeed in the next attempt. Unknown: the connection broke.
pub(crate) const PASSING: [tonic::Code; 4] =
    [tonic::Code::Unavailable, tonic::Code::DeadlineExceeded, tonic::Code::Cancelled, tonic::Code::Unknown];
const UPDATE_LIMIT: Duration = Duration::from_secs(25);

/// One attempt: who asks what of which workflow.
pub(crate) struct Asked<'a> {
    pub(crate) session: &'a Session,
    pub(crate) client: &'a wire::Client,
    pub(crate) identity: String,
    pub(crate) workflow_id: &'a str,
    pub(crate) request_id: &'a str,
}

impl Asked<'_> {
    fn service(&self) -> wire::Client {
        self.client.clone()
    }

    fn start_request(&self, start: &Start) -> StartWorkflowExecutionRequest {
        let plan = &self.session.plan;
        let program = plan.programs.get(usize::from(start.program) % plan.programs.len().max(1));
        StartWorkflowExecutionRequest {
            namespace: self.session.namespace.clone(),
            workflow_id: self.workflow_id.into(),
            workflow_type: workflow_type(),
            task_queue: queue(&self.session.queue()),
            input: program.and_then(payloads),
            workflow_execution_timeout: start.execution_timeout_ms.and_then(duration),
            workflow_run_timeout: start.run_timeout_ms.and_then(duration),
            workflow_task_timeout: duration(plan.knobs.task_timeout_ms),
            identity: self.identity.clone(),
            request_id: self.request_id.into(),
            workflow_id_reuse_policy: reuse(start.reuse).into(),
            workflow_id_conflict_policy: conflict(start.conflict).into(),
            retry_policy: start.retry.as_ref().map(retry) as Option<RetryPolicy>,
            memo: Some(Memo { fields: label(self.request_id) }),
            header: Some(Header { fields: label(self.request_id) }),
            ..Default::default()
        }
    }

    pub(crate) async fn start(&self, start: &Start) -> Result<Reply, Status> {
        let request = within(LIMIT, self.start_request(start));
        let reply = self.service().start_workflow_execution(request).await?.into_inner();
        Ok(Reply::Run { run_id: reply.run_id, started: Some(reply.started) })
    }

    pub(crate) async fn signal(&self, name: &str, value: i64) -> Result<Reply, Status> {
        let request = SignalWorkflowExecutionRequest {
            namespace: self.session.namespace.clone(),
            workflow_execution: current(self.workflow_id),
            signal_name: name.into(),
            input: payloads(&value),
            identity: self.identity.clone(),
            request_id: self.request_id.into(),
            header: Some(Header { fields: label(self.request_id) }),
            ..Default::default()
        };
        self.service().signal_workflow_execution(within(LIMIT, request)).await?;
        Ok(Reply::Done)
    }

    pub(crate) async fn signal_with_start(&self, start: &Start, name: &str, value: i64) -> Result<Reply, Status> {
        let start = self.start_request(start);
        let request = SignalWithStartWorkflowExecutionRequest {
            namespace: start.namespace,
            workflow_id: start.workflow_id,
            workflow_type: start.workflow_type,
            task_queue: start.task_queue,
            input: start.input,
            workflow_execution_timeout: start.workflow_execution_timeout,
            workflow_run_timeout: start.workflow_run_timeout,
            workflow_task_timeout: start.workflow_task_timeout,
            identity: start.identity,
            request_id: start.request_id,
            workflow_id_reuse_policy: start.workflow_id_reuse_policy,
            workflow_id_conflict_policy: start.workflow_id_conflict_policy,
            retry_policy: start.retry_policy,
            memo: start.memo,
            header: start.header,
            signal_name: name.into(),
            signal_input: payloads(&value),
            ..Default::default()
        };
        let reply = self.service().signal_with_start_workflow_execution(within(LIMIT, request)).await?.into_inner();
        Ok(Reply::Run { run_id: reply.run_id, started: Some(reply.started) })
    }

    pub(crate) async fn query(&self, name: &str) -> Result<Reply, Status> {
        let request = QueryWorkflowRequest {
            namespace: self.session.namespace.clone(),
            execution: current(self.workflow_id),
            query: Some(WorkflowQuery { query_type: name.into(), ..Default::default() }),
            ..Default::default()
        };
        let reply = self.service().query_workflow(within(LIMIT, request)).await?.into_inner();
        let answer: QueryAnswer =
            first(reply.query_result.as_ref()).ok_or_else(|| Status::unknown("the query has no readable result"))?;
        Ok(Reply::Query(answer))
    }

    pub(crate) async fn update(&self, name: &str, value: i64, wait: UpdateStage) -> Result<Reply, Status> {
        let stage = match wait {
            UpdateStage::Accepted => Stage::Accepted,
            UpdateStage::Completed => Stage::Completed,
        };
        let request = UpdateWorkflowExecutionRequest {
            namespace: self.session.namespace.clone(),
            workflow_execution: current(self.workflow_id),
            wait_policy: Some(WaitPolicy { lifecycle_stage: stage.into() }),
            request: Some(Request {
                meta: Some(Meta { update_id: self.request_id.into(), identity: self.identity.clone() }),
                input: Some(UpdateInput {
                    name: name.into(),
                    args: payloads(&value),
                    header: Some(Header { fields: label(self.request_id) }),
                }),
                ..Default::default()
            }),
            ..Default::default()
        };
        let reply = self.service().update_workflow_execution(within(UPDATE_LIMIT, request)).await?.into_inner();
        updated(reply.update_ref, reply.outcome, reply.stage)
    }

    /// What came of the update of a run whose id is the request id, when it has an outcome or the server does not wait longer.
    pub(crate) async fn follow_update(&self, run_id: &str) -> Result<Reply, Status> {
        let request = PollWorkflowExecutionUpdateRequest {
            namespace: self.session.namespace.clone(),
            update_ref: Some(UpdateRef {
                workflow_execution: crate::convert::run(self.workflow_id, run_id),
                update_id: self.request_id.into(),
            }),
            identity: self.identity.clone(),
            wait_policy: Some(WaitPolicy { lifecycle_stage: Stage::Completed.into() }),
        };
        let request = within(UPDATE_LIMIT, request);
        let reply = self.service().poll_workflow_execution_update(request).await?.into_inner();
        updated(reply.update_ref, reply.outcome, reply.stage)
    }

    /// What came of the update whose id is the request id, as far as it is known now.
    pub(crate) async fn poll_update(&self, namespace: &str) -> Result<Reply, Status> {
        let request = PollWorkflowExecutionUpdateRequest {
            namespace: namespace.to_owned(),
            update_ref: Some(UpdateRef {
                workflow_execution: current(self.workflow_id),
                update_id: self.request_id.into(),
            }),
            identity: self.identity.clone(),
            wait_policy: None,
        };
        let reply = self.service().poll_workflow_execution_update(within(LIMIT, request)).await?.into_inner();
        updated(reply.update_ref, reply.outcome, reply.stage)
    }

    pub(crate) async fn cancel(&self) -> Result<Reply, Status> {
        let request = RequestCancelWorkflowExecutionRequest {
            namespace: self.session.namespace.clone(),
            workflow_execution: current(self.workflow_id),
            identity: self.identity.clone(),
            request_id: self.request_id.into(),
            reason: self.request_id.into(),
            ..Default::default()
        };
        self.service().request_cancel_workflow_execution(within(LIMIT, request)).await?;
        Ok(Reply::Done)
    }

    pub(crate) async fn terminate(&self) -> Result<Reply, Status> {
        let request = TerminateWorkflowExecutionRequest {
            namespace: self.session.namespace.clone(),
            workflow_execution: current(self.workflow_id),
            reason: self.request_id.into(),
            details: payloads(&self.request_id),
            identity: self.identity.clone(),
            ..Default::default()
        };
        self.service().terminate_workflow_execution(within(LIMIT, request)).await?;
        Ok(Reply::Done)
    }

    pub(crate) async fn read_history(&self) -> Result<Reply, Status> {
        let from = self.session.recorder.now();
        let events = history::read(self.session, self.client, self.workflow_id, "").await?;
        let count = u32::try_from(events.len()).unwrap_or(u32::MAX);
        // The request names no run; the first event does.
        let run_id = history::run_of(&events);
        let events = history::to_json(&events).map_err(|e| Status::unknown(e.to_string()))?;
        let run_id = run_id.ok_or_else(|| Status::unknown("the history does not say which run it belongs to"))?;
        let workflow_id = self.workflow_id.to_owned();
        let read = HistoryRead {
            workflow_id,
            run_id: run_id.clone(),
            is_final: false,
            from,
            events,
            namespace: Namespace::Own,
        };
        self.session.recorder.record(What::History(Box::new(read)));
        Ok(Reply::History { run_id, events: count })
    }
}

/// How far an update is.
fn updated(of: Option<UpdateRef>, outcome: Option<Outcome>, stage: i32) -> Result<Reply, Status> {
    let run_id = of.and_then(|of| of.workflow_execution).unwrap_or_default().run_id;
    let stage = match outcome {
        Some(Outcome { value: Some(outcome::Value::Success(result)) }) => {
            let value = first(Some(&result)).ok_or_else(|| Status::unknown("the update has no readable result"))?;
            UpdateReached::Completed(value)
        }
        Some(Outcome { value: Some(outcome::Value::Failure(failure)) }) => UpdateReached::Failed(failure.message),
        _ if stage == i32::from(Stage::Accepted) => UpdateReached::Accepted,
        _ => UpdateReached::Admitted,
    };
    Ok(Reply::Update { run_id, stage })
}

/// Describes a run (the current one if `run_id` is empty).
pub(crate) async fn describe(
    session: &Session,
    client: &wire::Client,
    workflow_id: &str,
    run_id: &str,
) -> Result<Description, Status> {
    let request = DescribeWorkflowExecutionRequest {
        namespace: session.namespace.clone(),
        execution: crate::convert::run(workflow_id, run_id),
    };
    let reply = client.clone().describe_workflow_execution(within(LIMIT, request)).await?.into_inner();
    let answer = resurgam_api::json::to_json(&reply).map_err(|e| Status::unknown(e.to_string()))?;
    Ok(Description { answer: Some(answer), ..description(reply) })
}

fn description(reply: DescribeWorkflowExecutionResponse) -> Description {
    let info = reply.workflow_execution_info.unwrap_or_default();
    let execution = info.execution.unwrap_or_default();
    let status = WorkflowExecutionStatus::try_from(info.status).unwrap_or_default();
    let status = status.as_str_name().trim_start_matches("WORKFLOW_EXECUTION_STATUS_").to_owned();
    Description {
        workflow_id: execution.workflow_id,
        run_id: execution.run_id,
        status,
        history_length: info.history_length,
        first_run_id: info.first_run_id,
        pending_activities: reply.pending_activities.into_iter().map(|activity| activity.activity_id).collect(),
        pending_children: reply.pending_children.into_iter().map(|child| child.initiated_id).collect(),
        pending_workflow_task: reply.pending_workflow_task.is_some(),
        is_final: false,
        answer: None,
    }
}

fn reuse(policy: IdReuse) -> WorkflowIdReusePolicy {
    match policy {
        IdReuse::AllowDuplicate => WorkflowIdReusePolicy::AllowDuplicate,
        IdReuse::AllowDuplicateFailedOnly => WorkflowIdReusePolicy::AllowDuplicateFailedOnly,
        IdReuse::RejectDuplicate => WorkflowIdReusePolicy::RejectDuplicate,
    }
}

fn conflict(policy: IdConflict) -> WorkflowIdConflictPolicy {
    match policy {
        IdConflict::Fail => WorkflowIdConflictPolicy::Fail,
        IdConflict::UseExisting => WorkflowIdConflictPolicy::UseExisting,
        IdConflict::TerminateExisting => WorkflowIdConflictPolicy::TerminateExisting,
    }
}
