//! The dependency rules of ARCHITECTURE.md, checked on what cargo resolves: who may know whom, and how heavy the crates in `models/` may
//! be.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, PackageId};
use std::collections::{BTreeMap, BTreeSet};

fn metadata() -> Metadata {
    MetadataCommand::new().current_dir(env!("CARGO_MANIFEST_DIR")).exec().unwrap()
}

/// What a crate is built from, directly or not, without what only its tests and build scripts need.
fn reaches(metadata: &Metadata, name: &str) -> BTreeSet<String> {
    let names: BTreeMap<&PackageId, &str> = metadata.packages.iter().map(|p| (&p.id, p.name.as_str())).collect();
    let resolve = metadata.resolve.as_ref().unwrap();
    let nodes: BTreeMap<&PackageId, _> = resolve.nodes.iter().map(|node| (&node.id, node)).collect();
    let root = metadata.workspace_packages().into_iter().find(|p| p.name == name).unwrap();
    let mut found = BTreeSet::new();
    let mut queue = vec![&root.id];
    while let Some(id) = queue.pop() {
        for dependency in &nodes[id].deps {
            let normal = dependency.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal);
            if normal && found.insert(names[&dependency.pkg].to_owned()) {
                queue.push(&dependency.pkg);
            }
        }
    }
    found
}

/// The crates in `models/` that a released program is built from.
const MODELS: [&str; 7] = [
    "resurgam-campaign",
    "resurgam-cassandra",
    "resurgam-compare",
    "resurgam-formats",
    "resurgam-generate",
    "resurgam-judge",
    "resurgam-machine",
];

#[test]
fn crates_know_only_what_they_may() {
    let metadata = metadata();
    // What an outsider compiles to have an orchestrator tested: nothing of ours.
    let harness = [
        "resurgam-api",
        "resurgam-campaign",
        "resurgam-cassandra",
        "resurgam-formats",
        "resurgam-generate",
        "resurgam-interpose",
        "resurgam-judge",
        "resurgam-machine",
        "resurgam-node",
        "resurgam-reports",
        "resurgam-simulation",
    ];
    // What our orchestrator is built from, and what is compiled once where it is compiled twice.
    let leaves = ["resurgam-batch", "resurgam-calendar", "resurgam-schedule", "resurgam-state", "resurgam-visibility"];
    let orchestrator = [&["resurgam-api", "resurgam-node"], &leaves[..]].concat();
    let released = [&orchestrator[..], &["resurgam-cassandra-store", "resurgam-released"]].concat();
    let planted = [&orchestrator[..], &["resurgam-cassandra-store", "resurgam-orchestrator"]].concat();
    let builtin = [&harness[..], &["resurgam-harness", "resurgam-orchestrator"], &leaves].concat();
    let with_builtin = [&builtin[..], &["resurgam-builtin"]].concat();
    let real = [&harness[..], &["resurgam-harness"]].concat();
    let server = ["resurgam-cassandra-store", "resurgam-planted-server", "resurgam-released", "resurgam-server"];
    let mutants = [&with_builtin[..], &["resurgam-explorer", "resurgam-mutant-switch"]].concat();
    let apart = ["resurgam-compare", "resurgam-intake", "resurgam-mutants", "resurgam-scenarios"];
    let everything = [&mutants[..], &server, &apart].concat();
    let read = [
        "resurgam-api",
        "resurgam-calendar",
        "resurgam-campaign",
        "resurgam-formats",
        "resurgam-intake",
        "resurgam-judge",
    ];
    let fuzz = [&read[..], &["resurgam-reports", "resurgam-visibility"]].concat();
    let allowed: [(&str, &[&str]); 36] = [
        ("resurgam-formats", &[]),
        ("resurgam-machine", &["resurgam-formats"]),
        ("resurgam-cassandra", &["resurgam-formats"]),
        ("resurgam-generate", &["resurgam-formats"]),
        // Above all not the machine: what judges shares no code with what is judged.
        ("resurgam-judge", &["resurgam-formats"]),
        ("resurgam-campaign", &["resurgam-formats"]),
        ("resurgam-compare", &["resurgam-campaign", "resurgam-formats", "resurgam-judge"]),
        ("resurgam-testing", &["resurgam-formats", "resurgam-judge", "resurgam-machine"]),
        ("resurgam-api", &[]),
        ("resurgam-interpose", &[]),
        // It holds one server against another, or any orchestrator against what one has answered, and knows nothing of ours.
        ("resurgam-explorer", &real),
        ("resurgam-node", &["resurgam-api"]),
        ("resurgam-example-naive", &["resurgam-api", "resurgam-node"]),
        // Pure, and nothing of the server: it is compiled once.
        ("resurgam-calendar", &["resurgam-api"]),
        // The list of workflows knows nothing of who keeps it.
        ("resurgam-visibility", &["resurgam-api"]),
        // It knows when it is due, and how lists write what they show of it.
        ("resurgam-schedule", &["resurgam-api", "resurgam-calendar", "resurgam-visibility"]),
        // It knows how lists write what they show of it.
        ("resurgam-batch", &["resurgam-api", "resurgam-visibility"]),
        // What is stored of a run knows nobody who works on it.
        (
            "resurgam-state",
            &["resurgam-api", "resurgam-batch", "resurgam-calendar", "resurgam-schedule", "resurgam-visibility"],
        ),
        ("resurgam-orchestrator", &orchestrator),
        ("resurgam-released", &orchestrator),
        // What it concludes from errors is compared with the model in its tests, and not taken from it.
        ("resurgam-cassandra-store", &["resurgam-api", "resurgam-node"]),
        ("resurgam-server", &released),
        // As resurgam-server, but for the orchestrator.
        ("resurgam-planted-server", &planted),
        // The kernel knows nothing of workflows.
        ("resurgam-simulation", &["resurgam-api", "resurgam-interpose"]),
        // Not the judge: what is written of rules is handed over by whoever asks for a report.
        ("resurgam-reports", &["resurgam-campaign", "resurgam-formats"]),
        ("resurgam-scenarios", &["resurgam-formats"]),
        ("resurgam-intake", &["resurgam-api", "resurgam-formats"]),
        ("resurgam-harness", &harness),
        ("resurgam-real", &real),
        ("resurgam-builtin", &builtin),
        ("resurgam-benches", &with_builtin),
        // What reads files and questions, and nothing that takes part in a run.
        ("resurgam-fuzz", &fuzz),
        ("resurgam-porcupine", &["resurgam-formats", "resurgam-judge"]),
        // What is released is built from sources without switches.
        ("resurgam-mutant-switch", &[]),
        ("resurgam-mutants", &mutants),
        ("resurgam", &everything),
    ];
    let members: BTreeSet<String> = metadata.workspace_packages().iter().map(|p| p.name.to_string()).collect();
    let listed: BTreeSet<String> = allowed.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(members, listed, "a crate without a rule");
    for (name, may) in allowed {
        for known in reaches(&metadata, name).into_iter().filter(|known| known.starts_with("resurgam")) {
            assert!(may.contains(&known.as_str()), "{name} must not know {known}");
        }
    }
}

#[test]
fn models_are_pure() {
    let metadata = metadata();
    for name in MODELS {
        let found = reaches(&metadata, name);
        assert!(found.contains("serde"), "the test looks at nothing");
        for heavy in ["tokio", "tonic", "prost", "temporalio-protos", "hyper", "async-trait", "futures-util"] {
            assert!(!found.contains(heavy), "{name} must do no I/O and know no protobuf, but is built from {heavy}");
        }
    }
}

#[test]
fn only_the_generator_draws() {
    let metadata = metadata();
    for name in MODELS {
        assert_eq!(reaches(&metadata, name).contains("proptest"), name == "resurgam-generate", "{name}");
    }
}

/// Support for tests is in no released program.
#[test]
fn only_tests_reach_the_testing_crate() {
    for package in metadata().workspace_packages() {
        let normal = package.dependencies.iter().filter(|known| known.kind != DependencyKind::Development);
        assert!(normal.clone().count() > 0 || package.dependencies.is_empty(), "the test looks at nothing");
        let named: Vec<_> = normal.filter(|known| known.name == "resurgam-testing").collect();
        assert!(named.is_empty(), "{} must reach resurgam-testing from tests only", package.name);
    }
}
