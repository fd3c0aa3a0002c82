//! Invariants: what cannot be otherwise unless this server is wrong. One that does not hold ends what was being done, so
//! that nothing is committed, answered or served from a state that cannot be.
//!
//! A broken invariant is a panic whose message begins with [`BROKEN`]. A panic and not an error that every function passes
//! on: it leaves no path on which somebody forgets to look at it, and what contains it contains every other panic too, such
//! as an index out of range. It is contained where a tenure ends: [`contained`] surrounds the task that owns a shard or a
//! task queue, which then drops all that it knew, tells everybody who waits UNAVAILABLE by dropping their senders, and takes
//! its log anew, reading everything from the store. So the process stays, and the other shards do.
//!
//! Nothing here may be used while something is dropped: a panic in a destructor during another one ends the process.

use futures_util::FutureExt as _;
use resurgam_api::environment::BROKEN;
use std::any::Any;
use std::convert::Infallible;
use std::fmt::Arguments;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Asserts what cannot be otherwise: `invariant!(ack <= read, "the ack level {ack} is above the read level {read}")`.
macro_rules! invariant {
    ($holds:expr, $($words:tt)+) => {
        if !$holds && $crate::invariant::checks() != $crate::invariant::Checks::Off {
            $crate::invariant::fail(format_args!($($words)+))
        }
    };
}

/// Says that this place cannot be reached, as `let Some(task) = pending else { broken!("no task is pending") }`.
macro_rules! broken {
    ($($words:tt)+) => {
        $crate::invariant::fail(format_args!($($words)+))
    };
}

pub(crate) use {broken, invariant};

/// What the macros do.
#[cold]
#[track_caller]
pub(crate) fn fail(words: Arguments<'_>) -> ! {
    panic!("{BROKEN}{words}")
}

/// Passes on what was found sound, or says what is wrong with `what`.
#[track_caller]
pub(crate) fn sound(what: &str, checked: Result<(), String>) {
    if let Err(flaw) = checked {
        fail(format_args!("{what}: {flaw}"));
    }
}

/// A panic that was contained, by its words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Panicked(String);

impl Panicked {
    fn of(panic: &(dyn Any + Send)) -> Self {
        let literal = panic.downcast_ref::<&str>().map(|words| (*words).to_owned());
        let words = literal.or_else(|| panic.downcast_ref::<String>().cloned());
        Self(words.unwrap_or_else(|| "a panic without words".to_owned()))
    }
}

/// Does `work` to its end or to its first panic. What it shared with others must bear being left in the middle.
pub(crate) async fn contained<T>(work: impl Future<Output = T>) -> Result<T, Panicked> {
    AssertUnwindSafe(work).catch_unwind().await.map_err(|panic| Panicked::of(&*panic))
}

/// A broken invariant that whoever found it contains by itself: it is told like any other, and nothing ends.
#[track_caller]
pub(crate) fn noted(words: Arguments<'_>) -> Panicked {
    match catch_unwind(AssertUnwindSafe(|| -> Infallible { fail(words) })) {
        Ok(never) => match never {},
        Err(panic) => Panicked::of(&*panic),
    }
}

/// How much is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Checks {
    /// Nothing: to measure what checks are worth.
    Off,
    /// Single conditions where they are met, and whole states after every step that changed them: in a released server.
    States,
    /// Also what costs as much as the work itself: every row is decoded as it is written, every index of a queue is
    /// counted. In debug builds and in the simulation.
    Thorough,
}

/// What a build does by itself.
const USUAL: Checks = if cfg!(debug_assertions) { Checks::Thorough } else { Checks::States };

/// How much is checked on this thread.
#[cfg(not(feature = "planted-bugs"))]
#[inline(always)]
pub(crate) const fn checks() -> Checks {
    USUAL
}

#[cfg(feature = "planted-bugs")]
pub(crate) use chosen::checks;
#[cfg(feature = "planted-bugs")]
pub use chosen::choose;

#[cfg(feature = "planted-bugs")]
mod chosen {
    use super::{Checks, USUAL};
    use std::cell::Cell;

    thread_local! {
        static CHECKS: Cell<Checks> = const { Cell::new(USUAL) };
    }

    /// How much is checked on this thread.
    pub(crate) fn checks() -> Checks {
        CHECKS.get()
    }

    /// Chooses how much is checked on this thread, on which a whole simulation runs.
    pub fn choose(checks: Checks) {
        CHECKS.set(checks);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_broken_invariant_says_what_is_broken() {
        let (ack, read) = (7, 5);
        invariant!(read <= ack, "never seen");
        let said = contained(async { invariant!(ack <= read, "ack {ack} is above {read}") }).await.unwrap_err();
        assert_eq!(said.to_string(), "broken invariant: ack 7 is above 5");
        let said = contained(async { sound("run r", Err("it has no id".to_owned())) }).await.unwrap_err();
        assert_eq!(said.to_string(), "broken invariant: run r: it has no id");
        assert_eq!(noted(format_args!("row {ack}")).to_string(), "broken invariant: row 7");
        sound("run r", Ok(()));
    }

    #[tokio::test]
    async fn foreign_panics_are_contained_too() {
        let none: Vec<u8> = Vec::new();
        let said = contained(async { none[usize::from(std::hint::black_box(3_u8))] }).await.unwrap_err();
        assert!(said.to_string().contains("index out of bounds"), "{said}");
        assert_eq!(contained(async { 5 }).await, Ok(5));
    }
}
