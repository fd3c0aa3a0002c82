//! One calendar: which seconds of which days it names. A clock that is put back shows times twice, and both are named; what it
//! leaves out when it is put forward never comes.

use super::set::Set;
use super::{FIRST_YEAR, LAST_YEAR};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use resurgam_api::temporal::schedule::v1::StructuredCalendarSpec;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// See the module. Times are seconds since 1970.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Calendar {
    /// None: all years.
    years: Option<Set>,
    months: Set,
    days: Set,
    weekdays: Set,
    hours: Set,
    minutes: Set,
    seconds: Set,
}

impl Calendar {
    pub(crate) fn of(spec: &StructuredCalendarSpec) -> Self {
        Self {
            years: (!spec.year.is_empty()).then(|| Set::of(&spec.year, FIRST_YEAR.into())),
            months: Set::of(&spec.month, 1),
            days: Set::of(&spec.day_of_month, 1),
            weekdays: Set::of(&spec.day_of_week, 0),
            hours: Set::of(&spec.hour, 0),
            minutes: Set::of(&spec.minute, 0),
            seconds: Set::of(&spec.second, 0),
        }
    }

    /// The first time after `after` that it names in this zone.
    pub(crate) fn next(&self, zone: &TimeZone, after: i64) -> Option<i64> {
        let mut from = after.checked_add(1)?;
        // Between two changes of the clock its times are in order.
        loop {
            let start = Timestamp::from_second(from).ok()?;
            let offset = zone.to_offset(start);
            let change = zone.following(start).next().map(|change| change.timestamp().as_second());
            let first = self.first(offset.to_datetime(start))?;
            let first = offset.to_timestamp(first).ok()?.as_second();
            match change {
                Some(change) if change <= first => from = change,
                _ => return Some(first),
            }
        }
    }

    /// If it names this time: until when it names all that follow, as far as that is easily known.
    pub(crate) fn named_until(&self, zone: &TimeZone, time: i64) -> Option<i64> {
        let at = Timestamp::from_second(time).ok()?;
        let offset: Offset = zone.to_offset(at);
        let shown = offset.to_datetime(at);
        if !self.names_day(shown.date()) || self.time(shown.time()) != Some(shown.time()) {
            return None;
        }
        let (minutes, seconds) = (i64::from(shown.minute()), i64::from(shown.second()));
        let rest = match (self.seconds.has_all(60), self.minutes.has_all(60), self.hours.has_all(24)) {
            (false, ..) => 1,
            (true, false, _) => MINUTE - seconds,
            (true, true, false) => HOUR - minutes * MINUTE - seconds,
            (true, true, true) => DAY - i64::from(shown.hour()) * HOUR - minutes * MINUTE - seconds,
        };
        let change = zone.following(at).next().map_or(i64::MAX, |change| change.timestamp().as_second());
        Some((time + rest).min(change))
    }

    /// The first moment that it names from this one on, as a clock shows it that is never changed.
    fn first(&self, from: DateTime) -> Option<DateTime> {
        let mut date = from.date();
        if self.names_day(date)
            && let Some(time) = self.time(from.time())
        {
            return Some(date.to_datetime(time));
        }
        let time = self.time(Time::midnight())?;
        date = date.tomorrow().ok()?;
        while date.year() <= LAST_YEAR {
            if !self.names_year(date) {
                date = Date::new(date.year() + 1, 1, 1).ok()?;
            } else if !self.months.has(date.month()) {
                date = date.last_of_month().tomorrow().ok()?;
            } else if self.names_day(date) {
                return Some(date.to_datetime(time));
            } else {
                date = date.tomorrow().ok()?;
            }
        }
        None
    }

    fn names_year(&self, date: Date) -> bool {
        self.years.is_none_or(|years| years.has(date.year()))
    }

    fn names_day(&self, date: Date) -> bool {
        self.names_year(date)
            && self.months.has(date.month())
            && self.days.has(date.day())
            && self.weekdays.has(date.weekday().to_sunday_zero_offset())
    }

    /// The first time of a day that it names from this one on.
    fn time(&self, from: Time) -> Option<Time> {
        for hour in (from.hour()..24).filter(|hour| self.hours.has(*hour)) {
            let same = hour == from.hour();
            let least = if same { from.minute() } else { 0 };
            for minute in (least..60).filter(|minute| self.minutes.has(*minute)) {
                let least = if same && minute == from.minute() { from.second() } else { 0 };
                if let Some(second) = (least..60).find(|second| self.seconds.has(*second)) {
                    return Time::new(hour, minute, second, 0).ok();
                }
            }
        }
        None
    }
}
