//! One run in the order of its events, and which of them may have waited in the buffer.

use resurgam_formats::event::Body;
use resurgam_formats::evidence::Run;

/// One run whose events can be trusted to be numbered 1, 2, 3, …
#[derive(Debug)]
pub(crate) struct Line<'a> {
    pub(crate) run: &'a Run,
    /// By event number less one: how many events were certainly written when it was accepted; its own number if it
    /// was never in the buffer.
    floors: Vec<usize>,
}

impl Line<'_> {
    /// How many events.
    pub(crate) fn len(&self) -> usize {
        self.floors.len()
    }
    /// The event with this number.
    pub(crate) fn event(&self, number: usize) -> Option<&Body> {
        Some(&self.run.events.get(number.checked_sub(1)?)?.body)
    }
    /// The number of the close event.
    pub(crate) fn close(&self) -> Option<usize> {
        self.run.close().and_then(|close| usize::try_from(close.id.0).ok())
    }
    /// How many events were certainly written when this one was accepted.
    pub(super) fn floor(&self, number: usize) -> usize {
        number.checked_sub(1).and_then(|place| self.floors.get(place)).copied().unwrap_or(number)
    }
    /// Which order of the buffer the event keeps; `None` if it never waits there.
    pub(super) fn class(&self, number: usize) -> Option<usize> {
        let body = self.event(number).filter(|body| waits(body))?;
        Some(usize::from(body.is_completion()))
    }
}

/// True for events that wait in the buffer if a workflow task is started.
fn waits(body: &Body) -> bool {
    let at_once = body.is_workflow_task() || body.is_command() || body.is_close();
    !at_once && !matches!(body, Body::WorkflowExecutionStarted(_))
}

/// The line of a run, if its events can be trusted.
pub(super) fn line(run: &Run) -> Option<Line<'_>> {
    let numbered = (1..).zip(&run.events).all(|(number, event)| event.id.0 == number);
    if run.partial || run.events.is_empty() || run.workflow_id.is_empty() || run.run_id.is_empty() || !numbered {
        return None;
    }
    let mut floors = Vec::with_capacity(run.events.len());
    let (mut scheduled, mut flushed): (usize, Option<usize>) = (0, None);
    for (number, event) in (1..).zip(&run.events) {
        let mut floor = number;
        match &event.body {
            Body::WorkflowTaskScheduled(_) => (scheduled, flushed) = (number, None),
            Body::WorkflowTaskCompleted(_) | Body::WorkflowTaskFailed(_) | Body::WorkflowTaskTimedOut(_) => {
                // The first task, or a repeated one, may have been written only now; everything before it was there already.
                flushed = Some(scheduled.saturating_sub(1));
            }
            body if waits(body) => floor = flushed.unwrap_or(number),
            _ => {}
        }
        floors.push(floor);
    }
    Some(Line { run, floors })
}
