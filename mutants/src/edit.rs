//! Makes changes to a text. Pieces lie within each other or apart; nothing that is put in has a line break, so every line
//! keeps its number.

use crate::mutant::Change;
use std::ops::Range;

/// Something that was put in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Inserted {
    /// Where it is in the new text, in bytes.
    pub(crate) at: Range<usize>,
    /// Which of the changes put it there.
    pub(crate) change: usize,
}

/// The new text, and where things were put in, from its beginning to its end.
pub(crate) fn apply(text: &str, changes: &[Change]) -> (String, Vec<Inserted>) {
    // At one place: first the ends, inner ones first; then the beginnings, outer ones first.
    let mut points: Vec<(usize, u8, usize, usize)> = Vec::new();
    for (index, change) in changes.iter().enumerate() {
        let length = change.end - change.start;
        if length == 0 {
            points.push((change.start, 1, index, index));
            continue;
        }
        points.push((change.start, 2, usize::MAX - length, index));
        points.push((change.end, 0, length, usize::MAX - index));
    }
    points.sort_unstable();
    let (mut new, mut inserted, mut done) = (String::with_capacity(text.len() * 2), Vec::new(), 0);
    for (at, kind, _, index) in points {
        let index = if kind == 0 { usize::MAX - index } else { index };
        new.push_str(&text[done..at]);
        done = at;
        let put = if kind == 0 { &changes[index].after } else { &changes[index].before };
        let start = new.len();
        new.push_str(put);
        inserted.push(Inserted { at: start..new.len(), change: index });
    }
    new.push_str(&text[done..]);
    (new, inserted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(start: usize, end: usize, before: &str, after: &str) -> Change {
        Change { start, end, before: before.into(), after: after.into(), mutants: Vec::new() }
    }

    #[test]
    fn pieces_within_each_other_stay_so() {
        let outer = change(0, 5, "f(", ")");
        let same = change(0, 5, "g(", ")");
        let (left, right) = (change(0, 1, "[", "]"), change(4, 5, "{", "}"));
        let (new, inserted) = apply("a + b", &[outer, same, left, right]);
        assert_eq!(new, "f(g([a] + {b}))");
        assert_eq!(&new[inserted[0].at.clone()], "f(");
        assert_eq!(inserted.last().map(|last| last.change), Some(0));
    }

    #[test]
    fn something_is_put_in_without_a_piece() {
        assert_eq!(apply("{ x }", &[change(1, 1, " y;", "")]).0, "{ y; x }");
    }
}
