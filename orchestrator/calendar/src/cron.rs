//! Cron strings: five to seven fields, `@daily` and its like, or `@every`; before them perhaps a time zone, behind them a comment.

use super::span;
use resurgam_api::temporal::schedule::v1::{CalendarSpec, IntervalSpec};

/// What a cron string stands for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cron {
    /// A calendar, and the name of its time zone; empty: it has none.
    Calendar(CalendarSpec, String),
    Interval(IntervalSpec),
}

const FIELDS: &str = "CronString does not have 5-7 fields";

/// Reads a cron string.
///
/// # Errors
/// It is none.
pub(crate) fn parse(text: &str) -> Result<Cron, String> {
    let mut text = text.trim();
    let mut zone = String::new();
    if text.starts_with("TZ=") || text.starts_with("CRON_TZ=") {
        let (named, rest) = text.split_once(' ').ok_or("CronString has time zone but missing fields")?;
        zone = named.split_once('=').map(|(_, zone)| zone.to_owned()).unwrap_or_default();
        text = rest;
    }
    let (text, comment) = text.split_once('#').unwrap_or((text, ""));
    let text = text.trim();
    if text.starts_with("@every") {
        return interval(text).map(Cron::Interval);
    }
    let fields: Vec<&str> = spelled_out(text).split_whitespace().take(8).collect();
    let (second, five, year) = match fields.as_slice() {
        five if five.len() == 5 => ("", five, ""),
        [five @ .., year] if five.len() == 5 => ("", five, *year),
        [second, five @ .., year] if five.len() == 5 => (*second, five, *year),
        _ => return Err(FIELDS.to_owned()),
    };
    let [minute, hour, day_of_month, month, day_of_week] = five else { return Err(FIELDS.to_owned()) };
    let calendar = CalendarSpec {
        second: second.to_owned(),
        minute: (*minute).to_owned(),
        hour: (*hour).to_owned(),
        day_of_month: (*day_of_month).to_owned(),
        month: (*month).to_owned(),
        day_of_week: (*day_of_week).to_owned(),
        year: year.to_owned(),
        comment: comment.trim().to_owned(),
    };
    Ok(Cron::Calendar(calendar, zone))
}

/// The five fields that a word stands for; any other text is what it is.
pub(crate) fn spelled_out(text: &str) -> &str {
    match text {
        "@yearly" | "@annually" => "0 0 1 1 *",
        "@monthly" => "0 0 1 * *",
        "@weekly" => "0 0 * * 0",
        "@daily" | "@midnight" => "0 0 * * *",
        "@hourly" => "0 * * * *",
        other => other,
    }
}

/// `@every 14h/3h`: an interval, and perhaps its phase.
fn interval(text: &str) -> Result<IntervalSpec, String> {
    let (_, spans) = text.split_once(' ').ok_or("CronString does not have interval after @every")?;
    let (interval, phase) = spans.split_once('/').unwrap_or((spans, ""));
    let interval = Some(span::parse(interval)?);
    let phase = if phase.is_empty() { None } else { Some(span::parse(phase)?) };
    Ok(IntervalSpec { interval, phase })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &str) -> Vec<String> {
        match parse(text) {
            Ok(Cron::Calendar(it, zone)) => vec![
                it.second,
                it.minute,
                it.hour,
                it.day_of_month,
                it.month,
                it.day_of_week,
                it.year,
                it.comment,
                zone,
            ],
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn fields_stand_in_the_order_of_cron() {
        assert_eq!(fields("1 2 3 4 5"), ["", "1", "2", "3", "4", "5", "", "", ""]);
        assert_eq!(fields(" 1  2 3 4 5 2030 # at times "), ["", "1", "2", "3", "4", "5", "2030", "at times", ""]);
        assert_eq!(fields("0 1 2 3 4 5 2030"), ["0", "1", "2", "3", "4", "5", "2030", "", ""]);
        assert_eq!(fields("CRON_TZ=Asia/Tokyo @daily"), ["", "0", "0", "*", "*", "*", "", "", "Asia/Tokyo"]);
        assert_eq!(fields("TZ=UTC @hourly")[1..3], ["0", "*"]);
    }

    #[test]
    fn an_interval_may_have_a_phase() {
        let span = |seconds| Some(prost_wkt_types::Duration { seconds, nanos: 0 });
        let read = |text| parse(text);
        assert_eq!(read("@every 5m"), Ok(Cron::Interval(IntervalSpec { interval: span(300), phase: None })));
        assert_eq!(read("@every 2h/30m"), Ok(Cron::Interval(IntervalSpec { interval: span(7200), phase: span(1800) })));
        assert_eq!(read("@every").unwrap_err(), "CronString does not have interval after @every");
    }

    #[test]
    fn what_is_no_cron_string_is_refused() {
        for wrong in ["", "* * * *", "1 2 3 4 5 6 7 8", "@never"] {
            assert_eq!(parse(wrong).unwrap_err(), FIELDS);
        }
        assert_eq!(parse("TZ=UTC").unwrap_err(), "CronString has time zone but missing fields");
    }
}
