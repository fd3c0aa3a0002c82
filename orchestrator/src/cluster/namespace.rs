//! A namespace as it is stored: two rows of one partition, what it is by its name, and its name by its id.

use crate::invariant;
use crate::store::Partition;
use bytes::Bytes;
use prost::Message as _;
use prost_wkt_types::Duration as Span;
use resurgam_api::temporal::enums::v1::NamespaceState;
use std::collections::BTreeMap;
use tonic::Status;

/// A registered namespace, as it is stored.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Namespace {
    /// Its id, a UUID.
    #[prost(string, tag = "1")]
    pub id: String,
    /// Its name, which never changes.
    #[prost(string, tag = "2")]
    pub name: String,
    /// What its owner says about it.
    #[prost(string, tag = "3")]
    pub description: String,
    /// Mail address of its owner.
    #[prost(string, tag = "4")]
    pub owner: String,
    /// How long closed workflows are to be kept.
    #[prost(message, optional, tag = "5")]
    pub retention: Option<Span>,
    /// What else its owner wants to be kept with it.
    #[prost(btree_map = "string, string", tag = "6")]
    pub data: BTreeMap<String, String>,
    /// Its custom search attributes: each name with its type, a `temporal.api.enums.v1.IndexedValueType`.
    #[prost(btree_map = "string, int32", tag = "7")]
    pub search_attributes: BTreeMap<String, i32>,
    /// No workflow is to start in it any more.
    #[prost(bool, tag = "8")]
    pub deprecated: bool,
}

impl Namespace {
    /// What may be done in it.
    #[must_use]
    pub(crate) fn state(&self) -> NamespaceState {
        if self.deprecated { NamespaceState::Deprecated } else { NamespaceState::Registered }
    }
}

/// What the keys of namespaces begin with, by name.
pub(super) const PREFIX: &str = "namespace/";
const ID_PREFIX: &str = "namespace-id/";

/// Where a namespace is found by its name.
pub(super) fn key(name: &str) -> String {
    format!("{PREFIX}{}", name.escape_default())
}

/// Where the name of a namespace is found by its id.
pub(super) fn id_key(id: &str) -> String {
    format!("{ID_PREFIX}{}", id.escape_default())
}

/// The ids in these rows, each with the name that it stands for.
pub fn names<'a>(rows: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> BTreeMap<String, String> {
    let ids = rows.into_iter().filter_map(|(key, name)| Some((key.strip_prefix(ID_PREFIX)?, name)));
    ids.map(|(id, name)| (id.to_owned(), String::from_utf8_lossy(name).into_owned())).collect()
}

/// A row as the namespace that it was written as, or what is wrong with it.
pub(super) fn decode(name: &str, row: Bytes) -> Result<Namespace, String> {
    let found = Namespace::decode(row).map_err(|problem| problem.to_string())?;
    if key(&found.name) == name { Ok(found) } else { Err("it is the row of another namespace".to_owned()) }
}

/// A row, as it was read, cannot be.
pub(super) fn damaged(key: &str, flaw: &str) -> Status {
    let panicked = invariant::noted(format_args!("the row {key} is damaged: {flaw}"));
    tracing::error!(key, %panicked, "does not serve a namespace");
    Status::unavailable(format!("the row {key} is damaged"))
}

/// Where all of them are.
pub(super) fn partition() -> Partition {
    Partition::other("namespaces")
}
