//! A host of the simulation as its software sees it: the [`Environment`] that an orchestrator, a client or a worker gets.

use super::fabric::{Fabric, Place};
use super::jitter::Jitter;
use super::network;
use super::seed::derive;
use async_trait::async_trait;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use resurgam_api::environment::{Environment, Incoming};
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use tonic::transport::Channel;

/// One incarnation of a host. Clones are the same incarnation.
#[derive(Clone)]
pub struct Node {
    name: Arc<str>,
    place: Place,
    incarnation: u64,
    seed: u64,
    draws: Arc<Mutex<SmallRng>>,
    fabric: Arc<Fabric>,
}

impl Node {
    pub(super) fn new(fabric: &Arc<Fabric>, place: Place, incarnation: u64, seed: u64) -> Self {
        let name = fabric.name(place);
        let seed = derive(seed, &name, incarnation);
        let draws = Arc::new(Mutex::new(SmallRng::seed_from_u64(seed)));
        Self { name, place, incarnation, seed, draws, fabric: fabric.clone() }
    }

    /// Its name, which is its host name in addresses.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The how-manieth start of this host it is, from 1.
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

    /// Adds something that has to repeat to the trace of the simulation.
    pub fn note(&self, bytes: &[u8]) {
        self.fabric.note(bytes);
    }

    pub(super) fn draw(&self) -> u64 {
        self.draws.lock().unwrap_or_else(PoisonError::into_inner).next_u64()
    }

    pub(super) fn place(&self) -> Place {
        self.place
    }

    pub(super) fn fabric(&self) -> &Arc<Fabric> {
        &self.fabric
    }
}

#[async_trait]
impl Environment for Node {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn random(&self) -> u64 {
        self.draw()
    }

    async fn listen(&self, address: &str) -> io::Result<Incoming> {
        network::listen(self, address).await
    }

    fn channel(&self, address: &str) -> Result<Channel, tonic::transport::Error> {
        network::channel(self, address)
    }

    fn spawn(&self, task: Pin<Box<dyn Future<Output = ()> + Send>>) {
        tokio::spawn(task);
    }
}
