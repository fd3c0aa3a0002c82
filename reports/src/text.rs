//! How numbers and lengths of time are written for people, the same in every output.

/// A length of time with a unit that suits it: `350 µs`, `12.3 ms`, `4.20 s`, `3 min 20 s`.
#[must_use]
pub fn seconds(seconds: f64) -> String {
    match seconds.abs() {
        0.0 => "0 s".into(),
        s if s < 0.001 => format!("{:.0} µs", seconds * 1e6),
        s if s < 1.0 => format!("{:.1} ms", seconds * 1e3),
        s if s < 120.0 => format!("{seconds:.2} s"),
        s => format!("{} min {:.0} s", (s / 60.0).floor(), s % 60.0),
    }
}

/// A time within a case, to the tenth of a millisecond: `1.2034 s`.
#[must_use]
pub fn at(nanos: i64) -> String {
    format!("{:.4} s", nanos as f64 / 1e9)
}

/// `1 case`, `2 cases`; thousands are set apart.
#[must_use]
pub fn count(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", thousands(number), if number == 1 { "" } else { "s" })
}

/// `1234567` as `1 234 567`, with narrow no-break spaces.
#[must_use]
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

/// At most four characters: `7`, `999`, `12k`, `3M`.
#[must_use]
pub fn short(number: u64) -> String {
    match number {
        0..1_000 => number.to_string(),
        1_000..1_000_000 => format!("{}k", number / 1_000),
        _ => format!("{}M", number / 1_000_000),
    }
}

/// A text cut to at most this many characters, the last one `…` if it was longer.
#[must_use]
pub fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_readable() {
        assert_eq!([0.0, 0.00035, 0.0123, 4.2, 200.0].map(seconds).join("|"), "0 s|350 µs|12.3 ms|4.20 s|3 min 20 s");
        assert_eq!(thousands(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!([thousands(0), thousands(999)], ["0", "999"]);
        assert_eq!([count(1, "case"), count(2, "case")], ["1 case", "2 cases"]);
        assert_eq!([999, 1000, 12_345, 3_000_000].map(short), ["999", "1k", "12k", "3M"]);
        assert_eq!([cut("abc", 3), cut("abcd", 3), cut("äöüß", 3)], ["abc", "ab…", "äö…"]);
        assert_eq!(at(1_203_449_999), "1.2034 s");
    }
}
