//! The units of time in every format.

/// Nanoseconds since the case began, by the recorder's monotone clock.
pub type At = u64;
/// A duration, or a moment of a plan since the case began, in milliseconds.
pub type Millis = u32;
/// Milliseconds since 1970, by the clock of whoever wrote it.
pub type UnixMillis = i64;
