//! What explains that two runs have the same lines in another order.
//!
//! Only lines that both have are looked at. Whatever arrives by itself may arrive in any order, except where a
//! promise fixes it: of two timers, the one that was due first fires first; of two calls, the one that was acknowledged
//! before the other was sent comes first.

use super::normal::{Line, Subject};
use super::pair::Pair;
use super::side::{Found, Side};
use resurgam_campaign::comparison::Freedom;
use resurgam_formats::event::Body;
use resurgam_formats::plan::Action;
use resurgam_formats::recording::Answer;
use std::collections::{BTreeMap, BTreeSet};

/// Why an order is not free, and the two lines in each of the histories.
type Broken = (String, [String; 2]);

/// The freedoms that explain all exchanges behind the common beginning.
pub(super) fn explain(pair: &Pair<'_, '_>, common: usize) -> Result<BTreeSet<Freedom>, Broken> {
    let [a, b] = pair.runs;
    let places = numbered(&b.lines);
    // Lines of the first history that the second has too, each with its place there.
    let shared: Vec<(&Line<'_>, usize)> = numbered(&a.lines)
        .into_iter()
        .filter(|(_, place)| *place >= common)
        .filter_map(|(key, place)| Some((place, *places.get(&key)?)))
        .collect::<BTreeMap<usize, usize>>()
        .into_iter()
        .map(|(place, there)| (&a.lines[place], there))
        .collect();
    let mut freedoms = BTreeSet::new();
    for (index, (first, there)) in shared.iter().enumerate() {
        for (second, before) in &shared[index + 1..] {
            if before > there {
                continue;
            }
            match (first.answer, second.answer) {
                (true, true) => drop(freedoms.insert(Freedom::Follows)),
                (true, false) | (false, true) => drop(freedoms.insert(Freedom::Batching)),
                (false, false) => {
                    let other = [&b.lines[*before], &b.lines[*there]];
                    for (run, side, [one, two]) in [(a, pair.sides[0], [*first, *second]), (b, pair.sides[1], other)] {
                        if let Some(why) = fixed(pair, run, side, one, two) {
                            return Err((why, [first, second].map(|line| line.show())));
                        }
                    }
                    freedoms.insert(Freedom::OrderOfArrival);
                }
            }
        }
    }
    Ok(freedoms)
}

/// Places by subject, text and how many of these stood before.
fn numbered<'a>(lines: &'a [Line<'a>]) -> BTreeMap<(&'a Subject, &'a str, usize), usize> {
    let mut seen: BTreeMap<(&Subject, &str), usize> = BTreeMap::new();
    let mut out = BTreeMap::new();
    for (place, line) in lines.iter().enumerate() {
        let count = seen.entry((&line.subject, &line.text)).or_insert(0);
        out.insert((&line.subject, line.text.as_str(), *count), place);
        *count += 1;
    }
    out
}

/// Why `one` must not stand before `two` in this history; `None` if it may.
fn fixed(pair: &Pair<'_, '_>, run: &Found<'_>, side: &Side<'_>, one: &Line<'_>, two: &Line<'_>) -> Option<String> {
    if let (Body::TimerFired(_), Body::TimerFired(_)) = (&one.event.body, &two.event.body)
        && let (Some(first), Some(second)) = (due(run, &one.subject), due(run, &two.subject))
        && first > second
    {
        return Some("of two timers, the one that was due later fired first".into());
    }
    let calls = [one, two].map(|line| call(pair, &line.subject));
    if let [Some(first), Some(second)] = calls
        && let (Some(first), Some(second)) = (side.calls.get(&first), side.calls.get(&second))
        // A repeated call may have been acknowledged for another run before.
        && second.attempts.len() == 1
    {
        let told =
            second.attempts.iter().filter(|it| matches!(it.answer, Answer::Ok { .. })).filter_map(|it| it.returned);
        if told.min().is_some_and(|told| told < first.invoked()) {
            return Some("of two calls, the one that was sent after the other's answer stands first".into());
        }
    }
    None
}

/// When a timer is due, in nanoseconds since the Unix epoch.
fn due(run: &Found<'_>, timer: &Subject) -> Option<i64> {
    let life = run.life(timer);
    let started = life.first()?;
    let Body::TimerStarted(body) = &started.event.body else { return None };
    Some(started.event.time?.saturating_add(body.timeout.0))
}

/// The operation of the plan that a signal comes from.
fn call(pair: &Pair<'_, '_>, subject: &Subject) -> Option<usize> {
    let Subject::Signal(text) = subject else { return None };
    pair.plan.operations.iter().position(|operation| {
        operation.workflow == pair.slot
            && matches!(&operation.action, Action::Signal { name, value } if format!("{name}={value}") == *text)
    })
}
