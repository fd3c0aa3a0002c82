//! One workflow slot in both executions: pairs of runs, their differences, and what explains each.
//!
//! Two runs go the same way up to their first differing line. There, something of the world must have differed: if both
//! programs answered, and differently, nothing explains it, since programs are functions of what they were told. From
//! there on every subject of either history is looked at by itself ([`subject`]), and the order of what both have
//! ([`order`]). What a program did differently after the first differing line follows from it, if the history is
//! one that its program replays.

use super::normal::{Line, Subject};
use super::pair::Pair;
use super::side::{Found, Origin, Side};
use super::{ending, lone, order, subject};
use resurgam_campaign::comparison::{Difference, Freedom, Slot};
use resurgam_formats::event::Body;
use resurgam_formats::plan::Plan;
use std::collections::BTreeSet;

/// Compares a slot.
pub(super) fn compare(plan: &Plan, sides: [&Side<'_>; 2], slot: u8) -> Slot {
    let names: BTreeSet<&String> = sides.iter().flat_map(|side| side.slot(slot).map(|(name, _)| name)).collect();
    let both = |name: &str| Some([sides[0].runs.get(name)?, sides[1].runs.get(name)?]);
    let same = |[a, b]: [&Found<'_>; 2]| {
        a.lines.len() == b.lines.len() && a.lines.iter().zip(&b.lines).all(|(a, b)| a.equals(b))
    };
    let equal: BTreeSet<String> =
        names.iter().filter(|name| both(name).is_some_and(same)).map(|name| (*name).clone()).collect();
    let mut found = Slot { same_outcome: outcome(sides[0], slot) == outcome(sides[1], slot), ..Slot::default() };
    for name in names {
        if equal.contains(name) {
            continue;
        }
        match both(name) {
            Some(runs) => go_through(&Pair { plan, slot, name, sides, runs, equal: &equal }, &mut found),
            None => {
                let absent = usize::from(sides[0].runs.contains_key(name));
                match lone::explain(plan, sides, slot, name, absent, &equal) {
                    Ok(freedom) => drop(found.freedoms.insert(freedom)),
                    Err(why) => {
                        let mut lines = ["no such run".to_owned(), "no such run".to_owned()];
                        lines[1 - absent] = "a run".into();
                        found.unexplained.push(Difference { place: name.clone(), why, lines });
                    }
                }
            }
        }
    }
    if found.freedoms.iter().all(|freedom| *freedom == Freedom::Follows) && !found.freedoms.is_empty() {
        let why = "what follows from something differs, and nothing that it could follow from".into();
        found.unexplained.push(Difference { place: format!("w{slot}"), why, lines: Default::default() });
    }
    found
}

/// The chains of runs, each with its close event.
fn outcome(side: &Side<'_>, slot: u8) -> Vec<(String, Option<String>)> {
    let end = |found: &Found<'_>| {
        found.lines.iter().find(|line| line.event.body.is_close()).map(|l| l.text.clone() + &l.values)
    };
    side.slot(slot).map(|(name, found)| (name.clone(), end(found))).collect()
}

/// Finds what differs between two runs, and what explains each difference.
fn go_through(pair: &Pair<'_, '_>, found: &mut Slot) {
    let [a, b] = pair.runs;
    let mut differ = |why: String, lines: [String; 2]| {
        found.unexplained.push(Difference { place: pair.name.to_owned(), why, lines });
    };
    for (index, run) in pair.runs.iter().enumerate() {
        if !run.replays {
            differ(format!("the history of {} does not replay", index + 1), Default::default());
            return;
        }
    }
    let common = a.lines.iter().zip(&b.lines).take_while(|(a, b)| a.like(b)).count();
    let values = values(pair, common);
    let told_otherwise = !matches!(values, Ok(None));
    let first = [a.lines.get(common), b.lines.get(common)];
    let shown = || first.map(|line| line.map(Line::show).unwrap_or_default());
    match values {
        Ok(freedom) => found.freedoms.extend(freedom),
        Err((why, lines)) => differ(why, lines),
    }
    if let [None, None] = first {
        return;
    }
    if !told_otherwise && first.iter().all(|line| line.is_none_or(|line| line.answer)) {
        differ("the program was told the same and answered otherwise".into(), shown());
        return;
    }
    let mut freedoms = BTreeSet::new();
    let subjects: BTreeSet<&Subject> = a.lines.iter().chain(&b.lines).map(|line| &line.subject).collect();
    for about in subjects {
        match subject::explain(pair, about) {
            Ok(Some(freedom)) => drop(freedoms.insert(freedom)),
            Ok(None) => {}
            Err(why) => {
                let lives =
                    pair.runs.map(|run| run.life(about).iter().map(|l| l.show()).collect::<Vec<_>>().join("; "));
                differ(why, lives);
            }
        }
    }
    match order::explain(pair, common) {
        Ok(more) => freedoms.extend(more),
        Err((why, lines)) => differ(why, lines),
    }
    // All subjects came to the same end or follow: then the first differing line itself is what happened.
    if freedoms.iter().all(|freedom| *freedom == Freedom::Follows) {
        match ending::root(pair, first) {
            Ok(freedom) => freedoms.extend(freedom),
            Err(why) => differ(why, shown()),
        }
    }
    found.freedoms.extend(freedoms);
}

/// Why values differ in the common beginning, if they do.
fn values(pair: &Pair<'_, '_>, common: usize) -> Result<Option<Freedom>, (String, [String; 2])> {
    let [a, b] = pair.runs.map(|run| &run.lines[..common]);
    let Some((one, two)) = a.iter().zip(b).find(|(a, b)| a.values != b.values) else { return Ok(None) };
    let handed_on = match (&one.event.body, &pair.runs[0].origin) {
        (Body::MarkerRecorded(_), _) => return Ok(Some(Freedom::DrawnValue)),
        (Body::WorkflowExecutionStarted(_), Origin::Next { before }) => !pair.equal.contains(before),
        (Body::ChildWorkflowExecutionCompleted(_), _) => !pair.child_equal(&one.subject),
        _ => false,
    };
    if handed_on {
        return Ok(Some(Freedom::Follows));
    }
    Err(("a value differs that no local activity drew".into(), [one.show(), two.show()]))
}
