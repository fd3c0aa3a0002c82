//! What is still tolerated. Every entry is a debt; one that is not needed any more is an error.

use crate::circles::Circle;
use crate::comments::Short;
use crate::length::Long;
use crate::names::Twice;
use crate::public::Unused;
use crate::references::Dangling;

/// Circles between files.
pub(crate) const CIRCLES: &[Circle] = &[];

/// Uses against the order of folders: which file uses which folder.
pub(crate) const FOLDERS: &[(&str, &str)] = &[];

/// Where kinds of faults are passed over: file and function.
pub(crate) const WILDCARDS: &[(&str, &str)] = &[];

/// Files that are longer than others.
pub(crate) const LONG: &[Long] = &[
    ("models/formats/src/event/kinds.rs", 513, "a table of the kinds of events"),
    ("models/formats/src/program.rs", 444, "the contract of the language is one text"),
    ("models/generate/src/tests.rs", 507, "one test for each sentence"),
    ("models/judge/src/replay/tests.rs", 416, "one test for each sentence"),
    ("orchestrator/src/history/shard/actor.rs", 428, "to be split"),
];

/// Names that two types of a crate have.
pub(crate) const TWICE: &[Twice] = &[
    ("models/formats", "Failure", "what a program can fail with, and what events say of it"),
    ("models/formats", "Operation", "what a client is to do, and what was recorded of it"),
];

/// Public items that are used nowhere else, by crate.
pub(crate) const UNUSED: &[Unused] = &[];

/// Doc comments of at most two words, by file.
pub(crate) const SHORT: &[Short] = &[];

/// References that lead nowhere, by file.
pub(crate) const REFERENCES: &[Dangling] = &[];
