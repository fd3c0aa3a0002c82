//! One case: workers and clients go to work, then everything that ever ran is waited for and read.
//!
//! A case ends at quiescence or at the deadline that the model computes from the plan, never by a sleep of fixed length.

use crate::asked;
use crate::client;
use crate::history;
use crate::listed;
use crate::misuse::{self, lookalike};
use crate::reading;
use crate::recorder::Recorder;
use crate::session::Session;
use crate::stage::{Calm, RunName, Stage};
use crate::target::Endpoint;
use crate::tokens::TaskTokens;
use crate::wire::Client;
use crate::worker::Workers;
use resurgam_formats::plan::{Caller, Plan};
use resurgam_formats::recording::{Answer, Call, Entry, Header, Reply, VERSION, What};
use resurgam_generate::deadline;
use resurgam_judge::profile::{Capability, Profile};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tonic::transport::Channel;

/// Attempts of a client's call whose outcome is unknown, where there are faults.
pub(crate) const PATIENCE: u32 = 4;
/// The same where nobody else can be asked: for half a minute.
const ALONE: u32 = 18;

/// A bug of the suite itself, such as a machine that differs from its own replay: the case is not judged.
#[derive(Debug, thiserror::Error)]
#[error("the suite contradicts itself: {0}")]
pub struct Contradiction(pub String);

/// What is tested, as the header of a recording names it.
pub(crate) struct Identity {
    pub(crate) target: String,
    pub(crate) version: String,
    pub(crate) profile: Profile,
}

impl Identity {
    fn of(endpoint: &Endpoint) -> Self {
        let Endpoint { target, version, profile, .. } = endpoint.clone();
        Self { target, version, profile }
    }

    /// The first line of a recording.
    pub(crate) fn header(&self, plan: &Plan, prefix: &str, namespace: &str) -> What {
        What::Header(Box::new(Header {
            version: VERSION,
            target: self.target.clone(),
            target_version: self.version.clone(),
            profile: self.profile.clone(),
            prefix: prefix.to_owned(),
            namespace: namespace.to_owned(),
            labels: true,
            plan: plan.clone(),
        }))
    }
}

/// Executes one plan on a running server, without faults; `prefix` goes in front of every id.
///
/// # Errors
/// [`Contradiction`] together with what was recorded.
pub async fn execute(
    plan: &Plan,
    endpoint: &Endpoint,
    channels: Vec<Channel>,
    prefix: &str,
) -> (Vec<Entry>, Result<(), Contradiction>) {
    let session = session(plan, endpoint, channels, prefix, 1);
    conduct(&session, &Calm, &Identity::of(endpoint), deadline::of(plan)).await
}

/// The same on nodes that are processes of their own, to each of which there is a channel.
pub(crate) async fn execute_on_processes(
    plan: &Plan,
    endpoint: &Endpoint,
    channels: Vec<Channel>,
    prefix: &str,
    stage: &dyn Stage,
    heal_at: Duration,
) -> (Vec<Entry>, Result<(), Contradiction>) {
    // One process that is killed is nobody, until it has started again.
    let patience = if channels.len() == 1 { ALONE } else { PATIENCE };
    let session = session(plan, endpoint, channels, prefix, patience);
    // Faults of others last longer than the plan's own.
    let longer = heal_at.saturating_sub(deadline::heal(plan));
    conduct(&session, stage, &Identity::of(endpoint), deadline::of(plan) + longer).await
}

fn session(plan: &Plan, endpoint: &Endpoint, channels: Vec<Channel>, prefix: &str, patience: u32) -> Arc<Session> {
    Arc::new(Session {
        channels: Arc::new(channels),
        rpc_faults: Arc::default(),
        namespace: endpoint.namespace.clone(),
        other_namespace: endpoint.other_namespace.clone(),
        registered: Vec::new(),
        prefix: prefix.to_owned(),
        plan: plan.clone(),
        patience,
        calls: Arc::default(),
        recorder: Recorder::new(),
        tokens: TaskTokens::default(),
        lookalikes: Mutex::default(),
    })
}

/// Conducts a case from its header to its end.
pub(crate) async fn conduct(
    session: &Arc<Session>,
    stage: &dyn Stage,
    identity: &Identity,
    limit: Duration,
) -> (Vec<Entry>, Result<(), Contradiction>) {
    session.recorder.record(identity.header(&session.plan, &session.prefix, &session.namespace));
    for registered in &session.registered {
        session.recorder.record(What::Namespace(Box::new(registered.clone())));
    }
    let deadline = u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX);
    stage.inject(session);
    let workers = Workers::start(session);
    // A client that still waits for an answer does not keep the faults going: the deadline counts from the planned heal.
    tokio::join!(client::perform(session), misuse::perform(session), stage.heal());
    let (runs, mut open) = await_all(session, deadline).await;
    lookalike::terminate(session).await;
    stage.settle().await;
    lookalike::read(session).await;
    // A history from its end is, like lists, for people and their tools.
    let backwards = session.plan.habits.backwards && identity.profile.claims(Capability::Lists);
    open.extend(reading::read_all(session, &runs, backwards).await);
    if open.is_empty() && identity.profile.claims(Capability::Lists) {
        open.extend(listed::record(session, reading::READS).await);
    }
    if open.is_empty() && session.plan.expires && identity.profile.claims(Capability::Retention) {
        stage.expire(&runs).await;
    }
    let trouble = workers.trouble();
    drop(workers);
    if !session.plan.growths.is_empty() && identity.profile.claims(Capability::NarrowBatches) {
        stage.grow().await;
    }
    for (call, words) in session.calls.missing() {
        let why = format!("{call} is not served: UNIMPLEMENTED, {words:?}");
        session.recorder.record(What::Unfit { node: None, why });
    }
    let quiescent = open.is_empty() && trouble.is_none();
    session.recorder.record(What::End { quiescent, deadline, open, suite: trouble.clone() });
    (session.recorder.finish(), trouble.map_or(Ok(()), |what| Err(Contradiction(what))))
}

/// Waits for every run to close, and follows it to its successors and children. Returns all runs in the order of their
/// discovery, and what was still open at the deadline.
async fn await_all(session: &Session, deadline: u64) -> (Vec<RunName>, Vec<String>) {
    let client = session.client(Caller::Client, 0);
    let mut open = Vec::new();
    let mut known = BTreeSet::new();
    let mut runs: Vec<RunName> = Vec::new();
    let mut next = 0;
    loop {
        for run in discovered(session, &client).await {
            if known.insert(run.clone()) {
                runs.push(run);
            }
        }
        let Some((workflow_id, run_id)) = runs.get(next).cloned() else { return (runs, open) };
        next += 1;
        let left = Duration::from_nanos(deadline.saturating_sub(session.recorder.now())).max(Duration::from_secs(2));
        if !reading::await_close(session, &client, &workflow_id, &run_id, left).await {
            open.push(format!("{workflow_id}/{run_id}"));
        }
        // A run that cannot be read is reported by the final reads.
        let Ok(events) = history::read(session, &client, &workflow_id, &run_id).await else { continue };
        let Ok(events) = history::decoded(&events) else { continue };
        runs.extend(history::linked(&workflow_id, events).into_iter().filter(|run| known.insert(run.clone())));
    }
}

/// Runs that the recording names, and the current run of every slot.
async fn discovered(session: &Session, client: &Client) -> BTreeSet<RunName> {
    let mut found: BTreeSet<RunName> = session.recorder.with(named);
    for slot in session.plan.operations.iter().map(|operation| operation.workflow).collect::<BTreeSet<_>>() {
        if let Ok(description) = asked::describe(session, client, &session.workflow_id(slot), "").await {
            found.insert((description.workflow_id, description.run_id));
        }
    }
    found
}

fn named(entries: &[Entry]) -> BTreeSet<RunName> {
    let mut found = BTreeSet::new();
    let mut workflow_of = std::collections::BTreeMap::new();
    for entry in entries {
        match &entry.what {
            What::Invoke { operation, call, .. } => {
                if let Call::Client { workflow_id, .. } = call.as_ref() {
                    workflow_of.insert(*operation, workflow_id.clone());
                }
            }
            What::Return { operation, answer: Answer::Ok { value }, .. } => {
                let run_id = match value {
                    Reply::Run { run_id, .. } | Reply::AlreadyStarted { run_id } | Reply::Update { run_id, .. } => {
                        run_id
                    }
                    _ => continue,
                };
                if let Some(workflow_id) = workflow_of.get(operation)
                    && !run_id.is_empty()
                {
                    found.insert((workflow_id.clone(), run_id.clone()));
                }
            }
            What::Task(task) => {
                found.insert((task.workflow_id.clone(), task.run_id.clone()));
            }
            _ => {}
        }
    }
    found
}
