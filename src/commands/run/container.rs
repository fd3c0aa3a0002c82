//! Cassandra in a container for a run, with the tables of our orchestrator or of Temporal's. What speaks to the container engine is a hundred crates:
//! a build has them if it is asked for them.

use crate::exit::Failure;
use resurgam_formats::target::{Choice, Durability};
use resurgam_harness::target::Provided;

/// See the module. Dropping it takes it away.
pub(super) struct Container(Provided);

/// Whose tables are made in it.
#[derive(Clone, Copy)]
pub(super) enum Tables {
    /// Those of our orchestrator.
    Own,
    /// Those of Temporal's server.
    Temporal,
}

impl Tables {
    /// What a target needs, if it is over a container, and what that is to promise.
    pub(super) fn of(choice: &Choice) -> Option<(Self, Durability)> {
        match choice {
            Choice::Container { durability, .. } => Some((Self::Own, *durability)),
            Choice::TemporalContainer { durability, .. } => Some((Self::Temporal, *durability)),
            Choice::Simulation { .. }
            | Choice::Check { .. }
            | Choice::Process { .. }
            | Choice::Temporal
            | Choice::Address { .. } => None,
        }
    }
}

impl Container {
    /// What it gives to a cluster.
    pub(super) fn provided(&self) -> Provided {
        self.0.clone()
    }

    /// Starts one node and makes the tables; says what it does.
    #[cfg(feature = "real")]
    pub(super) async fn start(tables: Tables, durability: Durability) -> Result<Self, Failure> {
        use crate::exit::tell;
        use resurgam_formats::target::Keyspace;
        use resurgam_harness::setup::Pinned;
        use resurgam_real::{Node, Profile};
        use std::sync::Arc;
        if let Tables::Temporal = tables {
            // Before anything is started in vain.
            let mut programs =
                [Pinned::temporal(), Pinned::temporal_tables()].map(|component| component.program()).into_iter();
            if let Some(program) = programs.find(|program| !program.is_file()) {
                return Err(Failure::machine(resurgam_harness::target::Error::Missing(program.display().to_string())));
            }
        }
        let profile = match durability {
            Durability::Strict => Profile::Strict,
            Durability::Stock => Profile::Stock,
        };
        tell(&format!("starting Cassandra in a container ({})", durability.word()));
        let node = Node::start(profile).await.map_err(Failure::machine)?;
        tell(&format!("making the tables at {}", node.contact()));
        let keyspace = Keyspace { contact: node.contact(), name: tables.keyspace().to_owned() };
        tables.make(&keyspace).await?;
        tell("starting the nodes of the server");
        Ok(Self(Provided { keyspace, database: Arc::new(node) }))
    }

    /// Not in this build.
    #[cfg(not(feature = "real"))]
    #[allow(clippy::unused_async, reason = "as it is where there are containers")]
    pub(super) async fn start(_: Tables, _: Durability) -> Result<Self, Failure> {
        Err("this program was built without containers; cargo build --features real has them".into())
    }
}

#[cfg(feature = "real")]
impl Tables {
    /// The keyspace of a run.
    fn keyspace(self) -> &'static str {
        match self {
            Self::Own => "resurgam",
            Self::Temporal => "temporal",
        }
    }

    async fn make(self, keyspace: &resurgam_formats::target::Keyspace) -> Result<(), Failure> {
        use resurgam_cassandra_store::{Replication, Schema, Settings};
        use resurgam_harness::target::temporal_tables;
        use std::time::Duration;
        match self {
            Self::Own => {
                let settings = Settings {
                    contacts: vec![keyspace.contact.clone()],
                    keyspace: keyspace.name.clone(),
                    datacenter: None,
                    login: None,
                    timeout: Duration::from_secs(30),
                };
                let schema = Schema::at(&settings).await.map_err(Failure::machine)?;
                schema.create(&Replication::Everywhere(1)).await.map_err(Failure::machine)
            }
            Self::Temporal => {
                let keyspace = keyspace.clone();
                let made = tokio::task::spawn_blocking(move || temporal_tables::create(&keyspace)).await;
                made.map_err(Failure::machine)?.map_err(Failure::machine)
            }
        }
    }
}
