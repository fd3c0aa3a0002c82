//! The explorer on servers: a server answers like itself, ours answers like the real one, and as that has answered before, and a planted
//! bug is seen.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use resurgam_builtin::{Bug, subject};
use resurgam_explorer::recording::{self, Recorded};
use resurgam_explorer::{Between, Found, Order, Pair, Server, TOGETHER, hold_simulated};
use resurgam_harness::target::{Endpoint, connect, own_server, temporal};
use resurgam_harness::{Subject, real};
use std::path::Path;
use std::thread;

async fn server(endpoint: &Endpoint) -> Server {
    Server {
        name: endpoint.target.clone(),
        channel: connect(&endpoint.uri).await.unwrap(),
        namespace: endpoint.namespace.clone(),
        other_namespace: endpoint.other_namespace.clone().unwrap(),
        restarts: false,
    }
}

/// What is found in so many cases from a seed on, each in the given situation and of the given call, if there is one.
async fn explored(pair: &Pair, cases: u64, situation: Option<&str>, call: Option<&str>) -> Found {
    let order = Order {
        seed: 1,
        cases,
        jobs: 12,
        situation: situation.map(str::to_owned),
        call: call.map(str::to_owned),
        // Of one server several things are asked, each about workflows of its own.
        prefix: format!("explored-{}-{}", situation.unwrap_or("any"), call.unwrap_or("any")),
    };
    order.execute(pair, |_| ()).await.unwrap()
}

fn nothing_unexplained(found: &Found) {
    let unexplained = found.unexplained();
    assert!(unexplained.is_empty(), "{} of {} requests: {unexplained:#?}", found.unexplained, found.requests);
}

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_resurgam"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_answers_like_itself_and_not_like_one_with_a_bug() {
    let ours = own_server::start(program(), 1).await.unwrap();
    let other = own_server::start(program(), 1).await.unwrap();
    let pair = Pair::new([server(ours.endpoint()).await, server(other.endpoint()).await]).await.unwrap();
    nothing_unexplained(&explored(&pair, 40, None, None).await);

    // The bug, and where it is to be seen.
    for (bug, situation, call, field) in [
        ("first_run_id_lost", "continued", "DescribeWorkflowExecution", "first_execution_run_id"),
        ("record_left_open", "continued", "CountWorkflowExecutions", "ListWorkflowExecutions"),
        ("signal_not_buffered", "signalled", "DescribeWorkflowExecution", "history.events[]"),
    ] {
        let planted = own_server::start_planted(program(), bug).await.unwrap();
        let pair = Pair::new([server(ours.endpoint()).await, server(planted.endpoint()).await]).await.unwrap();
        let found = explored(&pair, 4, Some(situation), Some(call)).await;
        let kinds: Vec<&String> = found.unexplained().into_iter().map(|(kind, _)| kind).collect();
        assert!(kinds.iter().any(|kind| kind.contains(field)), "{bug}: {kinds:#?}");
    }
}

/// What differs in so few cases may be a matter of moments, as it is between the real server and itself; what ours does otherwise shows
/// in more of them.
const CHANCE: u64 = 2;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ours_answers_like_the_real_server() {
    if !real::wanted("the explorer on our server and the real Temporal server") {
        return;
    }
    let ours = own_server::start(program(), 1).await.unwrap();
    let real = temporal::start(&temporal::Options::default()).await.unwrap();
    let pair = Pair::new([server(ours.endpoint()).await, server(real.endpoint()).await]).await.unwrap();
    let found = explored(&pair, 120, None, None).await;
    let unexplained = found.unexplained();
    let strange: Vec<_> = unexplained.iter().filter(|(_, of)| of.cases > CHANCE).collect();
    assert!(strange.is_empty(), "{} of {} requests: {strange:#?}", found.unexplained, found.requests);
    let cases = found.equal + found.explained + found.unexplained;
    assert!(found.unexplained * 25 <= cases, "{} of {cases} cases: {unexplained:#?}", found.unexplained);
}

/// What an orchestrator answers otherwise than was recorded, in the simulation.
fn otherwise(subject: &Subject, cases: &[Recorded], between: Between) -> Found {
    let mut found = Found::default();
    thread::scope(|scope| {
        let halves = cases.chunks(cases.len().div_ceil(2).max(1)).map(|half| {
            scope.spawn(move || {
                let each = half.chunks(TOGETHER).enumerate();
                each.map(|(number, few)| hold_simulated(subject, number as u64, few, between).unwrap().found)
                    .collect::<Vec<_>>()
            })
        });
        let halves: Vec<_> = halves.collect();
        halves.into_iter().flat_map(|half| half.join().unwrap()).for_each(|part| found.join(part));
    });
    found
}

#[test]
fn ours_answers_as_the_real_server_has_answered() {
    nothing_unexplained(&otherwise(&subject(None), &recording::temporal(), Between::Nothing));
}

#[test]
fn no_answer_shows_that_all_nodes_were_restarted() {
    nothing_unexplained(&otherwise(&subject(None), &recording::temporal(), Between::Restart));
}

#[test]
fn a_planted_bug_answers_otherwise_than_was_recorded() {
    let all = recording::temporal();
    for (bug, between, situation, field) in [
        (Bug::FirstRunIdLost, Between::Nothing, "continued", "first_execution_run_id"),
        (Bug::SignalNotBuffered, Between::Nothing, "signalled", "history.events[]"),
        (Bug::FirstAttemptDescribed, Between::Nothing, "activity-retrying", "pending_activities[].attempt"),
        (Bug::ReplyBeforeCommit, Between::Restart, "timer", "history.events[]"),
    ] {
        let named = |recorded: &&Recorded| recorded.case.line().starts_with(&format!("{situation}: "));
        let cases: Vec<Recorded> = all.iter().filter(named).take(TOGETHER).cloned().collect();
        let found = otherwise(&subject(Some(bug)), &cases, between);
        let kinds: Vec<&String> = found.unexplained().into_iter().map(|(kind, _)| kind).collect();
        assert!(kinds.iter().any(|kind| kind.contains(field)), "{bug:?}: {kinds:#?}");
    }
}
