//! A specification made ready to be asked for times.

use super::calendar::Calendar;
use super::{LAST_YEAR, Millis, zone};
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use prost_wkt_types::{Duration, Timestamp as Moment};
use resurgam_api::temporal::schedule::v1::ScheduleSpec;
use xxhash_rust::xxh3::xxh3_64;

/// Times that one search looks at and finds excluded, after which there is none. What excludes whole minutes, hours or days is
/// passed over as one.
const EXCLUDED: usize = 100_000;

/// A time at which something is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// As the specification has it: a whole second.
    pub nominal: Millis,
    /// Jitter included: less than until the next time later.
    pub actual: Millis,
}

/// A specification that can be asked for times.
#[derive(Clone, Debug)]
pub struct Compiled {
    zone: TimeZone,
    calendars: Vec<Calendar>,
    excluded: Vec<Calendar>,
    intervals: Vec<Interval>,
    /// No time before this one is due; as the two that follow in milliseconds.
    start: Millis,
    end: Option<Millis>,
    jitter: Millis,
}

/// Every so many seconds, so many after 1970; both are whole.
#[derive(Clone, Copy, Debug)]
struct Interval {
    every: i64,
    phase: i64,
}

impl Compiled {
    /// Of a specification in its canonical form.
    ///
    /// # Errors
    /// Nobody knows its time zone.
    pub fn new(spec: &ScheduleSpec) -> Result<Self, String> {
        let seconds = |span: Option<&Duration>| millis(span).div_euclid(1000);
        Ok(Self {
            zone: zone::of(spec)?,
            calendars: spec.structured_calendar.iter().map(Calendar::of).collect(),
            excluded: spec.exclude_structured_calendar.iter().map(Calendar::of).collect(),
            intervals: spec
                .interval
                .iter()
                .map(|it| Interval {
                    every: seconds(it.interval.as_ref()).max(1),
                    phase: seconds(it.phase.as_ref()).max(0),
                })
                .collect(),
            start: spec.start_time.as_ref().map_or(0, moment),
            end: spec.end_time.as_ref().map(moment),
            jitter: millis(spec.jitter.as_ref()).max(0),
        })
    }

    /// The first time after `after`. The seed and the nominal time decide about the jitter.
    #[must_use]
    pub fn next(&self, seed: &str, after: Millis) -> Option<Occurrence> {
        // So that the start itself is found too.
        let mut after = after.max(self.start.saturating_sub(1000)).div_euclid(1000);
        for _ in 0..EXCLUDED {
            let found = self.raw(after)?;
            if !self.is_in_range(found) {
                return None;
            }
            match self.excluded_until(found) {
                Some(free) => after = free - 1,
                None => return Some(self.jittered(seed, found)),
            }
        }
        None
    }

    /// By how much jitter delays a time at most.
    #[must_use]
    pub fn jitter(&self) -> Millis {
        self.jitter
    }

    fn is_in_range(&self, time: i64) -> bool {
        let ended = self.end.is_some_and(|end| time.saturating_mul(1000) > end);
        let date = Timestamp::from_second(time).map(|time| Offset::UTC.to_datetime(time));
        !ended && date.is_ok_and(|date| date.year() <= LAST_YEAR)
    }

    /// The first second after `after` that a calendar or an interval names.
    fn raw(&self, after: i64) -> Option<i64> {
        let named = self.calendars.iter().filter_map(|calendar| calendar.next(&self.zone, after));
        let reached = self.intervals.iter().filter_map(|interval| {
            // Division towards zero, which matters within the first interval since 1970 only.
            let passed = (after - interval.phase) / interval.every + 1;
            passed.checked_mul(interval.every)?.checked_add(interval.phase)
        });
        named.chain(reached).min()
    }

    /// If this time is excluded: the first one that need not be.
    fn excluded_until(&self, time: i64) -> Option<i64> {
        self.excluded.iter().filter_map(|calendar| calendar.named_until(&self.zone, time)).max()
    }

    fn jittered(&self, seed: &str, nominal: i64) -> Occurrence {
        let following = self.raw(nominal);
        let room = following.map_or(self.jitter, |next| self.jitter.min((next - nominal).saturating_mul(1000)));
        let most = u64::from(u32::try_from(room).unwrap_or(u32::MAX));
        let drawn = xxh3_64(&[&nominal.to_be_bytes(), seed.as_bytes()].concat()) >> 32;
        let nominal = nominal.saturating_mul(1000);
        Occurrence { nominal, actual: nominal.saturating_add_unsigned((drawn * most) >> 32) }
    }
}

fn moment(time: &Moment) -> Millis {
    time.seconds.saturating_mul(1000).saturating_add(i64::from(time.nanos).div_euclid(1_000_000))
}

fn millis(span: Option<&Duration>) -> Millis {
    let Some(span) = span else { return 0 };
    span.seconds.saturating_mul(1000).saturating_add(i64::from(span.nanos).div_euclid(1_000_000))
}
