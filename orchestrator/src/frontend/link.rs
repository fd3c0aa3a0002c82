//! What has to hold of the links of a request. As in temporalio/temporal 1.31.2, `service/frontend/workflow_handler.go`.

use super::validate::{Checked, wrong};
use prost::Message as _;
use resurgam_api::temporal::common::v1::Link;
use resurgam_api::temporal::common::v1::link::workflow_event::Reference;
use resurgam_api::temporal::common::v1::link::{BatchJob, Variant, WorkflowEvent};

/// So many links a request may have.
const MOST: usize = 10;
/// The largest link, in bytes.
const BYTES: usize = 4000;

/// Checks the links of a request.
///
/// # Errors
/// INVALID_ARGUMENT: there are too many, or one is too large, of an unknown kind, or leads nowhere.
pub(crate) fn links(links: &[Link]) -> Checked {
    if links.len() > MOST {
        return wrong(format!("cannot attach more than {MOST} links per request, got {}", links.len()));
    }
    links.iter().try_for_each(|link| match (&link.variant, link.encoded_len()) {
        (_, size) if size > BYTES => wrong(format!("link exceeds allowed size of {BYTES}, got {size}")),
        (Some(Variant::WorkflowEvent(event)), _) => of_event(event),
        (Some(Variant::BatchJob(BatchJob { job_id })), _) if job_id.is_empty() => {
            wrong("batch job link must not have an empty job ID")
        }
        (Some(Variant::BatchJob(_)), _) => Ok(()),
        _ => wrong("unsupported link variant"),
    })
}

fn of_event(event: &WorkflowEvent) -> Checked {
    for (value, what) in
        [(&event.namespace, "namespace"), (&event.workflow_id, "workflow ID"), (&event.run_id, "run ID")]
    {
        if value.is_empty() {
            return wrong(format!("workflow event link must not have an empty {what} field"));
        }
    }
    match &event.reference {
        Some(Reference::EventRef(event)) if event.event_type == 0 && event.event_id != 0 => {
            wrong("workflow event link ref cannot have an unspecified event type and a non-zero event ID")
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use resurgam_api::temporal::common::v1::link::Activity;
    use resurgam_api::temporal::common::v1::link::workflow_event::EventReference;

    #[test]
    fn a_link_leads_somewhere() {
        let link = |variant| Link { variant: Some(variant) };
        let event = WorkflowEvent {
            namespace: "n".into(),
            workflow_id: "w".into(),
            run_id: "r".into(),
            reference: Some(Reference::EventRef(EventReference { event_id: 1, event_type: 1 })),
        };
        let good = link(Variant::WorkflowEvent(event.clone()));
        let said = |given: Vec<Link>| links(&given).map_err(|status| status.message().to_owned()).err();
        assert_eq!(said(vec![good.clone(), link(Variant::BatchJob(BatchJob { job_id: "j".into() }))]), None);
        let many = said(vec![good; 11]);
        assert_eq!(many.as_deref(), Some("cannot attach more than 10 links per request, got 11"));
        let nowhere = link(Variant::WorkflowEvent(WorkflowEvent { run_id: String::new(), ..event.clone() }));
        let nowhere = said(vec![nowhere]);
        assert_eq!(nowhere.as_deref(), Some("workflow event link must not have an empty run ID field"));
        let reference = Some(Reference::EventRef(EventReference { event_id: 1, event_type: 0 }));
        assert!(said(vec![link(Variant::WorkflowEvent(WorkflowEvent { reference, ..event.clone() }))]).is_some());
        let large = WorkflowEvent { workflow_id: "w".repeat(BYTES), ..event };
        assert!(said(vec![link(Variant::WorkflowEvent(large))]).is_some_and(|said| said.starts_with("link exceeds")));
        for unknown in [Link::default(), link(Variant::Activity(Activity::default()))] {
            assert_eq!(said(vec![unknown]).as_deref(), Some("unsupported link variant"));
        }
        assert!(said(vec![link(Variant::BatchJob(BatchJob::default()))]).is_some());
    }
}
