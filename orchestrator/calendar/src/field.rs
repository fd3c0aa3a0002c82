//! A field of a calendar as text: numbers, names, ranges and steps, separated by commas.

use super::{FIRST_YEAR, LAST_YEAR};
use resurgam_api::temporal::schedule::v1::Range;

pub(crate) const MONTHS: &[&str] = &[
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
pub(crate) const WEEKDAYS: &[&str] = &["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

/// A field of a calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    /// What it is called in refusals.
    pub(crate) name: &'static str,
    /// The least value.
    pub(crate) least: i32,
    /// The greatest one.
    pub(crate) most: i32,
    /// What an empty text stands for.
    default: &'static str,
    /// Names of values, from the least one on; a beginning of so many letters is enough.
    names: (&'static [&'static str], usize),
}

const fn plain(name: &'static str, least: i32, most: i32, default: &'static str) -> Field {
    Field { name, least, most, default, names: (&[], 0) }
}

pub(crate) const SECOND: Field = plain("Second", 0, 59, "0");
pub(crate) const MINUTE: Field = plain("Minute", 0, 59, "0");
pub(crate) const HOUR: Field = plain("Hour", 0, 23, "0");
pub(crate) const DAY_OF_MONTH: Field = plain("DayOfMonth", 1, 31, "*");
pub(crate) const MONTH: Field = Field { names: (MONTHS, 3), ..plain("Month", 1, 12, "*") };
pub(crate) const YEAR: Field = plain("Year", FIRST_YEAR as i32, LAST_YEAR as i32, "*");
/// Sunday is 0; as text it may be 7 too.
pub(crate) const DAY_OF_WEEK: Field = Field { names: (WEEKDAYS, 2), ..plain("DayOfWeek", 0, 6, "*") };

impl Field {
    /// Reads a text. All years are no ranges at all.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn parse(self, text: &str) -> Result<Vec<Range>, String> {
        let text = Some(text.trim()).filter(|text| !text.is_empty()).unwrap_or(self.default);
        if text == "*" && self == YEAR {
            return Ok(Vec::new());
        }
        let mut ranges = Vec::new();
        for part in text.split(',') {
            self.part(part, &mut ranges)?;
        }
        Ok(ranges)
    }

    fn part(self, part: &str, ranges: &mut Vec<Range>) -> Result<(), String> {
        let Self { name, least, .. } = self;
        let most = if self == DAY_OF_WEEK { 7 } else { self.most };
        let (part, step) = match part.split_once('/') {
            Some((_, step)) if step.contains('/') => return Err(format!("{name} has too many slashes")),
            Some((_, "")) => return Err(format!("{name} missing step value")),
            Some((part, step)) => (part, Some(number(step)?)),
            None => (part, None),
        };
        if step.is_some_and(|step| step < 1) {
            return Err(format!("{name} has invalid Step"));
        }
        let (start, mut end) = if part == "*" {
            (least, most)
        } else if let Some((start, end)) = part.split_once('-') {
            if end.contains('-') {
                return Err(format!("{name} has too many dashes"));
            }
            let start = self.value(start, least, most);
            let start = start.ok_or_else(|| format!("{name} Start is not in range [{least}-{most}]"))?;
            let end = self.value(end, start, most);
            (start, end.ok_or_else(|| format!("{name} End is before Start or not in range [{least}-{most}]"))?)
        } else {
            let start = self.value(part, least, most);
            let start = start.ok_or_else(|| format!("{name} is not in range [{least}-{most}]"))?;
            // With a step it goes on to the end.
            (start, if step.is_some() { most } else { start })
        };
        let step = step.unwrap_or(1);
        if self == DAY_OF_WEEK && end == 7 {
            // That Sunday is the one that is called 0: it needs a range of its own, unless the other one has it.
            if i64::from(7 - start) % step == 0 && (step > 1 || start > 1) {
                ranges.push(Range::default());
                if start == 7 {
                    return Ok(());
                }
            }
            end = 6;
        }
        // What is said by default is not said.
        let end = if start == end { 0 } else { end };
        let step = if step == 1 { 0 } else { i32::try_from(step).unwrap_or(i32::MAX) };
        ranges.push(Range { start, end, step });
        Ok(())
    }

    fn value(self, text: &str, least: i32, most: i32) -> Option<i32> {
        let (names, letters) = self.names;
        let lower = text.to_lowercase();
        let named = names.iter().position(|name| text.len() >= letters && name.starts_with(&lower));
        let value = match named {
            Some(place) => self.least + i32::try_from(place).ok()?,
            None => text.parse().ok()?,
        };
        (least..=most).contains(&value).then_some(value)
    }
}

/// A number as Go reads it.
fn number(text: &str) -> Result<i64, String> {
    use std::num::IntErrorKind::{NegOverflow, PosOverflow};
    text.parse().map_err(|problem: std::num::ParseIntError| {
        let why = match problem.kind() {
            NegOverflow | PosOverflow => "value out of range",
            _ => "invalid syntax",
        };
        format!("strconv.Atoi: parsing {text:?}: {why}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(field: Field, text: &str) -> Result<Vec<(i32, i32, i32)>, String> {
        let ranges = field.parse(text)?;
        Ok(ranges.into_iter().map(|range| (range.start, range.end, range.step)).collect())
    }

    #[test]
    fn numbers_ranges_and_steps() {
        assert_eq!(read(HOUR, ""), Ok(vec![(0, 0, 0)]));
        assert_eq!(read(HOUR, "*"), Ok(vec![(0, 23, 0)]));
        assert_eq!(read(HOUR, "5,7-9,10/4,*/6"), Ok(vec![(5, 0, 0), (7, 9, 0), (10, 23, 4), (0, 23, 6)]));
        assert_eq!((read(YEAR, "*"), read(YEAR, "2030")), (Ok(vec![]), Ok(vec![(2030, 0, 0)])));
        assert_eq!(read(MONTH, "jan,Febr-MAR"), Ok(vec![(1, 0, 0), (2, 3, 0)]));
    }

    #[test]
    fn sunday_has_two_numbers_and_one_range() {
        assert_eq!(read(DAY_OF_WEEK, "*"), Ok(vec![(0, 6, 0)]));
        assert_eq!(read(DAY_OF_WEEK, "7"), Ok(vec![(0, 0, 0)]));
        assert_eq!(read(DAY_OF_WEEK, "0-7"), Ok(vec![(0, 6, 0)]));
        assert_eq!(read(DAY_OF_WEEK, "mon-7"), Ok(vec![(1, 6, 0)]));
        assert_eq!(read(DAY_OF_WEEK, "3-7"), Ok(vec![(0, 0, 0), (3, 6, 0)]));
        assert_eq!(read(DAY_OF_WEEK, "3-7/3"), Ok(vec![(3, 6, 3)]));
        assert_eq!(read(DAY_OF_WEEK, "1-7/2"), Ok(vec![(0, 0, 0), (1, 6, 2)]));
        assert_eq!(read(DAY_OF_WEEK, "sa,su"), Ok(vec![(6, 0, 0), (0, 0, 0)]));
    }

    #[test]
    fn what_is_wrong_is_said_as_by_temporal() {
        let wrong = |field, text| read(field, text).unwrap_err();
        assert_eq!(wrong(HOUR, "24"), "Hour is not in range [0-23]");
        assert_eq!(wrong(HOUR, "x-3"), "Hour Start is not in range [0-23]");
        assert_eq!(wrong(HOUR, "5-3"), "Hour End is before Start or not in range [0-23]");
        assert_eq!(wrong(HOUR, "1-2-3"), "Hour has too many dashes");
        assert_eq!(wrong(HOUR, "3/5/7"), "Hour has too many slashes");
        assert_eq!(wrong(HOUR, "5/"), "Hour missing step value");
        assert_eq!(wrong(HOUR, "5/0"), "Hour has invalid Step");
        assert_eq!(wrong(HOUR, "5/x"), "strconv.Atoi: parsing \"x\": invalid syntax");
        assert_eq!(wrong(DAY_OF_WEEK, "8"), "DayOfWeek is not in range [0-7]");
        assert_eq!(wrong(MONTH, "ja"), "Month is not in range [1-12]");
    }
}
