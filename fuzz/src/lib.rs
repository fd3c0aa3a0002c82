//! Fuzz targets: whatever bytes anyone may give to what reads them here, there is no panic, an end, and no more memory than its size
//! allows.
//!
//! A target is a function of bytes in `targets/`, one file each. The bytes are a script: some of them choose, whether the
//! input is what follows as it is, or a committed sample that is spoilt by what follows. So an engine that only draws bytes
//! comes behind the first check of a decoder, and one that is guided by coverage can take small steps. What a target asserts beside that
//! it does not panic stands in it. `tests/fuzz.rs` runs all of them: a few thousand inputs with `cargo test`, as many as are
//! asked for with `BOLERO_RANDOM_ITERATIONS`, and by libFuzzer with `cargo bolero`.
//!
//! This crate links nothing that would take part in a run, and knows what the decoders promise, not how they work.

pub mod memory;
pub mod samples;
mod script;
mod spoilt;
pub mod targets;
mod values;
