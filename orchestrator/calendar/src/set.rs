//! Values that a field of a calendar has, as bits.

use resurgam_api::temporal::schedule::v1::Range;

/// Some of the 128 numbers from `first` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Set {
    first: i64,
    bits: u128,
}

impl Set {
    /// Those that the ranges name. A range without an end, or with one before its start, is its start.
    pub(crate) fn of(ranges: &[Range], first: i64) -> Self {
        let mut bits = 0;
        for range in ranges {
            let (start, step) = (i64::from(range.start), i64::from(range.step).max(1));
            let end = i64::from(range.end).max(start).min(first + 127);
            let mut value = start.max(first);
            value += (start - value).rem_euclid(step);
            while value <= end {
                bits |= 1 << (value - first);
                value += step;
            }
        }
        Self { first, bits }
    }

    pub(crate) fn has(&self, value: impl Into<i64>) -> bool {
        let place = value.into() - self.first;
        (0..128).contains(&place) && self.bits >> place & 1 == 1
    }

    /// It has the first so many of its numbers.
    pub(crate) fn has_all(&self, count: u32) -> bool {
        self.bits.trailing_ones() >= count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(start: i32, end: i32, step: i32) -> Range {
        Range { start, end, step }
    }

    #[test]
    fn a_range_is_its_start_or_goes_to_its_end_by_steps() {
        let set = Set::of(&[range(3, 0, 0), range(10, 20, 4), range(59, 59, 1)], 0);
        let named: Vec<i64> = (-5..200).filter(|value| set.has(*value)).collect();
        assert_eq!(named, [3, 10, 14, 18, 59]);
        assert!(Set::of(&[range(0, 59, 0)], 0).has_all(60) && !Set::of(&[range(0, 58, 0)], 0).has_all(60));
        let years = Set::of(&[range(2000, 2100, 50)], 2000);
        assert!(years.has(2000) && years.has(2050) && years.has(2100) && !years.has(2099));
    }

    #[test]
    fn what_no_calendar_can_name_is_left_out() {
        let set = Set::of(&[range(i32::MIN, i32::MAX, i32::MAX), range(-7, 9, 4)], 0);
        let named: Vec<i64> = (-300..300).filter(|value| set.has(*value)).collect();
        assert_eq!(named, [1, 5, 9]);
    }
}
