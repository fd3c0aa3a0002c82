//! How clients and workers ask: in most plans one or two of them are unusual.
//!
//! They are drawn from a source of their own, so that everything else in the plan of a seed is as it was without them.

use proptest::bool::weighted;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use resurgam_formats::plan::Habits;

/// The habits of a plan.
pub(super) fn of(runner: &mut TestRunner) -> Habits {
    // Most pages are so small that a history of a dozen events has several.
    let page_size = prop_oneof![3 => Just(0u8), 2 => 1..=5u8, 1 => 6..=40u8];
    let all = (page_size, weighted(0.3), weighted(0.25), weighted(0.6), weighted(0.4), weighted(0.25)).prop_map(
        |(page_size, backwards, follows, polls, describes, plain)| Habits {
            page_size,
            backwards,
            follows,
            polls,
            describes,
            plain,
        },
    );
    // A strategy without filters cannot reject.
    all.new_tree(runner).unwrap_or_else(|reason| unreachable!("{reason}")).current()
}

#[cfg(test)]
mod tests {
    use crate::plan;

    #[test]
    fn each_habit_is_drawn_and_none_is_a_must() {
        let all: Vec<_> = (0..200).map(|seed| plan(seed).habits).collect();
        let share = |has: fn(&super::Habits) -> bool| all.iter().filter(|habits| has(habits)).count();
        for of in [
            share(|habits| (1..=5).contains(&habits.page_size)),
            share(|habits| habits.page_size == 0),
            share(|habits| habits.backwards),
            share(|habits| habits.follows),
            share(|habits| habits.polls),
            share(|habits| habits.describes),
            share(|habits| habits.plain),
        ] {
            assert!((30..=170).contains(&of), "{of} of 200");
        }
    }
}
