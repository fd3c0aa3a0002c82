//! Tokens in the wrong hands: exchanged between namespaces, workflows and kinds, cut, changed and made up. Whoever shows one
//! learns nothing of what is not his, and the server has nothing to complain about in its log.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use rand::rngs::SmallRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use resurgam_api::WorkflowServiceClient;
use resurgam_api::temporal::common::v1::{Payload, Payloads, WorkflowExecution, WorkflowType};
use resurgam_api::temporal::workflowservice::v1::{
    GetWorkflowExecutionHistoryRequest, ListNamespacesRequest, PollWorkflowTaskQueueRequest,
    RespondActivityTaskCompletedRequest, RespondQueryTaskCompletedRequest, RespondWorkflowTaskCompletedRequest,
    StartWorkflowExecutionRequest,
};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use support::{cluster, queue, registration, within};
use tonic::transport::Channel;
use tonic::{Code, Status};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

type Client = WorkflowServiceClient<Channel>;

/// One namespace is the beginning of the other, and both have a workflow of the same name.
const NAMESPACES: [&str; 2] = ["team", "team-2"];
const WORKFLOWS: [&str; 2] = ["order", "order-1"];
/// So many draws take seconds; the long test takes a hundred thousand.
const DRAWS: usize = 3_000;

#[tokio::test]
async fn a_token_in_the_wrong_hands_opens_nothing() {
    draw(1, DRAWS).await;
}

#[tokio::test]
#[ignore = "some minutes"]
async fn a_hundred_thousand_tokens_in_the_wrong_hands_open_nothing() {
    draw(2, 100_000).await;
}

/// What a client can be given.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    History,
    Namespaces,
    Task,
}

/// A token, and to whom it was given.
#[derive(Clone, Debug)]
struct Given {
    kind: Kind,
    namespace: &'static str,
    workflow: &'static str,
    token: Vec<u8>,
}

async fn draw(seed: u64, draws: usize) {
    let errors = count_errors();
    let cluster = cluster(2).await;
    let mut client = cluster.client(1);
    let mut given = Vec::new();
    for namespace in NAMESPACES {
        client.register_namespace(registration(namespace)).await.unwrap();
        for workflow in WORKFLOWS {
            start(&mut client, namespace, workflow).await;
            let task = poll(&mut client, namespace).await;
            given.push(Given { kind: Kind::Task, namespace, workflow, token: task });
            let page = history(&mut client, namespace, workflow, Vec::new()).await.unwrap();
            given.push(Given { kind: Kind::History, namespace, workflow, token: page.1 });
        }
    }
    let page = client.list_namespaces(ListNamespacesRequest { page_size: 1, ..Default::default() }).await.unwrap();
    let token = page.into_inner().next_page_token;
    given.push(Given { kind: Kind::Namespaces, namespace: "", workflow: "", token });
    assert!(given.iter().all(|given| !given.token.is_empty()));

    let random = &mut SmallRng::seed_from_u64(seed);
    for n in 0..draws {
        let original = given.choose(random).unwrap();
        let token = change(random, &original.token, &given);
        let namespace = *NAMESPACES.choose(random).unwrap();
        let workflow = *["order", "order-1", "nobody"].choose(random).unwrap();
        let kind = [Kind::History, Kind::Namespaces, Kind::Task].choose(random).unwrap();
        // What was made of it may be a token of somebody else, or the same again.
        let known = given.iter().find(|given| given.token == token);
        let refused = match kind {
            Kind::History => match history(&mut client, namespace, workflow, token.clone()).await {
                Ok((names, _)) => {
                    let own = known.is_some_and(|known| (known.namespace, known.workflow) == (namespace, workflow));
                    assert!(token.is_empty() || own, "draw {n}: {original:?} opened {namespace}/{workflow}");
                    assert!(names.iter().all(|name| *name == secret(namespace, workflow)), "draw {n}: {names:?}");
                    continue;
                }
                Err(refused) => refused,
            },
            Kind::Namespaces => {
                let request =
                    ListNamespacesRequest { page_size: 1, next_page_token: token.clone(), ..Default::default() };
                match client.list_namespaces(request).await {
                    Ok(_) => {
                        let own = known.is_some_and(|known| known.kind == Kind::Namespaces);
                        assert!(token.is_empty() || own, "draw {n}: {original:?} is no token of this kind");
                        continue;
                    }
                    Err(refused) => refused,
                }
            }
            Kind::Task => {
                if known.is_some_and(|known| known.kind == Kind::Task && known.namespace == namespace) {
                    // That would end the task; the one who has it may.
                    continue;
                }
                answer(&mut client, random.random_range(0..3), namespace, token.clone()).await.unwrap_err()
            }
        };
        let not_found = matches!(refused.code(), Code::NotFound) && *kind == Kind::History;
        assert!(not_found || refused.code() == Code::InvalidArgument, "draw {n}: {kind:?} {original:?}: {refused:?}");
    }
    // The tokens are still good.
    for given in given.iter().filter(|given| given.kind == Kind::History) {
        let (names, _) = history(&mut client, given.namespace, given.workflow, given.token.clone()).await.unwrap();
        assert!(names.is_empty(), "the second event has no input");
    }
    assert_eq!(errors.load(Ordering::Relaxed), 0, "the server logged an error");
}

/// A token as somebody else would show it.
fn change(random: &mut SmallRng, token: &[u8], given: &[Given]) -> Vec<u8> {
    let mut token = token.to_vec();
    let place = random.random_range(0..token.len());
    match random.random_range(0..7) {
        0 => {}
        1 => token.truncate(place),
        2 => drop(token.drain(..place)),
        3 => token[place] ^= 1 << random.random_range(0..8),
        4 => token.extend_from_within(place..),
        // The head of one and the rest of another.
        5 => {
            let other = &given.choose(random).unwrap().token;
            token.truncate(place);
            token.extend_from_slice(other.get(place..).unwrap_or_default());
        }
        _ => token.iter_mut().for_each(|byte| *byte = random.random()),
    }
    token
}

fn secret(namespace: &str, workflow: &str) -> String {
    format!("the secret of {namespace}/{workflow}")
}

async fn start(client: &mut Client, namespace: &str, workflow: &str) {
    let data = secret(namespace, workflow).into_bytes();
    let request = StartWorkflowExecutionRequest {
        namespace: namespace.into(),
        workflow_id: workflow.into(),
        workflow_type: Some(WorkflowType { name: "any".into() }),
        task_queue: queue("q"),
        input: Some(Payloads { payloads: vec![Payload { data, ..Default::default() }] }),
        ..Default::default()
    };
    client.start_workflow_execution(request).await.unwrap();
}

async fn poll(client: &mut Client, namespace: &str) -> Vec<u8> {
    let request = PollWorkflowTaskQueueRequest {
        namespace: namespace.into(),
        task_queue: queue("q"),
        identity: "worker".into(),
        ..Default::default()
    };
    client.poll_workflow_task_queue(within(Duration::from_secs(20), request)).await.unwrap().into_inner().task_token
}

/// The inputs in a page of one event, and the token of the next.
async fn history(
    client: &mut Client,
    namespace: &str,
    workflow: &str,
    next_page_token: Vec<u8>,
) -> Result<(Vec<String>, Vec<u8>), Status> {
    use resurgam_api::temporal::history::v1::history_event::Attributes;
    let request = GetWorkflowExecutionHistoryRequest {
        namespace: namespace.into(),
        execution: Some(WorkflowExecution { workflow_id: workflow.into(), ..Default::default() }),
        maximum_page_size: 1,
        next_page_token,
        ..Default::default()
    };
    let page = client.get_workflow_execution_history(request).await?.into_inner();
    let started = page.history.unwrap().events.into_iter().filter_map(|event| match event.attributes {
        Some(Attributes::WorkflowExecutionStartedEventAttributes(started)) => started.input,
        _ => None,
    });
    let inputs = started.flat_map(|input| input.payloads).map(|payload| String::from_utf8(payload.data).unwrap());
    Ok((inputs.collect(), page.next_page_token))
}

/// Shows a token as that of a task of some kind.
async fn answer(client: &mut Client, kind: u32, namespace: &str, task_token: Vec<u8>) -> Result<(), Status> {
    let namespace = namespace.to_owned();
    match kind {
        0 => {
            let request = RespondWorkflowTaskCompletedRequest { task_token, namespace, ..Default::default() };
            client.respond_workflow_task_completed(request).await.map(drop)
        }
        1 => {
            let request = RespondActivityTaskCompletedRequest { task_token, namespace, ..Default::default() };
            client.respond_activity_task_completed(request).await.map(drop)
        }
        _ => {
            let request = RespondQueryTaskCompletedRequest { task_token, namespace, ..Default::default() };
            client.respond_query_task_completed(request).await.map(drop)
        }
    }
}

/// Counts what the server logs at the level of errors.
fn count_errors() -> &'static AtomicUsize {
    static ERRORS: AtomicUsize = AtomicUsize::new(0);
    struct Errors;
    impl Subscriber for Errors {
        fn enabled(&self, metadata: &Metadata<'_>) -> bool {
            *metadata.level() == Level::ERROR
        }
        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }
        fn record(&self, _: &Id, _: &Record<'_>) {}
        fn record_follows_from(&self, _: &Id, _: &Id) {}
        fn event(&self, _: &Event<'_>) {
            ERRORS.fetch_add(1, Ordering::Relaxed);
        }
        fn enter(&self, _: &Id) {}
        fn exit(&self, _: &Id) {}
    }
    // The other test of this process may have set it.
    let _ = tracing::subscriber::set_global_default(Errors);
    &ERRORS
}
