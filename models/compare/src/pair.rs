//! One workflow slot in both executions: pairs of runs, their differences, and what explains each.
//!
//! Two runs go the same way up to their first differing line. There, something of the world must have differed: if both
//! programs answered, and differently, nothing explains it, since programs are functions of what they were told. From
//! there on every subject of either history is looked at by itself ([`super::subject`]), and the order of what both have
//! ([`super::order`]). What a program did differently after the first differing line follows from it, if the history is
//! one that its program replays.

use super::normal::{Line, Subject};
use super::side::{Found, Origin, Side};
use super::{Difference, Freedom, Slot, lone, order, subject};
use resurgam_formats::event::Body;
use resurgam_formats::plan::Plan;
use std::collections::BTreeSet;

/// What is known when two runs are compared.
pub(super) struct Pair<'c, 'e> {
    pub(super) plan: &'c Plan,
    pub(super) slot: u8,
    pub(super) name: &'c str,
    pub(super) sides: [&'c Side<'e>; 2],
    pub(super) runs: [&'c Found<'e>; 2],
    /// Names of the runs that are equal in both executions.
    pub(super) equal: &'c BTreeSet<String>,
}

/// Compares a slot.
pub(super) fn slot(plan: &Plan, sides: [&Side<'_>; 2], slot: u8) -> Slot {
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
            Some(runs) => Pair { plan, slot, name, sides, runs, equal: &equal }.compare(&mut found),
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

impl Pair<'_, '_> {
    fn compare(&self, found: &mut Slot) {
        let [a, b] = self.runs;
        let mut differ = |why: String, lines: [String; 2]| {
            found.unexplained.push(Difference { place: self.name.to_owned(), why, lines });
        };
        for (index, run) in self.runs.iter().enumerate() {
            if !run.replays {
                differ(format!("the history of {} does not replay", index + 1), Default::default());
                return;
            }
        }
        let common = a.lines.iter().zip(&b.lines).take_while(|(a, b)| a.like(b)).count();
        let values = self.values(common);
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
            match subject::explain(self, about) {
                Ok(Some(freedom)) => drop(freedoms.insert(freedom)),
                Ok(None) => {}
                Err(why) => {
                    let lives =
                        self.runs.map(|run| run.life(about).iter().map(|l| l.show()).collect::<Vec<_>>().join("; "));
                    differ(why, lives);
                }
            }
        }
        match order::explain(self, common) {
            Ok(more) => freedoms.extend(more),
            Err((why, lines)) => differ(why, lines),
        }
        // All subjects came to the same end or follow: then the first differing line itself is what happened.
        if freedoms.iter().all(|freedom| *freedom == Freedom::Follows) {
            match subject::root(self, first) {
                Ok(freedom) => freedoms.extend(freedom),
                Err(why) => differ(why, shown()),
            }
        }
        found.freedoms.extend(freedoms);
    }

    /// Why values differ in the common beginning, if they do.
    fn values(&self, common: usize) -> Result<Option<Freedom>, (String, [String; 2])> {
        let [a, b] = self.runs.map(|run| &run.lines[..common]);
        let Some((one, two)) = a.iter().zip(b).find(|(a, b)| a.values != b.values) else { return Ok(None) };
        let handed_on = match (&one.event.body, &self.runs[0].origin) {
            (Body::MarkerRecorded(_), _) => return Ok(Some(Freedom::DrawnValue)),
            (Body::WorkflowExecutionStarted(_), Origin::Next { before }) => !self.equal.contains(before),
            (Body::ChildWorkflowExecutionCompleted(_), _) => !self.child_equal(&one.subject),
            _ => false,
        };
        if handed_on {
            return Ok(Some(Freedom::Follows));
        }
        Err(("a value differs that no local activity drew".into(), [one.show(), two.show()]))
    }

    /// True if all runs of a child are equal in both.
    pub(super) fn child_equal(&self, child: &Subject) -> bool {
        let Subject::Child(number) = child else { return false };
        let begin = format!("{}/{number}#", self.name);
        self.sides
            .iter()
            .flat_map(|side| side.runs.keys())
            .filter(|name| name.starts_with(&begin))
            .all(|name| self.equal.contains(name))
    }
}
