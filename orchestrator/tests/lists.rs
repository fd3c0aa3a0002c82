//! Lists of workflows, by the calls that clients make: what is found, in which order, page by page while others write, and
//! by attributes that an operator has registered.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use resurgam_api::temporal::common::v1::{Memo, Payload, SearchAttributes, WorkflowExecution, WorkflowType};
use resurgam_api::temporal::operatorservice::v1::{
    AddOrUpdateRemoteClusterRequest, AddSearchAttributesRequest, ListSearchAttributesRequest,
    RemoveSearchAttributesRequest,
};
use resurgam_api::temporal::workflowservice::v1::{
    CountWorkflowExecutionsRequest, DescribeWorkflowExecutionRequest, ListClosedWorkflowExecutionsRequest,
    ListOpenWorkflowExecutionsRequest, ListWorkflowExecutionsRequest, ListWorkflowExecutionsResponse,
    StartWorkflowExecutionRequest, TerminateWorkflowExecutionRequest,
};
use resurgam_api::{OperatorServiceClient, WorkflowServiceClient};
use std::collections::{BTreeSet, HashMap};
use support::{Cluster, cluster, queue, registration};
use tonic::transport::Channel;
use tonic::{Code, Status};

type Client = WorkflowServiceClient<Channel>;

const KEYWORD: i32 = 2;
const INT: i32 = 3;

fn payload(json: &str) -> Payload {
    let metadata = [("encoding".to_owned(), b"json/plain".to_vec())].into();
    Payload { metadata, data: json.as_bytes().to_vec(), ..Payload::default() }
}

async fn start(client: &mut Client, id: &str, attributes: &[(&str, &str)]) -> Result<(), Status> {
    let indexed_fields: HashMap<_, _> =
        attributes.iter().map(|(name, json)| ((*name).to_owned(), payload(json))).collect();
    let request = StartWorkflowExecutionRequest {
        namespace: "tests".into(),
        workflow_id: id.into(),
        workflow_type: Some(WorkflowType { name: "order".into() }),
        task_queue: queue("q"),
        memo: Some(Memo { fields: [("note".to_owned(), payload("\"m\""))].into() }),
        search_attributes: (!attributes.is_empty()).then_some(SearchAttributes { indexed_fields }),
        ..Default::default()
    };
    client.start_workflow_execution(request).await.map(drop)
}

async fn terminate(client: &mut Client, id: &str) {
    let request = TerminateWorkflowExecutionRequest {
        namespace: "tests".into(),
        workflow_execution: Some(WorkflowExecution { workflow_id: id.into(), run_id: String::new() }),
        ..Default::default()
    };
    client.terminate_workflow_execution(request).await.unwrap();
}

async fn page(
    client: &mut Client,
    query: &str,
    page_size: i32,
    next_page_token: Vec<u8>,
) -> Result<ListWorkflowExecutionsResponse, Status> {
    let (namespace, query) = ("tests".to_owned(), query.to_owned());
    let request = ListWorkflowExecutionsRequest { namespace, query, page_size, next_page_token };
    client.list_workflow_executions(request).await.map(tonic::Response::into_inner)
}

/// The ids that a question finds, in order.
async fn found(client: &mut Client, query: &str) -> Vec<String> {
    let listed = page(client, query, 0, Vec::new()).await.unwrap().executions;
    listed.into_iter().map(|info| info.execution.unwrap().workflow_id).collect()
}

fn operator(cluster: &Cluster) -> OperatorServiceClient<Channel> {
    OperatorServiceClient::new(cluster.channel(0))
}

fn adding(names: &[(&str, i32)]) -> AddSearchAttributesRequest {
    AddSearchAttributesRequest {
        namespace: "tests".into(),
        search_attributes: names.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect(),
    }
}

#[tokio::test]
async fn a_list_is_what_was_acknowledged_at_every_node_and_at_once() {
    let cluster = cluster(2).await;
    let (mut one, mut other) = (cluster.client(0), cluster.client(1));
    for id in ["a", "b", "c"] {
        start(&mut one, id, &[]).await.unwrap();
        assert!(found(&mut other, "").await.contains(&id.to_owned()), "whoever was told of a start finds it");
    }
    terminate(&mut other, "b").await;
    assert_eq!(found(&mut one, "").await.last().unwrap(), "b", "what is closed comes after what is open");
    assert_eq!(found(&mut one, "ExecutionStatus = 'Terminated'").await, ["b"]);
    assert_eq!(found(&mut other, "WorkflowId = 'c' AND CloseTime IS NULL").await, ["c"]);
    let open = ListOpenWorkflowExecutionsRequest { namespace: "tests".into(), ..Default::default() };
    assert_eq!(one.list_open_workflow_executions(open).await.unwrap().into_inner().executions.len(), 2);
    let closed = ListClosedWorkflowExecutionsRequest { namespace: "tests".into(), ..Default::default() };
    let closed = one.list_closed_workflow_executions(closed).await.unwrap().into_inner().executions;
    // It says what the description of the run says.
    let execution = closed[0].execution.clone();
    let request = DescribeWorkflowExecutionRequest { namespace: "tests".into(), execution };
    let described = one.describe_workflow_execution(request).await.unwrap().into_inner();
    let described = described.workflow_execution_info.unwrap();
    let listed = &closed[0];
    assert_eq!((listed.status, listed.start_time, listed.close_time), (5, described.start_time, described.close_time));
    assert_eq!(listed.history_length, described.history_length);
    assert_eq!((&listed.memo, &listed.root_execution), (&described.memo, &described.root_execution));
    let count = |query: &str| CountWorkflowExecutionsRequest { namespace: "tests".into(), query: query.into() };
    let counted = one.count_workflow_executions(count("GROUP BY ExecutionStatus")).await.unwrap().into_inner();
    let groups: Vec<_> =
        counted.groups.iter().map(|group| (group.group_values[0].data.as_slice(), group.count)).collect();
    assert_eq!((counted.count, groups), (3, vec![(&b"\"Running\""[..], 2), (&b"\"Terminated\""[..], 1)]));
    let refused = one.count_workflow_executions(count("Nothing = 1")).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let empty = found(&mut one, "WorkflowType = 'other'").await;
    assert!(empty.is_empty(), "{empty:?}");
}

#[tokio::test]
async fn pages_show_each_workflow_once_while_others_come_and_go() {
    const MANY: usize = 40;
    let cluster = cluster(2).await;
    let mut client = cluster.client(0);
    let ids: BTreeSet<String> = (0..MANY).map(|number| format!("w-{number:02}")).collect();
    for (number, id) in ids.iter().enumerate() {
        start(&mut client, id, &[]).await.unwrap();
        if number % 3 == 0 {
            terminate(&mut client, id).await;
        }
    }
    let (mut seen, mut token, mut pages) = (Vec::new(), Vec::new(), 0);
    loop {
        let listed = page(&mut client, "", 7, token).await.unwrap();
        seen.extend(listed.executions.into_iter().map(|info| info.execution.unwrap().workflow_id));
        token = listed.next_page_token;
        if token.is_empty() {
            break;
        }
        // What begins meanwhile stands in front of the place where the list goes on.
        start(&mut client, &format!("late-{pages}"), &[]).await.unwrap();
        pages += 1;
    }
    assert_eq!(pages, MANY / 7);
    assert_eq!((seen.len(), seen.into_iter().collect()), (MANY, ids));
    // A token is of use in its own namespace, to who got it as it is.
    client.register_namespace(registration("others")).await.unwrap();
    let token = page(&mut client, "", 7, Vec::new()).await.unwrap().next_page_token;
    let mut changed = token.clone();
    *changed.last_mut().unwrap() ^= 1;
    assert_eq!(page(&mut client, "", 7, changed).await.unwrap_err().code(), Code::InvalidArgument);
    let request =
        ListWorkflowExecutionsRequest { namespace: "others".into(), next_page_token: token, ..Default::default() };
    assert_eq!(client.list_workflow_executions(request).await.unwrap_err().message(), "Invalid NextPageToken.");
}

#[tokio::test]
async fn workflows_are_found_by_attributes_that_are_registered_and_by_no_others() {
    let cluster = cluster(2).await;
    let (mut one, mut other, mut operator) = (cluster.client(0), cluster.client(1), operator(&cluster));
    let unknown = start(&mut one, "a", &[("Colour", "\"red\"")]).await.unwrap_err();
    let message = "Namespace tests has no mapping defined for search attribute Colour";
    assert_eq!((unknown.code(), unknown.message()), (Code::InvalidArgument, message));
    operator.add_search_attributes(adding(&[("Colour", KEYWORD), ("Size", INT)])).await.unwrap();
    // The other node takes them as soon as the operator was told of it.
    start(&mut other, "a", &[("Colour", "\"red\""), ("Size", "7")]).await.unwrap();
    start(&mut one, "b", &[("Colour", "\"blue\"")]).await.unwrap();
    assert_eq!(found(&mut other, "Colour = 'red' AND Size BETWEEN 5 AND 9").await, ["a"]);
    assert_eq!(found(&mut one, "Size IS NULL").await, ["b"]);
    let info = page(&mut one, "Colour = 'red'", 0, Vec::new()).await.unwrap().executions.remove(0);
    assert_eq!(info.search_attributes.unwrap().indexed_fields["Size"].metadata["type"], b"Int");
    let wrong = start(&mut one, "c", &[("Size", "\"large\"")]).await.unwrap_err();
    assert_eq!(wrong.message(), "invalid value for search attribute Size of type Int: large");
    let request = RemoveSearchAttributesRequest { namespace: "tests".into(), search_attributes: vec!["Size".into()] };
    operator.remove_search_attributes(request).await.unwrap();
    assert_eq!(page(&mut other, "Size = 7", 0, Vec::new()).await.unwrap_err().code(), Code::InvalidArgument);
    let listed = operator.list_search_attributes(ListSearchAttributesRequest { namespace: "tests".into() }).await;
    assert_eq!(listed.unwrap().into_inner().custom_attributes, [("Colour".to_owned(), KEYWORD)].into());
}

#[tokio::test]
async fn what_an_operator_may_not_do_is_refused_by_name() {
    let cluster = cluster(1).await;
    let mut operator = operator(&cluster);
    let reserved = operator.add_search_attributes(adding(&[("WorkflowId", KEYWORD)])).await.unwrap_err();
    assert_eq!(reserved.message(), "Search attribute WorkflowId is reserved by system.");
    let names: Vec<_> = (0..4).map(|number| format!("n{number}")).collect();
    let names: Vec<_> = names.iter().map(|name| (name.as_str(), INT)).collect();
    let many = operator.add_search_attributes(adding(&names)).await.unwrap_err();
    let message = "Unable to create search attributes: cannot have more than 3 search attribute of type Int.";
    assert_eq!((many.code(), many.message()), (Code::InvalidArgument, message));
    let elsewhere = AddSearchAttributesRequest { namespace: "elsewhere".into(), ..adding(&[("n", INT)]) };
    assert_eq!(operator.add_search_attributes(elsewhere).await.unwrap_err().code(), Code::NotFound);
    let request = AddOrUpdateRemoteClusterRequest::default();
    let remote = operator.add_or_update_remote_cluster(request).await.unwrap_err();
    assert_eq!((remote.code(), remote.message()), (Code::Unimplemented, "AddOrUpdateRemoteCluster is not served"));
}
