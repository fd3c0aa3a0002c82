//! The wire worker: it polls and answers by raw gRPC, executes programs with the reference machine, and misbehaves
//! exactly as the plan says. It judges nothing; it writes down every task that it was handed and every answer.
//!
//! A *crash* is simulated without losing evidence: the worker forgets its sticky cache and every task that it holds, and
//! comes back under a new sticky queue. Answers that are still on their way to it are recorded, and dropped.

mod activity;
mod cache;
mod command;
mod polled;
mod query;
mod workflow;

use crate::session::{Session, within};
use crate::wire::Client;
use cache::Cache;
use prost::{Message, Name};
use resurgam_api::temporal::workflowservice::v1::{PollActivityTaskQueueRequest, PollWorkflowTaskQueueRequest};
use resurgam_formats::plan::{Caller, TaskKind, WorkerFaultKind};
use resurgam_formats::recording::{Answer, Call, TaskId, What};
use serde_json::Value;
use std::sync::atomic::{AtomicU16, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;

/// Long polls answer empty after a minute on the server.
const POLL_LIMIT: Duration = Duration::from_secs(70);
/// How long one answer may take.
const LIMIT: Duration = Duration::from_secs(10);
/// Attempts of an answer whose outcome is unknown.
const ATTEMPTS: u32 = 3;

/// Counts the tasks of a case by kind, to find the worker faults that the plan has for each.
#[derive(Debug, Default)]
pub(crate) struct Counter {
    workflow: AtomicU16,
    activity: AtomicU16,
}

impl Counter {
    /// The worker faults for the next task of this kind.
    fn next(&self, session: &Session, kind: TaskKind) -> Vec<WorkerFaultKind> {
        let counter = match kind {
            TaskKind::Workflow => &self.workflow,
            TaskKind::Activity => &self.activity,
        };
        let nth = counter.fetch_add(1, Ordering::Relaxed) + 1;
        let worker_faults = session.plan.worker_faults.iter();
        worker_faults.filter(|m| m.task == kind && m.nth == nth).map(|m| m.what).collect()
    }
}

/// One worker of a case.
#[derive(Debug)]
pub(crate) struct Worker {
    session: Arc<Session>,
    service: Client,
    counter: Arc<Counter>,
    name: String,
    /// Grows with every crash; what began in an older life is not answered.
    life: AtomicU32,
    cache: Mutex<Cache>,
    /// The first thing that is a bug of the suite itself: it makes the case inconclusive.
    trouble: Arc<Mutex<Option<String>>>,
}

/// The workers of a case; dropping it stops them.
#[derive(Debug)]
pub(crate) struct Workers {
    _tasks: JoinSet<()>,
    trouble: Arc<Mutex<Option<String>>>,
}

impl Workers {
    /// Starts the workers of the plan.
    pub(crate) fn start(session: &Arc<Session>) -> Self {
        let mut tasks = JoinSet::new();
        let counter = Arc::new(Counter::default());
        let trouble = Arc::new(Mutex::new(None));
        for number in 0..session.plan.workers.count.max(1) {
            let worker = Arc::new(Worker {
                session: Arc::clone(session),
                service: session.client(Caller::Worker, number.into()),
                counter: Arc::clone(&counter),
                name: format!("worker-{number}"),
                life: AtomicU32::new(0),
                cache: Mutex::new(Cache::new(usize::from(session.plan.workers.cache))),
                trouble: Arc::clone(&trouble),
            });
            tasks.spawn(Arc::clone(&worker).poll_workflow_tasks(None));
            tasks.spawn(Arc::clone(&worker).poll_activity_tasks());
            if session.plan.workers.cache > 0 {
                tasks.spawn(worker.poll_sticky_tasks());
            }
        }
        Self { _tasks: tasks, trouble }
    }

    /// What went wrong in the suite itself.
    pub(crate) fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Worker {
    fn life(&self) -> u32 {
        self.life.load(Ordering::SeqCst)
    }

    /// The sticky queue of a life.
    fn sticky_queue(&self, life: u32) -> String {
        format!("{}-sticky-{}-{life}", self.session.prefix, self.name)
    }

    fn cache(&self) -> std::sync::MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers a bug of the suite.
    fn bug(&self, what: String) {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(what);
    }

    /// What a poll answered, for the recording.
    fn answer<M: Message + Name>(&self, polled: &M) -> Option<Value> {
        match resurgam_api::json::to_json(polled) {
            Ok(answer) => Some(answer),
            Err(error) => {
                self.bug(format!("the answer to a poll has no JSON: {error}"));
                None
            }
        }
    }

    /// Loses everything that is not on the server.
    fn crash(&self) {
        self.life.fetch_add(1, Ordering::SeqCst);
        self.cache().clear();
    }

    async fn poll_workflow_tasks(self: Arc<Self>, sticky: Option<u32>) {
        let normal = self.session.queue();
        let task_queue = match sticky {
            Some(life) => crate::convert::sticky(&self.sticky_queue(life), &normal),
            None => crate::convert::queue(&normal),
        };
        let mut tasks = JoinSet::new();
        // A sticky queue lives as long as the life of its worker.
        while sticky.is_none_or(|life| life == self.life()) {
            let request = PollWorkflowTaskQueueRequest {
                namespace: self.session.namespace.clone(),
                task_queue: task_queue.clone(),
                identity: self.name.clone(),
                ..Default::default()
            };
            match self.service.clone().poll_workflow_task_queue(within(POLL_LIMIT, request)).await {
                Ok(task) if task.get_ref().task_token.is_empty() => {}
                Ok(task) => {
                    let worker = Arc::clone(&self);
                    // A task of an older life's queue is lost with that life.
                    let life = sticky.unwrap_or_else(|| self.life());
                    tasks.spawn(worker.workflow_task(task.into_inner(), life, sticky.is_some()));
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
            while tasks.try_join_next().is_some() {}
        }
        while tasks.join_next().await.is_some() {}
    }

    async fn poll_sticky_tasks(self: Arc<Self>) {
        let mut tasks = JoinSet::new();
        let mut life = self.life();
        tasks.spawn(Arc::clone(&self).poll_workflow_tasks(Some(life)));
        loop {
            tokio::time::sleep(Duration::from_millis(5)).await;
            if self.life() != life {
                life = self.life();
                tasks.spawn(Arc::clone(&self).poll_workflow_tasks(Some(life)));
            }
        }
    }

    async fn poll_activity_tasks(self: Arc<Self>) {
        let mut tasks = JoinSet::new();
        loop {
            let request = PollActivityTaskQueueRequest {
                namespace: self.session.namespace.clone(),
                task_queue: crate::convert::queue(&self.session.queue()),
                identity: self.name.clone(),
                ..Default::default()
            };
            match self.service.clone().poll_activity_task_queue(within(POLL_LIMIT, request)).await {
                Ok(task) if task.get_ref().task_token.is_empty() => {}
                Ok(task) => {
                    let life = self.life();
                    tasks.spawn(Arc::clone(&self).activity_task(task.into_inner(), life));
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
            while tasks.try_join_next().is_some() {}
        }
    }

    /// Applies the worker faults for a task before it is worked on. `None`: the task is lost.
    fn worker_fault(&self, task: TaskId, kind: TaskKind, life: u32) -> Option<Manner> {
        let mut manner = Manner::default();
        if self.life() != life {
            self.session.recorder.record(What::WorkerFault { task, worker_fault: WorkerFaultKind::Crash });
            return None;
        }
        for worker_fault in self.counter.next(&self.session, kind) {
            self.session.recorder.record(What::WorkerFault { task, worker_fault });
            match worker_fault {
                WorkerFaultKind::Drop => return None,
                WorkerFaultKind::Crash => {
                    self.crash();
                    return None;
                }
                WorkerFaultKind::Late(ms) => manner.late += Duration::from_millis(ms.into()),
                WorkerFaultKind::Twice(ms) => manner.again = Some(Duration::from_millis(ms.into())),
                WorkerFaultKind::FailTask => manner.fail = true,
            }
        }
        Some(manner)
    }

    /// Gives an answer in the manner that the worker faults ask for. Attempts whose outcome is unknown are repeated a few times.
    /// Returns the first definite answer, or the last.
    async fn give<F, Fut>(&self, call: Call, manner: &Manner, life: u32, send: F) -> Option<Answer>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = Answer>,
    {
        tokio::time::sleep(manner.late).await;
        if self.life() != life {
            return None;
        }
        let record = self.session.recorder.operation(self.name.clone(), call);
        let mut answer = record.attempt(send()).await;
        for _ in 1..ATTEMPTS {
            if !matches!(answer, Answer::Info { .. }) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
            answer = record.attempt(send()).await;
        }
        if let Some(again) = manner.again {
            tokio::time::sleep(again).await;
            record.attempt(send()).await;
        }
        Some(answer)
    }
}

/// How a task is to be answered.
#[derive(Debug, Default)]
struct Manner {
    late: Duration,
    again: Option<Duration>,
    fail: bool,
}
