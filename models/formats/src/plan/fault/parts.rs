//! What can be changed about a fault, whatever its kind.

use super::affected::{Side, Way};
use super::store::PartitionKind;
use crate::time::Millis;

/// The parts that a fault has, of all that one can have: to be made plainer or smaller where they stand.
#[derive(Debug, Default)]
pub struct Parts<'f> {
    /// The side of a cut.
    pub side: Option<&'f mut Side>,
    /// Which messages are lost.
    pub way: Option<&'f mut Way>,
    /// The node, where there must be one.
    pub node: Option<&'f mut u8>,
    /// The node to which the fault is narrowed down, if it is.
    pub only_node: Option<&'f mut Option<u8>>,
    /// The kind of partition to which the fault is narrowed down, if it is.
    pub only_partition: Option<&'f mut Option<PartitionKind>>,
    /// The number of calls.
    pub calls: Option<&'f mut u8>,
    /// How much later something happens.
    pub delay_ms: Option<&'f mut Millis>,
    /// By how much a clock is wrong.
    pub clock_by_ms: Option<&'f mut i32>,
}
