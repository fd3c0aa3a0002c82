//! What can be wrong with what came of using a token or an id in the wrong place.

use super::corruption::{Corruption, Site};
use resurgam_formats::event;
use resurgam_formats::evidence::{Evidence, Operation, Run};
use resurgam_formats::plan::{Held, Misuse};
use resurgam_formats::recording::{Answer, Call, Reply};

/// Calls that misuse something of this kind across namespaces and were refused.
fn refused(evidence: &Evidence, fits: impl Fn(&Misuse) -> bool) -> Vec<Site> {
    let misused = |of: &&Operation| {
        matches!(&of.call, Call::Misuse { misuse, .. } if misuse.crosses_namespaces() && fits(misuse))
            && of.attempts.iter().any(|attempt| !matches!(attempt.answer, Answer::Info { .. }))
    };
    let all = evidence.operations.values().filter(misused);
    all.filter_map(|of| Some(Site { run: 0, place: usize::try_from(of.id).ok()? })).collect()
}

/// Gives every attempt of a call another answer.
fn answered(evidence: &mut Evidence, site: Site, value: &Reply) -> Option<()> {
    let operation = evidence.operations.get_mut(&u32::try_from(site.place).ok()?)?;
    for attempt in &mut operation.attempts {
        attempt.answer = Answer::Ok { value: value.clone() };
    }
    Some(())
}

/// A run of the owner of what is misused.
fn of_owner(evidence: &Evidence, site: Site) -> Option<&Run> {
    let operation = evidence.operations.get(&u32::try_from(site.place).ok()?)?;
    let Call::Misuse { misuse, owner, .. } = &operation.call else { return None };
    let runs = if misuse.owner.namespace.is_own() { &evidence.runs } else { &evidence.elsewhere };
    runs.iter().find(|run| run.workflow_id == *owner)
}

pub(super) const ALL: &[Corruption] = &[
    Corruption {
        name: "events-of-a-stranger",
        what: "a page token or a run id opened a history in the name of another namespace",
        expected: &["L10"],
        find: |e| {
            let sites = refused(e, |misuse| {
                matches!(misuse.held, Held::PageToken | Held::RunId) && misuse.owner.namespace != misuse.user.namespace
            });
            sites.into_iter().filter(|site| of_owner(e, *site).is_some()).collect()
        },
        change: |e, site| {
            let events = of_owner(e, site)?.events.iter().take(2).map(event::encode).collect();
            answered(e, site, &Reply::Page { events })
        },
    },
    Corruption {
        name: "task-of-a-stranger",
        what: "the token of a task was taken in the name of another namespace",
        expected: &["L10"],
        find: |e| refused(e, |misuse| matches!(misuse.held, Held::WorkflowTask | Held::ActivityTask)),
        change: |e, site| answered(e, site, &Reply::Done),
    },
];
