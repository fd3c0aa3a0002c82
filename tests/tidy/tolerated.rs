//! What is still tolerated. Every entry is a debt; one that is not needed any more is an error.

use crate::circles::Circle;
use crate::length::Long;
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
    ("harness/builtin/src/audit.rs", 302, "to be split"),
    ("models/campaign/src/coverage/mod.rs", 331, "to be split"),
    ("models/campaign/src/milestone/call.rs", 365, "to be split"),
    ("models/campaign/src/milestone/task.rs", 321, "to be split"),
    ("models/cassandra/src/tests.rs", 534, "one test for each sentence"),
    ("models/compare/src/subject.rs", 341, "to be split"),
    ("models/formats/src/event/kinds.rs", 408, "a table of the kinds of events"),
    ("models/formats/src/listing.rs", 313, "to be split"),
    ("models/formats/src/program.rs", 444, "the contract of the language is one text"),
    ("models/formats/src/recording.rs", 438, "to be split"),
    ("models/generate/src/shrink/simpler.rs", 335, "to be split"),
    ("models/generate/src/tests.rs", 505, "one test for each sentence"),
    ("models/judge/src/replay/term.rs", 339, "to be split"),
    ("models/judge/src/replay/tests.rs", 416, "one test for each sentence"),
    ("models/judge/src/rules/witness/effects.rs", 304, "to be split"),
    ("models/judge/src/rules/linear/tests.rs", 402, "one test for each sentence"),
    ("models/judge/src/rules/witness/timeline.rs", 348, "to be split"),
    ("models/machine/src/lib.rs", 303, "to be split"),
    ("models/testing/src/corrupt/entity.rs", 401, "to be split"),
    ("models/testing/src/corrupt/ledger.rs", 443, "to be split"),
    ("orchestrator/src/history/engine/child.rs", 325, "to be split"),
    ("orchestrator/src/history/engine/start.rs", 337, "to be split"),
    ("orchestrator/src/history/shard/actor.rs", 451, "to be split"),
    ("orchestrator/src/history/state.rs", 365, "to be split"),
    ("orchestrator/src/matching/partition.rs", 504, "to be split"),
    ("orchestrator/src/matching/queue.rs", 499, "to be split"),
];

/// Public items that are used nowhere else, by crate.
pub(crate) const UNUSED: &[Unused] = &[
    ("harness/simulation", 1, "to be looked through"),
    ("models/campaign", 1, "to be looked through"),
    ("models/cassandra", 4, "to be looked through"),
    ("models/formats", 4, "to be looked through"),
    ("models/generate", 1, "to be looked through"),
    ("models/judge", 12, "to be looked through"),
    ("orchestrator", 61, "to be looked through"),
];

/// References that lead nowhere, by file.
pub(crate) const REFERENCES: &[Dangling] = &[];
