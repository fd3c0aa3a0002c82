//! Circles between the files of a crate: two that use each other, or more in a ring, can only be read together.

use crate::tree::Tree;
use petgraph::algo::tarjan_scc;
use petgraph::graphmap::DiGraphMap;
use std::collections::BTreeSet;

/// A circle that is still tolerated: its files, or more than its files.
pub(crate) type Circle = &'static [&'static str];

/// One line for each circle that is not tolerated, and for each that is tolerated and not there.
pub(crate) fn check(tree: &Tree, tolerated: &[Circle]) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut needed = BTreeSet::new();
    for of in tree.crates() {
        let uses = tree.uses(of);
        let graph: DiGraphMap<&str, ()> = uses.keys().copied().collect();
        for circle in tarjan_scc(&graph).into_iter().filter(|circle| circle.len() > 1) {
            let files: BTreeSet<&str> = circle.into_iter().collect();
            let known = tolerated.iter().position(|known| files.iter().all(|file| known.contains(file)));
            needed.extend(known);
            if known.is_none() {
                complaints.push(format!("a circle of {} files:", files.len()));
                let inside = uses.iter().filter(|((from, to), _)| files.contains(from) && files.contains(to));
                complaints.extend(inside.map(|((from, to), path)| format!("    {from} uses {to}: {path}")));
            }
        }
    }
    for (index, circle) in tolerated.iter().enumerate().filter(|(index, _)| !needed.contains(index)) {
        complaints.push(format!("circle {index} is tolerated and there is none: {circle:?}"));
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: (&str, &str) = ("a/Cargo.toml", "[package]");

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        check(&Tree::of(&[&[MANIFEST], files].concat()), &[])
    }

    #[test]
    fn two_files_that_use_each_other_are_found() {
        let one = ("a/src/one.rs", "use crate::two::B;\npub struct A(B);");
        for two in
            ["pub struct B; fn f(_: super::one::A) {}", "pub struct B; fn f() { println!(\"{}\", crate::one::A) }"]
        {
            let found = found(&[("a/src/lib.rs", "mod one; mod two;"), one, ("a/src/two.rs", two)]);
            assert_eq!(found[0], "a circle of 2 files:", "{two}");
            assert_eq!(found[1], "    a/src/one.rs uses a/src/two.rs: crate::two::B");
        }
    }

    #[test]
    fn a_parent_that_uses_its_child_and_is_used_by_it_is_found() {
        let lib = ("a/src/lib.rs", "mod p;");
        let child = ("a/src/p/c.rs", "use super::P; pub fn f(_: P) {}");
        assert_eq!(found(&[lib, ("a/src/p.rs", "mod c; struct P; fn g() { c::f(P) }"), child]).len(), 3);
        assert_eq!(found(&[lib, ("a/src/p/mod.rs", "mod c; use c::f; struct P; fn g() { f(P) }"), child]).len(), 3);
        assert_eq!(
            found(&[lib, ("a/src/p.rs", "mod c; pub use c::f; struct P;"), child]),
            [""; 0],
            "it only passes on"
        );
    }

    #[test]
    fn a_ring_through_a_re_export_is_found() {
        let files = [
            ("a/src/lib.rs", "mod one; mod two; mod three;"),
            ("a/src/one.rs", "use crate::two::C; fn f(_: C) {}"),
            ("a/src/two.rs", "pub use crate::three::C;"),
            ("a/src/three.rs", "pub struct C; use crate::one;  fn g() { one::f(C) }"),
        ];
        assert_eq!(found(&files)[0], "a circle of 2 files:");
    }

    #[test]
    fn tests_may_use_everything() {
        let files = [
            ("a/src/lib.rs", "mod one; mod two; #[cfg(test)] mod tests;"),
            ("a/src/one.rs", "use crate::two::B; #[cfg(test)] mod tests { use super::*; use crate::two::B; }"),
            ("a/src/two.rs", "pub struct B; #[cfg(test)] mod tests { fn f(_: crate::one::A) {} }"),
            ("a/src/tests.rs", "use crate::one::A;"),
        ];
        assert_eq!(found(&files), [""; 0]);
    }

    #[test]
    fn what_is_tolerated_must_be_there() {
        let files = [
            MANIFEST,
            ("a/src/lib.rs", "mod one; mod two;"),
            ("a/src/one.rs", "use crate::two::B; struct A;"),
            ("a/src/two.rs", "use crate::one::A; struct B;"),
        ];
        let known: Circle = &["a/src/one.rs", "a/src/two.rs"];
        assert_eq!(check(&Tree::of(&files), &[known]), [""; 0]);
        assert_eq!(check(&Tree::of(&files), &[known, &["a/src/three.rs"]]).len(), 1);
    }
}
