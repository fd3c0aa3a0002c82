//! One case in the simulation: a cluster of the orchestrator, its store, the driver with clients and workers, and the
//! faults of the plan, on one thread and from one seed.

use super::database::Database;
use super::expiry::Expiry;
use super::faults::PlannedFaults;
use super::growth::Grown;
use super::nodes::add_nodes;
use super::registration::{READY, prepare, register};
use super::schedule::Schedule;
use crate::case::{self, Contradiction, Identity};
use crate::recorder::Recorder;
use crate::session::Session;
use crate::stage::Stage;
use crate::subject::Subject;
use crate::target::{NAMESPACE, OTHER_NAMESPACE};
use crate::tokens::TaskTokens;
use crate::wire::{Calls, RpcFaults};
use async_trait::async_trait;
use resurgam_api::environment::Environment as _;
use resurgam_formats::plan::Plan;
use resurgam_formats::recording::{Entry, What};
use resurgam_generate::deadline;
use resurgam_node::FRONTEND_PORT;
use resurgam_simulation::{Failure, Nemesis, Node, Simulation, Traffic, Why};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

/// Simulated time after the deadline of a case for its final reads.
const READING: Duration = Duration::from_secs(60);
/// Simulated time for the deletion of all runs, and for making many of something.
const ENDING: Duration = Duration::from_secs(1000);

/// What came of a case.
#[derive(Debug)]
pub struct Executed {
    /// What was recorded, also if the simulation failed.
    pub entries: Vec<Entry>,
    /// The suite contradicted itself.
    pub contradiction: Option<Contradiction>,
    /// The simulation failed: a fault did not take place, or the suite panicked. That a node panicked or gave up stands in the
    /// recording.
    pub failure: Option<Failure>,
    /// Hash of every byte on every link.
    pub trace: u64,
    /// How much simulated time passed.
    pub elapsed: Duration,
    /// What passed on the links; nothing if the simulation failed.
    pub traffic: Traffic,
    /// The calls that were made, by name.
    pub calls: BTreeSet<String>,
}

/// Executes a plan on a simulated cluster; `prefix` goes in front of every id. The same plan gives the same recording.
#[must_use]
pub fn execute(plan: &Plan, subject: &Subject, prefix: &str) -> Executed {
    resurgam_api::json::prepare();
    let limit = deadline::simulated(plan);
    let recorder: Arc<OnceLock<Arc<Session>>> = Arc::default();
    let calls: Arc<Calls> = Arc::default();
    let gave_up: Arc<OnceLock<u8>> = Arc::default();
    let network = plan.cluster.network.bounds();
    let millis = |ms: u32| Duration::from_millis(ms.into());
    let simulation = Simulation::new(plan.seed)
        .latency(millis(*network.start()), millis(*network.end()))
        .deadline(READY + limit + READING + ENDING);
    let outcome = simulation.run(|cluster| {
        let schedule = Schedule::new(cluster.nemesis(), &plan.faults);
        let database = Database::new(plan, &schedule);
        let rpc_faults = Arc::new(RpcFaults::default());
        let members = add_nodes(cluster, plan, subject, &database, &gave_up);
        cluster.external(PlannedFaults::new(&schedule, &rpc_faults, &database, &recorder));
        let driver = Driver {
            node: cluster.driver(),
            nemesis: cluster.nemesis(),
            schedule,
            plan: plan.clone(),
            prefix: prefix.to_owned(),
            members,
            rpc_faults,
            database,
            session: recorder.clone(),
            calls: calls.clone(),
            subject: subject.clone(),
        };
        async move { driver.drive(limit).await }
    });
    let calls = calls.names();
    match outcome {
        Ok(outcome) => {
            let (entries, ended) = outcome.value;
            let (trace, elapsed, traffic) = (outcome.trace, outcome.elapsed, outcome.traffic);
            Executed { entries, contradiction: ended.err(), failure: None, trace, elapsed, traffic, calls }
        }
        Err(failure) => {
            let (trace, elapsed, traffic) = (failure.trace, failure.at, Traffic::default());
            let mut entries = recorder.get().map(|session| session.recorder.finish()).unwrap_or_default();
            let failure = match &failure.why {
                Why::NodePanic { node, message } => {
                    if entries.is_empty() {
                        // Before anything was recorded.
                        let panic = What::Panic { node: *node, message: message.clone() };
                        entries = at_once(identity(subject).header(plan, prefix, ""), panic);
                    }
                    None
                }
                Why::Node(words) => {
                    let (node, why) = (gave_up.get().copied(), format!("it gave up: {words}"));
                    match entries.last().map(|entry| entry.at) {
                        Some(at) => entries.push(Entry { at, what: What::Unfit { node, why } }),
                        None => entries = unfit(identity(subject).header(plan, prefix, ""), node, why),
                    }
                    None
                }
                _ => Some(failure),
            };
            Executed { entries, contradiction: None, failure, trace, elapsed, traffic, calls }
        }
    }
}

/// What a recording says of the orchestrator.
fn identity(subject: &Subject) -> Identity {
    let orchestrator = subject.orchestrator();
    let (target, version) = (orchestrator.name().to_owned(), orchestrator.version());
    Identity { target, version, profile: subject.profile() }
}

/// The recording of a case that did not begin, because a node does not do what it has to.
fn unfit(header: What, node: Option<u8>, why: String) -> Vec<Entry> {
    at_once(header, What::Unfit { node, why })
}

/// The recording of a case that ended before its clock began.
fn at_once(header: What, what: What) -> Vec<Entry> {
    [header, what].into_iter().map(|what| Entry { at: 0, what }).collect()
}

/// The host of clients and workers.
struct Driver {
    node: Node,
    nemesis: Nemesis,
    schedule: Schedule,
    plan: Plan,
    prefix: String,
    members: Vec<String>,
    rpc_faults: Arc<RpcFaults>,
    database: Database,
    session: Arc<OnceLock<Arc<Session>>>,
    calls: Arc<Calls>,
    subject: Subject,
}

impl Driver {
    async fn drive(self, limit: Duration) -> (Vec<Entry>, Result<(), Contradiction>) {
        let channels: Result<Vec<_>, _> =
            self.members.iter().map(|member| self.node.channel(&format!("{member}:{FRONTEND_PORT}"))).collect();
        let channels = match channels {
            Ok(channels) => Arc::new(channels),
            Err(why) => return (Vec::new(), Err(Contradiction(why.to_string()))),
        };
        let session = |recorder, registered| Session {
            channels: Arc::clone(&channels),
            rpc_faults: Arc::clone(&self.rpc_faults),
            namespace: NAMESPACE.to_owned(),
            other_namespace: Some(OTHER_NAMESPACE.to_owned()),
            registered,
            prefix: self.prefix.clone(),
            plan: self.plan.clone(),
            patience: case::PATIENCE,
            calls: Arc::clone(&self.calls),
            recorder,
            tokens: TaskTokens::default(),
            lookalikes: Mutex::default(),
        };
        let identity = identity(&self.subject);
        let registered = match prepare(&session(Recorder::new(), Vec::new())).await {
            Ok(registered) => registered,
            Err((node, why)) => return (unfit(identity.header(&self.plan, &self.prefix, ""), node, why), Ok(())),
        };
        // The clock of the recording starts here.
        let session = self.session.get_or_init(|| Arc::new(session(Recorder::new(), registered))).clone();
        self.database.record_to(&session, &self.node, &self.subject);
        self.schedule.watch(&session.recorder, &self.node);
        case::conduct(&session, &self, &identity, limit).await
    }
}

#[async_trait]
impl Stage for Driver {
    fn inject(&self, _: &Arc<Session>) {
        self.schedule.begin(self.node.elapsed());
    }

    async fn heal(&self) {
        let last = deadline::heal(&self.plan);
        if let Some(session) = self.session.get() {
            tokio::time::sleep_until((session.recorder.began() + last).into()).await;
        }
        self.schedule.forget();
        self.nemesis.heal();
        while !self.nemesis.is_quiet() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.database.calm(self.node.elapsed());
    }

    async fn settle(&self) {
        self.database.settle(self.node.elapsed());
        self.database.audit(&self.subject, true);
    }

    async fn expire(&self, runs: &[(String, String)]) {
        let Some(session) = self.session.get() else { return };
        let Self { node, nemesis, schedule, database, subject, .. } = self;
        Expiry { session, node, nemesis, schedule, database, subject, runs }.pass().await;
    }

    async fn grow(&self) {
        let (Self { node, nemesis, schedule, database, .. }, Some(session)) = (self, self.session.get()) else {
            return;
        };
        match register(session, super::crowd::NAMESPACE).await {
            Ok(_) => Grown { session, node, nemesis, schedule, database }.pass().await,
            Err((node, why)) => session.recorder.record(What::Unfit { node, why }),
        }
    }
}
