//! A host of the simulation as its software sees it: the [`Environment`] that an orchestrator, a client or a worker gets.

use crate::fabric::{Fabric, HostIndex};
use crate::gate::Gate;
use crate::jitter::Jitter;
use crate::network::{self, Draws};
use crate::seed::derive;
use async_trait::async_trait;
use rand::SeedableRng;
use rand::rngs::SmallRng;
use resurgam_api::environment::{Environment, Incoming};
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};
use tonic::transport::Channel;

/// One incarnation of a host. Clones are the same incarnation.
#[derive(Clone)]
pub struct Node {
    name: Arc<str>,
    place: HostIndex,
    incarnation: u64,
    seed: u64,
    draws: Draws,
    gate: Arc<Gate>,
    fabric: Arc<Fabric>,
}

impl Node {
    pub(crate) fn new(fabric: &Arc<Fabric>, place: HostIndex, incarnation: u64, seed: u64) -> Self {
        let name = fabric.name(place);
        let seed = derive(seed, &name, incarnation);
        let draws = Arc::new(Mutex::new(SmallRng::seed_from_u64(seed)));
        Self { name, place, incarnation, seed, draws, gate: fabric.gate(place), fabric: fabric.clone() }
    }

    /// Its name, which is its host name in addresses.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Which start of this host it is, from 1.
    #[must_use]
    pub fn incarnation(&self) -> u64 {
        self.incarnation
    }

    /// Simulated time since the start of the simulation, at the grain of a step. No clock fault touches it.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.fabric.now()
    }

    /// Pauses for the awaits of this incarnation; those of different `part`s are independent.
    #[must_use]
    pub fn jitter(&self, part: &str, most: Duration) -> Jitter {
        Jitter::new(derive(self.seed, part, 0), most)
    }

    /// Does something in the name of this host, for which it has to run: while the host stands still, it waits.
    pub async fn unless_paused<F: Future>(&self, work: F) -> F::Output {
        self.gate.pass(work).await
    }

    /// Adds something that has to repeat to the trace of the simulation.
    pub fn note(&self, bytes: &[u8]) {
        self.fabric.note(bytes);
    }
}

#[async_trait]
impl Environment for Node {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn random(&self) -> u64 {
        network::draw(&self.draws)
    }

    async fn listen(&self, address: &str) -> io::Result<Incoming> {
        network::listen(&self.fabric, self.place, address).await
    }

    fn channel(&self, address: &str) -> Result<Channel, tonic::transport::Error> {
        network::channel(&self.fabric, self.place, &self.draws, address)
    }

    fn spawn(&self, task: Pin<Box<dyn Future<Output = ()> + Send>>) {
        let gate = self.gate.clone();
        tokio::spawn(async move { gate.pass(task).await });
    }
}
