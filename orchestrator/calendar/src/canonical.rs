//! The canonical form of a specification: structured calendars and intervals, and no text any more. Doing it twice is doing it
//! once.

use super::cron::{self, Cron};
use super::field::{self, Field};
use super::zone;
use prost_wkt_types::Duration;
use resurgam_api::temporal::schedule::v1::{CalendarSpec, IntervalSpec, Range, ScheduleSpec, StructuredCalendarSpec};

/// Bytes of a comment.
const COMMENT: usize = 200;
const CONFLICT: &str = "conflicting timezone names";

/// Makes the canonical form of a specification.
///
/// # Errors
/// What is wrong with the specification, in the words of Temporal.
pub fn canonical(mut spec: ScheduleSpec) -> Result<ScheduleSpec, String> {
    for calendar in std::mem::take(&mut spec.calendar) {
        spec.structured_calendar.push(structured(&calendar)?);
    }
    for calendar in std::mem::take(&mut spec.exclude_calendar) {
        spec.exclude_structured_calendar.push(structured(&calendar)?);
    }
    let mut named: Option<String> = None;
    for text in std::mem::take(&mut spec.cron_string) {
        let zone = match cron::parse(&text)? {
            Cron::Calendar(calendar, zone) => {
                spec.structured_calendar.push(structured(&calendar)?);
                zone
            }
            Cron::Interval(interval) => {
                spec.interval.push(interval);
                String::new()
            }
        };
        if named.as_ref().is_some_and(|named| *named != zone) {
            return Err(CONFLICT.to_owned());
        }
        named = Some(zone);
    }
    if let Some(zone) = named.filter(|zone| !zone.is_empty()) {
        let other = !spec.timezone_name.is_empty() && spec.timezone_name != zone;
        if other || !spec.timezone_data.is_empty() {
            return Err(CONFLICT.to_owned());
        }
        spec.timezone_name = zone;
    }
    spec.structured_calendar.iter().try_for_each(check_calendar)?;
    spec.interval.iter().try_for_each(check_interval)?;
    zone::of(&spec)?;
    Ok(spec)
}

/// Says in the ranges of a specification what is left to defaults: the end, and the step.
pub fn fill(spec: &mut ScheduleSpec) {
    for it in spec.structured_calendar.iter_mut().chain(&mut spec.exclude_structured_calendar) {
        let fields = [&mut it.second, &mut it.minute, &mut it.hour, &mut it.day_of_month, &mut it.month, &mut it.year];
        for range in fields.into_iter().chain([&mut it.day_of_week]).flatten() {
            range.end = range.end.max(range.start);
            if range.step == 0 {
                range.step = 1;
            }
        }
    }
}

fn structured(calendar: &CalendarSpec) -> Result<StructuredCalendarSpec, String> {
    let mut wrong = Vec::new();
    let mut read = |field: Field, text: &str| field.parse(text).map_err(|why| wrong.push(why)).unwrap_or_default();
    let structured = StructuredCalendarSpec {
        second: read(field::SECOND, &calendar.second),
        minute: read(field::MINUTE, &calendar.minute),
        hour: read(field::HOUR, &calendar.hour),
        day_of_week: read(field::DAY_OF_WEEK, &calendar.day_of_week),
        day_of_month: read(field::DAY_OF_MONTH, &calendar.day_of_month),
        month: read(field::MONTH, &calendar.month),
        year: read(field::YEAR, &calendar.year),
        comment: calendar.comment.clone(),
    };
    if wrong.is_empty() { Ok(structured) } else { Err(wrong.join(", ")) }
}

fn check_calendar(calendar: &StructuredCalendarSpec) -> Result<(), String> {
    let mut wrong = Vec::new();
    let mut check = |field: Field, ranges: &[Range]| {
        let Field { name, least, most, .. } = field;
        for range in ranges {
            if range.start < least || range.start > most {
                wrong.push(format!("{name} Start is not in range [{least}-{most}]"));
            }
            if range.end != 0 && (range.end < range.start || range.end > most) {
                wrong.push(format!("{name} End is before Start or not in range [{least}-{most}]"));
            }
            if range.step < 0 {
                wrong.push(format!("{name} has invalid Step"));
            }
        }
    };
    check(field::SECOND, &calendar.second);
    check(field::MINUTE, &calendar.minute);
    check(field::HOUR, &calendar.hour);
    check(field::DAY_OF_MONTH, &calendar.day_of_month);
    check(field::MONTH, &calendar.month);
    check(field::YEAR, &calendar.year);
    check(field::DAY_OF_WEEK, &calendar.day_of_week);
    if calendar.comment.len() > COMMENT {
        wrong.push("comment is too long".to_owned());
    }
    if wrong.is_empty() { Ok(()) } else { Err(format!("invalid calendar spec: {}", wrong.join(", "))) }
}

fn check_interval(interval: &IntervalSpec) -> Result<(), String> {
    let nanos = |span: Option<Duration>| {
        let span = span.unwrap_or_default();
        i128::from(span.seconds) * 1_000_000_000 + i128::from(span.nanos)
    };
    let (every, phase) = (nanos(interval.interval), nanos(interval.phase));
    if every < 1_000_000_000 {
        Err("interval is too small".to_owned())
    } else if phase < 0 {
        Err("phase is negative".to_owned())
    } else if phase >= every {
        Err("phase cannot be greater than Interval".to_owned())
    } else {
        Ok(())
    }
}
