//! What can be wrong with the lives of updates.

use super::corruption::{Corruption, places};
use super::edit::{again, event, place_of, remove};
use resurgam_formats::event::Body;

pub(super) const ALL: &[Corruption] = &[
    Corruption {
        name: "update-accepted-twice",
        what: "an update is accepted again",
        expected: &["H21"],
        find: |e| places(e, |_, _, event| matches!(event.body, Body::WorkflowExecutionUpdateAccepted(_))),
        change: again,
    },
    Corruption {
        name: "update-completed-twice",
        what: "an update is completed again",
        expected: &["H21"],
        find: |e| places(e, |_, _, event| matches!(event.body, Body::WorkflowExecutionUpdateCompleted(_))),
        change: again,
    },
    Corruption {
        name: "update-never-accepted",
        what: "an update is completed, but its acceptance is gone",
        expected: &["H21"],
        find: |e| places(e, |_, _, event| matches!(event.body, Body::WorkflowExecutionUpdateCompleted(_))),
        change: |e, site| {
            let Body::WorkflowExecutionUpdateCompleted(update) = &mut event(e, site.run, site.place)?.body else {
                return None;
            };
            let accepted = place_of(std::mem::take(&mut update.accepted))?;
            remove(e, site.run, accepted)
        },
    },
];
