//! Requests that a run knows by their ids: the one that made it, and those that were attached to it.

use crate::entity::EventId;
use resurgam_api::temporal::enums::v1::EventType;
use resurgam_api::temporal::history::v1::history_event::Attributes;

/// A request, and the event that tells of it.
#[derive(Clone, PartialEq, prost::Message)]
pub struct AttachedRequest {
    /// The id that the caller gave the request.
    #[prost(string, tag = "1")]
    pub request_id: String,
    /// The type of the event.
    #[prost(enumeration = "EventType", tag = "2")]
    pub event_type: i32,
    /// The event; 0: it waits for the started workflow task to end.
    #[prost(int64, tag = "3")]
    pub event_id: EventId,
}

/// From now on a request is known. The event that tells of it waits if it has no id.
pub fn attach(known: &mut Vec<AttachedRequest>, request_id: &str, event_type: EventType, event: Option<EventId>) {
    if request_id.is_empty() {
        return;
    }
    known.retain(|known| known.request_id != request_id);
    known.push(AttachedRequest {
        request_id: request_id.to_owned(),
        event_type: event_type.into(),
        event_id: event.unwrap_or(0),
    });
}

/// The id of the request that made the run; `None`: it was made before that was kept.
#[must_use]
pub fn maker(known: &[AttachedRequest]) -> Option<String> {
    let maker = known.iter().find(|known| known.event_type() == EventType::WorkflowExecutionStarted);
    maker.map(|known| known.request_id.clone())
}

/// The id of the request that an event attaches to the run.
#[must_use]
pub fn attached(attributes: &Attributes) -> Option<String> {
    match attributes {
        Attributes::WorkflowExecutionOptionsUpdatedEventAttributes(it) => Some(it.attached_request_id.clone()),
        _ => None,
    }
}
