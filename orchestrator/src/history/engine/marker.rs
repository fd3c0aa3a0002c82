//! Commands that only leave a note: markers, search attributes, properties.

use super::command_failure::CommandFailure;
use super::transaction::Transaction;
use resurgam_api::temporal::command::v1::{
    ModifyWorkflowPropertiesCommandAttributes, RecordMarkerCommandAttributes,
    UpsertWorkflowSearchAttributesCommandAttributes,
};
use resurgam_api::temporal::common::v1::{Memo, Payload, SearchAttributes};
use resurgam_api::temporal::enums::v1::WorkflowTaskFailedCause as Cause;
use resurgam_api::temporal::history::v1::history_event::Attributes;
use resurgam_api::temporal::history::v1::{
    MarkerRecordedEventAttributes, UpsertWorkflowSearchAttributesEventAttributes,
    WorkflowPropertiesModifiedEventAttributes,
};
use resurgam_state::EventId;
use resurgam_state::parts::Parts;
use std::collections::HashMap;

/// Writes a marker.
pub(super) fn record(
    tx: &mut Transaction<'_, '_>,
    attributes: &RecordMarkerCommandAttributes,
    completed: EventId,
) -> Result<(), CommandFailure> {
    if attributes.marker_name.is_empty() {
        return Err(CommandFailure::new(
            Cause::BadRecordMarkerAttributes,
            "MarkerName is not set on RecordMarkerCommand.",
        ));
    }
    tx.command_event(Attributes::MarkerRecordedEventAttributes(MarkerRecordedEventAttributes {
        marker_name: attributes.marker_name.clone(),
        details: attributes.details.clone(),
        workflow_task_completed_event_id: completed,
        header: attributes.header.clone(),
        failure: attributes.failure.clone(),
    }));
    Ok(())
}

/// Changes search attributes.
pub(super) fn upsert(
    tx: &mut Transaction<'_, '_>,
    attributes: &UpsertWorkflowSearchAttributesCommandAttributes,
    completed: EventId,
) -> Result<(), CommandFailure> {
    let Some(fields) = attributes.search_attributes.as_ref().filter(|it| !it.indexed_fields.is_empty()) else {
        let what = if attributes.search_attributes.is_none() { "SearchAttributes" } else { "IndexedFields" };
        let message = format!("{what} is not set on UpsertWorkflowSearchAttributesCommand.");
        return Err(CommandFailure::new(Cause::BadSearchAttributes, message));
    };
    merge(&mut tx.run.state.search_attributes, &fields.indexed_fields);
    tx.command_event(Attributes::UpsertWorkflowSearchAttributesEventAttributes(
        UpsertWorkflowSearchAttributesEventAttributes {
            workflow_task_completed_event_id: completed,
            search_attributes: attributes.search_attributes.clone(),
        },
    ));
    Ok(())
}

/// Changes the memo.
pub(super) fn modify(
    tx: &mut Transaction<'_, '_>,
    attributes: &ModifyWorkflowPropertiesCommandAttributes,
    completed: EventId,
) -> Result<(), CommandFailure> {
    let Some(memo) = attributes.upserted_memo.as_ref().filter(|memo| !memo.fields.is_empty()) else {
        let what = if attributes.upserted_memo.is_none() { "UpsertedMemo" } else { "UpsertedMemo.Fields" };
        let message = format!("{what} is not set on ModifyWorkflowPropertiesCommand.");
        return Err(CommandFailure::new(Cause::BadModifyWorkflowPropertiesAttributes, message));
    };
    merge(&mut tx.run.state.memo, &memo.fields);
    tx.command_event(Attributes::WorkflowPropertiesModifiedEventAttributes(
        WorkflowPropertiesModifiedEventAttributes {
            workflow_task_completed_event_id: completed,
            upserted_memo: attributes.upserted_memo.clone(),
        },
    ));
    Ok(())
}

/// A memo as events have it: without fields that are nothing, or not at all.
pub(super) fn memo(memo: Option<Memo>) -> Option<Memo> {
    memo.map(|memo| Memo { fields: filled(memo.fields) }).filter(|memo| !memo.fields.is_empty())
}

/// Search attributes as events have them: without those that are nothing, or not at all.
pub(super) fn attributes(attributes: Option<SearchAttributes>) -> Option<SearchAttributes> {
    let attributes = attributes.map(|it| SearchAttributes { indexed_fields: filled(it.indexed_fields) });
    attributes.filter(|it| !it.indexed_fields.is_empty())
}

fn filled(mut fields: HashMap<String, Payload>) -> HashMap<String, Payload> {
    fields.retain(|_, payload| !is_nothing(payload));
    fields
}

/// A field that is none: absent, or an empty list. A null of JSON is a value, as by Temporal.
fn is_nothing(payload: &Payload) -> bool {
    let encoding = payload.metadata.get("encoding").map(Vec::as_slice);
    payload.data.is_empty() || encoding == Some(b"binary/null") || payload.data == b"[]"
}

/// Sets fields; one that is nothing, or an empty list, goes.
pub(super) fn merge(into: &mut Parts<String, Payload>, from: &HashMap<String, Payload>) {
    for (name, payload) in from {
        if is_nothing(payload) {
            into.remove(name);
        } else {
            into.insert(name.clone(), payload.clone());
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::super::fixture::Fixture;
    use super::*;
    use resurgam_api::temporal::command::v1::command::Attributes as Command;
    use resurgam_api::temporal::common::v1::{Memo, SearchAttributes};

    fn fields(name: &str, data: &[u8]) -> HashMap<String, Payload> {
        [(name.to_owned(), Payload { data: data.to_vec(), ..Payload::default() })].into()
    }

    #[test]
    fn notes_are_written_and_remembered() {
        let mut run = Fixture::new();
        let marker = RecordMarkerCommandAttributes { marker_name: "m".into(), ..Default::default() };
        let search = SearchAttributes { indexed_fields: fields("s", b"1") };
        let memo = Memo { fields: fields("k", b"2") };
        run.commands(vec![
            Command::RecordMarkerCommandAttributes(marker),
            Command::UpsertWorkflowSearchAttributesCommandAttributes(UpsertWorkflowSearchAttributesCommandAttributes {
                search_attributes: Some(search),
            }),
            Command::ModifyWorkflowPropertiesCommandAttributes(ModifyWorkflowPropertiesCommandAttributes {
                upserted_memo: Some(memo),
            }),
        ])
        .unwrap();
        let events = ["WorkflowTaskCompleted", "MarkerRecorded", "UpsertWorkflowSearchAttributes"];
        assert_eq!(run.take(), [&events[..], &["WorkflowPropertiesModified"]].concat());
        assert_eq!(run.run.state.search_attributes["s"].data, b"1");
        assert_eq!(run.run.state.memo["k"].data, b"2");
        let none =
            ModifyWorkflowPropertiesCommandAttributes { upserted_memo: Some(Memo { fields: fields("k", b"[]") }) };
        run.commands(vec![Command::ModifyWorkflowPropertiesCommandAttributes(none)]).unwrap();
        assert!(run.run.state.memo.is_empty());
    }

    #[test]
    fn empty_notes_are_refused() {
        let mut run = Fixture::new();
        let cause = |result: Result<(), CommandFailure>| result.unwrap_err().cause;
        let marker = Command::RecordMarkerCommandAttributes(RecordMarkerCommandAttributes::default());
        assert_eq!(cause(run.commands(vec![marker])), Cause::BadRecordMarkerAttributes);
        let search = UpsertWorkflowSearchAttributesCommandAttributes::default();
        let search = Command::UpsertWorkflowSearchAttributesCommandAttributes(search);
        assert_eq!(cause(run.commands(vec![search])), Cause::BadSearchAttributes);
        let memo = ModifyWorkflowPropertiesCommandAttributes::default();
        let memo = Command::ModifyWorkflowPropertiesCommandAttributes(memo);
        assert_eq!(cause(run.commands(vec![memo])), Cause::BadModifyWorkflowPropertiesAttributes);
    }
}
