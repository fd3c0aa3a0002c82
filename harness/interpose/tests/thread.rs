//! A simulated thread repeats; other threads do not notice.

#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![cfg(all(target_os = "linux", target_env = "gnu"))]

use resurgam_interpose::{Calls, Clock, Guard, Reading, Refusal, Source, Start, UPTIME, enter};
use std::collections::HashMap;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

const EPOCH: Duration = Duration::from_secs(1_700_000_000);

fn start(seed: u64, source: Source) -> Guard {
    enter(Start { seed, epoch: EPOCH, source }).unwrap()
}

fn wall() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap()
}

fn on_a_fresh_thread<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| scope.spawn(work).join().unwrap())
}

/// The order of a map with the standard hasher.
fn order() -> Vec<u32> {
    (0..200).map(|n| (n, n)).collect::<HashMap<_, _>>().into_keys().collect()
}

#[test]
fn the_order_of_maps_repeats_with_the_seed_and_only_then() {
    let run = |seed| {
        on_a_fresh_thread(move || {
            let guard = start(seed, |_| None);
            let order = order();
            assert!(guard.calls().random > 0, "the keys were drawn elsewhere");
            order
        })
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
fn clocks_show_what_they_are_told() {
    on_a_fresh_thread(|| {
        let guard = start(1, |_| None);
        let began = Instant::now();
        assert_eq!(wall(), EPOCH);
        guard.set_now(Duration::from_millis(1_500));
        assert_eq!(wall(), EPOCH + Duration::from_millis(1_500));
        assert_eq!(began.elapsed(), Duration::from_millis(1_500));
        assert_eq!(guard.calls(), Calls { random: 0, wall: 2, monotonic: 2 });
    });
}

#[test]
fn a_source_shifts_the_wall_clock_and_not_the_monotonic_one() {
    on_a_fresh_thread(|| {
        let guard = start(1, |_| Some(Reading { elapsed: Duration::from_secs(7), offset: -2_000_000_000 }));
        assert_eq!(wall(), EPOCH + Duration::from_secs(5));
        let monotonic = Instant::now();
        guard.set_now(Duration::from_secs(100));
        assert_eq!(Instant::now(), monotonic, "the source is asked first");
        assert!(UPTIME > Duration::from_secs(3_600));
    });
}

#[test]
fn a_source_may_read_clocks_itself() {
    on_a_fresh_thread(|| {
        let source: Source = |clock| {
            let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?;
            (clock == Clock::Wall).then_some(Reading { elapsed: since - EPOCH, offset: 1 })
        };
        let guard = start(1, source);
        guard.set_now(Duration::from_secs(3));
        assert_eq!(wall(), EPOCH + Duration::from_secs(3) + Duration::from_nanos(1));
    });
}

#[test]
fn other_threads_keep_their_clocks_and_so_does_this_one_afterwards() {
    on_a_fresh_thread(|| {
        let real = wall();
        let guard = start(1, |_| None);
        assert!(on_a_fresh_thread(wall) >= real, "a thread that did not enter");
        assert_eq!(wall(), EPOCH);
        drop(guard);
        assert!(wall() >= real);
        assert_ne!(on_a_fresh_thread(order), on_a_fresh_thread(order), "real randomness");
    });
}

#[test]
fn nobody_enters_twice() {
    on_a_fresh_thread(|| {
        let _guard = start(1, |_| None);
        assert_eq!(enter(Start { seed: 2, epoch: EPOCH, source: |_| None }).unwrap_err(), Refusal::Twice);
        assert_eq!(wall(), EPOCH, "the first simulation goes on");
    });
}
