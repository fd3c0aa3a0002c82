//! Our own orchestrator as a target of the simulation.

use super::audit;
use super::seat::{FRONTEND_PORT, INTERNAL_PORT, Orchestrator, Partitions, Seat};
use async_trait::async_trait;
use resurgam_formats::audit::Audit;
use resurgam_orchestrator::cluster::config::{Config, Member};
use resurgam_orchestrator::node::{self, reflection};
use resurgam_orchestrator::planted::{Bug, plant};
use std::error::Error;
use tokio_util::sync::CancellationToken;

/// See the module.
#[derive(Clone, Copy, Debug)]
pub struct Builtin {
    bug: Option<Bug>,
}

impl Builtin {
    /// The orchestrator with a planted bug, or as it is.
    #[must_use]
    pub fn with(bug: Option<Bug>) -> Self {
        // What a process reads once must not be read by its first simulation, which has to be like all others. If it cannot
        // be read, a node says so.
        let _ = reflection::routes();
        Self { bug }
    }
}

impl Default for Builtin {
    fn default() -> Self {
        Self::with(None)
    }
}

#[async_trait]
impl Orchestrator for Builtin {
    fn name(&self) -> &str {
        "builtin"
    }

    fn version(&self) -> String {
        env!("CARGO_PKG_VERSION").to_owned()
    }

    async fn serve(&self, seat: Seat) -> Result<(), Box<dyn Error + Send + Sync>> {
        // All nodes of a simulation run on its thread.
        plant(self.bug);
        let address = |host: &str, port: u16| format!("{host}:{port}");
        let members: Vec<Member> = seat
            .members
            .iter()
            .map(|name| Member { name: name.clone(), address: address(name, INTERNAL_PORT) })
            .collect();
        let member = members[usize::from(seat.number)].clone();
        let mut config =
            Config::of(&member, address("0.0.0.0", FRONTEND_PORT), address("0.0.0.0", INTERNAL_PORT), members);
        config.shards = seat.shards;
        node::run(seat.environment, config, seat.store, CancellationToken::new()).await?;
        Ok(())
    }

    fn audit(&self, rows: &Partitions<'_>) -> Option<Audit> {
        Some(audit::of(rows))
    }
}
