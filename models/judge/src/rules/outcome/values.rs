//! Sets of values that a variable can have: finite and small, or anything.

use std::collections::BTreeSet;

/// More values than this are *anything*.
const MOST: usize = 64;

/// A set of values, an over-approximation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Values {
    /// One of these.
    Of(BTreeSet<i64>),
    /// Any value is possible.
    Any,
}

impl Values {
    pub(super) fn none() -> Self {
        Self::Of(BTreeSet::new())
    }

    pub(super) fn one(value: i64) -> Self {
        Self::Of([value].into())
    }

    pub(super) fn of(values: impl IntoIterator<Item = i64>) -> Self {
        Self::bounded(values.into_iter().collect())
    }

    fn bounded(values: BTreeSet<i64>) -> Self {
        if values.len() > MOST { Self::Any } else { Self::Of(values) }
    }

    /// No value at all: what would store it cannot happen.
    pub(super) fn is_none(&self) -> bool {
        matches!(self, Self::Of(values) if values.is_empty())
    }

    pub(super) fn has(&self, value: i64) -> bool {
        match self {
            Self::Of(values) => values.contains(&value),
            Self::Any => true,
        }
    }

    /// Values of either.
    pub(super) fn or(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Of(a), Self::Of(b)) => Self::bounded(a | b),
            _ => Self::Any,
        }
    }

    /// Wrapping sums of one value of each.
    pub(super) fn plus(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Of(a), Self::Of(b)) if a.len() * b.len() <= MOST * 4 => {
                Self::of(a.iter().flat_map(|x| b.iter().map(move |y| x.wrapping_add(*y))))
            }
            _ => Self::Any,
        }
    }
}

impl std::fmt::Display for Values {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Of(values) => write!(f, "one of {values:?}"),
            Self::Any => f.write_str("anything"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_grow_until_they_are_anything() {
        let few = Values::of([1, 2]);
        assert_eq!(few.plus(&Values::of([10, i64::MAX])), Values::of([11, 12, i64::MIN, i64::MIN + 1]));
        assert!(few.or(&Values::one(3)).has(3) && !few.has(3));
        assert_eq!(Values::of(0..65), Values::Any);
        assert!(Values::none().plus(&Values::Any).has(7), "anything is always allowed to be too much");
    }
}
