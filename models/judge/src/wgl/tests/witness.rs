//! The rules that take the history as witness agree with the search, on small cases of one workflow id: starts, signals,
//! terminations and descriptions with random times, some without an answer, most with one answer or time changed.
//!
//! The specification is the history itself: an operation that left an event can only come when it is that event's turn,
//! one that left none shows where the history is. So both answer the same question by different routes.

use super::Dice;
use crate::judge;
use crate::profile::{Profile, Promises};
use crate::wgl::{Budget, Operation, Specification, Verdict, check};
use resurgam_formats::verdict::Outcome;
use resurgam_testing::notation::parse;
use serde_json::json;
use std::fmt::Write as _;

/// The history of one workflow id: for every event, over all runs, the run and its number there, and whether it closes.
#[derive(Debug, Default)]
struct History(Vec<(usize, u32, bool)>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    /// It left this event of this run.
    Event(usize, u32),
    /// This run was current and open, and the call was refused for that.
    Taken(usize),
    /// This run was current, with so many events.
    Described(usize, u32),
    /// No run was open; for descriptions: none was there.
    Nothing { read: bool },
}

impl Specification for History {
    /// How many events are there.
    type State = usize;
    type Call = Seen;
    type Key = ();

    fn initial(&self, (): &()) -> usize {
        0
    }
    fn key(&self, _: &Seen) {}
    fn step(&self, state: &usize, call: &Seen) -> Option<usize> {
        let last = state.checked_sub(1).and_then(|last| self.0.get(last)).copied();
        let fits = match call {
            Seen::Event(run, number) => {
                let next = self.0.get(*state)?;
                return ((next.0, next.1) == (*run, *number)).then_some(state + 1);
            }
            Seen::Taken(run) => matches!(last, Some((current, _, false)) if current == *run),
            Seen::Described(run, length) => {
                matches!(last, Some((current, number, _)) if (current, number) == (*run, *length))
            }
            Seen::Nothing { read } => last.is_none_or(|(_, _, closed)| closed && !read),
        };
        fits.then_some(*state)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Start,
    Signal,
    Terminate,
    Describe,
}

#[derive(Clone, Debug)]
struct Call {
    from: u64,
    until: u64,
    asked: Asked,
    /// `None`: it had no effect, and no answer either.
    seen: Option<Seen>,
    answered: bool,
}

/// A true case: every operation happens at one moment between its call and its answer.
fn draw(dice: &mut Dice) -> (Vec<Call>, History) {
    let mut history = History::default();
    let mut calls = Vec::new();
    let mut runs = 0;
    let mut unknown_start = false;
    for number in 0..3 + dice.roll(6) {
        let moment = 100 + number * 10;
        let (from, until) = (moment - dice.roll(35), moment + dice.roll(35));
        let asked = [Asked::Start, Asked::Signal, Asked::Signal, Asked::Terminate, Asked::Describe, Asked::Describe]
            [dice.roll(6) as usize];
        let last = history.0.last().copied();
        let open = last.filter(|last| !last.2);
        let mut answered = asked == Asked::Describe || dice.roll(6) > 0;
        let executed = answered || dice.roll(2) == 0;
        // Of several starts without an answer nobody could say which one it was.
        if !answered && asked == Asked::Start && std::mem::replace(&mut unknown_start, true) {
            answered = true;
        }
        let mut event = |run, number, closes| {
            history.0.push((run, number, closes));
            Seen::Event(run, number)
        };
        let seen = executed.then(|| match (asked, open, last) {
            (Asked::Start, Some((run, ..)), _) => Seen::Taken(run),
            (Asked::Start, None, _) => {
                runs += 1;
                event(runs, 1, false)
            }
            (Asked::Signal, Some((run, number, _)), _) => event(run, number + 1, false),
            (Asked::Terminate, Some((run, number, _)), _) => event(run, number + 1, true),
            (Asked::Describe, _, Some((run, number, _))) => Seen::Described(run, number),
            (asked, ..) => Seen::Nothing { read: asked == Asked::Describe },
        });
        calls.push(Call { from, until, asked, seen, answered: answered && executed });
    }
    (calls, history)
}

/// Changes one time or one answer; the result may still be true.
fn disturb(dice: &mut Dice, calls: &mut [Call], history: &History) {
    let place = dice.roll(calls.len() as u64) as usize;
    let call = &mut calls[place];
    let events = history.0.len() as u64;
    match (dice.roll(3), call.seen) {
        (0, Some(Seen::Described(..))) if events > 0 => {
            let (run, number, _) = history.0[dice.roll(events) as usize];
            call.seen = Some(Seen::Described(run, number));
        }
        (1, Some(Seen::Described(..))) => call.seen = Some(Seen::Nothing { read: true }),
        (1, Some(Seen::Taken(_))) if events > 0 => {
            call.seen = Some(Seen::Taken(history.0[dice.roll(events) as usize].0));
        }
        _ => {
            let long = call.until - call.from;
            call.from = 60 + dice.roll(130);
            call.until = call.from + long;
        }
    }
}

/// Searches an order, whatever the order of the runs: no history says which run came first.
fn searched(calls: &[Call], history: &History) -> Verdict {
    let operations: Vec<Operation<Seen>> = calls
        .iter()
        .filter_map(|call| {
            let until = call.answered.then_some(call.until);
            // A refusal that nobody heard says nothing.
            let heard = call.answered || matches!(call.seen, Some(Seen::Event(..)));
            Some(Operation { from: call.from, until, call: call.seen.filter(|_| heard)? })
        })
        .collect();
    let runs = history.0.iter().map(|event| event.0).max().unwrap_or(0);
    let mut worst = Verdict::Ok;
    for order in orders(runs) {
        let events = order.iter().flat_map(|run| history.0.iter().filter(move |event| event.0 == *run));
        // A run that is open ends the history: nothing can follow it.
        let events: Vec<_> = events.copied().collect();
        let fits = events.windows(2).all(|pair| pair[0].0 == pair[1].0 || pair[0].2);
        worst = check(&History(events), &operations, Budget::default()).verdict;
        if fits && worst == Verdict::Ok {
            return Verdict::Ok;
        }
        if !fits && worst == Verdict::Ok {
            worst = Verdict::Unknown("two runs are open");
        }
    }
    worst
}

/// Every order of the numbers from 1.
fn orders(count: usize) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    for number in 1..=count {
        all = all
            .into_iter()
            .flat_map(|order: Vec<usize>| {
                (0..=order.len()).map(move |place| {
                    let mut longer = order.clone();
                    longer.insert(place, number);
                    longer
                })
            })
            .collect();
    }
    all
}

fn judged(calls: &[Call], history: &History) -> Vec<String> {
    let mut lines: Vec<(u64, String)> = Vec::new();
    let mut runs: Vec<String> = Vec::new();
    for (operation, call) in (1..).zip(calls) {
        let action = match call.asked {
            Asked::Start => r#""call":"start","program":0,"reuse":"allow_duplicate","conflict":"fail""#.to_owned(),
            Asked::Signal => format!(r#""call":"signal","name":"s","value":{operation}"#),
            Asked::Terminate => r#""call":"terminate""#.to_owned(),
            Asked::Describe => r#""call":"describe""#.to_owned(),
        };
        let (from, until) = (call.from, call.until);
        lines.push((from, format!(r#"{{"at":{from},"type":"invoke","operation":{operation},"attempt":1,"by":"c","call":{{"of":"client","workflow_id":"w","request_id":"q{operation}","action":{{{action}}}}}}}"#)));
        let reply = match call.seen.filter(|_| call.answered) {
            None => String::new(),
            Some(Seen::Event(run, _)) if call.asked == Asked::Start => {
                format!(r#""reply":"run","run_id":"r{run}","started":true"#)
            }
            Some(Seen::Event(..)) => r#""reply":"done""#.to_owned(),
            Some(Seen::Taken(run)) => format!(r#""reply":"already_started","run_id":"r{run}""#),
            Some(Seen::Nothing { .. }) => r#""reply":"not_found","message":"gone""#.to_owned(),
            Some(Seen::Described(run, length)) => {
                let closed = history.0.contains(&(run, length, true));
                let status = if closed { "TERMINATED" } else { "RUNNING" };
                format!(
                    r#""reply":"description","workflow_id":"w","run_id":"r{run}","status":"{status}","history_length":{length}"#
                )
            }
        };
        let answer = if reply.is_empty() {
            r#""answer":"info","error":"UNAVAILABLE""#.to_owned()
        } else {
            format!(r#""answer":"ok","value":{{{reply}}}"#)
        };
        lines.push((
            until,
            format!(r#"{{"at":{until},"type":"return","operation":{operation},"attempt":1,"answer":{{{answer}}}}}"#),
        ));
    }
    lines.sort_by_key(|(at, _)| *at);
    for (run, number, closes) in &history.0 {
        runs.resize(runs.len().max(*run), String::new());
        let by = 1 + calls.iter().position(|call| call.seen == Some(Seen::Event(*run, *number))).unwrap();
        let event = match (number, closes) {
            (1, _) => "WorkflowExecutionStarted".to_owned(),
            (_, false) => format!("WorkflowExecutionSignaled signalName=s input=[{by}]"),
            (_, true) => format!("WorkflowExecutionTerminated reason=q{by}"),
        };
        writeln!(runs[run - 1], "{number} {event}").unwrap();
    }
    let header = r#"{"at":0,"type":"header","version":1,"target":"t","prefix":"p","plan":{"version":1,"seed":1,"programs":[],"operations":[],"workers":{"count":1,"cache":0,"full_replay":false},"worker_faults":[],"knobs":{"task_timeout_ms":1000,"sticky_timeout_ms":500}}}"#;
    let mut text = header.to_owned();
    for (_, line) in lines {
        write!(text, "\n{line}").unwrap();
    }
    // An audit says that there are no other runs.
    let row = |run: usize| json!({"workflow_id": "w", "run_id": format!("r{run}"), "next_event": 0});
    let rows: Vec<_> = (1..=runs.len()).map(row).collect();
    write!(
        text,
        "\n{}\n{}",
        json!({"at": 998, "type": "tenures", "partitions": {}}),
        json!({"at": 998, "type": "audit", "runs": rows})
    )
    .unwrap();
    text += "\n{\"at\":999,\"type\":\"end\",\"quiescent\":true,\"deadline\":1000}\n";
    for (run, events) in (1..).zip(&runs) {
        write!(text, "run w/r{run}\n{events}").unwrap();
    }
    let profile = Profile::promising(Promises { linearizable_reads: true, ..Promises::default() });
    let rules = judge("test", &parse(&text).unwrap(), &profile).rules;
    let ours = rules.into_iter().filter(|rule| rule.rule.starts_with('W') && rule.outcome == Outcome::Violated);
    ours.map(|rule| format!("{} {:?}", rule.rule, rule.findings)).collect()
}

#[test]
fn rules_and_search_agree() {
    let (mut violated, mut missed) = (0, 0);
    for seed in 0..4_000 {
        let mut dice = Dice(seed);
        let (mut calls, history) = draw(&mut dice);
        assert_eq!(searched(&calls, &history), Verdict::Ok, "seed {seed}: {calls:?}");
        assert!(judged(&calls, &history).is_empty(), "seed {seed}: {calls:?}");
        for _ in 0..1 + dice.roll(2) {
            disturb(&mut dice, &mut calls, &history);
        }
        let wrong = judged(&calls, &history);
        match searched(&calls, &history) {
            Verdict::Ok => assert!(wrong.is_empty(), "seed {seed}: {wrong:?} {calls:?} {history:?}"),
            _ if wrong.is_empty() => {
                // Which run came first may show only by trying both.
                assert!(history.0.iter().any(|event| event.0 > 1), "seed {seed}: {calls:?} {history:?}");
                missed += 1;
            }
            _ => violated += 1,
        }
    }
    println!("{violated} violated, {missed} seen only by the search");
    assert!(violated > 500 && missed * 100 < violated, "{violated} violated, {missed} missed");
}
