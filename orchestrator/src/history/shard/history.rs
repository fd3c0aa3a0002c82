//! Reading histories: pages of a snapshot, long polls for what comes after, and the history that goes with a workflow task.
//! The shard's task says where a committed history ends; the nodes are read beside it.

use super::chain::{self, UnreadableHistory};
use super::handle::{Shard, doubt};
use super::job::RunView;
use super::place::HistoryPlace;
use super::route::Target;
use crate::cluster::Rejection;
use crate::history::engine::Handout;
use prost::Message;
use resurgam_api::internal;
use resurgam_api::temporal::enums::v1::HistoryEventFilterType;
use resurgam_api::temporal::history::v1::{History, HistoryEvent};
use resurgam_api::temporal::workflowservice::v1::{
    GetWorkflowExecutionHistoryResponse as Response, PollWorkflowTaskQueueResponse,
};
use resurgam_state::{EventId, Tail};
use std::time::Duration;
use tokio::time::Instant;

/// What a reader wants.
struct ReadOptions {
    page: usize,
    wait: bool,
    last_only: bool,
    with_unwritten: bool,
    until: Instant,
}

/// Where a reader begins.
#[derive(Clone, Copy)]
struct Start {
    from: EventId,
    /// A node of the chain that begins at or before that event, if the reader has got so far already.
    at: Option<Tail>,
    /// There is such a run.
    known: bool,
}

impl Handout {
    /// What a worker gets who may come later: no history, and the token by which it can be read from its first page on.
    #[must_use]
    pub fn promised(self) -> PollWorkflowTaskQueueResponse {
        let Self { mut poll, history } = self;
        poll.next_page_token = HistoryPlace::from(history).encode_to_vec();
        poll
    }
}

impl Shard {
    /// A page of a history, or the next events of one. Who waits for events waits no longer than `patience`, and is then
    /// answered without any.
    ///
    /// # Errors
    /// No such run, a token that is not of this run, or [`Rejection::Unavailable`].
    pub async fn history(
        &self,
        request: internal::GetHistoryRequest,
        patience: Duration,
    ) -> Result<Response, Rejection> {
        let target =
            request.target.ok_or_else(|| Rejection::InvalidArgument("the call names no workflow".to_owned()))?;
        let mut target = Target::from(target);
        let with_unwritten = request.with_unwritten;
        let missing = || Rejection::InvalidArgument("Request is nil.".to_owned());
        let request = request.request.ok_or_else(missing)?;
        // Nothing, or less, asks for the usual size.
        let asked = usize::try_from(request.maximum_page_size).unwrap_or(0);
        let options = ReadOptions {
            page: if asked == 0 { self.config.page } else { asked.min(self.config.page) },
            wait: request.wait_new_event,
            last_only: request.history_event_filter_type == HistoryEventFilterType::CloseEvent as i32,
            with_unwritten,
            until: Instant::now() + self.config.long_poll.min(patience),
        };
        let mut start = Start { from: 1, at: None, known: false };
        if !request.next_page_token.is_empty() {
            let place = HistoryPlace::parse(&request.next_page_token)?;
            if !target.run_id.is_empty() && target.run_id != place.run_id {
                return Err(Rejection::InvalidArgument("the page token is of another run".to_owned()));
            }
            if place.from < place.next || !place.appended.is_empty() {
                target.run_id.clone_from(&place.run_id);
                return self.page_of(target, place, options.page).await;
            }
            target.run_id = place.run_id;
            start = Start { from: place.from, at: place.at, known: true };
        }
        self.first_page(target, start, &options).await
    }

    /// Looks until there is what the reader wishes, or the time is over.
    async fn first_page(
        &self,
        mut target: Target,
        mut start: Start,
        options: &ReadOptions,
    ) -> Result<Response, Rejection> {
        loop {
            let look = self.look(target.clone());
            let (view, watch) = match options.wait {
                false => look.await?,
                true => match tokio::time::timeout_at(options.until, look).await {
                    Ok(looked) => looked?,
                    // The shard is not served now.
                    Err(_) if start.known => return Ok(nothing(target.run_id, start)),
                    Err(_) => return Err(doubt()),
                },
            };
            // A run that was current when the reader came is the one that it waits for.
            target.run_id.clone_from(&view.run_id);
            start.known = true;
            let news = if options.last_only { !view.open } else { view.next > start.from };
            if news || !options.wait || !view.open {
                return self.snapshot(target, view, start, options).await;
            }
            let Some(mut watch) = watch else { return Err(doubt()) };
            match tokio::time::timeout_at(options.until, watch.changed()).await {
                Ok(Ok(())) => {}
                // The tenure is over.
                Ok(Err(_)) => return Err(doubt()),
                Err(_) => return Ok(nothing(view.run_id, start)),
            }
        }
    }

    async fn snapshot(
        &self,
        target: Target,
        view: RunView,
        start: Start,
        options: &ReadOptions,
    ) -> Result<Response, Rejection> {
        let RunView { run_id, open, next, tail, unwritten } = view;
        let Start { from, at, .. } = start;
        let appended = if options.with_unwritten { unwritten } else { Vec::new() };
        let mut place = HistoryPlace { run_id, from, next, tail, appended, follow: open && options.wait, at };
        if options.last_only && open {
            // There is no last event yet.
            return Ok(response(Vec::new(), None));
        }
        if options.last_only {
            (place.from, place.at, place.follow) = (next - 1, tail, false);
            place.appended.clear();
        }
        self.page_of(target, place, options.page).await
    }

    /// The page at `place` of the run `target`, which may have been deleted since the reader was told of the place.
    async fn page_of(&self, target: Target, place: HistoryPlace, size: usize) -> Result<Response, Rejection> {
        match self.page(place, size).await {
            Err(broken @ UnreadableHistory::Broken(_)) => match self.look(target).await {
                Err(gone @ Rejection::NotFound(_)) => Err(gone),
                _ => Err(unreadable(&broken)),
            },
            page => page.map_err(|problem| unreadable(&problem)),
        }
    }

    /// The page at `place`.
    async fn page(&self, mut place: HistoryPlace, size: usize) -> Result<Response, UnreadableHistory> {
        let end = place.next.min(place.from.saturating_add(i64::try_from(size).unwrap_or(i64::MAX)));
        let part = chain::read(self.store.as_ref(), &place.run_id, place.tail, place.at, place.from, end).await;
        let chain::Part { mut events, at } = part?;
        (place.from, place.at) = (place.from + events.len() as EventId, at);
        if place.from < place.next {
            return Ok(response(events, Some(&place)));
        }
        events.append(&mut place.appended);
        // What comes next has another end.
        place.tail = None;
        Ok(response(events, Some(&place).filter(|place| place.follow)))
    }

    /// The events of a run up to now, the first of which are known.
    ///
    /// # Errors
    /// No such run, or [`Rejection::Unavailable`].
    pub async fn rest(&self, target: Target, mut known: Vec<HistoryEvent>) -> Result<Vec<HistoryEvent>, Rejection> {
        let (view, _) = self.look(target.clone()).await?;
        let mut at = None;
        while (known.len() as EventId) + 1 < view.next {
            let from = known.len() as EventId + 1;
            match chain::read(self.store.as_ref(), &view.run_id, view.tail, at, from, view.next).await {
                Ok(part) => {
                    known.extend(part.events);
                    at = part.at;
                }
                Err(problem) => match self.look(target).await {
                    Err(gone @ Rejection::NotFound(_)) => return Err(gone),
                    _ => return Err(unreadable(&problem)),
                },
            }
        }
        Ok(known)
    }

    /// What a worker gets, with its history: all of it, or the first page and the token of the next.
    ///
    /// # Errors
    /// [`Rejection::Unavailable`].
    pub async fn complete(&self, handout: Handout) -> Result<PollWorkflowTaskQueueResponse, Rejection> {
        let Handout { mut poll, history } = handout;
        let page = self.page(HistoryPlace::from(history), self.config.page).await;
        let page = page.map_err(|problem| unreadable(&problem))?;
        poll.history = page.history;
        poll.next_page_token = page.next_page_token;
        Ok(poll)
    }
}

/// What a reader is told of a history that cannot be read.
pub(super) fn unreadable(problem: &UnreadableHistory) -> Rejection {
    if matches!(problem, UnreadableHistory::Broken(_)) {
        tracing::error!(%problem, "a history is damaged");
    }
    Rejection::Unavailable(problem.to_string())
}

fn response(events: Vec<HistoryEvent>, place: Option<&HistoryPlace>) -> Response {
    Response {
        history: Some(History { events }),
        next_page_token: place.map_or_else(Vec::new, Message::encode_to_vec),
        ..Response::default()
    }
}

/// There is nothing new; the token asks for the same again.
fn nothing(run_id: String, start: Start) -> Response {
    let Start { from, at, .. } = start;
    let place = HistoryPlace { run_id, from, next: from, follow: true, at, ..HistoryPlace::default() };
    response(Vec::new(), Some(&place))
}
