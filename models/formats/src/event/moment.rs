//! Times of events: moments, and lengths of time.

use super::field::{Field, brief, integer};
use serde_json::Value;

/// Nanoseconds of `{"seconds": …, "nanos": …}`, as protobuf libraries hold times and durations.
fn counted(value: &Value) -> Option<i64> {
    let part = |name: &str| value.get(name).map_or(Some(0), |part| integer(part).ok());
    let known = value.as_object()?.keys().all(|key| key == "seconds" || key == "nanos");
    part("seconds")?.checked_mul(1_000_000_000)?.checked_add(part("nanos")?).filter(|_| known)
}

/// A length of time in nanoseconds, written `1.5s`. Absent is zero, as in proto3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub i64);

impl Span {
    /// From whole milliseconds.
    #[must_use]
    pub fn millis(ms: i64) -> Self {
        Self(ms.saturating_mul(1_000_000))
    }
}

impl Field for Span {
    fn read(value: Value) -> Result<Self, String> {
        let wrong = || format!("expected a duration such as \"1.5s\", found {}", brief(&value));
        if let Some(nanos) = counted(&value) {
            return Ok(Self(nanos));
        }
        let text = value.as_str().ok_or_else(wrong)?.strip_suffix('s').ok_or_else(wrong)?;
        let (sign, text) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        if fraction.len() > 9 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
            return Err(wrong());
        }
        let whole: i64 = whole.parse().map_err(|_| wrong())?;
        let nanos: i64 = format!("{fraction:0<9}").parse().map_err(|_| wrong())?;
        Ok(Self(whole.saturating_mul(1_000_000_000).saturating_add(nanos).saturating_mul(sign)))
    }
    fn write(&self) -> Option<Value> {
        (self.0 != 0).then(|| {
            let (sign, nanos) = if self.0 < 0 { ("-", self.0.unsigned_abs()) } else { ("", self.0.unsigned_abs()) };
            let text = format!("{sign}{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000);
            Value::String(format!("{}s", text.trim_end_matches('0').trim_end_matches('.')))
        })
    }
}

/// A moment, nanoseconds since the Unix epoch; `None` if absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub Option<i64>);

impl Field for Moment {
    fn read(value: Value) -> Result<Self, String> {
        let wrong = || format!("expected an RFC 3339 time, found {}", brief(&value));
        if let Some(nanos) = counted(&value) {
            return Ok(Self(Some(nanos)));
        }
        let time: jiff::Timestamp = value.as_str().ok_or_else(wrong)?.parse().map_err(|_| wrong())?;
        Ok(Self(i64::try_from(time.as_nanosecond()).ok()))
    }
    fn write(&self) -> Option<Value> {
        let time = jiff::Timestamp::from_nanosecond(i128::from(self.0?)).ok()?;
        Some(Value::String(time.to_string()))
    }
}
