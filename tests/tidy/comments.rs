//! A doc comment says something that the name beside it does not. One of one or two words never does: it is noise that a lint
//! asked for.

use crate::tree::Tree;

/// A file, and how many such comments it may have.
pub(crate) type Short = (&'static str, usize);

/// One line for each file with more doc comments of at most two words than are tolerated, and for each with fewer.
pub(crate) fn check(tree: &Tree, tolerated: &[Short]) -> Vec<String> {
    let mut complaints = Vec::new();
    for path in tree.facts.keys() {
        let short = short(&tree.files[path]);
        let may = tolerated.iter().find(|(known, _)| known == path).map_or(0, |(_, count)| *count);
        if short.len() > may {
            let lines = short.iter().map(|(line, comment)| format!("    line {line}: {comment}"));
            complaints.push(format!("{path} has {} doc comments that say nothing, {may} may be:", short.len()));
            complaints.extend(lines);
        } else if short.len() < may {
            complaints.push(format!("{path} has only {} doc comments that say nothing, {may} may be", short.len()));
        }
    }
    let gone = tolerated.iter().filter(|(path, _)| !tree.facts.contains_key(*path));
    complaints.extend(gone.map(|(path, _)| format!("{path} is not there")));
    complaints
}

/// Doc comments of one line with at most two words, with the number of the line.
fn short(text: &str) -> Vec<(usize, &str)> {
    let lines: Vec<Option<&str>> = text.lines().map(|line| line.trim_start().strip_prefix("/// ")).collect();
    let alone = |at: usize| {
        let beside = |other: Option<usize>| other.and_then(|other| *lines.get(other)?).is_some();
        !beside(at.checked_sub(1)) && !beside(Some(at + 1))
    };
    let found = lines.iter().enumerate().filter(|(at, _)| alone(*at));
    let said = found.filter_map(|(at, line)| Some((at + 1, (*line)?)));
    said.filter(|(_, line)| line.split_whitespace().count() <= 2).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, tolerated: &[Short]) -> usize {
        check(&Tree::of(&[("a/src/lib.rs", text)]), tolerated).len()
    }

    #[test]
    fn a_comment_of_two_words_is_found() {
        assert_eq!(found("/// The node.\npub fn node() {}", &[]), 2);
        assert_eq!(found("/// The node that is killed.\npub fn node() {}", &[]), 0);
        assert_eq!(found("/// What it is, in more than\n/// one line.\npub fn node() {}", &[]), 0);
        assert_eq!(found("// The node.\npub fn node() {}", &[]), 0);
    }

    #[test]
    fn what_is_tolerated_is_there() {
        assert_eq!(found("/// One.\nfn f() {}", &[("a/src/lib.rs", 1)]), 0);
        assert_eq!(found("/// One.\nfn f() {}", &[("a/src/lib.rs", 2)]), 1);
        assert_eq!(found("fn f() {}", &[("a/src/other.rs", 1)]), 1);
    }
}
