//! Misuse: what a client holds of one workflow, used in the name of another.
//!
//! Between two calls clients and workers hold tokens and ids: where a reader goes on, which task is answered, which run is
//! meant. Used in another place, such a thing must neither show nor change anything of the place that it is from. A case has
//! two namespaces for this: its own, in which everything else happens, and another one, in which a workflow of the same id and
//! type, with another input, is started by the first misuse that needs it. On a target that has one namespace only, all
//! places are in that.

use crate::time::Millis;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Misuse {
    /// When, after the start of the case. If nothing of the kind is there to be held, it is left out.
    pub at_ms: Millis,
    /// What the client holds.
    pub held: Held,
    /// Whose it is.
    pub owner: WorkflowAddress,
    /// In whose name it is used.
    pub user: WorkflowAddress,
    /// What becomes of a token before it is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub damage: Option<Damage>,
}

/// What a client holds, and how it uses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Held {
    /// The run id of the current run: it asks for the history of that run.
    RunId,
    /// The token of the second page of the current run's history: it asks for that page.
    PageToken,
    /// The token of the second page of the history of the first run of a chain: it asks for that page of its own current run.
    FirstRunPageToken,
    /// The token of the second page of the list of namespaces: it asks for a page of a history.
    NamespacesPageToken,
    /// The id of the first update that some client sends to the owner: it asks what came of it.
    UpdateId,
    /// The token of the next workflow task that a worker is handed: it fails that task.
    WorkflowTask,
    /// The token of the next activity task that a worker is handed: it completes that activity.
    ActivityTask,
}

/// A workflow id in one of the two namespaces of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkflowAddress {
    /// In which of the two it is.
    #[serde(default)]
    pub namespace: Namespace,
    /// Which workflow, as operations number them.
    pub workflow: u8,
}

/// The namespaces of a case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Namespace {
    /// The one in which operations and workers are.
    #[default]
    Own,
    /// The one that only misuses know.
    Other,
}

/// What becomes of a token before it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Damage {
    /// Its last byte is gone.
    Cut,
    /// Its last byte is another one.
    Changed,
}

impl Misuse {
    /// What a misused activity token completes its activity with. No program and no worker says it.
    pub const RESULT: i64 = -7_777_777;
    /// The kind of the failure that a misused workflow task token reports. No worker says it.
    pub const FAILURE: &str = "misuse";

    /// True if it names the other namespace.
    #[must_use]
    pub fn crosses_namespaces(&self) -> bool {
        !(self.owner.namespace.is_own() && self.user.namespace.is_own())
    }

    /// The same on a target with a single namespace.
    #[must_use]
    pub fn in_one_namespace(&self) -> Self {
        let own = |place: WorkflowAddress| WorkflowAddress { namespace: Namespace::Own, ..place };
        Self { owner: own(self.owner), user: own(self.user), ..self.clone() }
    }
}

impl Namespace {
    /// True for the namespace in which operations and workers are.
    #[must_use]
    pub fn is_own(&self) -> bool {
        *self == Self::Own
    }
}

impl Held {
    /// Everything that can be held.
    pub const ALL: &[Self] = &[
        Self::RunId,
        Self::PageToken,
        Self::FirstRunPageToken,
        Self::NamespacesPageToken,
        Self::UpdateId,
        Self::WorkflowTask,
        Self::ActivityTask,
    ];

    /// The words used in every output.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::RunId => "run id",
            Self::PageToken => "page token",
            Self::FirstRunPageToken => "page token of the first run",
            Self::NamespacesPageToken => "page token of the list of namespaces",
            Self::UpdateId => "update id",
            Self::WorkflowTask => "token of a workflow task",
            Self::ActivityTask => "token of an activity task",
        }
    }
}
