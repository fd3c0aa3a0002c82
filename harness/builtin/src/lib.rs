//! Our own orchestrator as a target of the suite: how a node of it is started in the simulation, what its rows mean, and
//! how soon bugs that are planted in it are found.
//!
//! The suite itself does not know it: it is tested by the same trait as anybody else's orchestrator.

mod audit;
mod hunt;
mod orchestrator;
mod unchecked;

pub use hunt::{Hunt, hunt};
pub use orchestrator::{Builtin, subject};
pub use resurgam_orchestrator::invariant::Checks;
pub use resurgam_orchestrator::planted::{Bug, plant_in_process};
