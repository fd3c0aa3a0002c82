//! Pairs as a heat map: a table with one cell per pair, darker the more often it was seen.

use crate::text;
use resurgam_campaign::coverage::Pairs;
use serde::Serialize;
use std::collections::BTreeSet;

/// A heat map.
#[derive(Debug, Serialize)]
pub(crate) struct Heat {
    title: &'static str,
    note: &'static str,
    joint: &'static str,
    columns: Vec<String>,
    rows: Vec<HeatRow>,
    seen: usize,
    of: usize,
}

#[derive(Debug, Serialize)]
struct HeatRow {
    name: String,
    cells: Vec<Cell>,
}

#[derive(Debug, Serialize)]
struct Cell {
    count: u64,
    short: String,
    /// From 0 to 100, on a logarithmic scale.
    heat: u32,
    /// The cell repeats one across the diagonal.
    mirror: bool,
}

impl Heat {
    /// The map of pairs over the names that are known, and those seen beyond. `symmetric`: a pair has no order.
    pub(crate) fn of(
        title: &'static str,
        note: &'static str,
        joint: &'static str,
        pairs: &Pairs,
        known: (&[&str], &[&str]),
        symmetric: bool,
    ) -> Self {
        let axis = |known: &[&str], seen: &BTreeSet<&str>| -> Vec<String> {
            let extra = seen.iter().filter(|name| !known.contains(name));
            known.iter().filter(|name| seen.contains(**name)).chain(extra).map(|name| (*name).to_owned()).collect()
        };
        let mut firsts: BTreeSet<&str> = pairs.keys().map(String::as_str).collect();
        let mut seconds: BTreeSet<&str> = pairs.values().flat_map(|counts| counts.keys()).map(String::as_str).collect();
        if symmetric {
            firsts.extend(seconds.iter());
            seconds.extend(firsts.iter());
        }
        let most = pairs.values().flat_map(|counts| counts.values()).max().copied().unwrap_or(0);
        let columns = axis(known.1, &seconds);
        let names = axis(known.0, &firsts);
        let count = |first: &str, second: &str| pairs.get(first).and_then(|counts| counts.get(second)).copied();
        let cell = |row: usize, first: &str, column: usize, second: &str| {
            let mirror = symmetric && column < row;
            let count = count(first, second).or_else(|| count(second, first).filter(|_| symmetric)).unwrap_or(0);
            let heat = if count == 0 { 0.0 } else { 12.0 + 88.0 * (count as f64).ln_1p() / (most as f64).ln_1p() };
            Cell { count, short: text::short(count), heat: heat.round() as u32, mirror }
        };
        let rows: Vec<HeatRow> = names
            .iter()
            .enumerate()
            .map(|(row, name)| HeatRow {
                name: name.clone(),
                cells: columns.iter().enumerate().map(|(column, other)| cell(row, name, column, other)).collect(),
            })
            .collect();
        let seen = pairs.values().map(|counts| counts.len()).sum();
        let of = if symmetric { names.len() * (names.len() + 1) / 2 } else { names.len() * columns.len() };
        Self { title, note, joint, columns, rows, seen, of }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use resurgam_campaign::coverage::Counts;

    #[test]
    fn every_pair_has_its_cell() {
        let counts = |of: &[(&str, u64)]| of.iter().map(|(n, c)| ((*n).to_owned(), *c)).collect::<Counts>();
        let pairs =
            Pairs::from([("a".to_owned(), counts(&[("b", 1), ("x", 9)])), ("b".to_owned(), counts(&[("b", 4)]))]);
        let heat = Heat::of("t", "n", "→", &pairs, (&["b", "a", "never"], &["b"]), false);
        assert_eq!(heat.columns, ["b", "x"]);
        assert_eq!(heat.rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["b", "a"]);
        assert_eq!(heat.rows[1].cells.iter().map(|cell| cell.count).collect::<Vec<_>>(), [1, 9]);
        assert_eq!((heat.rows[1].cells[1].heat, heat.rows[0].cells[1].heat, heat.seen, heat.of), (100, 0, 3, 4));
        let both = Heat::of("t", "n", "‖", &pairs, (&["a", "b"], &["a", "b"]), true);
        assert_eq!((both.rows[1].cells[0].count, both.rows[1].cells[0].mirror, both.of), (1, true, 6));
    }
}
