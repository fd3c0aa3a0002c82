//! Protocol messages: updates that go to workers with a workflow task, and what workers say to them.

use super::command_failure::CommandFailure;
use super::transaction::Transaction;
use super::{PendingUpdate, Run, update};
use crate::cluster::Rejection as Refusal;
use prost::{Message as _, Name};
use prost_wkt_types::Any;
use resurgam_api::temporal::command::v1::Command;
use resurgam_api::temporal::command::v1::command::Attributes as Decided;
use resurgam_api::temporal::enums::v1::WorkflowTaskFailedCause as Cause;
use resurgam_api::temporal::history::v1::history_event::Attributes;
use resurgam_api::temporal::history::v1::{
    WorkflowExecutionUpdateAcceptedEventAttributes, WorkflowExecutionUpdateCompletedEventAttributes,
};
use resurgam_api::temporal::protocol::v1::Message;
use resurgam_api::temporal::protocol::v1::message::SequencingId;
use resurgam_api::temporal::update::v1::{Acceptance, Outcome, Rejection, Request, Response, outcome};
use resurgam_state::{EventId, Update};

/// Lets the updates that no worker has been sent yet go with the workflow task that is being started.
pub fn send(tx: &mut Transaction<'_, '_>, started_event_id: EventId) {
    let Run { state, volatile, .. } = &mut *tx.run;
    let unsent = |update: &&mut PendingUpdate| update.sent == 0 && !update.accepted;
    for update in volatile.updates.iter_mut().filter(unsent) {
        // An update that was admitted by an event is found there by the worker, and needs no message.
        if !state.admitted.contains_key(update.id()) {
            update.sent = started_event_id;
        }
    }
}

/// What a worker was sent, and was not able to answer as it should: whoever waits is told so, and it is not sent again.
/// temporalio/temporal, `update/abort_reason.go`: `AbortReasonWorkflowTaskFailed`.
pub(super) fn abort(tx: &mut Transaction<'_, '_>) {
    const WHY: &str = "Unable to perform workflow execution update due to unexpected workflow task failure.";
    let admitted = &tx.run.state.admitted;
    let seen = |it: &mut PendingUpdate| it.sent != 0 && !it.accepted && !admitted.contains_key(it.id());
    let aborted: Vec<_> = tx.run.volatile.updates.extract_if(.., seen).flat_map(|it| it.waiters).collect();
    for (waiter, _) in aborted {
        tx.answer(&waiter, Err(Refusal::FailedPrecondition(WHY.to_owned())));
    }
}

/// The messages that go with the started workflow task, the same however often it is asked for.
pub(crate) fn outgoing(tx: &Transaction<'_, '_>, started_event_id: EventId) -> Vec<Message> {
    let updates = &tx.run.volatile.updates;
    let sent = updates.iter().filter(|update| update.sent == started_event_id && !update.accepted);
    sent.map(|update| Message {
        id: format!("{}/request", update.id()),
        protocol_instance_id: update.id().to_owned(),
        body: Some(Any {
            type_url: format!("type.googleapis.com/{}", Request::full_name()),
            value: update.request.encode_to_vec(),
        }),
        sequencing_id: Some(SequencingId::EventId(started_event_id - 1)),
    })
    .collect()
}

/// The messages with which a worker has completed a workflow task, as far as they are not applied yet.
pub struct Incoming<'a>(Vec<&'a Message>);

impl<'a> Incoming<'a> {
    /// The messages of a completion.
    pub fn new(messages: &'a [Message]) -> Self {
        Self(messages.iter().collect())
    }

    /// Applies the message that a `PROTOCOL_MESSAGE` command refers to.
    ///
    /// # Errors
    /// There is none, or it can never be applied.
    pub fn command(&mut self, tx: &mut Transaction<'_, '_>, command: &Command) -> Result<(), CommandFailure> {
        let Some(Decided::ProtocolMessageCommandAttributes(it)) = &command.attributes else { return Ok(()) };
        let Some(place) = self.0.iter().position(|message| message.id == it.message_id) else {
            let message = format!("ProtocolMessageCommand referenced absent message ID {}", it.message_id);
            return Err(bad(message));
        };
        apply(tx, self.0.remove(place))
    }

    /// Applies those messages that no command has referred to, in the order in which they were sent.
    ///
    /// # Errors
    /// One can never be applied.
    pub fn rest(self, tx: &mut Transaction<'_, '_>) -> Result<(), CommandFailure> {
        self.0.into_iter().try_for_each(|message| apply(tx, message))
    }
}

fn bad(message: impl Into<String>) -> CommandFailure {
    CommandFailure::new(Cause::BadUpdateWorkflowExecutionMessage, message)
}

fn apply(tx: &mut Transaction<'_, '_>, message: &Message) -> Result<(), CommandFailure> {
    let id = message.protocol_instance_id.as_str();
    let open = tx.require_open().is_ok();
    match said(message) {
        Ok(Said::Rejected(it)) => reject(tx, id, *it),
        Ok(Said::Accepted(it)) if open => accept(tx, id, *it),
        Ok(Said::Completed(it)) if open => complete(tx, id, *it),
        Ok(Said::Accepted(_) | Said::Completed(_)) | Err(_) => Ok(()),
    }
}

/// What a worker says to an update.
enum Said {
    Rejected(Box<Rejection>),
    Accepted(Box<Acceptance>),
    Completed(Box<Response>),
}

/// What a message says, or why nobody can tell.
fn said(message: &Message) -> Result<Said, String> {
    let body = message.body.as_ref().ok_or("nil message body")?;
    let rejected = || read(body).map(Said::Rejected);
    let accepted = || read(body).map(Said::Accepted);
    let completed = || read(body).map(Said::Completed);
    let said = rejected().or_else(accepted).or_else(completed);
    said.ok_or_else(|| format!("messages of type {} cannot be read", body.type_url))
}

/// Why nobody can tell what a message says. A completion with one is refused as a whole, and its task goes on, unless a command cannot
/// be executed either.
pub(super) fn unreadable(message: &Message) -> Option<String> {
    said(message).err()
}

/// The body, if it is of this type.
fn read<M: Name + Default>(body: &Any) -> Option<Box<M>> {
    let name = body.type_url.rsplit_once('/').map_or(body.type_url.as_str(), |(_, name)| name);
    (name == M::full_name()).then(|| M::decode(body.value.as_slice()).ok()).flatten().map(Box::new)
}

/// The worker accepts. An update that was forgotten meanwhile is accepted too if the worker shows what it was.
fn accept(tx: &mut Transaction<'_, '_>, id: &str, said: Acceptance) -> Result<(), CommandFailure> {
    if id.is_empty() || tx.run.state.updates.contains_key(id) {
        return Err(bad(format!("update {id:?} is accepted already")));
    }
    let admission = tx.run.state.admitted.remove(id);
    let admitted = admission.is_some();
    let pending = &mut tx.run.volatile.updates;
    let place = match pending.iter().position(|update| update.id() == id) {
        Some(place) => place,
        None => {
            let shown = admission.and_then(|admission| admission.request).or(said.accepted_request);
            let mut request = shown.ok_or_else(|| bad(format!("update {id:?} is not known, and not shown")))?;
            request.meta.get_or_insert_default().update_id = id.to_owned();
            pending.push(PendingUpdate { request: request.into(), sent: 0, accepted: false, waiters: Vec::new() });
            pending.len() - 1
        }
    };
    pending[place].accepted = true;
    let request = Request::clone(&pending[place].request);
    let accepted_event_id = tx.command_event(Attributes::WorkflowExecutionUpdateAcceptedEventAttributes(
        WorkflowExecutionUpdateAcceptedEventAttributes {
            protocol_instance_id: id.to_owned(),
            accepted_request_message_id: said.accepted_request_message_id,
            accepted_request_sequencing_event_id: said.accepted_request_sequencing_event_id,
            // It stands in the event that admitted it.
            accepted_request: (!admitted).then(|| request.clone()),
        },
    ));
    let update = Update { accepted_event_id, request: Some(request), ..Update::default() };
    tx.run.state.updates.insert(id.to_owned(), update);
    Ok(())
}

/// The worker refuses: that leaves no trace in the run.
fn reject(tx: &mut Transaction<'_, '_>, id: &str, said: Rejection) -> Result<(), CommandFailure> {
    if tx.run.state.updates.contains_key(id) {
        return Err(bad(format!("update {id:?} is rejected, but was accepted")));
    }
    let admitted = tx.run.state.admitted.remove(id).is_some();
    let known = admitted || tx.run.volatile.updates.iter().any(|update| update.id() == id);
    if !known && said.rejected_request.is_none() {
        return Err(bad(format!("update {id:?} is not known, and not shown")));
    }
    // As in Temporal, a worker need not say why.
    update::resolve(tx, id, &Outcome { value: Some(outcome::Value::Failure(said.failure.unwrap_or_default())) });
    Ok(())
}

/// The worker is done with an update that it accepted.
fn complete(tx: &mut Transaction<'_, '_>, id: &str, said: Response) -> Result<(), CommandFailure> {
    let known = tx.run.state.updates.get(id);
    let Some(accepted_event_id) = known.filter(|it| it.outcome.is_none()).map(|it| it.accepted_event_id) else {
        return Err(bad(format!("update {id:?} is completed, but not pending")));
    };
    let outcome = said.outcome.ok_or_else(|| bad(format!("update {id:?} is completed without an outcome")))?;
    let meta = said.meta.filter(|meta| meta.update_id == id);
    let meta = meta.ok_or_else(|| bad(format!("update {id:?} is completed in the name of another, or of none")))?;
    let completed_event_id = tx.command_event(Attributes::WorkflowExecutionUpdateCompletedEventAttributes(
        WorkflowExecutionUpdateCompletedEventAttributes {
            meta: Some(meta),
            accepted_event_id,
            outcome: Some(outcome.clone()),
        },
    ));
    if let Some(update) = tx.run.state.updates.get_mut(id) {
        update.completed_event_id = completed_event_id;
        update.outcome = Some(outcome.clone());
        update.request = None;
        tx.run.state.completed_updates += 1;
    }
    update::resolve(tx, id, &outcome);
    Ok(())
}

/// A workflow task was completed: the updates that went with it and were not answered are rejected.
pub(crate) fn unprocessed(tx: &mut Transaction<'_, '_>) {
    let updates = &tx.run.volatile.updates;
    let seen = tx.run.state.previous_started_event_id;
    let admitted = tx.run.state.admitted.iter().filter(|(_, it)| it.event_id < seen).map(|(id, _)| id.clone());
    let sent = updates.iter().filter(|it| it.sent != 0 && !it.accepted).map(|it| it.id().to_owned());
    let silent: Vec<String> = admitted.chain(sent).collect();
    let outcome = update::failed(
        "UnprocessedUpdate",
        "Workflow Update is rejected because it wasn't processed by worker. Probably, Workflow Update is not supported by the worker.",
    );
    for id in silent {
        tx.run.state.admitted.remove(&id);
        update::resolve(tx, &id, &outcome);
    }
}
