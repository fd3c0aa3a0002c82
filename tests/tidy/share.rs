//! How much of the code one crate has. What is more than a quarter of it should be several crates: each is compiled by itself,
//! and says in its manifest what it does not know.
//!
//! Counted are the lines of libraries (of programs, where there is no library) that are neither blank nor a comment nor of tests.

use crate::length::without_tests;
use crate::tree::Tree;
use std::collections::BTreeMap;

/// Of four crates of the same size, none has more.
const MOST_PER_CENT: usize = 25;

/// One line for each crate that is too large.
pub(crate) fn check(tree: &Tree) -> Vec<String> {
    let lines = lines(tree);
    let all: usize = lines.values().sum();
    let large = lines.iter().filter(|(_, lines)| **lines * 100 > all * MOST_PER_CENT);
    large.map(|(of, lines)| format!("{of} has {lines} of {all} lines, more than {MOST_PER_CENT} %")).collect()
}

/// How many lines of code each crate has.
fn lines(tree: &Tree) -> BTreeMap<&str, usize> {
    let of = |of| tree.modules(of).values().map(|file| code(&tree.files[*file])).sum();
    tree.crates().map(|name| (name, of(name))).collect()
}

fn code(text: &str) -> usize {
    let lines = without_tests(text).map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with("//")).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four crates, the first of which has so many lines of code more than the others.
    fn four(more: usize) -> Vec<String> {
        let text = |more| {
            let code = "const A: u8 = 1;\n".repeat(10 + more);
            format!("//! Says\n//! much.\n\n{code}\n#[cfg(test)]\nmod tests {{\n    const B: u8 = 1;\n}}\n")
        };
        let files = ["a", "b", "c", "d"].map(|name| {
            let more = if name == "a" { more } else { 0 };
            [(format!("{name}/Cargo.toml"), "[package]".to_owned()), (format!("{name}/src/lib.rs"), text(more))]
        });
        let files: Vec<(&str, &str)> =
            files.as_flattened().iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        check(&Tree::of(&files))
    }

    #[test]
    fn a_crate_with_more_than_a_quarter_is_found() {
        assert_eq!(four(0), [""; 0]);
        assert_eq!(four(1), ["a has 11 of 41 lines, more than 25 %"]);
    }

    #[test]
    fn comments_blank_lines_and_tests_do_not_count() {
        let tests = "\n// no\n#[cfg(test)]\nmod tests {\n    fn g() {}\n}\n";
        assert_eq!(code(&format!("/// Says something.\nfn f() {{\n\n    // Nothing.\n}}\n{tests}")), 2);
    }
}
