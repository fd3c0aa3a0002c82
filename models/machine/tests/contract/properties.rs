//! The three properties that define a reentrant process, over generated programs and plausible histories.

use super::*;
use resurgam_formats::event::Body;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use resurgam_machine::Machine;
use resurgam_testing::dense;
use resurgam_testing::fake_server::{Step, history};
use std::collections::BTreeSet;

/// Half the usual number of cases; `PROPTEST_CASES` sets what is usual.
fn config() -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig { cases: usual.cases / 2, failure_persistence: None, ..usual }
}

/// Histories of dense programs, and now and then (plans are slow to draw) of one that the real server executes.
fn histories() -> impl Strategy<Value = FakeServer> {
    let generated = resurgam_generate::plans().prop_map(|mut plan| plan.programs.remove(0));
    let inputs = prop_oneof![9 => dense::inputs().boxed(), 1 => generated.boxed()];
    (inputs, vec(any::<u16>(), 0..150))
        .prop_map(|(input, choices)| history("w", &input, &choices).expect("no server refuses what a program commands"))
}

fn restored(machine: &Machine) -> Machine {
    let text = serde_json::to_string(machine).expect("a machine is data");
    serde_json::from_str(&text).expect("and comes back from it")
}

/// Gives a machine one input again, and holds its answers to those of the first time.
fn again(machine: &mut Machine, step: &Step) {
    match step {
        Step::Event(event) => machine.event(event).expect("it fitted before"),
        Step::Update(update, accepted) => {
            assert_eq!(machine.update(&update.id, &update.name, update.argument), *accepted, "{update:?}");
        }
        Step::Local(seq, value) => machine.local(*seq, *value),
        Step::Commands(commands) => assert_eq!(machine.take_commands(), *commands),
    }
}

proptest! {
    #![proptest_config(config())]

    /// Saved and restored at every input, it commands the same as if it had never stopped.
    #[test]
    fn resumable(server in histories()) {
        let mut machine = Machine::new("w");
        for step in &server.steps {
            machine = restored(&machine);
            again(&mut machine, step);
        }
        prop_assert_eq!(&machine, server.machine());
    }

    /// At every start of a workflow task, also of those that then fail, the replay of the history up to there is the
    /// machine that has lived through it.
    #[test]
    fn recoverable(server in histories()) {
        for (events, lived) in &server.offers {
            let mut replayed = Machine::replay("w", &server.events[..*events]).expect("it fits");
            prop_assert_eq!(&replayed, lived);
            prop_assert_eq!(replayed.take_commands(), lived.clone().take_commands());
        }
    }

    /// It makes no difference which workflow tasks a machine answers itself and at which it only looks on, as the machine
    /// of a query does while another one answers, or one whose worker lost the task.
    #[test]
    fn replaceable(server in histories(), parts in vec(any::<bool>(), 1..20)) {
        let mut parts = parts.iter().cycle().copied();
        let mut machine = Machine::new("w");
        let mut unseen = vec![];
        let mut takes_part = None;
        for step in &server.steps {
            if let Step::Event(event) = step {
                unseen.push(event.clone());
                continue;
            }
            if *takes_part.get_or_insert_with(|| parts.next().expect("a cycle has no end")) {
                machine.advance(&std::mem::take(&mut unseen)).expect("it fits");
                again(&mut machine, step);
            }
            if matches!(step, Step::Commands(_)) {
                takes_part = None;
            }
        }
        machine.advance(&unseen).expect("it fits");
        prop_assert_eq!(&machine, server.machine());
    }

    /// Every signal is counted once, at the event that brings it, and none after the run is over in its output.
    #[test]
    fn reactive_to_signals(server in histories(), cut in any::<prop::sample::Index>()) {
        let name = server.machine().query("p").map(|_| "p").or_else(|| server.machine().query("q").map(|_| "q"));
        let mut machine = Machine::new("w");
        let mut arrived = BTreeMap::new();
        let mut at_the_end = None;
        let cut = cut.index(server.steps.len());
        for (index, step) in server.steps.iter().enumerate() {
            if index == cut {
                machine = restored(&machine);
            }
            again(&mut machine, step);
            if let Step::Event(event) = step {
                prop_assert_eq!(machine.seen(), event.id.0);
                if let Body::WorkflowExecutionSignaled(signal) = &event.body {
                    *arrived.entry(signal.name.clone()).or_insert(0u32) += 1;
                }
            }
            if machine.is_closed() {
                at_the_end.get_or_insert_with(|| arrived.clone());
            }
            if let Some(answer) = name.and_then(|name| machine.query(name)) {
                prop_assert_eq!(answer.signals, arrived.values().sum::<u32>());
            }
        }
        for command in server.tasks.iter().flat_map(|(_, commands)| commands) {
            if let Command::CompleteWorkflow { output } = command {
                prop_assert_eq!(Some(&output.signals), at_the_end.as_ref());
            }
        }
    }

    /// Every update that was accepted is accepted by one command, in order, and completed by at most one.
    #[test]
    fn reactive_to_updates(server in histories()) {
        let taken = server.steps.iter().filter_map(|step| match step {
            Step::Update(update, true) => Some(update.id.clone()),
            _ => None,
        });
        let mut accepted = vec![];
        let mut completed = BTreeSet::new();
        for command in server.tasks.iter().flat_map(|(_, commands)| commands) {
            match command {
                Command::AcceptUpdate { id } => accepted.push(id.clone()),
                Command::CompleteUpdate { id, .. } => {
                    prop_assert!(accepted.contains(id));
                    prop_assert!(completed.insert(id.clone()));
                }
                _ => {}
            }
        }
        prop_assert_eq!(accepted, taken.collect::<Vec<_>>());
    }

    /// Waits take the values of signals in order of arrival, handlers run once per update, whatever else happens and
    /// whichever tasks fail.
    #[test]
    fn reactive_in_order(choices in vec(any::<u16>(), 0..100)) {
        let waits = (0..6).map(|into| signal("a", into, None)).collect();
        let mut program = with_update(waits, vec![], true);
        let count = Expr::Sum(vec![Expr::Var(7), Expr::Const(1)]);
        let handler = program.updates.get_mut("u").expect("it has one");
        handler.body = vec![Statement::Set { into: 7, value: count }];
        handler.into = 6;
        program.queries.insert("handled".into(), Expr::Var(7));
        for into in 0..6 {
            program.queries.insert(format!("v{into}"), Expr::Var(into));
        }
        let server = history("w", &Input { program, variables: vec![] }, &choices).expect("it fits");
        let sent = server.events.iter().filter_map(|event| match &event.body {
            Body::WorkflowExecutionSignaled(signal) if signal.name == "a" => signal.input.first_json()?.as_i64(),
            _ => None,
        });
        if server.cancelled() {
            return Ok(());
        }
        for (into, value) in sent.take(6).enumerate() {
            prop_assert_eq!(server.machine().query(&format!("v{into}")).map(|answer| answer.value), Some(value));
        }
        let handled = server.steps.iter().filter(|step| matches!(step, Step::Update(_, true))).count();
        prop_assert_eq!(server.machine().query("handled").map(|answer| answer.value), Some(handled as i64));
    }

    /// No history makes the machine panic, however its events are cut, doubled and exchanged.
    #[test]
    fn hostile_histories_are_refused(server in histories(), edits in vec((any::<u16>(), any::<u16>()), 1..6)) {
        let mut events = server.events;
        for (from, to) in edits {
            let (from, to) = (usize::from(from) % events.len(), usize::from(to) % events.len());
            let body = events[from].body.clone();
            events[to].body = body;
        }
        if let Err(stray) = Machine::replay("w", &events) {
            prop_assert!(!stray.what.is_empty() && stray.event > 0);
        }
    }
}

/// The histories above are worth something only if they go far and contain what the semantics is about.
#[test]
fn the_toy_writes_histories_worth_looking_at() {
    let mut kinds = BTreeMap::<String, u32>::new();
    let mut closed = 0;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for _ in 0..200 {
        let server = histories().new_tree(&mut runner).expect("no strategy filters").current();
        closed += u32::from(server.is_closed());
        for event in &server.events {
            *kinds.entry(event.body.name().to_owned()).or_default() += 1;
        }
    }
    assert!((80..=190).contains(&closed), "{closed} of 200 are closed");
    for kind in [
        "WorkflowTaskFailed",
        "WorkflowTaskTimedOut",
        "ActivityTaskCancelRequested",
        "ActivityTaskCanceled",
        "TimerCanceled",
        "MarkerRecorded",
        "StartChildWorkflowExecutionFailed",
        "RequestCancelExternalWorkflowExecutionInitiated",
        "ChildWorkflowExecutionCanceled",
        "WorkflowExecutionUpdateCompleted",
        "WorkflowExecutionContinuedAsNew",
        "WorkflowExecutionCanceled",
        "WorkflowExecutionFailed",
        "WorkflowExecutionCompleted",
    ] {
        assert!(kinds.get(kind).is_some_and(|count| *count >= 3), "too few {kind}: {kinds:?}");
    }
}
