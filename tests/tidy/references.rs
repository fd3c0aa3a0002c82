//! References to files: what a text names must be there, for whoever has only this repository.

use crate::tree::Tree;

/// What ends like this, between backticks or as the target of a link, is the name of a file.
const ENDINGS: &[&str] = &[".rs", ".md", ".toml", ".proto", ".yml", ".png", ".txt"];
/// Nobody else has what these begin with.
const ELSEWHERE: &[&str] = &["research/", "../shared/"];

/// A file, how many of its references lead nowhere, and why.
pub(crate) type Dangling = (&'static str, usize, &'static str);

/// The references of each file that lead nowhere, if they are not exactly as many as are tolerated.
pub(crate) fn check(tree: &Tree, tolerated: &[Dangling]) -> Vec<String> {
    let mut complaints = Vec::new();
    for (path, text) in tree.files.iter().filter(|(path, _)| !path.starts_with("tests/tidy/")) {
        let found = dangling(tree, path, text);
        let most = tolerated.iter().find(|(known, ..)| known == path).map_or(0, |(_, most, _)| *most);
        if found.len() > most {
            complaints.extend(found.iter().map(|(line, name)| format!("{path}:{line}: there is no {name}")));
        } else if found.len() < most {
            complaints.push(format!("{path}: {} references lead nowhere, {most} may", found.len()));
        }
    }
    let gone = tolerated.iter().filter(|(path, ..)| !tree.files.contains_key(*path));
    complaints.extend(gone.map(|(path, ..)| format!("{path} is not there")));
    complaints
}

/// Line numbers and names.
fn dangling(tree: &Tree, path: &str, text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
    let of = tree.crate_of(path);
    let is_prose = path.ends_with(".md");
    for (number, line) in text.lines().enumerate() {
        let comment = line.find("//").map(|at| &line[at..]);
        for start in ELSEWHERE {
            let named = line
                .match_indices(start)
                .filter(|(at, _)| !line[..*at].ends_with(|c: char| c.is_alphanumeric() || "/-.".contains(c)));
            found.extend(named.map(|(at, _)| (number + 1, word(&line[at..]).to_owned())));
        }
        let Some(prose) = (if is_prose { Some(line) } else { comment }) else { continue };
        for name in named(prose) {
            let beside = |base: &str| tree.has(&format!("{base}/{name}"));
            let known = tree.has_ending(name) || beside(directory) || beside(of) || beside(&format!("{of}/src"));
            if !known && !ELSEWHERE.iter().any(|start| name.starts_with(start)) {
                found.push((number + 1, name.to_owned()));
            }
        }
    }
    found
}

fn word(text: &str) -> &str {
    let end = text.find(|c: char| c.is_whitespace() || "`\"',;)".contains(c)).unwrap_or(text.len());
    &text[..end]
}

/// The names of files in a line of prose.
fn named(line: &str) -> impl Iterator<Item = &str> {
    let ticked = line.split('`').skip(1).step_by(2);
    let linked = line.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
    ticked.chain(linked).filter(|name| {
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
        let like_a_file = ENDINGS.iter().any(|ending| name.len() > ending.len() && name.ends_with(ending));
        plain && like_a_file && !name.starts_with(['/', '.'])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> usize {
        let files = [("a/Cargo.toml", "[package]"), ("a/src/b/c.rs", ""), ("docs/d.md", ""), (path, text)];
        check(&Tree::of(&files), &[]).len()
    }

    #[test]
    fn a_file_that_is_not_there_is_found() {
        assert_eq!(
            found("README.md", "See `a/src/b/c.rs`, `c.rs`, [d](docs/d.md#x), `x.y`, `verdict.json`, `FILE.rs…`."),
            0
        );
        assert_eq!(found("README.md", "See `a/src/c.rs`."), 1);
        assert_eq!(found("README.md", "See [it](docs/e.md)."), 1);
        assert_eq!(found("a/src/lib.rs", "// see `b/c.rs`\nfn f() { g(\"`b/e.rs`\") }"), 0, "that is no comment");
        assert_eq!(found("a/src/lib.rs", "fn f() {} // see `b/e.rs`"), 1);
        assert_eq!(found("a/src/lib.rs", "const S: &str = \"research/x.md §1; cadence#1\"; // our-research/x"), 1);
        assert_eq!(found("docs/x.md", "kept in ../shared/cases"), 1);
    }

    #[test]
    fn what_is_tolerated_must_be_there() {
        let tree = Tree::of(&[("README.md", "`x.md` and `y.md`")]);
        assert_eq!(check(&tree, &[("README.md", 2, "to be written")]), [""; 0]);
        assert_eq!(check(&tree, &[("README.md", 3, "to be written")]).len(), 1);
        assert_eq!(check(&tree, &[("README.md", 1, "to be written")]).len(), 2);
    }
}
