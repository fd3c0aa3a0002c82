//! Worlds: where the nodes of a cluster, the clients and the workers of a case live.

pub mod sim;
