//! What is asked of both servers, one after the other.

#![allow(deprecated, reason = "clients may still use old fields")]

use crate::server::{Server, execution};
use resurgam_api::temporal::batch::v1 as batch;
use resurgam_api::temporal::common::v1::{Priority, ResetOptions, reset_options};
use resurgam_api::temporal::workflow::v1::WorkflowExecutionOptions;
use resurgam_api::temporal::workflowservice::v1 as api;
use resurgam_api::temporal::workflowservice::v1::start_batch_operation_request::Operation;
use tonic::Status;

fn signal() -> Operation {
    let signal = batch::BatchOperationSignal { signal: "s".into(), identity: "who".into(), ..Default::default() };
    Operation::SignalOperation(signal)
}

fn terminate() -> Operation {
    Operation::TerminationOperation(batch::BatchOperationTermination { identity: "who".into(), ..Default::default() })
}

fn reset(options: Option<reset_options::Target>, reset_type: i32) -> Operation {
    let options = options.map(|target| ResetOptions { target: Some(target), ..ResetOptions::default() });
    let identity = "who".into();
    Operation::ResetOperation(batch::BatchOperationReset { identity, options, reset_type, ..Default::default() })
}

/// What is wrong with a request.
type Change<'a> = &'a dyn Fn(&mut api::StartBatchOperationRequest);

/// Requests that are wrong in one way each.
pub(crate) async fn refusals(server: &mut Server) {
    let wrong: [(&str, Change<'_>); 15] = [
        ("no job", &|it| it.job_id.clear()),
        ("no reason", &|it| it.reason.clear()),
        ("no selection", &|it| it.visibility_query.clear()),
        ("no operation", &|it| it.operation = None),
        ("no namespace", &|it| it.namespace = "nowhere".into()),
        ("long job", &|it| it.job_id = "j".repeat(1001)),
        ("two selections", &|it| it.executions = execution("w").into_iter().collect()),
        ("bad query", &|it| it.visibility_query = "()".into()),
        ("unfinished query", &|it| it.visibility_query = "WorkflowId = 'a') OR (WorkflowId = 'b'".into()),
        ("no signal", &|it| it.operation = Some(Operation::SignalOperation(Default::default()))),
        ("no options", &|it| it.operation = Some(Operation::UpdateWorkflowOptionsOperation(Default::default()))),
        ("no reset", &|it| it.operation = Some(reset(None, 0))),
        ("no unpause", &|it| it.operation = Some(Operation::UnpauseActivitiesOperation(Default::default()))),
        ("no activities", &|it| it.operation = Some(Operation::ResetActivitiesOperation(Default::default()))),
        ("no activity options", &|it| {
            it.operation = Some(Operation::UpdateActivityOptionsOperation(Default::default()));
        }),
    ];
    for (what, change) in wrong {
        let mut request = server.job("refused", "WorkflowType = 'none'", signal());
        change(&mut request);
        let answer = server.client.start_batch_operation(request).await;
        server.see(what, answer);
    }
    let nobody = server.client.describe_batch_operation(server.description("nobody")).await;
    server.see("describe nobody", nobody);
    let stop = |server: &Server, job: &str, reason: &str| api::StopBatchOperationRequest {
        namespace: server.namespace.clone(),
        job_id: job.into(),
        reason: reason.into(),
        identity: "who".into(),
    };
    for (what, job, reason) in [("stop nobody", "nobody", "r"), ("stop no job", "", "r"), ("stop no reason", "j", "")] {
        let stopped = server.client.stop_batch_operation(stop(server, job, reason)).await;
        server.see(what, stopped);
    }
    server.begin("ordinary", &["ordinary"]).await;
    let stopped = server.client.stop_batch_operation(stop(server, "ordinary", "r")).await;
    server.see("stop ordinary", stopped);
}

/// Each operation on some workflows that its question finds, or that are named.
pub(crate) async fn operations(server: &mut Server) {
    server.begin("one", &["a", "b", "c"]).await;
    server.done(server.job("signal", "WorkflowType = 'one'", signal())).await;
    let again = server.client.start_batch_operation(server.job("signal", "WorkflowType = 'one'", signal())).await;
    server.see("signal again", again.map_err(|status| Status::new(status.code(), "")));
    server.history("signal a", "a").await;
    let mut named = server.job("named", "", signal());
    named.executions = ["a", "nobody", "a"].iter().filter_map(|id| execution(id)).collect();
    server.done(named).await;
    server.history("named a", "a").await;
    let cancel = Operation::CancellationOperation(batch::BatchOperationCancellation { identity: "who".into() });
    server.done(server.job("cancel", "WorkflowId = 'b'", cancel)).await;
    let options = Operation::UpdateWorkflowOptionsOperation(batch::BatchOperationUpdateWorkflowExecutionOptions {
        identity: "who".into(),
        workflow_execution_options: Some(WorkflowExecutionOptions {
            priority: Some(Priority { priority_key: 2, ..Priority::default() }),
            ..Default::default()
        }),
        update_mask: Some(prost_wkt_types::FieldMask { paths: vec!["priority".into()] }),
    });
    server.done(server.job("options", "WorkflowId = 'c'", options)).await;
    server.history("options c", "c").await;
    use batch::batch_operation_unpause_activities::Activity;
    let unpause = Operation::UnpauseActivitiesOperation(batch::BatchOperationUnpauseActivities {
        activity: Some(Activity::Type("none".into())),
        ..Default::default()
    });
    server.done(server.job("unpause", "WorkflowType = 'one'", unpause)).await;
    let restore = Operation::ResetActivitiesOperation(batch::BatchOperationResetActivities {
        activity: Some(batch::batch_operation_reset_activities::Activity::Type("none".into())),
        ..Default::default()
    });
    server.done(server.job("activities", "WorkflowType = 'one'", restore)).await;
    server.done(server.job("terminate", "WorkflowType = 'one'", terminate())).await;
    server.history("signal ended", "a").await;
    let delete = Operation::DeletionOperation(batch::BatchOperationDeletion { identity: "who".into() });
    server.done(server.job("delete", "WorkflowType = 'one'", delete)).await;
    server.listed("WorkflowType = 'one'", 0).await;
}

/// Resets, in the ways in which they are asked for.
pub(crate) async fn resets(server: &mut Server) {
    for (number, operation) in [
        reset(None, 1),
        reset(None, 2),
        reset(Some(reset_options::Target::FirstWorkflowTask(())), 0),
        reset(Some(reset_options::Target::LastWorkflowTask(())), 0),
        reset(Some(reset_options::Target::WorkflowTaskId(4)), 0),
    ]
    .into_iter()
    .enumerate()
    {
        let id = format!("reset-{number}");
        server.begin(&id, &[&id]).await;
        server.task(&id).await;
        let query = format!("WorkflowId = '{id}' AND ExecutionStatus = 'Running'");
        server.done(server.job(&format!("{id}-job"), &query, operation)).await;
        server.history(&id, &id).await;
    }
}

/// How they end otherwise than well, and the list of all.
pub(crate) async fn endings(server: &mut Server) {
    server.done(server.job("unanswerable", "Nothing = 1", signal())).await;
    server.done(server.job("nobody-found", "WorkflowType = 'none'", signal())).await;
    let list = api::ListBatchOperationsRequest { namespace: server.namespace.clone(), ..Default::default() };
    let all = server.client.list_batch_operations(list.clone()).await;
    server.see("list", all);
    let first = api::ListBatchOperationsRequest { page_size: 2, ..list };
    let first = server.client.list_batch_operations(first).await;
    server.see("first page", first);
}
