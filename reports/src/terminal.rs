//! The verdict table and coverage for a terminal.

use crate::campaign::Table;
use crate::paint::{Paint, harmless};
use crate::{command, text};
use resurgam_campaign::coverage::kinds;
use resurgam_campaign::summary::{RuleSummary, Summary};
use resurgam_formats::verdict::Outcome;
use std::fmt::Write as _;

/// What a run ends with. `page` is the path of the report, if one was written.
#[must_use]
pub fn render(summary: &Summary, page: Option<&str>, colours: bool) -> String {
    let paint = Paint(colours);
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = header(&mut out, summary, paint);
    let _ = table(&mut out, summary, paint);
    let _ = violations(&mut out, summary, paint);
    let _ = coverage(&mut out, summary, paint);
    let _ = footer(&mut out, summary, page, paint);
    out
}

fn header(out: &mut String, summary: &Summary, paint: Paint) -> std::fmt::Result {
    let origin = &summary.origin;
    writeln!(
        out,
        "{} on {} {}: {}, seed {}, {}",
        paint.strong(&harmless(&origin.scenario)),
        harmless(&origin.target),
        harmless(&origin.target_version),
        text::count(summary.cases.len() as u64, "case"),
        origin.seed,
        text::seconds(summary.wall_seconds),
    )?;
    writeln!(out)
}

fn table(out: &mut String, summary: &Summary, paint: Paint) -> std::fmt::Result {
    let wide = summary.rules.iter().map(|rule| rule.rule.chars().count()).max().unwrap_or(0).max(4);
    let head =
        format!("  {:wide$}  {:>7} {:>8} {:>8} {:>8} {:>10}", "rule", "ok", "violated", "unknown", "n.a.", "examined");
    writeln!(out, "{}", paint.faint(&head))?;
    for rule in &summary.rules {
        let cell = |number: u64, width: usize, outcome: Outcome| {
            let text = format!("{number:>width$}");
            if number == 0 { paint.faint(&text) } else { paint.outcome(outcome, &text) }
        };
        write!(
            out,
            "{} {:wide$}  {} {} {} {} {:>10}",
            mark(rule.worst(), paint),
            harmless(&rule.rule),
            cell(rule.ok, 7, Outcome::Ok),
            cell(rule.violated, 8, Outcome::Violated),
            cell(rule.unknown, 8, Outcome::Unknown),
            cell(rule.not_applicable, 8, Outcome::NotApplicable),
            rule.examined,
        )?;
        for (issue, count) in &rule.known {
            write!(out, "  {}", paint.faint(&format!("{count} known as {}", harmless(issue))))?;
        }
        writeln!(out)?;
    }
    writeln!(out)
}

fn mark(outcome: Outcome, paint: Paint) -> String {
    let sign = match outcome {
        Outcome::Violated => "✗",
        Outcome::Unknown => "?",
        Outcome::Ok => "✓",
        Outcome::NotApplicable => "–",
    };
    paint.outcome(outcome, sign)
}

fn violations(out: &mut String, summary: &Summary, paint: Paint) -> std::fmt::Result {
    let line = |out: &mut String, outcome: Outcome, rule: &RuleSummary| {
        let (examples, number) = match outcome {
            Outcome::Violated => (&rule.failing, rule.violated),
            _ => (&rule.undecided, rule.unknown),
        };
        let Some(first) = examples.first() else { return Ok(()) };
        let head = format!("{} {} in {}", harmless(&rule.rule), outcome.word(), text::count(number, "case"));
        writeln!(out, "{} {}", mark(outcome, paint), paint.strong(&head))?;
        writeln!(out, "  seed {}: {}", first.seed, harmless(&first.message))?;
        writeln!(out, "  {}", paint.faint(&command::repeat(summary, first.seed)))?;
        let path = summary.cases.iter().find(|case| case.seed == first.seed).and_then(|case| case.path.as_deref());
        if let Some(path) = path {
            writeln!(out, "  {}", paint.faint(&harmless(&command::show(path, None))))?;
        }
        writeln!(out)
    };
    for outcome in [Outcome::Violated, Outcome::Unknown] {
        for rule in &summary.rules {
            line(out, outcome, rule)?;
        }
    }
    if let Some(first) = summary.broken.first() {
        let head = format!("{} could not be executed", text::count(summary.broken.len() as u64, "case"));
        writeln!(out, "{} {}", mark(Outcome::Unknown, paint), paint.strong(&head))?;
        writeln!(out, "  seed {}: {}\n", first.seed, harmless(&first.message))?;
    }
    Ok(())
}

fn coverage(out: &mut String, summary: &Summary, paint: Paint) -> std::fmt::Result {
    let (all, missing) = (&summary.coverage, &summary.missing);
    let runs: u64 = all.runs.values().sum();
    let events: u64 = all.events.values().sum();
    let tasks: u64 = ["workflow", "activity"].iter().filter_map(|name| all.tasks.get(*name)).sum();
    let attempts: u64 = all.operations.values().flat_map(|answers| answers.values()).sum();
    writeln!(
        out,
        "coverage: {}, {}, {}, {}",
        text::count(runs, "run"),
        text::count(events, "event"),
        text::count(tasks, "task"),
        text::count(attempts, "call"),
    )?;
    let lines = [
        ("statements", kinds::STATEMENTS.len(), &missing.statements),
        ("events", kinds::EVENTS.len(), &missing.events),
        ("calls", kinds::OPERATIONS.len(), &missing.operations),
        ("tasks", kinds::TASKS.len(), &missing.tasks),
        ("worker faults", kinds::WORKER_FAULTS.len(), &missing.worker_faults),
    ];
    // Only a world that stands faults is asked for them.
    let faults = ("faults", kinds::FAULTS.len(), &missing.faults);
    for (name, known, missing) in lines.into_iter().chain((!all.faults.is_empty()).then_some(faults)) {
        let reached = format!("{}/{known}", known - missing.len());
        write!(out, "  {name:13} {reached:>6}")?;
        if !missing.is_empty() {
            let list = text::cut(&missing.join(", "), 90);
            write!(out, "  {}", paint.faint(&format!("never: {list}")))?;
        }
        writeln!(out)?;
    }
    milestones(out, summary, paint)?;
    writeln!(out)
}

fn milestones(out: &mut String, summary: &Summary, paint: Paint) -> std::fmt::Result {
    let Some(simulation) = &summary.simulation else { return Ok(()) };
    let table = Table::of(simulation);
    let reached = format!("{}/{}", simulation.reached(), simulation.possible);
    write!(out, "  {:10} {reached:>6}", "milestones")?;
    if !simulation.unreached.is_empty() {
        let list = text::cut(&simulation.unreached.join(", "), 90);
        write!(out, "  {}", paint.faint(&format!("never: {list}")))?;
    }
    if simulation.reached() > 0 {
        write!(out, "\n  {:17}  {}", "", paint.faint(&format!("rarest: {}", table.rarest())))?;
    }
    writeln!(out)
}

fn footer(out: &mut String, summary: &Summary, page: Option<&str>, paint: Paint) -> std::fmt::Result {
    let cases = summary.cases.len();
    if cases > 0 {
        let slowest: Vec<String> = summary
            .slowest(3)
            .iter()
            .map(|case| format!("{} ({})", case.seed, text::seconds(case.executing_ms / 1e3)))
            .collect();
        writeln!(out, "slowest seeds: {}", slowest.join(", "))?;
        let rate = if summary.wall_seconds > 0.0 { cases as f64 / summary.wall_seconds } else { 0.0 };
        let share = if summary.executing_seconds > 0.0 {
            100.0 * summary.judging_seconds / summary.executing_seconds
        } else {
            0.0
        };
        writeln!(out, "{rate:.2} cases/s; judging took {share:.1} % of the time of executing")?;
    }
    if let Some(simulation) = &summary.simulation {
        let pace = simulation.pace(summary.wall_seconds);
        let pace = pace.map_or(String::new(), |pace| format!("; {pace:.1} simulated seconds per second"));
        let rpcs = text::count(simulation.traffic.rpcs, "call");
        let rate = if summary.wall_seconds > 0.0 { simulation.traffic.rpcs as f64 / summary.wall_seconds } else { 0.0 };
        let segments = text::count(simulation.traffic.segments, "segment");
        let seconds = text::seconds(simulation.seconds);
        writeln!(out, "simulated {seconds} in all, {rpcs} ({rate:.0} per second) in {segments}{pace}")?;
    }
    writeln!(out, "seed {}  trace {}", summary.origin.seed, summary.trace_hash)?;
    writeln!(out, "repeat: {}", harmless(&summary.origin.command))?;
    if let Some(page) = page {
        writeln!(out, "report: {}", harmless(page))?;
    }
    let [violated, unknown] = [Outcome::Violated, Outcome::Unknown].map(|outcome| summary.count(outcome) as u64);
    let unknown = unknown + summary.broken.len() as u64;
    let line = match summary.worst() {
        Outcome::Violated => format!("✗ violated in {}", text::count(violated, "case")),
        Outcome::Unknown => format!("? nothing violated, {} undecided", text::count(unknown, "case")),
        Outcome::Ok => format!("✓ all rules held in {}", text::count(cases as u64, "case")),
        Outcome::NotApplicable => "– nothing was judged".to_owned(),
    };
    writeln!(out, "{}", paint.outcome(summary.worst(), &line))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{mixed, simulated, summary, verdict};

    #[test]
    fn a_run_ends_with_a_table() {
        insta::assert_snapshot!(render(&mixed(), Some("resurgam-runs/r/report.html"), false));
    }

    #[test]
    fn a_simulated_run_says_what_it_reached_and_how_fast() {
        let shown = render(&simulated(), None, false);
        let line = |begin: &str| shown.lines().find(|line| line.trim_start().starts_with(begin)).unwrap_or_default();
        let possible = simulated().simulation.unwrap().possible;
        assert!(line("milestones").contains(&format!(" 2/{possible}  never: ")), "{shown}");
        assert_eq!(line("rarest").trim(), "rarest: fault-kill 1×, timer-fired 3×");
        let segments = format!("{} segments", text::thousands(2_468));
        assert_eq!(
            line("simulated"),
            format!(
                "simulated 90.00 s in all, 360 calls (180 per second) in {segments}; 45.0 simulated seconds per second"
            )
        );
        assert!(shown.ends_with("✓ all rules held in 2 cases\n"), "what a short run did not reach fails nothing");
        let real = render(&mixed(), None, false);
        assert!(!real.contains("milestones") && !real.contains("simulated"), "{real}");
    }

    #[test]
    fn the_last_line_is_the_verdict() {
        let last = |summary: &Summary| render(summary, None, false).lines().last().unwrap_or_default().to_owned();
        assert_eq!(last(&mixed()), "✗ violated in 1 case");
        assert_eq!(last(&summary(&[verdict(&[("H8-buffering", Outcome::Ok)])])), "✓ all rules held in 1 case");
        let mut broken = summary(&[verdict(&[("H8-buffering", Outcome::Ok)])]);
        broken.add_broken(3, "no server");
        assert_eq!(last(&broken), "? nothing violated, 1 case undecided");
    }

    #[test]
    fn colours_are_an_option() {
        assert!(render(&mixed(), None, true).contains("\x1b[31m"));
        assert!(!render(&mixed(), None, false).contains('\x1b'), "evidence must not steer the terminal");
    }
}
