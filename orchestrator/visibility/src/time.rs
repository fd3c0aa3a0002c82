//! Times and spans as they stand in questions and attributes, and as they are answered.

use prost_wkt_types::Timestamp;
use std::ops::RangeInclusive;

/// A time in milliseconds since 1970.
#[must_use]
pub(crate) fn timestamp(millis: i64) -> Timestamp {
    let nanos = i32::try_from(millis.rem_euclid(1000) * 1_000_000).unwrap_or(0);
    Timestamp { seconds: millis.div_euclid(1000), nanos }
}

/// A time of RFC 3339, in microseconds since 1970; what is smaller is cut off. `None`: it is none.
#[must_use]
pub(crate) fn moment(text: &str) -> Option<i64> {
    let (date, clock) = text.split_once('T')?;
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let (clock, offset) = match clock.strip_suffix('Z') {
        Some(clock) => (clock, 0),
        None => {
            let at = clock.rfind(['+', '-'])?;
            let [hours, minutes] = numbers(&clock[at + 1..], ':', [2, 2])?;
            let offset = within(hours, 0..=24)? * 60 + within(minutes, 0..=59)?;
            (&clock[..at], if clock[at..].starts_with('-') { -offset } else { offset })
        }
    };
    let (clock, fraction) = clock.split_once(['.', ',']).unwrap_or((clock, "0"));
    if fraction.is_empty() || !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let micros: i64 = format!("{fraction:0<6}")[..6].parse().ok()?;
    let [hours, minutes, seconds] = numbers(clock, ':', [2, 2, 2])?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match within(month, 1..=12)? {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let days = days(year, month, within(day, 1..=length)?);
    let clock = within(hours, 0..=23)? * 3600 + within(minutes, 0..=59)? * 60 + within(seconds, 0..=59)?;
    Some((days * 86_400 + clock - offset * 60) * 1_000_000 + micros)
}

/// Numbers of so many digits.
fn numbers<const N: usize>(text: &str, between: char, digits: [usize; N]) -> Option<[i64; N]> {
    let parts: Vec<&str> = text.split(between).collect();
    let fits = parts.len() == N && parts.iter().zip(digits).all(|(part, digits)| part.len() == digits);
    let plain = parts.iter().all(|part| part.bytes().all(|digit| digit.is_ascii_digit()));
    let read: Vec<i64> = parts.iter().filter_map(|part| part.parse().ok()).collect();
    if fits && plain { read.try_into().ok() } else { None }
}

fn within(number: i64, range: RangeInclusive<i64>) -> Option<i64> {
    range.contains(&number).then_some(number)
}

/// Days since 1970 of a date of the Gregorian calendar: a year is counted from March, so that its leap day is the last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month < 3 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let leaps = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    // March 1st of the year 0 is 719,468 days before 1970.
    year * 365 + leaps + (month * 306 + 5) / 10 + day - 1 - 719_468
}

/// A span in nanoseconds, written as a number of them, like `1h30m`, `2d`, `-1.5s`, or as `hours:minutes:seconds`.
///
/// # Errors
/// What is wrong with it, in the words of the Temporal server.
pub(crate) fn span(text: &str) -> Result<i64, &'static str> {
    if let Ok(nanos) = text.parse() {
        return Ok(nanos);
    }
    units(text).map_or_else(|| clock(text), Ok)
}

/// A span as a sum of numbers with units.
fn units(text: &str) -> Option<i64> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    let mut sum = 0.0;
    while !rest.is_empty() || sum == 0.0 {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..end].parse().ok()?;
        rest = &rest[end..];
        let end = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        sum += number
            * match &rest[..end] {
                "ns" => 1.0,
                "us" | "µs" | "μs" => 1e3,
                "ms" => 1e6,
                "s" => 1e9,
                "m" => 60e9,
                "h" => 3600e9,
                "d" => 86_400e9,
                _ => return None,
            };
        rest = &rest[end..];
        if rest.is_empty() {
            break;
        }
    }
    // Beyond 292 years there is no such span.
    (sum < 9.2e18).then_some((sign * sum) as i64)
}

/// A span as hours, minutes and seconds.
fn clock(text: &str) -> Result<i64, &'static str> {
    let parts: Option<Vec<i64>> = text.split(':').map(|part| part.parse().ok()).collect();
    let Some([hours, minutes, seconds]) = parts.as_deref() else { return Err("invalid duration") };
    if *hours < 0 {
        return Err("invalid duration: hours must be a positive number");
    }
    if !(0..=59).contains(minutes) {
        return Err("invalid duration: minutes must be from 0 to 59");
    }
    if !(0..=59).contains(seconds) {
        return Err("invalid duration: seconds must be from 0 to 59");
    }
    let all = hours.saturating_mul(3600).saturating_add(minutes * 60 + seconds);
    Ok(all.saturating_mul(1_000_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_in_the_standard() {
        assert_eq!(moment("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(moment("2026-01-02T03:04:05.5Z"), Some(1_767_323_045_500_000));
        assert_eq!(moment("2026-01-02T04:04:05.5+01:00"), moment("2026-01-02T03:04:05.5Z"));
        assert_eq!(moment("2024-02-29T23:59:59.123456789-00:30"), Some(1_709_252_999_123_456));
        assert_eq!(moment("1969-12-31T23:59:59Z"), Some(-1_000_000));
        for wrong in ["2026-01-01", "yesterday", "2026-02-29T00:00:00Z", "2026-1-1T00:00:00Z", "2026-01-01T00:00Z"] {
            assert_eq!(moment(wrong), None, "{wrong}");
        }
        for wrong in ["2026-01-01T00:00:00", "2026-01-01T24:00:00Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:0+Z"] {
            assert_eq!(moment(wrong), None, "{wrong}");
        }
        assert_eq!(timestamp(-1), Timestamp { seconds: -1, nanos: 999_000_000 });
    }

    #[test]
    fn spans_are_read_in_each_of_their_ways() {
        let hour = 3_600_000_000_000;
        assert_eq!(span("7"), Ok(7));
        assert_eq!((span("1h"), span("-1.5h"), span("2d")), (Ok(hour), Ok(-hour * 3 / 2), Ok(48 * hour)));
        assert_eq!((span("3m30s"), span("01:00:00"), span("0")), (Ok(210_000_000_000), Ok(hour), Ok(0)));
        assert_eq!(span("1:70:00"), Err("invalid duration: minutes must be from 0 to 59"));
        for wrong in ["", "abc", "1", "1h1", "h", "1x", "10000000h"].iter().filter(|text| **text != "1") {
            assert_eq!(span(wrong), Err("invalid duration"), "{wrong}");
        }
    }
}
