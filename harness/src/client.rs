//! Clients: they perform the operations of the plan, each client one after another, with the duplicates and late
//! retries that the plan asks for. All attempts of an operation carry the same request id.

use crate::answer;
use crate::asked::{Asked, describe};
use crate::session::Session;
use crate::wire;
use resurgam_formats::plan::{Action, Caller, Operation};
use resurgam_formats::recording::{Answer, Call, Reply, UpdateReached};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// Before the first repetition of a call whose outcome is unknown; doubled each time, up to [`LONGEST`].
const PAUSE: Duration = Duration::from_millis(100);
/// How often the outcome of an update is asked for, each time as long as the server waits.
const POLLS: u32 = 4;
/// The longest pause between two repetitions.
const LONGEST: Duration = Duration::from_secs(2);

/// A client of the plan.
#[derive(Clone)]
struct Client {
    number: u8,
    wire: wire::Client,
}

/// Performs all operations of the plan; ends when the last attempt was answered or given up.
pub(crate) async fn perform(session: &Arc<Session>) {
    let mut clients: BTreeMap<u8, Vec<(usize, Operation)>> = BTreeMap::new();
    for (index, operation) in session.plan.operations.iter().cloned().enumerate() {
        clients.entry(operation.client).or_default().push((index, operation));
    }
    let mut tasks = JoinSet::new();
    for (client, mut operations) in clients {
        operations.sort_by_key(|(index, operation)| (operation.at_ms, *index));
        let session = Arc::clone(session);
        let caller = Client { number: client, wire: session.client(Caller::Client, client.into()) };
        tasks.spawn(async move {
            let mut retries = JoinSet::new();
            for (index, operation) in operations {
                session.sleep_until(operation.at_ms).await;
                operate(&session, &caller, index, operation, &mut retries).await;
            }
            while retries.join_next().await.is_some() {}
        });
    }
    while tasks.join_next().await.is_some() {}
}

/// One operation: the first attempt in the client's own order, the others at their times beside it.
async fn operate(
    session: &Arc<Session>,
    client: &Client,
    index: usize,
    operation: Operation,
    retries: &mut JoinSet<()>,
) {
    let reads = matches!(operation.action, Action::Query { .. } | Action::Describe | Action::ReadHistory);
    // Terminate has no request id in the API; its operation is told apart by its number.
    let request_id = if reads { String::new() } else { session.request_id(index) };
    let workflow_id = session.workflow_id(operation.workflow);
    let call = Call::Client { workflow_id, request_id, action: operation.action };
    let began = tokio::time::Instant::now();
    let (go, wait) = tokio::sync::oneshot::channel();
    let (session, client) = (Arc::clone(session), client.clone());
    retries.spawn(async move {
        let record = session.recorder.operation(format!("client-{}", client.number), call.clone());
        let first = async {
            let mut pause = PAUSE;
            let mut answer = record.attempt(attempt(&session, &client, &call)).await;
            for _ in 1..session.patience.max(1) {
                if !matches!(answer, Answer::Info { .. }) {
                    break;
                }
                tokio::time::sleep(pause).await;
                pause = (2 * pause).min(LONGEST);
                answer = record.attempt(attempt(&session, &client, &call)).await;
            }
            // The client may have gone if the case was given up.
            let _ = go.send(());
            if session.plan.habits.polls {
                follow(&session, &client, &call, &answer).await;
            }
        };
        let others = operation.again_ms.iter().map(|again| {
            let (record, session, client, call) = (&record, &session, &client, &call);
            async move {
                tokio::time::sleep_until(began + Duration::from_millis((*again).into())).await;
                record.attempt(attempt(session, client, call)).await;
            }
        });
        let mut all: Vec<std::pin::Pin<Box<dyn Future<Output = ()> + Send + '_>>> = vec![Box::pin(first)];
        for other in others {
            all.push(Box::pin(other));
        }
        futures_util::future::join_all(all).await;
    });
    let _ = wait.await;
}

/// If an update was accepted, asks for its outcome until it is there, or nobody knows it, or it takes too long.
async fn follow(session: &Session, client: &Client, call: &Call, answer: &Answer) {
    let Call::Client { workflow_id, request_id, .. } = call else { return };
    let Answer::Ok { value: Reply::Update { run_id, stage: UpdateReached::Accepted } } = answer else { return };
    let name = format!("client-{}", client.number);
    let (workflow_id, request_id, run_id) = (workflow_id.clone(), request_id.clone(), run_id.clone());
    let asked = Asked {
        session,
        client: &client.wire,
        identity: name.clone(),
        workflow_id: &workflow_id,
        request_id: &request_id,
    };
    let poll =
        Call::PollUpdate { workflow_id: workflow_id.clone(), run_id: run_id.clone(), request_id: request_id.clone() };
    let record = session.recorder.operation(name, poll);
    for _ in 0..POLLS {
        let outcome = async {
            let reply = asked.follow_update(&run_id).await;
            reply.map_or_else(|status| answer::of(&status), |value| Answer::Ok { value })
        };
        match record.attempt(outcome).await {
            Answer::Info { .. } => tokio::time::sleep(PAUSE).await,
            Answer::Ok { value: Reply::Update { stage: UpdateReached::Accepted | UpdateReached::Admitted, .. } } => {}
            _ => return,
        }
    }
}

/// One attempt of a client's call.
async fn attempt(session: &Session, client: &Client, call: &Call) -> Answer {
    let Call::Client { workflow_id, request_id, action } = call else {
        return Answer::Fail { error: "not a client's call".into() };
    };
    let identity = format!("client-{}", client.number);
    let asked = Asked { session, client: &client.wire, identity, workflow_id, request_id };
    let reply = match action {
        Action::Start(start) => asked.start(start).await,
        Action::Signal { name, value } => asked.signal(name, *value).await,
        Action::SignalWithStart { start, name, value } => asked.signal_with_start(start, name, *value).await,
        Action::Query { name } => asked.query(name).await,
        Action::Update { name, value, wait } => asked.update(name, *value, *wait).await,
        Action::Cancel => asked.cancel().await,
        Action::Terminate => asked.terminate().await,
        Action::Describe => describe(session, &client.wire, workflow_id, "").await.map(Reply::Description),
        Action::ReadHistory => asked.read_history().await,
    };
    reply.map_or_else(|status| answer::of(&status), |value| Answer::Ok { value })
}
