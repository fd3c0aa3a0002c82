//! Cron schedules: which minutes they name, and when the next run of a chain begins. As in github.com/robfig/cron, `ParseStandard`,
//! which Temporal uses: five fields, or a descriptor. All times are UTC.

use resurgam_state::Millis;

const SECOND: Millis = 1_000;
const MINUTE: Millis = 60 * SECOND;
const HOUR: Millis = 60 * MINUTE;
const DAY: Millis = 24 * HOUR;
/// After so many years without a time there is none: 29 February comes every eight years at least.
const YEARS: i64 = 9;

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// When something is to happen, again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Schedule {
    /// Every so many milliseconds.
    Every(Millis),
    /// In minutes that these fields name.
    Fields(Fields),
}

/// The values that each field allows, one bit for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fields {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Days of the month and of the week are both restricted: either is enough.
    either: bool,
}

/// Whether it is a schedule, or there is none.
///
/// # Errors
/// It is neither.
pub(super) fn validate(text: &str) -> Result<(), &'static str> {
    if text.is_empty() { Ok(()) } else { Schedule::parse(text).map(drop) }
}

impl Schedule {
    /// Reads a schedule.
    ///
    /// # Errors
    /// It is none, or it is in a time zone.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        const WRONG: &str = "invalid CronSchedule.";
        let mut text = text.trim();
        if let Some((zone, rest)) = text.split_once(' ').filter(|(zone, _)| zone.contains("TZ=")) {
            let zone = zone.trim_start_matches("CRON_").trim_start_matches("TZ=");
            if !matches!(zone, "UTC" | "Etc/UTC" | "") {
                return Err("cron schedules in time zones other than UTC are not supported");
            }
            text = rest.trim();
        }
        let text = match text {
            "@yearly" | "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" | "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            other => other,
        };
        if let Some(span) = text.strip_prefix("@every ") {
            let span = span_of(span.trim()).ok_or(WRONG)?;
            return Ok(Self::Every((span - span % SECOND).max(SECOND)));
        }
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays] = fields.as_slice() else { return Err(WRONG) };
        let read = |field: &str, first, last, names: &[&str]| set(field, first, last, names).ok_or(WRONG);
        let (days, any_day) = read(days, 1, 31, &[])?;
        let (weekdays, any_weekday) = read(weekdays, 0, 6, &WEEKDAYS)?;
        Ok(Self::Fields(Fields {
            minutes: read(minutes, 0, 59, &[])?.0,
            hours: read(hours, 0, 23, &[])?.0,
            days,
            months: read(months, 1, 12, &MONTHS)?.0,
            weekdays,
            either: !any_day && !any_weekday,
        }))
    }

    /// The first time after `time`, both in milliseconds since 1970; `None`: there is none.
    fn next(&self, time: Millis) -> Option<Millis> {
        match self {
            Self::Every(span) => Some((time + span).div_euclid(SECOND) * SECOND),
            Self::Fields(fields) => fields.next(time),
        }
    }

    /// How long the next run has to wait: the last one was due at `due`, and it is `now`. Whole seconds; `None`: for ever.
    pub(super) fn wait(&self, due: Millis, now: Millis) -> Option<Millis> {
        let mut next = if now < due { due } else { self.next(due)? };
        if let Self::Every(span) = self
            && next < now
        {
            // Not one by one: the last one may be long ago.
            next += (now - next).div_euclid(*span) * span;
        }
        while next < now {
            next = self.next(next)?;
        }
        let wait = next - now;
        Some(wait.div_euclid(SECOND) * SECOND + if wait.rem_euclid(SECOND) > 0 { SECOND } else { 0 })
    }
}

impl Fields {
    fn next(&self, time: Millis) -> Option<Millis> {
        let first = time.div_euclid(MINUTE) + 1;
        let mut day = first.div_euclid(DAY / MINUTE);
        let mut minute = first.rem_euclid(DAY / MINUTE);
        let last = day + YEARS * 366;
        while day < last {
            if self.names(day) {
                let at = (minute..DAY / MINUTE)
                    .find(|minute| has(self.hours, minute / 60) && has(self.minutes, minute % 60));
                if let Some(minute) = at {
                    return Some(day * DAY + minute * MINUTE);
                }
            }
            day += 1;
            minute = 0;
        }
        None
    }

    /// Whether it names this day, counted from 1970.
    fn names(&self, day: i64) -> bool {
        let (month, of_month) = date(day);
        let (by_month, by_week) = (has(self.days, of_month), has(self.weekdays, (day + 4).rem_euclid(7)));
        has(self.months, month) && if self.either { by_month || by_week } else { by_month && by_week }
    }
}

fn has(set: u64, value: i64) -> bool {
    set >> value & 1 == 1
}

/// Month and day of the month of a day that is counted from 1970, by the Gregorian calendar: years begin in March here, so
/// that the odd day is their last.
fn date(day: i64) -> (i64, i64) {
    let of_era = (day + 719_468).rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    (if month < 10 { month + 3 } else { month - 9 }, of_year - (153 * month + 2) / 5 + 1)
}

/// The values of a field, and whether it is a bare star; `None`: it makes no sense.
fn set(field: &str, first: i64, last: i64, names: &[&str]) -> Option<(u64, bool)> {
    let value = |text: &str| match names.iter().position(|name| text.eq_ignore_ascii_case(name)) {
        Some(place) => Some(first + place as i64),
        None => text.parse::<u8>().ok().map(i64::from),
    };
    let (mut all, mut star) = (0, false);
    for part in field.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(step.parse::<u8>().ok().filter(|step| *step > 0)?)),
            None => (part, None),
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" || range == "?" => {
                star |= step.is_none_or(|step| step == 1);
                (first, last)
            }
            Some((from, to)) => (value(from)?, value(to)?),
            // From here to the end, if in steps.
            None => (value(range)?, if step.is_some() { last } else { value(range)? }),
        };
        if from < first || to > last || from > to {
            return None;
        }
        for value in (from..=to).step_by(usize::from(step.unwrap_or(1))) {
            all |= 1 << value;
        }
    }
    Some((all, star))
}

/// A span as in Go: `1h30m`, `90s`, `1.5h`.
fn span_of(text: &str) -> Option<Millis> {
    let (mut rest, mut sum) = (text, 0.0);
    while !rest.is_empty() {
        let end = rest.find(|it: char| !it.is_ascii_digit() && it != '.')?;
        let (number, unit) = rest.split_at(end);
        let number: f64 = number.parse().ok()?;
        let length = unit.find(|it: char| it.is_ascii_digit()).unwrap_or(unit.len());
        let (unit, after) = unit.split_at(length);
        sum += number
            * match unit {
                "ms" => 1.0,
                "s" => SECOND as f64,
                "m" => MINUTE as f64,
                "h" => HOUR as f64,
                _ => return None,
            };
        rest = after;
    }
    (!text.is_empty() && sum < 1e14).then_some(sum as Millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2024-02-28 23:59:30 UTC, a Wednesday.
    const EVE: Millis = 1_709_164_770_000;

    fn after(schedule: &str, time: Millis) -> Millis {
        Schedule::parse(schedule).unwrap().next(time).unwrap()
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
        assert_eq!(after("0 0 5 * *", EVE), midnight + 5 * DAY);
        assert_eq!(after("@every 90m", EVE), EVE + 90 * MINUTE);
        assert_eq!(after("CRON_TZ=UTC @hourly", EVE), midnight);
    }

    #[test]
    fn a_run_waits_for_the_next_time_that_is_not_over() {
        let hourly = Schedule::parse("@hourly").unwrap();
        assert_eq!(hourly.wait(EVE, EVE), Some(30 * SECOND));
        assert_eq!(hourly.wait(EVE, EVE + DAY), Some(30 * SECOND), "what was missed is not made up for");
        assert_eq!(hourly.wait(EVE, EVE + 500), Some(30 * SECOND), "whole seconds");
        assert_eq!(hourly.wait(EVE + HOUR, EVE), Some(HOUR), "not due yet");
        let every = Schedule::parse("@every 7s").unwrap();
        assert_eq!(every.wait(EVE, EVE + 15 * SECOND), Some(6 * SECOND));
        assert_eq!(Schedule::parse("0 0 31 2 *").unwrap().wait(EVE, EVE), None, "never");
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        for wrong in ["", "* * * *", "* * * * * *", "60 * * * *", "* * 0 * *", "*/0 * * * *", "5-1 * * * *", "@often"] {
            assert!(Schedule::parse(wrong).is_err(), "{wrong}");
        }
        assert!(Schedule::parse("@every 5").is_err() && Schedule::parse("TZ=Asia/Tokyo @daily").is_err());
    }
}
