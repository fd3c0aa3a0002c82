//! Tokens in the wrong hands: exchanged between namespaces, workflows and kinds, cut, changed and made up, and those of tasks and
//! runs that are over. Whoever shows one
//! learns nothing of what is not his, and the server has nothing to complain about in its log.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use rand::rngs::SmallRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use resurgam_api::WorkflowServiceClient;
use resurgam_api::temporal::common::v1::{Payload, Payloads, WorkflowExecution, WorkflowType};
use resurgam_api::temporal::workflowservice::v1::{
    GetWorkflowExecutionHistoryRequest, GetWorkflowExecutionHistoryReverseRequest, ListNamespacesRequest,
    ListWorkflowExecutionsRequest, PollWorkflowTaskQueueRequest, RespondActivityTaskCompletedRequest,
    RespondQueryTaskCompletedRequest, RespondWorkflowTaskCompletedRequest, StartWorkflowExecutionRequest,
    TerminateWorkflowExecutionRequest,
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
    Reverse,
    Workflows,
    Namespaces,
    Task,
}

const KINDS: [Kind; 5] = [Kind::History, Kind::Reverse, Kind::Workflows, Kind::Namespaces, Kind::Task];

/// A token, and to whom it was given.
#[derive(Clone, Debug)]
struct Given {
    kind: Kind,
    namespace: &'static str,
    workflow: &'static str,
    token: Vec<u8>,
    /// Its task or run is over.
    old: bool,
}

async fn draw(seed: u64, draws: usize) {
    let errors = count_errors();
    let cluster = cluster(2).await;
    let mut client = cluster.client(1);
    let mut given = Vec::new();
    for namespace in NAMESPACES {
        client.register_namespace(registration(namespace)).await.unwrap();
        for workflow in WORKFLOWS {
            for old in [true, false] {
                start(&mut client, namespace, workflow).await;
                let token = poll(&mut client, namespace).await;
                given.push(Given { kind: Kind::Task, namespace, workflow, token, old });
                for kind in [Kind::History, Kind::Reverse] {
                    let (_, token) = history(&mut client, kind, namespace, workflow, Vec::new()).await.unwrap();
                    given.push(Given { kind, namespace, workflow, token, old });
                }
                if old {
                    terminate(&mut client, namespace, workflow).await;
                }
            }
        }
        let (_, token) = list(&mut client, namespace, Vec::new()).await.unwrap();
        given.push(Given { kind: Kind::Workflows, namespace, workflow: "", token, old: false });
    }
    let page = client.list_namespaces(ListNamespacesRequest { page_size: 1, ..Default::default() }).await.unwrap();
    let token = page.into_inner().next_page_token;
    given.push(Given { kind: Kind::Namespaces, namespace: "", workflow: "", token, old: false });
    assert!(given.iter().all(|given| !given.token.is_empty()));

    let random = &mut SmallRng::seed_from_u64(seed);
    let mut aged = 0;
    for n in 0..draws {
        let original = given.choose(random).unwrap();
        let token = change(random, &original.token, &given);
        let namespace = *NAMESPACES.choose(random).unwrap();
        let workflow = *["order", "order-1", "nobody"].choose(random).unwrap();
        let kind = KINDS.choose(random).unwrap();
        // What was made of it may be a token of somebody else, or the same again.
        let known = given.iter().find(|given| given.token == token);
        let refused = match kind {
            Kind::History | Kind::Reverse => {
                match history(&mut client, *kind, namespace, workflow, token.clone()).await {
                    Ok((names, _)) => {
                        let own = known.is_some_and(|known| (known.namespace, known.workflow) == (namespace, workflow));
                        assert!(token.is_empty() || own, "draw {n}: {original:?} opened {namespace}/{workflow}");
                        assert!(names.iter().all(|name| *name == secret(namespace, workflow)), "draw {n}: {names:?}");
                        continue;
                    }
                    Err(refused) => refused,
                }
            }
            Kind::Workflows => match list(&mut client, namespace, token.clone()).await {
                Ok((names, _)) => {
                    let own = known.is_some_and(|known| (known.kind, known.namespace) == (Kind::Workflows, namespace));
                    assert!(token.is_empty() || own, "draw {n}: {original:?} opened the list of {namespace}");
                    assert!(names.iter().all(|name| WORKFLOWS.contains(&name.as_str())), "draw {n}: {names:?}");
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
                let own = known.filter(|known| known.kind == Kind::Task && known.namespace == namespace);
                if own.is_some_and(|own| !own.old) {
                    // That would end the task; the one who has it may.
                    continue;
                }
                let refused =
                    answer(&mut client, random.random_range(0..3), namespace, token.clone()).await.unwrap_err();
                aged += usize::from(own.is_some() && refused.code() == Code::NotFound);
                refused
            }
        };
        let of_old = *kind == Kind::Task && known.is_some_and(|known| known.old);
        let not_found = refused.code() == Code::NotFound && (of_old || matches!(kind, Kind::History | Kind::Reverse));
        assert!(not_found || refused.code() == Code::InvalidArgument, "draw {n}: {kind:?} {original:?}: {refused:?}");
    }
    assert!(aged > 0, "nobody showed the token of a task that is over to those who gave it");
    // The tokens are still good.
    for Given { kind, namespace, workflow, token, .. } in given.iter().filter(|given| given.kind == Kind::History) {
        let (names, _) = history(&mut client, *kind, namespace, workflow, token.clone()).await.unwrap();
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

async fn terminate(client: &mut Client, namespace: &str, workflow: &str) {
    let workflow_execution = Some(WorkflowExecution { workflow_id: workflow.into(), ..Default::default() });
    let request =
        TerminateWorkflowExecutionRequest { namespace: namespace.into(), workflow_execution, ..Default::default() };
    client.terminate_workflow_execution(request).await.unwrap();
}

/// The names in a page of one workflow, and the token of the next.
async fn list(
    client: &mut Client,
    namespace: &str,
    next_page_token: Vec<u8>,
) -> Result<(Vec<String>, Vec<u8>), Status> {
    let request = ListWorkflowExecutionsRequest {
        namespace: namespace.into(),
        page_size: 1,
        next_page_token,
        ..Default::default()
    };
    let page = client.list_workflow_executions(request).await?.into_inner();
    let names = page.executions.into_iter().filter_map(|one| Some(one.execution?.workflow_id));
    Ok((names.collect(), page.next_page_token))
}

/// The inputs in a page of one event, and the token of the next.
async fn history(
    client: &mut Client,
    kind: Kind,
    namespace: &str,
    workflow: &str,
    next_page_token: Vec<u8>,
) -> Result<(Vec<String>, Vec<u8>), Status> {
    use resurgam_api::temporal::history::v1::history_event::Attributes;
    let execution = Some(WorkflowExecution { workflow_id: workflow.into(), ..Default::default() });
    let namespace = namespace.to_owned();
    let (history, token) = if kind == Kind::Reverse {
        let request =
            GetWorkflowExecutionHistoryReverseRequest { namespace, execution, maximum_page_size: 1, next_page_token };
        let page = client.get_workflow_execution_history_reverse(request).await?.into_inner();
        (page.history, page.next_page_token)
    } else {
        let request = GetWorkflowExecutionHistoryRequest {
            namespace,
            execution,
            maximum_page_size: 1,
            next_page_token,
            ..Default::default()
        };
        let page = client.get_workflow_execution_history(request).await?.into_inner();
        (page.history, page.next_page_token)
    };
    let started = history.unwrap().events.into_iter().filter_map(|event| match event.attributes {
        Some(Attributes::WorkflowExecutionStartedEventAttributes(started)) => started.input,
        _ => None,
    });
    let inputs = started.flat_map(|input| input.payloads).map(|payload| String::from_utf8(payload.data).unwrap());
    Ok((inputs.collect(), token))
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
