//! Every target: on some inputs that are the same each time with `cargo test`; with `--ignored`, on inputs that an engine draws, as many
//! as `BOLERO_RANDOM_ITERATIONS` says, or for as long as `BOLERO_RANDOM_TEST_TIME_MS` says. What has once been found is a test beside
//! the decoder that was mended.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may panic, and says how much it did")]

use resurgam_fuzz::memory::{alone, within};
use resurgam_fuzz::samples;
use resurgam_fuzz::targets;

/// Scripts of any length up to the longest, the same each time.
fn scripts(longest: u64) -> impl FnMut(u64) -> Vec<u8> {
    let mut state = 0_u64;
    let mut next = move || {
        // The finalizer of splitmix64.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = state;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    };
    move |_| {
        let length = next() % (longest + 1);
        (0..length).flat_map(|_| next().to_le_bytes().first().copied()).collect()
    }
}

/// Targets, how many inputs each gets at least, and how long their scripts are at most.
macro_rules! targets {
    ($($name:ident: $count:literal, $longest:literal;)*) => {
        mod same_each_time {
            use super::*;
            $(
                #[test]
                fn $name() {
                    let _alone = alone();
                    (0..$count).map(scripts($longest)).for_each(|script| targets::$name::run(&script));
                }
            )*
        }
        mod drawn {
            use super::*;
            $(
                #[test]
                #[ignore = "as long as it is told to"]
                fn $name() {
                    let _alone = alone();
                    let mut inputs = 0_u64;
                    bolero::check!().with_max_len($longest).for_each(|script: &[u8]| {
                        inputs += 1;
                        targets::$name::run(script);
                    });
                    println!("{}: {inputs} inputs", stringify!($name));
                }
            )*
        }
    };
}

targets! {
    history: 150, 48;
    recording: 60, 48;
    plan: 150, 48;
    case: 300, 48;
    scenario: 150, 48;
    packed: 100, 48;
    query: 500, 48;
    cron: 300, 48;
    objects: 500, 48;
    orders: 500, 160;
    rules: 20, 40;
    check: 50, 48;
}

/// Otherwise the targets would look at refusals only.
#[test]
fn most_of_the_samples_are_read() {
    let _alone = alone();
    let max = 1 << 24;
    for text in samples::RECORDINGS_WHOLE.iter() {
        resurgam_formats::wire::read("file", text.as_bytes(), max).unwrap();
    }
    for sample in [&**samples::HISTORIES, &**samples::RECORDINGS_SHORT, &**samples::PACKED].concat() {
        resurgam_intake::read("file", &*sample, max).unwrap();
    }
    for sample in samples::PLANS.iter() {
        resurgam_formats::wire::read_versioned::<resurgam_formats::plan::Plan>("file", &**sample, max).unwrap();
    }
    for sample in samples::SCENARIOS.iter() {
        resurgam_formats::scenario::read("file", std::str::from_utf8(sample).unwrap()).unwrap();
    }
    for sample in samples::CASES.iter() {
        serde_json::from_slice::<resurgam_formats::case::Case>(sample).unwrap();
    }
    for sample in samples::OBJECTS.iter() {
        resurgam_formats::objects::read("file", std::str::from_utf8(sample).unwrap()).unwrap();
    }
}

/// And rules at evidence that a decoder has let through.
#[test]
fn much_of_what_is_spoilt_is_still_evidence() {
    let _alone = alone();
    let (mut read, mut refused) = (0, Vec::new());
    for script in (0..60).map(scripts(40)) {
        match targets::rules::evidence(&script) {
            Ok(_) => read += 1,
            Err(problem) => refused.push(problem.0),
        }
    }
    assert!(read >= 12, "only {read} of 60:\n{}", refused.join("\n"));
}

/// A file of two megabytes with eight thousand runs took two gigabytes: each was left with room for all behind it.
#[test]
fn many_runs_in_one_list_take_no_more_than_their_size_allows() {
    let _alone = alone();
    let event = |number: u32| {
        format!(
            r#"{{"eventId":1,"eventType":"WorkflowExecutionStarted","workflowExecutionStartedEventAttributes":{{"workflowId":"w{number}"}}}}"#
        )
    };
    let text = format!("[{}]", (0..4000).map(event).collect::<Vec<_>>().join(","));
    let most = 40 * text.len();
    let found = within(most, || resurgam_formats::wire::of_bytes("file", text.into_bytes(), 1 << 24)).unwrap();
    assert_eq!(found.evidence.runs.len(), 4000);
}
