//! The cron schedule of a workflow: when the next run of its chain begins. As in github.com/robfig/cron/v3, `ParseStandard`, which
//! Temporal uses for it: five fields or a word, perhaps in a time zone. So it is less than a cron string of a schedule, and means
//! something else where both the day of the month and of the week are restricted: either is enough.

use super::calendar::Calendar;
use super::field::{MONTHS, WEEKDAYS};
use super::{Millis, cron, span, zone};
use jiff::tz::TimeZone;
use resurgam_api::temporal::schedule::v1::{Range, StructuredCalendarSpec};

const SECOND: Millis = 1_000;
const WRONG: &str = "invalid CronSchedule.";

/// When a run follows another one, again and again.
#[derive(Clone, Debug)]
pub struct CronSchedule(When);

#[derive(Clone, Debug)]
enum When {
    /// Every so many milliseconds, which are whole seconds.
    Every(Millis),
    /// At the times of any of these calendars.
    Calendars(Vec<Calendar>, TimeZone),
}

impl CronSchedule {
    /// Whether it is a schedule, or there is none.
    ///
    /// # Errors
    /// It is neither.
    pub fn validate(text: &str) -> Result<(), &'static str> {
        if text.is_empty() { Ok(()) } else { Self::parse(text).map(drop) }
    }

    /// Reads a schedule.
    ///
    /// # Errors
    /// It is none, in Temporal's words.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let (zone, text) = match text.strip_prefix("CRON_TZ=").or_else(|| text.strip_prefix("TZ=")) {
            Some(rest) => rest.split_once(' ').map(|(zone, rest)| (zone, rest.trim())).ok_or(WRONG)?,
            None => ("", text),
        };
        let zone = zone::named(zone).map_err(|_| WRONG)?;
        if let Some(every) = text.strip_prefix("@every ") {
            // Days are known to cron strings of schedules only.
            let every = span::parse(every).ok().filter(|_| !every.contains('d')).ok_or(WRONG)?;
            return Ok(Self(When::Every(every.seconds.max(1) * SECOND)));
        }
        let fields: Vec<&str> = cron::spelled_out(text).split_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields.as_slice() else { return Err(WRONG) };
        let (days, any_day) = ranges(day, 1, 31, &[]).ok_or(WRONG)?;
        let (weekdays, any_weekday) = ranges(weekday, 0, 6, WEEKDAYS).ok_or(WRONG)?;
        let both = StructuredCalendarSpec {
            second: vec![Range::default()],
            minute: ranges(minute, 0, 59, &[]).ok_or(WRONG)?.0,
            hour: ranges(hour, 0, 23, &[]).ok_or(WRONG)?.0,
            day_of_month: days,
            month: ranges(month, 1, 12, MONTHS).ok_or(WRONG)?.0,
            day_of_week: weekdays,
            ..StructuredCalendarSpec::default()
        };
        if any_day || any_weekday {
            return Ok(Self(When::Calendars(vec![Calendar::of(&both)], zone)));
        }
        let by_month = StructuredCalendarSpec { day_of_week: vec![all(0, 6)], ..both.clone() };
        let by_week = StructuredCalendarSpec { day_of_month: vec![all(1, 31)], ..both };
        Ok(Self(When::Calendars([by_month, by_week].iter().map(Calendar::of).collect(), zone)))
    }

    /// The first whole second after `time`; `None`: there is none.
    fn next(&self, time: Millis) -> Option<Millis> {
        match &self.0 {
            When::Every(span) => Some((time + span).div_euclid(SECOND) * SECOND),
            When::Calendars(calendars, zone) => {
                let after = time.div_euclid(SECOND);
                calendars.iter().filter_map(|it| it.next(zone, after)).min().map(|second| second * SECOND)
            }
        }
    }

    /// How long the next run has to wait: the last one was due at `due`, and it is `now`. Whole seconds; `None`: for ever.
    #[must_use]
    pub fn wait(&self, due: Millis, now: Millis) -> Option<Millis> {
        let mut next = if now < due { due } else { self.next(due)? };
        // Not one by one: the last one may be long ago.
        if next < now {
            next = match &self.0 {
                When::Every(span) => next + (now - next + span - 1).div_euclid(*span) * span,
                When::Calendars(..) => self.next(now - 1)?,
            };
        }
        let wait = next - now;
        Some(wait.div_euclid(SECOND) * SECOND + if wait.rem_euclid(SECOND) > 0 { SECOND } else { 0 })
    }
}

fn all(first: i32, last: i32) -> Range {
    Range { start: first, end: last, step: 1 }
}

/// The values of a field, and whether all are meant; `None`: it makes no sense. Of a name three letters count.
fn ranges(field: &str, first: i32, last: i32, names: &[&str]) -> Option<(Vec<Range>, bool)> {
    let value = |text: &str| match names.iter().position(|name| text.eq_ignore_ascii_case(&name[..3])) {
        Some(place) => Some(first + i32::try_from(place).ok()?),
        None => text.parse().ok(),
    };
    let (mut all, mut star) = (Vec::new(), false);
    for part in field.split(',').filter(|part| !part.is_empty()) {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(step.parse::<i32>().ok().filter(|step| *step > 0)?)),
            None => (part, None),
        };
        let (start, end) = match range.split_once('-') {
            _ if range.starts_with(['*', '?']) && range[1..].chars().next().is_none_or(|behind| behind == '-') => {
                star |= step.is_none_or(|step| step == 1);
                (first, last)
            }
            Some((start, end)) => (value(start)?, value(end)?),
            // From here to the end, if in steps.
            None => (value(range)?, if step.is_some() { last } else { value(range)? }),
        };
        if start < first || end > last || start > end {
            return None;
        }
        all.push(Range { start, end, step: step.unwrap_or(1) });
    }
    Some((all, star))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Millis = 60 * SECOND;
    const HOUR: Millis = 60 * MINUTE;
    const DAY: Millis = 24 * HOUR;
    /// 2024-02-28 23:59:30 UTC, a Wednesday.
    const EVE: Millis = 1_709_164_770_000;

    fn after(schedule: &str, time: Millis) -> Millis {
        CronSchedule::parse(schedule).unwrap().next(time).unwrap()
    }

    #[test]
    fn the_next_time_is_the_first_minute_that_is_named() {
        let midnight = EVE + 30 * SECOND;
        assert_eq!(after("* * * * *", EVE), midnight);
        assert_eq!(after("* * * * *", midnight), midnight + MINUTE, "later, not now");
        assert_eq!(after("@daily", EVE), midnight);
        assert_eq!(after("15,45 2-4 * * *", EVE), midnight + 2 * HOUR + 15 * MINUTE);
        assert_eq!(after("*/20 * * * *", midnight), midnight + 20 * MINUTE);
        assert_eq!(after("0 12 29 2 *", EVE), midnight + 12 * HOUR, "a leap day");
        assert_eq!(after("0 12 29 FEB *", midnight + DAY), midnight + 12 * HOUR + 1461 * DAY);
        assert_eq!(after("0 0 * * SUN", EVE), midnight + 3 * DAY);
        assert_eq!(after("0 0 5 * fri", EVE), midnight + DAY, "one of the two is enough if both are named");
        assert_eq!(after("0 0 5 * */2", EVE), midnight, "every second weekday is a restriction: Thursday is one");
        assert_eq!(after("0 0 5 * *", EVE), midnight + 5 * DAY);
        assert_eq!(after("@every 90m", EVE), EVE + 90 * MINUTE);
        assert_eq!(after("@every -5s", EVE), EVE + SECOND, "not more often than every second");
        assert_eq!(after("CRON_TZ=UTC @hourly", EVE), midnight);
    }

    #[test]
    fn fields_are_of_the_time_zone() {
        let midnight = EVE + 30 * SECOND;
        assert_eq!(after("CRON_TZ=Asia/Tokyo 0 12 * * *", EVE), midnight + 3 * HOUR);
        assert_eq!(after("TZ=America/New_York @daily", EVE), midnight + 5 * HOUR);
        // On 10 March 2024 there is no 2:30 in New York, and on 3 November 1:30 is twice.
        let spring = midnight + 10 * DAY;
        assert_eq!(after("TZ=America/New_York 30 2 * * *", spring), spring + DAY + 6 * HOUR + 30 * MINUTE);
        let autumn = midnight + 248 * DAY;
        let first = autumn + 5 * HOUR + 30 * MINUTE;
        assert_eq!(after("TZ=America/New_York 30 1 * * *", autumn), first);
        assert_eq!(after("TZ=America/New_York 30 1 * * *", first), first + HOUR);
    }

    #[test]
    fn a_run_waits_for_the_next_time_that_is_not_over() {
        let hourly = CronSchedule::parse("@hourly").unwrap();
        assert_eq!(hourly.wait(EVE, EVE), Some(30 * SECOND));
        assert_eq!(hourly.wait(EVE, EVE + DAY), Some(30 * SECOND), "what was missed is not made up for");
        assert_eq!(hourly.wait(EVE, EVE + DAY + 30 * SECOND), Some(0), "it is due now");
        assert_eq!(hourly.wait(EVE, EVE + 500), Some(30 * SECOND), "whole seconds");
        assert_eq!(hourly.wait(EVE + HOUR, EVE), Some(HOUR), "not due yet");
        let every = CronSchedule::parse("@every 7s").unwrap();
        assert_eq!(every.wait(EVE, EVE + 15 * SECOND), Some(6 * SECOND));
        assert_eq!(every.wait(EVE, EVE + 14 * SECOND), Some(0));
        assert_eq!(CronSchedule::parse("0 0 31 2 *").unwrap().wait(EVE, EVE), None, "never");
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        let fields =
            ["", "* * * *", "* * * * * *", "60 * * * *", "* * 0 * *", "*/0 * * * *", "5-1 * * * *", "*1 * * * *"];
        let words = ["@often", " @daily", "@every 5", "@every 1d", "@every  5s"];
        let zones = ["TZ=UTC", "TZ=Nowhere/City @daily", "@daily # comment"];
        for wrong in [&fields[..], &words, &zones].concat() {
            assert!(CronSchedule::parse(wrong).is_err(), "{wrong}");
        }
        assert!(CronSchedule::validate("").is_ok() && CronSchedule::validate("@daily").is_ok());
    }
}
