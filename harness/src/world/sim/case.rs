//! One case in the simulation: a cluster of the orchestrator, its store, the driver with clients and workers, and the
//! faults of the plan, on one thread and from one seed.

use super::database::Database;
use super::kernel::{Failure, Simulation};
use super::seat::{FRONTEND_PORT, Orchestrator, Seat, host};
use super::{Accomplice, Episode, Nemesis, Node};
use crate::case::{self, Contradiction, Stage};
use crate::recorder::Recorder;
use crate::session::{Session, within};
use crate::target::NAMESPACE;
use crate::wire::Meddler;
use async_trait::async_trait;
use resurgam_api::environment::Environment as _;
use resurgam_api::temporal::workflowservice::v1::{DescribeNamespaceRequest, RegisterNamespaceRequest};
use resurgam_campaign::simulation::Traffic;
use resurgam_formats::plan::{Caller, Family, Fault, Harm, Plan};
use resurgam_formats::recording::{Entry, Injected, What};
use resurgam_generate::deadline;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tonic::Code;

/// How long the cluster may take to be usable, without faults.
const READY: Duration = Duration::from_secs(20);
/// Simulated time after the deadline of a case for its final reads.
const READING: Duration = Duration::from_secs(60);

/// What came of a case.
#[derive(Debug)]
pub struct Simulated {
    /// What was recorded, also if the simulation failed.
    pub entries: Vec<Entry>,
    /// The suite contradicted itself.
    pub contradiction: Option<Contradiction>,
    /// The simulation failed: a node panicked or gave up, or a fault did not take place.
    pub failure: Option<Failure>,
    /// Hash of every byte on every link.
    pub trace: u64,
    /// Simulated time.
    pub elapsed: Duration,
    /// What passed on the links; nothing if the simulation failed.
    pub traffic: Traffic,
}

/// Executes a plan on a simulated cluster; `prefix` goes in front of every id. The same plan gives the same recording.
#[must_use]
pub fn execute(plan: &Plan, target: &Arc<dyn Orchestrator>, prefix: &str) -> Simulated {
    resurgam_api::json::prepare();
    let limit = deadline::simulated(plan);
    let recorder: Arc<OnceLock<Arc<Session>>> = Arc::default();
    let network = plan.cluster.network.bounds();
    let millis = |ms: u32| Duration::from_millis(ms.into());
    let simulation = Simulation::new(plan.seed)
        .latency(millis(*network.start()), millis(*network.end()))
        .deadline(READY + limit + READING);
    let outcome = simulation.run(|cluster| {
        let database = Database::new(plan);
        let meddler = Arc::new(Meddler::default());
        let nodes = plan.cluster.node_count();
        let members: Vec<String> = (0..nodes).map(host).collect();
        for number in 0..nodes {
            let (target, database, members) = (Arc::clone(target), database.clone(), members.clone());
            let shards = plan.cluster.shard_count().into();
            cluster.node(&host(number), move |node| {
                let store = database.seen_by(number, &node);
                let seat = Seat {
                    environment: Arc::new(node),
                    number,
                    name: host(number),
                    members: members.clone(),
                    shards,
                    store: Arc::new(store),
                };
                let target = Arc::clone(&target);
                async move { target.serve(seat).await.map_err(|why| -> Box<dyn std::error::Error> { why }) }
            });
        }
        cluster.accomplice(Helper { meddler: meddler.clone(), database: database.clone(), session: recorder.clone() });
        let driver = Driver {
            node: cluster.driver(),
            nemesis: cluster.nemesis(),
            plan: plan.clone(),
            prefix: prefix.to_owned(),
            members,
            meddler,
            database,
            session: recorder.clone(),
            target: Arc::clone(target),
        };
        let (name, version) = (target.name().to_owned(), target.version());
        async move { driver.drive(&name, &version, limit).await }
    });
    match outcome {
        Ok(outcome) => {
            let (entries, ended) = outcome.value;
            let (trace, elapsed, traffic) = (outcome.trace, outcome.elapsed, outcome.traffic);
            Simulated { entries, contradiction: ended.err(), failure: None, trace, elapsed, traffic }
        }
        Err(failure) => Simulated {
            entries: recorder.get().map(|session| session.recorder.finish()).unwrap_or_default(),
            contradiction: None,
            trace: failure.trace,
            elapsed: failure.at,
            traffic: Traffic::default(),
            failure: Some(failure),
        },
    }
}

/// The host of clients and workers.
struct Driver {
    node: Node,
    nemesis: Nemesis,
    plan: Plan,
    prefix: String,
    members: Vec<String>,
    meddler: Arc<Meddler>,
    database: Database,
    session: Arc<OnceLock<Arc<Session>>>,
    target: Arc<dyn Orchestrator>,
}

impl Driver {
    async fn drive(self, target: &str, version: &str, limit: Duration) -> (Vec<Entry>, Result<(), Contradiction>) {
        let channels: Result<Vec<_>, _> =
            self.members.iter().map(|member| self.node.channel(&format!("{member}:{FRONTEND_PORT}"))).collect();
        let channels = match channels {
            Ok(channels) => Arc::new(channels),
            Err(why) => return (Vec::new(), Err(Contradiction(why.to_string()))),
        };
        let session = |recorder| Session {
            channels: Arc::clone(&channels),
            meddler: Arc::clone(&self.meddler),
            namespace: NAMESPACE.to_owned(),
            prefix: self.prefix.clone(),
            plan: self.plan.clone(),
            patience: 4,
            recorder,
        };
        if let Err(why) = prepare(&session(Recorder::new())).await {
            return (Vec::new(), Err(Contradiction(format!("the cluster does not get ready: {why}"))));
        }
        // The clock of the recording starts here.
        let session = self.session.get_or_init(|| Arc::new(session(Recorder::new()))).clone();
        self.database.record_to(&session, &self.node, &self.target);
        case::conduct(&session, &self, target, version, limit).await
    }
}

#[async_trait]
impl Stage for Driver {
    fn inject(&self, session: &Arc<Session>) {
        self.nemesis.schedule(&session.plan.faults);
    }

    async fn heal(&self) {
        let last = deadline::heal(&self.plan);
        if let Some(session) = self.session.get() {
            tokio::time::sleep_until((session.recorder.began() + last).into()).await;
        }
        self.nemesis.heal();
        while !self.nemesis.is_quiet() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.database.calm(self.node.elapsed());
    }

    async fn settle(&self) {
        self.database.settle(self.node.elapsed());
        self.database.audit(self.target.as_ref(), true);
    }
}

/// Registers the namespace and waits until every node knows it.
async fn prepare(session: &Session) -> Result<(), String> {
    let until = tokio::time::Instant::now() + READY;
    let limit = Duration::from_secs(5);
    let mut why = String::new();
    let mut registered = false;
    while tokio::time::Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(20)).await;
        if !registered {
            let request = RegisterNamespaceRequest {
                namespace: NAMESPACE.to_owned(),
                workflow_execution_retention_period: Some(prost_wkt_types::Duration { seconds: 86_400, nanos: 0 }),
                ..Default::default()
            };
            match session.client(Caller::Client, 0).register_namespace(within(limit, request)).await {
                Ok(_) => registered = true,
                Err(status) if status.code() == Code::AlreadyExists => registered = true,
                Err(status) => {
                    why = status.to_string();
                    continue;
                }
            }
        }
        let mut ready = 0;
        for node in 0..session.channels.len() {
            let request = DescribeNamespaceRequest { namespace: NAMESPACE.to_owned(), ..Default::default() };
            match session.client(Caller::Client, node).describe_namespace(within(limit, request)).await {
                Ok(_) => ready += 1,
                Err(status) => why = status.to_string(),
            }
        }
        if ready == session.channels.len() {
            return Ok(());
        }
    }
    Err(why)
}

/// Does the faults of calls and of the store, and records all faults.
struct Helper {
    meddler: Arc<Meddler>,
    database: Database,
    session: Arc<OnceLock<Arc<Session>>>,
}

impl Accomplice for Helper {
    fn begin(&mut self, number: usize, harm: &Harm) -> bool {
        match harm.family() {
            Family::Call => self.meddler.begin(number, harm),
            Family::Store => self.database.begin(number, harm),
            Family::Network | Family::Node | Family::Clock => false,
        }
    }

    fn end(&mut self, number: usize) -> u64 {
        self.meddler.end(number) + self.database.end(number)
    }

    fn happened(&mut self, episode: &Episode) {
        let Some(session) = self.session.get() else { return };
        let lasts = episode.until.map_or(Duration::ZERO, |until| until - episode.from);
        // It is called at the begin and at the end, so the begin is that long ago.
        let began = Duration::from_nanos(session.recorder.now()).saturating_sub(lasts);
        let fault = Fault {
            at_ms: u32::try_from(began.as_millis()).unwrap_or(u32::MAX),
            for_ms: u32::try_from(lasts.as_millis()).unwrap_or(u32::MAX),
            harm: episode.harm.clone(),
        };
        let hits = episode.until.map(|_| u32::try_from(episode.hits).unwrap_or(u32::MAX));
        session.recorder.record(What::Fault { fault: Injected::Planned(fault), active: episode.until.is_none(), hits });
    }
}
