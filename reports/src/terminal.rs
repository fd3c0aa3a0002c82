//! The verdict table and coverage for a terminal.

use crate::campaign::Table;
use crate::paint::{Paint, harmless};
use crate::{command, text};
use resurgam_campaign::coverage::kinds;
use resurgam_campaign::rule_summary::RuleSummary;
use resurgam_campaign::summary::Summary;
use resurgam_formats::case::Shrunk;
use resurgam_formats::plan::{FaultKind, Happening};
use resurgam_formats::target::Choice;
use resurgam_formats::verdict::Outcome;
use std::fmt::Write as _;

/// What a run ends with. `directory` is that of the run.
#[must_use]
pub fn render(summary: &Summary, directory: &str, colours: bool) -> String {
    let paint = Paint(colours);
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = header(&mut out, summary, paint);
    let _ = table(&mut out, summary, paint);
    let _ = violations(&mut out, summary, directory, paint);
    let _ = coverage(&mut out, summary, paint);
    let _ = footer(&mut out, summary, directory, paint);
    out
}

/// What a case was shrunk to, and how to see that again.
#[must_use]
pub fn shrunk(choice: &Choice, seed: u64, how: &Shrunk, path: &str) -> String {
    let Shrunk { rule, from, to, .. } = how;
    let again = command::replay(choice, path);
    format!("shrunk: {}, seed {seed}: {from} → {to}\n  {}\n", harmless(rule.as_str()), harmless(&again))
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
        text::seconds(summary.times.wall_seconds),
    )?;
    writeln!(out)
}

fn table(out: &mut String, summary: &Summary, paint: Paint) -> std::fmt::Result {
    let wide = summary.rules.iter().map(|rule| rule.rule.as_str().chars().count()).max().unwrap_or(0).max(4);
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
            harmless(rule.rule.as_str()),
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

fn violations(out: &mut String, summary: &Summary, directory: &str, paint: Paint) -> std::fmt::Result {
    let line = |out: &mut String, outcome: Outcome, rule: &RuleSummary| {
        let (examples, number) = match outcome {
            Outcome::Violated => (&rule.failing, rule.violated),
            _ => (&rule.undecided, rule.unknown),
        };
        let Some(first) = examples.first() else { return Ok(()) };
        let head = format!("{} {} in {}", harmless(rule.rule.as_str()), outcome.word(), text::count(number, "case"));
        writeln!(out, "{} {}", mark(outcome, paint), paint.strong(&head))?;
        writeln!(out, "  seed {}: {}", first.seed, harmless(&first.message))?;
        writeln!(out, "  {}", paint.faint(&harmless(&command::again(&summary.origin, first.seed))))?;
        let path = summary.cases.iter().find(|case| case.seed == first.seed).and_then(|case| case.path.as_deref());
        if let Some(path) = path {
            let path = text::inside(directory, path);
            writeln!(out, "  {}", paint.faint(&harmless(&command::show(&path, None))))?;
        }
        writeln!(out)
    };
    for outcome in [Outcome::Violated, Outcome::Unknown] {
        for rule in &summary.rules {
            line(out, outcome, rule)?;
        }
    }
    if let Some(first) = summary.not_judged.first() {
        let head = format!("{} could not be judged", text::count(summary.not_judged.len() as u64, "case"));
        writeln!(out, "{} {}", mark(Outcome::Unknown, paint), paint.strong(&head))?;
        writeln!(out, "  seed {}: {}", first.seed, harmless(&first.why))?;
        if let Some(path) = &first.path {
            writeln!(out, "  kept in {}", harmless(&text::inside(directory, path)))?;
        }
        writeln!(out)?;
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
    let faults = ("faults", FaultKind::NAMES.len() + Happening::NAMES.len(), &missing.faults);
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

fn footer(out: &mut String, summary: &Summary, directory: &str, paint: Paint) -> std::fmt::Result {
    let (cases, times) = (summary.cases.len(), &summary.times);
    if cases > 0 {
        let slowest: Vec<String> = summary
            .slowest(3)
            .iter()
            .map(|(case, times)| format!("{} ({})", case.seed, text::seconds(times.executing_ms / 1e3)))
            .collect();
        writeln!(out, "slowest seeds: {}", slowest.join(", "))?;
        let rate = if times.wall_seconds > 0.0 { cases as f64 / times.wall_seconds } else { 0.0 };
        let share =
            if times.executing_seconds > 0.0 { 100.0 * times.judging_seconds / times.executing_seconds } else { 0.0 };
        writeln!(out, "{rate:.2} cases/s; judging took {share:.1} % of the time of executing")?;
    }
    if let Some(simulation) = &summary.simulation {
        let pace = simulation.pace(times.wall_seconds);
        let pace = pace.map_or(String::new(), |pace| format!("; {pace:.1} simulated seconds per second"));
        let rpcs = text::count(simulation.traffic.rpcs, "call");
        let rate = if times.wall_seconds > 0.0 { simulation.traffic.rpcs as f64 / times.wall_seconds } else { 0.0 };
        let segments = text::count(simulation.traffic.segments, "segment");
        let seconds = text::seconds(simulation.seconds());
        writeln!(out, "simulated {seconds} in all, {rpcs} ({rate:.0} per second) in {segments}{pace}")?;
    }
    writeln!(out, "seed {}  recordings {}", summary.origin.seed, summary.recording_hash)?;
    writeln!(out, "repeat: {}", harmless(&summary.origin.command))?;
    if !directory.is_empty() {
        writeln!(out, "report: {}", harmless(&text::inside(directory, "report.html")))?;
    }
    for shortfall in &summary.shortfalls {
        writeln!(out, "{}", paint.outcome(Outcome::Unknown, &harmless(&shortfall.to_string())))?;
    }
    let [violated, unknown] = [Outcome::Violated, Outcome::Unknown].map(|outcome| summary.count(outcome) as u64);
    let unknown = unknown + summary.not_judged.len() as u64;
    let line = match summary.worst() {
        Outcome::Violated => format!("✗ violated in {}", text::count(violated, "case")),
        Outcome::Unknown => format!("? nothing violated, {} undecided", text::count(unknown, "case")),
        Outcome::Ok if summary.shortfalls.is_empty() => {
            format!("✓ all rules held in {}", text::count(cases as u64, "case"))
        }
        Outcome::Ok => format!("? nothing violated in {}, but {}", text::count(cases as u64, "case"), summary.state),
        Outcome::NotApplicable => format!("? {}", summary.state),
    };
    let colour = if line.starts_with('?') { Outcome::Unknown } else { summary.worst() };
    writeln!(out, "{}", paint.outcome(colour, &line))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{mixed, not_judged, simulated, summary, verdict};
    use resurgam_campaign::results::Shortfall;

    #[test]
    fn a_run_ends_with_a_table() {
        insta::assert_snapshot!(render(&mixed(), "resurgam-runs/r", false));
    }

    #[test]
    fn a_simulated_run_says_what_it_reached_and_how_fast() {
        let shown = render(&simulated(), "", false);
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
        let real = render(&mixed(), "", false);
        assert!(!real.contains("milestones") && !real.contains("simulated"), "{real}");
    }

    #[test]
    fn the_last_line_is_the_verdict() {
        let last = |summary: &Summary| render(summary, "", false).lines().last().unwrap_or_default().to_owned();
        assert_eq!(last(&mixed()), "✗ violated in 1 case");
        assert_eq!(last(&summary(&[verdict(&[("H8-buffering", Outcome::Ok)])])), "✓ all rules held in 1 case");
        let mut broken = summary(&[verdict(&[("H8-buffering", Outcome::Ok)])]);
        broken.add(&not_judged(3, "no server"));
        assert_eq!(last(&broken), "? nothing violated, 1 case undecided");
        let mut short = summary(&[verdict(&[("H8-buffering", Outcome::Ok)])]);
        short.conclude(vec![Shortfall::Interrupted { by: "SIGHUP".into(), cases_ended: false }]);
        assert_eq!(last(&short), "? nothing violated in 1 case, but interrupted");
        assert!(render(&short, "", false).contains("\ninterrupted by SIGHUP: "));
        assert_eq!(last(&summary(&[])), "? nothing judged");
    }

    #[test]
    fn colours_are_an_option() {
        assert!(render(&mixed(), "", true).contains("\x1b[31m"));
        assert!(!render(&mixed(), "", false).contains('\x1b'), "evidence must not steer the terminal");
    }
}
