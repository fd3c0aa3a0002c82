//! How long files are: one noun fits into 300 lines. What only tests have does not count, files of tests may have 400.

use crate::tree::Tree;

/// A file that may be longer, how long, and why.
pub(crate) type Long = (&'static str, usize, &'static str);

const MOST: usize = 300;
const MOST_OF_TESTS: usize = 400;

/// One line for each file that is too long, and for each that is tolerated and need not be.
pub(crate) fn check(tree: &Tree, tolerated: &[Long]) -> Vec<String> {
    let mut complaints = Vec::new();
    for path in tree.facts.keys() {
        let (lines, most) = (lines(&tree.files[path]), if is_test(path) { MOST_OF_TESTS } else { MOST });
        match tolerated.iter().find(|(known, ..)| known == path) {
            None if lines > most => complaints.push(format!("{path} has {lines} lines, more than {most}")),
            Some((_, known, _)) if lines > *known => {
                complaints.push(format!("{path} grew from {known} lines to {lines}"));
            }
            Some(_) if lines <= most => complaints.push(format!("{path} may be long, and has {lines} lines")),
            _ => {}
        }
    }
    let gone = tolerated.iter().filter(|(path, ..)| !tree.facts.contains_key(*path));
    complaints.extend(gone.map(|(path, ..)| format!("{path} may be long, and is not there")));
    complaints
}

/// How many lines are not of items for tests alone.
fn lines(text: &str) -> usize {
    without_tests(text).count()
}

/// The lines that are not of items for tests alone, wherever in the file those stand. Such an item ends, as files are formatted,
/// with the first brace at the beginning of a line, or, if it has none, with its semicolon.
pub(crate) fn without_tests(text: &str) -> impl Iterator<Item = &str> {
    let mut in_test = false;
    text.lines().filter(move |line| {
        in_test |= *line == "#[cfg(test)]";
        let of_test = in_test;
        let at_margin = line.chars().next().is_some_and(|first| !first.is_whitespace());
        if *line == "}" || at_margin && line.ends_with(';') {
            in_test = false;
        }
        !of_test
    })
}

fn is_test(path: &str) -> bool {
    path.split('/').any(|name| name == "tests" || name.ends_with("tests.rs"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &'static str, lines: usize, tests: usize, tolerated: &[Long]) -> usize {
        let text = format!("{}\n#[cfg(test)]\nmod tests {{\n{}}}\n", "//\n".repeat(lines), "//\n".repeat(tests));
        check(&Tree::of(&[(path, &text)]), tolerated).len()
    }

    #[test]
    fn a_long_file_is_found() {
        assert_eq!(found("a/src/b.rs", 290, 300, &[]), 0);
        assert_eq!(found("a/src/b.rs", 310, 0, &[]), 1);
        assert_eq!(found("a/tests/b.rs", 310, 0, &[]), 0);
        assert_eq!(found("a/src/b_tests.rs", 410, 0, &[]), 1);
    }

    #[test]
    fn what_only_tests_have_hides_nothing_behind_it() {
        let use_of_tests = "#[cfg(test)]\nuse std::fmt;\n";
        let list = "#[cfg(test)]\n#[path = \"x.rs\"]\nmod x;\n";
        let module = "#[cfg(test)]\nmod tests {\n    const A: u8 = 1;\n\n    fn f() {}\n}\n";
        for item in [use_of_tests, list, module] {
            assert_eq!(lines(&format!("{item}struct A;\n{item}\nfn f() {{\n}}\n")), 4, "{item}");
        }
    }

    #[test]
    fn what_is_tolerated_does_not_grow_and_is_needed() {
        assert_eq!(found("a/src/b.rs", 310, 0, &[("a/src/b.rs", 320, "a table")]), 0);
        assert_eq!(found("a/src/b.rs", 330, 0, &[("a/src/b.rs", 320, "a table")]), 1);
        assert_eq!(found("a/src/b.rs", 100, 0, &[("a/src/b.rs", 320, "a table")]), 1);
        assert_eq!(found("a/src/b.rs", 100, 0, &[("a/src/c.rs", 320, "a table")]), 1);
    }
}
