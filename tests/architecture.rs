//! The dependency rules of ARCHITECTURE.md, checked on what cargo resolves: who may know whom, and how heavy `models` may be.

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

#[test]
fn crates_know_only_what_they_may() {
    let metadata = metadata();
    let allowed: [(&str, &[&str]); 11] = [
        ("resurgam-api", &[]),
        ("resurgam-models", &[]),
        ("resurgam-reports", &["resurgam-models"]),
        ("resurgam-interpose", &[]),
        ("resurgam-orchestrator", &["resurgam-api"]),
        ("resurgam-released", &["resurgam-api"]),
        ("resurgam-server", &["resurgam-api", "resurgam-released"]),
        ("resurgam-harness", &["resurgam-api", "resurgam-interpose", "resurgam-models", "resurgam-orchestrator"]),
        ("resurgam-scenarios", &["resurgam-models"]),
        (
            "resurgam-benches",
            &["resurgam-api", "resurgam-harness", "resurgam-interpose", "resurgam-models", "resurgam-orchestrator"],
        ),
        (
            "resurgam",
            &[
                "resurgam-api",
                "resurgam-harness",
                "resurgam-interpose",
                "resurgam-models",
                "resurgam-orchestrator",
                "resurgam-released",
                "resurgam-reports",
                "resurgam-scenarios",
                "resurgam-server",
            ],
        ),
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
fn models_is_pure() {
    let found = reaches(&metadata(), "resurgam-models");
    assert!(found.contains("serde_json"), "the test looks at nothing");
    for heavy in ["tokio", "tonic", "prost", "temporalio-protos", "hyper", "async-trait", "futures-util"] {
        assert!(!found.contains(heavy), "models must do no I/O and know no protobuf, but is built from {heavy}");
    }
}
