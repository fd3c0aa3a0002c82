//! A lock: whoever acquires it holds it until it is released.

use super::operation::unknown_function;
use crate::wgl::Specification;
use resurgam_formats::objects::{ObjectOperation, OperationEnd};

/// Held by at most one at a time; who that is does not matter.
pub(super) struct Mutex;

impl Specification for Mutex {
    /// Whether it is held.
    type State = bool;
    /// Whether it is acquired, or else released.
    type Call = bool;
    type Key = ();

    fn initial(&self, (): &()) -> bool {
        false
    }
    fn key(&self, _: &bool) {}
    fn step(&self, held: &bool, acquire: &bool) -> Option<bool> {
        (held != acquire).then_some(*acquire)
    }
    fn alike(&self, acquire: &bool) -> Option<[u32; 3]> {
        Some([u32::from(*acquire), 0, 0])
    }
}

/// The call of an operation; `None` if it did not happen.
pub(super) fn call(operation: &ObjectOperation) -> Result<Option<bool>, String> {
    match operation.function.as_str() {
        "acquire" | "release" if operation.end == OperationEnd::Fail => Ok(None),
        "acquire" => Ok(Some(true)),
        "release" => Ok(Some(false)),
        _ => unknown_function(operation, "mutex"),
    }
}
