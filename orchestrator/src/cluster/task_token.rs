//! Task tokens: which task of which run, as opaque bytes in the hands of workers.
//!
//! A token is our own message; nothing in it is secret and nothing is trusted: history compares it with the state. Bytes
//! that are no token of ours are refused before anything is asked of history.

use prost::Message as _;
use resurgam_api::internal::TaskToken;
use tonic::Status;

/// A token as bytes.
#[must_use]
pub fn encode(token: &TaskToken) -> Vec<u8> {
    token.encode_to_vec()
}

/// The token of a task of a run.
///
/// # Errors
/// INVALID_ARGUMENT: no token, or none of ours.
#[allow(clippy::result_large_err, reason = "a status is what the caller answers with")]
pub fn decode(bytes: &[u8]) -> Result<TaskToken, Status> {
    if bytes.is_empty() {
        return Err(Status::invalid_argument("Task token not set on request."));
    }
    let token = TaskToken::decode(bytes).ok().filter(|token| {
        let names_run = !token.namespace_id.is_empty() && !token.workflow_id.is_empty();
        names_run && (token.scheduled_event_id > 0 || !token.activity_id.is_empty() || !token.query_id.is_empty())
    });
    token.ok_or_else(|| Status::invalid_argument("Invalid TaskToken."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic::Code;

    #[test]
    fn a_token_comes_back_and_nothing_else_does() {
        let token = TaskToken {
            namespace_id: "n".into(),
            workflow_id: "w".into(),
            run_id: "r".into(),
            scheduled_event_id: 5,
            attempt: 1,
            ..TaskToken::default()
        };
        assert_eq!(decode(&encode(&token)).unwrap(), token);
        let nameless = TaskToken { scheduled_event_id: 5, ..TaskToken::default() };
        let taskless = TaskToken { scheduled_event_id: 0, ..token };
        for bad in [Vec::new(), b"nonsense".to_vec(), vec![0xff; 40], encode(&nameless), encode(&taskless)] {
            assert_eq!(decode(&bad).unwrap_err().code(), Code::InvalidArgument, "{bad:?}");
        }
    }
}
