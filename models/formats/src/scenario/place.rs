//! Where a scenario happens: the part `[on]` of its file.

use crate::plan::Family;
use crate::target::{Choice, Durability, Topology};
use serde::Deserialize;

/// The target of a scenario.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct On {
    /// Whose server it is.
    pub target: TargetOf,
    /// Where it runs.
    pub world: WorldOf,
    /// The processes of Temporal; one if it does not say.
    #[serde(default)]
    pub topology: Option<Topology>,
    /// The nodes of ours in containers; three if it does not say.
    #[serde(default)]
    pub nodes: Option<u16>,
    /// What Cassandra in a container promises; `strict` if it does not say.
    #[serde(default)]
    pub durability: Option<Durability>,
    /// The bug that is planted in ours.
    #[serde(default)]
    pub bug: Option<String>,
}

/// Whose server it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum TargetOf {
    /// The orchestrator of this repository.
    Builtin,
    /// The real Temporal server.
    Temporal,
}

/// Where it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum WorldOf {
    /// In a simulated cluster.
    Simulation,
    /// As processes over Cassandra in a container.
    Container,
}

impl On {
    /// The names of the processes that faults can be done to; none if they are numbered.
    pub(super) fn processes(&self) -> &'static [&'static str] {
        match self.target {
            TargetOf::Builtin => &[],
            TargetOf::Temporal => self.topology.unwrap_or_default().processes(),
        }
    }

    /// The target as a choice, for faults of these families.
    pub(super) fn choice(&self, faults: Vec<Family>) -> Result<Choice, String> {
        let durability = self.durability.unwrap_or(Durability::Strict);
        let refuse = |given: bool, what: &str, only: &str| {
            if given { Err(format!("`{what}` is for {only}")) } else { Ok(()) }
        };
        refuse(self.topology.is_some() && self.target == TargetOf::Builtin, "topology", "target = \"temporal\"")?;
        refuse(self.nodes.is_some() && self.target == TargetOf::Temporal, "nodes", "target = \"builtin\"")?;
        refuse(self.bug.is_some() && self.target == TargetOf::Temporal, "bug", "target = \"builtin\"")?;
        match (self.target, self.world) {
            (TargetOf::Builtin, WorldOf::Simulation) => {
                refuse(self.durability.is_some(), "durability", "world = \"container\"")?;
                Ok(Choice::Simulation { faults, large: false, bug: self.bug.clone() })
            }
            (TargetOf::Builtin, WorldOf::Container) => {
                Ok(Choice::Container { nodes: self.nodes.unwrap_or(3), durability, faults, bug: self.bug.clone() })
            }
            (TargetOf::Temporal, WorldOf::Container) => {
                Ok(Choice::TemporalContainer { topology: self.topology.unwrap_or_default(), durability, faults })
            }
            (TargetOf::Temporal, WorldOf::Simulation) => {
                Err("Temporal cannot be simulated; expected world = \"container\"".to_owned())
            }
        }
    }
}
