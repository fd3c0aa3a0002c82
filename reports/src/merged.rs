//! A case in the terminal: what clients, workers and histories did to each workflow, and faults and the store to all of
//! them, merged by time, one line each.

use crate::clock::Clock;
use crate::paint::{Paint, harmless};
use crate::text;
use crate::timeline::{Item, MARK, Timeline};
use resurgam_campaign::coverage;
use resurgam_formats::evidence::Evidence;
use resurgam_formats::verdict::{Finding, Outcome, Verdict};
use std::fmt::Write as _;

/// What to show.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'a> {
    /// Only this workflow id.
    pub workflow: Option<&'a str>,
    /// Only what is near the event with this id.
    pub around: Option<i64>,
    /// Whether to use the colours of a terminal.
    pub colours: bool,
}

/// How many lines before and after the event of [`Options::around`] are shown.
const NEAR: usize = 12;

/// The case in lines, `None` if the workflow or the event does not occur in it.
#[must_use]
pub fn render(evidence: &Evidence, verdict: &Verdict, options: &Options<'_>) -> Option<String> {
    let paint = Paint(options.colours);
    let findings: Vec<&Finding> = verdict.violated().flat_map(|rule| &rule.findings).collect();
    let ids: Vec<&str> = coverage::workflows(evidence).into_iter().collect();
    let ids: Vec<&str> = ids.into_iter().filter(|id| options.workflow.is_none_or(|only| only == *id)).collect();
    let mut out = header(evidence, verdict, paint);
    let mut shown = 0;
    for id in ids {
        let timeline = Timeline::of(evidence, id, &findings);
        let Some(lines) = lines(&timeline, options.around, paint) else { continue };
        shown += 1;
        let statuses: Vec<&str> = timeline.runs.iter().map(|run| run.status.as_str()).collect();
        // Writing to a string cannot fail.
        let _ = writeln!(out, "\n{}  {}", paint.strong(&harmless(id)), paint.faint(&harmless(&statuses.join(" → "))));
        out += &lines;
    }
    (shown > 0).then_some(out)
}

fn header(evidence: &Evidence, verdict: &Verdict, paint: Paint) -> String {
    let mut out = String::new();
    if let Some(header) = &evidence.header {
        let target = format!("{} {}", header.target, header.target_version);
        let _ = writeln!(out, "seed {} on {}", header.plan.seed, harmless(target.trim()));
    }
    let _ = writeln!(
        out,
        "{}, {}, {}; {}",
        text::count(evidence.runs.len() as u64, "run"),
        text::count(evidence.operations.len() as u64, "operation"),
        text::count(evidence.tasks.len() as u64, "task"),
        Clock::of(evidence).sentence(),
    );
    for rule in &verdict.rules {
        for finding in &rule.findings {
            let events: Vec<String> = finding.events.iter().map(i64::to_string).collect();
            let place = if events.is_empty() { String::new() } else { format!(" (events {})", events.join(", ")) };
            let line = format!("✗ {}: {}{place}", rule.rule, finding.message);
            let _ = writeln!(out, "{}", paint.outcome(Outcome::Violated, &harmless(&line)));
        }
        if rule.outcome == Outcome::Unknown {
            let line = format!("? {}: {}", rule.rule, rule.why);
            let _ = writeln!(out, "{}", paint.outcome(Outcome::Unknown, &harmless(&line)));
        }
    }
    if verdict.worst() <= Outcome::Ok {
        let held = verdict.rules.iter().filter(|rule| rule.outcome == Outcome::Ok).count() as u64;
        let line = format!("✓ {} held", text::count(held, "rule"));
        let _ = writeln!(out, "{}", paint.outcome(verdict.worst(), &line));
    }
    out
}

/// The lines of a workflow; `None` if it has not got the event.
fn lines(timeline: &Timeline, around: Option<i64>, paint: Paint) -> Option<String> {
    let lanes = timeline.lanes.iter().filter(|lane| !matches!(lane.group, "waits" | "nodes"));
    let mut items: Vec<(&str, &Item)> =
        lanes.flat_map(|lane| lane.items.iter().map(|item| (lane.name.as_str(), item))).collect();
    items.extend(timeline.faults.iter().map(|fault| ("fault", fault)));
    let nodes = timeline.lanes.iter().filter(|lane| lane.group == "nodes");
    items.extend(nodes.flat_map(|lane| lane.items.iter()).filter(|item| item.class == MARK).map(|mark| (MARK, mark)));
    items.sort_by_key(|(_, item)| (item.from, item.event));
    let wide = items.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0).min(20);
    let range = match around {
        None => 0..items.len(),
        Some(id) => {
            let at = |(_, item): &(&str, &Item)| item.event.is_some_and(|(_, event)| event == id);
            let place = items.iter().position(at)?;
            place.saturating_sub(NEAR)..(place + NEAR + 1).min(items.len())
        }
    };
    let mut out = String::new();
    for (name, item) in &items[range] {
        let mark = if item.bad { "✗" } else { " " };
        let name = harmless(&text::cut(name, wide));
        let line = format!("{mark} {:>10}  {name:wide$}  {}", text::at(item.from), harmless(&item.detail));
        let line = if item.bad { paint.outcome(Outcome::Violated, &line) } else { line };
        let _ = writeln!(out, "{}", line.trim_end());
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{VIOLATING, judged};

    #[test]
    fn a_case_is_merged_by_time() {
        let (evidence, verdict) = judged(VIOLATING);
        let options = Options { workflow: Some("s1207-w1"), ..Options::default() };
        insta::assert_snapshot!(render(&evidence, &verdict, &options).unwrap());
    }

    #[test]
    fn the_store_speaks_where_it_was_recorded() {
        let (mut evidence, verdict) = judged(VIOLATING);
        let of = |evidence: &_| render(evidence, &verdict, &Options::default()).unwrap();
        assert!(!of(&evidence).contains("limbo"));
        let line = r#"{"at":149000000,"type":"store","node":2,"partition":"shard/1","outcome":"limbo_opened"}"#;
        evidence.add(serde_json::from_str(line).unwrap()).unwrap();
        let shown = of(&evidence);
        assert!(
            shown.contains("0.1490 s  store") && shown.contains("limbo opened on shard/1, call of node 2"),
            "{shown}"
        );
    }

    #[test]
    fn around_an_event_there_is_less() {
        let (evidence, verdict) = judged(VIOLATING);
        let of = |around| {
            let options = Options { workflow: Some("s1207-w0"), around, colours: false };
            render(&evidence, &verdict, &options)
        };
        let [all, near] = [None, Some(10)].map(|around| of(around).unwrap());
        assert!(near.lines().count() < all.lines().count());
        assert!(near.contains("✗   0.1490 s  events") && near.contains("event 10 ActivityTaskStarted"), "{near}");
        assert_eq!(of(Some(999)), None);
        let nowhere = Options { workflow: Some("nobody"), ..Options::default() };
        assert_eq!(render(&evidence, &verdict, &nowhere), None);
    }
}
