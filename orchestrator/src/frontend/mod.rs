//! The frontend service: the public calls. It checks requests, finds their namespace, and passes them on to the owner of
//! the shard or queue that they are about. It keeps nothing but a cache of namespaces, so any node can serve any call.

mod attributes;
pub(crate) mod bounds;
pub mod handler;
pub(crate) mod link;
mod listing;
mod namespace_change;
pub mod operator;
mod oversized;
mod page_token;
mod seal;
pub(crate) mod service;
mod under_way;
pub mod unsupported;
pub mod validate;
mod version;
mod waiting;
