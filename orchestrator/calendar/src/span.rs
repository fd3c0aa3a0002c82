//! Spans of time as text, as in Go's `time.ParseDuration`, with `d` for 24 hours.

use prost_wkt_types::Duration;

const SECOND: f64 = 1e9;

/// Reads a span: `1h30m`, `1.5d`, `-10s`.
///
/// # Errors
/// It is none: why, in Go's words.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let invalid = || format!("time: invalid duration {text:?}");
    let (negative, mut rest) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut nanos = 0_i128;
    while rest != "0" && !rest.is_empty() {
        let digits = rest.find(|it: char| !it.is_ascii_digit() && it != '.').unwrap_or(rest.len());
        let (number, behind) = rest.split_at(digits);
        let unit = behind.find(|it: char| it.is_ascii_digit() || it == '.').unwrap_or(behind.len());
        let (unit, behind) = behind.split_at(unit);
        if number.is_empty() || number == "." || number.matches('.').count() > 1 {
            return Err(invalid());
        }
        if unit.is_empty() {
            return Err(format!("time: missing unit in duration {text:?}"));
        }
        let unit = unit_of(unit).ok_or_else(|| format!("time: unknown unit {unit:?} in duration {text:?}"))?;
        let (whole, part) = number.split_once('.').unwrap_or((number, ""));
        let whole = if whole.is_empty() { 0 } else { whole.parse::<i64>().map_err(|_| invalid())? };
        let part = format!("0.{part}0").parse::<f64>().map_err(|_| invalid())?;
        nanos += i128::from(whole) * unit as i128 + (part * unit) as i128;
        rest = behind;
    }
    let most = i128::from(i64::MAX) + i128::from(negative);
    if nanos > most {
        return Err(invalid());
    }
    let nanos = if negative { -nanos } else { nanos };
    let second = SECOND as i128;
    Ok(Duration { seconds: (nanos / second) as i64, nanos: (nanos % second) as i32 })
}

/// Nanoseconds of a unit.
fn unit_of(unit: &str) -> Option<f64> {
    Some(match unit {
        "ns" => 1.0,
        "us" | "µs" | "μs" => 1e3,
        "ms" => 1e6,
        "s" => SECOND,
        "m" => 60.0 * SECOND,
        "h" => 3600.0 * SECOND,
        "d" => 86_400.0 * SECOND,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_as_in_go() {
        let read = |text| parse(text).map(|span| (span.seconds, span.nanos));
        assert_eq!(read("1h30m"), Ok((5400, 0)));
        assert_eq!((read("1.5d"), read("0"), read("-10s")), (Ok((129_600, 0)), Ok((0, 0)), Ok((-10, 0))));
        assert_eq!(
            (read("1500ms"), read(".5s"), read("+2s")),
            (Ok((1, 500_000_000)), Ok((0, 500_000_000)), Ok((2, 0)))
        );
        assert_eq!(read("5").unwrap_err(), "time: missing unit in duration \"5\"");
        assert_eq!(read("5x").unwrap_err(), "time: unknown unit \"x\" in duration \"5x\"");
        for wrong in ["", "-", ".s", "1.2.3s", "s", "99999999999999999999s", "9999999999h"] {
            assert_eq!(read(wrong).unwrap_err(), format!("time: invalid duration {wrong:?}"));
        }
    }
}
