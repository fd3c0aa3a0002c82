//! The events of a workflow history, reduced to what rules and semantics read.
//!
//! This is our own small type, not the official protobuf: the judge must not share code with what it judges
//! (it would share its mistakes), and a history may come from anywhere. Every known kind has a struct with the fields that something
//! in this crate reads; a kind that is not known is kept as [`Body::Unrecognised`], never dropped.
//!
//! One event is decoded here, in every spelling of its JSON; whole files in their many shapes are the business of
//! [`crate::wire`].

mod class;
mod decode;
mod failure;
mod field;
mod id;
mod kinds;
pub mod known;
mod moment;
mod numbered;
mod payload;
mod update;

pub use decode::*;
pub use failure::{Failure, FailureKind, RetryPolicy};
pub use field::integer;
pub use field::{Execution, Field, Named, Raw, Symbol, TaskQueue};
pub use id::EventId;
pub use kinds::*;
pub use moment::{Moment, Span};
pub use numbered::Event;
pub use payload::{Payload, Payloads};
pub use update::{UpdateMeta, UpdateOutcome, UpdateRequest};
