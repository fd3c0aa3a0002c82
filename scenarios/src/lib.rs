//! Committed evidence and named scenarios. No machinery.
