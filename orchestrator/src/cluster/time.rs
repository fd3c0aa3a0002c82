//! How moments are counted.

/// Milliseconds since 1970 by the clock of whoever decides, or between two such moments.
pub type Millis = i64;
