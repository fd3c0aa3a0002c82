//! A node that stands still does nothing for that time, and goes on with what it had in memory.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use resurgam_api::environment::Environment as _;
use resurgam_simulation::{Fault, Nemesis, Simulation};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use support::{call, client, echo};
use tokio::time::sleep;

fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// What a node counted in a task of its own, and when it looked; how often it was kept waiting; and the trace.
#[derive(Debug, PartialEq, Eq)]
struct Counted {
    looks: Vec<(u64, u64)>,
    hits: u64,
    trace: u64,
}

/// A node that counts and looks every 10 ms, for a second and a half; after 100 ms something is done to it.
fn counted(inflict: impl Fn(&Nemesis) + Send + 'static) -> Counted {
    let outcome = Simulation::new(3).run(|cluster| {
        let looks: Arc<Mutex<Vec<(u64, u64)>>> = Arc::default();
        let seen = Arc::clone(&looks);
        cluster.node("node-0", move |node| {
            let seen = Arc::clone(&seen);
            async move {
                let count = Arc::new(AtomicU64::new(0));
                let (counter, inner) = (Arc::clone(&count), node.clone());
                node.spawn(Box::pin(async move {
                    loop {
                        sleep(ms(10)).await;
                        counter.fetch_add(1, Ordering::Relaxed);
                        inner.note(b"counted");
                    }
                }));
                loop {
                    sleep(ms(10)).await;
                    let at = u64::try_from(node.elapsed().as_millis())?;
                    seen.lock().unwrap().push((at, count.load(Ordering::Relaxed)));
                }
            }
        });
        let nemesis = cluster.nemesis();
        async move {
            sleep(ms(100)).await;
            inflict(&nemesis);
            sleep(ms(1_400)).await;
            let looks = looks.lock().unwrap().clone();
            (looks, nemesis.records()[0].hits)
        }
    });
    let outcome = outcome.unwrap();
    let (looks, hits) = outcome.value;
    Counted { looks, hits, trace: outcome.trace }
}

/// The last look before the pause, and the first after it; there is none between.
fn around(counted: &Counted) -> ((u64, u64), (u64, u64)) {
    let Counted { looks, hits, .. } = counted;
    assert!(*hits > 0 && looks.iter().all(|(at, _)| !(110..1_090).contains(at)), "{counted:?}");
    let before = looks.iter().rfind(|(at, _)| *at < 500).unwrap();
    let after = looks.iter().find(|(at, _)| *at > 500).unwrap();
    (*before, *after)
}

#[test]
fn it_does_nothing_and_goes_on_with_its_memory() {
    let run = || counted(|nemesis| nemesis.inflict(Fault::Pause { node: 0 }, ms(1_000)));
    let first = run();
    let (before, after) = around(&first);
    assert!(before.1 >= 8 && (before.1..=before.1 + 1).contains(&after.1), "{first:?}");
    assert!(first.looks.last().unwrap().1 > after.1 + 20, "{first:?}");
    assert_eq!(run(), first);
}

#[test]
fn one_that_is_started_meanwhile_begins_afterwards() {
    let counted = counted(|nemesis| {
        nemesis.inflict(Fault::Pause { node: 0 }, ms(1_000));
        nemesis.inflict(Fault::Kill { node: 0 }, ms(300));
    });
    assert!(around(&counted).1.1 <= 1, "it remembers: {counted:?}");
}

/// A call that was sent to it is answered when it goes on: nothing is lost on the way.
#[test]
fn what_is_sent_to_it_waits() {
    let outcome = Simulation::new(7).run(|cluster| {
        cluster.node("node-0", echo);
        let (nemesis, node) = (cluster.nemesis(), cluster.driver());
        async move {
            let mut client = client(&node, "node-0:7000");
            while call(&mut client, "x").await.is_err() {
                sleep(ms(5)).await;
            }
            // Shorter than the patience of the channel.
            nemesis.inflict(Fault::Pause { node: 0 }, ms(400));
            sleep(ms(5)).await;
            let began = node.elapsed();
            call(&mut client, "x").await.unwrap();
            node.elapsed() - began
        }
    });
    let took = outcome.unwrap().value;
    assert!(ms(380) < took && took < ms(450), "{took:?}");
}
