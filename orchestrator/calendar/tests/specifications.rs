//! What specifications mean: cron strings, time zones, exclusions, the ends of time; and what is refused.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use jiff::Timestamp;
use prost_wkt_types::Duration;
use resurgam_api::temporal::schedule::v1::{IntervalSpec, ScheduleSpec, StructuredCalendarSpec};
use resurgam_calendar::{Compiled, canonical};

fn cron(texts: &[&str]) -> ScheduleSpec {
    ScheduleSpec { cron_string: texts.iter().map(|text| (*text).to_owned()).collect(), ..ScheduleSpec::default() }
}

fn millis(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().as_millisecond()
}

/// The next times, as text.
fn times(spec: ScheduleSpec, after: &str, count: usize) -> Vec<String> {
    let compiled = Compiled::new(&canonical(spec).unwrap()).unwrap();
    let mut after = millis(after);
    let next = std::iter::from_fn(|| {
        after = compiled.next("", after)?.actual;
        Some(Timestamp::from_millisecond(after).unwrap().to_string())
    });
    next.take(count).collect()
}

#[test]
fn a_cron_string_becomes_a_structured_calendar() {
    let spec =
        canonical(cron(&["CRON_TZ=America/New_York 30 9 * * mon-fri # work", "CRON_TZ=America/New_York @daily"]));
    let spec = spec.unwrap();
    assert!(spec.cron_string.is_empty() && spec.structured_calendar.len() == 2);
    assert_eq!(spec.timezone_name, "America/New_York");
    let StructuredCalendarSpec { hour, day_of_week, comment, year, .. } = spec.structured_calendar[0].clone();
    assert_eq!((hour[0].start, hour[0].end), (9, 0));
    assert_eq!((day_of_week[0].start, day_of_week[0].end, comment.as_str()), (1, 5, "work"));
    assert!(year.is_empty());
    let at = times(spec, "2024-03-08T20:00:00Z", 4);
    assert_eq!(at, ["2024-03-09T05:00:00Z", "2024-03-10T05:00:00Z", "2024-03-11T04:00:00Z", "2024-03-11T13:30:00Z"]);
}

#[test]
fn an_hour_that_is_shown_twice_is_named_twice_and_one_that_is_left_out_never() {
    let zone = |texts| ScheduleSpec { timezone_name: "America/New_York".to_owned(), ..cron(texts) };
    let twice = times(zone(&["30 1 * * *"]), "2024-11-03T00:00:00Z", 3);
    assert_eq!(twice, ["2024-11-03T05:30:00Z", "2024-11-03T06:30:00Z", "2024-11-04T06:30:00Z"]);
    let never = times(zone(&["30 2 * * *"]), "2024-03-09T12:00:00Z", 2);
    assert_eq!(never, ["2024-03-11T06:30:00Z", "2024-03-12T06:30:00Z"]);
}

#[test]
fn whatever_is_excluded_for_long_is_passed_over_at_once() {
    let year = canonical(cron(&["* * * * * * 2027"])).unwrap().structured_calendar;
    let spec = ScheduleSpec { exclude_structured_calendar: year, ..cron(&["@every 1s"]) };
    assert_eq!(times(spec, "2026-12-31T23:59:58Z", 2), ["2026-12-31T23:59:59Z", "2028-01-01T00:00:00Z"]);
    let always = canonical(cron(&["* * * * * * *"])).unwrap().structured_calendar;
    let spec = ScheduleSpec { exclude_structured_calendar: always, ..cron(&["@every 1s"]) };
    assert!(times(spec, "2026-12-31T23:59:58Z", 1).is_empty());
    assert!(times(cron(&["0 0 30 2 *"]), "2026-01-01T00:00:00Z", 1).is_empty());
}

#[test]
fn nothing_is_due_after_2100() {
    assert_eq!(times(cron(&["@yearly"]), "2098-06-01T00:00:00Z", 9), ["2099-01-01T00:00:00Z", "2100-01-01T00:00:00Z"]);
    assert!(times(cron(&["@every 5m"]), "2101-01-01T00:00:00Z", 1).is_empty());
}

#[test]
fn what_makes_no_sense_is_refused_in_the_words_of_temporal() {
    let refused = |spec| canonical(spec).unwrap_err();
    assert_eq!(refused(cron(&["TZ=Asia/Tokyo @daily", "@hourly"])), "conflicting timezone names");
    assert_eq!(refused(cron(&["TZ=Asia/tokyo @daily"])), "unknown time zone Asia/tokyo");
    assert_eq!(refused(cron(&["61 25 * * *"])), "Minute is not in range [0-59], Hour is not in range [0-23]");
    let every = |seconds, phase| ScheduleSpec {
        interval: vec![IntervalSpec {
            interval: Some(Duration { seconds, nanos: 0 }),
            phase: Some(Duration { seconds: phase, nanos: 0 }),
        }],
        ..ScheduleSpec::default()
    };
    assert_eq!(refused(every(0, 0)), "interval is too small");
    assert_eq!(refused(every(5, 5)), "phase cannot be greater than Interval");
    assert_eq!(refused(every(5, -1)), "phase is negative");
    let data = ScheduleSpec { timezone_data: b"nothing".to_vec(), ..ScheduleSpec::default() };
    assert_eq!(refused(data), "malformed time zone information");
    let mut far = canonical(cron(&["@daily"])).unwrap();
    far.structured_calendar[0].hour[0].start = 24;
    far.structured_calendar[0].comment = "c".repeat(201);
    assert_eq!(refused(far), "invalid calendar spec: Hour Start is not in range [0-23], comment is too long");
}
