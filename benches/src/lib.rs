//! What benchmarks measure with: synthetic evidence of any size, a stub cluster, CPU time.

pub mod alone;
pub mod busy;
pub mod history;
pub mod stub;
