//! Page tokens of histories: where a reader goes on, and whose history it is.
//!
//! History knows places in the history of a run; which workflow it belongs to is bound to them here, so that a token that was
//! given for one workflow leads nowhere in the name of another.

use super::seal::{Kind, Seal};
use crate::cluster::{Rejection, status};
use crate::planted::{Bug, planted};
use prost::Message as _;
use resurgam_api::internal::Target;
use tonic::Status;

/// What a page token of a history holds.
#[derive(Clone, PartialEq, prost::Message)]
struct PageToken {
    #[prost(string, tag = "1")]
    namespace_id: String,
    #[prost(string, tag = "2")]
    workflow_id: String,
    /// As history made it.
    #[prost(bytes = "vec", tag = "3")]
    place: Vec<u8>,
}

/// The token for a place in the history of a workflow; no token if there is no such place.
pub(super) fn close(seal: &Seal, namespace_id: &str, workflow_id: &str, place: Vec<u8>) -> Vec<u8> {
    if place.is_empty() {
        return place;
    }
    let token = PageToken { namespace_id: namespace_id.to_owned(), workflow_id: workflow_id.to_owned(), place };
    seal.close(Kind::History, &token.encode_to_vec())
}

/// The place of a token that was given for the workflow `target`.
///
/// # Errors
/// INVALID_ARGUMENT if it is no page token of ours, NOT_FOUND if it is one of another workflow: there, that workflow has no
/// such run.
#[allow(clippy::result_large_err, reason = "a status is what the caller answers with")]
pub(super) fn open(seal: &Seal, target: &Target, token: &[u8]) -> Result<Vec<u8>, Status> {
    let token = seal.open(Kind::History, token).and_then(|body| PageToken::decode(body).ok());
    let token = token.ok_or_else(|| Status::invalid_argument("Invalid NextPageToken."))?;
    let bound = (&token.namespace_id, &token.workflow_id) == (&target.namespace_id, &target.workflow_id);
    if !bound && !planted(Bug::PageTokenUnbound) {
        let message = format!("workflow not found for ID: {}", target.workflow_id);
        return Err(status::of(&Rejection::NotFound(message)));
    }
    Ok(token.place)
}
