//! Cron strings, of workflows and of schedules: what is due next comes later, and is found in time.

use crate::memory::within;
use crate::samples::CRONS;
use crate::script::Script;
use crate::spoilt;
use resurgam_api::temporal::schedule::v1::ScheduleSpec;
use resurgam_calendar::{Compiled, CronSchedule, canonical};

/// Seconds of the years in which calendars have times.
const SECONDS: usize = 3_300_000_000;

/// Times are asked for at a moment that is drawn.
pub fn run(script: &[u8]) {
    let mut first = Script::new(script);
    let now = i64::try_from(first.below(SECONDS)).unwrap_or(0) * 1000 + 7;
    let input = spoilt::input(first.rest(), &CRONS);
    let text = String::from_utf8_lossy(&input).into_owned();
    within((512 << 10) + 256 * text.len(), || {
        if let Ok(schedule) = CronSchedule::parse(&text) {
            let wait = schedule.wait(now - 5_000, now);
            assert!(wait.is_none_or(|wait| wait >= 0), "{wait:?} after {now}");
        }
        let spec = ScheduleSpec { cron_string: vec![text], ..ScheduleSpec::default() };
        if let Ok(compiled) = canonical(spec).and_then(|spec| Compiled::new(&spec)) {
            let mut after = now;
            for _ in 0..3 {
                let Some(next) = compiled.next("seed", after) else { break };
                assert!(next.nominal > after, "{next:?} is not after {after}");
                after = next.nominal;
            }
        }
    });
}
