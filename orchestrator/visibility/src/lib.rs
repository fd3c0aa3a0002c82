//! The list of workflows: what there is to be known of each run, in which order, and by which questions it is found.
//!
//! A record is a row of the run's own shard, written by the same commit as the state that it shows. So there is nothing to
//! be sent after a commit, and nothing to be lost, doubled or overtaken on the way: a list never says more than the state, and
//! whoever was told of a commit finds it in the list. [`Visibility`] is how the list is read; who keeps records implements
//! it. Nothing here reads or writes a store, or knows what a workflow does.

pub mod attribute;
pub mod fitting;
pub mod query;
mod record;
mod sections;
mod time;
pub mod value;

pub use record::{ListPlace, Record};
pub use sections::Sections;

use async_trait::async_trait;
use resurgam_api::temporal::common::v1::Payload;
use std::collections::HashMap;
use tonic::Status;

/// Which records are of interest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The id of their namespace.
    pub namespace_id: String,
    /// Only those of this workflow, if it is given.
    pub workflow_id: Option<String>,
    /// Only those that are in these parts of the list.
    pub sections: Sections,
}

/// Some records, in the order of the list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// The records that were found.
    pub records: Vec<Record>,
    /// Where the list goes on behind them; `None`: it does not.
    pub next: Option<ListPlace>,
}

/// The list of workflows, as it is read.
#[async_trait]
pub trait Visibility: Send + Sync + 'static {
    /// Some records of the scope that stand behind a place in the list, or the first ones. What is written meanwhile may be
    /// among them or not; what is not touched meanwhile is found once by whoever goes on from page to page.
    ///
    /// # Errors
    /// UNAVAILABLE: they cannot be read now.
    async fn read(&self, scope: &Scope, after: Option<&ListPlace>) -> Result<Page, Status>;

    /// The memo of a run, which may be large, and is not part of its record.
    ///
    /// # Errors
    /// UNAVAILABLE: it cannot be read now.
    async fn memo(&self, namespace_id: &str, record: &Record) -> Result<HashMap<String, Payload>, Status>;
}
