//! Which workflows a batch operation is about: those of the list of workflows that its question finds, some at a time.

use crate::cluster::namespaces::Registry;
use resurgam_api::temporal::common::v1::WorkflowExecution;
use resurgam_batch::{Item, PAGE, Selected, Selection};
use resurgam_visibility::query::Query;
use resurgam_visibility::{ListPlace, Record, Scope, Visibility};
use tonic::Status;

/// How often the list is read for one page, at most.
const READS: usize = 16;

/// The question of a selection, in its namespace as it is now, and where the answers are.
async fn question(registry: &Registry, selection: &Selection) -> Result<(Query, Scope), Status> {
    let name = registry.find_by_id(&selection.namespace_id).await?.name;
    let namespace = registry.look(&name).await?;
    let query = Query::list(&selection.query, &namespace.search_attributes).map_err(Status::invalid_argument)?;
    let scope = Scope {
        namespace_id: namespace.id,
        workflow_id: query.workflow_id().map(str::to_owned),
        sections: query.sections(),
    };
    Ok((query, scope))
}

/// How many there are.
///
/// # Errors
/// INVALID_ARGUMENT if it is no question, or UNAVAILABLE.
pub(super) async fn count(
    registry: &Registry,
    visibility: &dyn Visibility,
    selection: &Selection,
) -> Result<i64, Status> {
    let (query, scope) = question(registry, selection).await?;
    let (mut count, mut after) = (0, None);
    loop {
        let page = visibility.read(&scope, after.as_ref()).await?;
        count += page.records.iter().filter(|record| query.finds(record)).count();
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(i64::try_from(count).unwrap_or(i64::MAX)),
        }
    }
}

/// Some of those behind a place: a page of them at most, and perhaps none though there are more.
///
/// # Errors
/// As [`count`].
pub(super) async fn select(
    registry: &Registry,
    visibility: &dyn Visibility,
    selection: &Selection,
) -> Result<Selected, Status> {
    let (query, scope) = question(registry, selection).await?;
    let mut after = (!selection.after.is_empty()).then(|| ListPlace::of(selection.after.as_str()));
    let mut items = Vec::new();
    for _ in 0..READS {
        let page = visibility.read(&scope, after.as_ref()).await?;
        for record in page.records {
            let place = record.place();
            items.extend(query.finds(&record).then(|| item(record, selection)));
            if items.len() == PAGE {
                return Ok(Selected { items, next: Some(place.text().to_owned()) });
            }
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok(Selected { items, next: after.map(|place| place.text().to_owned()) })
}

fn item(record: Record, selection: &Selection) -> Item {
    let late = record.is_closed() && record.close_time >= selection.started;
    let Record { workflow_id, run_id, .. } = record;
    Item { execution: WorkflowExecution { workflow_id, run_id }, late }
}
