//! How large things may be that the frontend refuses in requests and history in commands. As in temporalio/temporal,
//! `common/dynamicconfig/constants.go`.

/// Longest id, in bytes.
pub(crate) const ID_BYTES: usize = 1000;
/// Largest payload, in bytes.
pub(crate) const BLOB_BYTES: usize = 2 << 20;
