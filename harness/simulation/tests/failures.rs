//! What ends a simulation without an outcome, and whose fault it is then.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use futures_util::FutureExt;
use resurgam_simulation::{Failure, Fault, Simulation, Why};
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tokio::time::sleep;

const MS: Duration = Duration::from_millis(1);

fn ms(count: u64) -> Duration {
    MS * u32::try_from(count).unwrap()
}

/// A simulation whose only node runs this after a while, and whose driver does nothing.
fn after_a_while<F>(task: fn() -> F) -> Failure
where
    F: Future<Output = ()> + Send + 'static,
{
    let outcome = Simulation::new(1).run(|cluster| {
        cluster.node("node-0", move |_| async move {
            tokio::spawn(async move {
                sleep(ms(30)).await;
                task().await;
            });
            std::future::pending().await
        });
        async { sleep(ms(1_000)).await }
    });
    let failure = outcome.unwrap_err();
    assert!(ms(29) <= failure.at && failure.at <= ms(32), "{:?}", failure.at);
    failure
}

#[test]
fn a_panic_of_a_node_ends_the_simulation_and_is_the_node_s() {
    let said = |failure: Failure| match failure.why {
        Why::NodePanic { node: 0, message } => message,
        why => panic!("{why}"),
    };
    let own = said(after_a_while(|| async { panic!("broken invariant: {} is above 5", 7) }));
    assert_eq!(own, "broken invariant: 7 is above 5");
    let foreign = said(after_a_while(|| async { panic!("the words of somebody: {:p}", &7) }));
    assert!(foreign.starts_with("panicked at harness/simulation/tests/failures.rs:"), "{foreign}");
    // In a library, wherever that lies on this machine.
    let library = said(after_a_while(|| async { drop(tokio::time::interval(Duration::ZERO)) }));
    assert!(!library.contains("registry"), "{library}");
}

#[test]
fn a_panic_that_a_node_catches_is_one_all_the_same() {
    let failure = after_a_while(|| async {
        let caught = AssertUnwindSafe(async { panic!("broken invariant: caught") });
        assert!(caught.catch_unwind().await.is_err());
    });
    assert!(matches!(failure.why, Why::NodePanic { node: 0, message } if message.ends_with("caught")));
}

#[test]
fn a_panic_of_the_driver_is_the_suite_s() {
    let failure = Simulation::new(1).run(|cluster| {
        cluster.node("node-0", |_| std::future::pending());
        async {
            tokio::spawn(async { panic!("broken invariant: {} of the suite", 1) });
            sleep(ms(1_000)).await;
        }
    });
    let why = failure.unwrap_err().why;
    assert!(matches!(&why, Why::Panic(words) if words.starts_with("broken invariant: 1 of the suite (")), "{why}");
}

#[test]
fn an_error_of_a_node_and_a_driver_without_end_fail_it_too() {
    let failure = Simulation::new(1).run(|cluster| {
        cluster.node("node-0", |_| async { Err("no disk".into()) });
        std::future::pending::<()>()
    });
    assert!(matches!(failure.unwrap_err().why, Why::Node(why) if why.contains("no disk")));
    let endless = Simulation::new(1).deadline(ms(50)).run(|_| std::future::pending::<()>());
    assert!(matches!(endless.unwrap_err().why, Why::Deadline(at) if at == ms(50)));
}

#[test]
fn a_fault_that_nobody_can_do_fails_it() {
    let failure = Simulation::new(1).run(|cluster| {
        cluster.node("node-0", |_| std::future::pending());
        cluster.nemesis().inflict(Fault::External, ms(5));
        std::future::pending::<()>()
    });
    assert!(matches!(failure.unwrap_err().why, Why::Unfaithful(_)));
}
