//! What benchmarks measure with: synthetic evidence of any size. Nothing here measures.

pub mod history;
