//! The public calls. What is not here answers UNIMPLEMENTED. What each call does is in a file by the noun that it is about;
//! the table at the end of this one says where.

mod activity;
mod activity_command;
mod batch;
mod by_id;
mod disabled;
mod multi_operation;
mod namespace;
mod query_update;
mod queue_versions;
mod schedule;
mod schedules;
mod task;
mod visibility;
mod worker;
mod workflow;

pub(super) use visibility::MOST as WORKFLOWS;

use super::handler::{Answer, Frontend};
use super::under_way::Side;
use resurgam_api::WorkflowService;
use resurgam_api::temporal::workflowservice::v1 as api;
use tonic::Request;

/// The name of the call that a message answers.
const fn name(response: &str) -> &str {
    match response.as_bytes().split_last_chunk::<8>() {
        Some((name, b"Response")) => match std::str::from_utf8(name) {
            Ok(name) => name,
            Err(_) => response,
        },
        _ => response,
    }
}

/// The public calls that are served, and by what; and those that are refused in words of their own. How many may be under way
/// is limited for those of clients (who name a namespace, or none) and for the answers of workers; the others count themselves.
macro_rules! calls {
    (
        of_clients { $($call:ident($request:ident) -> $response:ident = $noun:ident::$verb:ident;)* }
        without_namespace { $($bare:ident($about:ident) -> $told:ident = $thing:ident::$deed:ident;)* }
        of_workers { $($answer:ident($said:ident) -> $heard:ident = $task:ident::$end:ident;)* }
        counted_apart { $($wait:ident($wanted:ident) -> $found:ident = $source:ident::$watch:ident;)* }
        refused { $($other:ident($asked:ident) -> $never:ident = $refusing:ident::$refusal:ident;)* }
    ) => {
        /// The calls that are served, by their names in the API.
        pub(crate) const SERVED: &[&str] = &[
            $( name(stringify!($response)), )*
            $( name(stringify!($told)), )*
            $( name(stringify!($heard)), )*
            $( name(stringify!($found)), )*
        ];

        /// The calls that are refused as by the real server, unless it is configured otherwise.
        pub(crate) const REFUSED: &[&str] = &[$( name(stringify!($never)) ),*];

        #[tonic::async_trait]
        impl WorkflowService for Frontend {
            $(
                async fn $call(&self, request: Request<api::$request>) -> Answer<api::$response> {
                    let _call = self.under_way.enter(Side::Client, &request.get_ref().namespace)?;
                    $noun::$verb(self, request).await
                }
            )*
            $(
                async fn $bare(&self, request: Request<api::$about>) -> Answer<api::$told> {
                    let _call = self.under_way.enter(Side::Client, "")?;
                    $thing::$deed(self, request).await
                }
            )*
            $(
                async fn $answer(&self, request: Request<api::$said>) -> Answer<api::$heard> {
                    let _call = self.under_way.enter(Side::Worker, &request.get_ref().namespace)?;
                    $task::$end(self, request).await
                }
            )*
            $(
                async fn $wait(&self, request: Request<api::$wanted>) -> Answer<api::$found> {
                    $source::$watch(self, request).await
                }
            )*
            $(
                async fn $other(&self, request: Request<api::$asked>) -> Answer<api::$never> {
                    $refusing::$refusal(self, request).await
                }
            )*
        }
    };
}

calls! {
    of_clients {
        register_namespace(RegisterNamespaceRequest) -> RegisterNamespaceResponse = namespace::register;
        describe_namespace(DescribeNamespaceRequest) -> DescribeNamespaceResponse = namespace::describe;
        update_namespace(UpdateNamespaceRequest) -> UpdateNamespaceResponse = namespace::update;
        deprecate_namespace(DeprecateNamespaceRequest) -> DeprecateNamespaceResponse = namespace::deprecate;
        start_workflow_execution(StartWorkflowExecutionRequest) -> StartWorkflowExecutionResponse = workflow::start;
        signal_with_start_workflow_execution(SignalWithStartWorkflowExecutionRequest) -> SignalWithStartWorkflowExecutionResponse = workflow::signal_with_start;
        signal_workflow_execution(SignalWorkflowExecutionRequest) -> SignalWorkflowExecutionResponse = workflow::signal;
        request_cancel_workflow_execution(RequestCancelWorkflowExecutionRequest) -> RequestCancelWorkflowExecutionResponse = workflow::request_cancel;
        terminate_workflow_execution(TerminateWorkflowExecutionRequest) -> TerminateWorkflowExecutionResponse = workflow::terminate;
        update_workflow_execution_options(UpdateWorkflowExecutionOptionsRequest) -> UpdateWorkflowExecutionOptionsResponse = workflow::update_options;
        reset_sticky_task_queue(ResetStickyTaskQueueRequest) -> ResetStickyTaskQueueResponse = workflow::reset_sticky;
        reset_workflow_execution(ResetWorkflowExecutionRequest) -> ResetWorkflowExecutionResponse = workflow::reset;
        describe_workflow_execution(DescribeWorkflowExecutionRequest) -> DescribeWorkflowExecutionResponse = query_update::describe;
        get_workflow_execution_history_reverse(GetWorkflowExecutionHistoryReverseRequest) -> GetWorkflowExecutionHistoryReverseResponse = query_update::history_reverse;
        delete_workflow_execution(DeleteWorkflowExecutionRequest) -> DeleteWorkflowExecutionResponse = workflow::delete;
        pause_activity(PauseActivityRequest) -> PauseActivityResponse = activity_command::pause;
        unpause_activity(UnpauseActivityRequest) -> UnpauseActivityResponse = activity_command::unpause;
        reset_activity(ResetActivityRequest) -> ResetActivityResponse = activity_command::reset;
        update_activity_options(UpdateActivityOptionsRequest) -> UpdateActivityOptionsResponse = activity_command::update_options;
        describe_task_queue(DescribeTaskQueueRequest) -> DescribeTaskQueueResponse = task::describe_queue;
        update_task_queue_config(UpdateTaskQueueConfigRequest) -> UpdateTaskQueueConfigResponse = task::configure_queue;
        list_task_queue_partitions(ListTaskQueuePartitionsRequest) -> ListTaskQueuePartitionsResponse = task::list_partitions;
        create_schedule(CreateScheduleRequest) -> CreateScheduleResponse = schedule::create;
        describe_schedule(DescribeScheduleRequest) -> DescribeScheduleResponse = schedule::describe;
        update_schedule(UpdateScheduleRequest) -> UpdateScheduleResponse = schedule::update;
        patch_schedule(PatchScheduleRequest) -> PatchScheduleResponse = schedule::patch;
        list_schedule_matching_times(ListScheduleMatchingTimesRequest) -> ListScheduleMatchingTimesResponse = schedule::matching_times;
        delete_schedule(DeleteScheduleRequest) -> DeleteScheduleResponse = schedule::delete;
        list_schedules(ListSchedulesRequest) -> ListSchedulesResponse = schedules::list;
        count_schedules(CountSchedulesRequest) -> CountSchedulesResponse = schedules::count;
        start_batch_operation(StartBatchOperationRequest) -> StartBatchOperationResponse = batch::start;
        stop_batch_operation(StopBatchOperationRequest) -> StopBatchOperationResponse = batch::stop;
        describe_batch_operation(DescribeBatchOperationRequest) -> DescribeBatchOperationResponse = batch::describe;
        list_batch_operations(ListBatchOperationsRequest) -> ListBatchOperationsResponse = batch::list;
        shutdown_worker(ShutdownWorkerRequest) -> ShutdownWorkerResponse = worker::shutdown;
        record_worker_heartbeat(RecordWorkerHeartbeatRequest) -> RecordWorkerHeartbeatResponse = worker::heartbeat;
        list_workers(ListWorkersRequest) -> ListWorkersResponse = worker::list;
        describe_worker(DescribeWorkerRequest) -> DescribeWorkerResponse = worker::describe;
    }
    without_namespace {
        get_system_info(GetSystemInfoRequest) -> GetSystemInfoResponse = namespace::system;
        get_cluster_info(GetClusterInfoRequest) -> GetClusterInfoResponse = namespace::cluster;
        list_namespaces(ListNamespacesRequest) -> ListNamespacesResponse = namespace::list;
        get_search_attributes(GetSearchAttributesRequest) -> GetSearchAttributesResponse = visibility::attributes;
    }
    of_workers {
        respond_workflow_task_completed(RespondWorkflowTaskCompletedRequest) -> RespondWorkflowTaskCompletedResponse = task::complete_workflow;
        respond_workflow_task_failed(RespondWorkflowTaskFailedRequest) -> RespondWorkflowTaskFailedResponse = task::fail_workflow;
        respond_activity_task_completed(RespondActivityTaskCompletedRequest) -> RespondActivityTaskCompletedResponse = activity::complete;
        respond_activity_task_failed(RespondActivityTaskFailedRequest) -> RespondActivityTaskFailedResponse = activity::fail;
        respond_activity_task_canceled(RespondActivityTaskCanceledRequest) -> RespondActivityTaskCanceledResponse = activity::cancel;
        record_activity_task_heartbeat(RecordActivityTaskHeartbeatRequest) -> RecordActivityTaskHeartbeatResponse = activity::heartbeat;
        respond_query_task_completed(RespondQueryTaskCompletedRequest) -> RespondQueryTaskCompletedResponse = task::answer_query;
        respond_activity_task_completed_by_id(RespondActivityTaskCompletedByIdRequest) -> RespondActivityTaskCompletedByIdResponse = by_id::complete;
        respond_activity_task_failed_by_id(RespondActivityTaskFailedByIdRequest) -> RespondActivityTaskFailedByIdResponse = by_id::fail;
        respond_activity_task_canceled_by_id(RespondActivityTaskCanceledByIdRequest) -> RespondActivityTaskCanceledByIdResponse = by_id::cancel;
        record_activity_task_heartbeat_by_id(RecordActivityTaskHeartbeatByIdRequest) -> RecordActivityTaskHeartbeatByIdResponse = by_id::heartbeat;
    }
    counted_apart {
        execute_multi_operation(ExecuteMultiOperationRequest) -> ExecuteMultiOperationResponse = multi_operation::execute;
        query_workflow(QueryWorkflowRequest) -> QueryWorkflowResponse = query_update::query;
        update_workflow_execution(UpdateWorkflowExecutionRequest) -> UpdateWorkflowExecutionResponse = query_update::update;
        poll_workflow_execution_update(PollWorkflowExecutionUpdateRequest) -> PollWorkflowExecutionUpdateResponse = query_update::poll_update;
        get_workflow_execution_history(GetWorkflowExecutionHistoryRequest) -> GetWorkflowExecutionHistoryResponse = query_update::history;
        poll_workflow_task_queue(PollWorkflowTaskQueueRequest) -> PollWorkflowTaskQueueResponse = task::poll_workflow;
        poll_activity_task_queue(PollActivityTaskQueueRequest) -> PollActivityTaskQueueResponse = task::poll_activity;
        list_workflow_executions(ListWorkflowExecutionsRequest) -> ListWorkflowExecutionsResponse = visibility::list;
        scan_workflow_executions(ScanWorkflowExecutionsRequest) -> ScanWorkflowExecutionsResponse = visibility::scan;
        list_open_workflow_executions(ListOpenWorkflowExecutionsRequest) -> ListOpenWorkflowExecutionsResponse = visibility::list_open;
        list_closed_workflow_executions(ListClosedWorkflowExecutionsRequest) -> ListClosedWorkflowExecutionsResponse = visibility::list_closed;
        list_archived_workflow_executions(ListArchivedWorkflowExecutionsRequest) -> ListArchivedWorkflowExecutionsResponse = visibility::list_archived;
        count_workflow_executions(CountWorkflowExecutionsRequest) -> CountWorkflowExecutionsResponse = visibility::count;
    }
    refused {
        pause_workflow_execution(PauseWorkflowExecutionRequest) -> PauseWorkflowExecutionResponse = disabled::pause;
        unpause_workflow_execution(UnpauseWorkflowExecutionRequest) -> UnpauseWorkflowExecutionResponse = disabled::unpause;
        fetch_worker_config(FetchWorkerConfigRequest) -> FetchWorkerConfigResponse = disabled::fetch_worker_config;
        update_worker_config(UpdateWorkerConfigRequest) -> UpdateWorkerConfigResponse = disabled::update_worker_config;
    }
}
