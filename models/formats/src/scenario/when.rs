//! Lengths of time as people write them, and times that may lie anywhere in a range.

use crate::time::Millis;
use jiff::SignedDuration;
use serde::{Deserialize, Deserializer, de};

/// The longest: nobody means to wait longer than a day.
const DAY: Millis = 86_400_000;

/// A length of time, such as `250ms`, `3s` or `1m 30s`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Length(pub Millis);

/// A time after the start of a case: `2s`, or one that is drawn anew in every case: `2s..5s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct When {
    /// The earliest that it may be.
    pub least: Length,
    /// The latest that it may be.
    pub most: Length,
}

impl Length {
    fn parsed(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("{text:?} is not a length of time; expected one such as \"250ms\", \"3s\" or \"1m 30s\"");
        let duration = text.trim().parse::<SignedDuration>().map_err(|_| wrong())?;
        let millis = Millis::try_from(duration.as_millis()).ok().filter(|millis| *millis <= DAY);
        millis.map(Self).ok_or_else(wrong)
    }
}

impl When {
    fn parsed(text: &str) -> Result<Self, String> {
        let Some((least, most)) = text.split_once("..") else {
            return Length::parsed(text).map(|moment| Self { least: moment, most: moment });
        };
        let (least, most) = (Length::parsed(least)?, Length::parsed(most)?);
        if least > most {
            return Err(format!("{text:?} ends before it begins"));
        }
        Ok(Self { least, most })
    }
}

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::parsed(&String::deserialize(from)?).map_err(de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for When {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::parsed(&String::deserialize(from)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_and_wrong_ones_say_what_was_expected() {
        assert_eq!(Length::parsed("1m 30s"), Ok(Length(90_000)));
        let range = When { least: Length(500), most: Length(2000) };
        assert_eq!(When::parsed("500ms..2s"), Ok(range));
        assert_eq!(When::parsed("2s").unwrap(), When { least: Length(2000), most: Length(2000) });
        for wrong in ["", "5", "soon", "2s..1s", "-1s", "1000h"] {
            assert!(
                When::parsed(wrong).unwrap_err().contains(if wrong.contains("..") { "ends" } else { "expected" }),
                "{wrong}"
            );
        }
    }
}
