//! How a question to the list of workflows is answered: records are read in order and looked at one by one, until there
//! are enough. A page token is the place of the last one that was shown, bound to the namespace.

use super::handler::Frontend;
use super::seal::Kind;
use super::waiting::Wait;
use prost::Message as _;
use resurgam_api::temporal::workflow::v1::WorkflowExecutionInfo;
use resurgam_visibility::query::Query;
use resurgam_visibility::{ListPlace, Record, Scope, Sections};
use tokio::time::Instant;
use tonic::Status;

/// Bytes of a page, after which it ends; memos may be large.
pub(super) const BYTES: usize = 2 << 20;

/// A page of a list, as it is asked for.
pub(super) struct Asked<'a> {
    /// Until when it has to be there.
    pub(super) until: Instant,
    /// Workflows, at most.
    pub(super) size: usize,
    /// Where to go on; empty: at the beginning.
    pub(super) token: &'a [u8],
}

/// A page of a list.
pub(super) struct Found {
    pub(super) executions: Vec<WorkflowExecutionInfo>,
    pub(super) next_page_token: Vec<u8>,
}

/// What is behind a page token.
#[derive(Clone, PartialEq, prost::Message)]
struct PageToken {
    #[prost(string, tag = "1")]
    namespace_id: String,
    #[prost(string, tag = "2")]
    place: String,
}

impl Frontend {
    /// A page of the workflows that a question finds in these parts of the list.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if it is no question or no token, `DEADLINE_EXCEEDED`, or `UNAVAILABLE`.
    pub(super) async fn list(
        &self,
        namespace: &str,
        query: &str,
        sections: Sections,
        asked: Asked<'_>,
    ) -> Result<Found, Status> {
        let namespace = self.current(namespace).await?;
        let mut after = self.place(&namespace.id, asked.token)?;
        let query = Query::list(query, &namespace.search_attributes).map_err(Status::invalid_argument)?;
        let _place = self.waiting.enter(&namespace.id, Wait::List)?;
        let scope = scope(&namespace.id, &query, sections);
        let (mut executions, mut bytes) = (Vec::new(), 0);
        loop {
            let page = self.visibility.read(&scope, after.as_ref()).await?;
            for record in page.records.into_iter().filter(|record| query.finds(record)) {
                let place = record.place();
                let memo = self.visibility.memo(&namespace.id, &record).await?;
                let info = record.info(memo);
                bytes += info.encoded_len();
                executions.push(info);
                if executions.len() == asked.size || bytes >= BYTES {
                    return Ok(Found { executions, next_page_token: self.token(&namespace.id, &place) });
                }
            }
            after = match page.next {
                Some(next) => Some(next),
                None => return Ok(Found { executions, next_page_token: Vec::new() }),
            };
            in_time(asked.until)?;
        }
    }

    /// Looks at each record that a question finds.
    ///
    /// # Errors
    /// `DEADLINE_EXCEEDED`, or `UNAVAILABLE`.
    pub(super) async fn each(
        &self,
        namespace_id: &str,
        query: &Query,
        until: Instant,
        mut look: impl FnMut(&Record) + Send,
    ) -> Result<(), Status> {
        let _place = self.waiting.enter(namespace_id, Wait::List)?;
        let scope = scope(namespace_id, query, Sections::ALL);
        let mut after = None;
        loop {
            let page = self.visibility.read(&scope, after.as_ref()).await?;
            page.records.iter().filter(|record| query.finds(record)).for_each(&mut look);
            after = match page.next {
                Some(next) => Some(next),
                None => return Ok(()),
            };
            in_time(until)?;
        }
    }

    fn token(&self, namespace_id: &str, place: &ListPlace) -> Vec<u8> {
        let token = PageToken { namespace_id: namespace_id.to_owned(), place: place.text().to_owned() };
        self.seal.close(Kind::Workflows, &token.encode_to_vec())
    }

    /// The place behind a token; none: the beginning.
    #[allow(clippy::result_large_err, reason = "a status is what the caller answers with")]
    fn place(&self, namespace_id: &str, token: &[u8]) -> Result<Option<ListPlace>, Status> {
        if token.is_empty() {
            return Ok(None);
        }
        let token = self.seal.open(Kind::Workflows, token).and_then(|body| PageToken::decode(body).ok());
        match token {
            Some(token) if token.namespace_id == namespace_id => Ok(Some(ListPlace::of(token.place))),
            _ => Err(Status::invalid_argument("Invalid NextPageToken.")),
        }
    }
}

/// Where the answers are.
fn scope(namespace_id: &str, query: &Query, sections: Sections) -> Scope {
    Scope {
        namespace_id: namespace_id.to_owned(),
        workflow_id: query.workflow_id().map(str::to_owned),
        sections: query.sections().and(sections),
    }
}

#[allow(clippy::result_large_err, reason = "a status is what the caller answers with")]
fn in_time(until: Instant) -> Result<(), Status> {
    if Instant::now() < until {
        return Ok(());
    }
    Err(Status::deadline_exceeded("there are more workflows than can be looked at in time"))
}
