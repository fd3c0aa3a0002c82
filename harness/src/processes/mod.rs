//! Cases on nodes that are processes of their own: several at a time share the nodes, and so the faults.

mod round;
mod shared_faults;
mod stage;

pub(crate) use round::{Round, RoundMember};
pub(crate) use stage::ProcessStage;
