//! Two runs side by side, for a terminal and for machines.

use crate::paint::{Paint, harmless};
use crate::text;
use resurgam_campaign::comparison::{Count, Freedom, Tally};
use resurgam_formats::verdict::Outcome;
use std::fmt::Write as _;

/// So many unexplained differences are shown.
const SHOWN: usize = 20;

/// The comparison as JSON.
///
/// # Errors
/// If a number cannot be written, which no comparison has.
pub fn json(tally: &Tally) -> Result<String, crate::Error> {
    Ok(serde_json::to_string_pretty(tally)? + "\n")
}

/// The comparison for a terminal.
#[must_use]
pub fn text(tally: &Tally, colours: bool) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write(&mut out, tally, Paint(colours));
    out
}

fn write(out: &mut String, tally: &Tally, paint: Paint) -> std::fmt::Result {
    let [a, b] = tally.targets.each_ref().map(|target| harmless(target));
    writeln!(out, "{}: {}\n", paint.strong(&format!("{a} and {b}")), text::count(tally.plans.all, "plan"))?;
    let head = format!("  {:24} {:>9} {:>9} {:>10} {:>12}", "", "all", "equal", "explained", "unexplained");
    writeln!(out, "{}", paint.faint(&head))?;
    let rows = [
        ("plans", &tally.plans),
        ("workflow slots", &tally.slots),
        ("their outcomes", &tally.outcomes),
        ("slots without chance", &tally.calm),
        ("attempts of calls", &tally.calls),
    ];
    for (name, count) in rows {
        row(out, name, count, paint)?;
    }
    if !tally.freedoms.is_empty() {
        writeln!(out, "\n{}", paint.faint(&format!("  {:24} {:>9} {:>9}", "freedom", "slots", "alone")))?;
        for freedom in Freedom::ALL {
            if let Some((some, only)) = tally.freedoms.get(&freedom) {
                writeln!(out, "  {:24} {some:>9} {only:>9}", freedom.word())?;
            }
        }
    }
    if !tally.call_freedoms.is_empty() {
        writeln!(out, "\n{}", paint.faint(&format!("  {:24} {:>9}", "freedom", "attempts")))?;
        for (freedom, count) in &tally.call_freedoms {
            writeln!(out, "  {:24} {count:>9}", freedom.word())?;
        }
    }
    for (seed, why) in tally.left_out.iter().take(SHOWN) {
        writeln!(out, "\nleft out: {seed}: {}", harmless(why))?;
    }
    if tally.left_out.len() > SHOWN {
        writeln!(out, "left out: {} more", tally.left_out.len() - SHOWN)?;
    }
    for shown in tally.unexplained.iter().take(SHOWN) {
        let what = paint.outcome(Outcome::Violated, "unexplained");
        writeln!(out, "\n{what} {} {}: {}", shown.seed, harmless(&shown.place), harmless(&shown.why))?;
        for (name, line) in ["A", "B"].iter().zip(&shown.lines) {
            writeln!(out, "  {name} {}", if line.is_empty() { "nothing".to_owned() } else { harmless(line) })?;
        }
    }
    if tally.unexplained.len() > SHOWN {
        writeln!(out, "\nunexplained: {} more, see --json", tally.unexplained.len() - SHOWN)?;
    }
    Ok(())
}

fn row(out: &mut String, name: &str, count: &Count, paint: Paint) -> std::fmt::Result {
    let outcome = if count.unexplained > 0 { Outcome::Violated } else { Outcome::Ok };
    let unexplained = paint.outcome(outcome, &format!("{:>12}", count.unexplained));
    writeln!(out, "  {name:24} {:>9} {:>9} {:>10} {unexplained}", count.all, count.equal, count.explained)
}

#[cfg(test)]
mod tests {
    use super::*;
    use resurgam_campaign::comparison::Shown;

    fn sample() -> Tally {
        Tally {
            targets: ["temporal 1.31.2".into(), "builtin 0.1.0".into()],
            plans: Count { all: 3, equal: 1, explained: 1, unexplained: 1 },
            freedoms: [(Freedom::Batching, (1, 1))].into(),
            left_out: vec![(9, "no\u{7}".into())],
            unexplained: vec![Shown {
                seed: 8,
                place: "w0:o0#0".into(),
                why: "lost".into(),
                lines: ["a line".into(), String::new()],
            }],
            ..Tally::default()
        }
    }

    #[test]
    fn a_comparison_names_what_is_unexplained() {
        let text = text(&sample(), false);
        for part in [
            "temporal 1.31.2 and builtin 0.1.0: 3 plans",
            "batching",
            "unexplained 8 w0:o0#0: lost",
            "B nothing",
            "left out: 9: no\\u{7}",
        ] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
        assert!(!text.contains("order-of-arrival"));
    }

    #[test]
    fn json_can_be_read_back() {
        let tally = sample();
        assert_eq!(serde_json::from_str::<Tally>(&json(&tally).unwrap()).unwrap(), tally);
    }
}
