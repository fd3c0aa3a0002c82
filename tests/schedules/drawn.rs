//! Specifications that are drawn, and the times that both servers find by them.

use crate::scenes::{at, starting};
use crate::server::Server;
use prost_wkt_types::Duration;
use resurgam_api::temporal::schedule::v1::{
    IntervalSpec, Range, Schedule, ScheduleSpec, ScheduleState, StructuredCalendarSpec,
};

/// How many are drawn.
const DRAWN: u64 = 120;
const ZONES: [&str; 8] = [
    "",
    "UTC",
    "America/New_York",
    "Europe/Berlin",
    "Asia/Kolkata",
    "Pacific/Apia",
    "America/St_Johns",
    "Africa/Casablanca",
];

/// Numbers that follow from a seed: xorshift.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, most: i64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        i64::try_from(self.0 >> 33).unwrap() % most
    }

    fn one_in(&mut self, count: i64) -> bool {
        self.below(count) == 0
    }

    fn field(&mut self, least: i32, most: i32) -> Vec<Range> {
        if self.one_in(2) {
            return vec![Range { start: least, end: most, step: 1 }];
        }
        let count = 1 + self.below(2);
        let mut value = |least: i32| least + i32::try_from(self.below(i64::from(most - least) + 1)).unwrap();
        let ranges = (0..count).map(|_| {
            let start = value(least);
            Range { start, end: value(start), step: value(1).min(9) }
        });
        ranges.collect()
    }

    fn calendar(&mut self) -> StructuredCalendarSpec {
        StructuredCalendarSpec {
            second: vec![Range { start: i32::try_from(self.below(60)).unwrap(), end: 0, step: 0 }],
            minute: self.field(0, 59),
            hour: self.field(0, 23),
            day_of_month: self.field(1, 31),
            month: self.field(1, 12),
            year: if self.one_in(4) { self.field(2020, 2030) } else { Vec::new() },
            day_of_week: self.field(0, 6),
            comment: String::new(),
        }
    }

    fn spec(&mut self) -> ScheduleSpec {
        let span = |seconds| Some(Duration { seconds, nanos: 0 });
        let zone = ZONES[usize::try_from(self.below(8)).unwrap()];
        let mut spec = ScheduleSpec { timezone_name: zone.to_owned(), ..ScheduleSpec::default() };
        spec.structured_calendar = (0..self.below(3)).map(|_| self.calendar()).collect();
        if self.one_in(3) {
            let every = 1000 + self.below(500_000);
            spec.interval = vec![IntervalSpec { interval: span(every), phase: span(self.below(every)) }];
        }
        if self.one_in(3) {
            spec.exclude_structured_calendar = vec![self.calendar()];
        }
        if self.one_in(4) {
            spec.start_time = at(1_700_000_000 + self.below(20_000_000));
            spec.end_time = at(1_720_000_000 + self.below(20_000_000));
        }
        spec
    }
}

/// The same ones on every server.
pub(crate) async fn specifications(server: &mut Server) {
    for seed in 1..=DRAWN {
        let mut numbers = Numbers(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let (spec, id) = (numbers.spec(), format!("drawn-{seed}"));
        let from = 1_700_000_000 + numbers.below(40_000_000);
        let paused = Some(ScheduleState { paused: true, ..Default::default() });
        server.create(&id, Schedule { state: paused, ..starting(&id, spec) }).await;
        // A change of the clock may be in it.
        server.matching(&id, from, from + 86_400 * 5).await;
        server.matching(&id, 1_729_900_000, 1_730_700_000).await;
    }
}
