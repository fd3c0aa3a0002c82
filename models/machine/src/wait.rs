//! A statement that waits: how it begins to, what news it takes, what a cancellation does to it, when it goes on.

use super::world::{Kind, World};
use resurgam_formats::command::Command;
use resurgam_formats::program::{ActivityCall, Cancellation, ChildCall, ChildWait, Failure, TIMED_OUT, Var};
use resurgam_formats::time::Millis;
use serde::{Deserialize, Serialize};

/// How a statement or a block ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum End {
    Done,
    Failed(Failure),
    Cancelled,
}

/// What an event says to the statement that waits for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// A timer fired.
    Fired,
    /// A child was started.
    Started,
    /// An activity, a child or a local activity has a result.
    Completed(i64),
    /// It failed, timed out, was terminated or could not be started.
    Failed(Failure),
    /// It was cancelled.
    Cancelled,
}

/// The timer of a wait that may give up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Timeout {
    seq: u32,
    fired: bool,
}

/// What a wait is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Aim {
    Signal { name: String },
    Variable { var: Var, at_least: i64 },
}

impl Aim {
    /// What the wait stores if it can go on now.
    fn reached(&self, world: &mut World) -> Option<i64> {
        match self {
            Self::Signal { name } => world.take_signal(name),
            Self::Variable { var, at_least } => (world.get(*var) >= *at_least).then_some(1),
        }
    }
}

/// A statement that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Wait {
    Activity {
        seq: u32,
        into: Var,
        cancellation: Cancellation,
        asked: bool,
    },
    Local {
        seq: u32,
        value: i64,
        into: Var,
    },
    Timer {
        seq: u32,
    },
    Until {
        aim: Aim,
        into: Var,
        timeout: Option<Timeout>,
    },
    Child {
        seq: u32,
        into: Var,
        until: ChildWait,
        cancellation: Cancellation,
        started: bool,
        asked: bool,
    },
    /// The news is there; it takes effect when the branch is visited.
    Over {
        end: End,
        store: Option<(Var, i64)>,
    },
}

impl Wait {
    pub(super) fn activity(call: ActivityCall, world: &mut World) -> Self {
        let seq = world.number(Kind::Activity);
        let (into, cancellation) = (call.into, call.cancellation);
        world.issue(Command::ScheduleActivity { seq, call });
        Self::Activity { seq, into, cancellation, asked: false }
    }

    pub(super) fn child(call: Box<ChildCall>, world: &mut World) -> Self {
        let seq = world.number(Kind::Child);
        let (into, until, cancellation) = (call.into, call.wait, call.cancellation);
        world.issue(Command::StartChild { seq, workflow_id: world.child_id(seq), call });
        Self::Child { seq, into, until, cancellation, started: false, asked: false }
    }

    pub(super) fn timer(ms: Millis, world: &mut World) -> Self {
        Self::Timer { seq: world.start_timer(ms) }
    }

    pub(super) fn local(value: i64, into: Var, world: &mut World) -> Self {
        Self::Local { seq: world.number(Kind::Local), value, into }
    }

    /// Tests before it blocks; only a wait that blocks starts its timer.
    pub(super) fn until(aim: Aim, into: Var, timeout_ms: Option<Millis>, world: &mut World) -> Self {
        match aim.reached(world) {
            Some(value) => Self::Over { end: End::Done, store: Some((into, value)) },
            None => {
                let timeout = timeout_ms.map(|ms| Timeout { seq: world.start_timer(ms), fired: false });
                Self::Until { aim, into, timeout }
            }
        }
    }

    /// Goes on if it can.
    pub(super) fn visit(&mut self, world: &mut World) -> Option<End> {
        match self {
            Self::Over { end, store } => {
                if let Some((var, value)) = store {
                    world.set(*var, *value);
                }
                Some(end.clone())
            }
            Self::Until { aim, into, timeout } => {
                let fired = timeout.is_some_and(|timeout| timeout.fired);
                let value = match aim.reached(world) {
                    Some(value) => {
                        if let Some(Timeout { seq, fired: false }) = *timeout {
                            world.issue(Command::CancelTimer { seq });
                        }
                        value
                    }
                    None if fired => TIMED_OUT,
                    None => return None,
                };
                world.set(*into, value);
                Some(End::Done)
            }
            _ => None,
        }
    }

    /// Takes the news about a number; false if it does not wait for that.
    pub(super) fn deliver(&mut self, about: u32, news: &News, world: &mut World) -> bool {
        let over = |end: End| Self::Over { end, store: None };
        match (&mut *self, news) {
            (Self::Timer { seq }, News::Fired) if *seq == about => *self = over(End::Done),
            (Self::Until { timeout: Some(timeout), .. }, News::Fired) if timeout.seq == about => timeout.fired = true,
            (Self::Child { seq, until, started, asked, .. }, News::Started) if *seq == about => {
                *started = true;
                if *asked {
                    world.issue(Command::RequestCancelChild { seq: about, workflow_id: world.child_id(about) });
                }
                if *until == ChildWait::Started {
                    *self = over(End::Done);
                }
            }
            (Self::Activity { seq, .. } | Self::Child { seq, .. }, News::Failed(failure)) if *seq == about => {
                *self = over(End::Failed(failure.clone()));
            }
            (Self::Activity { seq, .. } | Self::Child { seq, .. }, News::Cancelled) if *seq == about => {
                *self = over(End::Cancelled);
            }
            (
                Self::Activity { seq, into, .. } | Self::Child { seq, into, .. } | Self::Local { seq, into, .. },
                News::Completed(value),
            ) if *seq == about => *self = Self::Over { end: End::Done, store: Some((*into, *value)) },
            _ => return false,
        }
        true
    }

    /// A cancellation reaches it. A second one changes nothing.
    pub(super) fn cancel(&mut self, world: &mut World) {
        let at_once = match self {
            Self::Timer { seq } => {
                world.issue(Command::CancelTimer { seq: *seq });
                true
            }
            Self::Until { timeout, .. } => {
                if let Some(Timeout { seq, fired: false }) = *timeout {
                    world.issue(Command::CancelTimer { seq });
                }
                true
            }
            Self::Activity { seq, cancellation, asked, .. } => {
                if *cancellation != Cancellation::Abandon && !*asked {
                    *asked = true;
                    world.issue(Command::RequestCancelActivity { seq: *seq });
                }
                *cancellation != Cancellation::WaitCompleted
            }
            Self::Child { seq, cancellation, started, asked, .. } => {
                if *cancellation != Cancellation::Abandon && *started && !*asked {
                    world.issue(Command::RequestCancelChild { seq: *seq, workflow_id: world.child_id(*seq) });
                }
                *asked = true;
                *cancellation != Cancellation::WaitCompleted
            }
            Self::Local { .. } | Self::Over { .. } => false,
        };
        if at_once {
            *self = Self::Over { end: End::Cancelled, store: None };
        }
    }
}
