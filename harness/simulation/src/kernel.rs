//! One simulation: built on a fresh thread, stepped until the driver is done, and closed with a hash of all that passed.
//!
//! Before each step the clocks are set and the injector does what is due. A panic of any task, an error of any node's main future and
//! a fault that did not take place fail the simulation; nothing is retried and nothing waits for real time. A panic ends it
//! after its step, also if a node catches it: a server that goes on after a panic of its own hides what was wrong.
//!
//! What does not repeat is the order in which the tasks of a killed node are dropped. Its connections are closed in a
//! fixed order all the same; beyond that, what a task does while it is dropped must not be visible outside its node.

use crate::clock;
use crate::fabric::{DRIVER, Fabric, Traffic};
use crate::failure::{Failure, Why};
use crate::injector::Injector;
use crate::nemesis::Nemesis;
use crate::node::Node;
use crate::panics;
use crate::record::{ExternalFaults, FaultRecord, Nobody};
use crate::seed::derive;
use resurgam_interpose::{Calls, Guard, Start};
use std::cell::RefCell;
use std::error::Error;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime};
use turmoil::Sim;

/// The grain of simulated time. Tokio's timers have the same, so it must not be finer.
pub const TICK: Duration = Duration::from_millis(1);
/// What wall clocks show when a simulation starts: 2020-01-01.
pub const EPOCH: Duration = Duration::from_secs(1_577_836_800);
/// The name of the driver's host.
pub(crate) const DRIVER_NAME: &str = "driver";
/// Segments that fit into a socket, and connections that wait to be accepted. A long hold fills smaller ones, and then
/// turmoil panics.
const TCP_CAPACITY: usize = 8192;
/// Futures of tonic in unoptimised builds are deep.
const STACK: usize = 16 << 20;

/// What a node does; called again when it is started again.
type Software = Box<dyn Fn(Node) -> Pin<Box<dyn Future<Output = Result<(), Box<dyn Error>>>>>>;

/// How to simulate.
#[derive(Clone, Debug)]
pub struct Simulation {
    seed: u64,
    latency: (Duration, Duration),
    deadline: Duration,
}

/// The hosts of a simulation, while it is built.
pub struct Cluster {
    seed: u64,
    fabric: Arc<Fabric>,
    nemesis: Nemesis,
    nodes: Vec<(String, Software)>,
    external: Box<dyn ExternalFaults>,
}

/// What came of a simulation whose driver ended.
#[derive(Clone, Debug)]
pub struct Ended<T> {
    /// What the driver returned.
    pub value: T,
    /// How long it took, in simulated time.
    pub elapsed: Duration,
    /// Hash of all that passed between hosts and of all that was noted. Equal hashes, equal simulations.
    pub trace: u64,
    /// What was done to it.
    pub faults: Vec<FaultRecord>,
    /// What passed between hosts.
    pub traffic: Traffic,
    /// How often code asked for time and randomness, and got what is simulated.
    pub calls: Calls,
}

impl Simulation {
    /// A simulation with latencies of 1 to 5 ms, and a minute of simulated time until it is given up.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let latency = (Duration::from_millis(1), Duration::from_millis(5));
        Self { seed, latency, deadline: Duration::from_secs(60) }
    }

    /// Least and most latency of messages, in whole milliseconds. Most messages take little more than the least.
    #[must_use]
    pub fn latency(mut self, least: Duration, most: Duration) -> Self {
        self.latency = (least.min(most), least.max(most));
        self
    }

    /// When to give up, in simulated time.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Runs it on a fresh thread and waits. `build` registers the nodes and returns the driver: the clients
    /// on a host of their own, with whose end the simulation ends.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn run<T, B, D>(&self, build: B) -> Result<Ended<T>, Failure>
    where
        T: Send + 'static,
        B: FnOnce(&mut Cluster) -> D + Send,
        D: Future<Output = T> + 'static,
    {
        let failure = |why| Failure { seed: self.seed, at: Duration::ZERO, trace: 0, why };
        thread::scope(|scope| {
            let thread = thread::Builder::new().name(format!("simulation {}", self.seed)).stack_size(STACK);
            let thread = thread.spawn_scoped(scope, || self.here(build)).map_err(|why| failure(Why::Thread(why)))?;
            // Panics of tasks are caught inside; this one is of building, or of the kernel itself.
            thread.join().unwrap_or_else(|panic| Err(failure(Why::Panic(words(&*panic)))))
        })
    }

    fn here<T, B, D>(&self, build: B) -> Result<Ended<T>, Failure>
    where
        T: 'static,
        B: FnOnce(&mut Cluster) -> D,
        D: Future<Output = T> + 'static,
    {
        let fabric = Arc::new(Fabric::default());
        let failed = |why: Why| Failure { seed: self.seed, at: fabric.now(), trace: fabric.trace(), why };
        let start = Start { seed: derive(self.seed, "entropy", 0), epoch: EPOCH, source: clock::read };
        let guard = resurgam_interpose::enter(start).map_err(|why| failed(why.into()))?;
        fabric.add(DRIVER_NAME);
        let mut cluster = Cluster::new(self.seed, fabric.clone());
        let driver = build(&mut cluster);
        panics::watch();
        let mut sim = self.network().build();
        let Cluster { nemesis, nodes, external, .. } = cluster;
        for (name, software) in nodes {
            self.add_node(&mut sim, &fabric, &name, software);
        }
        let value = Rc::new(RefCell::new(None));
        sim.client(DRIVER_NAME, {
            let (value, fabric) = (value.clone(), fabric.clone());
            async move {
                clock::belongs_to(DRIVER, fabric.now());
                *value.borrow_mut() = Some(driver.await);
                Ok(())
            }
        });
        let mut injector = Injector::new(nemesis.clone(), fabric.clone(), self.latency, external);
        let ended = catch_unwind(AssertUnwindSafe(|| self.step_to_the_end(&mut sim, &mut injector, &guard, &fabric)));
        let ended = match panics::first() {
            Some(panic) => Err(panic.into()),
            None => ended.unwrap_or_else(|panic| Err(Why::Panic(words(&*panic)))),
        };
        if let Err(Why::NodePanic { node, message }) = &ended {
            injector.panicked(*node, message);
        }
        injector.rest();
        let calls = guard.calls();
        // What hosts do while they are dropped is no part of the simulation, and must not panic it away either.
        let (elapsed, trace, traffic) = (sim.elapsed(), fabric.trace(), fabric.traffic());
        let failure = ended.err().map(|why| Failure { seed: self.seed, at: elapsed, trace, why });
        drop(catch_unwind(AssertUnwindSafe(|| drop(sim))));
        match (failure, value.take()) {
            (Some(failure), _) => Err(failure),
            (None, Some(value)) => Ok(Ended { value, elapsed, trace, faults: nemesis.records(), traffic, calls }),
            (None, None) => unreachable!("turmoil says that the driver is done, and it has returned nothing"),
        }
    }

    fn network(&self) -> turmoil::Builder {
        let mut network = turmoil::Builder::new();
        network
            .rng_seed(derive(self.seed, "network", 0))
            .epoch(SystemTime::UNIX_EPOCH + EPOCH)
            .tick_duration(TICK)
            .tcp_capacity(TCP_CAPACITY)
            .min_message_latency(self.latency.0)
            .max_message_latency(self.latency.1)
            // The deadline is watched here, with an error that says what it is.
            .simulation_duration(Duration::MAX)
            .enable_random_order();
        network
    }

    fn add_node(&self, sim: &mut Sim<'_>, fabric: &Arc<Fabric>, name: &str, software: Software) {
        let place = fabric.add(name);
        let (seed, fabric) = (self.seed, fabric.clone());
        sim.host(name, move || {
            clock::belongs_to(place, fabric.now());
            let incarnation = fabric.start(place);
            let (gate, software) = (fabric.gate(place), software(Node::new(&fabric, place, incarnation, seed)));
            async move { gate.pass(software).await }
        });
    }

    fn step_to_the_end(
        &self,
        sim: &mut Sim<'_>,
        injector: &mut Injector,
        guard: &Guard,
        fabric: &Fabric,
    ) -> Result<(), Why> {
        loop {
            let now = sim.elapsed();
            if now >= self.deadline {
                return Err(Why::Deadline(self.deadline));
            }
            guard.set_now(now);
            fabric.set_now(now);
            injector.act(sim, now)?;
            let ended = sim.step().map_err(|why| Why::Node(why.to_string()))?;
            if let Some(panic) = panics::first() {
                return Err(panic.into());
            }
            if ended {
                return Ok(());
            }
        }
    }
}

impl Cluster {
    fn new(seed: u64, fabric: Arc<Fabric>) -> Self {
        let nemesis = Nemesis::new(fabric.clone());
        Self { seed, fabric, nemesis, nodes: Vec::new(), external: Box::new(Nobody) }
    }

    /// Adds a node. `software` is called at every start, with a fresh [`Node`]; its end with an error fails the
    /// simulation. Faults name nodes by the order of their registration.
    pub fn node<S, F>(&mut self, name: &str, software: S)
    where
        S: Fn(Node) -> F + 'static,
        F: Future<Output = Result<(), Box<dyn Error>>> + 'static,
    {
        self.nodes.push((name.to_owned(), Box::new(move |node| Box::pin(software(node)))));
    }

    /// The host of the driver, as the driver's future needs it.
    #[must_use]
    pub fn driver(&self) -> Node {
        Node::new(&self.fabric, DRIVER, 1, self.seed)
    }

    /// Where faults are ordered.
    #[must_use]
    pub fn nemesis(&self) -> Nemesis {
        self.nemesis.clone()
    }

    /// Who does the faults that are not of nodes, links and clocks, and hears of all.
    pub fn external(&mut self, external: impl ExternalFaults + 'static) {
        self.external = Box::new(external);
    }
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let literal = panic.downcast_ref::<&str>().map(|words| (*words).to_owned());
    literal.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without words".to_owned())
}
