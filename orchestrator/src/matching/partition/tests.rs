//! A task queue over a store that does all that Cassandra may do, with owners that come, die, and believe two at a time
//! that it is theirs, and a history that loses answers. Whoever adds tasks notes what was promised: a task that was taken over is
//! handed to a worker, and in the end nothing of it is left behind.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use crate::cluster::Rejection;
use crate::cluster::membership::Membership;
use crate::cluster::peer::Serving;
use crate::cluster::status;
use crate::cluster::{Config, Member, TokenKeys};
use crate::matching::exchange::STICKY_QUERY;
use crate::matching::in_flight::REST;
use crate::matching::polls::{Poll, Served};
use crate::store::memory::Memory;
use crate::store::prefixed;
use crate::testing::{Demon, World};
use futures_util::future::BoxFuture;
use resurgam_api::internal::{
    AddTaskRequest, QueryWorkerRequest, RecordActivityTaskStartedRequest, TaskKind, TaskQueue, TaskToken,
};
use resurgam_api::temporal::workflowservice::v1::{PollActivityTaskQueueResponse, PollWorkflowTaskQueueResponse};
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::Mutex;
use tokio::sync::oneshot;
use tonic::body::Body;
use tonic::codegen::{Service, http};
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic::service::Routes;
use tonic::{Request, Response, Status};

/// The queue's partition.
fn partition() -> Partition {
    Partition::queue("n/activity/q")
}
const TASKS: i64 = 40;
const POLLERS: usize = 3;

/// History, as far as matching needs one: it knows which request started a task.
#[derive(Clone)]
struct History {
    world: Arc<World>,
    /// Of 100 calls, how many are not answered, before or after they had their effect.
    malice: Arc<Mutex<u64>>,
    started: Arc<Mutex<BTreeMap<i64, String>>>,
}

impl History {
    async fn start(&self, request: RecordActivityTaskStartedRequest) -> Result<PollActivityTaskQueueResponse, Status> {
        self.world.delay(5).await;
        let lost = self.world.below(100) < *self.malice.lock().unwrap();
        if lost && self.world.below(2) == 0 {
            return Err(Status::unavailable("before"));
        }
        let id = request.task.unwrap_or_default().scheduled_event_id;
        {
            let mut started = self.started.lock().unwrap();
            let by = started.entry(id).or_insert_with(|| request.request_id.clone());
            if *by != request.request_id {
                return Err(status::of(&Rejection::TaskAlreadyStarted));
            }
        }
        self.world.delay(5).await;
        if lost {
            return Err(Status::unavailable("after"));
        }
        Ok(PollActivityTaskQueueResponse { activity_id: id.to_string(), ..Default::default() })
    }
}

impl UnaryService<RecordActivityTaskStartedRequest> for History {
    type Response = PollActivityTaskQueueResponse;
    type Future = BoxFuture<'static, Result<Response<Self::Response>, Status>>;

    fn call(&mut self, request: Request<RecordActivityTaskStartedRequest>) -> Self::Future {
        let history = self.clone();
        Box::pin(async move { history.start(request.into_inner()).await.map(Response::new) })
    }
}

impl NamedService for History {
    const NAME: &'static str = "resurgam.internal.v1.History";
}

impl Service<http::Request<Body>> for History {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        assert!(request.uri().path().ends_with("/RecordActivityTaskStarted"), "{}", request.uri());
        let history = self.clone();
        Box::pin(async move {
            let codec =
                tonic_prost::ProstCodec::<PollActivityTaskQueueResponse, RecordActivityTaskStartedRequest>::default();
            Ok(Grpc::new(codec).unary(history, request).await)
        })
    }
}

fn task(id: i64) -> AddTaskRequest {
    let kind = TaskKind::Activity.into();
    AddTaskRequest {
        task_queue: Some(TaskQueue { namespace_id: "n".into(), name: "q".into(), kind, sticky: false }),
        task: Some(TaskToken {
            namespace_id: "n".into(),
            workflow_id: "w".into(),
            run_id: "r".into(),
            scheduled_event_id: id,
            attempt: 1,
            ..TaskToken::default()
        }),
        ..AddTaskRequest::default()
    }
}

/// What happened, for the end.
#[derive(Default)]
struct Promised {
    acknowledged: BTreeSet<i64>,
    delivered: BTreeSet<i64>,
    refused: u64,
}

/// What the queues of a node need, of which nothing is served yet.
fn dependencies(world: &Arc<World>, store: Arc<dyn Store>) -> Dependencies {
    let environment: Arc<dyn Environment> = world.clone();
    let member = Member { name: "node".into(), address: "history".into() };
    let keys = TokenKeys::new([0; 32], Vec::new());
    let config = Config::of(&member, "frontend", "internal", vec![member.clone()], keys);
    let router = Router::new(&environment, Arc::new(Membership::new(&config)), 1).unwrap();
    Dependencies { environment, store, router: Arc::new(router), node: "node".into(), crowd: Crowd::default() }
}

struct Town {
    world: Arc<World>,
    dependencies: Mutex<Dependencies>,
    /// The doors of the latest owners; a door may lead to nobody.
    doors: Mutex<Vec<mpsc::Sender<Message>>>,
    promised: Mutex<Promised>,
    _serving: Serving,
}

impl Town {
    fn new(world: &Arc<World>, store: Arc<dyn Store>, history: &History) -> Arc<Self> {
        let dependencies = dependencies(world, store);
        let serving = dependencies.router.own().serve(Routes::new(history.clone()));
        Arc::new(Self {
            world: world.clone(),
            dependencies: Mutex::new(dependencies),
            doors: Mutex::default(),
            promised: Mutex::default(),
            _serving: serving,
        })
    }

    /// An owner for a while, one after another.
    async fn owner(self: Arc<Self>, place: usize) {
        loop {
            let stop = CancellationToken::new();
            let dependencies = self.dependencies.lock().unwrap().clone();
            let door = open(dependencies, partition(), false, stop.clone());
            {
                let mut doors = self.doors.lock().unwrap();
                let count = doors.len().max(place + 1);
                doors.resize(count, door.clone());
                doors[place] = door.clone();
            }
            tokio::select! {
                () = self.world.delay(1500) => {}
                // It has lost its log.
                () = door.closed() => {}
            }
            stop.cancel();
        }
    }

    async fn send(&self, message: Message) -> bool {
        let door = {
            let doors = self.doors.lock().unwrap();
            doors.get(self.world.below(doors.len().max(1) as u64) as usize).cloned()
        };
        match door {
            Some(door) => door.send(message).await.is_ok(),
            None => false,
        }
    }

    /// Adds a task again and again until it is taken over, or `patience` is used up.
    async fn add(&self, id: i64, patience: u64) {
        for _ in 0..patience {
            let (adder, added) = oneshot::channel();
            if self.send(Message::Add(Box::new(task(id)), adder)).await
                && let Ok(Ok(Ok(()))) = tokio::time::timeout(Duration::from_secs(2), added).await
            {
                self.promised.lock().unwrap().acknowledged.insert(id);
                return;
            }
            self.promised.lock().unwrap().refused += 1;
            self.world.delay(40).await;
        }
    }

    /// A worker: it polls, with little patience.
    async fn poll(self: Arc<Self>) {
        loop {
            let (receiver, served) = oneshot::channel();
            if self.send(Message::Poll(Poll { identity: "worker".into(), receiver }, None)).await {
                let patience = Duration::from_millis(20 + self.world.below(400));
                if let Ok(Ok(Served::Activity(task))) = tokio::time::timeout(patience, served).await {
                    self.promised.lock().unwrap().delivered.insert(task.activity_id.parse().unwrap());
                }
            }
            self.world.delay(60).await;
        }
    }

    fn missing(&self) -> Vec<i64> {
        let promised = self.promised.lock().unwrap();
        promised.acknowledged.difference(&promised.delivered).copied().collect()
    }
}

/// One town, from its first task until nothing is left to do; how often a task was not taken over at once.
async fn live(seed: u64) -> u64 {
    let world = World::new(seed);
    let truth = Arc::new(Memory::new());
    let malice = Arc::new(Mutex::new(20));
    let history = History { world: world.clone(), malice: malice.clone(), started: Arc::default() };
    let town = Town::new(&world, Demon::new(truth.clone(), world.clone(), 20), &history);
    let owners = [0, 1].map(|place| tokio::spawn(town.clone().owner(place)));
    let workers: Vec<_> = (0..POLLERS).map(|_| tokio::spawn(town.clone().poll())).collect();
    let adding = (0..TASKS).map(|id| {
        let (town, world) = (town.clone(), world.clone());
        async move {
            world.delay(6000).await;
            // Some have had enough before anybody took the task over.
            town.add(id, if id % 8 == 0 { 1 } else { 1000 }).await;
        }
    });
    futures_util::future::join_all(adding).await;
    owners.iter().for_each(tokio::task::JoinHandle::abort);

    // From now on nothing fails, and there is one owner. What the others had under way may still arrive.
    *malice.lock().unwrap() = 0;
    town.dependencies.lock().unwrap().store = truth.clone();
    town.doors.lock().unwrap().clear();
    let last = tokio::spawn(town.clone().owner(0));
    for _ in 0..600 {
        if town.missing().is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(town.missing(), Vec::<i64>::new(), "seed {seed}: taken over, and given to nobody");
    let refused = {
        let promised = town.promised.lock().unwrap();
        assert!(promised.acknowledged.len() as i64 >= TASKS - TASKS / 8, "seed {seed}: whoever insisted got a yes");
        promised.refused
    };
    let left = async || truth.read(&partition(), prefixed("task/"), 1000).await.unwrap().len();
    for _ in 0..100 {
        if left().await == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(left().await, 0, "seed {seed}: finished tasks are left in the store");
    workers.iter().chain([&last]).for_each(tokio::task::JoinHandle::abort);
    refused
}

#[tokio::test(start_paused = true)]
async fn what_was_taken_over_is_handed_out_whatever_the_store_does() {
    let mut refused = 0;
    for seed in 0..12 {
        refused += live(seed).await;
    }
    assert!(refused > 20, "nothing went wrong: {refused}");
}

#[tokio::test(start_paused = true)]
async fn a_query_of_a_sticky_queue_is_given_up_also_if_it_was_on_its_way_when_its_time_was_over() {
    let dependencies = dependencies(&World::new(1), Arc::new(Memory::new()));
    let door = open(dependencies, Partition::queue("n/workflow/sticky"), true, CancellationToken::new());
    let (receiver, served) = oneshot::channel();
    door.send(Message::Poll(Poll { identity: "worker".into(), receiver }, None)).await.unwrap();
    let (asker, answer) = oneshot::channel();
    let query = QueryWorkerRequest {
        task: task(1).task,
        // Its history is to go with it, and nobody serves that: it comes back after a rest, and goes again.
        poll: Some(PollWorkflowTaskQueueResponse { next_page_token: b"all".into(), ..Default::default() }),
        ..Default::default()
    };
    door.send(Message::Query(Box::new(query), asker)).await.unwrap();
    tokio::time::sleep(STICKY_QUERY + REST / 2).await;
    drop(served);
    let Ok(answer) = tokio::time::timeout(10 * STICKY_QUERY, answer).await else { panic!("it is forgotten") };
    assert!(status::is_sticky_worker_unavailable(&answer.unwrap().unwrap_err()));
}
