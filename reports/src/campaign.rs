//! What a simulated run reached of the situations that a campaign must have seen: a table for the page, lines for the
//! terminal. Nothing is judged here; whether an unreached one matters is the caller's decision.

use crate::paint::Paint;
use crate::text;
use resurgam_campaign::milestone;
use resurgam_campaign::simulation::Simulation;
use serde::Serialize;
use std::fmt::Write as _;

/// So many of the rarest are named.
const RAREST: usize = 3;

/// Milestones for the page.
#[derive(Debug, Serialize)]
pub(crate) struct Table {
    reached: u64,
    possible: u64,
    /// All that could be reached, the rarest first.
    rows: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    id: String,
    title: String,
    /// In so many cases; 0 if it was not reached.
    cases: u64,
    times: u64,
}

impl Table {
    pub(crate) fn of(simulation: &Simulation) -> Self {
        let possible = milestone::all().into_iter().filter(|one| one.needs <= simulation.offers);
        let row = |one: milestone::Milestone| {
            let counts = simulation.milestones.reached.get(&one.id).copied().unwrap_or_default();
            Row { id: one.id, title: one.title, cases: counts.cases, times: counts.times }
        };
        let mut rows: Vec<Row> = possible.map(row).collect();
        rows.sort_by_key(|row| (row.cases, row.times));
        Self { reached: simulation.reached(), possible: simulation.possible, rows }
    }

    /// The rarest that were reached, such as `timer-fired 3×`.
    pub(crate) fn rarest(&self) -> String {
        let reached = self.rows.iter().filter(|row| row.cases > 0).take(RAREST);
        reached.map(|row| format!("{} {}×", row.id, text::thousands(row.times))).collect::<Vec<_>>().join(", ")
    }
}

/// The milestones that were not reached, one line each with what it is about; empty if all were.
#[must_use]
pub fn unreached(simulation: &Simulation, colours: bool) -> String {
    let (paint, missing) = (Paint(colours), simulation.missing());
    let mut out = String::new();
    if missing.is_empty() {
        return out;
    }
    let wide = missing.iter().map(|one| one.id.chars().count()).max().unwrap_or(0);
    let count = text::count(missing.len() as u64, "milestone");
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{}", paint.strong(&format!("? {count} of {} not reached", simulation.possible)));
    for one in missing {
        let _ = writeln!(out, "  {:wide$}  {}", one.id, paint.faint(&one.title));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::simulated;

    #[test]
    fn the_rarest_come_first_and_the_unreached_before_them() {
        let summary = simulated();
        let table = Table::of(summary.simulation.as_ref().unwrap());
        assert_eq!((table.reached, table.rows.len() as u64), (2, table.possible));
        assert_eq!(table.rarest(), "fault-kill 1×, timer-fired 3×");
        assert!(table.rows[0].cases == 0 && table.rows.last().unwrap().id == "timer-fired");
    }

    #[test]
    fn the_unreached_are_listed_until_none_is_left() {
        let mut simulation = simulated().simulation.unwrap();
        let shown = unreached(&simulation, false);
        assert!(shown.contains("fault-partition ") && !shown.contains("timer-fired"), "{shown}");
        assert_eq!(shown.lines().count(), simulation.unreached.len() + 1);
        for one in simulation.missing() {
            simulation.milestones.reached.insert(one.id, milestone::Reached { cases: 1, times: 1 });
        }
        assert_eq!(unreached(&simulation, false), "");
    }
}
