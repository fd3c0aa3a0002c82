//! One word means one thing: within a crate no two types that all of it can use have the same name.
//!
//! What is only named in its own module may be called as it likes. Some names are conventions and always stand behind the name
//! of their module: `Error`, the `Args` of a command, the `Options` of a part of a program.

use crate::tree::Tree;
use std::collections::BTreeMap;

/// Names that every module may use for its own.
const CONVENTIONS: &[&str] = &["Args", "Error", "Options"];

/// A crate, a name that two of its types have, and why.
pub(crate) type Twice = (&'static str, &'static str, &'static str);

/// One line for each name that several types of a crate have, unless it is tolerated, and for each that is tolerated and not there.
pub(crate) fn check(tree: &Tree, tolerated: &[Twice]) -> Vec<String> {
    let mut types: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for of in tree.crates() {
        for file in tree.modules(of).into_values() {
            for name in &tree.facts[file].types {
                types.entry((of, name)).or_default().push(file);
            }
        }
    }
    types.retain(|(_, name), files| files.len() > 1 && !CONVENTIONS.contains(name));
    let known = |of: &str, name: &str| tolerated.iter().any(|(its, called, _)| (*its, *called) == (of, name));
    let new = types.iter().filter(|((of, name), _)| !known(of, name));
    let mut complaints: Vec<String> =
        new.map(|((of, name), files)| format!("{of} has {} types {name}: {}", files.len(), files.join(", "))).collect();
    let gone = tolerated.iter().filter(|(of, name, _)| !types.contains_key(&(*of, *name)));
    complaints.extend(gone.map(|(of, name, _)| format!("{of} may have two types {name} and has not")));
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(second: &str, tolerated: &[Twice]) -> Vec<String> {
        let files = [
            ("a/Cargo.toml", "[package]"),
            ("a/src/lib.rs", "mod one; mod two; #[cfg(test)] mod tests { pub struct Place; }"),
            ("a/src/one.rs", "pub(crate) struct Place; pub struct Error; struct State;"),
            ("a/src/two.rs", second),
            ("b/Cargo.toml", "[package]"),
            ("b/src/lib.rs", "pub struct Place;"),
        ];
        check(&Tree::of(&files), tolerated)
    }

    #[test]
    fn a_name_of_two_types_is_found() {
        assert_eq!(found("pub enum Place {}", &[]), ["a has 2 types Place: a/src/one.rs, a/src/two.rs"]);
        assert_eq!(found("struct Place; pub struct Error; pub struct State;", &[]), [""; 0]);
        assert_eq!(found("pub type Place = u8;", &[("a", "Place", "for now")]), [""; 0]);
        assert_eq!(found("struct Place;", &[("a", "Place", "for now")]), ["a may have two types Place and has not"]);
    }
}
