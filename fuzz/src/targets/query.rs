//! The query languages of lists: of workflows, and of workers.

use crate::memory::within;
use crate::samples::QUERIES;
use crate::spoilt;
use resurgam_visibility::Record;
use resurgam_visibility::attribute::Custom;
use resurgam_visibility::query::{Query, WorkerQuery};
use std::sync::LazyLock;

/// One attribute of each type, by the numbers of the types.
static CUSTOM: LazyLock<Custom> = LazyLock::new(|| {
    let names = ["X", "K", "I", "D", "B", "T", "L"];
    (1..).zip(names).map(|(kind, name)| (name.to_owned(), kind)).collect()
});

/// A question that can be asked of a record, or why it is none.
pub fn run(script: &[u8]) {
    let input = spoilt::input(script, &QUERIES);
    let text = String::from_utf8_lossy(&input);
    let most = (512 << 10) + 512 * text.len();
    within(most, || {
        if let Ok(query) = Query::read(&text, &CUSTOM) {
            let record = Record { workflow_id: "a-1".into(), start_time: 1_767_323_045_000, ..Record::default() };
            let _ = query.finds(&record);
            let _ = (query.sections(), query.workflow_id(), query.of_the_system());
        }
        let _ = (Query::list(&text, &CUSTOM), WorkerQuery::read(&text));
    });
}
