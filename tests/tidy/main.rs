//! Whether the tree is as ARCHITECTURE.md and CONTRIBUTING.md say: no circles between files, folders in their order, no
//! wildcard where a new kind of fault has to be thought of, short files, no crate with most of the code, nothing public that nobody
//! uses, no name for two types, no reference to a file that is not there.
//!
//! Each check is a file here: it looks at a [`Tree`], which is data, so that made-up trees show that it finds what it is
//! for. What is still tolerated is listed in `tolerated.rs`, and every entry that is not needed any more is an error: the lists
//! only get shorter. Nothing is built or executed here.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod circles;
mod comments;
mod facts;
mod folders;
mod length;
mod names;
mod public;
mod references;
mod share;
mod tolerated;
mod tree;
mod variants;
mod wildcards;

use std::path::Path;
use std::sync::LazyLock;
use tree::Tree;

static TREE: LazyLock<Tree> = LazyLock::new(|| Tree::read(Path::new(env!("CARGO_MANIFEST_DIR"))));

/// Fails with one line for each complaint.
fn none(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

#[test]
fn the_tree_is_read() {
    assert!(TREE.crates().count() >= 8 && TREE.files.len() > 300, "most of the tree is missing");
    assert!(TREE.files.keys().all(|path| !path.starts_with("target/")), "what is built is not of the tree");
}

#[test]
fn files_do_not_use_each_other_in_circles() {
    none(&circles::check(&TREE, tolerated::CIRCLES));
}

#[test]
fn folders_use_only_those_below_them() {
    none(&folders::check(&TREE, folders::ORDERS, tolerated::FOLDERS));
}

#[test]
fn every_kind_is_named_where_kinds_are_told_apart() {
    none(&wildcards::check(&TREE, wildcards::FAULTS, wildcards::DECIDED, tolerated::WILDCARDS));
}

#[test]
fn files_are_short() {
    none(&length::check(&TREE, tolerated::LONG));
}

#[test]
fn no_crate_has_more_than_a_quarter_of_the_code() {
    none(&share::check(&TREE));
}

#[test]
fn a_type_has_a_name_of_its_own() {
    none(&names::check(&TREE, tolerated::TWICE));
}

#[test]
fn what_is_public_is_used() {
    none(&public::check(&TREE, tolerated::UNUSED));
}

#[test]
fn doc_comments_say_something() {
    none(&comments::check(&TREE, tolerated::SHORT));
}

#[test]
fn references_lead_somewhere() {
    none(&references::check(&TREE, tolerated::REFERENCES));
}
