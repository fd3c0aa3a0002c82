//! The contract, sentence by sentence.

mod stray;
