//! Times against a second evaluator that knows no more than what a clock on the wall shows: it walks second by second.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use proptest::prelude::*;
use prost_wkt_types::{Duration, Timestamp as Moment};
use resurgam_api::temporal::schedule::v1::{IntervalSpec, Range, ScheduleSpec, StructuredCalendarSpec};
use resurgam_calendar::{Compiled, canonical, fill};

/// How far the naive evaluator walks, in seconds.
const WALK: i64 = 2 * 86_400;

fn in_ranges(ranges: &[Range], value: i64) -> bool {
    ranges.iter().any(|range| {
        let (start, end, step) = (i64::from(range.start), i64::from(range.end), i64::from(range.step).max(1));
        start <= value && value <= end.max(start) && (value - start) % step == 0
    })
}

fn named(calendar: &StructuredCalendarSpec, zone: &TimeZone, time: i64) -> bool {
    let shown = zone.to_datetime(Timestamp::from_second(time).unwrap());
    (calendar.year.is_empty() || in_ranges(&calendar.year, shown.year().into()))
        && in_ranges(&calendar.month, shown.month().into())
        && in_ranges(&calendar.day_of_month, shown.day().into())
        && in_ranges(&calendar.day_of_week, shown.weekday().to_sunday_zero_offset().into())
        && in_ranges(&calendar.hour, shown.hour().into())
        && in_ranges(&calendar.minute, shown.minute().into())
        && in_ranges(&calendar.second, shown.second().into())
}

fn reached(interval: &IntervalSpec, time: i64) -> bool {
    let seconds = |span: Option<Duration>| span.map_or(0, |span| span.seconds);
    (time - seconds(interval.phase)) % seconds(interval.interval) == 0
}

fn walk(spec: &ScheduleSpec, after: i64) -> Option<i64> {
    let named_zone = TimeZoneDatabase::bundled().get(&spec.timezone_name);
    let zone = if spec.timezone_name.is_empty() { TimeZone::UTC } else { named_zone.unwrap() };
    let (start, end) = (spec.start_time.map_or(0, |it| it.seconds), spec.end_time.map_or(i64::MAX, |it| it.seconds));
    (after + 1..after + WALK).filter(|time| (start..=end).contains(time)).find(|time| {
        let due = spec.structured_calendar.iter().any(|it| named(it, &zone, *time))
            || spec.interval.iter().any(|it| reached(it, *time));
        due && !spec.exclude_structured_calendar.iter().any(|it| named(it, &zone, *time))
    })
}

fn range(least: i32, most: i32) -> impl Strategy<Value = Range> {
    (least..=most, least..=most, 0..=7).prop_map(move |(start, end, step)| {
        // Whatever it is, it is one that is valid.
        Range { start, end: if end < start { 0 } else { end }, step }
    })
}

/// Mostly all values of a field, so that something is found.
fn field(least: i32, most: i32) -> impl Strategy<Value = Vec<Range>> {
    let all = vec![Range { start: least, end: most, step: 1 }];
    prop_oneof![3 => Just(all), 2 => prop::collection::vec(range(least, most), 1..3)]
}

fn calendar() -> impl Strategy<Value = StructuredCalendarSpec> {
    let year = prop_oneof![4 => Just(Vec::new()), 1 => prop::collection::vec(range(2020, 2030), 1..2)];
    let fields = (field(0, 59), field(0, 59), field(0, 23), field(1, 31), field(1, 12), year, field(0, 6));
    fields.prop_map(|(second, minute, hour, day_of_month, month, year, day_of_week)| StructuredCalendarSpec {
        second,
        minute,
        hour,
        day_of_month,
        month,
        year,
        day_of_week,
        comment: String::new(),
    })
}

fn interval() -> impl Strategy<Value = IntervalSpec> {
    let span = |seconds| Some(Duration { seconds, nanos: 0 });
    (1_i64..100_000, any::<prop::sample::Index>()).prop_map(move |(every, phase)| IntervalSpec {
        interval: span(every),
        phase: span(phase.index(usize::try_from(every).unwrap()) as i64),
    })
}

/// Near a change of the clock somewhere, or anywhere.
fn moment() -> impl Strategy<Value = i64> {
    // Sunday, 2024-03-10 and 2024-11-03 in New York; 2024-10-06 on Lord Howe Island; 2011-12-30 on Samoa.
    let changes = [1_710_054_000, 1_730_613_600, 1_728_142_200, 1_325_239_200];
    prop_oneof![
        2 => (prop::sample::select(changes.to_vec()), -90_000_i64..90_000).prop_map(|(at, by)| at + by),
        1 => 1_577_836_800_i64..1_900_000_000,
    ]
}

fn spec() -> impl Strategy<Value = ScheduleSpec> {
    let zones = ["", "UTC", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kolkata"];
    let spans = (prop::option::weighted(0.2, moment()), prop::option::weighted(0.2, moment()));
    let few = |most| prop::collection::vec(calendar(), 0..most);
    (few(3), prop::collection::vec(interval(), 0..2), few(2), prop::sample::select(zones.to_vec()), spans).prop_map(
        |(structured_calendar, interval, exclude_structured_calendar, zone, (start, end))| ScheduleSpec {
            structured_calendar,
            interval,
            exclude_structured_calendar,
            timezone_name: zone.to_owned(),
            start_time: start.map(|seconds| Moment { seconds, nanos: 0 }),
            end_time: end.map(|seconds| Moment { seconds, nanos: 0 }),
            ..ScheduleSpec::default()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_next_time_is_the_first_that_a_walker_meets(spec in spec(), after in moment()) {
        let spec = canonical(spec).unwrap();
        let found = Compiled::new(&spec).unwrap().next("", after * 1000);
        match walk(&spec, after) {
            Some(met) => prop_assert_eq!(found.map(|it| (it.nominal, it.actual)), Some((met * 1000, met * 1000))),
            None => prop_assert!(found.is_none_or(|it| it.nominal >= (after + WALK) * 1000), "{:?}", found),
        }
    }

    #[test]
    fn jitter_never_reaches_the_time_that_follows(spec in spec(), after in moment(), jitter in 0_i64..200_000) {
        let jitter = Some(Duration { seconds: jitter, nanos: 0 });
        let plain = canonical(spec).unwrap();
        let jittery = Compiled::new(&ScheduleSpec { jitter, ..plain.clone() }).unwrap();
        let plain = Compiled::new(&plain).unwrap();
        if let Some(found) = jittery.next("seed", after * 1000) {
            prop_assert_eq!(plain.next("", after * 1000).map(|it| it.nominal), Some(found.nominal));
            prop_assert_eq!(jittery.next("seed", after * 1000), Some(found));
            prop_assert!(found.nominal <= found.actual);
            if let Some(following) = plain.next("", found.nominal) {
                prop_assert!(found.actual < following.nominal);
                prop_assert_eq!(jittery.next("seed", found.actual).map(|it| it.nominal), Some(following.nominal));
            }
        }
    }

    #[test]
    fn the_canonical_form_is_its_own_and_filling_changes_no_time(spec in spec(), after in moment()) {
        let once = canonical(spec).unwrap();
        let mut filled = canonical(once.clone()).unwrap();
        prop_assert_eq!(&filled, &once);
        fill(&mut filled);
        let next = |spec: &ScheduleSpec| Compiled::new(spec).unwrap().next("", after * 1000);
        prop_assert_eq!(next(&filled), next(&once));
    }
}
