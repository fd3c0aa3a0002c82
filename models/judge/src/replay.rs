//! The naive evaluator: a program and a whole history in, the commands of each workflow task out.
//!
//! It is small-step rewriting: what is left to do of a program is a term ([`term::Term`]), each input is put into a
//! [`world::World`], and the term is rewritten by visits from left to right until nothing moves. Nothing is kept between
//! calls, nothing is incremental: every call begins at event 1. It judges, so it is written to be read beside the
//! contract in [`resurgam_formats::program`], not to be fast; the cost is one pass over the history times the size of the term.
//!
//! It never looks at the commands that the history claims, except at what a completed task *brought along*: accepted
//! updates and the markers of local activities.

mod reading;
mod run;
mod term;
#[cfg(test)]
mod tests;
mod unfit;
mod visit;
mod world;

pub use reading::marker;
pub(crate) use reading::{failure, input};
pub use unfit::Unfit;

use resurgam_formats::command::Command;
use resurgam_formats::event::{Body, Event, EventId};
use run::Run;
use std::collections::BTreeMap;
use unfit::stray;
use world::News;

/// The commands of one completed workflow task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskCommands {
    /// Id of the `WorkflowTaskCompleted` event.
    pub completed: EventId,
    /// What the program commands there, in order.
    pub commands: Vec<Command>,
}

/// Evaluates the program that a whole history carries.
///
/// # Errors
/// [`Unfit`]; only [`Unfit::Stray`] speaks against the history.
pub fn commands(workflow_id: &str, events: &[Event]) -> Result<Vec<TaskCommands>, Unfit> {
    let input = input(events)?;
    let mut run = Run::new(workflow_id, &input);
    let mut scheduled: BTreeMap<EventId, u32> = BTreeMap::new();
    let mut tasks = Vec::new();
    for (index, event) in events.iter().enumerate().skip(1) {
        let bound = |reference: &EventId| scheduled.get(reference).copied();
        match &event.body {
            Body::ActivityTaskScheduled(body) => {
                let seq = body.activity_id.parse().map_err(|_| stray(event, "its activity id is not a number"))?;
                scheduled.insert(event.id, seq);
            }
            Body::StartChildWorkflowExecutionInitiated(body) => {
                let seq = body.workflow_id.rsplit_once('/').and_then(|(_, number)| number.parse().ok());
                let seq = seq.ok_or_else(|| stray(event, "its workflow id does not end with a number"))?;
                scheduled.insert(event.id, seq);
            }
            Body::WorkflowTaskCompleted(_) => {
                complete(&mut run, &events[index + 1..])?;
                tasks.push(TaskCommands { completed: event.id, commands: run.take_commands() });
            }
            Body::WorkflowExecutionSignaled(body) => {
                let value = reading::integer(event, &body.input)?;
                run.signal(&body.name, value);
            }
            Body::WorkflowExecutionCancelRequested(_) => run.cancel(),
            Body::TimerFired(body) => {
                let seq = body.timer_id.parse().map_err(|_| stray(event, "its timer id is not a number"))?;
                tell(&mut run, event, Some(seq), News::Fired)?;
            }
            Body::ActivityTaskCompleted(body) => {
                let news = News::Completed(reading::integer(event, &body.result)?);
                tell(&mut run, event, bound(&body.scheduled), news)?;
            }
            Body::ActivityTaskFailed(body) => {
                let news = News::Failed(failure(body.failure.as_ref()));
                tell(&mut run, event, bound(&body.scheduled), news)?;
            }
            Body::ActivityTaskTimedOut(body) => {
                let news = News::Failed(reading::timeout(body.failure.as_ref()));
                tell(&mut run, event, bound(&body.scheduled), news)?;
            }
            Body::ActivityTaskCanceled(body) => tell(&mut run, event, bound(&body.scheduled), News::Cancelled)?,
            Body::StartChildWorkflowExecutionFailed(body) => {
                tell(
                    &mut run,
                    event,
                    bound(&body.initiated),
                    News::Failed(resurgam_formats::program::Failure::StartFailed),
                )?;
            }
            Body::ChildWorkflowExecutionStarted(body) => {
                let seq = known(&run, event, bound(&body.initiated))?;
                run.child_started(seq);
            }
            Body::ChildWorkflowExecutionCompleted(body) => {
                let news = News::Completed(reading::output(event, &body.result)?);
                tell(&mut run, event, bound(&body.initiated), news)?;
            }
            Body::ChildWorkflowExecutionFailed(body) => {
                let news = News::Failed(failure(body.failure.as_ref()));
                tell(&mut run, event, bound(&body.initiated), news)?;
            }
            Body::ChildWorkflowExecutionTimedOut(body) => {
                let news = News::Failed(resurgam_formats::program::Failure::Timeout("RUN".into()));
                tell(&mut run, event, bound(&body.initiated), news)?;
            }
            Body::ChildWorkflowExecutionTerminated(body) => {
                tell(
                    &mut run,
                    event,
                    bound(&body.initiated),
                    News::Failed(resurgam_formats::program::Failure::Terminated),
                )?;
            }
            Body::ChildWorkflowExecutionCanceled(body) => {
                tell(&mut run, event, bound(&body.initiated), News::Cancelled)?;
            }
            _ => {}
        }
    }
    Ok(tasks)
}

/// The boundary of a completed task: the updates it accepted, then the results of local activities.
fn complete(run: &mut Run<'_>, after: &[Event]) -> Result<(), Unfit> {
    let group = || after.iter().take_while(|event| event.body.is_command());
    for event in group() {
        if let Body::WorkflowExecutionUpdateAccepted(body) = &event.body {
            let argument = reading::integer(event, &body.request.args)?;
            run.accept(&body.request.id, &body.request.name, argument).map_err(|why| stray(event, why))?;
        }
    }
    for event in group() {
        if let Body::MarkerRecorded(body) = &event.body
            && body.name == resurgam_formats::program::LOCAL_MARKER
        {
            let (seq, value) = reading::local(event, &body.details)?;
            run.local(seq, value).map_err(|why| stray(event, why))?;
        }
    }
    Ok(())
}

/// Gives the outcome of something numbered to the program.
fn tell(run: &mut Run<'_>, event: &Event, seq: Option<u32>, news: News) -> Result<(), Unfit> {
    let seq = known(run, event, seq)?;
    run.tell(seq, news);
    Ok(())
}

/// The number, if the program has issued it.
fn known(run: &Run<'_>, event: &Event, seq: Option<u32>) -> Result<u32, Unfit> {
    seq.filter(|seq| run.has_issued(*seq)).ok_or_else(|| stray(event, "the program never started what it is about"))
}
