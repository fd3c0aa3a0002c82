//! Reading a history from its last event back: each node names the one before it, so a page costs what it shows.

use super::chain::{BYTES, UnreadableHistory};
use super::handle::Shard;
use super::history::unreadable;
use super::node::{self, Node};
use super::place::HistoryPlace;
use super::route::Target;
use crate::cluster::Rejection;
use crate::planted::{Bug, planted};
use crate::store::Store;
use prost::Message;
use resurgam_api::internal::GetHistoryReverseRequest;
use resurgam_api::temporal::history::v1::{History, HistoryEvent};
use resurgam_api::temporal::workflowservice::v1::GetWorkflowExecutionHistoryReverseResponse as Response;
use resurgam_state::{EventId, Tail};

impl Shard {
    /// A page of a history, the last events first.
    ///
    /// # Errors
    /// No such run, a token that is not of this run, or [`Rejection::Unavailable`].
    pub async fn history_reverse(&self, request: GetHistoryReverseRequest) -> Result<Response, Rejection> {
        let missing = |what: &str| Rejection::InvalidArgument(format!("{what} is not set on request."));
        let target = Target::from(request.target.ok_or_else(|| missing("Execution"))?);
        let request = request.request.ok_or_else(|| missing("Request"))?;
        let asked = usize::try_from(request.maximum_page_size).unwrap_or(0);
        let size = if asked == 0 { self.config.page } else { asked.min(self.config.page) };
        let (place, target) = if request.next_page_token.is_empty() {
            let (view, _) = self.look(target.clone()).await?;
            let place = HistoryPlace {
                run_id: view.run_id,
                from: 1,
                next: view.next,
                tail: view.tail,
                ..HistoryPlace::default()
            };
            (place, target)
        } else {
            let place = HistoryPlace::parse(&request.next_page_token)?;
            if !target.run_id.is_empty() && target.run_id != place.run_id {
                return Err(Rejection::InvalidArgument("the page token is of another run".to_owned()));
            }
            let target = Target { run_id: place.run_id.clone(), ..target };
            (place, target)
        };
        let run_id = place.run_id.clone();
        match before(self.store.as_ref(), &run_id, place.tail, place.next, size).await {
            Ok((events, rest)) => {
                let next = events.last().map_or(0, |event| event.event_id);
                let next = if planted(Bug::ReversePageSkips) { next - 1 } else { next };
                let place = HistoryPlace { run_id, from: 1, next, tail: rest, ..HistoryPlace::default() };
                Ok(Response {
                    history: Some(History { events }),
                    next_page_token: rest.map_or_else(Vec::new, |_| place.encode_to_vec()),
                })
            }
            // It may have been deleted since the reader was told of the place.
            Err(problem) => match self.look(target).await {
                Err(gone @ Rejection::NotFound(_)) => Err(gone),
                _ => Err(unreadable(&problem)),
            },
        }
    }
}

/// The events before `end` of the last `size` nodes, or of as many as [`BYTES`] hold, the last event first, of the chain that ends at
/// `tail`; and the node that holds the next. As by Temporal, what was written together is shown together.
async fn before(
    store: &dyn Store,
    run_id: &str,
    mut tail: Option<Tail>,
    end: EventId,
    size: usize,
) -> Result<(Vec<HistoryEvent>, Option<Tail>), UnreadableHistory> {
    let partition = node::partition(run_id);
    let broken = |what: &str| UnreadableHistory::Broken(format!("{partition} {what}"));
    let (mut events, mut nodes, mut bytes) = (Vec::new(), 0, 0);
    while let Some(at) = tail.filter(|_| nodes < size && bytes < BYTES) {
        let key = node::key(at);
        let rows = store.read(&partition, key.clone()..format!("{key}\0"), 1).await;
        let rows = rows.map_err(|unavailable| UnreadableHistory::Unavailable(unavailable.0))?;
        let (_, row) = rows.into_iter().next().ok_or_else(|| broken("lacks a node"))?;
        let node = Node::decode(row).map_err(|_| broken("has a node that cannot be read"))?;
        let mut here = node.history.ok_or_else(|| broken("has a node without events"))?.events;
        here.retain(|event| event.event_id < end);
        bytes += here.iter().map(Message::encoded_len).sum::<usize>();
        events.extend(here.into_iter().rev());
        nodes += 1;
        tail = node.predecessor;
    }
    Ok((events, tail))
}
