//! Cassandra in a container for a run, with the tables of our orchestrator. What speaks to the container engine is a hundred crates:
//! a build has them if it is asked for them.

use crate::exit::Failure;
use resurgam_formats::target::Durability;
use resurgam_harness::target::Provided;

/// The keyspace of a run.
#[cfg(feature = "real")]
const KEYSPACE: &str = "resurgam";

/// See the module. Dropping it takes it away.
pub(super) struct Container(Provided);

impl Container {
    /// What it gives to a cluster.
    pub(super) fn provided(&self) -> Provided {
        self.0.clone()
    }

    /// Starts one node and makes the tables; says what it does.
    #[cfg(feature = "real")]
    pub(super) async fn start(durability: Durability) -> Result<Self, Failure> {
        use crate::exit::tell;
        use resurgam_cassandra_store::{Replication, Schema, Settings};
        use resurgam_formats::target::Keyspace;
        use resurgam_real::{Node, Profile};
        use std::sync::Arc;
        use std::time::Duration;
        let profile = match durability {
            Durability::Strict => Profile::Strict,
            Durability::Stock => Profile::Stock,
        };
        tell(&format!("starting Cassandra in a container ({})", durability.word()));
        let node = Node::start(profile).await.map_err(Failure::machine)?;
        tell(&format!("making the tables at {}", node.contact()));
        let settings = Settings {
            contacts: vec![node.contact()],
            keyspace: KEYSPACE.to_owned(),
            datacenter: None,
            login: None,
            timeout: Duration::from_secs(30),
        };
        let schema = Schema::at(&settings).await.map_err(Failure::machine)?;
        schema.create(&Replication::Everywhere(1)).await.map_err(Failure::machine)?;
        tell("starting the nodes of the server");
        let keyspace = Keyspace { contact: node.contact(), name: KEYSPACE.to_owned() };
        Ok(Self(Provided { keyspace, database: Arc::new(node) }))
    }

    /// Not in this build.
    #[cfg(not(feature = "real"))]
    #[allow(clippy::unused_async, reason = "as it is where there are containers")]
    pub(super) async fn start(_: Durability) -> Result<Self, Failure> {
        Err("this program was built without containers; cargo build --features real has them".into())
    }
}
