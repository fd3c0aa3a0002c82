//! A node of our orchestrator in the simulation.

use crate::audit;
use crate::unchecked::Unchecked;
use async_trait::async_trait;
use resurgam_harness::Subject;
use resurgam_node::{Failure, HandOver, NodeContext, Orchestrator, Promises};
use resurgam_orchestrator::cluster::{Config, Member, TokenKeys};
use resurgam_orchestrator::invariant::{Checks, choose};
use resurgam_orchestrator::node::{self, reflection};
use resurgam_orchestrator::planted::{Bug, plant, planted};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The key of all simulated clusters: a case is to be the same whenever it is run.
const TOKEN_KEY: [u8; 32] = *b"the key of a simulated cluster..";

/// Our orchestrator, perhaps with a planted bug.
#[derive(Clone, Copy, Debug)]
pub struct Builtin {
    bug: Option<Bug>,
    checks: Checks,
}

/// Our orchestrator with a planted bug, or as it is, with its rows audited.
#[must_use]
pub fn subject(bug: Option<Bug>) -> Subject {
    Builtin::with(bug).subject()
}

impl Builtin {
    /// The orchestrator with a planted bug, or as it is.
    #[must_use]
    pub fn with(bug: Option<Bug>) -> Self {
        // What a process reads once must not be read by its first simulation, which has to be like all others. If it cannot
        // be read, a node says so.
        let _ = reflection::routes();
        Self { bug, checks: Checks::Thorough }
    }

    /// The same, with that much of what it asserts of itself.
    #[must_use]
    pub fn checking(self, checks: Checks) -> Self {
        Self { checks, ..self }
    }

    /// What is tested: this orchestrator, with its rows audited.
    #[must_use]
    pub fn subject(self) -> Subject {
        Subject::from(self).audited_by(audit::Rows)
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

    fn promises(&self) -> Promises {
        Promises {
            linearizable_reads: true,
            hand_over: HandOver::UntilTaken,
            narrow_batches: true,
            retention: true,
            availability: true,
            lists: true,
        }
    }

    async fn serve(&self, context: NodeContext) -> Result<(), Failure> {
        // All nodes of a simulation run on its thread.
        plant(self.bug);
        choose(self.checks);
        let members = context.members.iter();
        let members: Vec<Member> =
            members.map(|name| Member { name: name.clone(), address: NodeContext::peer_address(name) }).collect();
        let member = members[usize::from(context.number)].clone();
        let (frontend, internal) = (NodeContext::frontend_address(), NodeContext::internal_address());
        let keys = TokenKeys::new(TOKEN_KEY, Vec::new());
        let mut config = Config::of(&member, frontend, internal, members, keys);
        config.shards = context.shards;
        // So few that what is beyond is read again and again, as it is with many workflows.
        config.tasks = Some(3);
        // Nobody is ever busy here, and a plan lasts for seconds.
        (config.ping, config.misses) = (Duration::from_millis(200), 3);
        let mut store = context.store;
        if planted(Bug::RowTouchedTwice) {
            store = Arc::new(Unchecked(store));
        }
        node::run(context.environment, config, store, CancellationToken::new()).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use resurgam_judge::profile::Profile;

    #[test]
    fn its_profile_is_the_one_that_others_choose_for_it() {
        assert_eq!(subject(None).profile(), Profile::resurgam());
    }
}
