//! What a shard is asked to do, what task that comes from, and what is answered.

use super::route::Target;
use super::stored::TimerId;
use crate::cluster::Rejection;
use crate::history::engine::{
    Context, Delivery, Effects, Input, Limits, Reply, Run, Waiter, Workflow, step, unwritten,
};
use resurgam_api::temporal::enums::v1::WorkflowExecutionStatus;
use resurgam_api::temporal::history::v1::HistoryEvent;
use resurgam_state::{EventId, Tail};
use std::fmt;
use std::sync::Arc;
use tokio::sync::watch;

/// Something that a turn does.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) target: Target,
    pub(super) work: Work,
    /// The task that is done with it.
    pub(super) origin: Origin,
}

impl Job {
    /// The same with new ids, for [`BlindRetry`](crate::planted::Bug::BlindRetry).
    pub(super) fn anew(mut self) -> Self {
        if let Work::Step(input) = &self.work {
            self.work = Work::Step(input.anew());
        }
        self
    }
}

/// What a job does.
#[derive(Clone, Debug)]
pub(super) enum Work {
    /// Applies an input of the engine.
    Step(Arc<dyn AnyInput>),
    /// A look at a run.
    View(Waiter<Viewed>),
}

impl Work {
    /// It changes nothing.
    pub(super) fn reads_only(&self) -> bool {
        match self {
            Self::Step(input) => input.reads_only(),
            Self::View(_) => true,
        }
    }

    /// Nobody will be answered.
    pub(super) fn abandon(&self) {
        match self {
            Self::Step(input) => input.abandon(),
            Self::View(waiter) => waiter.abandon(),
        }
    }

    /// A refusal of it.
    pub(super) fn refuse(&self, rejection: Rejection) -> Answer {
        match self {
            Self::Step(input) => Answer::Step(input.refuse(rejection)),
            Self::View(waiter) => Answer::View(waiter.clone(), Err(rejection)),
        }
    }
}

/// An input with its caller, whatever their types: each answer goes to the caller who waits for one of that type.
pub trait AnyInput: fmt::Debug + Send + Sync {
    /// Applies the input to a copy of its workflow. With the effects comes the answer, unless that has to wait.
    ///
    /// # Errors
    /// The refusal; nothing may be kept.
    fn apply(
        &self,
        workflow: &mut Workflow,
        context: &mut Context<'_>,
    ) -> Result<(Effects, Option<Delivery>), Rejection>;
    /// It only looks.
    fn reads_only(&self) -> bool;
    /// Nobody will be answered.
    fn abandon(&self);
    /// A refusal for the caller.
    fn refuse(&self, rejection: Rejection) -> Delivery;
    /// The same with another request id, for [`BlindRetry`](crate::planted::Bug::BlindRetry).
    fn anew(&self) -> Arc<dyn AnyInput>;
}

struct AwaitedInput<I: Input> {
    input: I,
    caller: Waiter<I::Answer>,
}

impl<I: Input> fmt::Debug for AwaitedInput<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.input.fmt(f)
    }
}

/// An input for whom `caller` waits.
pub fn asked<I: Input>(input: I, caller: Waiter<I::Answer>) -> Arc<dyn AnyInput> {
    Arc::new(AwaitedInput { input, caller })
}

/// An input that comes from a task of the shard.
pub(crate) fn unasked<I: Input>(input: I) -> Arc<dyn AnyInput> {
    asked(input, Waiter::nobody())
}

impl<I: Input> AnyInput for AwaitedInput<I> {
    fn apply(
        &self,
        workflow: &mut Workflow,
        context: &mut Context<'_>,
    ) -> Result<(Effects, Option<Delivery>), Rejection> {
        let (effects, reply) = step(self.input.clone(), workflow, context, &self.caller)?;
        Ok(match reply {
            Reply::Now(answer) => (effects, Some(self.caller.deliver(answer))),
            Reply::Later => (effects, None),
        })
    }

    fn reads_only(&self) -> bool {
        self.input.reads_only()
    }

    fn abandon(&self) {
        self.caller.abandon();
    }

    fn refuse(&self, rejection: Rejection) -> Delivery {
        self.caller.deliver(Err(rejection))
    }

    fn anew(&self) -> Arc<dyn AnyInput> {
        let mut input = self.input.clone();
        if let Some(id) = input.request_id() {
            id.push_str("-again");
        }
        asked(input, self.caller.clone())
    }
}

/// The task that a job comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// None: a request.
    Nothing,
    /// The transfer task of this id.
    Transfer(i64),
    /// The timer task of this id.
    Timer(TimerId),
    /// The timer task of this id, which is of the deletion of a run.
    Expiry(TimerId),
}

/// What is to be known of a run for reading its history.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct RunView {
    pub(super) run_id: String,
    pub(super) open: bool,
    pub(super) next: EventId,
    pub(super) tail: Option<Tail>,
    /// Events of the workflow task that it has without any, so far.
    pub(super) unwritten: Vec<HistoryEvent>,
}

impl RunView {
    pub(super) fn of(run: &Run, limits: &Limits) -> Self {
        Self {
            run_id: run.state.run_id.clone(),
            open: run.state.status == WorkflowExecutionStatus::Running as i32,
            next: run.state.next_event_id,
            tail: run.state.tail,
            unwritten: unwritten(&run.state, limits),
        }
    }
}

/// A run as it was seen and, if it is open, what tells when its history grows.
pub(super) type Viewed = (RunView, Option<watch::Receiver<()>>);

/// An answer on its way out.
#[derive(Debug)]
pub(super) enum Answer {
    /// To an input.
    Step(Delivery),
    /// To a look.
    View(Waiter<Viewed>, Result<RunView, Rejection>),
}
