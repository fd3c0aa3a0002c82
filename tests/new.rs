//! `resurgam new`: a crate that cargo understands, in a directory that was not there. That it compiles and what its test says
//! takes minutes, and is tried by hand.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn new(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_resurgam"));
    command.arg("new").args(arguments).current_dir(folder).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The dependencies of a crate by name, with where they come from, as cargo reads them.
fn dependencies(directory: &Path) -> Vec<(String, Option<String>)> {
    let mut command = cargo_metadata::MetadataCommand::new();
    let metadata = command.current_dir(directory).no_deps().exec().unwrap();
    let package = metadata.root_package().unwrap();
    let from = |it: &cargo_metadata::Dependency| {
        it.path.as_ref().map(ToString::to_string).or(it.source.as_ref().map(ToString::to_string))
    };
    package.dependencies.iter().map(|it| (it.name.clone(), from(it))).collect()
}

#[test]
fn a_crate_takes_resurgam_from_the_tree_of_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let made = new(folder.path(), &["my-own"]);
    assert_eq!(made.status.code(), Some(0), "{}", text(&made.stderr));
    assert!(text(&made.stdout).contains("cd my-own && cargo test"), "{}", text(&made.stdout));
    let at = folder.path().join("my-own");
    let tree = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = dependencies(&at);
    for (name, place) in [("resurgam-node", "node"), ("resurgam-harness", "harness")] {
        let path = tree.join(place).display().to_string();
        assert!(found.contains(&(name.to_owned(), Some(path))), "{name}: {found:?}");
    }
    assert!(fs::read_to_string(at.join(".cargo/config.toml")).unwrap().contains("tokio_unstable"));
    let test = fs::read_to_string(at.join("tests/resurgam.rs")).unwrap();
    assert!(test.contains("use my_own::MyOwn;") && !test.contains('{'.to_string().repeat(2).as_str()), "{test}");
}

#[test]
fn a_crate_takes_resurgam_from_a_repository() {
    let folder = tempfile::tempdir().unwrap();
    let made = new(folder.path(), &["mine", "--git", "https://example.org/resurgam.git"]);
    assert_eq!(made.status.code(), Some(0), "{}", text(&made.stderr));
    for (name, from) in
        dependencies(&folder.path().join("mine")).iter().filter(|(name, _)| name.starts_with("resurgam"))
    {
        assert_eq!(from.as_deref(), Some("git+https://example.org/resurgam.git"), "{name}");
    }
}

#[test]
fn what_is_there_is_left_alone_and_a_name_that_is_none_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("mine")).unwrap();
    let here = env!("CARGO_MANIFEST_DIR");
    for (arguments, said) in [
        (&["mine"][..], "mine is there already"),
        (&["Mine"], "cannot be the name of a crate"),
        (&["other", "--resurgam", "nowhere"], "not a tree of Resurgam"),
        (&["other", "--resurgam", here, "--git", "x"], "cannot be used with"),
        (&[], "required"),
    ] {
        let refused = new(folder.path(), arguments);
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}");
        assert!(text(&refused.stderr).contains(said), "{arguments:?}: {}", text(&refused.stderr));
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "something was left");
}
