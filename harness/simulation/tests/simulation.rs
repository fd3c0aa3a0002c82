//! The kernel of the simulation: clocks, links, hosts and chance do what they say, and repeat.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use resurgam_simulation::{EPOCH, ExternalFaults, Fault, FaultRecord, Nemesis, Node, Side, Simulation, Way};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};
use support::{call, client, echo};
use tokio::time::{sleep, timeout};

const MS: Duration = Duration::from_millis(1);

fn ms(count: u64) -> Duration {
    MS * u32::try_from(count).unwrap()
}

/// Calls until one succeeds; returns how long that took.
async fn recovers(client: &mut support::Client, node: &Node) -> Duration {
    recovers_saying("x", client, node).await
}

async fn recovers_saying(words: &str, client: &mut support::Client, node: &Node) -> Duration {
    let began = node.elapsed();
    let patience = timeout(Duration::from_secs(20), async {
        while failed(&timeout(ms(300), call(client, words)).await) {
            sleep(ms(5)).await;
        }
    });
    patience.await.expect("it never recovers");
    node.elapsed() - began
}

/// A call that did not come back in time, or with an error.
fn failed<T, E, L>(call: &Result<Result<T, E>, L>) -> bool {
    !matches!(call, Ok(Ok(_)))
}

/// A server on one node; the driver breaks what `fault` says for 600 ms, calls in the middle, and afterwards.
fn broken_for_a_while(fault: Fault, connected: bool) -> (Duration, u64) {
    let outcome = Simulation::new(7).run(|cluster| {
        cluster.node("node-0", echo);
        let (nemesis, node) = (cluster.nemesis(), cluster.driver());
        async move {
            let mut client = client(&node, "node-0:7000");
            if connected {
                recovers(&mut client, &node).await;
            } else {
                sleep(ms(20)).await;
            }
            nemesis.inflict(fault, ms(600));
            sleep(ms(5)).await;
            let during = timeout(ms(400), call(&mut client, "x")).await;
            assert!(failed(&during), "the fault let a call through");
            while !nemesis.is_quiet() {
                sleep(ms(1)).await;
            }
            recovers(&mut client, &node).await
        }
    });
    let outcome = outcome.unwrap();
    (outcome.value, outcome.faults[0].hits)
}

#[test]
fn every_way_of_not_connecting_recovers() {
    let cut = |way| Fault::Partition { side: Side::of(0), way };
    let cases = [
        ("partitioned", cut(Way::Both)),
        ("requests lost", cut(Way::In)),
        ("answers lost", cut(Way::Out)),
        ("held", Fault::Hold { side: Side::of(0) }),
        ("killed", Fault::Kill { node: 0 }),
        ("without power", Fault::PowerLoss { node: 0 }),
        ("paused", Fault::Pause { node: 0 }),
    ];
    for (name, fault) in cases {
        for connected in [false, true] {
            let (took, hits) = broken_for_a_while(fault.clone(), connected);
            assert!(took < Duration::from_secs(2), "{name}: {took:?} after the end of the fault");
            assert!(hits > 0, "{name}: it hit nothing");
        }
    }
}

#[test]
fn a_host_without_a_listener_refuses_until_there_is_one() {
    let outcome = Simulation::new(1).run(|cluster| {
        cluster.node("node-0", |node| async move {
            sleep(ms(700)).await;
            echo(node).await
        });
        let node = cluster.driver();
        async move {
            let mut client = client(&node, "node-0:7000");
            let first = timeout(ms(300), call(&mut client, "x")).await;
            assert!(failed(&first), "there is nobody");
            recovers(&mut client, &node).await
        }
    });
    let took = outcome.unwrap().value;
    assert!(ms(300) < took && took < ms(1_500), "{took:?}");
}

#[test]
fn the_longest_hold_with_many_channels_does_not_overflow() {
    let outcome = Simulation::new(1).run(|cluster| {
        cluster.node("node-0", echo);
        let (nemesis, node) = (cluster.nemesis(), cluster.driver());
        async move {
            sleep(ms(10)).await;
            nemesis.inflict(Fault::Hold { side: Side::of(0) }, Duration::from_secs(10));
            let tasks: Vec<_> = (0..64)
                .map(|_| {
                    let node = node.clone();
                    tokio::spawn(async move {
                        let mut client = client(&node, "node-0:7000");
                        recovers(&mut client, &node).await
                    })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
            nemesis.records()[0].hits
        }
    });
    // Each attempt is a segment; with 64 the default capacity would have overflowed.
    assert!(outcome.unwrap().value > 500, "the hold was not felt");
}

/// What the wall clock of two nodes shows, against simulated time.
fn clocks(inflict: impl Fn(&Nemesis) + Send) -> (Vec<[i64; 2]>, u64) {
    let outcome = Simulation::new(1).run(move |cluster| {
        let (report, mut reports) = tokio::sync::mpsc::unbounded_channel();
        for index in 0..2_u8 {
            let report = report.clone();
            cluster.node(&format!("node-{index}"), move |node| {
                let report = report.clone();
                async move {
                    let zero = SystemTime::UNIX_EPOCH + EPOCH - Duration::from_secs(60);
                    loop {
                        // In a task of its own, as other people's code may have it.
                        let shown = tokio::spawn(async { SystemTime::now() }).await?;
                        let shown = i64::try_from(shown.duration_since(zero)?.as_millis())? - 60_000;
                        // In the last step the driver may have gone.
                        report.send((index, shown - i64::try_from(node.elapsed().as_millis())?)).ok();
                        sleep(ms(100)).await;
                    }
                }
            });
        }
        inflict(&cluster.nemesis());
        async move {
            let mut shown = Vec::new();
            // In the middle between two reports.
            sleep(ms(50)).await;
            while reports.try_recv().is_ok() {}
            for _ in 0..5 {
                sleep(ms(100)).await;
                let mut row = [0, 0];
                while let Ok((node, ahead)) = reports.try_recv() {
                    row[usize::from(node)] = ahead;
                }
                shown.push(row);
            }
            shown
        }
    });
    let outcome = outcome.unwrap();
    (outcome.value, outcome.faults[0].hits)
}

#[test]
fn a_stepped_clock_is_wrong_on_its_node_only() {
    let (shown, hits) = clocks(|nemesis| {
        nemesis.inflict(Fault::ClockStep { node: 1, by_ms: 5_000 }, Duration::ZERO);
    });
    assert!(shown.iter().all(|[first, second]| first.abs() <= 1 && (second - 5_000).abs() <= 1), "{shown:?}");
    assert!(hits >= 4, "{hits}");
}

#[test]
fn a_skewed_clock_is_right_again() {
    let (shown, hits) = clocks(|nemesis| {
        nemesis.inflict(Fault::ClockSkew { node: 0, by_ms: -700 }, ms(250));
    });
    let off: Vec<_> = shown.iter().map(|[first, _]| first.abs() > 1).collect();
    assert!(off[0] && !off[4], "{shown:?}");
    assert!(shown.iter().all(|[_, second]| second.abs() <= 1), "{shown:?}");
    assert!((2..=4).contains(&hits), "{hits}");
}

#[test]
fn the_order_of_maps_and_random_bytes_repeat_with_the_seed() {
    let run = |seed| {
        let outcome = Simulation::new(seed).run(|_| async {
            let order: Vec<u32> = (0..100).map(|n| (n, n)).collect::<HashMap<_, _>>().into_keys().collect();
            let id: u64 = rand::random();
            (order, id)
        });
        let outcome = outcome.unwrap();
        assert!(outcome.calls.random > 0, "the override was not reached");
        outcome.value
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
fn faults_overlap_and_end_one_by_one() {
    let outcome = Simulation::new(3).run(|cluster| {
        cluster.node("node-0", echo);
        let (nemesis, node) = (cluster.nemesis(), cluster.driver());
        async move {
            let mut client = client(&node, "node-0:7000");
            recovers(&mut client, &node).await;
            nemesis.inflict(Fault::Kill { node: 0 }, ms(200));
            nemesis.inflict(Fault::PowerLoss { node: 0 }, ms(400));
            nemesis.inflict(Fault::Hold { side: Side::of(0) }, ms(600));
            nemesis.inflict(Fault::Partition { side: Side::of(0), way: Way::Out }, ms(800));
            sleep(ms(700)).await;
            assert_eq!(nemesis.records().iter().filter(|record| record.until.is_none()).count(), 1);
            let cut = timeout(ms(90), call(&mut client, "x")).await;
            assert!(failed(&cut), "the last fault is still there");
            nemesis.heal();
            recovers(&mut client, &node).await;
            nemesis.is_quiet()
        }
    });
    let outcome = outcome.unwrap();
    assert!(outcome.value);
    assert_eq!(outcome.faults.iter().filter(|record| record.until.is_some()).count(), 4);
}

#[test]
fn a_kill_repeats_whatever_ran_before_in_this_process() {
    let run = || {
        let outcome = Simulation::new(5).run(|cluster| {
            cluster.node("node-0", echo);
            let (nemesis, node) = (cluster.nemesis(), cluster.driver());
            async move {
                let mut clients: Vec<_> = (0..8).map(|_| client(&node, "node-0:7000")).collect();
                for client in &mut clients {
                    recovers(client, &node).await;
                }
                nemesis.inflict(Fault::Kill { node: 0 }, ms(100));
                sleep(ms(1)).await;
                let node = &node;
                let all = clients.iter_mut().enumerate().map(|(index, client)| async move {
                    // So that the trace tells them apart.
                    recovers_saying(&format!("x{index}"), client, node).await
                });
                futures_util::future::join_all(all).await;
            }
        });
        outcome.unwrap().trace
    };
    let first = run();
    for tasks in 1..4 {
        // Tokio numbers the tasks of all runtimes together, and drops them by their numbers.
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            for _ in 0..tasks {
                tokio::spawn(async {}).await.unwrap();
            }
        });
        assert_eq!(first, run(), "after {tasks} other tasks");
    }
}

#[test]
fn a_slowed_link_is_slow_until_the_end() {
    let outcome = Simulation::new(2).run(|cluster| {
        cluster.node("node-0", echo);
        let (nemesis, node) = (cluster.nemesis(), cluster.driver());
        async move {
            let mut client = client(&node, "node-0:7000");
            recovers(&mut client, &node).await;
            let mut took = Vec::new();
            for _ in 0..3 {
                took.push(recovers(&mut client, &node).await);
                if took.len() == 1 {
                    nemesis.inflict(Fault::Slow { side: Side::of(0), by: ms(50) }, ms(300));
                    nemesis.inflict(Fault::Slow { side: Side::of(0), by: ms(20) }, ms(300));
                    sleep(ms(2)).await;
                } else {
                    sleep(ms(300)).await;
                }
            }
            took
        }
    });
    let outcome = outcome.unwrap();
    let took = outcome.value;
    assert!(took[0] < ms(20) && took[2] < ms(20), "{took:?}");
    // Both ways, both faults.
    assert!(ms(140) < took[1] && took[1] < ms(170), "{took:?}");
    assert!(outcome.faults.iter().all(|record| record.hits > 0), "{:?}", outcome.faults);
}

/// Does faults of calls, and writes down what it hears.
#[derive(Clone, Default)]
struct Helper(Arc<Mutex<Vec<String>>>);

impl ExternalFaults for Helper {
    fn begin(&mut self, name: usize) -> bool {
        self.0.lock().unwrap().push(format!("begin {name}"));
        name == 3
    }

    fn end(&mut self, name: usize) -> u64 {
        self.0.lock().unwrap().push(format!("end {name}"));
        42
    }

    fn happened(&mut self, record: &FaultRecord) {
        let end = record.until.map_or_else(|| "begins".to_owned(), |_| format!("hit {}", record.hits));
        self.0.lock().unwrap().push(format!("{} {end}", record.name));
    }
}

#[test]
fn external_faults_are_done_elsewhere_and_all_are_heard_of() {
    let heard = Helper::default();
    let helper = heard.clone();
    let outcome = Simulation::new(2).run(move |cluster| {
        cluster.node("node-0", |_| std::future::pending());
        cluster.external(helper);
        let nemesis = cluster.nemesis();
        async move {
            nemesis.order(ms(60_000), Some(ms(5)), Fault::Kill { node: 3 }, 1);
            nemesis.order(ms(20), Some(ms(5)), Fault::Kill { node: 3 }, 2);
            nemesis.order(ms(10), None, Fault::External, 3);
            sleep(ms(200)).await;
            let waits = nemesis.records()[0].until.is_none();
            nemesis.heal();
            while !nemesis.is_quiet() {
                sleep(ms(1)).await;
            }
            waits
        }
    });
    let outcome = outcome.unwrap();
    assert!(outcome.value, "a fault that lies in wait has no end of its own");
    let expected = ["begin 3", "3 begins", "2 begins", "2 hit 1", "end 3", "3 hit 42"];
    assert_eq!(*heard.0.lock().unwrap(), expected);
    assert_eq!(outcome.faults.iter().map(|record| record.hits).collect::<Vec<_>>(), [42, 1]);
}
