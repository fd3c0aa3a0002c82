//! What is stored of one run of a workflow ([`State`], in Temporal: mutable state), what it has ordered ([`task`]), and what is
//! true of it between any two steps ([`State::check`]). Nothing here changes a run: that is the history engine's business.
//!
//! A state consists of a row and of [`parts`], which have rows of their own; states share the parts in which they do not differ.
//! Which type an event has, and whether it may wait, is in [`kind`].

pub mod attached;
mod check;
mod check_request;
mod elsewhere;
mod entity;
mod indexed;
pub mod kind;
pub mod parts;
mod state;
pub mod task;

pub use attached::AttachedRequest;
pub use check::Flaw;
pub use entity::{
    Activity, Admission, Child, EventId, External, Millis, Pause, Sticky, Tail, Timer, Update, WorkflowTask,
    WorkflowTaskType,
};
pub use indexed::{Indexed, Named};
pub use state::{Current, State};
