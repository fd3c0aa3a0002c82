//! How much the suite sees: mechanical mistakes in our orchestrator, all behind one switch in one build, and a count of those
//! that a rule tells from what is right.
//!
//! `find/` proposes mutants in a text. [`tree`] writes a copy of the workspace in which they stand behind the switch, and leaves out
//! those that do not compile. The copy's program executes cases ([`serve`]) with one mutant or none, as its parent tells it
//! (`child`). `survey` says which case reaches which mutant, [`trials`] executes those, [`score`] counts.
//!
//! Only a violated rule kills a mutant; where none is, it may be seen by an answer that is not the one that the real server has given to
//! the same requests. No unit test is run. The sources themselves are never changed.

pub mod campaign;
pub mod case_id;
mod child;
mod compiler;
mod edit;
mod find;
pub mod mutant;
mod refusal;
pub mod score;
pub mod serve;
mod survey;
pub mod table;
pub mod tree;
pub mod trials;
