//! The switch behind which mutated sources keep all their mutants: at most one is active, and which one is chosen while the
//! program runs, so that thousands of mutants need one build.
//!
//! It also notes which mutants *would* make a difference where execution passes: a condition that is to be always true
//! matters only where it is false. A case in which a mutant does not matter cannot show it, and is not executed for it.
//!
//! One process executes one case at a time, so the state is the process's. Nothing but the tests of the suite itself links to
//! this.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

/// One more than the largest id of a mutant that can be noted.
pub const CAPACITY: u32 = 1 << 14;

/// How often an active mutant may matter in one case. A case evaluates some ten thousand conditions.
const PATIENCE: u64 = 20_000_000;

/// The id of the active mutant, or 0.
static ACTIVE: AtomicU32 = AtomicU32::new(0);
/// How often the active one mattered.
static TIMES: AtomicU64 = AtomicU64::new(0);
/// One bit per mutant: it would have mattered.
static MATTERED: [AtomicU64; CAPACITY as usize / 64] = [const { AtomicU64::new(0) }; CAPACITY as usize / 64];

/// Makes a mutant the active one, 0 for none, and forgets which ones mattered.
pub fn activate(mutant: u32) {
    ACTIVE.store(mutant, Relaxed);
    TIMES.store(0, Relaxed);
    for word in &MATTERED {
        word.store(0, Relaxed);
    }
}

/// The mutants that would have mattered since the last [`activate`], in the order of their ids.
#[must_use]
pub fn mattered() -> Vec<u32> {
    (0..CAPACITY).filter(|id| MATTERED[*id as usize / 64].load(Relaxed) & (1 << (id % 64)) != 0).collect()
}

/// Whether the active mutant was ended since the last [`activate`] because it mattered without end.
#[must_use]
pub fn circled() -> bool {
    TIMES.load(Relaxed) > PATIENCE
}

/// Notes that a mutant matters here; true if it is the active one.
///
/// # Panics
/// If the active one matters for the twenty-millionth time.
#[inline]
#[must_use]
pub fn on(mutant: u32) -> bool {
    let Some(word) = MATTERED.get(mutant as usize / 64).filter(|_| mutant != 0) else { return false };
    word.fetch_or(1 << (mutant % 64), Relaxed);
    let active = ACTIVE.load(Relaxed) == mutant;
    if active {
        assert!(TIMES.fetch_add(1, Relaxed) < PATIENCE, "this mutant goes round in circles");
    }
    active
}

/// A value that the mutant turns around.
#[inline]
#[must_use]
pub fn flip(mutant: u32, value: bool) -> bool {
    value ^ on(mutant)
}

/// A condition, one mutant of which is always true and one always false; 0 if there is none.
#[inline]
#[must_use]
pub fn condition(always: u32, never: u32, value: bool) -> bool {
    if value { !on(never) } else { on(always) }
}

/// A value and what the mutant makes of it, where both can be had.
#[inline]
pub fn choose<T: PartialEq>(mutant: u32, mutated: T, original: T) -> T {
    if mutated != original && on(mutant) { mutated } else { original }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One test, since the switch is the process's.
    #[test]
    fn only_the_active_one_acts_and_all_that_matter_are_noted() {
        activate(0);
        assert!(condition(1, 2, true) && !condition(3, 4, false) && !condition(0, 4, false));
        assert!(choose(5, 1, 1) == 1 && choose(6, 2, 1) == 1 && flip(7, true));
        assert_eq!(mattered(), [2, 3, 6, 7]);

        activate(2);
        assert!(mattered().is_empty() && !condition(1, 2, true));
        activate(3);
        assert!(condition(3, 4, false));
        activate(6);
        assert_eq!(choose(6, 2, 1), 2);
        activate(7);
        assert!(!flip(7, true) && !on(CAPACITY + 1) && !circled());
        activate(0);
    }
}
