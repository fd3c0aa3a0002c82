//! What is public and named nowhere outside of its crate should not be public: then the compiler sees whether it is used.
//!
//! It goes by names, so a name that something else has too counts as used. What stands in a public signature has to be
//! public and is not asked for.

use crate::tree::Tree;
use std::collections::BTreeSet;

/// A crate, how many of its public items are not used outside, and why they are there all the same.
pub(crate) type Unused = (&'static str, usize, &'static str);

/// For each crate with a library, the public names that are named nowhere outside of it, if they are not exactly as many
/// as are tolerated.
pub(crate) fn check(tree: &Tree, tolerated: &[Unused]) -> Vec<String> {
    let mut complaints = Vec::new();
    for of in tree.crates() {
        let unused = unused(tree, of);
        let most = tolerated.iter().find(|(known, ..)| *known == of).map_or(0, |(_, most, _)| *most);
        if unused.len() > most {
            let names: Vec<String> = unused.iter().map(|(name, file)| format!("    {name} ({file})")).collect();
            complaints.push(format!("{of}: {} public items are used nowhere else, {most} may be:", unused.len()));
            complaints.extend(names);
        } else if unused.len() < most {
            complaints.push(format!("{of}: only {} public items are used nowhere else, {most} may be", unused.len()));
        }
    }
    let members: BTreeSet<&str> = tree.crates().collect();
    let gone = tolerated.iter().filter(|(of, ..)| !members.contains(of));
    complaints.extend(gone.map(|(of, ..)| format!("{of} is no crate")));
    complaints
}

fn unused<'a>(tree: &'a Tree, of: &str) -> BTreeSet<(&'a str, &'a str)> {
    let root = format!("{of}{}src/", if of.is_empty() { "" } else { "/" });
    let modules = tree.modules(of);
    if !tree.facts.contains_key(&format!("{root}lib.rs")) {
        return BTreeSet::new();
    }
    let own: BTreeSet<&str> = modules.values().copied().collect();
    let outside: BTreeSet<&str> = tree
        .facts
        .iter()
        // Tests, benchmarks, examples and programs of the crate itself use it from outside.
        .filter(|(path, _)| {
            !path.starts_with(&root) || path.starts_with(&format!("{root}bin/")) || **path == format!("{root}main.rs")
        })
        .flat_map(|(_, facts)| facts.names.iter().map(String::as_str))
        .collect();
    let signatures: BTreeSet<&str> =
        own.iter().flat_map(|file| &tree.facts[*file].in_signatures).map(String::as_str).collect();
    let public = own.iter().flat_map(|file| tree.facts[*file].public.iter().map(|name| (name.as_str(), *file)));
    public.filter(|(name, _)| !outside.contains(name) && !signatures.contains(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(user: &str, tolerated: &[Unused]) -> Vec<String> {
        let library = "mod inner; pub fn used() -> Answer { Answer } pub fn unused() {} pub struct Answer; \
                       #[cfg(test)] mod tests { pub fn helper() {} } pub(crate) fn own() {} \
                       impl Answer { pub fn method(&self) {} }";
        let files = [
            ("a/Cargo.toml", "[package]"),
            ("a/src/lib.rs", library),
            ("a/src/inner.rs", "fn f() { super::unused() }"),
            ("b/Cargo.toml", "[package]"),
            ("b/src/main.rs", user),
        ];
        check(&Tree::of(&files), tolerated)
    }

    #[test]
    fn what_nobody_else_names_is_found() {
        let uses = "fn main() { a::used().method(); }";
        assert_eq!(
            found(uses, &[]),
            ["a: 1 public items are used nowhere else, 0 may be:", "    unused (a/src/lib.rs)"]
        );
        assert_eq!(found("fn main() { a::used().method(); a::unused(); }", &[]), [""; 0]);
        assert_eq!(found("/* used, unused, method */ fn main() {}", &[]).len(), 4);
        assert_eq!(found(uses, &[("a", 1, "for outsiders")]), [""; 0]);
        assert_eq!(found(uses, &[("a", 2, "for outsiders")]).len(), 1);
    }
}
