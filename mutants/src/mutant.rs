//! A mutant: one mechanical mistake at one place of the sources.

use serde::{Deserialize, Serialize};

/// The kinds of mistakes. What each does to a piece of code is said in the file of `find/` that proposes it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, strum::AsRefStr, strum::EnumIter,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Operator {
    /// A condition is always true.
    ConditionTrue,
    /// A condition is always false.
    ConditionFalse,
    /// The boundary of a comparison moves: `<` for `<=`.
    Boundary,
    /// A truth is turned around: `==` for `!=`, a value for its negation.
    Negation,
    /// `&&` for `||`, or the other way.
    Connective,
    /// `+` for `-`, `*` for `/`, or the other way.
    Arithmetic,
    /// A whole number is another one.
    Number,
    /// A statement is not executed.
    Statement,
    /// An arm of a match is passed over.
    Arm,
    /// A function returns at once, with nothing.
    Body,
    /// Two neighbouring arguments, or two fields of a value, are mixed up.
    Swap,
    /// A field of a value is left empty.
    Field,
    /// A value that there is counts as none.
    Absence,
    /// Another variant of the same enum.
    Variant,
    /// Another method of the same shape: `min` for `max`, `any` for `all`.
    Method,
}

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mutant {
    /// From 1, in the order of files and places; the same for the same sources.
    pub id: u32,
    /// The file, by its path from the root of the tree.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The function around it, with its type.
    pub function: String,
    /// The kind of mistake.
    pub operator: Operator,
    /// The code as it is, on one line.
    pub was: String,
    /// What it becomes.
    pub becomes: String,
}

impl Mutant {
    /// The file as people name it: without the folders that all files of our orchestrator have in common.
    #[must_use]
    pub(crate) fn place(&self) -> String {
        self.file.replacen("orchestrator/", "", 1).replacen("src/", "", 1)
    }
}

/// A change of a text that puts one mutant or two behind the switch: something in front of a piece, and something behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// Where the piece begins, in bytes.
    pub(crate) start: usize,
    /// Where it ends.
    pub(crate) end: usize,
    /// What comes in front.
    pub(crate) before: String,
    /// What comes behind.
    pub(crate) after: String,
    /// The mutants that this change makes.
    pub(crate) mutants: Vec<u32>,
}
