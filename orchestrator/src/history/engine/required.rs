//! Parts of a request without which there is nothing to do. Protobuf lets every one of them be absent; where absence means
//! a default, the API says so, and everywhere else the request is refused, as by Temporal's server.

use crate::cluster::Rejection;

/// The request of the public API that an internal one wraps.
///
/// # Errors
/// `InvalidArgument` if there is none.
pub(super) fn request<T>(wrapped: Option<T>) -> Result<T, Rejection> {
    wrapped.ok_or_else(|| Rejection::InvalidArgument("Request is nil.".to_owned()))
}

/// A field of a request.
///
/// # Errors
/// `InvalidArgument` if it is not set.
pub(super) fn field<T>(field: Option<T>, name: &str) -> Result<T, Rejection> {
    field.ok_or_else(|| Rejection::InvalidArgument(format!("{name} is not set on request.")))
}
