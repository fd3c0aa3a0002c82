//! The order of the folders of a crate: each uses only those below it, and what stands on one level does not know its
//! neighbours.

use crate::tree::Tree;

/// A crate and its folders from above to below, those of one level together.
pub(crate) type Order = (&'static str, &'static [&'static [&'static str]]);

/// The orders that are kept. Modules that are not named may use, and be used by, everybody.
pub(crate) const ORDERS: &[Order] = &[(
    "orchestrator",
    &[&["server"], &["node"], &["frontend", "history", "matching"], &["cluster"], &["log"], &["store"]],
)];

/// One line for each use against the order that is not tolerated, and for each that is tolerated and not there.
/// Tolerated is (file, folder that it uses).
pub(crate) fn check(tree: &Tree, orders: &[Order], tolerated: &[(&str, &str)]) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut needed = vec![false; tolerated.len()];
    for (of, levels) in orders {
        let folder = |file: &str| {
            let rest = file.strip_prefix(of)?.strip_prefix("/src/")?;
            rest.split('/').next().map(|first| first.trim_end_matches(".rs").to_owned())
        };
        let level = |folder: &str| levels.iter().position(|level| level.contains(&folder));
        for ((from, to), path) in tree.uses(of) {
            let (Some(above), Some(below)) = (folder(from), folder(to)) else { continue };
            let (Some(high), Some(low)) = (level(&above), level(&below)) else { continue };
            if above == below || high < low {
                continue;
            }
            match tolerated.iter().position(|known| *known == (from, below.as_str())) {
                Some(known) => needed[known] = true,
                None => complaints.push(format!("{from} must not use {below}: {path}")),
            }
        }
    }
    let idle = tolerated.iter().zip(needed).filter(|(_, needed)| !needed);
    complaints.extend(idle.map(|((file, folder), _)| format!("{file} may use {folder} and does not")));
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDER: Order = ("a", &[&["top"], &["left", "right"], &["base"]]);

    fn found(left: &str, base: &str, tolerated: &[(&str, &str)]) -> Vec<String> {
        let files = [
            ("a/Cargo.toml", "[package]"),
            ("a/src/lib.rs", "mod top; mod left; mod right; mod base; mod free;"),
            ("a/src/top.rs", "use crate::{base::B, left::L}; pub struct T;"),
            ("a/src/left/mod.rs", left),
            ("a/src/right.rs", "pub struct R;"),
            ("a/src/base.rs", base),
            ("a/src/free.rs", "pub struct F; use crate::top::T;"),
        ];
        check(&Tree::of(&files), &[ORDER], tolerated)
    }

    #[test]
    fn a_use_upwards_or_sideways_is_found() {
        let fine = "use crate::{base::B, free::F}; pub struct L;";
        assert_eq!(found(fine, "pub struct B;", &[]), [""; 0]);
        assert_eq!(
            found("use crate::right::R; pub struct L;", "pub struct B;", &[]),
            ["a/src/left/mod.rs must not use right: crate::right::R"]
        );
        assert_eq!(found(fine, "pub struct B; fn f(_: crate::left::L) {}", &[]).len(), 1);
        assert_eq!(found(fine, "pub struct B; fn f(_: crate::left::L) {}", &[("a/src/base.rs", "left")]), [""; 0]);
        assert_eq!(found(fine, "pub struct B;", &[("a/src/base.rs", "left")]).len(), 1);
    }
}
